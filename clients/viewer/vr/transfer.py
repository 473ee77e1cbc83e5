"""How values become colour and opacity, and how they are lit. Data with its JSON; knows no Qt and no VTK."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

MOST_POINTS = 32
_COLOUR = re.compile(r"#[0-9a-f]{6}")


class NotALook(ValueError):
    """What was read describes no transfer function; the text says why."""


class Point(NamedTuple):
    """A corner of the transfer curve: value in the volume's unit, opacity 0 to 1 per millimetre, colour ``#rrggbb``."""

    value: float
    opacity: float
    colour: str


class Blend(StrEnum):
    """How the samples of a ray become a pixel."""

    COMPOSITE = "composite"
    MAXIMUM = "maximum"  # maximum intensity projection


@dataclass(frozen=True, slots=True)
class Lighting:
    """Phong's terms with the light at the eye. ``shade`` off shows the plain colours."""

    shade: bool = True
    ambient: float = 0.2
    diffuse: float = 0.75
    specular: float = 0.25
    power: float = 16.0


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that decides how a volume looks, apart from what was cut away. Points are sorted by value.

    ``edges`` from 0 to 1 makes places without a border (a low gradient) more transparent. ``span`` and ``edges``
    belong together: a gradient of ``span`` units per millimetre counts as a full border.
    """

    points: tuple[Point, ...]
    lighting: Lighting = Lighting()
    blend: Blend = Blend.COMPOSITE
    edges: float = 0.0
    span: float = 100.0
    background: str = "#000000"

    def opacity_at(self, value: float) -> float:
        """Opacity by straight lines between the points, constant beyond the ends."""
        points = self.points
        if value <= points[0].value:
            return points[0].opacity
        for a, b in itertools.pairwise(points):
            if value <= b.value:
                share = (value - a.value) / (b.value - a.value) if b.value > a.value else 1.0
                return a.opacity + share * (b.opacity - a.opacity)
        return points[-1].opacity


def rgb_of(colour: str) -> tuple[float, float, float]:
    """``#rrggbb`` as three numbers from 0 to 1."""
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def colour_between(a: str, b: str, share: float) -> str:
    """A mixture of two colours."""
    mixed = (x + (y - x) * share for x, y in zip(rgb_of(a), rgb_of(b), strict=True))
    return "#" + "".join(f"{round(255 * part):02x}" for part in mixed)


def sorted_points(points: list[Point]) -> tuple[Point, ...]:
    """By value, at least two and at most :data:`MOST_POINTS`; raises :class:`NotALook`."""
    if not 2 <= len(points) <= MOST_POINTS:
        raise NotALook(f"A curve has 2 to {MOST_POINTS} points.")
    return tuple(sorted(points, key=lambda point: point.value))


def look_to_json(look: Look) -> dict[str, object]:
    """Plain values for a settings file."""
    light = look.lighting
    return {
        "points": [[p.value, p.opacity, p.colour] for p in look.points],
        "lighting": [light.shade, light.ambient, light.diffuse, light.specular, light.power],
        "blend": look.blend.value,
        "edges": look.edges,
        "span": look.span,
        "background": look.background,
    }


def look_from_json(value: object) -> Look:
    """The reverse of :func:`look_to_json`; raises :class:`NotALook` for anything else."""
    if not isinstance(value, dict):
        raise NotALook("A look is a group of values.")
    raw, light = value.get("points"), value.get("lighting")
    if not isinstance(raw, list) or not isinstance(light, list) or len(light) != 5:
        raise NotALook("Points or lighting are missing.")
    if value.get("blend") not in {blend.value for blend in Blend}:
        raise NotALook("The way of projection is unknown.")
    return Look(
        points=sorted_points([_point(part) for part in raw[: MOST_POINTS + 1]]),
        lighting=Lighting(bool(light[0]), *(_number(part, 0, 200) for part in light[1:])),
        blend=Blend(value["blend"]),
        edges=_number(value.get("edges"), 0, 1),
        span=_number(value.get("span"), 1e-9, 1e9),
        background=colour_from(value.get("background")),
    )


def colour_from(value: object) -> str:
    """``#rrggbb``; raises :class:`NotALook`."""
    if not isinstance(value, str) or not _COLOUR.fullmatch(value.lower()):
        raise NotALook("A colour is written #rrggbb.")
    return value.lower()


def _point(value: object) -> Point:
    if not isinstance(value, list) or len(value) != 3:
        raise NotALook("A point of the curve has a value, an opacity and a colour.")
    return Point(_number(value[0], -1e9, 1e9), _number(value[1], 0, 1), colour_from(value[2]))


def _number(value: object, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise NotALook("A number is missing.")
    if not least <= value <= most:
        raise NotALook(f"A number lies outside {least:g} to {most:g}.")
    return float(value)
