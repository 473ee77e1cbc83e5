"""Shows a camera picture fitted into its widget; as an editor its four corners can be dragged or moved by keys."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.camera.paper import Quad
from clients.kit.camera.port import Picture
from clients.kit.theme import current_theme

_REACH = 22
_HANDLE = 8


class PictureView(QWidget):
    """A picture with the outline of the sheet. With `editable` the corners are handles.

    Keys 1 to 4 (or Tab) choose a corner, arrows move it by one step, with Shift by ten.
    """

    changed = Signal()
    """the user moved a corner."""

    def __init__(self, *, editable: bool = False, words: str = "") -> None:
        super().__init__()
        self._editable = editable
        self._words = words
        self._image: QImage | None = None
        self._shown: QImage | None = None
        self._size = (1, 1)
        self._quad: Quad | None = None
        self._at = 0
        self._dragging = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 180)
        if editable:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def quad(self) -> Quad | None:
        """The corners as they are now."""
        return self._quad

    def sizeHint(self) -> QSize:
        return QSize(480, 360)

    def show_words(self, words: str) -> None:
        """Show a finished sentence instead of a picture."""
        self._words, self._image, self._shown, self._quad = words, None, None, None
        self.update()

    def show_picture(self, picture: Picture, quad: Quad | None) -> None:
        """Show a picture; it is made as small as the widget before Qt gets it."""
        import cv2

        height, width = picture.shape[:2]
        self._size = (width, height)
        ratio = self.devicePixelRatioF()
        factor = min(self.width() * ratio / width, self.height() * ratio / height, 1.0)
        small = cv2.resize(picture, (max(1, round(width * factor)), max(1, round(height * factor))))
        image = QImage(small.data, small.shape[1], small.shape[0], small.strides[0], QImage.Format.Format_BGR888)
        self._image = image.copy()  # the array is gone when the next picture comes
        self._quad = quad
        self.update()

    def _frame(self) -> QRectF:
        width, height = self._size
        factor = min(self.width() / width, self.height() / height)
        shown_width, shown_height = width * factor, height * factor
        return QRectF((self.width() - shown_width) / 2, (self.height() - shown_height) / 2, shown_width, shown_height)

    def _to_screen(self, point: tuple[float, float]) -> QPointF:
        frame = self._frame()
        return QPointF(
            frame.left() + (point[0] + 0.5) * frame.width() / self._size[0],
            frame.top() + (point[1] + 0.5) * frame.height() / self._size[1],
        )

    def _to_picture(self, point: QPointF) -> tuple[float, float]:
        frame = self._frame()
        x = (point.x() - frame.left()) * self._size[0] / max(1.0, frame.width()) - 0.5
        y = (point.y() - frame.top()) * self._size[1] / max(1.0, frame.height()) - 0.5
        return (min(max(x, 0.0), self._size[0] - 1.0), min(max(y, 0.0), self._size[1] - 1.0))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._editable or self._quad is None:
            return
        places = [self._to_screen(corner) for corner in self._quad.corners]
        distances = [(place - event.position()).manhattanLength() for place in places]
        nearest = min(range(4), key=lambda index: distances[index])
        if distances[nearest] <= _REACH * 2:
            self._at, self._dragging = nearest, True
            self._move(self._to_picture(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._move(self._to_picture(event.position()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._dragging = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        step = steps.get(Qt.Key(event.key()))
        if self._editable and event.text() in ("1", "2", "3", "4"):
            self._at = int(event.text()) - 1
            self.update()
        elif self._editable and step is not None and self._quad is not None:
            many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            unit = max(self._size) / 1000 * many
            x, y = self._quad.corners[self._at]
            width, height = self._size
            self._move(
                (min(max(x + step[0] * unit, 0.0), width - 1.0), min(max(y + step[1] * unit, 0.0), height - 1.0))
            )
        else:
            super().keyPressEvent(event)

    def _move(self, to: tuple[float, float]) -> None:
        if self._quad is not None:
            self._quad = self._quad.moved(self._at, to)
            self.changed.emit()
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colours = theme.colours
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), QColor("#16191c"))
            if self._image is None:
                painter.setFont(theme.font())
                painter.setPen(QColor("#c8ccd0"))
                area = self.rect().adjusted(24, 0, -24, 0)
                painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._words)
                return
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self._frame(), self._image)
            if self._quad is None:
                return
            places = [self._to_screen(corner) for corner in self._quad.corners]
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolygon(QPolygonF(places))
            if self._editable:
                for index, place in enumerate(places):
                    chosen = index == self._at and self.hasFocus()
                    painter.setBrush(QColor(colours.accent if chosen else "#ffffff"))
                    painter.drawEllipse(place, _HANDLE, _HANDLE)
