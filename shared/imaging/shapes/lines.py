"""Lengths and angles of points in a plane or in space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from shared.imaging.geometry import PixelPoint, Spacing

Point = Sequence[float]


class ShapeError(ValueError):
    """A shape measures nothing: too few points, no extent. The text is a sentence."""


def in_mm(points: Sequence[PixelPoint], spacing: Spacing) -> tuple[tuple[float, float], ...]:
    """Image positions (column, row) as plane coordinates (x along a row, y down a column).

    Millimetres where the spacing is known, else units of a row's height.
    """
    return tuple((p.column * spacing.column_mm, p.row * spacing.row_mm) for p in points)


def length(a: Point, b: Point) -> float:
    """Straight distance."""
    return math.dist(a, b)


def polyline_length(points: Sequence[Point], *, closed: bool = False) -> float:
    """Length along all points; ``closed`` adds the way back. Raises :class:`ShapeError` below two points."""
    if len(points) < 2:
        raise ShapeError("A line needs at least two points.")
    way = sum(math.dist(a, b) for a, b in pairwise(points))
    return way + (math.dist(points[-1], points[0]) if closed else 0.0)


def angle_at(a: Point, vertex: Point, b: Point) -> float:
    """Degrees from 0 to 180 at ``vertex``. Raises :class:`ShapeError` for a side without length."""
    return angle_between(_from(vertex, a), _from(vertex, b))


def angle_between(u: Point, v: Point) -> float:
    """Degrees from 0 to 180 between two directions, exact for small and for flat angles (Kahan's formula).

    Raises :class:`ShapeError` where one of them is zero.
    """
    long_u, long_v = math.hypot(*u), math.hypot(*v)
    if long_u == 0 or long_v == 0:
        raise ShapeError("A side of the angle has no length.")
    first = [x / long_u for x in u]
    second = [x / long_v for x in v]
    apart = math.hypot(*(x - y for x, y in zip(first, second, strict=True)))
    along = math.hypot(*(x + y for x, y in zip(first, second, strict=True)))
    return math.degrees(2 * math.atan2(apart, along))


def cobb_angle(a: Point, b: Point, c: Point, d: Point) -> float:
    """Degrees from 0 to 90 between the lines a–b and c–d, however they were drawn (J. R. Cobb, 1948).

    Raises :class:`ShapeError` for a line without length.
    """
    degrees = angle_between(_from(a, b), _from(c, d))
    return min(degrees, 180.0 - degrees)


def _from(start: Point, end: Point) -> tuple[float, ...]:
    return tuple(y - x for x, y in zip(start, end, strict=True))
