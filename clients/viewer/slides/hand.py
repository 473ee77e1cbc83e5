"""The hand that draws on a slide: press, drag and let go; clicks for points; Escape gives up."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QPainter

from clients.viewer.objects.slide_view import SlideView
from clients.viewer.slides.drawing import paint_mark
from clients.viewer.slides.model import MERGED, TWO_POINTS, Point, thinned
from shared.contract.pathology_slides import MarkKind, SlideMark

SMALLEST = 4.0
"""A drag shorter than this, in screen pixels, was a click: it draws nothing."""


class SlideHand(QObject):
    """Takes the left button while a tool is chosen; without one the slide is moved as ever."""

    drawn = Signal(object)
    """a SlideMark"""
    clicked = Signal(QPointF)
    """a place of the widget, with no tool chosen and no drag"""

    def __init__(self, view: SlideView) -> None:
        super().__init__(view)
        self._view = view
        self.tool: MarkKind | None = None
        self.colour = "#ffd400"
        self._points: list[Point] = []
        self._from = QPointF()

    def press(self, at: QPointF) -> bool:
        """True when the press begins a drawing."""
        self._from = at
        if self.tool is None:
            return False
        self._points = [self._on_slide(at)]
        return True

    def move(self, at: QPointF) -> None:
        if self.tool in TWO_POINTS:
            self._points = [self._points[0], self._on_slide(at)]
        elif self.tool is MarkKind.POLYGON:
            self._points.append(self._on_slide(at))
        self._view.update()

    def release(self, at: QPointF) -> None:
        tool, points = self.tool, self._points
        self._points = []
        self._view.update()
        if tool is None or not points:
            if (at - self._from).manhattanLength() < SMALLEST:
                self.clicked.emit(at)
            return
        if tool is MarkKind.POINT:
            self.drawn.emit(SlideMark(kind=tool, points=(points[0],), colour=self.colour))
        elif tool is MarkKind.POLYGON:
            outline = thinned(points, MERGED / self._view.scale)
            if len(outline) >= 3:
                self.drawn.emit(SlideMark(kind=tool, points=outline, colour=self.colour))
        elif (at - self._from).manhattanLength() >= SMALLEST:
            self.drawn.emit(SlideMark(kind=tool, points=(points[0], self._on_slide(at)), colour=self.colour))

    def give_up(self) -> bool:
        """Escape: the drawing under way is gone; False when there is none."""
        under_way = bool(self._points)
        self._points = []
        self._view.update()
        return under_way

    def paint(self, painter: QPainter) -> None:
        """The drawing under way."""
        enough = len(self._points) >= (3 if self.tool is MarkKind.POLYGON else 2)
        if self.tool is not None and enough:
            mark = SlideMark(kind=self.tool, points=tuple(self._points), colour=self.colour)
            paint_mark(painter, mark, self._view.place, dashed=True)

    def cursor(self) -> Qt.CursorShape:
        return Qt.CursorShape.OpenHandCursor if self.tool is None else Qt.CursorShape.CrossCursor

    def _on_slide(self, at: QPointF) -> Point:
        point = self._view.position(at)
        return point.x(), point.y()
