"""A series as axial, coronal or sagittal images: a stack like any other, with true planes (VW-VIE-02 to -04). No Qt.

The images are computed once; every tool of the viewport works on them, and lines of position are right because each
has its own plane. Their UIDs begin with `DERIVED`: they are no stored objects, and nothing may refer to them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clients.viewer.study import FrameKey, Stack
from clients.viewer.volume.mpr_state import STANDARD, Pane
from shared.imaging.codecs import EXPLICIT_LE, PixelFormat
from shared.imaging.geometry import Plane, PointMm, SliceOrder, Spacing, SpacingSource, VectorMm
from shared.imaging.header import FrameHeader
from shared.imaging.lut import Modality
from shared.imaging.reformat import Grid, reformat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.pixels import StackPixels
    from shared.imaging.volume import Volume

DERIVED = "reformatted:"
MAX_PIXELS = 1 << 30


class TooLarge(ValueError):
    """The images would not fit into memory; the text is a sentence."""


@dataclass(frozen=True, eq=False)
class Reformatted:
    """A stack and how to fill it: ``frame(n)`` gives stored values that ``modality`` turns into the unit."""

    stack: Stack
    modality: Modality
    frame: Callable[[int], NDArray[Any]]

    def fill(self, pixels: StackPixels) -> None:
        """Compute all images, for a worker thread."""
        for n in range(len(self.stack)):
            pixels.put(n, self.frame(n), self.modality)


def is_derived(sop_instance_uid: str) -> bool:
    """True for images that were computed here and are stored nowhere."""
    return sop_instance_uid.startswith(DERIVED)


def uid_of(pane: Pane, like: Stack) -> str:
    """What stands for a SOP Instance UID in the computed images of a stack."""
    unit = like.suv.value if like.suv is not None else "stored"
    return f"{DERIVED}{pane.value}:{unit}:{like.series.series_uid}:{like.label}"


def stored_key(key: FrameKey, stacks: Sequence[Stack]) -> FrameKey:
    """The frame to name where stored objects are referred to: for a computed image the middle one of its series."""
    if not is_derived(key.sop_instance_uid):
        return key
    _, _, series_uid, label = key.sop_instance_uid.removeprefix(DERIVED).split(":", 3)
    for stack in stacks:
        if stack.series.series_uid == series_uid and stack.label == label:
            return stack.frames[len(stack) // 2]
    return key


def grids_of(volume: Volume, pane: Pane) -> list[Grid]:
    """Planes through the whole volume, in the order of paging: to the feet, the back, the left.

    Pixels are squares as large as the finest distance of voxels; planes are one voxel apart.
    """
    axes = STANDARD[pane]
    forward = axes.normal.scaled(-1 if pane is not Pane.CORONAL else 1)
    spacing = min(volume.spacing)
    step = 1.0 / max(abs(_dot(row, forward)) for row in volume.inverse[:3, :3].tolist())
    corners = [PointMm(*corner) for corner in volume.corners.tolist()]

    def reach(direction: VectorMm) -> tuple[float, float]:
        depths = [VectorMm(*corner).dot(direction) for corner in corners]
        return min(depths), max(depths)

    (left, right), (top, bottom), (first, last) = reach(axes.right), reach(axes.down), reach(forward)
    columns, rows, count = (
        max(2, math.floor((high - low) / size + 1e-6) + 1)
        for low, high, size in ((left, right, spacing), (top, bottom, spacing), (first, last, step))
    )
    if columns * rows * count > MAX_PIXELS:
        raise TooLarge("The images would not fit into memory.")
    grids = []
    for n in range(count):
        parts = (axes.right.scaled(left), axes.down.scaled(top), forward.scaled(first + n * step))
        origin = PointMm(*(sum(values) for values in zip(*parts, strict=True)))
        grids.append(Grid(Plane(origin, axes.right, axes.down, spacing, spacing), columns, rows))
    return grids


def _dot(row: list[float], direction: VectorMm) -> float:
    return sum(a * b for a, b in zip(row, direction, strict=True))


def reformatted_stack(volume: Volume, pane: Pane, like: Stack, name: str) -> Reformatted:
    """``like`` seen in another plane; ``name`` is written beside the series. Raises :class:`TooLarge`."""
    import numpy as np

    grids = grids_of(volume, pane)
    modality, stored, padding = _storing(volume)
    signed = np.issubdtype(stored, np.signedinteger)
    model = like.image(len(like) // 2)
    uid = uid_of(pane, like)
    middle = like.frame_header(len(like) // 2)
    frames = tuple(
        FrameHeader(
            plane=grid.plane,
            spacing=Spacing(grid.plane.row_spacing_mm, grid.plane.column_spacing_mm, SpacingSource.PATIENT),
            modality=modality,
            voi=middle.voi,
        )
        for grid in grids
    )
    bits = stored.itemsize * 8
    image = replace(
        model,
        sop_instance_uid=uid,
        transfer_syntax=EXPLICIT_LE,
        pixel_format=PixelFormat(grids[0].rows, grids[0].columns, bits, bits, signed=bool(signed)),
        frames=frames,
        padding=padding,
        padding_limit=None,
        regions=(),
        overlays=(),
        shutter=None,
        patient_orientation=None,
        suv=None,  # the values are SUV already where the stack shows them as such
    )
    series = replace(like.series, images=(image,), description=f"{like.series.description} {name}".strip())
    step = abs(grids[-1].plane.depth_mm - grids[0].plane.depth_mm) / max(1, len(grids) - 1)
    stack = Stack(
        study=like.study,
        series=series,
        frames=tuple(FrameKey(uid, n) for n in range(len(grids))),
        order=SliceOrder(tuple(range(len(grids))), step, volume.findings),
        label=name,
        _images={uid: image},
    )

    def frame(n: int) -> NDArray[Any]:
        values = reformat(volume, grids[n])
        outside = np.isnan(values)
        exact = np.rint((np.where(outside, 0.0, values) - modality.intercept) / modality.slope)
        limits = np.iinfo(stored)
        pixels: NDArray[Any] = np.clip(exact, limits.min, limits.max).astype(stored)
        pixels[outside] = padding
        return pixels

    return Reformatted(stack, modality, frame)


def _storing(volume: Volume) -> tuple[Modality, Any, int]:
    """How values are kept: as the volume does, or spread over 16 bits; and a stored value that no voxel has."""
    import numpy as np

    voxels = volume.voxels
    low, high = float(np.nanmin(voxels)), float(np.nanmax(voxels))
    if voxels.dtype == np.int16 and low > -32768:
        return Modality(volume.slope, volume.intercept, None, volume.unit), np.dtype(np.int16), -32768
    if voxels.dtype in (np.uint8, np.uint16) and high < 65535:
        return Modality(volume.slope, volume.intercept, None, volume.unit), np.dtype(np.uint16), 65535
    step = (high - low) / 65_534 or 1.0
    slope, intercept = volume.slope * step, volume.slope * low + volume.intercept
    return Modality(slope, intercept, None, volume.unit), np.dtype(np.uint16), 65535
