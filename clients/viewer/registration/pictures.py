"""Two series over each other on the pixels of a pane: sampled, windowed, put together. Runs in any thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clients.viewer.registration.state import Mode
from clients.viewer.volume.painting import GreyLook, grey_picture
from shared.imaging.geometry import Plane, PointMm, VectorMm
from shared.imaging.reformat import Grid, reformat, sample_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.volume.mpr_state import PaneFrame
    from shared.imaging.registration import RigidTransform
    from shared.imaging.volume import Volume

FIELDS = 8  # of the checkerboard along the shorter side
WARM = (255, 150, 60)  # the moving series while blending
EDGE = (255, 190, 40)


@dataclass(frozen=True, slots=True)
class Overlay:
    """How both are shown."""

    mode: Mode
    share: float
    fixed: GreyLook
    moving: GreyLook


class PairMaker:
    """Pictures of one pane; keeps what did not change."""

    def __init__(self, fixed: Volume, moving: Volume) -> None:
        self._fixed, self._moving = fixed, moving
        self._kept: dict[str, tuple[Any, NDArray[Any]]] = {}

    def make(
        self,
        frame: PaneFrame,
        reduction: int,
        transform: RigidTransform,
        overlay: Overlay,
        field: NDArray[Any] | None = None,
        field_volume: Volume | None = None,
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """(values of the fixed series, picture as RGB). ``field``: shifts in mm on the voxels of ``field_volume``."""
        grid = frame.grid(reduction)
        below = self._cached("fixed", (frame, reduction), lambda: reformat(self._fixed, grid))
        key = (frame, reduction, id(transform), id(field))
        if field is not None and field_volume is not None:
            above = self._cached("moving", key, lambda: self._bent(grid, transform, field, field_volume))
        else:
            above = self._cached("moving", key, lambda: reformat(self._moving, carried(grid, transform)))
        return below, together(grey_picture(below, overlay.fixed), grey_picture(above, overlay.moving), overlay)

    def _cached(self, name: str, key: Any, make: Any) -> NDArray[Any]:
        known = self._kept.get(name)
        if known is None or known[0] != key:
            known = self._kept[name] = (key, make())
        return known[1]

    def _bent(self, grid: Grid, transform: RigidTransform, field: NDArray[Any], field_volume: Volume) -> NDArray[Any]:
        import numpy as np

        rows, columns = np.mgrid[0 : grid.rows, 0 : grid.columns].astype(np.float64)
        plane = grid.plane
        points = (
            np.array(plane.origin)
            + columns[..., None] * plane.column_spacing_mm * np.array(plane.row_direction)
            + rows[..., None] * plane.row_spacing_mm * np.array(plane.column_direction)
        )
        shifts = [sample_points(replace(field_volume, voxels=field[..., n]), points) for n in range(3)]
        bent = points + np.nan_to_num(np.stack(shifts, -1))
        return sample_points(self._moving, transform.apply(bent))


def carried(grid: Grid, transform: RigidTransform) -> Grid:
    """The same pixels where they lie in the moving series."""
    plane, turn = grid.plane, transform.rotation
    origin = PointMm(*transform.apply([plane.origin])[0].tolist())
    right = VectorMm(*(turn @ list(plane.row_direction)).tolist())
    down = VectorMm(*(turn @ list(plane.column_direction)).tolist())
    moved = Plane(origin, right, down, plane.row_spacing_mm, plane.column_spacing_mm)
    return Grid(moved, grid.columns, grid.rows)


def together(below: NDArray[Any], above: NDArray[Any], overlay: Overlay) -> NDArray[Any]:
    """RGB uint8 of two grey (or coloured) pictures of the same size."""
    import numpy as np

    mode = overlay.mode
    first, second = _rgb(below), _rgb(above)
    if mode is Mode.FIXED:
        return first
    if mode is Mode.MOVING:
        return second
    if mode is Mode.CHECKER:
        rows, columns = first.shape[:2]
        side = max(8, min(rows, columns) // FIELDS)
        odd = (np.arange(rows)[:, None] // side + np.arange(columns)[None, :] // side) % 2 == 1
        fields: NDArray[Any] = np.where(odd[..., None], second, first)
        return fields
    if mode is Mode.DIFFERENCE:
        difference: NDArray[Any] = np.abs(first.astype(np.int16) - second).astype(np.uint8)
        return difference
    if mode is Mode.OUTLINE:
        return _outlined(first, above)
    if above.ndim == 2:  # grey over grey could not be told apart
        second = (second.astype(np.uint16) * np.array(WARM, np.uint16) // 255).astype(np.uint8)
    strength = 1 + 1.2 * overlay.share * (1 - overlay.share)  # where one shows nothing the other stays bright
    mixed = first * np.float32(strength * (1 - overlay.share)) + second * np.float32(strength * overlay.share)
    blended: NDArray[Any] = np.clip(mixed, 0, 255).astype(np.uint8)
    return blended


def _rgb(picture: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)


def _outlined(first: NDArray[Any], above: NDArray[Any]) -> NDArray[Any]:
    """Edges of the moving picture over the fixed one."""
    import cv2
    import numpy as np

    grey = above if above.ndim == 2 else above.max(-1)
    edges = cv2.Canny(cv2.GaussianBlur(grey, (0, 0), 1.4), 40, 110) > 0
    picture = first.copy()
    picture[edges] = np.array(EDGE, np.uint8)
    return picture
