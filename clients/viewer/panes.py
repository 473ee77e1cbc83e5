"""Where viewports stand: windows of a viewport (tiles of consecutive images) and rectangles of all panes. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from clients.viewer.presets import ONE_WINDOW, Windows
from clients.viewer.viewport.state import Aspect, ViewportState

GAP = 1
"""Pixels between panes."""


class Rect(NamedTuple):
    """A rectangle in logical pixels."""

    x: int
    y: int
    width: int
    height: int


def cut(area: Rect, columns: int, rows: int, parts: Sequence[tuple[int, int, int, int]], *, square: bool) -> list[Rect]:
    """The rectangles of ``parts`` (column, row, columns, rows spanned) of a grid laid over ``area``.

    ``square`` makes each as high as wide: of an even grid the block stays together in the middle (VW-SQR-01).
    """
    even = all(part[2:] == (1, 1) for part in parts)
    if square and even:
        side = min((area.width + GAP) // columns, (area.height + GAP) // rows)
        width, height = side * columns - GAP, side * rows - GAP
        area = Rect(area.x + (area.width - width) // 2, area.y + (area.height - height) // 2, width, height)
    rects = []
    for column, row, wide, high in parts:
        left, right = (round((area.width + GAP) * n / columns) for n in (column, column + wide))
        top, bottom = (round((area.height + GAP) * n / rows) for n in (row, row + high))
        rect = Rect(area.x + left, area.y + top, max(right - left - GAP, 1), max(bottom - top - GAP, 1))
        if square and not even:
            side = min(rect.width, rect.height)
            rect = Rect(rect.x + (rect.width - side) // 2, rect.y + (rect.height - side) // 2, side, side)
        rects.append(rect)
    return rects


def grid(columns: int, rows: int) -> tuple[tuple[int, int, int, int], ...]:
    """The parts of an even grid, row by row."""
    return tuple((column, row, 1, 1) for row in range(rows) for column in range(columns))


class Splits:
    """Windows of viewports: the first pane of a group is the viewport itself, the others are tiles that follow it.

    Paging, windowing, size and place of any pane act on all panes of its group (VW-WIN-17).
    """

    def __init__(self, viewports: Sequence[ViewportState], first_tile: int) -> None:
        self._viewports = viewports
        self._first_tile = first_tile
        self._groups: dict[int, tuple[Windows, tuple[int, ...]]] = {}
        self._busy = False
        for n, viewport in enumerate(viewports):
            viewport.changed.connect(self._follower(n))

    @property
    def chosen(self) -> dict[int, Windows]:
        """Windows by the number of the viewport; viewports with one window are left out."""
        return {cell: windows for cell, (windows, _) in self._groups.items()}

    def windows(self, cell: int) -> Windows:
        return self._groups[cell][0] if cell in self._groups else ONE_WINDOW

    def members(self, cell: int) -> tuple[int, ...]:
        """Numbers of all panes of a viewport, itself first."""
        return self._groups[cell][1] if cell in self._groups else (cell,)

    def cell_of(self, number: int) -> int:
        """The viewport to which a pane belongs."""
        for cell, (_, members) in self._groups.items():
            if number in members:
                return cell
        return number

    def set(self, chosen: Mapping[int, Windows]) -> None:
        """Choose the windows of all viewports anew; raises ValueError when there are not enough panes."""
        needed = sum(windows.count - 1 for windows in chosen.values())
        if needed > len(self._viewports) - self._first_tile:
            raise ValueError("There are not enough panes for so many windows.")
        before = [n for _, members in self._groups.values() for n in members[1:]]
        self._groups = {}
        free = self._first_tile
        for cell, windows in chosen.items():
            if windows.count > 1:
                self._groups[cell] = (windows, (cell, *range(free, free + windows.count - 1)))
                free += windows.count - 1
        used = {n for _, members in self._groups.values() for n in members}
        self._busy = True
        try:
            for n in before:
                if n not in used and self._viewports[n].stack is not None:
                    self._viewports[n].show(None)
        finally:
            self._busy = False
        for cell in self._groups:
            self._follow(cell, Aspect.STACK)

    def first_of(self, cell: int) -> int:
        """Index of the image in the first pane of a group."""
        return self._viewports[cell].index

    def last_first_of(self, cell: int) -> int:
        """The highest index that the first pane takes while all panes are filled."""
        stack = self._viewports[cell].stack
        return max((len(stack) if stack is not None else 1) - len(self.members(cell)), 0)

    def _follower(self, number: int) -> Callable[[Aspect], None]:
        return lambda aspect: self._follow(number, aspect)

    def _follow(self, number: int, aspect: Aspect) -> None:
        cell = self.cell_of(number)
        if self._busy or cell not in self._groups:
            return
        members, leader = self._groups[cell][1], self._viewports[number]
        self._busy = True
        try:
            if aspect in (Aspect.STACK, Aspect.INDEX):
                self._show(members, number, leader)
            looks = (Aspect.GREY, Aspect.GEOMETRY) if aspect is Aspect.STACK else (aspect,)
            for n in members:
                for part in looks:
                    if n != number:
                        self._viewports[n].follow(leader, part)
        finally:
            self._busy = False

    def _show(self, members: tuple[int, ...], number: int, leader: ViewportState) -> None:
        """Consecutive images into the panes, so that ``leader`` keeps its image where there is room for that."""
        stack, count = leader.stack, len(leader.stack) if leader.stack is not None else 0
        place = members.index(number)
        first = min(max(leader.index - place, 0), max(count - len(members), 0))
        pattern = leader.capture()
        for n, member in enumerate(members):
            viewport, index = self._viewports[member], first + n
            if stack is None or index >= count:
                if viewport.stack is not None:
                    viewport.show(None)
            elif viewport.stack is not stack:
                viewport.restore(pattern.at(index))
            else:
                viewport.index = index
