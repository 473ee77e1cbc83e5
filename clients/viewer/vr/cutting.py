"""Free-hand cuts and bed removal as masks of a grid's slices, written into its voxels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from clients.viewer.vr.grid import Grid
from clients.viewer.vr.scene import Cut
from shared.imaging.geometry import PointMm, VectorMm

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FINEST = 0.5  # pixels of the rastered outline per voxel
_LARGEST_RASTER = 4096


class CutMask:
    """Which voxels of a slice a cut removes.

    The outline is rastered once; seen along a parallel line of sight, voxel positions of a slice map to it by an
    affine transform, so that OpenCV fills a slice of 512 x 512 in about 0.2 ms.
    """

    def __init__(self, grid: Grid, cut: Cut) -> None:
        import cv2
        import numpy as np

        outline = np.array(cut.polygon, np.float64)
        low, high = outline.min(0), outline.max(0)
        self._pixel = max(min(grid.spacing) * _FINEST, float((high - low).max()) / _LARGEST_RASTER, 1e-3)
        self._low = low - 2 * self._pixel
        width, height = (np.ceil((high - low) / self._pixel) + 5).astype(int)
        raster = np.zeros((int(height), int(width)), np.uint8)
        corners = np.round((outline - self._low) / self._pixel * 16).astype(np.int32)
        cv2.fillPoly(raster, [corners], 255, shift=4)
        self._raster = raster
        self._grid, self._cut = grid, cut
        self._columns = [self._on_plane(axis.scaled(mm)) for axis, mm in zip(grid.axes, grid.spacing, strict=True)]

    def of_slice(self, k: int) -> NDArray[Any] | None:
        """True where slice ``k`` loses voxels, shape (rows, columns); None when it loses none."""
        import cv2
        import numpy as np

        rows, columns = self._grid.voxels.shape[1:]
        start = self._grid.point(0, 0, k).minus(self._cut.origin)
        x, y = self._on_plane(start)
        (ix, iy), (jx, jy), _ = self._columns
        scale = 1 / self._pixel
        to_raster = np.array(
            [
                [ix * scale, jx * scale, (x - self._low[0]) * scale],
                [iy * scale, jy * scale, (y - self._low[1]) * scale],
            ]
        )
        if not self._cut.keeps_inside and not self._meets(to_raster, rows, columns):
            return None
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        inside = cv2.warpAffine(self._raster, to_raster, (columns, rows), flags=flags, borderValue=0)
        removed: NDArray[Any] = inside == 0 if self._cut.keeps_inside else inside != 0
        return removed

    def _meets(self, to_raster: NDArray[Any], rows: int, columns: int) -> bool:
        """False when the slice's corners all lie on one outer side of the raster."""
        import numpy as np

        corners = np.array([[0, 0, 1], [columns - 1, 0, 1], [0, rows - 1, 1], [columns - 1, rows - 1, 1]]).T
        seen = to_raster @ corners
        height, width = self._raster.shape
        return bool(seen[0].max() >= 0 and seen[1].max() >= 0 and seen[0].min() <= width and seen[1].min() <= height)

    def _on_plane(self, vector: VectorMm) -> tuple[float, float]:
        return vector.dot(self._cut.right), vector.dot(self._cut.up)


class BodyMask:
    """Which voxels of a slice are no body: a coarse mask (see `bed`) brought to a finer or coarser grid."""

    def __init__(self, grid: Grid, body: Grid) -> None:
        """``body`` holds 0 and 1; its axes are those of ``grid``."""
        self._grid, self._body = grid, body
        away = grid.origin.minus(body.origin)
        self._start = [away.dot(axis) / mm for axis, mm in zip(body.axes, body.spacing, strict=True)]
        self._scale = [fine / coarse for fine, coarse in zip(grid.spacing, body.spacing, strict=True)]

    def of_slice(self, k: int) -> NDArray[Any] | None:
        """True where slice ``k`` is no body, shape (rows, columns)."""
        import cv2
        import numpy as np

        rows, columns = self._grid.voxels.shape[1:]
        last = self._body.voxels.shape[0] - 1
        depth = min(max(self._start[2] + k * self._scale[2], 0.0), float(last))
        below, above = self._body.voxels[int(depth)], self._body.voxels[min(int(depth + 0.999), last)]
        to_body = np.array([[self._scale[0], 0, self._start[0]], [0, self._scale[1], self._start[1]]], np.float64)
        source = ((below != 0) | (above != 0)).astype(np.uint8) * 255  # rather a little air than a shoulder less
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        inside = cv2.warpAffine(source, to_body, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        removed: NDArray[Any] = inside < 128
        return removed


def remove(grid: Grid, masks: Iterable[CutMask | BodyMask]) -> None:
    """Write :attr:`Grid.removed` into the voxels that any of the masks takes away."""
    chosen = tuple(masks)
    for k in range(grid.voxels.shape[0]):
        for mask in chosen:
            removed = mask.of_slice(k)
            if removed is not None:
                grid.voxels[k][removed] = grid.removed


def plane_position(cut: Cut, point: PointMm) -> tuple[float, float]:
    """Where a patient point is seen on the plane of a cut, in mm right and up."""
    away = point.minus(cut.origin)
    return away.dot(cut.right), away.dot(cut.up)
