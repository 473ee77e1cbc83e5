"""Planar figures of shapes: an outline in a plane of its own, and where that plane lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.imaging.shapes.drawn import Drawn
from shared.imaging.shapes.lines import ShapeError
from shared.imaging.shapes.outlines import Ellipse, Outline, Polygon

if TYPE_CHECKING:
    from numpy.typing import NDArray

Vector = tuple[float, ...]
FLAT = 0.02
"""Points may leave their common plane by so much of the figure's size (and by 0.1 mm in any case)."""


@dataclass(frozen=True, slots=True)
class FlatFigure:
    """An outline in plane coordinates, and the plane: origin and two perpendicular unit directions.

    On an image the directions have two coordinates and the origin is (0, 0); in the patient they have three.
    """

    outline: Outline
    origin: Vector
    row: Vector
    column: Vector

    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in plane coordinates."""
        points = self.outline.outline()
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        return min(xs), min(ys), max(xs), max(ys)

    def outline_moved(self, x: float, y: float) -> Outline:
        """The outline shifted in its plane."""
        if isinstance(self.outline, Ellipse):
            cx, cy = self.outline.centre
            return Ellipse((cx + x, cy + y), self.outline.first, self.outline.second)
        return Polygon(tuple((px + x, py + y) for px, py in self.outline.points))

    def world(self, x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
        """LPS mm (n, 3) of plane coordinates."""
        import numpy as np

        flat = np.asarray(x, np.float64)[:, None] * np.array(self.row)
        placed: NDArray[Any] = np.array(self.origin) + flat + np.asarray(y, np.float64)[:, None] * np.array(self.column)
        return placed


def unit_of(vector: Vector) -> Vector:
    """A direction of length 1. Raises :class:`ShapeError` for a zero vector."""
    size = math.hypot(*vector)
    if size < 1e-9:
        raise ShapeError("A direction has no length.")
    return tuple(v / size for v in vector)


def flat_figure(shape: Drawn, row: Vector, column: Vector, pixel_mm: tuple[float, float] = (1.0, 1.0)) -> FlatFigure:
    """The planar figure of an ellipse, a circle, a rectangle or a polygon. Raises :class:`ShapeError`.

    ``row`` and ``column`` are the directions for shapes that name none; ``pixel_mm`` is the size of a pixel along each
    for places on an image. A figure that is drawn by three and more points has its own plane.
    """
    row, column = _directions(shape, row, column)
    scale = (1 / pixel_mm[0], 1 / pixel_mm[1]) if shape.is_flat and shape.fields.get("in_mm") else (1.0, 1.0)
    if shape.kind == "polygon":
        return polygon_figure(shape.points)
    if shape.kind == "circle":
        return _circle(shape, row, column, scale, pixel_mm)
    if shape.kind == "ellipse":
        return _ellipse(shape, row, column, scale)
    if shape.kind == "rectangle":
        return _rectangle(shape, row, column, scale)
    where = "one image" if shape.is_flat else "the patient"
    raise ShapeError(f"A shape of kind {shape.kind} cannot be measured on {where} with these fields.")


def _directions(shape: Drawn, row: Vector, column: Vector) -> tuple[Vector, Vector]:
    given_row, given_column, normal = shape.place("row"), shape.place("column"), shape.place("normal")
    if given_row is not None and given_column is not None:
        return _perpendicular(given_row, given_column)
    if normal is not None and len(normal) == 3:
        up = unit_of(normal)
        side = given_row or min(((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)), key=lambda axis: abs(_dot(axis, up)))
        along = unit_of(tuple(a - _dot(side, up) * b for a, b in zip(side, up, strict=True)))
        return along, _cross(up, along)
    return row, column


def _perpendicular(first: Vector, second: Vector) -> tuple[Vector, Vector]:
    along = unit_of(first)
    share = _dot(second, along)
    return along, unit_of(tuple(b - share * a for a, b in zip(along, second, strict=True)))


def polygon_figure(points: Sequence[Vector], row: Vector = (), column: Vector = ()) -> FlatFigure:
    """A closed outline in the plane that its points span (Newell's method), or in the given directions.

    Raises :class:`ShapeError` for fewer than three points, points on a line, points that are not in a plane.
    """
    if len(points) > 3 and points[0] == points[-1]:
        points = points[:-1]
    if len(points) < 3:
        raise ShapeError(f"An outline needs at least three points; {len(points)} are given.")
    if len(points[0]) == 2:
        return FlatFigure(Polygon(tuple((p[0], p[1]) for p in points)), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    origin = points[0]
    away = [tuple(a - b for a, b in zip(p, origin, strict=True)) for p in points]
    if not row:
        row, column = _spanned(away)
    _refuse_uneven(away, row, column)
    outline = Polygon(tuple((_dot(p, row), _dot(p, column)) for p in away))
    return FlatFigure(outline, origin, row, column)


def _spanned(away: Sequence[Vector]) -> tuple[Vector, Vector]:
    total = [0.0, 0.0, 0.0]
    for a, b in zip(away, (*away[1:], away[0]), strict=True):
        total = [t + c for t, c in zip(total, _cross(a, b), strict=True)]
    longest = max(away, key=lambda p: math.hypot(*p))
    if math.hypot(*total) < 1e-9 * max(math.hypot(*longest), 1e-3) ** 2:
        raise ShapeError("The points lie on a line; they enclose no area.")
    normal = unit_of(tuple(total))
    along = unit_of(tuple(a - _dot(longest, normal) * b for a, b in zip(longest, normal, strict=True)))
    return along, _cross(normal, along)


def _refuse_uneven(away: Sequence[Vector], row: Vector, column: Vector) -> None:
    normal = _cross(row, column)
    depths = [_dot(p, normal) for p in away]
    size = max(math.hypot(*p) for p in away)
    if max(depths) - min(depths) > max(FLAT * size, 0.1):
        raise ShapeError("The points do not lie in one plane.")


def _circle(
    shape: Drawn, row: Vector, column: Vector, scale: tuple[float, float], pixel_mm: tuple[float, float]
) -> FlatFigure:
    centre, radius, diameter, points = (
        shape.place("centre"),
        shape.number("radius"),
        shape.number("diameter"),
        shape.points,
    )
    if radius is None and diameter is not None:
        radius = diameter / 2
    if centre is None and points:
        centre = points[0]
        if radius is None and len(points) == 2:  # the middle and a point on the circle, as DICOM draws it
            parts = [b - a for a, b in zip(points[0], points[1], strict=True)]
            if len(parts) == 2:  # on pixels that are not square a circle is round in millimetres
                radius = math.hypot(parts[0] * pixel_mm[0], parts[1] * pixel_mm[1])
                scale = (1 / pixel_mm[0], 1 / pixel_mm[1])
            else:
                radius = math.hypot(*parts)
    if centre is None or radius is None or not radius > 0:
        raise ShapeError('A circle needs "centre" and "radius", or its middle and a point on it.')
    return _on_axes(centre, row, column, radius * scale[0], radius * scale[1])


def _on_axes(centre: Vector, row: Vector, column: Vector, a: float, b: float) -> FlatFigure:
    if len(centre) == 2:
        first, second = (row[0] * a, row[1] * b), (column[0] * a, column[1] * b)
        return FlatFigure(Ellipse((centre[0], centre[1]), first, second), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    return FlatFigure(Ellipse((0.0, 0.0), (a, 0.0), (0.0, b)), centre, row, column)


def _ellipse(shape: Drawn, row: Vector, column: Vector, scale: tuple[float, float]) -> FlatFigure:
    centre, points = shape.place("centre"), shape.points
    axes = shape.places("axes") if shape.fields.get("axes") is not None else ()
    if centre is None and len(points) == 1:
        centre = points[0]
    if centre is not None and len(axes) == 2:
        return _by_axes(centre, axes[0], axes[1])
    radii = shape.numbers("radii")
    if radii is None and (size := shape.numbers("size")) is not None:
        radii = tuple(side / 2 for side in size)
    if centre is not None and radii is not None and len(radii) == 2 and min(radii) > 0:
        return _on_axes(centre, row, column, radii[0] * scale[0], radii[1] * scale[1])
    if len(points) == 4:  # the ends of both axes, as DICOM's ELLIPSE
        middle = tuple(sum(p[n] for p in points) / 4 for n in range(len(points[0])))
        halves = [tuple((b - a) / 2 for a, b in zip(*pair, strict=True)) for pair in (points[:2], points[2:])]
        return _by_axes(middle, halves[0], halves[1])
    if len(points) == 3:  # the middle and one end of each axis
        halves = [tuple(b - a for a, b in zip(points[0], p, strict=True)) for p in points[1:]]
        return _by_axes(points[0], halves[0], halves[1])
    if len(points) == 2:  # opposite corners of the box around it, along the directions
        corners = _corner_box(points[0], points[1], row, column)
        return _on_axes(corners[0], row, column, corners[1] / 2, corners[2] / 2)
    raise ShapeError(
        'An ellipse needs "centre" and "radii" or "axes", two opposite corners, or the four ends of its axes.'
    )


def _by_axes(centre: Vector, first: Vector, second: Vector) -> FlatFigure:
    if len(centre) == 2:
        outline = Ellipse((centre[0], centre[1]), (first[0], first[1]), (second[0], second[1]))
        figure = FlatFigure(outline, (0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    else:
        along, down = _perpendicular(first, second)
        own = [(_dot(v, along), _dot(v, down)) for v in (first, second)]
        figure = FlatFigure(Ellipse((0.0, 0.0), own[0], own[1]), centre, along, down)
    if figure.outline.area <= 0:
        raise ShapeError("The axes of the ellipse enclose no area.")
    return figure


def _corner_box(a: Vector, b: Vector, row: Vector, column: Vector) -> tuple[Vector, float, float]:
    """Middle, width and height of the upright box between two opposite corners. Raises :class:`ShapeError`."""
    across = tuple(q - p for p, q in zip(a, b, strict=True))
    wide, high = _dot(across, row), _dot(across, column)
    if len(a) == 3:
        rest = math.hypot(*across) ** 2 - wide * wide - high * high
        if math.sqrt(max(rest, 0.0)) > max(FLAT * math.hypot(*across), 0.1):
            raise ShapeError("The two corners do not lie in one plane of the images: give four corners.")
    if abs(wide) < 1e-9 or abs(high) < 1e-9:
        raise ShapeError("The two corners enclose no area.")
    return tuple((p + q) / 2 for p, q in zip(a, b, strict=True)), abs(wide), abs(high)


def _rectangle(shape: Drawn, row: Vector, column: Vector, scale: tuple[float, float]) -> FlatFigure:
    points, centre, size = shape.points, shape.place("centre"), shape.numbers("size")
    corner_at = shape.place("corner")
    if centre is None and corner_at is not None and size is not None and len(size) == 2:
        centre = _beyond(_beyond(corner_at, row, size[0] * scale[0] / 2), column, size[1] * scale[1] / 2)
    if len(points) in (4, 5):
        return polygon_figure(points)
    if len(points) == 3:  # a corner and its two neighbours
        corner, one, other = points
        return polygon_figure(
            (one, corner, other, tuple(a + b - c for a, b, c in zip(one, other, corner, strict=True)))
        )
    if len(points) == 2:
        centre, wide, high = _corner_box(points[0], points[1], row, column)
    elif centre is not None and size is not None and len(size) == 2 and min(size) > 0:
        wide, high = size[0] * scale[0], size[1] * scale[1]
    else:
        raise ShapeError('A rectangle needs two opposite corners, four corners, or "centre" (or "corner") and "size".')
    signs = ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
    if len(centre) == 2:
        corners = tuple(
            tuple(c + x * wide * r + y * high * d for c, r, d in zip(centre, row, column, strict=True))
            for x, y in signs
        )
        return polygon_figure(corners)
    outline = Polygon(tuple((x * wide, y * high) for x, y in signs))
    return FlatFigure(outline, centre, row, column)


def _beyond(point: Vector, direction: Vector, way: float) -> Vector:
    return tuple(p + way * d for p, d in zip(point, direction, strict=True))


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def _cross(a: Sequence[float], b: Sequence[float]) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
