"""A vessel between two points: its way, its centre line, its cross-sections and the degree of a stenosis.

The way is the cheapest path through voxels that look like the two points; the centre line moves to the centroids of
the cross-sections. The wall is where the value falls to half between lumen and surroundings (full width at half
maximum), found on rays in planes perpendicular to the centre line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.imaging.curved import Curve, curve_through
from shared.imaging.minimal_path import NoPath, minimal_path
from shared.imaging.reformat import sample_points
from shared.imaging.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEARCH_VOXELS = 1_500_000
RAYS = 72
RAY_STEP_MM = 0.1
WIDEST_MM = 25.0  # radius
LEAST_RADIUS_MM = 0.3
END_MM = 3.0  # at both ends sections are cut off by the clicks and do not count for a stenosis
REFERENCE_FROM_MM, REFERENCE_TO_MM = 8.0, 25.0


@dataclass(frozen=True, eq=False)
class Sections:
    """Cross-sections at equal steps along a curve; lengths in mm, areas in mm²."""

    arc_mm: NDArray[Any]  # (n,)
    radii_mm: NDArray[Any]  # (n, rays): NaN where no wall was found
    across: NDArray[Any]  # (n, 3): direction of the first ray
    binormals: NDArray[Any]  # (n, 3): direction of the ray a quarter turn on
    points: NDArray[Any]  # (n, 3): centres

    @property
    def areas_mm2(self) -> NDArray[Any]:
        import numpy as np

        following = np.roll(self.radii_mm, -1, 1)
        return np.asarray((self.radii_mm * following).sum(1) * 0.5 * math.sin(2 * math.pi / self.radii_mm.shape[1]))

    @property
    def diameters_mm(self) -> NDArray[Any]:
        """Of the circle with the same area."""
        import numpy as np

        return np.asarray(2 * np.sqrt(self.areas_mm2 / math.pi))

    @property
    def least_diameters_mm(self) -> NDArray[Any]:
        """The narrowest width through the centre."""
        import numpy as np

        half = self.radii_mm.shape[1] // 2
        return np.asarray((self.radii_mm[:, :half] + self.radii_mm[:, half:]).min(1))

    def outline(self, n: int) -> NDArray[Any]:
        """Wall of a section in LPS mm, (rays, 3)."""
        import numpy as np

        angles = np.arange(self.radii_mm.shape[1]) * (2 * math.pi / self.radii_mm.shape[1])
        across = np.cos(angles)[:, None] * self.across[n] + np.sin(angles)[:, None] * self.binormals[n]
        return np.asarray(self.points[n] + across * self.radii_mm[n][:, None])


@dataclass(frozen=True, slots=True)
class Stenosis:
    """The narrowest place against its surroundings (as NASCET: 1 - narrowest / normal diameter)."""

    at_mm: float
    diameter_mm: float
    reference_mm: float  # diameter
    area_mm2: float
    reference_area_mm2: float

    @property
    def percent(self) -> float:
        """By diameter; 0 when the narrowest place is as wide as the reference."""
        return max(0.0, 100 * (1 - self.diameter_mm / self.reference_mm))

    @property
    def percent_area(self) -> float:
        return max(0.0, 100 * (1 - self.area_mm2 / self.reference_area_mm2))


@dataclass(frozen=True, eq=False)
class Vessel:
    """Centre line and cross-sections between two points."""

    curve: Curve
    sections: Sections

    def stenosis(self, reference_at_mm: float | None = None) -> Stenosis | None:
        """The narrowest place; None when too few sections have a wall.

        The reference is the mean of the median diameters 8 to 25 mm before and behind it (of one side where the
        other is too short), or the section at ``reference_at_mm`` that the reader chose.
        """
        return stenosis_of(self.sections, reference_at_mm)


# --- the way ---------------------------------------------------------------------------------------------


def vessel_between(
    volume: Volume,
    first: Sequence[float],
    second: Sequence[float],
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Vessel:
    """The vessel between two clicks in LPS mm; raises :class:`NoPath` with a sentence."""
    import numpy as np

    ends = np.array([first, second], np.float64)
    distance = float(np.linalg.norm(ends[1] - ends[0]))
    if distance < 2 * min(volume.spacing):
        raise NoPath("The two points lie too close together.")
    if not bool(volume.holds(ends).all()):
        raise NoPath("A point lies outside the volume.")
    way = _way(volume, ends, max(20.0, 0.6 * distance), is_cancelled)
    curve = curve_through(_thinned(_smoothed(way, 3.0), 4.0), 1.0)
    for _ in range(3):
        if is_cancelled():
            raise NoPath("The search was given up.")
        sections = sections_along(volume, curve)
        curve = curve_through(_thinned(_smoothed(_centres(sections), 4.0), 4.0), 1.0)
    fine = curve_through(_thinned(curve.points, 4.0), 0.5)
    return Vessel(fine, sections_along(volume, fine))


def _way(volume: Volume, ends: NDArray[Any], margin_mm: float, is_cancelled: Callable[[], bool]) -> NDArray[Any]:
    """Cheapest way in LPS mm, (n, 3), on a cubic grid around both points."""
    import numpy as np

    low, high = ends.min(0) - margin_mm, ends.max(0) + margin_mm
    corners = volume.corners
    low, high = np.maximum(low, corners.min(0)), np.minimum(high, corners.max(0))
    step = max(min(volume.spacing), float(np.prod(high - low) / SEARCH_VOXELS) ** (1 / 3))
    axes = [np.arange(a, b + step / 2, step) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    values = sample_points(volume, grid)
    lumen, spread = _look_of(volume, ends)
    away = (values - lumen) / spread
    # Brighter than the lumen is as wrong as darker: bone and calcium are no vessel.
    cost = np.where(np.isfinite(values), 0.02 + np.minimum(away * away, 25.0), np.inf)
    start, end = (tuple(np.clip(np.rint((p - low) / step), 0, np.array(cost.shape) - 1).astype(int)) for p in ends)
    path = minimal_path(cost, start, end, (step, step, step), is_cancelled)
    way = low + path * step
    way[0], way[-1] = ends[0], ends[1]
    return np.asarray(way)


def _look_of(volume: Volume, ends: NDArray[Any]) -> tuple[float, float]:
    """Typical value of the lumen around both clicks, and how much it may vary."""
    import numpy as np

    reach = np.linspace(-1.5, 1.5, 7)
    ball = np.stack(np.meshgrid(reach, reach, reach, indexing="ij"), -1).reshape(-1, 3)
    ball = ball[np.linalg.norm(ball, axis=1) <= 1.5]
    values = np.concatenate([sample_points(volume, end + ball) for end in ends])
    values = values[np.isfinite(values)]
    lumen = float(np.median(values))
    spread = float(np.median(np.abs(values - lumen))) * 1.4826
    return lumen, max(2.5 * spread, 0.08 * abs(lumen), 1e-3)


def _smoothed(points: NDArray[Any], width_mm: float) -> NDArray[Any]:
    """Gaussian means along the line; the ends stay."""
    import numpy as np

    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    weights = np.exp(-0.5 * ((arc[:, None] - arc) / width_mm) ** 2)
    # Near an end the window shrinks to both sides alike, so that the line is not pulled inwards.
    room = np.minimum(arc, arc[-1] - arc)[:, None]
    weights[np.abs(arc[:, None] - arc) > room + 1e-9] = 0.0
    return np.asarray(weights @ points / weights.sum(1, keepdims=True))


def _thinned(points: NDArray[Any], step_mm: float) -> NDArray[Any]:
    """About every ``step_mm`` a point, with both ends."""
    import numpy as np

    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    count = max(2, round(float(arc[-1]) / step_mm) + 1)
    at = np.linspace(0, arc[-1], count)
    return np.stack([np.interp(at, arc, points[:, n]) for n in range(3)], -1)


# --- cross-sections --------------------------------------------------------------------------------------


def sections_along(volume: Volume, curve: Curve) -> Sections:
    """Walls on `RAYS` rays in the plane perpendicular to each point of the curve."""
    import numpy as np

    angles = np.arange(RAYS) * (2 * math.pi / RAYS)
    reach = np.arange(0, WIDEST_MM + RAY_STEP_MM / 2, RAY_STEP_MM)
    binormals = curve.binormals
    radii = np.full((len(curve.points), RAYS), np.nan)
    for first in range(0, len(curve.points), 32):
        part = slice(first, first + 32)
        rays = (
            np.cos(angles)[None, :, None] * curve.across[part, None]
            + np.sin(angles)[None, :, None] * binormals[part, None]
        )
        places = curve.points[part, None, None] + rays[:, :, None] * reach[:, None]
        radii[part] = _walls(sample_points(volume, places), reach)
    radii = _without_holes(radii)
    arc = np.arange(len(curve.points)) * curve.step_mm
    return Sections(arc, radii, curve.across, binormals, curve.points)


def _walls(values: NDArray[Any], reach: NDArray[Any]) -> NDArray[Any]:
    """Radius of the wall for ``values`` (sections, rays, reach): half way between lumen and surroundings."""
    import numpy as np

    outside = np.isnan(values)
    if outside.all():
        return np.full(values.shape[:2], np.nan)
    values = np.where(outside, values[~outside].min(), values)
    lumen = np.median(values[:, :, reach <= 0.8], axis=(1, 2))[:, None, None]
    low = np.percentile(values[:, :, ::5], 20, axis=(1, 2))[:, None, None]
    rough = np.median(_known(_first_below(values, (lumen + low) / 2, reach)), axis=1)
    # What lies around the wall, a ring of 3 mm.
    ring = (1.25 * rough[:, None] + 0.5 + np.linspace(0, 3, 7)) / RAY_STEP_MM
    index = np.clip(np.rint(ring).astype(np.intp), 0, len(reach) - 1)
    around = np.median(np.take_along_axis(values, index[:, None, :], 2), axis=(1, 2))[:, None, None]
    # A brighter neighbour makes the ring bright too: then the darkest fifth is the surroundings.
    around = np.where(around < lumen - 0.3 * np.abs(lumen - low), around, low)
    walls = _first_below(values, (lumen + around) / 2, reach)
    # A ray that runs on into a branch or a neighbour tells nothing of the wall.
    typical = np.median(_known(walls), axis=1, keepdims=True)
    # Nor does a section whose middle is no lumen.
    return np.where((walls > 2.5 * typical) | (typical < LEAST_RADIUS_MM), np.nan, walls)


def _known(walls: NDArray[Any]) -> NDArray[Any]:
    """Rays without a wall as the longest ones, so that medians stay numbers."""
    import numpy as np

    return np.where(np.isfinite(walls), walls, WIDEST_MM)


def _first_below(values: NDArray[Any], level: NDArray[Any], reach: NDArray[Any]) -> NDArray[Any]:
    """Where each ray first falls below the level, between two samples; NaN when it never does."""
    import numpy as np

    below = ~(values >= level)
    below[:, :, 0] = False
    index = below.argmax(2)
    found = below.any(2)
    index = np.maximum(index, 1)
    at = np.take_along_axis(values, index[..., None], 2)[..., 0]
    before = np.take_along_axis(values, index[..., None] - 1, 2)[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip((before - level[..., 0]) / (before - at), 0, 1)
    share = np.where(np.isfinite(share), share, 0.0)
    return np.where(found, reach[index - 1] + share * RAY_STEP_MM, np.nan)


def _centres(sections: Sections) -> NDArray[Any]:
    """Centroids of the sections; sections without a wall keep their point, the ends too."""
    import numpy as np

    radii = sections.radii_mm
    angles = np.arange(radii.shape[1]) * (2 * math.pi / radii.shape[1])
    area = (radii**2).sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        x = 2 / 3 * (radii**3 * np.cos(angles)).sum(1) / area
        y = 2 / 3 * (radii**3 * np.sin(angles)).sum(1) / area
    moved = sections.points + x[:, None] * sections.across + y[:, None] * sections.binormals
    return np.where(np.isfinite(moved), moved, sections.points)


def _without_holes(radii: NDArray[Any]) -> NDArray[Any]:
    """Rays without a wall take what their neighbours say; sections with less than half of the rays stay empty."""
    import numpy as np

    filled = radii.copy()
    count = radii.shape[1]
    for n, row in enumerate(radii):
        there = np.flatnonzero(np.isfinite(row))
        if count // 2 <= len(there) < count:
            at = np.concatenate([there - count, there, there + count])
            filled[n] = np.interp(np.arange(count), at, np.tile(row[there], 3))
    return filled


# --- stenosis --------------------------------------------------------------------------------------------


def stenosis_of(sections: Sections, reference_at_mm: float | None = None) -> Stenosis | None:
    """See :meth:`Vessel.stenosis`."""
    import numpy as np

    diameters, areas, arc = sections.diameters_mm, sections.areas_mm2, sections.arc_mm
    inner = (arc >= END_MM) & (arc <= arc[-1] - END_MM) & np.isfinite(diameters)
    if inner.sum() < 5:
        return None
    at = int(np.flatnonzero(inner)[np.argmin(diameters[inner])])
    if reference_at_mm is not None:
        chosen = int(np.argmin(np.where(np.isfinite(diameters), np.abs(arc - reference_at_mm), np.inf)))
        reference, reference_area = float(diameters[chosen]), float(areas[chosen])
    else:
        sides = [
            inner & (sign * (arc - arc[at]) >= REFERENCE_FROM_MM) & (sign * (arc - arc[at]) <= REFERENCE_TO_MM)
            for sign in (-1, 1)
        ]
        sides = [side for side in sides if side.sum() >= 3] or [inner]
        reference = float(np.mean([np.median(diameters[side]) for side in sides]))
        reference_area = float(np.mean([np.median(areas[side]) for side in sides]))
    return Stenosis(float(arc[at]), float(diameters[at]), reference, float(areas[at]), reference_area)
