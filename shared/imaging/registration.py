"""Registration of two volumes of one patient: rigid, coarse to fine, judged before it is believed. Knows no Qt.

The transform maps points of the *fixed* volume to points of the *moving* one, LPS mm, as SimpleITK counts and as
a picture is made: for each pixel of the fixed grid it says where to look in the moving volume. DICOM's Spatial
Registration holds the other direction (PS3.3 C.20.2).

Method: Mattes' mutual information (IEEE TMI 2003;22:120) over a pyramid of isotropic grids, several starts at the
coarsest level. Whether the result may be believed is asked of the images themselves: a second run from a start
that was pushed away must come back to the same place, the exchanged volumes must be found at the same place (inverse
consistency, Christensen & Johnson, IEEE TMI 2001;20:568), and they must overlap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.imaging.geometry import PointMm, VectorMm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.imaging.volume import Volume

LEVELS_MM = (8.0, 4.0, 2.0)
BINS = 40
FEW_BINS, FEW_VOXELS = 24, 15_000  # many bins of few voxels make a rugged landscape
COARSE_MM = 6.0
MASK_MM = 4.0  # grid on which it is told what the volumes hold
LEAST_FILL = 0.05  # share of the border that one value must have to count as filling
SMALL_GAIN = 1e-3  # of the similarity, in a piece: bending ends
PIECE = 4  # steps of bending between two looks whether it was cancelled
SAMPLES = 60_000  # voxels looked at in each step of a level
LEAST_OVERLAP = 0.2
LARGEST_DISAGREEMENT_MM = 1.5
LARGEST_ONE_WAY_MM = 3.0  # between the registration and that of the exchanged volumes; half a voxel where more
LEAST_GAIN = 0.02  # of mutual information over the images put 40 mm apart
TRIES = 3  # a push may find a better place; then it is the one to be challenged
_PUSHES = (((7.0, -6.0, 6.0), (4.0, -3.0, 3.0)), ((-6.0, 7.0, -6.0), (-3.0, 4.0, -4.0)))
_STARTS_DEG = (0.0, -18.0, 18.0)
_ZERO = PointMm(0.0, 0.0, 0.0)
_STILL = VectorMm(0.0, 0.0, 0.0)


class Cancelled(Exception):
    """The reader stopped it."""


@dataclass(frozen=True, eq=False)
class RigidTransform:
    """A turn and a shift: ``moving = rotation @ (fixed - centre) + centre + translation``; 3 x 3 and LPS mm."""

    rotation: NDArray[Any]
    translation: VectorMm
    centre: PointMm

    @classmethod
    def identity(cls, centre: PointMm = _ZERO) -> RigidTransform:
        import numpy as np

        return cls(np.eye(3), VectorMm(0.0, 0.0, 0.0), centre)

    @classmethod
    def from_numbers(
        cls, translation_mm: Sequence[float], rotation_deg: Sequence[float], centre: PointMm
    ) -> RigidTransform:
        """From the six numbers a reader sees (VW-OPN-12): shifts and turns about the patient's x, y and z axes.

        The turns are done about x first, then y, then z, the axes staying where they are.
        """
        return cls(_turned(*(math.radians(angle) for angle in rotation_deg)), VectorMm(*translation_mm), centre)

    @classmethod
    def from_matrix(cls, matrix: NDArray[Any], centre: PointMm = _ZERO) -> RigidTransform:
        """From a homogeneous 4 x 4 matrix; ``ValueError`` when it does more than turn and shift."""
        import numpy as np

        rotation = np.asarray(matrix, np.float64)[:3, :3]
        if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4) or np.linalg.det(rotation) < 0:
            raise ValueError("The matrix is not rigid: it scales, shears or mirrors.")
        middle = np.array(centre)
        shift = np.asarray(matrix, np.float64)[:3, 3] + rotation @ middle - middle
        return cls(rotation, VectorMm(*shift.tolist()), centre)

    @property
    def matrix(self) -> NDArray[Any]:
        """Homogeneous 4 x 4, fixed to moving."""
        import numpy as np

        middle = np.array(self.centre)
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation
        matrix[:3, 3] = middle + np.array(self.translation) - self.rotation @ middle
        return matrix

    @property
    def rotation_deg(self) -> tuple[float, float, float]:
        """Turns about x, y and z in degrees, as :meth:`from_numbers` takes them."""
        r = self.rotation
        y = math.asin(min(max(-float(r[2, 0]), -1.0), 1.0))
        x, z = math.atan2(r[2, 1], r[2, 2]), math.atan2(r[1, 0], r[0, 0])
        return math.degrees(x), math.degrees(y), math.degrees(z)

    @property
    def angle_deg(self) -> float:
        """The whole turn as one angle."""
        return math.degrees(math.acos(min(max((float(self.rotation.trace()) - 1) / 2, -1.0), 1.0)))

    def apply(self, points: Any) -> NDArray[Any]:
        """Points of the fixed volume ``[..., 3]`` in the moving one."""
        import numpy as np

        moved: NDArray[Any] = np.asarray(points, np.float64) @ self.rotation.T + self.matrix[:3, 3]
        return moved

    def inverse(self) -> RigidTransform:
        import numpy as np

        return RigidTransform.from_matrix(np.linalg.inv(self.matrix), self.centre)

    def nudged(self, shift_mm: VectorMm = _STILL, turn_deg: Sequence[float] = (0, 0, 0)) -> RigidTransform:
        """A correction by hand on top of what is there, turning about the same centre."""
        turn = _turned(*(math.radians(angle) for angle in turn_deg))
        shift = VectorMm(*(turn @ list(self.translation)).tolist())
        moved = VectorMm(shift.x + shift_mm.x, shift.y + shift_mm.y, shift.z + shift_mm.z)
        return RigidTransform(turn @ self.rotation, moved, self.centre)


@dataclass(frozen=True, eq=False)
class Registration:
    """What came out. ``refused`` is a sentence when the result must not be used without the reader's own eyes."""

    transform: RigidTransform
    similarity: float  # mutual information in nats at the finest level
    gain: float  # of it over the volumes put apart
    overlap: float  # share of the smaller volume that the other covers, 0 to 1
    disagreement_mm: float  # farthest distance between two runs from different starts, over the fixed volume
    refused: str = ""

    @property
    def is_trusted(self) -> bool:
        return not self.refused


def register_rigid(
    fixed: Volume,
    moving: Volume,
    *,
    start: RigidTransform | None = None,
    levels_mm: Sequence[float] = LEVELS_MM,
    progress: Callable[[float], None] = lambda _share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Registration:
    """Find the turn and shift that lay ``moving`` over ``fixed``; ``start`` is where the reader believes it to lie.

    ``progress`` hears of shares from 0 to 1; :class:`Cancelled` is raised at the next step after ``cancelled`` says so.
    """
    import SimpleITK

    sitk: Any = SimpleITK
    fixed_image, moving_image = image_of(fixed), image_of(moving)
    run = _Run(sitk, fixed, moving, cancelled)
    pyramid = [(mm, _coarse(sitk, fixed_image, mm), _coarse(sitk, moving_image, mm)) for mm in levels_mm]
    candidates = [start] if start is not None else _starts(fixed, moving)
    _, low_fixed, low_moving = pyramid[0]
    found: list[tuple[float, RigidTransform]] = []
    for n, candidate in enumerate(candidates):
        found.append(run.optimise(low_fixed, low_moving, candidate, pyramid[0][0], steps=40))
        progress(0.4 * (n + 1) / len(candidates))
    found.sort(key=lambda pair: pair[0])
    best = found[0][1]
    for n, (mm, level_fixed, level_moving) in enumerate(pyramid):
        metric, best = run.optimise(level_fixed, level_moving, best, mm, steps=200)
        progress(0.4 + 0.4 * (n + 1) / len(pyramid))
    result = _judge(run, fixed, moving, pyramid, best, metric)
    progress(1.0)
    return result


@dataclass(frozen=True, eq=False)
class Deformation:
    """Where to look instead: ``shifts[slice, row, column]`` are LPS mm on the voxels of ``grid``, in the fixed frame.

    A point of the fixed volume corresponds to ``rigid.apply(point + shift)`` of the moving one. For orientation only.
    """

    shifts: NDArray[Any]
    grid: Volume
    similarity: float


def register_deformable(
    fixed: Volume,
    moving: Volume,
    rigid: RigidTransform,
    *,
    level_mm: float = 5.0,
    mesh_mm: float = 50.0,
    steps: int = 40,
    progress: Callable[[float], None] = lambda _share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Deformation:
    """Bend ``moving`` over ``fixed`` on top of a rigid registration: cubic B-splines on a reduced grid.

    Mattes' mutual information, L-BFGS-B (Rueckert et al., IEEE TMI 1999;18:712). Raises :class:`Cancelled`.
    """
    import numpy as np
    import SimpleITK

    sitk: Any = SimpleITK
    low_fixed, low_moving = _coarse(sitk, image_of(fixed), level_mm), _coarse(sitk, image_of(moving), level_mm)
    lengths = [n * s for n, s in zip(low_fixed.GetSize(), low_fixed.GetSpacing(), strict=True)]
    mesh = [min(max(1, round(length / mesh_mm)), 12) for length in lengths]
    spline = sitk.BSplineTransformInitializer(low_fixed, mesh)
    turn = sitk.AffineTransform(3)
    turn.SetMatrix(rigid.rotation.ravel().tolist())
    turn.SetTranslation(rigid.matrix[:3, 3].tolist())
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(min(1.0, SAMPLES / math.prod(low_fixed.GetSize())), 20_171)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetMovingInitialTransform(turn)
    method.SetInitialTransform(spline, inPlace=True)

    # In pieces: L-BFGS-B heeds no order to stop, and near the end of a long run its line search looks hundreds of
    # times for a gain below the noise.
    before = math.inf
    for first in range(0, steps, PIECE):
        if cancelled():
            raise Cancelled
        method.SetOptimizerAsLBFGSB(
            gradientConvergenceTolerance=1e-5,
            numberOfIterations=min(PIECE, steps - first),
            maximumNumberOfFunctionEvaluations=3 * PIECE,
        )
        try:
            method.Execute(low_fixed, low_moving)
        except RuntimeError as error:
            raise ValueError("The series cannot be bent over each other.") from error
        progress(min(1.0, (first + PIECE) / steps))
        gain, before = before - method.GetMetricValue(), method.GetMetricValue()
        if gain < SMALL_GAIN * abs(before):
            break
    progress(1.0)
    field = sitk.TransformToDisplacementField(
        spline,
        sitk.sitkVectorFloat64,
        low_fixed.GetSize(),
        low_fixed.GetOrigin(),
        low_fixed.GetSpacing(),
        low_fixed.GetDirection(),
    )
    shifts = np.ascontiguousarray(sitk.GetArrayFromImage(field), np.float32)
    return Deformation(shifts, _grid_of(low_fixed), -float(method.GetMetricValue()))


def _grid_of(image: Any) -> Volume:
    """An empty volume with the voxels of a SimpleITK image."""
    import numpy as np

    from shared.imaging.volume import Volume

    steps = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    column, row, slice_ = (VectorMm(*steps[:, n].tolist()) for n in range(3))
    voxels = np.zeros(image.GetSize()[::-1], np.float32)
    return Volume(voxels, PointMm(*image.GetOrigin()), slice_, row, column)


def mask_of(volume: Volume) -> Any:
    """Where the volume holds an image, as a SimpleITK image of uint8; None where that is everywhere.

    Scanners and resampling fill what they did not see with one value. Taken for anatomy it would draw the volumes
    away from their place, so regions of exactly one value that reach the border are left out.
    """
    import numpy as np
    import SimpleITK

    sitk: Any = SimpleITK
    steps = [max(1, round(MASK_MM / step)) for step in volume.spacing]
    voxels = volume.voxels[:: steps[0], :: steps[1], :: steps[2]]
    faces = np.concatenate(
        [np.take(voxels, side, axis).ravel() for axis in range(3) for side in (0, -1) if voxels.shape[axis] > 1]
    )
    values, counts = np.unique(faces, return_counts=True)
    if counts.max() < LEAST_FILL * faces.size:
        return None
    filled = np.pad((voxels == values[counts.argmax()]).astype(np.uint8), 1, constant_values=1)
    parts = sitk.GetArrayViewFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(filled)))
    outside = (parts == parts[0, 0, 0])[1:-1, 1:-1, 1:-1]
    seen = sitk.GetImageFromArray((~outside).astype(np.uint8))
    seen = sitk.ErodeObjectMorphology(seen, [1, 1, 1])
    steps_mm = np.stack([volume.column_step, volume.row_step, volume.slice_step], 1)
    lengths = np.linalg.norm(steps_mm, axis=0)
    seen.SetSpacing((lengths * steps[::-1]).tolist())
    seen.SetDirection((steps_mm / lengths).ravel().tolist())
    seen.SetOrigin([float(v) for v in volume.origin])
    return seen


def image_of(volume: Volume) -> Any:
    """The volume as a SimpleITK image of float32 in its unit; uneven slices are interpolated to an even grid."""
    import numpy as np
    import SimpleITK

    sitk: Any = SimpleITK
    values = volume.values(volume.voxels)
    if volume.padding is not None and not np.issubdtype(volume.voxels.dtype, np.floating):
        values[volume.voxels == volume.padding] = values.min()
    np.nan_to_num(values, copy=False, nan=float(np.nanmin(values)))
    origin, step = np.array(volume.origin), np.array(volume.slice_step)
    if volume.slice_origins is not None:
        values = _even(volume, values)
    image = sitk.GetImageFromArray(values)
    steps = np.stack([volume.column_step, volume.row_step, step], 1)  # SimpleITK counts columns first
    lengths = np.linalg.norm(steps, axis=0)
    image.SetSpacing(lengths.tolist())
    image.SetDirection((steps / lengths).ravel().tolist())
    image.SetOrigin(origin.tolist())
    return image


def resample(moving: Volume, grid: Volume, transform: RigidTransform) -> NDArray[Any]:
    """``moving`` on the voxels of ``grid`` as float32 ``[slice, row, column]``; NaN outside, linear in between.

    ``transform`` maps the frame of ``grid`` to that of ``moving``.
    """
    import numpy as np

    from shared.imaging.reformat import sample_points

    slices, rows, columns = grid.shape
    result = np.empty(grid.shape, np.float32)
    across = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), -1).astype(np.float64)
    for n in range(slices):
        index = np.concatenate([np.full((rows, columns, 1), float(n)), across], -1)
        result[n] = sample_points(moving, transform.apply(grid.to_world(index)))
    return result


# --- inside -------------------------------------------------------------------------------------------------


class _Run:
    """Optimisations with the same settings."""

    def __init__(self, sitk: Any, fixed: Volume, moving: Volume, cancelled: Callable[[], bool]) -> None:
        self._sitk, self._centre, self._cancelled = sitk, fixed.centre, cancelled
        self._fixed, self._moving = fixed, moving
        self._masks = mask_of(fixed), mask_of(moving)

    def exchanged(self) -> _Run:
        """The same with the volumes in each other's place."""
        other = _Run.__new__(_Run)
        other._sitk, other._centre, other._cancelled = self._sitk, self._moving.centre, self._cancelled
        other._fixed, other._moving, other._masks = self._moving, self._fixed, self._masks[::-1]
        return other

    def optimise(
        self, fixed: Any, moving: Any, start: RigidTransform, level_mm: float, *, steps: int
    ) -> tuple[float, RigidTransform]:
        """(negative mutual information, less where little is common, and the transform) reached from ``start``."""
        sitk = self._sitk
        euler = sitk.Euler3DTransform()
        euler.SetCenter([float(v) for v in self._centre])
        euler.SetMatrix(start.rotation.ravel().tolist())
        euler.SetTranslation([float(v) for v in _recentred(start, self._centre)])
        method = self._method(fixed, level_mm)
        method.SetOptimizerAsRegularStepGradientDescent(
            learningRate=level_mm,
            minStep=level_mm / 1000,
            numberOfIterations=steps,
            relaxationFactor=0.75,
            gradientMagnitudeTolerance=1e-8,
        )
        method.SetOptimizerScalesFromPhysicalShift()
        method.SetInitialTransform(euler, inPlace=True)
        method.AddCommand(sitk.sitkIterationEvent, lambda: method.StopRegistration() if self._cancelled() else None)
        try:
            method.Execute(fixed, moving)
        except RuntimeError:  # too few samples of the fixed volume meet the moving one
            return 0.0, start
        if self._cancelled():
            raise Cancelled
        # Mutual information of few remaining voxels is large by chance: the common part counts as well.
        found = _rigid_of(euler, self._centre)
        return float(method.GetMetricValue()) * math.sqrt(_common(self._fixed, self._moving, found)), found

    def metric(self, fixed: Any, moving: Any, at: RigidTransform, level_mm: float) -> float:
        """Negative mutual information without moving; 0 where the volumes do not meet."""
        euler = self._sitk.Euler3DTransform()
        euler.SetCenter([float(v) for v in self._centre])
        euler.SetMatrix(at.rotation.ravel().tolist())
        euler.SetTranslation([float(v) for v in _recentred(at, self._centre)])
        method = self._method(fixed, level_mm)
        method.SetInitialTransform(euler)
        try:
            value = float(method.MetricEvaluate(fixed, moving))
        except RuntimeError:
            return 0.0
        return value * math.sqrt(_common(self._fixed, self._moving, at))

    def _method(self, fixed: Any, level_mm: float) -> Any:
        sitk = self._sitk
        method = sitk.ImageRegistrationMethod()
        voxels = math.prod(fixed.GetSize())
        method.SetMetricAsMattesMutualInformation(FEW_BINS if voxels < FEW_VOXELS else BINS)
        if voxels > SAMPLES:
            method.SetMetricSamplingStrategy(method.RANDOM)
            method.SetMetricSamplingPercentage(SAMPLES / voxels, 20_171)  # the same voxels in every run
        method.SetInterpolator(sitk.sitkLinear)
        if level_mm > COARSE_MM:  # a mask leaves too few voxels to tell the right place from others
            return method
        if self._masks[0] is not None:
            method.SetMetricFixedMask(self._masks[0])
        if self._masks[1] is not None:
            method.SetMetricMovingMask(self._masks[1])
        return method


def _judge(
    run: _Run,
    fixed: Volume,
    moving: Volume,
    pyramid: Sequence[tuple[float, Any, Any]],
    best: RigidTransform,
    metric: float,
) -> Registration:
    """Ask the images whether the result holds."""
    mm, fine_fixed, fine_moving = pyramid[-1]
    middle_mm, middle_fixed, middle_moving = pyramid[-2] if len(pyramid) > 1 else pyramid[-1]
    disagreement = 0.0
    for _ in range(TRIES):
        best, metric, disagreement, is_better = _challenged(
            run, fixed, (middle_fixed, middle_moving, middle_mm), (fine_fixed, fine_moving, mm), best, metric
        )
        if not is_better:
            break
    apart = min(
        run.metric(fine_fixed, fine_moving, best.nudged(VectorMm(*shift)), mm)
        for shift in ((40.0, 0, 0), (-40.0, 0, 0), (0, 40.0, 0), (0, -40.0, 0))
    )
    overlap = _overlap(fixed, moving, best)
    gain = apart - metric
    one_way = _one_way_mm(run, fixed, moving, pyramid, best)
    allowed = max(LARGEST_ONE_WAY_MM, max(*fixed.spacing, *moving.spacing) / 2)
    refused = ""
    if overlap < LEAST_OVERLAP:
        refused = "The two series show hardly any common part of the body."
    elif gain < LEAST_GAIN:
        refused = "The images resemble each other no more than at any other place."
    elif disagreement > LARGEST_DISAGREEMENT_MM:
        refused = f"Two runs from different starts disagree by {disagreement:.1f} mm."
    elif one_way > allowed:
        refused = f"Exchanging the two series leads to a place {one_way:.1f} mm away."
    return Registration(best, -metric, gain, overlap, disagreement, refused)


def _one_way_mm(
    run: _Run, fixed: Volume, moving: Volume, pyramid: Sequence[tuple[float, Any, Any]], best: RigidTransform
) -> float:
    """How far the registration of the exchanged volumes is from this one's way back.

    It begins both at this one and as the coordinates stand, so that a false but stable place has a rival.
    """
    back = run.exchanged()
    middle = pyramid[-2] if len(pyramid) > 1 else pyramid[-1]
    found: list[tuple[float, RigidTransform]] = []
    for start in (best.inverse(), RigidTransform.identity(moving.centre)):
        _, at = back.optimise(middle[2], middle[1], start, middle[0], steps=100)
        found.append(back.optimise(pyramid[-1][2], pyramid[-1][1], at, pyramid[-1][0], steps=200))
    return farthest_mm(fixed, best, min(found, key=lambda pair: pair[0])[1].inverse())


def _challenged(
    run: _Run,
    fixed: Volume,
    middle: tuple[Any, Any, float],
    fine: tuple[Any, Any, float],
    best: RigidTransform,
    metric: float,
) -> tuple[RigidTransform, float, float, bool]:
    """Runs from starts pushed away: (best, its metric, disagreement in mm, whether a better one was found)."""
    disagreement, found, found_metric = 0.0, best, metric
    for shift, turn in _PUSHES:
        _, again = run.optimise(*middle[:2], best.nudged(VectorMm(*shift), turn), middle[2], steps=100)
        value, again = run.optimise(*fine[:2], again, fine[2], steps=200)
        disagreement = max(disagreement, farthest_mm(fixed, best, again))
        if value < found_metric - 1e-3:
            found, found_metric = again, value
    return found, found_metric, disagreement, found is not best and disagreement > LARGEST_DISAGREEMENT_MM


def farthest_mm(volume: Volume, a: RigidTransform, b: RigidTransform) -> float:
    """Largest distance between what two transforms make of the volume's points halfway out from its centre."""
    import numpy as np

    centre = np.array(volume.centre)
    points = centre + (volume.corners - centre) / 2
    return float(np.linalg.norm(a.apply(points) - b.apply(points), axis=1).max())


def _common(fixed: Volume, moving: Volume, transform: RigidTransform) -> float:
    """Share of the fixed volume that the moving one covers."""
    import numpy as np

    axes = [np.linspace(0, n - 1, 12) for n in fixed.shape]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    return float(moving.holds(transform.apply(fixed.to_world(grid))).mean())


def _overlap(fixed: Volume, moving: Volume, transform: RigidTransform) -> float:
    """Share of the smaller volume that lies in the other one."""
    import numpy as np

    sizes = [abs(float(np.linalg.det(v.matrix[:3, :3]))) * math.prod(v.shape) for v in (fixed, moving)]
    return min(1.0, _common(fixed, moving, transform) * sizes[0] / min(sizes))


def _starts(fixed: Volume, moving: Volume) -> list[RigidTransform]:
    """As the coordinates say, centre on centre, and both turned about each axis."""
    import numpy as np

    centre = fixed.centre
    apart = VectorMm(*(np.array(moving.centre) - np.array(centre)).tolist())
    starts = []
    for shift in (VectorMm(0.0, 0.0, 0.0), apart):
        for axis in range(3):
            for angle in _STARTS_DEG if axis == 0 else _STARTS_DEG[1:]:
                turn = [0.0, 0.0, 0.0]
                turn[axis] = angle
                starts.append(RigidTransform.from_numbers(shift, turn, centre))
    return starts


def _coarse(sitk: Any, image: Any, mm: float) -> Any:
    """The image on a grid of about ``mm`` in each direction, smoothed before; finer images are not refined."""
    spacing, size = image.GetSpacing(), image.GetSize()
    wanted = [max(mm, s) if n > 1 else s for s, n in zip(spacing, size, strict=True)]
    counts = [max(1, round((n - 1) * s / w) + 1) for n, s, w in zip(size, spacing, wanted, strict=True)]
    sigmas = [w / 2 if w > s * 1.2 else 0.0 for w, s in zip(wanted, spacing, strict=True)]
    if any(sigmas):
        image = sitk.DiscreteGaussian(image, [max(s, 1e-3) ** 2 for s in sigmas], 24, 0.02)
    grid = sitk.Image(counts, sitk.sitkFloat32)
    grid.SetOrigin(image.GetOrigin())
    grid.SetDirection(image.GetDirection())
    steps = [(n - 1) * s / (c - 1) if c > 1 else s for n, s, c in zip(size, spacing, counts, strict=True)]
    grid.SetSpacing(steps)
    return sitk.Resample(image, grid, sitk.Transform(), sitk.sitkLinear, 0.0)


def _even(volume: Volume, values: NDArray[Any]) -> NDArray[Any]:
    """Slices interpolated onto the even row from the first to the last."""
    import numpy as np

    assert volume.slice_origins is not None
    depths = volume.slice_origins @ np.array(volume.normal)
    wanted = np.linspace(depths[0], depths[-1], len(depths))
    order = np.argsort(depths)
    place = np.interp(wanted, depths[order], order.astype(np.float64))
    first = np.clip(np.floor(place).astype(int), 0, len(depths) - 2)
    share = (place - first).astype(np.float32)[:, None, None]
    even: NDArray[Any] = values[first] * (1 - share) + values[first + 1] * share
    return even


def _recentred(transform: RigidTransform, centre: PointMm) -> VectorMm:
    """The translation of the same transform about another centre."""
    return RigidTransform.from_matrix(transform.matrix, centre).translation


def _rigid_of(euler: Any, centre: PointMm) -> RigidTransform:
    import numpy as np

    rotation = np.array(euler.GetMatrix()).reshape(3, 3)
    return RigidTransform(rotation, VectorMm(*euler.GetTranslation()), centre)


def _turned(x: float, y: float, z: float) -> NDArray[Any]:
    import numpy as np

    cx, sx, cy, sy, cz, sz = math.cos(x), math.sin(x), math.cos(y), math.sin(y), math.cos(z), math.sin(z)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    turned: NDArray[Any] = about_z @ about_y @ about_x
    return turned
