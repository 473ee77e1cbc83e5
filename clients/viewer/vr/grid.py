"""A volume made ready for ray casting: an even, right-handed grid of int16 in memory, with its place in the patient."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from shared.imaging.geometry import Finding, PointMm, VectorMm
from shared.imaging.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_VOXELS = 300_000_000  # 600 MB of int16 and 900 MB of gradients; larger volumes are halved
STRAIGHT = 0.5  # slices that drift less than so many pixels over the whole stack count as perpendicular

UNEVEN_SHARE = 0.1  # slices nearer to their even places than this share of a step are left there

Allocate = Callable[[tuple[int, int, int]], "NDArray[Any]"]
"""Gives an int16 array of a shape, contents undefined."""


class Note(StrEnum):
    """What was done to the slices on the way; the reader is told. Values are Chinese source texts."""

    TILTED = "机架倾斜：已重采样为直角网格"
    UNEVEN = "层间距不均匀：已重采样"
    GAPS = "层面有缺失：缺失处为插值"
    HALVED = "体数据过大：以一半分辨率显示"


@dataclass(frozen=True, eq=False)
class Grid:
    """Voxels ``[k, j, i]`` of int16; voxel centres lie at ``origin + i, j, k steps`` along unit ``axes``, LPS mm.

    ``value = voxel * slope + intercept`` is in ``unit``. ``removed`` is a stored value below all others: what was
    cut away has it.
    """

    voxels: NDArray[Any]
    origin: PointMm
    axes: tuple[VectorMm, VectorMm, VectorMm]  # i, j, k; right-handed
    spacing: tuple[float, float, float]  # of i, j, k in mm
    slope: float
    intercept: float
    unit: str
    removed: int
    notes: tuple[Note, ...] = ()

    @property
    def corners(self) -> list[PointMm]:
        """Outer corners of the corner voxels, LPS mm."""
        nk, nj, ni = self.voxels.shape
        ends = [(-0.5, n - 0.5) for n in (ni, nj, nk)]
        return [self.point(i, j, k) for k, j, i in itertools.product(ends[2], ends[1], ends[0])]

    def point(self, i: float, j: float, k: float) -> PointMm:
        """LPS mm of a voxel position."""
        at = self.origin
        for steps, axis, mm in zip((i, j, k), self.axes, self.spacing, strict=True):
            at = at.plus(axis.scaled(steps * mm))
        return at

    def stored(self, value: float) -> float:
        """The stored value that means ``value``."""
        return (value - self.intercept) / self.slope

    def sample(self) -> NDArray[Any]:
        """About a million voxels, evenly spread, in the unit; float32, one dimension."""
        import numpy as np

        step = max(1, round((self.voxels.size / 1e6) ** (1 / 3)))
        some: NDArray[Any] = self.voxels[::step, ::step, ::step].ravel().astype(np.float32)
        return some * np.float32(self.slope) + np.float32(self.intercept)

    def value_range(self) -> tuple[float, float]:
        """First and 99.5th percentile in the unit, which outliers do not move."""
        import numpy as np

        low, high = np.percentile(self.sample(), (1.0, 99.5))
        return float(low), float(high)

    def reduced(self, factor: int) -> Grid:
        """A grid of block averages, ``factor`` voxels to one along each axis; a remainder at the ends is dropped."""
        import cv2
        import numpy as np

        if factor <= 1:
            return self
        nk, nj, ni = (n // factor for n in self.voxels.shape)
        if min(nk, nj, ni) < 1:
            return self
        small = np.empty((nk, nj, ni), np.int16)
        for k in range(nk):
            block = self.voxels[k * factor : (k + 1) * factor, : nj * factor, : ni * factor]
            mean = block.mean(0, dtype=np.float32)
            cv2.resize(mean, (ni, nj), interpolation=cv2.INTER_AREA).round(out=mean[:nj, :ni])
            small[k] = mean[:nj, :ni]
        half = (factor - 1) / 2
        spacing = (self.spacing[0] * factor, self.spacing[1] * factor, self.spacing[2] * factor)
        return replace(self, voxels=small, origin=self.point(half, half, half), spacing=spacing)


def new_array(shape: tuple[int, int, int]) -> NDArray[Any]:
    """Ordinary memory."""
    import numpy as np

    return np.empty(shape, np.int16)


def grid_of(volume: Volume, allocate: Allocate = new_array) -> Grid:
    """The grid of a volume. Sheared and uneven volumes are resampled linearly; ``notes`` say so.

    Takes 0.1 to 0.5 s for 512 x 512 x 300: not for a GUI thread.
    """
    scale, shift = _to_int16(volume)
    notes = [Note.GAPS] if volume.gaps or Finding.GAPS in volume.findings else []
    flipped = volume.handedness < 0
    slices = range(volume.shape[0])[::-1] if flipped else range(volume.shape[0])
    axes = (
        volume.column_step.scaled(1 / volume.column_step.length),
        volume.row_step.scaled(1 / volume.row_step.length),
        volume.normal,
    )
    if _unevenness_mm(volume) < UNEVEN_SHARE * volume.slice_distance_mm and _drift_pixels(volume) < STRAIGHT:
        voxels = allocate(volume.shape)
        for n, source in enumerate(slices):
            voxels[n] = _slice(volume, source, scale, shift)
        origin, step = volume.point_at(slices[0], 0, 0), volume.slice_distance_mm
    else:
        notes.append(Note.TILTED if _drift_pixels(volume) >= STRAIGHT else Note.UNEVEN)
        voxels, origin, step = _resampled(volume, slices, scale, shift, allocate)
    grid = Grid(
        voxels=voxels,
        origin=origin,
        axes=axes,
        spacing=(volume.column_step.length, volume.row_step.length, step),
        slope=volume.slope * scale,
        intercept=volume.slope * shift + volume.intercept,
        unit=volume.unit,
        removed=int(voxels.min()) - 1,
        notes=tuple(notes),
    )
    if voxels.size > MOST_VOXELS:
        small = grid.reduced(2)
        grid = replace(small, notes=(*notes, Note.HALVED))
    return grid


def _unevenness_mm(volume: Volume) -> float:
    """How far a slice lies beside its place in an even row, at most."""
    import numpy as np

    if volume.slice_origins is None:
        return 0.0
    origins = volume.slice_origins
    return float(np.abs(np.linspace(origins[0], origins[-1], len(origins)) - origins).max())


def _drift_pixels(volume: Volume) -> float:
    """How far the last slice lies beside the first, seen along the normal, in pixels."""
    step = volume.slice_step
    along = volume.normal.scaled(step.dot(volume.normal))
    beside = VectorMm(step.x - along.x, step.y - along.y, step.z - along.z)
    return beside.length * (volume.shape[0] - 1) / min(volume.row_step.length, volume.column_step.length)


def _to_int16(volume: Volume) -> tuple[float, float]:
    """Scale and shift: stored voxel = int16 * scale + shift, one int16 value below all kept free."""
    import numpy as np

    voxels = volume.voxels
    if voxels.dtype in (np.uint8, np.int16):
        return 1.0, 0.0
    low, high = float(np.nanmin(voxels)), float(np.nanmax(voxels))
    if voxels.dtype == np.uint16:
        return 1.0, 0.0 if high < 32_767 else 32_768.0
    low, high = (low, high) if np.isfinite((low, high)).all() else (-1e6, 1e6)
    scale = (high - low) / 60_000 or 1.0
    return scale, low + 30_000 * scale


def _slice(volume: Volume, index: int, scale: float, shift: float) -> NDArray[Any]:
    """One slice as int16, padding at the bottom of the range."""
    import numpy as np

    voxels = volume.voxels[index]
    if voxels.dtype == np.float32:
        low = shift - 30_000 * scale
        whole = np.rint((np.nan_to_num(voxels, nan=low) - shift) / scale)
        result: NDArray[Any] = np.clip(whole, -32_000, 32_000).astype(np.int16)
    elif shift:
        result = (voxels.astype(np.int32) - int(shift)).astype(np.int16)
    else:
        result = voxels.astype(np.int16)
    if result.dtype == np.int16 and voxels.dtype in (np.int16, np.uint16):
        np.maximum(result, -32_767, out=result)
    if volume.padding is not None and voxels.dtype != np.float32:
        air = voxels == volume.padding
        if air.any() and not air.all():
            result[air] = result[~air].min()
    return result


def _resampled(
    volume: Volume, slices: range, scale: float, shift: float, allocate: Allocate
) -> tuple[NDArray[Any], PointMm, float]:
    """Slices moved in their planes and along the normal onto an even grid; linear in all three directions.

    Gives voxels, centre of the first voxel, distance of the slices in mm. The grid is wide enough for all slices.
    """
    import cv2
    import numpy as np

    origins = np.array([volume.point_at(n, 0, 0) for n in slices])
    depths = (origins - origins[0]) @ np.array(volume.normal)
    step = float(np.median(np.diff(depths)))
    count = min(round(float(depths[-1]) / step) + 1, 4 * len(depths))
    rows, columns = volume.shape[1:]
    lengths = (volume.column_step.length, volume.row_step.length)
    across = np.stack(
        [
            (origins - origins[0]) @ np.array(direction) / length**2
            for direction, length in zip((volume.column_step, volume.row_step), lengths, strict=True)
        ],
        axis=1,
    )  # of each slice: columns and rows that it lies beside the first
    least = np.floor(across.min(0)).astype(int)
    size = (
        columns + int(np.ceil(across[:, 0].max())) - int(least[0]),
        rows + int(np.ceil(across[:, 1].max())) - int(least[1]),
    )

    def placed(n: int) -> NDArray[Any]:
        source = _slice(volume, slices[n], scale, shift).astype(np.float32)
        move = np.array([[1, 0, across[n, 0] - least[0]], [0, 1, across[n, 1] - least[1]]], np.float64)
        filled: NDArray[Any] = cv2.warpAffine(
            source, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=float(source.min())
        )
        return filled

    voxels = allocate((count, size[1], size[0]))
    before, pair = -1, (placed(0), placed(min(1, len(depths) - 1)))
    for n in range(count):
        depth = min(n * step, float(depths[-1]))
        at = int(np.clip(np.searchsorted(depths, depth, side="right") - 1, 0, len(depths) - 2))
        if at != before:
            pair = (pair[1] if at == before + 1 and before >= 0 else placed(at), placed(at + 1))
            before = at
        share = float((depth - depths[at]) / (depths[at + 1] - depths[at]))
        voxels[n] = np.rint(pair[0] * (1 - share) + pair[1] * share)
    first = PointMm(*origins[0].tolist())
    corner = first.plus(volume.column_step.scaled(float(least[0]))).plus(volume.row_step.scaled(float(least[1])))
    return voxels, corner, step
