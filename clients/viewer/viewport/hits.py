"""Which measurement, and which of its handles, lies under the pointer. No Qt."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from clients.viewer.measurements import Measurement, outline
from clients.viewer.viewport.transform import Place, Projection


@dataclass(frozen=True, slots=True)
class Hit:
    """A measurement under the pointer; ``handle`` is the number of the point, None for its line."""

    measurement: Measurement
    handle: int | None


def hit_test(
    measurements: Iterable[Measurement],
    projection: Projection,
    at: Place,
    reach: float,
    selected: Measurement | None,
) -> Hit | None:
    """Handles of the selected measurement first, then the nearest line within ``reach`` device pixels."""
    nearest: tuple[float, Hit] | None = None
    for measurement in measurements:
        places = [projection.place(point) for point in measurement.points]
        if selected is not None and measurement.id == selected.id:
            for n, place in enumerate(places):
                if math.dist(place, at) <= reach:
                    return Hit(measurement, n)
        away = _distance_to_line([projection.place(point) for point in outline(measurement)], at)
        if away <= reach and (nearest is None or away < nearest[0]):
            nearest = (away, Hit(measurement, None))
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
