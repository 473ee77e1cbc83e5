"""Fingers on a viewport: one does what the left button does, two zoom, move and turn, three page (VW-EX-09)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QTouchEvent

from clients.viewer.viewport.mouse import pan, zoom

if TYPE_CHECKING:
    from clients.viewer.viewport.view import ViewportWidget

SLOP = 8.0  # logical pixels that a finger may tremble before it draws
PAGE_EVERY = 24.0  # logical pixels of a swipe for one image
TURN_FROM_DEG = 12.0  # two fingers must turn so far before the image turns with them


class Touch:
    """Follows the fingers on one viewport."""

    def __init__(self) -> None:
        self._start: QPointF | None = None  # of the only finger, until it moved
        self._drags = False
        self._last: list[QPointF] = []
        self._most = 0
        self._swiped = 0.0
        self._turned: float | None = 0.0

    def take(self, view: ViewportWidget, event: QTouchEvent) -> bool:
        """Handle a touch event of a viewport; True when it was for us."""
        points = [point.position() for point in event.points() if point.state() != point.state().Released]
        if event.type() == QEvent.Type.TouchCancel:
            self._leave(view)
            return True
        if event.type() == QEvent.Type.TouchEnd or not points:
            self._end(view)
            return True
        if event.type() == QEvent.Type.TouchBegin:
            self._most, self._swiped, self._turned, self._last = 0, 0.0, 0.0, []
        if len(points) != len(self._last):  # a finger came or went: no jump
            self._change(view, points)
        elif len(points) == 1 and self._most == 1:
            self._one(view, points[0])
        elif len(points) == 2:
            self._two(view, points)
        elif len(points) >= 3:
            self._three(view, points)
        self._last = points
        return True

    def _change(self, view: ViewportWidget, points: Sequence[QPointF]) -> None:
        if len(points) == 1 and self._most == 0:
            self._start, self._drags = points[0], False
        elif self._drags:
            self._leave(view)
        if len(points) > 1:
            self._start = None
        self._most = max(self._most, len(points))

    def _one(self, view: ViewportWidget, at: QPointF) -> None:
        if self._drags:
            view.drag_to(at)
        elif self._start is not None and (at - self._start).manhattanLength() > SLOP:
            self._drags = True
            view.press_at(self._start, Qt.MouseButton.LeftButton)
            view.drag_to(at)

    def _two(self, view: ViewportWidget, points: Sequence[QPointF]) -> None:
        (a, b), (c, d) = self._last, points
        before, after = math.dist(a.toTuple(), b.toTuple()), math.dist(c.toTuple(), d.toTuple())
        middle, then = (a + b) / 2, (c + d) / 2
        pan(view, middle, then)
        if before > 1 and after > 1:
            zoom(view, after / before, then)
        angle = math.degrees(math.atan2(d.y() - c.y(), d.x() - c.x()) - math.atan2(b.y() - a.y(), b.x() - a.x()))
        angle = (angle + 180) % 360 - 180
        if self._turned is None:
            view.state.turn(angle)
        else:
            self._turned += angle
            if abs(self._turned) > TURN_FROM_DEG:
                self._turned = None

    def _three(self, view: ViewportWidget, points: Sequence[QPointF]) -> None:
        moved = sum(p.y() - q.y() for p, q in zip(points, self._last, strict=True)) / len(points)
        self._swiped += moved
        whole = int(self._swiped / PAGE_EVERY)
        if whole:
            self._swiped -= whole * PAGE_EVERY
            view.state.step(whole)

    def _end(self, view: ViewportWidget) -> None:
        if self._drags and self._last:
            view.release_at(self._last[0])
        elif self._start is not None and self._most == 1:  # a tap
            view.press_at(self._start, Qt.MouseButton.LeftButton)
            view.release_at(self._start)
        self._start, self._drags, self._last, self._most = None, False, [], 0

    def _leave(self, view: ViewportWidget) -> None:
        """More fingers came, or the system took the touch away: what was begun ends where it is."""
        if self._drags and self._last:
            view.release_at(self._last[0])
        self._start, self._drags = None, False
