"""From image position to place in the viewport and back: zoom, pan, turn and flip in one affine map.

Image positions are (column, row) with whole numbers at pixel centres; view places are device pixels with
(0, 0) at the upper left corner of the upper left pixel, as QPainter counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from shared.imaging.geometry import PixelPoint, VectorMm

SMALLEST_ZOOM, LARGEST_ZOOM = 0.05, 64.0


class Place(NamedTuple):
    """A place in the viewport, device pixels."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Geometry:
    """How the reader turned and moved the image; independent of the viewport's size."""

    zoom: float = 1.0  # times the size that fits; ignored while ``actual_size``
    centre: PixelPoint | None = None  # image position in the middle of the viewport; None: the image's middle
    rotation_deg: float = 0.0  # clockwise on screen
    flip_horizontal: bool = False  # left to right, before turning
    flip_vertical: bool = False
    actual_size: bool = False  # one image pixel on one device pixel
    scale: float | None = None  # device pixels per image row (true size); None: by ``zoom`` or ``actual_size``
    justify: str = ""  # left, right: at that edge of the viewport, until ``centre`` is set


@dataclass(frozen=True, slots=True)
class Affine:
    """x' = a x + b y + c; y' = d x + e y + f."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def apply(self, x: float, y: float) -> tuple[float, float]:
        return (self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f)

    def inverse(self) -> Affine:
        """The map back; the maps made here are never singular."""
        det = self.a * self.e - self.b * self.d
        a, b, d, e = self.e / det, -self.b / det, -self.d / det, self.a / det
        return Affine(a, b, -(a * self.c + b * self.f), d, e, -(d * self.c + e * self.f))

    @property
    def scale(self) -> float:
        """Device pixels per image row."""
        return math.hypot(self.b, self.e)


@dataclass(frozen=True, slots=True)
class Projection:
    """One image of a size in one viewport of a size."""

    affine: Affine
    columns: int
    rows: int
    width: int
    height: int

    def place(self, at: PixelPoint) -> Place:
        return Place(*self.affine.apply(at.column, at.row))

    def image(self, at: Place) -> PixelPoint:
        return PixelPoint(*self.affine.inverse().apply(at.x, at.y))

    @property
    def scale(self) -> float:
        return self.affine.scale

    def corners(self) -> tuple[Place, Place, Place, Place]:
        """Outer corners of the image, half a pixel beyond the centres of the outermost pixels."""
        left, right, top, bottom = -0.5, self.columns - 0.5, -0.5, self.rows - 0.5
        return (
            Place(*self.affine.apply(left, top)),
            Place(*self.affine.apply(right, top)),
            Place(*self.affine.apply(right, bottom)),
            Place(*self.affine.apply(left, bottom)),
        )


def magnified(projection: Projection, at: Place, factor: float, side: int) -> Projection:
    """The same image ``factor`` times as large in a square of ``side`` device pixels whose middle is ``at``."""
    m = projection.affine
    enlarged = Affine(
        m.a * factor,
        m.b * factor,
        (m.c - at.x) * factor + side / 2,
        m.d * factor,
        m.e * factor,
        (m.f - at.y) * factor + side / 2,
    )
    return Projection(enlarged, projection.columns, projection.rows, side, side)


def project(geometry: Geometry, *, columns: int, rows: int, aspect: float, width: int, height: int) -> Projection:
    """The map for an image of ``columns`` × ``rows`` whose pixels are ``aspect`` times as wide as high."""
    if geometry.scale is not None:
        scale = geometry.scale
    elif geometry.actual_size:
        scale = 1.0
    else:
        scale = fit_scale(geometry, columns, rows, aspect, width, height) * geometry.zoom
    angle = math.radians(geometry.rotation_deg)
    cos, sin = math.cos(angle), math.sin(angle)
    horizontal = -scale * aspect if geometry.flip_horizontal else scale * aspect
    vertical = -scale if geometry.flip_vertical else scale
    a, b, d, e = cos * horizontal, -sin * vertical, sin * horizontal, cos * vertical
    centre = geometry.centre or PixelPoint((columns - 1) / 2, (rows - 1) / 2)
    c = width / 2 - a * centre.column - b * centre.row
    f = height / 2 - d * centre.column - e * centre.row
    projection = Projection(Affine(a, b, c, d, e, f), columns, rows, width, height)
    if geometry.justify and geometry.centre is None:
        edges = [place.x for place in projection.corners()]
        c += width - max(edges) if geometry.justify == "right" else -min(edges)
        projection = Projection(Affine(a, b, c, d, e, f), columns, rows, width, height)
    return projection


def fit_scale(geometry: Geometry, columns: int, rows: int, aspect: float, width: int, height: int) -> float:
    """Device pixels per row at which the image just fits; turned images fit as turned by whole quarters."""
    wide, high = columns * aspect, float(rows)
    if round(geometry.rotation_deg / 90) % 2:
        wide, high = high, wide
    return max(min(width / wide, height / high), 1e-6)


def edge_directions(
    projection: Projection, row_direction: VectorMm, column_direction: VectorMm
) -> tuple[VectorMm, VectorMm]:
    """Patient directions of "to the right" and "down" on screen, for the orientation letters."""
    back = projection.affine.inverse()
    aspect = math.hypot(projection.affine.a, projection.affine.d) / projection.scale

    def patient(dx: float, dy: float) -> VectorMm:
        column, row = back.a * dx + back.b * dy, back.d * dx + back.e * dy
        along, down = row_direction.scaled(column * aspect), column_direction.scaled(row)
        total = VectorMm(along.x + down.x, along.y + down.y, along.z + down.z)
        return total.scaled(1 / total.length) if total.length else total

    return patient(1, 0), patient(0, 1)
