"""Shapes as people and programs write them down: one JSON object each, with the usual synonyms.

``docs/guide/measuring.md`` describes the form. Everything is checked here; nothing is evaluated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.imaging.shapes.lines import ShapeError
from shared.imaging.shapes.spellings import respelled

MOST_POINTS = 100_000

KINDS: Mapping[str, tuple[str, ...]] = {
    "length": ("distance", "line", "ruler", "segment", "caliper"),
    "polyline": ("curve", "path", "open_polygon", "spline", "curve_length", "polyline_length"),
    "angle": ("angle3", "three_point_angle"),
    "cobb": ("cobb_angle", "angle4", "open_angle"),
    "ellipse": ("oval", "elliptical", "elliptical_roi", "ellipse_roi"),
    "circle": ("disc", "disk", "circular", "circle_roi"),
    "rectangle": ("rect", "square", "rectangular", "rectangle_roi"),
    "polygon": ("roi", "freehand", "contour", "area", "closed_polygon", "freehand_roi", "region_of_interest"),
    "point": ("pixel", "probe", "voxel", "value", "pixel_value"),
    "sphere": ("ball", "spherical"),
    "ellipsoid": (),
    "box": ("cuboid", "cube", "block"),
    "cylinder": ("tube", "cylindrical"),
    "volume": ("contours", "contour_stack", "stack", "contour_volume", "rtstruct"),
    "region": ("region_growing", "threshold", "connected", "grow", "threshold_region", "seed"),
}
_KIND_OF = {word: kind for kind, words in KINDS.items() for word in (kind, *words)}

_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "kind": ("type", "shape", "tool"),
    "points": (
        "vertices",
        "coordinates",
        "positions",
        "polygon",
        "point",
        "position",
        "corners",
        "point_mm",
        "points_mm",
    ),
    "centre": ("center", "centre_mm", "center_mm", "middle"),
    "corner": ("origin", "top_left", "first_corner"),
    "axis": ("axis_direction",),
    "height": ("height_mm", "length", "length_mm"),
    "radius": ("radius_mm", "r"),
    "diameter": ("diameter_mm",),
    "radii": ("semi_axes", "semiaxes", "semi_axes_mm", "radii_mm"),
    "axes": ("axis_vectors", "semi_axis_vectors"),
    "normal": ("plane_normal",),
    "row": ("row_direction", "u", "direction", "x_axis"),
    "column": ("column_direction", "v", "y_axis"),
    "size": ("size_mm", "extent", "dimensions", "sides", "lengths"),
    "minimum": ("min", "lower", "min_corner"),
    "maximum": ("max", "upper", "max_corner"),
    "contours": ("polygons", "slices", "outlines"),
    "thickness": ("thickness_mm", "slice_thickness", "spacing"),
    "seed": ("seed_point", "start_point"),
    "range": ("values", "window", "thresholds", "limits", "threshold"),
    "lines": ("segments",),
    "image": ("sop_instance_uid", "instance", "index", "slice"),
    "frame": (),
    "series": ("series_uid", "series_instance_uid"),
    "closed": (),
    "id": ("name", "label", "uid"),
}
_FIELD_OF = {word: name for name, words in _SYNONYMS.items() for word in (name, *words)}
_PAIRS = (
    ("corner1", "corner2"),
    ("start", "end"),
    ("p1", "p2"),
    ("a", "b"),
    ("from", "to"),
    ("first", "second"),
    ("point1", "point2"),
)

_LENGTHS = frozenset({"radius", "diameter", "radii", "size"})

Place = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A shape whose fields have the right form. Places are LPS mm (three numbers) or image positions (two numbers)."""

    id: str | int | None
    kind: str
    points: tuple[Place, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_flat(self) -> bool:
        """True when the places are (column, row) of an image."""
        places = self.points or tuple(v for v in (self.fields.get("centre"), self.fields.get("seed")) if v)
        return bool(places) and len(places[0]) == 2

    def number(self, name: str) -> float | None:
        """A field that is one number. Raises :class:`ShapeError`."""
        value = self.fields.get(name)
        return None if value is None else _number(value, name)

    def place(self, name: str) -> Place | None:
        """A field that is one place or direction. Raises :class:`ShapeError`."""
        value = self.fields.get(name)
        return None if value is None else _place(value, name)

    def numbers(self, name: str) -> tuple[float, ...] | None:
        """A field that is a list of numbers. Raises :class:`ShapeError`."""
        value = self.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ShapeError(f'"{name}" must be a list of numbers.')
        return tuple(_number(one, name) for one in value)

    def places(self, name: str) -> tuple[Place, ...]:
        """A field that is a list of places. Raises :class:`ShapeError`."""
        return _places(self.fields.get(name, ()), name)


def shapes_in(document: Any) -> list[Any]:
    """The shapes of a file's JSON: a list, an object with "shapes", or one shape. Raises :class:`ShapeError`."""
    if isinstance(document, Mapping):
        for name in ("shapes", "marks", "annotations", "measurements", "items"):
            if isinstance(document.get(name), list):
                return list(document[name])
        return [document]
    if isinstance(document, list):
        return document
    raise ShapeError('The file must hold a list of shapes or an object with "shapes".')


def drawn(given: Any) -> Drawn:
    """One JSON object as a shape. Raises :class:`ShapeError` with a sentence for the writer of the file."""
    if not isinstance(given, Mapping):
        raise ShapeError('A shape must be an object with "kind" and "points".')
    given = respelled(given)
    fields: dict[str, Any] = {}
    for name, value in given.items():
        known = _FIELD_OF.get(str(name).lower().replace("-", "_"))
        if known in _LENGTHS and str(name).lower().endswith("_mm"):
            fields["in_mm"] = True
        if known is not None and (known not in fields or str(name) == known):
            fields[known] = value
    _width_and_height(fields, given)
    word = str(fields.get("kind", "")).strip().lower().replace("-", "_").replace(" ", "_")
    if not word:
        raise ShapeError(f'The shape names no "kind"; the kinds are {", ".join(KINDS)}.')
    kind = _KIND_OF.get(word)
    if kind is None:
        raise ShapeError(f'"{word[:40]}" is no kind of shape; the kinds are {", ".join(KINDS)}.')
    name = fields.get("id")
    points = _points(fields, given)
    if {len(place) for place in points} == {2, 3}:
        raise ShapeError("The points of a shape must all have two coordinates or all have three.")
    kind = _settled(kind, fields, points)
    for place in ("centre", "corner", "seed", "minimum", "maximum"):
        if isinstance(fields.get(place), (Sequence, Mapping)):
            fields[place] = _place(fields[place], place)
    return Drawn(name if isinstance(name, (str, int)) else None, kind, points, fields)


def _width_and_height(fields: dict[str, Any], given: Mapping[Any, Any]) -> None:
    """ "width" and "height" (and "depth") are a size; "low" and "high" are a range."""
    lower = {str(name).lower(): value for name, value in given.items()}
    sides = [lower[name] for name in ("width", "height", "depth") if name in lower]
    if len(sides) >= 2:
        fields.setdefault("size", sides)
    for low, high in (("low", "high"), ("lower", "upper"), ("from_value", "to_value")):
        if isinstance(lower.get(low), (int, float)) and isinstance(lower.get(high), (int, float)):
            fields.setdefault("range", [lower[low], lower[high]])


def _settled(kind: str, fields: dict[str, Any], points: Sequence[Place]) -> str:
    """The kind that the fields mean where a general word was used: a volume with a radius is a sphere."""
    axes = fields.get("axes")
    if isinstance(axes, Sequence) and axes and isinstance(axes[0], (int, float)):
        fields.setdefault("radii", axes)  # lengths of semi-axes instead of vectors
        del fields["axes"]
    has = {name for name in fields if fields[name] is not None}
    if kind == "volume" and "contours" not in has:
        if "seed" in has or "range" in has:
            return "region"
        if "radius" in has or "diameter" in has:
            return "sphere"
        if "size" in has or {"minimum", "maximum"} <= has:
            return "box"
        if "radii" in has:
            return "ellipsoid"
    if kind == "polygon" and len(points) < 3:
        if "radius" in has or "diameter" in has:
            return "circle"
        if "radii" in has or "axes" in has:
            return "ellipse"
        if "size" in has or len(points) == 2:
            return "rectangle"
    if kind == "sphere" and "radii" in has and "radius" not in has:
        return "ellipsoid"
    return kind


def _points(fields: dict[str, Any], given: Mapping[Any, Any]) -> tuple[Place, ...]:
    names = {str(name).lower(): name for name in given}
    lines = fields.get("lines")
    if lines is None and "line1" in names and "line2" in names:
        lines = [given[names["line1"]], given[names["line2"]]]
    if lines is not None:  # a Cobb angle as two lines of two points each
        if not isinstance(lines, Sequence) or isinstance(lines, str):
            raise ShapeError('"lines" must be a list of two lines.')
        return tuple(place for line in lines for place in _places(line, "lines"))
    if fields.get("points") is not None:
        value = fields["points"]
        if isinstance(value, Sequence) and value and not isinstance(value[0], (Sequence, Mapping)):
            return (_place(value, "points"),)  # a single point
        return _places(value, "points")
    found: list[Place] = []
    if "vertex" in names:
        sides = [names[n] for n in ("a", "b", "p1", "p2", "start", "end", "arm1", "arm2") if n in names]
        if len(sides) == 2:
            return tuple(_place(given[n], str(n)) for n in (sides[0], names["vertex"], sides[1]))
    for pair in _PAIRS:
        if all(name in names for name in pair):
            found = [_place(given[names[name]], name) for name in pair]
            break
    for name in ("p3", "p4"):
        if found and name in names:
            found.append(_place(given[names[name]], name))
    return tuple(found)


def _places(value: Any, name: str) -> tuple[Place, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ShapeError(f'"{name}" must be a list of points.')
    if len(value) > MOST_POINTS:
        raise ShapeError(f'"{name}" has {len(value)} points; the limit is {MOST_POINTS}.')
    return tuple(_place(one, name) for one in value)


def _place(value: Any, name: str) -> Place:
    if isinstance(value, Mapping):
        lower = {str(key).lower(): one for key, one in value.items()}
        for keys in (("x", "y", "z"), ("column", "row"), ("x", "y")):
            if all(key in lower for key in keys):
                return tuple(_number(lower[key], name) for key in keys)
        raise ShapeError(f'A point of "{name}" must have x, y and z, or column and row.')
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) not in (2, 3):
        raise ShapeError(f'A point of "{name}" must be [x, y, z] in mm, or [column, row] of an image.')
    return tuple(_number(one, name) for one in value)


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ShapeError(f'"{name}" holds something that is no number.')
    if abs(value) > 1e9:
        raise ShapeError(f'"{name}" holds a number beyond every patient.')
    return float(value)
