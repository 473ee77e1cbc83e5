"""The cheapest way between two voxels: delta stepping (Meyer and Sanders, J. Algorithms 2003) over a cost volume.

All voxels whose distance lies in one bucket are relaxed together, so the work is done by numpy, not voxel by voxel.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

Index = tuple[int, int, int]


class NoPath(ValueError):
    """There is no way between the points, or it was given up; the text is a sentence."""


def minimal_path(
    cost: NDArray[Any],
    start: Index,
    end: Index,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    is_cancelled: Callable[[], bool] = lambda: False,
) -> NDArray[Any]:
    """Voxels (n, 3) from ``start`` to ``end`` that cost least; raises :class:`NoPath`.

    ``cost`` [slice, row, column] is the positive price of a millimetre; infinite or NaN voxels are walls. Steps go
    to all 26 neighbours and cost their length times the mean price of both voxels.
    """
    import numpy as np

    for point in (start, end):
        if not all(0 <= at < size for at, size in zip(point, cost.shape, strict=True)):
            raise NoPath("A point lies outside the volume.")
    # A wall around the volume saves all tests of borders.
    price = np.full(tuple(n + 2 for n in cost.shape), np.inf, np.float32)
    price[1:-1, 1:-1, 1:-1] = np.where(np.isfinite(cost), np.maximum(cost, 1e-6), np.inf)
    shape, flat = price.shape, price.ravel()
    first, last = (int(np.ravel_multi_index(tuple(v + 1 for v in point), shape)) for point in (start, end))
    if not (np.isfinite(flat[first]) and np.isfinite(flat[last])):
        raise NoPath("A point lies on a voxel that cannot be passed.")
    steps = _steps(shape, spacing)
    finite = flat[np.isfinite(flat)]
    # The shortest step at the lowest prices that occur often: small buckets waste turns, large ones waste work.
    width = float(np.percentile(finite[:: max(1, len(finite) // 50_000)], 5)) * min(spacing) * 2
    parent = _spread(flat, first, last, steps, max(width, 1e-6), is_cancelled)
    path = [last]
    while path[-1] != first:
        path.append(int(parent[path[-1]]))
    indices = np.stack(np.unravel_index(np.array(path[::-1]), shape), -1) - 1
    return np.asarray(indices)


def _steps(shape: Sequence[int], spacing: Sequence[float]) -> list[tuple[int, float]]:
    """Offset in the flat array and length in mm of the steps to all neighbours."""
    steps = []
    for k, j, i in itertools.product((-1, 0, 1), repeat=3):
        if (k, j, i) != (0, 0, 0):
            offset = (k * shape[1] + j) * shape[2] + i
            steps.append((offset, math.hypot(k * spacing[0], j * spacing[1], i * spacing[2])))
    return steps


def _spread(
    price: NDArray[Any],
    first: int,
    last: int,
    steps: list[tuple[int, float]],
    width: float,
    is_cancelled: Callable[[], bool],
) -> NDArray[Any]:
    """The predecessor of each voxel that was reached, until ``last`` is settled."""
    import numpy as np

    distance = np.full(len(price), np.inf, np.float32)
    parent = np.full(len(price), -1, np.int64)
    distance[first] = 0.0
    waiting = np.array([first])
    while len(waiting):
        if is_cancelled():
            raise NoPath("The search was given up.")
        limit = float(distance[waiting].min()) + width
        if distance[last] < limit - width:
            return parent
        active = waiting[distance[waiting] < limit]
        rest = [waiting[distance[waiting] >= limit]]
        while len(active):
            near = distance[active]
            prices = price[active]
            reached = []
            for offset, length in steps:
                there = active + offset
                wanted = near + (prices + price[there]) * np.float32(length / 2)
                better = wanted < distance[there]
                there = there[better]
                distance[there] = wanted[better]
                parent[there] = active[better]
                reached.append(there)
            fresh = np.unique(np.concatenate(reached))
            inside = distance[fresh] < limit
            active = fresh[inside]
            rest.append(fresh[~inside])
        waiting = np.unique(np.concatenate(rest))
        waiting = waiting[distance[waiting] >= limit]  # the others were settled in this bucket
    if not np.isfinite(distance[last]):
        raise NoPath("There is no way between the two points.")
    return parent
