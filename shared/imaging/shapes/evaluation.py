"""Shapes of a file measured on images: positions in the patient on a volume, (column, row) on one image.

A planar shape that lies in a plane of the voxel grid uses the voxels whose centres are inside or on it; any other
plane is resampled with linear interpolation at the finest spacing of the voxels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.imaging.geometry import PixelPoint, Plane, PointMm, Spacing
from shared.imaging.shapes import lines, solids
from shared.imaging.shapes.drawn import Drawn, drawn
from shared.imaging.shapes.flat import FlatFigure, flat_figure, unit_of
from shared.imaging.shapes.growing import connected_region
from shared.imaging.shapes.lines import ShapeError
from shared.imaging.shapes.statistics import RegionStatistics, statistics_of, statistics_under

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.imaging.header import ImageHeader
    from shared.imaging.lut import Modality
    from shared.imaging.volume import Volume

ON_GRID = 0.02
"""A plane within so many voxels of one of the grid's directions over the whole shape counts as that direction."""


class NoSuchSeries(ShapeError):
    """The series that a shape names is not there; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame: stored values (rows, columns[, 3]), what makes units of them, its header."""

    pixels: NDArray[Any]
    modality: Modality
    image: ImageHeader
    frame: int = 0

    def spacing_for(self, points: Sequence[Sequence[float]]) -> Spacing:
        """The spacing that holds at all points; none where they lie in different ultrasound regions."""
        from shared.imaging.geometry import UNCALIBRATED

        found = {self.image.spacing_at(self.frame, PixelPoint(p[0], p[1])) for p in points}
        return found.pop() if len(found) == 1 else UNCALIBRATED


def _no_slice(_fields: Mapping[str, Any], _places: Sequence[Sequence[float]]) -> None:
    return None


@dataclass(frozen=True)
class Ground:
    """What shapes are measured on; both functions raise :class:`ShapeError` with a sentence."""

    volume: Callable[[Mapping[str, Any]], Volume]
    """The volume that a shape's fields ("series") mean."""
    picture: Callable[[Mapping[str, Any]], Picture]
    """The frame that a shape's fields ("image", "frame", "series") mean."""
    slice: Callable[[Mapping[str, Any], Sequence[Sequence[float]]], tuple[Picture, Plane] | None] = _no_slice
    """The frame on which some places in the patient lie, with its plane; for series that make no volume."""


def evaluated(given: Any, ground: Ground) -> dict[str, Any]:
    """What a shape measures, or its ``error`` sentence: a JSON object; never raises for a bad shape."""
    name = given.get("id", given.get("name")) if isinstance(given, Mapping) else None
    answer: dict[str, Any] = {"id": name if isinstance(name, (str, int)) else None}
    try:
        shape = drawn(given)
        answer |= {"id": shape.id, "kind": shape.kind}
        answer |= _on_picture(shape, ground) if shape.is_flat else _in_space(shape, ground)
    except ShapeError as error:
        if isinstance(given, Mapping) and "kind" not in answer:
            answer["kind"] = given.get("kind", given.get("type"))
        answer["error"] = str(error)
    return answer


def _need(shape: Drawn, *counts: int) -> tuple[tuple[float, ...], ...]:
    if len(shape.points) not in counts:
        wanted = " or ".join(str(n) for n in counts)
        raise ShapeError(f"A shape of kind {shape.kind} needs {wanted} points; {len(shape.points)} are given.")
    return shape.points


def _line(shape: Drawn, points: Sequence[Sequence[float]]) -> dict[str, Any] | None:
    """Lengths and angles: the same in a plane and in space. None for other kinds."""
    if shape.kind == "length":
        _need(shape, 2)
        return {"length": lines.length(points[0], points[1])}
    if shape.kind == "polyline":
        return {"length": lines.polyline_length(points, closed=shape.fields.get("closed") is True)}
    if shape.kind == "angle":
        if len(points) == 4:
            return {"angle_deg": lines.cobb_angle(*points)}
        _need(shape, 3)
        return {"angle_deg": lines.angle_at(*points)}
    if shape.kind == "cobb":
        _need(shape, 4)
        return {"angle_deg": lines.cobb_angle(*points)}
    return None


# --- on one image ----------------------------------------------------------------------------------------


def _on_picture(shape: Drawn, ground: Ground) -> dict[str, Any]:
    return _measured_on(shape, ground.picture(shape.fields))


def _measured_on(shape: Drawn, picture: Picture) -> dict[str, Any]:
    spacing = picture.spacing_for(shape.points or [shape.fields["centre"]])
    unit = "mm" if spacing.is_known else "px"
    truth = {"spacing": spacing.source.value}
    points = [(p[0] * spacing.column_mm, p[1] * spacing.row_mm) for p in shape.points]
    line = _line(shape, points)
    if line is not None:
        return ({f"length_{unit}": line["length"]} if "length" in line else line) | truth
    if shape.kind == "point":
        return _value(picture.pixels, picture.modality, _need(shape, 1)[0])
    figure = flat_figure(shape, (1.0, 0.0), (0.0, 1.0), (spacing.column_mm, spacing.row_mm))
    in_mm = figure.outline.scaled(spacing.column_mm, spacing.row_mm)
    answer = {f"area_{unit}2": in_mm.area, f"perimeter_{unit}": in_mm.perimeter} | truth
    if picture.pixels.ndim == 2:
        answer |= _told(statistics_under(figure.outline, picture.pixels, picture.modality), picture.modality.unit)
    return answer


def _value(pixels: NDArray[Any], modality: Modality, at: Sequence[float]) -> dict[str, Any]:
    column, row = math.floor(at[0] + 0.5), math.floor(at[1] + 0.5)
    if not (0 <= row < pixels.shape[0] and 0 <= column < pixels.shape[1]):
        raise ShapeError("The point lies beside the image.")
    if pixels.ndim == 3:
        return {"value": [int(v) for v in pixels[row, column]], "unit": "RGB"}
    return {"value": float(modality(pixels[row, column])), "unit": modality.unit}


def _told(found: RegionStatistics, unit: str) -> dict[str, Any]:
    if found.count == 0:
        return {"count": 0, "note": "No pixel centre lies inside the shape and the image."}
    return {
        "count": found.count,
        "mean": found.mean,
        "sd": found.sd,
        "std": found.sd,  # the same under another usual name
        "min": found.minimum,
        "max": found.maximum,
        "sum": found.total,
        "unit": unit,
    }


# --- in the patient --------------------------------------------------------------------------------------


def _in_space(shape: Drawn, ground: Ground) -> dict[str, Any]:
    line = _line(shape, shape.points)
    if line is not None:
        return {"length_mm": line["length"]} if "length" in line else line
    if shape.kind in ("sphere", "ellipsoid", "box", "cylinder"):
        return _solid(shape, ground)
    if shape.kind == "volume":
        return _contours(shape, ground)
    try:
        volume = ground.volume(shape.fields)
    except ShapeError:
        on_slice = _on_slice(shape, ground)
        if on_slice is None:
            raise
        return on_slice
    if shape.kind == "region":
        return _region(shape, volume)
    if shape.kind == "point":
        return _voxel(volume, _need(shape, 1)[0])
    placed = _placed(shape, volume)
    answer = {"area_mm2": placed.outline.area, "perimeter_mm": placed.outline.perimeter}
    return answer | _told(statistics_of(values_in(placed, volume)), volume.unit)


def _on_slice(shape: Drawn, ground: Ground) -> dict[str, Any] | None:
    """The shape on the single image that it lies on, where there is no volume; None when it lies on none."""
    centre = shape.place("centre")
    places = [*shape.points, *([centre] if centre is not None and len(centre) == 3 else [])]
    if not places or any(len(place) != 3 for place in places) or shape.kind == "region":
        return None
    found = ground.slice(shape.fields, places)
    if found is None:
        return None
    picture, plane = found
    flat = {
        name: value for name, value in shape.fields.items() if name not in ("points", "normal", "row", "column", "axes")
    }
    flat["in_mm"] = True
    if centre is not None:
        flat["centre"] = tuple(plane.pixel(PointMm(*centre)))
    points = tuple(tuple(plane.pixel(PointMm(*point))) for point in shape.points)
    answer = _measured_on(Drawn(shape.id, shape.kind, points, flat), picture)
    answer.pop("spacing", None)
    return answer


def _voxel(volume: Volume, at: Sequence[float]) -> dict[str, Any]:
    import numpy as np

    index = np.floor(volume.to_index(at) + 0.5).astype(int)
    if not (index >= 0).all() or not (index < volume.shape).all():
        raise ShapeError("The point lies outside of the volume.")
    value = float(volume.voxels[tuple(index)]) * volume.slope + volume.intercept
    return {"value": value, "unit": volume.unit, "voxel": [int(n) for n in index]}


def _placed(shape: Drawn, volume: Volume) -> FlatFigure:
    """The planar figure in a frame of its own: two perpendicular unit directions and an origin in the patient."""
    row, column, step = (
        tuple(v.scaled(1 / v.length)) for v in (volume.column_step, volume.row_step, volume.slice_step)
    )
    if len(shape.points) == 2 and shape.kind in ("rectangle", "ellipse"):
        # Two opposite corners name a plane only together with the grid: the one that they lie in.
        across = [b - a for a, b in zip(*shape.points, strict=True)]
        along = [abs(sum(x * y for x, y in zip(across, axis, strict=True))) for axis in (row, column, step)]
        least = along.index(min(along))
        if least == 0:
            row, column = column, step
        elif least == 1:
            column = step
    return flat_figure(shape, row, column)


def values_in(figure: FlatFigure, volume: Volume) -> NDArray[Any]:
    """Values in the volume's unit inside a planar figure; one-dimensional, NaN outside of the volume left out."""
    import numpy as np

    on_grid = _on_grid(figure, volume)
    if on_grid is not None:
        return on_grid
    step = min(volume.spacing)
    left, top, right, bottom = figure.bounds()
    columns, rows = int((right - left) / step) + 2, int((bottom - top) / step) + 2
    if columns * rows > 50_000_000:
        raise ShapeError("The shape is too large to be sampled.")
    # Samples lie at whole steps from the figure's own middle, so that a shifted shape shifts its samples with it.
    x0, y0 = (left + right) / 2 - (columns - 1) / 2 * step, (top + bottom) / 2 - (rows - 1) / 2 * step
    from shared.imaging.shapes.outlines import covered

    grid = figure.outline_moved(-x0, -y0).scaled(1 / step, 1 / step)
    y, x = np.nonzero(covered(grid, slice(0, rows), slice(0, columns)))
    values = sampled(volume, figure.world(x * step + x0, y * step + y0))
    kept: NDArray[Any] = values[np.isfinite(values)]
    return kept


def _on_grid(figure: FlatFigure, volume: Volume) -> NDArray[Any] | None:
    """Voxels whose centres lie in the figure, where its plane is one of the grid's; None for other planes."""
    import numpy as np

    from shared.imaging.shapes.outlines import Ellipse, Polygon, box_of, covered

    corners = volume.to_index(figure.world(*_corner_axes(figure)))
    spread = np.ptp(corners, axis=0)
    axis = int(np.argmin(spread))
    if spread[axis] > ON_GRID or (not volume.is_even and axis != 0):
        return None
    place = math.floor(float(corners[:, axis].mean()) + 0.5)
    if not 0 <= place < volume.shape[axis]:
        return np.empty(0)
    down, along = (n for n in range(3) if n != axis)
    plane = volume.voxels.take(place, axis=axis)

    def grid(x: float, y: float) -> tuple[float, float]:
        index = volume.to_index(figure.world(np.array([x]), np.array([y])))[0]
        return float(index[along]), float(index[down])

    outline = figure.outline
    if isinstance(outline, Ellipse):
        cx, cy = grid(*outline.centre)
        ends = [grid(outline.centre[0] + v[0], outline.centre[1] + v[1]) for v in (outline.first, outline.second)]
        flat: Ellipse | Polygon = Ellipse((cx, cy), *((x - cx, y - cy) for x, y in ends))
    else:
        flat = Polygon(tuple(grid(x, y) for x, y in outline.points))
    rows, columns = box_of(flat, plane.shape[1], plane.shape[0])
    stored = plane[rows, columns][covered(flat, rows, columns)]
    values: NDArray[Any] = stored.astype(np.float64) * volume.slope + volume.intercept
    return values


def _corner_axes(figure: FlatFigure) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    left, top, right, bottom = figure.bounds()
    return np.array([left, right, right, left]), np.array([top, top, bottom, bottom])


def sampled(volume: Volume, world: NDArray[Any]) -> NDArray[Any]:
    """Linear interpolation at LPS points (n, 3), float64 in the volume's unit; NaN outside of the voxel centres."""
    import numpy as np

    index = volume.to_index(world)
    top = np.array(volume.shape) - 1
    inside = ((index >= -1e-6) & (index <= top + 1e-6)).all(-1)
    index = np.clip(index, 0, top)
    low = np.minimum(np.floor(index).astype(np.intp), np.maximum(top - 1, 0))
    share = index - low
    total = np.zeros(len(index))
    for corner in range(8):
        bits = np.array([corner >> 2 & 1, corner >> 1 & 1, corner & 1])
        at = np.minimum(low + bits, top)
        weight = np.where(bits, share, 1 - share).prod(-1)
        total += weight * volume.voxels[at[:, 0], at[:, 1], at[:, 2]]
    values: NDArray[Any] = np.where(inside, total * volume.slope + volume.intercept, np.nan)
    return values


# --- solids ----------------------------------------------------------------------------------------------


def _solid(shape: Drawn, ground: Ground) -> dict[str, Any]:
    import numpy as np

    centre, axes, size = _solid_frame(shape)
    if shape.kind == "box":
        cubic = solids.box_volume(size)
    elif shape.kind == "cylinder":
        cubic = solids.box_volume(size) * math.pi / 4
    else:
        cubic = solids.sphere_volume(1.0) * size[0] / 2 * size[1] / 2 * size[2] / 2
        if min(size) <= 0:
            raise ShapeError("The radius must be a positive number.")
    answer: dict[str, Any] = _volume(cubic)
    try:
        volume = ground.volume(shape.fields)
    except NoSuchSeries:
        raise
    except ShapeError as error:
        return answer | {"note": str(error)}
    half = np.abs(np.array(axes)).T @ (np.array(size) / 2)  # of the upright box around it
    corners = np.array(np.meshgrid(*zip(centre - half, centre + half, strict=True))).reshape(3, -1).T
    index = volume.to_index(corners)
    first = np.clip(np.floor(index.min(0)), 0, volume.shape).astype(int)
    last = np.clip(np.ceil(index.max(0)) + 1, first, volume.shape).astype(int)
    cubic_voxels, parts, of_voxel = 0.0, [], voxel_volumes(volume)
    for n in range(first[0], last[0]):  # slice by slice: a large box needs no more memory than one slice
        rows, columns = np.mgrid[first[1] : last[1], first[2] : last[2]]
        world = volume.to_world(np.stack([np.full(rows.shape, n), rows, columns], -1))
        unit = (world - centre) @ np.array(axes).T / (np.array(size) / 2)
        inside = _inside(shape.kind, unit)
        parts.append(volume.voxels[n, first[1] : last[1], first[2] : last[2]][inside])
        cubic_voxels += float(inside.sum()) * float(of_voxel[n])
    values = np.concatenate(parts) if parts else np.empty(0)
    answer["voxel_volume_mm3"] = cubic_voxels
    return answer | _told(statistics_of(values).scaled(volume.slope, volume.intercept), volume.unit)


def _inside(kind: str, unit: NDArray[Any]) -> NDArray[Any]:
    """True within the solid; ``unit[..., 3]`` are positions along its axes, 1 at the ends."""
    import numpy as np

    most = 1 + 1e-9
    if kind == "box":
        inside: NDArray[Any] = (np.abs(unit) <= most).all(-1)
    elif kind == "cylinder":
        inside = ((unit[..., :2] ** 2).sum(-1) <= most) & (np.abs(unit[..., 2]) <= most)
    else:
        inside = (unit * unit).sum(-1) <= most
    return inside


def _cylinder_frame(shape: Drawn) -> tuple[NDArray[Any], tuple[tuple[float, ...], ...], tuple[float, ...]]:
    """By the middles of its two ends, or by its middle, axis and height; and a radius."""
    import numpy as np

    radius, diameter, height = shape.number("radius"), shape.number("diameter"), shape.number("height")
    if radius is None and diameter is not None:
        radius = diameter / 2
    centre, axis = shape.place("centre"), shape.place("axis") or shape.place("normal") or (0.0, 0.0, 1.0)
    if len(shape.points) == 2:
        ends = [np.array(point) for point in shape.points]
        centre, axis = tuple((ends[0] + ends[1]) / 2), tuple(ends[1] - ends[0])
        height = float(np.linalg.norm(ends[1] - ends[0]))
    if centre is None or radius is None or height is None or not (len(centre) == len(axis) == 3):
        raise ShapeError('A cylinder needs two "points" in mm, or "centre", "axis" and "height"; and a "radius".')
    along = unit_of(tuple(float(v) for v in axis))
    side = unit_of(tuple(np.cross(along, np.eye(3)[int(np.argmin(np.abs(along)))]).tolist()))
    axes = (side, tuple(np.cross(along, side).tolist()), along)
    return np.array(centre), axes, (2 * radius, 2 * radius, height)


def _solid_frame(shape: Drawn) -> tuple[NDArray[Any], tuple[tuple[float, ...], ...], tuple[float, ...]]:
    """Centre, three unit directions and three whole extents in mm of a sphere, an ellipsoid or a box."""
    import numpy as np

    from shared.imaging.shapes.flat import unit_of as unit

    if shape.kind == "cylinder":
        return _cylinder_frame(shape)
    axes: tuple[tuple[float, ...], ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    centre = shape.place("centre")
    row, column = shape.place("row"), shape.place("column")
    if row is not None and column is not None:
        first, second = unit(row), unit(column)
        axes = (first, second, unit(tuple(np.cross(first, second).tolist())))
    least, most = shape.place("minimum"), shape.place("maximum")
    if shape.kind == "box" and least is None and len(shape.points) == 2:
        least, most = shape.points
    if shape.kind == "box" and least is not None and most is not None:
        middle = tuple((a + b) / 2 for a, b in zip(least, most, strict=True))
        return np.array(middle), axes, tuple(abs(b - a) for a, b in zip(least, most, strict=True))
    size = shape.numbers("size")
    radius, diameter, radii = shape.number("radius"), shape.number("diameter"), shape.numbers("radii")
    if shape.kind != "box" and size is None:
        if radii is not None and len(radii) == 3:
            size = tuple(2 * r for r in radii)
        elif radius is None and diameter is None and len(shape.points) == 2:
            centre, radius = shape.points[0], lines.length(*shape.points)
        if size is None and (radius is not None or diameter is not None):
            size = (2 * radius if radius is not None else float(diameter or 0),) * 3
    if centre is None and len(shape.points) == 1:
        centre = shape.points[0]
    corner = shape.place("corner")
    if shape.kind == "box" and centre is None and corner is not None and size is not None and len(size) == 3:
        centre = tuple((np.array(corner) + np.array(axes).T @ np.array(size) / 2).tolist())
    if centre is None or size is None or len(size) != 3 or len(centre) != 3:
        wanted = (
            '"centre" (or "corner") and "size", or "min" and "max"' if shape.kind == "box" else '"centre" and "radius"'
        )
        raise ShapeError(f"A shape of kind {shape.kind} needs {wanted}.")
    return np.array(centre), axes, size


def _volume(cubic_mm: float) -> dict[str, Any]:
    return {"volume_mm3": cubic_mm, "volume_ml": cubic_mm / 1000}


def voxel_volumes(volume: Volume) -> NDArray[Any]:
    """Cubic mm that a voxel of each slice stands for: half the way to both neighbours where slices are uneven."""
    import numpy as np

    pixel = volume.row_step.length * volume.column_step.length
    if volume.slice_origins is None:
        return np.full(volume.shape[0], pixel * volume.slice_distance_mm)
    depths = volume.slice_origins @ np.array(volume.normal)
    steps = np.abs(np.diff(depths))
    shares = np.concatenate([steps[:1], (steps[1:] + steps[:-1]) / 2, steps[-1:]])
    volumes: NDArray[Any] = shares * pixel
    return volumes


def _region(shape: Drawn, volume: Volume) -> dict[str, Any]:
    import numpy as np

    seed = shape.place("seed") or (shape.points[0] if shape.points else None)
    limits = shape.numbers("range")
    low, high = (limits[0], limits[1]) if limits is not None and len(limits) == 2 else (None, None)
    if limits is None:
        low, high = shape.number("minimum"), shape.number("maximum")
    if seed is None or len(seed) != 3 or low is None or high is None:
        raise ShapeError('A region needs a "seed" in mm and a "range" of two values.')
    index = np.floor(volume.to_index(seed) + 0.5).astype(int)
    stored = sorted((volume.stored(low), volume.stored(high)))
    found = connected_region(volume.voxels, (int(index[0]), int(index[1]), int(index[2])), stored[0], stored[1])
    cubic = float((found.sum(axis=(1, 2)) * voxel_volumes(volume)).sum())
    inside = statistics_of(volume.voxels[found]).scaled(volume.slope, volume.intercept)
    return _volume(cubic) | _told(inside, volume.unit)


def _contours(shape: Drawn, ground: Ground) -> dict[str, Any]:
    import numpy as np

    from shared.imaging.shapes.flat import polygon_figure

    rings = shape.fields.get("contours")
    if not isinstance(rings, Sequence) or isinstance(rings, str) or not rings:
        raise ShapeError('A volume needs "contours": a list of outlines, each a list of points in mm.')
    outlines = []
    for ring in rings:
        inner = ring.get("points", ring.get("vertices")) if isinstance(ring, Mapping) else ring
        outlines.append(drawn({"kind": "polygon", "points": inner}).points)
    if any(len(p) != 3 for ring in outlines for p in ring):
        raise ShapeError("The contours of a volume must be in mm of the patient: three coordinates a point.")
    first = polygon_figure(outlines[0])
    row, column, normal = first.row, first.column, np.cross(first.row, first.column)
    stack, figures = [], []
    for ring in outlines:
        figure = polygon_figure(ring, row, column)
        stack.append(solids.Contour(figure.outline.outline()[:-1], float(np.dot(normal, np.mean(ring, axis=0)))))
        figures.append(figure)
    answer = _volume(solids.contours_volume(stack, shape.number("thickness")))
    try:
        volume = ground.volume(shape.fields)
    except NoSuchSeries:
        raise
    except ShapeError as error:
        return answer | {"note": str(error)}
    values = np.concatenate([values_in(figure, volume) for figure in figures])
    return answer | _told(statistics_of(values), volume.unit)


__all__ = ["Ground", "NoSuchSeries", "Picture", "evaluated", "sampled", "unit_of", "values_in", "voxel_volumes"]
