"""Linked viewports: by position where they share space, by a kept offset where they do not, else by share of the stack.

Positions of different frames of reference are only compared by what the reader set: pressing *link* says that the
viewports show the same level now, and that difference is kept (VW-LNK-01, VW-EX-10). No Qt.
"""

from __future__ import annotations

from dataclasses import dataclass

from clients.viewer.session import ViewerSession
from clients.viewer.study import Stack
from clients.viewer.viewport.state import Aspect, ViewportState
from shared.imaging.geometry import Plane

SAME_DIRECTION = 0.9  # cosine between normals of planes that are paged together by millimetres


@dataclass(slots=True)
class LinkOptions:
    """What linked viewports share."""

    page: bool = True
    grey: bool = False  # window, inversion, colours
    size: bool = False  # zoom, place, turn and side


@dataclass(frozen=True, slots=True)
class _Level:
    """What a viewport showed when it was linked."""

    stack: Stack
    index: int


class Links:
    """Lets the other viewports follow the one that the reader moves."""

    def __init__(self, session: ViewerSession) -> None:
        self.options = LinkOptions()
        self.is_on = False
        self._session = session
        self._levels: dict[int, _Level] = {}

    def toggle(self) -> None:
        """Link, taking what is shown now as the same level; or unlink (VW-LNK-02)."""
        self.is_on = not self.is_on
        self._levels.clear()
        if self.is_on:
            self._note()

    def follow(self, number: int, aspect: Aspect) -> None:
        """The pane with this number changed: move the viewports that do not belong to it."""
        if not self.is_on:
            return
        session, own = self._session, self._session.splits.cell_of(number)
        leader = session.viewports[own]
        self._note()
        for cell in session.cell_numbers:
            other = session.viewports[cell]
            if cell == own or leader.stack is None or other.stack is None:
                continue
            if aspect is Aspect.INDEX and self.options.page:
                target = self._target(own, leader, leader.stack, cell, other.stack)
                if target is not None:
                    other.index = min(target, session.splits.last_first_of(cell))
            elif aspect is Aspect.GREY and self.options.grey:
                if leader.image is None or other.image is None:
                    continue
                if leader.stack.series.modality == other.stack.series.modality:
                    other.follow(leader, aspect)
            elif aspect is Aspect.GEOMETRY and self.options.size:
                _take_size(other, leader)

    def _note(self) -> None:
        """Levels of viewports that show another series than when they were linked."""
        for cell in self._session.cell_numbers:
            viewport, level = self._session.viewports[cell], self._levels.get(cell)
            if viewport.stack is not None and (level is None or level.stack is not viewport.stack):
                self._levels[cell] = _Level(viewport.stack, viewport.index)

    def _target(self, own: int, leader: ViewportState, stack: Stack, cell: int, other: Stack) -> int | None:
        plane, far = stack.frame_header(leader.index).plane, other.frame_header(0).plane
        if plane is not None and far is not None:
            if self._are_common(stack, other):
                carried = self._session.spaces.carry_plane(plane, stack, other) or plane
                if abs(carried.normal.dot(far.normal)) > SAME_DIRECTION:
                    return nearest_level(other, carried)
            elif abs(plane.normal.dot(far.normal)) > SAME_DIRECTION:
                return self._by_offset(own, plane, stack, cell, other)
        return round(leader.index * (len(other) - 1) / max(len(stack) - 1, 1))

    def _are_common(self, stack: Stack, other: Stack) -> bool:
        """Series of one study without any frame of reference are taken as one space, as old scanners mean it."""
        silent = not stack.series.frame_of_reference_uid and not other.series.frame_of_reference_uid
        same_study = stack.study.study_uid == other.study.study_uid
        return self._session.spaces.are_common(stack, other) or (silent and same_study)

    def _by_offset(self, own: int, plane: Plane, stack: Stack, cell: int, other: Stack) -> int | None:
        """The image as far from the level that was linked as the leader is from its own."""
        mine, theirs = self._levels[own], self._levels[cell]
        start, there = stack.frame_header(mine.index).plane, other.frame_header(theirs.index).plane
        if start is None or there is None:
            return None
        moved = plane.origin.minus(start.origin).dot(start.normal)
        sign = 1.0 if start.normal.dot(there.normal) > 0 else -1.0
        level = there.depth_mm + sign * moved
        depths = [(abs(p.depth_mm - level), n) for n in range(len(other)) if (p := other.frame_header(n).plane)]
        return min(depths)[1] if depths else None


def nearest_level(stack: Stack, plane: Plane) -> int | None:
    """The image of ``stack`` nearest to ``plane``, measured along its own normal at the middle of its first image."""
    rows, columns = stack.shape
    best: tuple[float, int] | None = None
    for n in range(len(stack)):
        other = stack.frame_header(n).plane
        if other is None:
            return None
        middle = other.origin.plus(other.row_direction.scaled(columns / 2 * other.column_spacing_mm)).plus(
            other.column_direction.scaled(rows / 2 * other.row_spacing_mm)
        )
        away = abs(plane.away_mm(middle))
        if best is None or away < best[0]:
            best = (away, n)
    return best[1] if best is not None else None


def _take_size(other: ViewportState, leader: ViewportState) -> None:
    """Zoom, turn and side; the place as a share of the image, since matrices differ."""
    from dataclasses import replace

    from shared.imaging.geometry import PixelPoint

    source, target = leader.image, other.image
    if source is None or target is None:
        return
    geometry, centre = leader.geometry, leader.geometry.centre
    if centre is not None:
        wide, high = source.pixel_format, target.pixel_format
        centre = PixelPoint(
            (centre.column + 0.5) * high.columns / wide.columns - 0.5, (centre.row + 0.5) * high.rows / wide.rows - 0.5
        )
    other.geometry = replace(geometry, centre=centre)
