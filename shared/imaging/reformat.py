"""Planes and slabs through a volume in patient coordinates (multiplanar reformatting).

A result is float32 in the volume's unit, before any window; what lies outside the hull of the voxel centres is
NaN. Interpolation is trilinear in voxel positions, so a slanted or uneven stack is sampled where it truly lies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from shared.imaging.geometry import Plane, PointMm, VectorMm
from shared.imaging.sampling import BLOCK, Interpolation, Sampler, in_blocks, sampler, scratch
from shared.imaging.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SIDE = 32_768
MAX_PIXELS = 1 << 28
MAX_SAMPLES = 2_000  # of a slab
EXACT_SAMPLES = 16  # per voxel, where a result counts more than the time


class Projection(StrEnum):
    """How the samples of a slab become one value."""

    MAX = "max"
    MIN = "min"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture to be sampled: where its pixels lie, and how many there are."""

    plane: Plane
    columns: int
    rows: int

    @classmethod
    def of(
        cls, origin: Sequence[float], row: Sequence[float], column: Sequence[float], spacing: float, size: Sequence[int]
    ) -> Grid:
        """From the centre of the first pixel, the directions of growing column and growing row number, mm per pixel
        and (width, height); raises ``NoPlane`` or ValueError with a sentence."""
        columns, rows = size
        if not (0 < columns <= MAX_SIDE and 0 < rows <= MAX_SIDE and columns * rows <= MAX_PIXELS):
            raise ValueError(f"A picture of {columns} x {rows} pixels cannot be made; sides are 1 to {MAX_SIDE}.")
        return cls(Plane.of(origin, (*row, *column), (spacing, spacing)), columns, rows)

    @property
    def centre(self) -> PointMm:
        from shared.imaging.geometry import PixelPoint

        return self.plane.point(PixelPoint((self.columns - 1) / 2, (self.rows - 1) / 2))


def reformat(
    volume: Volume,
    grid: Grid,
    *,
    thickness_mm: float = 0.0,
    projection: Projection = Projection.MEAN,
    interpolation: Interpolation = Interpolation.LINEAR,
    samples: int | None = None,
    exact: bool = False,
) -> NDArray[Any]:
    """The picture of ``grid``: float32 (rows, columns) in the volume's unit, NaN outside.

    With a thickness the samples lie evenly on the normal from -thickness/2 to +thickness/2, both included, at most
    half a voxel apart unless ``samples`` says how many; those outside the volume do not count. The mean is that of
    the trapezoidal rule, so both ends weigh half. ``exact`` takes :func:`exact_offsets` instead.
    """
    if exact:
        offsets = exact_offsets(volume, grid.plane, thickness_mm)
    else:
        offsets = slab_offsets(volume, grid.plane.normal, thickness_mm, samples)
    paths = _Paths(volume, grid)
    stored = _sampled(volume, paths, offsets, projection, interpolation)
    return in_unit(volume, stored)


def slab_offsets(volume: Volume, normal: VectorMm, thickness_mm: float, samples: int | None = None) -> list[float]:
    """Distances from the plane, mm, at which a slab is sampled; only 0 for no thickness."""
    import numpy as np

    if not math.isfinite(thickness_mm) or thickness_mm < 0:
        raise ValueError("A slab's thickness is a number of millimetres, zero or more.")
    if thickness_mm == 0:
        return [0.0]
    if samples is None:
        voxels_per_mm = float(np.linalg.norm(volume.inverse[:3, :3] @ np.array(normal)))
        samples = math.ceil(2 * thickness_mm * voxels_per_mm - 1e-6) + 1
        samples += 1 - samples % 2  # odd: the plane itself is among them
    samples = max(2, min(samples, MAX_SAMPLES))
    return [float(v) for v in np.linspace(-thickness_mm / 2, thickness_mm / 2, samples)]


def exact_offsets(volume: Volume, plane: Plane, thickness_mm: float) -> list[float]:
    """Distances from the plane, mm, at which a slab is sampled where nothing may be missed.

    A sixteenth of a voxel apart, and at every slice, row or column of voxels that the plane is parallel to: the
    interpolated values have their extremes there.
    """
    import numpy as np

    offsets = slab_offsets(volume, plane.normal, thickness_mm)
    if len(offsets) == 1:
        return offsets
    dense = min(MAX_SAMPLES, (len(offsets) - 1) * EXACT_SAMPLES // 2 + 1)
    places = [np.linspace(-thickness_mm / 2, thickness_mm / 2, dense)]
    normal, first = np.array(plane.normal), np.array(plane.origin)
    for axis, steps in enumerate((volume.slice_step, volume.row_step, volume.column_step)):
        others = [s for n, s in enumerate((volume.slice_step, volume.row_step, volume.column_step)) if n != axis]
        if any(abs(plane.normal.dot(other)) > 1e-4 * other.length for other in others):
            continue
        if axis == 0 and volume.slice_origins is not None:
            crossed = (volume.slice_origins - first) @ normal
        else:
            count = volume.shape[axis]
            crossed = (np.array(volume.origin) - first) @ normal + np.arange(count) * plane.normal.dot(steps)
        places.append(crossed[np.abs(crossed) <= thickness_mm / 2])
    together = np.sort(np.concatenate(places))
    apart = np.diff(together, prepend=-np.inf) > 1e-6
    return [float(v) for v in together[apart]]


def exact_count(volume: Volume, thickness_mm: float) -> int:
    """Samples of a slab in any direction, a sixteenth of the smallest voxel side apart; odd."""
    if not 0 < thickness_mm < math.inf:
        return 1
    count = EXACT_SAMPLES * thickness_mm / min(volume.slice_distance_mm, *volume.spacing[1:])
    return min(MAX_SAMPLES, 2 * math.ceil(count / 2 - 1e-6)) + 1


class _Paths:
    """Voxel positions of a grid's pixels, block of rows by block of rows; affine where the volume is."""

    def __init__(self, volume: Volume, grid: Grid) -> None:
        import numpy as np

        plane = grid.plane
        self._volume = volume
        self.rows, self.columns = grid.rows, grid.columns
        self._first = np.array(plane.origin)
        self._right = np.array(plane.row_direction) * plane.column_spacing_mm
        self._down = np.array(plane.column_direction) * plane.row_spacing_mm
        self._normal = np.array(plane.normal)
        turn = volume.inverse[:3, :3]
        self._index = (turn @ self._first + volume.inverse[:3, 3], turn @ self._right, turn @ self._down)
        self._deeper = turn @ self._normal

    def block(self, first: int, end: int, offset: float) -> tuple[NDArray[Any], ...]:
        """Slice, row and column positions of the pixels of rows ``first`` to ``end``, ``offset`` mm off the plane."""
        import numpy as np

        rows, columns = np.arange(first, end)[:, None], np.arange(self.columns)
        if self._volume.is_even:
            start, right, down = self._index
            start = start + self._deeper * offset
            positions = []
            for n in range(3):
                position = scratch.of(("position", n), np.float64, len(rows) * self.columns)
                shaped = position.reshape(len(rows), self.columns)
                np.add(start[n] + down[n] * rows, right[n] * columns, out=shaped)
                positions.append(position)
            return tuple(positions)
        start = self._first + self._normal * offset
        world = start + self._down * rows[..., None] + self._right * columns[:, None]
        index = self._volume.to_index(world.reshape(-1, 3))
        return index[:, 0], index[:, 1], index[:, 2]

    def lies(self, first: int, end: int, offsets: Sequence[float]) -> bool | None:
        """True when the whole block is inside the volume, False when none of it, None when in part."""
        import numpy as np

        if not self._volume.is_even:
            return None
        start, right, down = self._index
        corners = np.array(
            [
                start + down * row + right * column + self._deeper * offset
                for row in (first, end - 1)
                for column in (0, self.columns - 1)
                for offset in (offsets[0], offsets[-1])
            ]
        )
        low, high = corners.min(0), corners.max(0)
        last = np.array(self._volume.shape) - 1
        if np.all(low >= 0) and np.all(high <= last):
            return True
        return False if np.any(high < -1) or np.any(low > last + 1) else None


def _sampled(
    volume: Volume, paths: _Paths, offsets: Sequence[float], projection: Projection, interpolation: Interpolation
) -> NDArray[Any]:
    import numpy as np

    sample = sampler(volume.voxels, interpolation)
    result = np.empty((paths.rows, paths.columns), np.float32)

    def work(first: int, end: int) -> None:
        lies = paths.lies(first, end, offsets)
        if lies is False:
            result[first:end] = np.nan
            return
        values = project(sample, lambda at: paths.block(first, end, at), offsets, projection, inside=lies is True)
        result[first:end] = values.reshape(end - first, paths.columns)

    in_blocks(work, paths.rows, max(1, BLOCK // paths.columns))
    return result


def project(
    sample: Sampler,
    positions_at: Callable[[float], Sequence[NDArray[Any]]],
    offsets: Sequence[float],
    projection: Projection,
    *,
    inside: bool,
) -> NDArray[Any]:
    """One value for each position out of samples at all ``offsets``; ``positions_at(offset)`` gives positions.

    NaN samples (outside the volume) do not count; a position without any other is NaN.
    """
    import numpy as np

    def at(offset: float) -> NDArray[Any]:
        k, j, i = positions_at(offset)
        return sample(k, j, i, not inside)

    if len(offsets) == 1:
        return at(offsets[0])
    if projection is Projection.MEAN:
        return _mean(at, offsets, inside=inside)
    join: Any = np.fmax if projection is Projection.MAX else np.fmin
    if inside:
        join = np.maximum if projection is Projection.MAX else np.minimum
    result = at(offsets[0])
    for offset in offsets[1:]:
        join(result, at(offset), out=result)
    return result


def _mean(at: Callable[[float], NDArray[Any]], offsets: Sequence[float], *, inside: bool) -> NDArray[Any]:
    """The trapezoidal rule over the samples that are there, at whatever distances they lie."""
    import numpy as np

    total: Any = 0.0
    weights: Any = 0.0
    step = (offsets[-1] - offsets[0]) / (len(offsets) - 1)
    for n, offset in enumerate(offsets):
        reach = offsets[min(n + 1, len(offsets) - 1)] - offsets[max(n - 1, 0)]
        weight = reach / (2 * step)  # 1 for even samples, half at both ends
        values = at(offset)
        if inside:
            total = total + values * np.float32(weight)
            weights = weights + weight
            continue
        there = ~np.isnan(values)
        total = total + np.where(there, values * np.float32(weight), np.float32(0))
        weights = weights + there * np.float32(weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: NDArray[Any] = np.asarray(total / weights, np.float32)
    return result


def sample_points(volume: Volume, world: Any, interpolation: Interpolation = Interpolation.LINEAR) -> NDArray[Any]:
    """Values in the volume's unit at LPS points ``[..., 3]``: float32 of the leading shape, NaN outside."""
    import numpy as np

    points = np.asarray(world, np.float64)
    flat = points.reshape(-1, 3)
    sample = sampler(volume.voxels, interpolation)
    result = np.empty(len(flat), np.float32)

    def work(first: int, end: int) -> None:
        index = volume.to_index(flat[first:end])
        result[first:end] = sample(index[:, 0], index[:, 1], index[:, 2], True)

    in_blocks(work, len(flat), BLOCK)
    return in_unit(volume, result).reshape(points.shape[:-1])


def in_unit(volume: Volume, stored: NDArray[Any]) -> NDArray[Any]:
    """In place where float32 loses nothing."""
    import numpy as np

    if volume.slope == 1.0:
        if volume.intercept:
            stored += np.float32(volume.intercept)
        return stored
    return volume.values(stored)
