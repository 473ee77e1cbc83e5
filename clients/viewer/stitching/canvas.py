"""The picture of the stitching page: zoom, pan, and each image moved by the mouse or the arrow keys."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QTransform, QWheelEvent
from PySide6.QtWidgets import QWidget

from clients.kit.fonts import text_font
from clients.kit.theme import current_theme
from clients.viewer import colours
from clients.viewer.stitching.model import Item, StitchState
from clients.viewer.viewport import overlays

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST, LARGEST = 0.2, 30.0


class StitchCanvas(QWidget):
    """Places are pixels of the first image; ``origin`` is the one of the picture's first pixel."""

    window_dragged = Signal(float, float)

    def __init__(self, state: StitchState) -> None:
        super().__init__()
        self.setObjectName("stitching.canvas")
        self.message = ""
        self.image: QImage | None = None
        self.frames_shown = True
        self._state = state
        self._origin, self._scale = QPointF(), 1.0  # of the picture: its first pixel, picture pixels per pixel
        self._zoom, self._pan = 1.0, QPointF()
        self._grip = ""
        self._last = QPointF()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(240, 240)

    def show_picture(self, image: QImage, origin: tuple[float, float], scale: float) -> None:
        """``origin`` is (row, column) of the picture's first pixel."""
        self.image, self._scale = image, scale
        self._origin = QPointF(origin[1], origin[0])
        self.update()

    # --- maps

    def _extent(self) -> QRectF:
        area = QRectF()
        for item in self._state.items:
            area = area.united(outline(item).boundingRect())
        return area

    def _to_widget(self) -> QTransform:
        area = self._extent()
        fit = min(self.width() / max(area.width(), 1), self.height() / max(area.height(), 1)) * 0.94 * self._zoom
        middle = area.center()
        made = QTransform()
        made.translate(self.width() / 2 + self._pan.x(), self.height() / 2 + self._pan.y())
        made.scale(fit, fit)
        made.translate(-middle.x(), -middle.y())
        return made

    def place(self, column: float, row: float) -> QPointF:
        """Where a pixel of the common picture stands."""
        return self._to_widget().map(QPointF(column, row))

    @property
    def zoom(self) -> float:
        return self._zoom

    @zoom.setter
    def zoom(self, zoom: float) -> None:
        self._zoom = min(max(zoom, SMALLEST), LARGEST)
        self.update()

    def fit(self) -> None:
        """All of it, in the middle."""
        self._zoom, self._pan = 1.0, QPointF()
        self.update()

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours.BACKGROUND))
            if self.message:
                painter.setFont(text_font(13))
                overlays.draw_message(painter, self.message, QRectF(self.rect()), colours.LETTER)
                return
            map_ = self._to_widget()
            if self.image is not None:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
                size = self.image.size()
                corner = map_.map(self._origin)
                share = map_.m11() / self._scale
                painter.drawImage(
                    QRectF(corner.x(), corner.y(), size.width() * share, size.height() * share), self.image
                )
            if self.frames_shown:
                self._paint_frames(painter, map_)

    def _paint_frames(self, painter: QPainter, map_: QTransform) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        accent = QColor(current_theme().colours.accent)
        for n, item in enumerate(self._state.items):
            chosen = n == self._state.selected
            painter.setPen(QPen(accent if chosen else QColor(colours.LETTER), 1.6 if chosen else 1))
            polygon = map_.map(outline(item))
            painter.drawPolygon(polygon)
            painter.setFont(text_font(12, bold=chosen))
            painter.drawText(polygon.at(0) + QPointF(6, 16), str(n + 1))

    # --- mouse

    def _item_at(self, at: QPointF) -> int | None:
        back, fine = self._to_widget().inverted()
        if not fine:
            return None
        point = back.map(at)
        inside = [n for n, item in enumerate(self._state.items) if outline(item).containsPoint(
            point, Qt.FillRule.OddEvenFill)]  # fmt: skip
        if self._state.selected in inside:
            return self._state.selected
        return inside[-1] if inside else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last, button = event.position(), event.button()
        if button is Qt.MouseButton.LeftButton:
            number = self._item_at(event.position())
            if number is not None:
                self._state.selected = number
                self._grip = "turn" if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else "move"
        elif button is Qt.MouseButton.MiddleButton:
            self._grip = "pan"
        elif button is Qt.MouseButton.RightButton:
            self._grip = "window"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        by, last = at - self._last, self._last
        map_ = self._to_widget()
        if self._grip == "move":
            self._hold(lambda: self._state.nudge(by.y() / map_.m11(), by.x() / map_.m11()), map_)
        elif self._grip == "turn":
            middle = map_.map(outline(self._state.items[self._state.selected]).boundingRect().center())
            self._hold(lambda: self._state.nudge(degrees=_angle(at - middle) - _angle(last - middle)), map_)
        elif self._grip == "pan":
            self._pan += by
            self.update()
        elif self._grip == "window":
            self.window_dragged.emit(-by.y(), by.x())
        self._last = at

    def _hold(self, change: Any, map_: QTransform) -> None:
        """Change places without the view jumping after the new extent."""
        anchor = map_.map(QPointF(0, 0))
        zoom = map_.m11()
        change()
        after = self._to_widget()
        self._zoom *= zoom / after.m11()
        self._pan += anchor - self._to_widget().map(QPointF(0, 0))
        self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._grip = ""

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        factor = math.exp(event.angleDelta().y() / 800)
        before = self._to_widget()
        at = event.position()
        back, _ = before.inverted()
        point = back.map(at)
        self.zoom = self._zoom * factor
        self._pan += at - self._to_widget().map(point)
        self.update()
        event.accept()


def outline(item: Item) -> QPolygonF:
    """The corners of an image in the common picture."""
    place = item.place
    turn = QTransform()
    middle = QPointF((item.columns - 1) / 2, (item.rows - 1) / 2)
    turn.translate(place.column + middle.x(), place.row + middle.y())
    turn.rotate(place.rotation_deg)
    turn.translate(-middle.x(), -middle.y())
    return turn.map(QPolygonF(QRectF(-0.5, -0.5, item.columns, item.rows)))


def _angle(vector: QPointF) -> float:
    return math.degrees(math.atan2(vector.y(), vector.x()))


def origin_of(items: tuple[Item, ...] | list[Item], scale: float) -> tuple[float, float]:
    """(row, column) of the first pixel of what `compose` makes of the images at ``scale``, in their own pixels.

    `compose` begins at the whole pixel at or before the outermost pixel centre.
    """
    boxes = [outline(item).boundingRect() for item in items]
    top = min(box.top() for box in boxes) + 0.5
    left = min(box.left() for box in boxes) + 0.5
    return (math.floor(top * scale + 1e-6) / scale - 0.5, math.floor(left * scale + 1e-6) / scale - 0.5)


def image_of_values(grey: NDArray[Any]) -> QImage:
    """A QImage with memory of its own."""
    from clients.viewer.volume.painting import image_of

    return image_of(grey)
