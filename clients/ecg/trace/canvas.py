"""The paper itself: paints the layer and the marks, turns mouse and keys into changes of the model."""

from __future__ import annotations

import math
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from clients.ecg.trace import layer, painting, raster
from clients.ecg.trace.choices import Mode
from clients.ecg.trace.tools import Tools
from clients.ecg.trace.viewport import STEP
from clients.kit.theme import current_theme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.ecg.trace.model import TraceModel
    from clients.ecg.trace.scene import Scene
    from shared.waveform.median_beat import MedianBeat

_MANY_PIXELS = 3_000_000  # from here on pictures in motion are drawn with a coarser edge
_REST_MS = 140
_NUDGE_PX = 40
_CURSORS = {
    Mode.READ: Qt.CursorShape.ArrowCursor,
    Mode.MEASURE: Qt.CursorShape.CrossCursor,
    Mode.CALIPER: Qt.CursorShape.SizeHorCursor,
    Mode.PARALLEL: Qt.CursorShape.CrossCursor,
    Mode.MAGNIFY: Qt.CursorShape.PointingHandCursor,
    Mode.POINTS: Qt.CursorShape.SizeHorCursor,
}


class Stand(Enum):
    """Where the paper stands when the window or the scene changes."""

    CORNER = "corner"
    WHOLE = "whole"
    FREE = "free"


class Canvas(QWidget):
    """Shows a model; ``model.view`` counts in device pixels."""

    released = Signal(object)
    """Measurement or Delineation that the left button made."""
    view_changed = Signal()
    """Zoom or place."""
    cleared = Signal()
    """A right click without movement."""
    hovered = Signal(str)
    """What lies under the cursor, in words; empty outside."""
    beat_chosen = Signal(object)
    """Index of the beat for the magnifier, or None."""
    key_pressed = Signal(object)
    """QKeyEvent that the canvas does not use itself."""

    def __init__(self, model: TraceModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.tools = Tools(model)
        self.chosen = -1
        self.stand = Stand.CORNER
        self.empty_words = ""
        self._pixels: NDArray[Any] | None = None
        self._image: QImage | None = None
        self._key: tuple[object, ...] = ()
        self._drawn: tuple[Scene | None, MedianBeat | None] | None = None
        self._pan: QPointF | None = None
        self._pressed = QPointF()
        self._panned = False
        self._moving = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._at_rest)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # --- painting

    def inks(self) -> raster.Inks:
        """The paper's colours, or the dark ones."""
        return raster.DARK if current_theme().dark else raster.PAPER

    def refresh(self) -> None:
        """Something that is drawn changed."""
        self._drawn = None
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        self._draw_layer()
        model, scene, inks = self.model, self.model.scene(), self.inks()
        with QPainter(self) as painter:
            if self._image is not None:
                painter.drawImage(QPoint(0, 0), self._image)
            if scene is None:
                painter.setPen(painting.rgb(inks.quiet))
                painter.setFont(current_theme().font("title"))
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.empty_words)
                return
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            brush = painting.Brush(painter, model, scene, inks, self.devicePixelRatioF())
            painting.paint_second(brush)
            painting.paint_paper(brush)
            painting.paint_points(brush, self.tools.hot)
            painting.paint_beats(brush)
            painting.paint_measurements(
                brush, self.tools.drawn, len(model.measurements) if self.tools.drawn else self.chosen
            )
            painting.paint_caliper(brush)
            painting.paint_parallel(brush)

    def _draw_layer(self) -> None:
        import numpy as np

        model, scene, ratio = self.model, self.model.scene(), self.devicePixelRatioF()
        view, inks = model.view, self.inks()
        many = view.width * view.height > _MANY_PIXELS
        fine = (1 if self._moving else 2) if many else (2 if self._moving else 4)
        other = model.other.median if model.other is not None else None
        key = (view, inks, fine, ratio)
        same = self._drawn is not None and self._drawn[0] is scene and self._drawn[1] is other
        if same and key == self._key:
            return
        self._key, self._drawn = key, (scene, other)
        if self._pixels is None or self._pixels.shape != (view.height, view.width):
            self._pixels = np.empty((view.height, view.width), dtype=np.uint32)
        layer.draw(self._pixels, scene, view, inks, ratio, fine, model.beats, other)
        self._image = QImage(self._pixels.data, view.width, view.height, view.width * 4, QImage.Format.Format_RGB32)
        self._image.setDevicePixelRatio(ratio)

    def _move_begins(self) -> None:
        self._moving = True
        self._rest.start()

    def _at_rest(self) -> None:
        self._moving = False
        self.update()

    # --- zoom and pan

    def resizeEvent(self, event: QResizeEvent) -> None:
        ratio = self.devicePixelRatioF()
        width, height = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        self.model.view = replace(self.model.view, width=width, height=height)
        self.model.forget_scene()
        self.keep()
        self.view_changed.emit()
        super().resizeEvent(event)

    def keep(self) -> None:
        """The paper stays in sight: at its corner or as a whole where nobody moved it, else not lost."""
        scene, view = self.model.scene(), self.model.view
        if scene is None or self.stand is Stand.CORNER:
            self.model.view = replace(view, left=0.0, top=scene.top if scene is not None else 0.0)
        elif self.stand is Stand.WHOLE:
            self.model.view = view.fitted(scene.width, scene.top, scene.bottom)
        else:
            self.model.view = view.kept(scene.width, scene.top, scene.bottom)
        self.update()

    def zoom(self, factor: float, place: QPointF | None = None) -> None:
        """About a place in desktop pixels; None: the middle."""
        ratio = self.devicePixelRatioF()
        at = place if place is not None else QPointF(self.width() / 2, self.height() / 2)
        self.stand = Stand.FREE
        self.model.view = self.model.view.zoomed(factor, at.x() * ratio, at.y() * ratio)
        self._move_begins()
        self.keep()
        self.view_changed.emit()

    def pan(self, x: float, y: float) -> None:
        """The paper moved by so many desktop pixels."""
        ratio = self.devicePixelRatioF()
        self.stand = Stand.FREE
        self.model.view = self.model.view.moved(x * ratio, y * ratio)
        self._move_begins()
        self.keep()
        self.view_changed.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120.0 or event.pixelDelta().y() / 60.0
        side = event.angleDelta().x() / 120.0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or (side and not steps):
            self.pan((steps or side) * _NUDGE_PX * 2, 0)
        elif steps:
            self.zoom(STEP**steps, event.position())
        event.accept()

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.RightButton:
            self._pan, self._panned = event.position(), False
            self._pressed = event.position()
        elif event.button() == Qt.MouseButton.LeftButton:
            x, y = self._paper(event.position())
            self.tools.press(x, y, self.devicePixelRatioF())
            if self.model.mode is Mode.MAGNIFY:
                self.beat_chosen.emit(self.tools.beat)
            self.update()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._pan is not None and event.buttons() & Qt.MouseButton.RightButton:
            away = place - self._pressed
            if self._panned or away.manhattanLength() >= QApplication.startDragDistance():
                step = place - self._pan if self._panned else away
                self._panned, self._pan = True, place
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.pan(step.x(), step.y())
            return
        x, y = self._paper(place)
        if self.tools.held:
            alike = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.tools.drag(x, y, self.devicePixelRatioF(), alike)
            self.update()
        elif self.tools.hover(x, y, self.devicePixelRatioF()):
            self.update()
        self.hovered.emit(self._words_at(x, y))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.RightButton and self._pan is not None:
            self._pan = None
            self.show_cursor()
            if not self._panned:
                self.cleared.emit()
        elif event.button() == Qt.MouseButton.LeftButton:
            made = self.tools.release()
            self.update()
            if made is not None:
                self.released.emit(made)
        event.accept()

    def leaveEvent(self, event: Any) -> None:
        self.hovered.emit("")
        super().leaveEvent(event)

    def show_cursor(self) -> None:
        """The cursor of the mode."""
        self.setCursor(_CURSORS[self.model.mode])

    def _paper(self, place: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return self.model.view.paper(place.x() * ratio, place.y() * ratio)

    def _words_at(self, x: float, y: float) -> str:
        scene = self.model.scene()
        curve = scene.curve_at(x, y) if scene is not None else None
        if scene is None or curve is None:
            return ""
        seconds = scene.ruling.seconds(curve.strip, x)
        index = round((seconds - curve.start) * curve.sampling_hz)
        if not 0 <= index < curve.values.size:
            return ""
        value = float(curve.values[index]) / 1000.0
        voltage = f"{value:+.2f} mV" if math.isfinite(value) else "—"
        return f"{curve.strip.label}  {seconds:.3f} s  {voltage}"

    # --- keys

    def _holds_arrows(self) -> bool:
        """Whether arrow keys move a caliper or a measurement, not the paper."""
        model = self.model
        if model.mode is Mode.CALIPER:
            return model.caliper is not None
        return model.mode is Mode.MEASURE and 0 <= self.chosen < len(model.measurements)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (_NUDGE_PX, 0),
            Qt.Key.Key_Right: (-_NUDGE_PX, 0),
            Qt.Key.Key_Up: (0, _NUDGE_PX),
            Qt.Key.Key_Down: (0, -_NUDGE_PX),
        }
        key = Qt.Key(event.key())
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in steps and plain and not self._holds_arrows():
            self.pan(*steps[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / STEP)
        else:
            self.key_pressed.emit(event)
            return
        event.accept()
