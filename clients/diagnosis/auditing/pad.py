"""A field to sign in with mouse, pen or finger."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QTabletEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

_INK = QColor(16, 24, 64)
_PAPER = QColor(255, 255, 255)
_LINE = QColor(200, 205, 214)
_SCALE = 3  # of the picture to the field: fine enough for paper
_MOST_POINTS = 20_000


class SignaturePad(QWidget):
    """Strokes on white paper in every theme; a pen's pressure makes them thicker."""

    changed = Signal(bool)
    """whether there are strokes."""

    def __init__(self) -> None:
        super().__init__()
        self._strokes: list[list[tuple[QPointF, float]]] = []
        self.setMinimumSize(420, 140)
        self.setMaximumHeight(240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def sizeHint(self) -> QSize:
        return QSize(600, 200)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        return not any(len(stroke) > 1 for stroke in self._strokes)

    def clear(self) -> None:
        """Take a new sheet."""
        self._strokes.clear()
        self._tell()

    def undo(self) -> None:
        """Take the last stroke back."""
        if self._strokes:
            self._strokes.pop()
        self._tell()

    def png(self) -> bytes:
        """The strokes on a transparent ground."""
        picture = QImage(self.size() * _SCALE, QImage.Format.Format_ARGB32_Premultiplied)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.scale(_SCALE, _SCALE)
        self._paint_strokes(painter)
        painter.end()
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        picture.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub knows bytes only
        return bytes(data.data())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._begin(event.position(), 0.5)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._draw(event.position(), 0.5)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._tell()

    def tabletEvent(self, event: QTabletEvent) -> None:
        if event.type() == QTabletEvent.Type.TabletPress:
            self._begin(event.position(), event.pressure())
        elif event.type() == QTabletEvent.Type.TabletMove and event.pressure() > 0:
            self._draw(event.position(), event.pressure())
        elif event.type() == QTabletEvent.Type.TabletRelease:
            self._tell()
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), _PAPER)
        painter.setPen(QPen(_LINE, 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        base = round(self.height() * 0.78)
        painter.drawLine(24, base, self.width() - 24, base)
        self._paint_strokes(painter)
        painter.end()

    def _begin(self, point: QPointF, pressure: float) -> None:
        self._strokes.append([(point, pressure)])
        self.update()

    def _draw(self, point: QPointF, pressure: float) -> None:
        if not self._strokes or sum(len(stroke) for stroke in self._strokes) > _MOST_POINTS:
            return
        self._strokes[-1].append((point, pressure))
        self.update()

    def _tell(self) -> None:
        self.update()
        self.changed.emit(not self.is_empty)

    def _paint_strokes(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for stroke in self._strokes:
            pen = QPen(_INK, 2.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
            if all(pressure == stroke[0][1] for _, pressure in stroke):
                painter.setPen(pen)
                painter.drawPolyline(QPolygonF([point for point, _ in stroke]))
                continue
            for (start, _), (end, pressure) in pairwise(stroke):
                pen.setWidthF(1.0 + 3.2 * pressure)
                painter.setPen(pen)
                painter.drawLine(start, end)
