"""Closed outlines in a plane: area, perimeter, and which points of a grid lie inside."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.imaging.shapes.lines import Point, ShapeError, polyline_length

if TYPE_CHECKING:
    from numpy.typing import NDArray

EDGE = 1e-6
"""A point so near to an outline, in units of the grid, lies on it; what lies on it counts as inside."""


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Centre and two semi-axes as vectors. They need not be perpendicular: conjugate half-diameters are as good,
    which is what perpendicular axes become when pixels are not square.
    """

    centre: tuple[float, float]
    first: tuple[float, float]
    second: tuple[float, float]

    @property
    def area(self) -> float:
        """π times the parallelogram of the half-diameters."""
        return math.pi * abs(self.first[0] * self.second[1] - self.first[1] * self.second[0])

    @property
    def perimeter(self) -> float:
        """By the arithmetic-geometric mean (Gauss), exact to rounding."""
        a, b = self.semi_axes
        if a == 0:
            return 0.0
        if b / a < 1e-12:
            return 4 * a
        x, y, correction, power = a, b, 0.0, 0.5
        correction = power * (x * x - y * y)
        while abs(x - y) > 1e-15 * x:
            x, y = (x + y) / 2, math.sqrt(x * y)
            power *= 2
            correction += power * (x * x - y * y)
            if power > 1e9:
                break
        return 2 * math.pi / x * (a * a - correction)

    @property
    def semi_axes(self) -> tuple[float, float]:
        """Lengths of the true semi-axes, the longer one first (Rytz's construction as a singular value problem)."""
        (a, c), (b, d) = self.first, self.second
        total, determinant = a * a + b * b + c * c + d * d, abs(a * d - b * c)
        apart = math.sqrt(max(total * total - 4 * determinant * determinant, 0.0))
        major = math.sqrt((total + apart) / 2)
        return major, (determinant / major if major else 0.0)

    def scaled(self, x: float, y: float) -> Ellipse:
        """The same with stretched axes of the plane: pixels to millimetres and back."""
        return Ellipse(*((p[0] * x, p[1] * y) for p in (self.centre, self.first, self.second)))

    def outline(self, count: int = 64) -> tuple[tuple[float, float], ...]:
        """``count`` points around it, the first one repeated at the end."""
        (x, y), (a, b), (c, d) = self.centre, self.first, self.second
        turns = (math.tau * n / count for n in range(count + 1))
        return tuple((x + a * math.cos(t) + c * math.sin(t), y + b * math.cos(t) + d * math.sin(t)) for t in turns)


@dataclass(frozen=True, slots=True)
class Polygon:
    """Corners in order; the last one joins the first. Where it crosses itself the even-odd rule says what is inside."""

    points: tuple[tuple[float, float], ...]

    @property
    def area(self) -> float:
        """Shoelace formula; raises :class:`ShapeError` below three points."""
        if len(self.points) < 3:
            raise ShapeError("An area needs at least three points.")
        x0, y0 = self.points[0]
        moved = [(x - x0, y - y0) for x, y in self.points]
        ring = zip(moved, (*moved[1:], moved[0]), strict=True)
        return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in ring)) / 2

    @property
    def perimeter(self) -> float:
        return polyline_length(self.points, closed=True)

    def scaled(self, x: float, y: float) -> Polygon:
        """The same with stretched axes of the plane."""
        return Polygon(tuple((px * x, py * y) for px, py in self.points))

    def outline(self) -> tuple[tuple[float, float], ...]:
        """The corners, the first one repeated at the end."""
        return (*self.points, self.points[0])


Outline = Ellipse | Polygon


def rectangle(a: Point, b: Point) -> Polygon:
    """The upright rectangle with two opposite corners."""
    return Polygon(((a[0], a[1]), (b[0], a[1]), (b[0], b[1]), (a[0], b[1])))


def box_of(outline: Outline, columns: int, rows: int) -> tuple[slice, slice]:
    """Rows and columns of a grid of ``rows`` × ``columns`` points that the outline can reach, cut to the grid."""
    if isinstance(outline, Ellipse):
        (x, y), (a, b), (c, d) = outline.centre, outline.first, outline.second
        wide, high = math.hypot(a, c), math.hypot(b, d)
        left, right, top, bottom = x - wide, x + wide, y - high, y + high
    else:
        xs, ys = [p[0] for p in outline.points], [p[1] for p in outline.points]
        left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    if not all(map(math.isfinite, (left, right, top, bottom))):
        raise ShapeError("A coordinate is no number.")
    return _reach(top, bottom, rows), _reach(left, right, columns)


def _reach(low: float, high: float, count: int) -> slice:
    first = min(max(math.ceil(low - EDGE), 0), count)
    return slice(first, max(min(math.floor(high + EDGE) + 1, count), first))


def covered(outline: Outline, rows: slice, columns: slice) -> NDArray[Any]:
    """Which points (whole numbers: pixel centres) of a part of a grid lie inside or on the outline.

    Returns bool of shape (rows, columns) of the two slices; the outline is in (column, row).
    """
    import numpy as np

    shape = (rows.stop - rows.start, columns.stop - columns.start)
    if 0 in shape:
        return np.zeros(shape, bool)
    if isinstance(outline, Ellipse):
        return _covered_by_ellipse(outline, rows, columns)
    return _covered_by_polygon(outline, rows, columns)


def _covered_by_ellipse(ellipse: Ellipse, rows: slice, columns: slice) -> NDArray[Any]:
    """Each row cuts an ellipse in one span: the roots of p x² + 2 q x y + r y² = 1, the image of the unit circle."""
    import numpy as np

    (x0, y0), (a, b), (c, d) = ellipse.centre, ellipse.first, ellipse.second
    determinant = a * d - b * c
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    if abs(determinant) < 1e-12:
        return np.zeros((high, wide), bool)
    square = determinant * determinant
    p, q, r = (b * b + d * d) / square, -(a * b + c * d) / square, (a * a + c * c) / square
    y = np.arange(rows.start, rows.stop, dtype=np.float64) - y0
    under = q * q * y * y - p * (r * y * y - 1.0)
    with np.errstate(invalid="ignore"):
        half = np.where(under >= -EDGE * p, np.sqrt(np.maximum(under, 0.0)) / p, np.nan)
    middle = x0 - columns.start - q * y / p
    missed = np.isnan(half)
    first = np.where(missed, wide, np.ceil(np.clip(middle - half - EDGE, -1, wide)))
    last = np.where(missed, -1, np.floor(np.clip(middle + half + EDGE, -1, wide)))
    x = np.arange(wide, dtype=np.int32)[None, :]
    inside: NDArray[Any] = (x >= first.astype(np.int32)[:, None]) & (x <= last.astype(np.int32)[:, None])
    return inside


def _covered_by_polygon(polygon: Polygon, rows: slice, columns: slice) -> NDArray[Any]:
    """Even-odd rule along each row: crossings to the left of a point are counted by a running sum, modulo 2."""
    import numpy as np

    start = np.asarray(polygon.points, np.float64) - (columns.start, rows.start)
    end = np.roll(start, -1, axis=0)
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    on_edge = np.zeros((high, wide), bool)
    # Every row that an edge meets, its two ends included: edge number and row.
    low, up = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    first = np.clip(np.ceil(low - EDGE), 0, high).astype(np.int64)
    last = np.clip(np.floor(up + EDGE), -1, high - 1).astype(np.int64)
    counts = np.where(up - low > EDGE, np.maximum(last - first + 1, 0), 0)
    edge = np.repeat(np.arange(len(start)), counts)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    (x0, y0), (x1, y1) = start[edge].T, end[edge].T
    x = x0 + (row - y0) * (x1 - x0) / (y1 - y0)
    near = np.rint(x)
    hit = (np.abs(x - near) <= EDGE) & (near >= 0) & (near < wide)
    on_edge[row[hit], near[hit].astype(np.int64)] = True
    crosses = (y0 <= row) != (y1 <= row)  # half open, so that a corner counts once
    toggles = np.zeros((high, wide + 1), np.uint8)
    at = np.clip(np.ceil(x[crosses]), 0, wide).astype(np.int64)
    np.add.at(toggles, (row[crosses], at), 1)
    for n in np.nonzero(up - low <= EDGE)[0]:  # level edges
        level = round(float(start[n, 1]))
        if abs(float(start[n, 1]) - level) <= EDGE and 0 <= level < high:
            left, right = sorted((float(start[n, 0]), float(end[n, 0])))
            on_edge[level, max(math.ceil(left - EDGE), 0) : max(math.floor(right + EDGE) + 1, 0)] = True
    odd = np.cumsum(toggles[:, :-1], axis=1, dtype=np.uint8) & 1
    inside: NDArray[Any] = odd.view(bool) | on_edge
    return inside
