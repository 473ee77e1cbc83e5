"""Curved planar reformatting (CPR): a curve through the volume, laid out flat.

*Straightened*: arc length runs down the picture, the curve is the middle column; across lies a direction that is
perpendicular to the curve and turns as little as possible along it (rotation-minimising frame by double reflection,
Wang et al., ACM TOG 2008). *Stretched*: the surface swept by one fixed direction along the curve is rolled out
without distortion (Kanitsar et al., IEEE Visualization 2002): the course of the vessel stays visible. Both keep
millimetres along the rows and along the curve's own sheet.

Angle 0 has the patient's left (+x) across, as far as it is perpendicular to the curve (for curves along x: the
back, +y); the angle turns this direction about the curve, counter-clockwise when looking along it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from shared.imaging.geometry import PointMm, VectorMm
from shared.imaging.reformat import MAX_PIXELS, MAX_SIDE, Projection, in_unit, project, slab_offsets
from shared.imaging.sampling import BLOCK, Interpolation, in_blocks, sampler
from shared.imaging.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_POINTS = 10_000
LEFT, BACK = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


class NoCurve(ValueError):
    """The points make no curve; the text is a sentence."""


class CurveMode(StrEnum):
    STRAIGHTENED = "straight"
    STRETCHED = "stretched"


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve at equal steps of arc length with a frame that turns as little as possible."""

    points: NDArray[Any]  # (n, 3), LPS mm
    tangents: NDArray[Any]  # (n, 3), unit
    across: NDArray[Any]  # (n, 3), unit, perpendicular to the tangent
    step_mm: float

    @property
    def length_mm(self) -> float:
        return self.step_mm * (len(self.points) - 1)

    @property
    def binormals(self) -> NDArray[Any]:
        import numpy as np

        return np.cross(self.tangents, self.across)

    def turned(self, angle_deg: float) -> tuple[NDArray[Any], NDArray[Any]]:
        """Directions across and along the line of sight after a turn about the curve, each (n, 3)."""
        cosine, sine = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
        binormals = self.binormals
        return self.across * cosine + binormals * sine, binormals * cosine - self.across * sine


@dataclass(frozen=True, eq=False)
class Sheet:
    """Where the pixels of a curved picture lie: row r, column c is ``starts[r] + columns_mm[c] * across[r]``."""

    starts: NDArray[Any]  # (rows, 3), LPS mm
    across: NDArray[Any]  # (rows, 3), unit
    sight: NDArray[Any]  # (rows, 3), unit: along which a slab is projected
    columns_mm: NDArray[Any]  # (columns,)
    arc_mm: NDArray[Any]  # (rows,): arc length of the curve at each row
    spacing_mm: float
    centre_columns: NDArray[Any]  # (rows,): where the curve itself is, in columns

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.starts), len(self.columns_mm)

    def point_at(self, row: float, column: float) -> PointMm:
        """LPS mm of a place in the picture."""
        import numpy as np

        rows = np.arange(len(self.starts))
        start = [float(np.interp(row, rows, self.starts[:, n])) for n in range(3)]
        across = [float(np.interp(row, rows, self.across[:, n])) for n in range(3)]
        away = float(self.columns_mm[0]) + column * self.spacing_mm
        return PointMm(*(s + a * away for s, a in zip(start, across, strict=True)))


# --- from points to a curve ------------------------------------------------------------------------------


def curve_through(points: Sequence[Sequence[float]] | NDArray[Any], step_mm: float) -> Curve:
    """A smooth curve through ``points`` (n, 3) in LPS mm, sampled every ``step_mm``; raises :class:`NoCurve`.

    A natural cubic spline over the chord length; two points give a straight line. The last sample is the last
    whole step before the end of the curve.
    """
    import numpy as np

    array = np.asarray(points, np.float64)
    if array.ndim != 2 or array.shape[1] != 3 or not np.isfinite(array).all():
        raise NoCurve("A curve needs points of three coordinates in millimetres.")
    if len(array) > MAX_POINTS:
        raise NoCurve(f"A curve of more than {MAX_POINTS} points is beyond the limit.")
    moved = np.linalg.norm(np.diff(array, axis=0), axis=1) if len(array) else np.zeros(0)
    array = array[np.concatenate([[True], moved > 1e-6])] if len(array) else array
    if len(array) < 2:
        raise NoCurve("A curve needs at least two different points.")
    if not step_mm > 0:
        raise NoCurve("The step along the curve is a positive number of millimetres.")
    if float(np.linalg.norm(np.diff(array, axis=0), axis=1).sum()) / step_mm > MAX_SIDE:
        raise NoCurve("The curve is too long for this step; take a larger one.")
    samples, tangents, step = _equally_spaced(array, step_mm)
    return Curve(samples, tangents, _turning_least(samples, tangents), step)


def _equally_spaced(points: NDArray[Any], step_mm: float) -> tuple[NDArray[Any], NDArray[Any], float]:
    import numpy as np

    chords = np.linalg.norm(np.diff(points, axis=0), axis=1)
    knots = np.concatenate([[0.0], np.cumsum(chords)])
    bends = _second_derivatives(knots, points)
    fine = np.unique(np.concatenate([np.linspace(0, knots[-1], 8 * math.ceil(knots[-1] / step_mm) + 2), knots]))
    dense, _ = _spline(knots, points, bends, fine)
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(dense, axis=0), axis=1))])
    count = max(1, math.floor(arc[-1] / step_mm + 1e-9))
    step = min(step_mm, float(arc[-1]))
    at = np.interp(np.arange(count + 1) * step, arc, fine)
    samples, tangents = _spline(knots, points, bends, at)
    lengths = np.linalg.norm(tangents, axis=1)
    lengths[lengths == 0] = 1.0
    return samples, tangents / lengths[:, None], step


def _second_derivatives(knots: NDArray[Any], points: NDArray[Any]) -> NDArray[Any]:
    """Of the natural cubic spline at its knots, (n, 3): the tridiagonal system by Thomas' algorithm."""
    import numpy as np

    count = len(points)
    bends = np.zeros_like(points)
    if count < 3:
        return bends
    width = np.diff(knots)
    slopes = np.diff(points, axis=0) / width[:, None]
    right = 6 * np.diff(slopes, axis=0)
    diagonal = 2 * (width[:-1] + width[1:])
    upper = np.zeros(count - 2)
    for n in range(count - 2):
        below = width[n] if n else 0.0
        pivot = diagonal[n] - below * (upper[n - 1] if n else 0.0)
        upper[n] = width[n + 1] / pivot
        right[n] = (right[n] - below * (right[n - 1] if n else 0.0)) / pivot
    for n in range(count - 3, -1, -1):
        bends[n + 1] = right[n] - upper[n] * bends[n + 2]
    return bends


def _spline(
    knots: NDArray[Any], points: NDArray[Any], bends: NDArray[Any], at: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Values and first derivatives of the spline at parameters ``at``."""
    import numpy as np

    n = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    width = (knots[n + 1] - knots[n])[:, None]
    b = (at - knots[n])[:, None] / width
    a = 1 - b
    value = a * points[n] + b * points[n + 1]
    value += ((a**3 - a) * bends[n] + (b**3 - b) * bends[n + 1]) * width**2 / 6
    slope = (points[n + 1] - points[n]) / width
    slope += ((3 * b**2 - 1) * bends[n + 1] - (3 * a**2 - 1) * bends[n]) * width / 6
    return value, slope


def _turning_least(points: NDArray[Any], tangents: NDArray[Any]) -> NDArray[Any]:
    """Double reflection: the frame of each point is that of the one before, mirrored twice.

    Each point needs the one before it, and plain numbers are several times as quick here as arrays of three.
    """
    import numpy as np

    places, directions = points.tolist(), tangents.tolist()
    across = [_first_across(tangents[0]).tolist()]
    for n in range(len(places) - 1):
        forward = [b - a for a, b in zip(places[n], places[n + 1], strict=True)]
        mirrored = _mirrored(across[n], forward)
        second = [b - a for a, b in zip(_mirrored(directions[n], forward), directions[n + 1], strict=True)]
        turned = _mirrored(mirrored, second)
        off = sum(a * b for a, b in zip(turned, directions[n + 1], strict=True))
        turned = [a - off * b for a, b in zip(turned, directions[n + 1], strict=True)]
        length = math.hypot(*turned)
        across.append([a / length for a in turned])
    return np.array(across)


def _mirrored(vector: list[float], normal: list[float]) -> list[float]:
    """At the plane perpendicular to ``normal`` (any length; none for next to nothing)."""
    (x, y, z), (a, b, c) = vector, normal
    square = a * a + b * b + c * c
    if square < 1e-24:
        return vector
    share = 2 * (a * x + b * y + c * z) / square
    return [x - share * a, y - share * b, z - share * c]


def _first_across(tangent: NDArray[Any]) -> NDArray[Any]:
    """The left of the patient as far as it is perpendicular to the curve, the back where the curve runs along it."""
    import numpy as np

    wanted = np.array(LEFT if abs(tangent[0]) < 0.9 else BACK)
    across = wanted - (wanted @ tangent) * tangent
    result: NDArray[Any] = across / np.linalg.norm(across)
    return result


# --- from a curve to a picture ---------------------------------------------------------------------------


def sheet_of(
    curve: Curve, mode: CurveMode, width_mm: float, angle_deg: float = 0.0, columns: int | None = None
) -> Sheet:
    """The surface to be sampled, ``width_mm`` across; pixels are as large as the curve's step.

    An odd number of columns, so that one holds the curve, unless ``columns`` says how many there are; stretched,
    there are as many more as the curve itself is wide. Raises :class:`NoCurve`.
    """
    if columns is None:
        if not 0 < width_mm / curve.step_mm <= MAX_SIDE:
            raise NoCurve("The width of a curved picture is a positive number of millimetres.")
        half: float = round(width_mm / 2 / curve.step_mm)
    else:
        if not 0 < columns <= MAX_SIDE:
            raise NoCurve(f"A curved picture has 1 to {MAX_SIDE} columns.")
        half = (columns - 1) / 2
    if (2 * half + 1) * len(curve.points) > MAX_PIXELS:
        raise NoCurve("The curved picture would be too large; take a larger spacing.")
    if mode is CurveMode.STRETCHED:
        return _stretched(curve, half, angle_deg)
    return _straightened(curve, half, angle_deg)


def _straightened(curve: Curve, half: float, angle_deg: float) -> Sheet:
    import numpy as np

    across, sight = curve.turned(angle_deg)
    rows = len(curve.points)
    return Sheet(
        starts=curve.points,
        across=across,
        sight=sight,
        columns_mm=np.linspace(-half, half, round(2 * half) + 1) * curve.step_mm,
        arc_mm=np.arange(rows) * curve.step_mm,
        spacing_mm=curve.step_mm,
        centre_columns=np.full(rows, half),
    )


def _stretched(curve: Curve, half: float, angle_deg: float) -> Sheet:
    import numpy as np

    step = curve.step_mm
    across = _fixed_across(curve, angle_deg)
    sideways = curve.points @ across
    on_sheet = curve.points - sideways[:, None] * across  # the curve seen along the fixed direction
    walked = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(on_sheet, axis=0), axis=1))])
    rows = max(2, math.floor(walked[-1] / step + 1e-9) + 1)
    rising = walked + np.arange(len(walked)) * 1e-12  # where the curve runs along the direction nothing is walked
    position = np.interp(np.arange(rows) * step, rising, np.arange(len(walked), dtype=np.float64))

    def at(values: NDArray[Any]) -> NDArray[Any]:
        return np.stack([np.interp(position, np.arange(len(values)), values[:, n]) for n in range(3)], -1)

    starts = at(on_sheet)
    forward = np.gradient(starts, axis=0)
    sight = np.cross(forward, across)
    lengths = np.linalg.norm(sight, axis=1, keepdims=True)
    sight = sight / np.where(lengths > 0, lengths, 1.0)
    first = float(sideways[0])  # a column runs through the beginning of the curve
    low = math.floor((float(sideways.min()) - first) / step + 1e-6) - half
    high = math.ceil((float(sideways.max()) - first) / step - 1e-6) + half
    if high - low > MAX_SIDE:
        raise NoCurve("The curved picture would be too wide; take a larger spacing.")
    own = np.interp(position, np.arange(len(sideways)), sideways)
    return Sheet(
        starts=starts,
        across=np.broadcast_to(across, starts.shape),
        sight=sight,
        columns_mm=first + np.arange(low, high + 0.5) * step,
        arc_mm=position * step,
        spacing_mm=step,
        centre_columns=(own - first) / step - low,
    )


def _fixed_across(curve: Curve, angle_deg: float) -> NDArray[Any]:
    """One direction across for the whole curve: perpendicular to the line from its first to its last point."""
    import numpy as np

    line = curve.points[-1] - curve.points[0]
    length = float(np.linalg.norm(line))
    axis = line / length if length > 1e-6 else curve.tangents[0]
    across = _first_across(axis)
    cosine, sine = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    result: NDArray[Any] = across * cosine + np.cross(axis, across) * sine
    return result


def curved_picture(
    volume: Volume,
    sheet: Sheet,
    *,
    thickness_mm: float = 0.0,
    projection: Projection = Projection.MEAN,
    interpolation: Interpolation = Interpolation.LINEAR,
    samples: int | None = None,
) -> NDArray[Any]:
    """The picture of ``sheet``: float32 (rows, columns) in the volume's unit, NaN outside the volume.

    A slab reaches from -thickness/2 to +thickness/2 along the line of sight, sampled as in `reformat.reformat`.
    """
    import numpy as np

    direction = VectorMm(*(float(v) for v in sheet.sight[0]))
    offsets = slab_offsets(volume, direction, thickness_mm, samples)
    rows, columns = sheet.shape
    sample = sampler(volume.voxels, interpolation)
    result = np.empty((rows, columns), np.float32)
    turn = volume.inverse[:3, :3]
    across = sheet.across @ turn.T

    def positions(first: int, end: int, offset: float) -> tuple[NDArray[Any], ...]:
        starts = sheet.starts[first:end] + sheet.sight[first:end] * offset
        if volume.is_even:
            starts = starts @ turn.T + volume.inverse[:3, 3]
            return tuple((starts[:, n, None] + across[first:end, n, None] * sheet.columns_mm).ravel() for n in range(3))
        world = starts[:, None] + sheet.across[first:end, None] * sheet.columns_mm[:, None]
        index = volume.to_index(world.reshape(-1, 3))
        return index[:, 0], index[:, 1], index[:, 2]

    def work(first: int, end: int) -> None:
        values = project(sample, lambda offset: positions(first, end, offset), offsets, projection, inside=False)
        result[first:end] = values.reshape(end - first, columns)

    in_blocks(work, rows, max(1, BLOCK // columns))
    return in_unit(volume, result)
