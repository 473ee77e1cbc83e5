"""Further ways in which people write shapes down, brought to the fields that `drawn.drawn` knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_RADII = (
    ("rx", "ry", "rz"),
    ("radius_x", "radius_y", "radius_z"),
    ("radius1", "radius2", "radius3"),
    ("semi_axis1", "semi_axis2", "semi_axis3"),
    ("semi_major", "semi_minor"),
    ("a", "b", "c"),
)
_AXES = (("axis1", "axis2"), ("major_axis", "minor_axis"), ("first_axis", "second_axis"))
_ARMS = ("arms", "sides", "ends", "points")


def respelled(given: Mapping[Any, Any]) -> dict[Any, Any]:
    """The same shape with the usual names for radii in letters, axes one by one, a vertex with its arms."""
    shape = dict(given)
    names = {str(name).lower().replace("-", "_"): name for name in given}

    def value(name: str) -> Any:
        return given[names[name]] if name in names else None

    word = next((str(value(n)).lower() for n in ("kind", "type", "shape", "tool") if value(n)), "")
    round_one = any(part in word for part in ("ellips", "oval", "sphere"))
    if round_one and isinstance(value("radius"), Sequence):
        shape.setdefault("radii", shape.pop(names["radius"]))
    for letters in _RADII if round_one else ():
        numbers = [value(letter) for letter in letters if _is_number(value(letter))]
        if len(numbers) >= 2:
            shape.setdefault("radii", numbers)
            for letter in letters:
                shape.pop(names.get(letter), None)
            break
    for pair in _AXES if round_one else ():
        vectors = [value(name) for name in pair]
        if all(isinstance(vector, Sequence) and not isinstance(vector, str) for vector in vectors):
            shape.setdefault("axes", vectors)
    if "angle" in word:
        _angle(shape, value)
    if "rect" in word and value("min") is not None and value("max") is not None:
        shape.setdefault("points", [value("min"), value("max")])
    return shape


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _angle(shape: dict[Any, Any], value: Any) -> None:
    """A vertex and its two arms, as points in the order side, vertex, side."""
    vertex = next((v for v in map(value, ("vertex", "apex", "center", "centre")) if v is not None), None)
    if vertex is None:
        return
    arms = next((v for v in map(value, _ARMS) if isinstance(v, Sequence) and len(v) == 2), None)
    if arms is None:
        pairs = (("p1", "p2"), ("a", "b"), ("start", "end"), ("arm1", "arm2"), ("point1", "point2"))
        arms = next(([value(p), value(q)] for p, q in pairs if value(p) is not None and value(q) is not None), None)
    if arms is not None:
        shape["points"] = [arms[0], vertex, arms[1]]
