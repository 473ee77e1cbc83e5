"""The frame of a capture: drawn, moved and resized by hand; the mouse tool and the layer that shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from clients.viewer import colours
from clients.viewer.viewport.layers import FRONT, ShownImage
from clients.viewer.viewport.mouse import MouseTool

if TYPE_CHECKING:
    from clients.viewer.viewport.view import ViewportWidget

TOOL = "capture"
HANDLE, REACH, LEAST = 4.0, 9.0, 16.0


class FrameTool(MouseTool):
    """Draws, moves and resizes ``frame`` (logical pixels of the viewport); also the layer that paints it."""

    order = FRONT + 10
    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, changed: Callable[[ViewportWidget], object]) -> None:
        super().__init__()
        self._changed = changed
        self.frame: QRectF | None = None
        self.is_hidden = False
        self._grip: int | None = None  # 0 to 7: corner or edge; 8: the whole frame; None: a new one
        self._origin = QRectF()

    def press(self, view: ViewportWidget, at: QPointF, button: Qt.MouseButton) -> bool:
        self._grip = None
        if self.frame is not None:
            near = [n for n, handle in enumerate(handles(self.frame)) if (handle - at).manhattanLength() <= REACH * 1.4]
            self._grip = near[0] if near else 8 if self.frame.contains(at) else None
            self._origin = QRectF(self.frame)
        return True

    def drag(self, view: ViewportWidget, at: QPointF) -> None:
        room = QRectF(view.rect())
        if self._grip is None:
            self.frame = QRectF(self.start, at).normalized().intersected(room)
        elif self._grip == 8:
            moved = self._origin.translated(at - self.start)
            moved.moveLeft(min(max(moved.left(), 0.0), room.width() - moved.width()))
            moved.moveTop(min(max(moved.top(), 0.0), room.height() - moved.height()))
            self.frame = moved
        else:
            self.frame = stretched(self._origin, self._grip, at).intersected(room)
        self._changed(view)
        view.update()

    def release(self, view: ViewportWidget, at: QPointF) -> None:
        if self.frame is not None and min(self.frame.width(), self.frame.height()) < LEAST:
            self.frame = None
        self._changed(view)

    def double(self, view: ViewportWidget, at: QPointF) -> bool:
        """The whole viewport."""
        self.frame = QRectF(view.rect())
        self._changed(view)
        view.update()
        return True

    def forget(self) -> None:
        """The frame stays while paging and with another series: readers capture the same place again."""

    def paint(self, painter: QPainter, view: ViewportWidget, shown: ShownImage) -> None:
        if self.frame is None or self.is_hidden or view.session.tool != TOOL:
            return
        outside = QPainterPath()
        outside.addRect(QRectF(view.rect()))
        outside.addRect(self.frame)
        painter.fillPath(outside, QColor(0, 0, 0, 110))
        painter.setPen(QPen(QColor(colours.ACTIVE), 1.5))
        painter.drawRect(self.frame)
        painter.setPen(QPen(QColor(colours.TEXT_SHADOW), 1))
        painter.setBrush(QColor(colours.HANDLE))
        for handle in handles(self.frame):
            painter.drawRect(QRectF(handle.x() - HANDLE, handle.y() - HANDLE, 2 * HANDLE, 2 * HANDLE))
        painter.setBrush(Qt.BrushStyle.NoBrush)


def handles(frame: QRectF) -> tuple[QPointF, ...]:
    """Corners and middles of the edges, clockwise from the upper left."""
    left, right, top, bottom = frame.left(), frame.right(), frame.top(), frame.bottom()
    middle = frame.center()
    return (
        QPointF(left, top),
        QPointF(middle.x(), top),
        QPointF(right, top),
        QPointF(right, middle.y()),
        QPointF(right, bottom),
        QPointF(middle.x(), bottom),
        QPointF(left, bottom),
        QPointF(left, middle.y()),
    )


def stretched(frame: QRectF, grip: int, at: QPointF) -> QRectF:
    """The frame with one handle pulled to ``at``."""
    changed = QRectF(frame)
    if grip in (0, 6, 7):
        changed.setLeft(at.x())
    if grip in (2, 3, 4):
        changed.setRight(at.x())
    if grip in (0, 1, 2):
        changed.setTop(at.y())
    if grip in (4, 5, 6):
        changed.setBottom(at.y())
    return changed.normalized()
