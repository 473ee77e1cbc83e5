"""One series in small: left drag pages, right zooms, middle windows (VW-PRE-05 to -07)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from clients.kit.fonts import text_font
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.pixels import PixelStore
from clients.viewer.study import Stack
from clients.viewer.viewport import overlays
from clients.viewer.viewport.renderer import COLOUR_WINDOW, Renderer
from clients.viewer.viewport.state import Aspect, ViewportState, as_window, default_voi
from clients.viewer.viewport.transform import Projection, fit_scale, project
from shared.imaging.lut import LookupTable, Window, window_of_pixels

ZOOM_PER_PIXEL = 1.006


class PreviewView(QWidget):
    """Follows its own state; ``wanted`` is called with a stack and an index whose pixels are missing."""

    def __init__(self, store: PixelStore, wanted: Callable[[Stack, int], object]) -> None:
        super().__init__()
        self.state = ViewportState()
        self._store, self._wanted = store, wanted
        self._renderer = Renderer()
        self._auto: tuple[int, Window] | None = None
        self._last = QPointF()
        self._rest = 0.0
        self._start: Window | None = None
        self._pressed_at = QPointF()
        self.message = ""
        self.state.changed.connect(self._on_state)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 120)

    def show_stack(self, stack: Stack | None, index: int | None = None) -> None:
        """Another series or plane; the window stays with the series."""
        self.state.show(stack, index)

    def _on_state(self, aspect: Aspect) -> None:
        if aspect is Aspect.STACK:
            self._renderer.forget()
            self._auto = None
        self.update()

    def voi(self) -> Window | LookupTable | None:
        """The window in force."""
        stack, index = self.state.stack, self.state.index
        if stack is None or self.state.voi is not None:
            return self.state.voi
        if stack.image(index).pixel_format.is_colour:
            return COLOUR_WINDOW
        own = default_voi(stack.frame_header(index))
        if own is not None:
            return own
        pixels = self._store.of(stack)
        frame = pixels.frame(index)
        if self._auto is None or self._auto[0] != id(stack):
            if frame is None:
                return None
            self._auto = (id(stack), window_of_pixels(frame, pixels.modality(index), stack.image(index).padding))
        return self._auto[1]

    def _projection(self, stack: Stack) -> Projection:
        header, fmt = stack.frame_header(self.state.index), stack.image(self.state.index).pixel_format
        ratio = self.devicePixelRatioF()
        return project(
            self.state.geometry,
            columns=fmt.columns,
            rows=fmt.rows,
            aspect=header.spacing.aspect,
            width=max(1, round(self.width() * ratio)),
            height=max(1, round(self.height() * ratio)),
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours.BACKGROUND))
            painter.setFont(text_font(12))
            stack, index = self.state.stack, self.state.index
            if self.message or stack is None:
                overlays.draw_message(painter, self.message, QRectF(self.rect()), colours.LETTER)
                return
            pixels = self._store.of(stack)
            frame, voi = pixels.frame(index), self.voi()
            if frame is None or voi is None:
                known = pixels.errors.get(index)
                text = tr("这幅图像无法显示：{why}", why=known) if known else tr("正在载入…")
                overlays.draw_message(painter, text, QRectF(self.rect()), colours.LETTER)
                if not known:
                    self._wanted(stack, index)
            else:
                image, projection, ratio = stack.image(index), self._projection(stack), self.devicePixelRatioF()
                rendered = self._renderer.render(
                    frame,
                    (id(stack), index),
                    projection,
                    pixels.modality(index),
                    voi,
                    inverted=image.inverted,
                    half=pixels.half(index),
                )
                if rendered is not None:
                    picture = overlays.image_of(rendered, ratio)
                    painter.drawImage(QPointF(rendered.left / ratio, rendered.top / ratio), picture)
                    overlays.cover_outside(painter, projection, ratio)
            self._paint_texts(painter, stack, voi)

    def _paint_texts(self, painter: QPainter, stack: Stack, voi: Window | LookupTable | None) -> None:
        painter.setFont(text_font(12))
        count = f"{self.state.index + 1}/{len(stack)}"
        overlays.shadowed_text(painter, QPointF(8, self.height() - 10), count, colours.TEXT)
        if isinstance(voi, Window) and not stack.image(self.state.index).pixel_format.is_colour:
            overlays.shadowed_text(painter, QPointF(8, 20), f"{voi.width:g}/{voi.centre:g}", colours.TEXT)

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last = self._pressed_at = event.position()
        self._rest = 0.0
        voi = self.voi()
        self._start = as_window(voi) if voi is not None else None
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at, stack = event.position(), self.state.stack
        if stack is None:
            return
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._page(at.y() - self._last.y(), len(stack))
        elif event.buttons() & Qt.MouseButton.RightButton:
            projection = self._projection(stack)
            self.state.zoom_by(ZOOM_PER_PIXEL ** (self._last.y() - at.y()), projection, self._fit(stack))
        elif event.buttons() & Qt.MouseButton.MiddleButton and self._start is not None:
            step = max(self._start.width / 300, 1e-3)
            moved = at - self._pressed_at
            self.state.drag_window(-moved.y() * step, moved.x() * step, self._start)
        self._last = at
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.state.step(-1 if event.angleDelta().y() > 0 else 1)
        event.accept()

    def _page(self, by: float, count: int) -> None:
        self._rest += by / max(2.0, min(24.0, self.height() / max(count, 1)))
        whole = int(self._rest)
        if whole:
            self._rest -= whole
            self.state.step(whole)

    def _fit(self, stack: Stack) -> float:
        header, fmt = stack.frame_header(self.state.index), stack.image(self.state.index).pixel_format
        ratio = self.devicePixelRatioF()
        return fit_scale(
            self.state.geometry,
            columns=fmt.columns,
            rows=fmt.rows,
            aspect=header.spacing.aspect,
            width=max(1, round(self.width() * ratio)),
            height=max(1, round(self.height() * ratio)),
        )
