"""Measures on a picture (PA-ANA-03): length, angle, area and perimeter in µm, grey density; no Qt.

Points are (x, y) in pixels of the picture; `um` is micrometres a pixel, 0 when the picture is not calibrated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from clients.kit.translations import tr

Point = tuple[float, float]


class Tool(StrEnum):
    """What is being measured."""

    LENGTH = "length"
    ANGLE = "angle"
    AREA = "area"


@dataclass(frozen=True)
class Grey:
    """How dark an outlined part is: mean and standard deviation of 0 to 255, mean optical density."""

    mean: float
    deviation: float
    density: float


@dataclass(frozen=True)
class Measurement:
    """One drawn measure; two points of a length, three of an angle (the corner is the second), a polygon's corners."""

    tool: Tool
    points: tuple[Point, ...]
    grey: Grey | None = None  # of an area


def length(first: Point, second: Point) -> float:
    """Distance in pixels."""
    return math.dist(first, second)


def angle(first: Point, corner: Point, second: Point) -> float:
    """Degrees between the legs, 0 to 180."""
    one = math.atan2(first[1] - corner[1], first[0] - corner[0])
    other = math.atan2(second[1] - corner[1], second[0] - corner[0])
    turned = abs(math.degrees(one - other)) % 360
    return min(turned, 360 - turned)


def area(points: Sequence[Point]) -> float:
    """Area of a polygon in square pixels (the shoelace formula)."""
    around = zip(points, (*points[1:], *points[:1]), strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in around)) / 2


def perimeter(points: Sequence[Point]) -> float:
    """Length around a polygon in pixels."""
    return sum(math.dist(one, other) for one, other in zip(points, (*points[1:], *points[:1]), strict=True))


def words(measure: Measurement, um: float) -> str:
    """What stands beside a measure; pixels when the picture is not calibrated."""
    points = measure.points
    if measure.tool is Tool.ANGLE:
        return f"{angle(*points[:3]):.1f}°" if len(points) >= 3 else ""
    if measure.tool is Tool.LENGTH:
        return length_words(length(points[0], points[1]), um) if len(points) >= 2 else ""
    if len(points) < 3:
        return ""
    size = f"{area_words(area(points), um)} · {length_words(perimeter(points), um)}"
    if (grey := measure.grey) is None:
        return size
    told = tr("灰度 {mean} ± {deviation}", mean=f"{grey.mean:.1f}", deviation=f"{grey.deviation:.1f}")
    return f"{size} · {told} · OD {grey.density:.2f}"


def length_words(pixels: float, um: float) -> str:
    """A length with the unit that fits it."""
    if um <= 0:
        return f"{pixels:.1f} px"
    value = pixels * um
    if value >= 10_000:
        return f"{value / 10_000:.2f} cm" if value >= 100_000 else f"{value / 1000:.2f} mm"
    return f"{value / 1000:.3f} mm" if value >= 1000 else f"{value:.1f} µm"


def area_words(pixels: float, um: float) -> str:
    """An area with the unit that fits it."""
    if um <= 0:
        return f"{pixels:.0f} px²"
    value = pixels * um * um
    if value >= 1e8:
        return f"{value / 1e8:.2f} cm²"
    return f"{value / 1e6:.3f} mm²" if value >= 1e5 else f"{value:.1f} µm²"


def nice_bar(width_px: float, um: float) -> tuple[float, str]:
    """A scale bar of about a fifth of a width: its length in pixels and its words; (0, "") when not calibrated.

    Its value is 1, 2 or 5 times a power of ten.
    """
    if um <= 0 or width_px <= 0:
        return 0.0, ""
    wanted = width_px * um / 5
    power = 10.0 ** math.floor(math.log10(wanted))
    value = max(step * power for step in (1, 2, 5) if step * power <= wanted)
    shown = value / 10_000 if value >= 10_000 else value / 1000 if value >= 1000 else value
    unit = "cm" if value >= 10_000 else "mm" if value >= 1000 else "µm"
    return value / um, f"{shown:g} {unit}"
