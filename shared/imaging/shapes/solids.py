"""Volumes of solids and of stacks of contours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.imaging.shapes.lines import ShapeError
from shared.imaging.shapes.outlines import Polygon

SAME_SLICE_MM = 0.01


def sphere_volume(radius: float) -> float:
    """Raises :class:`ShapeError` unless the radius is positive."""
    if not radius > 0 or not math.isfinite(radius):
        raise ShapeError("The radius must be a positive number.")
    return 4 / 3 * math.pi * radius**3


def box_volume(size: Sequence[float]) -> float:
    """Product of three side lengths. Raises :class:`ShapeError`."""
    if len(size) != 3 or not all(math.isfinite(side) and side > 0 for side in size):
        raise ShapeError("A box needs three positive side lengths.")
    return size[0] * size[1] * size[2]


@dataclass(frozen=True, slots=True)
class Contour:
    """A closed outline in a slice: its corners in the plane, and where the slice lies along the common normal."""

    points: tuple[tuple[float, float], ...]
    depth: float


def contours_volume(contours: Sequence[Contour], thickness: float | None = None) -> float:
    """Volume by Cavalieri's principle: area of each slice times its share of the way to its neighbours.

    The outermost slices count with the distance to their one neighbour, so that each contour stands for the middle of
    a slab. A contour inside of another one in the same slice is a hole (even-odd, as in RT Structure Sets);
    ``thickness`` is needed for a single slice, and where given it holds for all. Raises :class:`ShapeError`.
    """
    if not contours:
        raise ShapeError("A volume needs at least one contour.")
    slices: dict[float, list[Contour]] = {}
    for contour in sorted(contours, key=lambda one: one.depth):
        last = next(reversed(slices), None)
        place = last if last is not None and contour.depth - last < SAME_SLICE_MM else contour.depth
        slices.setdefault(place, []).append(contour)
    depths = list(slices)
    steps = [b - a for a, b in pairwise(depths)]
    if thickness is None and not steps:
        raise ShapeError("One slice alone has no thickness: give a thickness or more slices.")
    total = 0.0
    for n, members in enumerate(slices.values()):
        if thickness is not None:
            share = thickness
        else:
            before, after = steps[max(n - 1, 0)], steps[min(n, len(steps) - 1)]
            share = (before + after) / 2
        total += share * _area_with_holes(members)
    return total


def _area_with_holes(members: Sequence[Contour]) -> float:
    total = 0.0
    for one in members:
        around = sum(other is not one and _holds(other.points, one.points[0]) for other in members)
        total += Polygon(one.points).area * (-1 if around % 2 else 1)
    return total


def _holds(points: Sequence[tuple[float, float]], at: tuple[float, float]) -> bool:
    """Even-odd rule for one point."""
    inside = False
    for (ax, ay), (bx, by) in pairwise((*points, points[0])):
        if (ay <= at[1]) != (by <= at[1]) and at[0] < ax + (at[1] - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside
