"""Which mark, and which of its handles, lies under the pointer. No Qt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from clients.viewer.marks.model import Kind, Mark, handles_of, lines_of
from clients.viewer.viewport.transform import Place, Projection
from shared.imaging.geometry import PixelPoint


@dataclass(frozen=True, slots=True)
class Hit:
    """A mark under the pointer; ``handle`` is the number of the handle, None for its line."""

    mark: Mark
    handle: int | None


def hit_test(
    marks: Iterable[Mark],
    projection: Projection | Callable[[PixelPoint], Place],
    at: Place,
    reach: float,
    selected: Mark | None,
    text_box: Callable[[Mark], tuple[float, float, float, float] | None] = lambda _mark: None,
) -> Hit | None:
    """Handles of the selected mark first, then the nearest line within ``reach``, all in the units of the places.

    ``text_box`` gives left, top, right, bottom of a text on screen, which counts as its line.
    """
    place = projection.place if isinstance(projection, Projection) else projection
    nearest: tuple[float, Hit] | None = None
    for mark in marks:
        if selected is not None and mark.id == selected.id and not mark.foreign:
            for n, handle in enumerate(handles_of(mark)):
                if math.dist(place(handle), at) <= reach:
                    return Hit(mark, n)
        away = min(_distance_to_line([place(point) for point in line], at) for line in lines_of(mark))
        box = text_box(mark) if mark.kind is Kind.TEXT else None
        if box is not None and box[0] <= at.x <= box[2] and box[1] <= at.y <= box[3]:
            away = 0.0
        if away <= reach and (nearest is None or away < nearest[0]):
            nearest = (away, Hit(mark, None))
    return nearest[1] if nearest is not None else None


def _distance_to_line(places: Sequence[Place], at: Place) -> float:
    if len(places) == 1:
        return math.dist(places[0], at)
    return min(_distance_to_segment(a, b, at) for a, b in pairwise(places))


def _distance_to_segment(a: Place, b: Place, at: Place) -> float:
    dx, dy = b.x - a.x, b.y - a.y
    length = dx * dx + dy * dy
    share = 0.0 if length == 0 else ((at.x - a.x) * dx + (at.y - a.y) * dy) / length
    share = min(max(share, 0.0), 1.0)
    return math.dist((a.x + share * dx, a.y + share * dy), at)
