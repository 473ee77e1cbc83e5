"""Parallel slices as a volume in the patient: voxels, the map between voxel indices and millimetres, findings.

Voxels are ``[slice, row, column]``; voxel indices are written in the same order, whole numbers at voxel
centres. Patient coordinates are LPS mm (PS3.3 C.7.6.2.1.1). Nothing is resampled when a volume is made: a
gantry tilt is a slice step that is not perpendicular to the slices, slices at uneven distances keep their own
places. Knows neither files nor Qt.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.imaging.geometry import Finding, Plane, PointMm, VectorMm, order_slices
from shared.imaging.lut import VoiFunction, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.imaging.header import FrameHeader

EVEN_MM = 0.002  # slices closer than this to their place on the even grid count as lying on it
SAME_PLACE_MM = 0.01
SAME_WAY = 2e-3  # radians between directions of slices: half a millimetre at the edge of a CT
MAX_VOXELS = 1 << 32


class NoVolume(ValueError):
    """These images make no volume; the text is a sentence that says why."""


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels with their place in the patient. Immutable; the voxels may be shared with others and are not written.

    ``value = voxel * slope + intercept`` is the value in ``unit`` (HU, Bq/ml …). ``slice_origins`` gives the
    centre of the first voxel of each slice, shape (slices, 3), where they are no even row; ``slice_step`` is then
    the mean step. The frame may be left-handed (`handedness`): slices keep the order in which they are shown.
    """

    voxels: NDArray[Any]  # uint8, int16, uint16 or float32, C-contiguous
    origin: PointMm  # centre of voxel [0, 0, 0]
    slice_step: VectorMm
    row_step: VectorMm  # from a voxel to the one in the next row: down a column
    column_step: VectorMm  # from a voxel to the one in the next column: along a row
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    slice_origins: NDArray[Any] | None = None
    frame_of_reference_uid: str = ""
    modality_code: str = ""
    series_uid: str = ""
    findings: frozenset[Finding] = frozenset()
    gaps: tuple[int, ...] = ()  # n: slices are missing between slice n and n + 1
    frames: tuple[int, ...] = ()  # for each slice its position among the frames that were given to :func:`volume_of`
    window: Window | None = None  # of the header
    inverted: bool = False  # MONOCHROME1
    padding: int | None = None  # stored value that means "no image here"

    # --- sizes

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        slices, rows, columns = self.voxels.shape
        return int(slices), int(rows), int(columns)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Lengths of the three steps in mm, in the order of the axes; along slices the (mean) step, not the distance
        of the planes: with a tilted gantry the step is the longer one."""
        return self.slice_step.length, self.row_step.length, self.column_step.length

    @property
    def slice_distance_mm(self) -> float:
        """Mean perpendicular distance of neighbouring slices."""
        return abs(self.slice_step.dot(self.normal))

    @property
    def normal(self) -> VectorMm:
        """Unit normal of the slices: direction of rows x direction of columns."""
        normal = self.column_step.cross(self.row_step)
        return normal.scaled(1.0 / normal.length)

    @property
    def handedness(self) -> int:
        """1 when column, row and slice step form a right-handed frame, else -1."""
        return 1 if self.slice_step.dot(self.normal) > 0 else -1

    @property
    def is_even(self) -> bool:
        """True when one affine map holds for the whole volume."""
        return self.slice_origins is None

    @property
    def is_tilted(self) -> bool:
        return Finding.TILTED in self.findings

    @cached_property
    def matrix(self) -> NDArray[Any]:
        """4 x 4, float64: homogeneous index (slice, row, column, 1) to LPS mm; the mean map where uneven."""
        import numpy as np

        matrix = np.eye(4)
        matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = self.slice_step, self.row_step, self.column_step
        matrix[:3, 3] = self.origin
        return matrix

    @cached_property
    def inverse(self) -> NDArray[Any]:
        """4 x 4, float64: homogeneous LPS mm to index (slice, row, column, 1); the mean map where uneven."""
        import numpy as np

        inverse: NDArray[Any] = np.linalg.inv(self.matrix)
        return inverse

    # --- maps

    def to_world(self, index: Any) -> NDArray[Any]:
        """LPS mm of voxel positions ``[..., (slice, row, column)]``; any shape, float64; beyond the ends it goes on."""
        import numpy as np

        at = np.asarray(index, np.float64)
        if self.slice_origins is None:
            world: NDArray[Any] = at @ self.matrix[:3, :3].T + self.matrix[:3, 3]
            return world
        origins = _along(at[..., 0], self.slice_origins)
        bent: NDArray[Any] = origins + at[..., 1:] @ self.matrix[:3, 1:3].T
        return bent

    def to_index(self, world: Any) -> NDArray[Any]:
        """Voxel positions ``[..., (slice, row, column)]`` of LPS mm; float64, not clipped to the volume."""
        import numpy as np

        at = np.asarray(world, np.float64)
        if self.slice_origins is None:
            index: NDArray[Any] = at @ self.inverse[:3, :3].T + self.inverse[:3, 3]
            return index
        slices = _position_in(at @ np.array(self.normal), self._depths)
        offset = at - _along(slices, self.slice_origins)
        # The offset lies in the plane of the slices: the mean map's rows for row and column hold.
        return np.stack([slices, offset @ self.inverse[1, :3], offset @ self.inverse[2, :3]], -1)

    @cached_property
    def _depths(self) -> NDArray[Any]:
        """Depth along the normal of each slice."""
        import numpy as np

        assert self.slice_origins is not None
        depths: NDArray[Any] = self.slice_origins @ np.array(self.normal)
        return depths

    def point_at(self, slice_: float, row: float, column: float) -> PointMm:
        """LPS mm of one voxel position."""
        return PointMm(*(float(v) for v in self.to_world((slice_, row, column))))

    def plane_of(self, slice_: int) -> Plane:
        """The plane of a slice as its header had it."""
        return Plane(
            self.point_at(slice_, 0, 0),
            self.column_step.scaled(1 / self.column_step.length),
            self.row_step.scaled(1 / self.row_step.length),
            self.row_step.length,
            self.column_step.length,
        )

    @property
    def corners(self) -> NDArray[Any]:
        """LPS mm of the centres of the eight corner voxels, shape (8, 3)."""
        import itertools

        return self.to_world(list(itertools.product(*((0, n - 1) for n in self.shape))))

    @property
    def centre(self) -> PointMm:
        return self.point_at(*((n - 1) / 2 for n in self.shape))

    def holds(self, world: Any) -> NDArray[Any]:
        """True where LPS points ``[..., 3]`` lie in the hull of the voxel centres."""
        import numpy as np

        index = self.to_index(world)
        inside: NDArray[Any] = np.all((index >= -1e-6) & (index <= np.array(self.shape) - 1 + 1e-6), -1)
        return inside

    # --- values

    def values(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Stored values as float32 in :attr:`unit`; NaN stays NaN."""
        import numpy as np

        values = np.asarray(stored, np.float64) * self.slope + self.intercept
        result: NDArray[Any] = values.astype(np.float32)
        return result

    def stored(self, value: float) -> float:
        """The stored value that means ``value`` in :attr:`unit`."""
        return (value - self.intercept) / self.slope

    def scaled(self, factor: float, unit: str) -> Volume:
        """The same voxels in another unit, for instance Bq/ml times the SUV factor."""
        window = self.window
        if window is not None:
            exact = VoiFunction.LINEAR_EXACT if window.function is VoiFunction.LINEAR else window.function
            window = Window(window.centre * factor, window.width * factor, exact)
        return replace(self, slope=self.slope * factor, intercept=self.intercept * factor, unit=unit, window=window)


def _along(positions: NDArray[Any], origins: NDArray[Any]) -> NDArray[Any]:
    """Piecewise linear in ``origins`` (n, 3); the end pieces go on beyond the ends."""
    import numpy as np

    first = np.clip(np.floor(positions).astype(np.intp), 0, len(origins) - 2)
    share = (positions - first)[..., None]
    result: NDArray[Any] = origins[first] * (1 - share) + origins[first + 1] * share
    return result


def _position_in(depths_wanted: NDArray[Any], depths: NDArray[Any]) -> NDArray[Any]:
    """Fractional position in strictly monotonic ``depths``, the end pieces going on beyond the ends."""
    import numpy as np

    rising = depths if depths[-1] > depths[0] else -depths
    wanted = depths_wanted if depths[-1] > depths[0] else -depths_wanted
    first = np.clip(np.searchsorted(rising, wanted, side="right") - 1, 0, len(depths) - 2)
    low = rising[first]
    result: NDArray[Any] = first + (wanted - low) / (rising[first + 1] - low)
    return result


# --- from slices to a volume -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Where the slices of a volume will lie: known from headers alone, before any pixel has come."""

    order: tuple[int, ...]  # for each slice the position of its frame in the given list
    origins: NDArray[Any]  # (slices, 3)
    plane: Plane  # of the first slice
    findings: frozenset[Finding]
    gaps: tuple[int, ...]
    phases: int  # how many volumes lie at the same places; this is one of them

    @property
    def slice_step(self) -> VectorMm:
        steps = len(self.origins) - 1
        return VectorMm(*((self.origins[-1] - self.origins[0]) / steps).tolist())

    @property
    def is_even(self) -> bool:
        """True when every slice lies within `EVEN_MM` of its place on the even grid from first to last."""
        import numpy as np

        places = np.linspace(self.origins[0], self.origins[-1], len(self.origins))
        return bool(np.abs(places - self.origins).max() <= EVEN_MM)


def arrange(planes: Sequence[Plane | None], numbers: Sequence[int] | None = None, phase: int = 0) -> Arrangement:
    """Slices in the order in which they are shown, each place once; raises :class:`NoVolume`.

    ``numbers`` are Instance Numbers (see `geometry.order_slices`). Where several frames lie at each place (time
    points, b-values, echoes) ``phase`` picks one of them, from 0; single duplicates are left out and found.
    """
    import numpy as np

    if len(planes) < 2:
        raise NoVolume("A single image is no volume.")
    order = order_slices(planes, numbers)
    if Finding.UNPLACED in order.findings:
        raise NoVolume("Images of this series have no position in the patient, so they make no volume.")
    if Finding.MIXED in order.findings:
        return _without_scouts(planes, numbers, phase)
    placed = [plane for plane in planes if plane is not None]
    first = placed[order.order[0]]
    depths = [VectorMm(*placed[i].origin).dot(first.normal) for i in order.order]
    groups: list[list[int]] = []
    for n, index in enumerate(order.order):
        if n and abs(depths[n] - depths[n - 1]) < SAME_PLACE_MM:
            groups[-1].append(index)
        else:
            groups.append([index])
    if len(groups) < 2:
        raise NoVolume("All images of this series lie at one place, so they make no volume.")
    _refuse_other_grids(placed, first)
    phases = min(len(group) for group in groups)
    if not 0 <= phase < phases:
        raise NoVolume(f"Phase {phase + 1} is asked for; the series has {phases} at every place.")
    chosen = tuple(group[phase] for group in groups)
    kept = order_slices([placed[i] for i in chosen], list(range(len(chosen))))
    findings = set(kept.findings - {Finding.REVERSED}) | (order.findings & {Finding.REVERSED})
    if any(len(group) != phases for group in groups):
        findings.add(Finding.DUPLICATES)
    if not all(_lies_like(placed[i], first) for i in chosen):
        findings.add(Finding.MIXED)
    return Arrangement(
        order=chosen,
        origins=np.array([placed[i].origin for i in chosen], np.float64),
        plane=placed[chosen[0]],
        findings=frozenset(findings),
        gaps=kept.gaps,
        phases=phases,
    )


MOST = 2 / 3  # of the images of a series lie in one direction when the others are scouts among them


def _without_scouts(planes: Sequence[Plane | None], numbers: Sequence[int] | None, phase: int) -> Arrangement:
    """The arrangement of those frames that lie like most of them; the others are left out and found."""
    placed = [(n, plane) for n, plane in enumerate(planes) if plane is not None]
    for _, first in placed[: len(placed) // 3 + 1]:  # one of these is among most of them, if any is
        like = [n for n, plane in placed if _lies_like(plane, first)]
        if len(like) >= max(3, MOST * len(planes)) and len(like) < len(planes):
            among = arrange([planes[n] for n in like], [numbers[n] for n in like] if numbers else None, phase)
            return replace(among, order=tuple(like[n] for n in among.order), findings=among.findings | {Finding.MIXED})
    raise NoVolume("The images of this series lie in different directions, so they make no volume.")


def _lies_like(plane: Plane, first: Plane) -> bool:
    """True when both directions agree to `SAME_WAY`; up to 2.5 degrees more pass as parallel, and are told."""
    turns = (
        PointMm(*plane.row_direction).minus(PointMm(*first.row_direction)),
        PointMm(*plane.column_direction).minus(PointMm(*first.column_direction)),
    )
    return all(turn.length <= SAME_WAY for turn in turns)


def _refuse_other_grids(placed: Sequence[Plane], first: Plane) -> None:
    """Slices turned by 180 degrees or with other pixel spacings share a normal, but no grid of voxels."""
    for plane in placed:
        if plane.row_direction.dot(first.row_direction) < 0:
            raise NoVolume("The images of this series lie in different directions, so they make no volume.")
        if not (
            math.isclose(plane.row_spacing_mm, first.row_spacing_mm, rel_tol=1e-4)
            and math.isclose(plane.column_spacing_mm, first.column_spacing_mm, rel_tol=1e-4)
        ):
            raise NoVolume("The images of this series have different pixel spacings, so they make no volume.")


def volume_of(
    headers: Sequence[FrameHeader],
    frame_at: Callable[[int], NDArray[Any]],
    *,
    numbers: Sequence[int] | None = None,
    phase: int = 0,
    **facts: Any,
) -> Volume:
    """A volume of frames; ``frame_at(n)`` gives the stored values (rows, columns) of ``headers[n]``.

    Where slices have different slopes (PET), tables or wide values, the voxels become float32 in the unit.
    ``facts`` are further fields of :class:`Volume` (frame_of_reference_uid, modality_code, series_uid, inverted,
    padding). Raises :class:`NoVolume` when the frames do not fill space or have different sizes or colours.
    """
    arranged = arrange([header.plane for header in headers], numbers, phase)
    chosen = [headers[i] for i in arranged.order]
    voxels, slope, intercept = _voxels(arranged, chosen, frame_at)
    return volume_from(arranged, chosen, voxels, slope=slope, intercept=intercept, **facts)


def volume_from(arranged: Arrangement, headers: Sequence[FrameHeader], voxels: NDArray[Any], **facts: Any) -> Volume:
    """A volume of voxels that lie already in the order of ``arranged`` (``headers`` in the same order)."""
    plane = arranged.plane
    middle = headers[len(headers) // 2]
    window = next((voi for voi in middle.voi if isinstance(voi, Window)), None)
    return Volume(
        voxels=voxels,
        origin=PointMm(*arranged.origins[0].tolist()),
        slice_step=arranged.slice_step,
        row_step=plane.column_direction.scaled(plane.row_spacing_mm),
        column_step=plane.row_direction.scaled(plane.column_spacing_mm),
        unit=middle.modality.unit,
        slice_origins=None if arranged.is_even else arranged.origins,
        findings=arranged.findings,
        gaps=arranged.gaps,
        frames=arranged.order,
        window=window,
        **facts,
    )


def _voxels(
    arranged: Arrangement, headers: Sequence[FrameHeader], frame_at: Callable[[int], NDArray[Any]]
) -> tuple[NDArray[Any], float, float]:
    """Voxels in their stored values where one line of slope and intercept holds for all, else values as float32."""
    import numpy as np

    first = np.asarray(frame_at(arranged.order[0]))
    _refuse_impossible(first, len(headers))
    modality = headers[0].modality
    linear = modality.table is None and all(h.modality == modality for h in headers)
    kept = linear and first.dtype in (np.uint8, np.int16, np.uint16)
    voxels = np.empty((len(headers), *first.shape), first.dtype if kept else np.float32)
    for n, header in enumerate(headers):
        frame = first if n == 0 else np.asarray(frame_at(arranged.order[n]))
        if frame.shape != first.shape:
            raise NoVolume("The images of this series have different sizes, so they make no volume.")
        if kept and not np.can_cast(frame.dtype, voxels.dtype):  # signed and unsigned images in one series
            voxels, kept = modality(voxels).astype(np.float32), False
        voxels[n] = frame if kept else header.modality(frame)
    return (voxels, modality.slope, modality.intercept) if kept else (voxels, 1.0, 0.0)


def _refuse_impossible(first: NDArray[Any], slices: int) -> None:
    if first.ndim != 2:
        raise NoVolume("Colour images make no volume.")
    if first.size * slices > MAX_VOXELS:
        raise NoVolume("The volume has more than 4 billion voxels; that is beyond the limit.")
    if min(first.shape) < 2:
        raise NoVolume("The images are lines, not planes; they make no volume.")
