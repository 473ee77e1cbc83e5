"""What readers draw on images: a mark, its points, its handles. No Qt, no pixels.

Points are image positions (column, row; whole numbers at pixel centres) on a *sheet*: one frame, or a plane in space
(drawn in a reconstruction). A mark stays where it is however the image is turned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum

from clients.viewer.study import FrameKey
from shared.imaging.geometry import PixelPoint, Plane
from shared.imaging.shapes import Ellipse, Outline, Polygon, rectangle


class Kind(StrEnum):
    """What a mark is."""

    LENGTH = "length"
    ANGLE = "angle"
    COBB = "cobb"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    BRUSH = "brush"  # a region that grew from a painted stroke
    PIXEL = "pixel"
    CURVE = "curve"
    ARROW = "arrow"  # from its end to its head
    TEXT = "text"

    @property
    def points(self) -> int | None:
        """How many points it has; None: any number.

        Ends of a length, sides and vertex of an angle, two lines of a Cobb angle, opposite corners of an area.
        """
        return _POINTS[self]

    @property
    def is_area(self) -> bool:
        return self in (Kind.RECTANGLE, Kind.ELLIPSE, Kind.BRUSH)

    @property
    def is_measurement(self) -> bool:
        """True for what has a value, False for annotations."""
        return self not in (Kind.CURVE, Kind.ARROW, Kind.TEXT)


_POINTS: dict[Kind, int | None] = {
    Kind.LENGTH: 2,
    Kind.ANGLE: 3,
    Kind.COBB: 4,
    Kind.RECTANGLE: 2,
    Kind.ELLIPSE: 2,
    Kind.BRUSH: None,
    Kind.PIXEL: 1,
    Kind.CURVE: None,
    Kind.ARROW: 2,
    Kind.TEXT: 1,
}
MOST_POINTS = 4000
BRUSH_HANDLES = 12
POINTER_PX, FINGER_PX = 8.0, 24.0
"""How near a mouse and a finger must come, in logical pixels."""


@dataclass(frozen=True, slots=True)
class SpacePlane:
    """A plane of a reconstruction; points on it are image positions of that plane."""

    frame_of_reference_uid: str
    plane: Plane


Sheet = FrameKey | SpacePlane


@dataclass(frozen=True, slots=True)
class Mark:
    """One drawn thing. ``id`` is the viewer's own number for it, ``uid`` the one it keeps for ever.

    ``colour`` is ``#rrggbb`` and ``font_px`` a size, both empty for the standard; ``author`` is empty for what this
    reader draws; ``made_at`` is ISO 8601 in UTC. A ``foreign`` mark is another author's: seen, not changed.
    """

    id: int
    kind: Kind
    key: Sheet
    points: tuple[PixelPoint, ...]
    name: str = ""
    text: str = ""
    colour: str = ""
    font_px: int = 0
    author: str = ""
    made_at: str = ""
    uid: str = ""
    foreign: bool = False

    @property
    def frame(self) -> FrameKey | None:
        """The frame it lies on, None in space."""
        return self.key if isinstance(self.key, FrameKey) else None

    def moved(self, columns: float, rows: float) -> Mark:
        return replace(self, points=tuple(PixelPoint(p.column + columns, p.row + rows) for p in self.points))

    def with_point(self, n: int, at: PixelPoint) -> Mark:
        return replace(self, points=(*self.points[:n], at, *self.points[n + 1 :]))


def area_outline(mark: Mark) -> Outline:
    """The closed outline of an area in (column, row); raises ValueError for other kinds."""
    if mark.kind is Kind.RECTANGLE:
        return rectangle(*mark.points)
    if mark.kind is Kind.ELLIPSE:
        a, b = mark.points
        wide, high = (b.column - a.column) / 2, (b.row - a.row) / 2
        return Ellipse(((a.column + b.column) / 2, (a.row + b.row) / 2), (wide, 0.0), (0.0, high))
    if mark.kind is Kind.BRUSH:
        return Polygon(tuple((p.column, p.row) for p in mark.points))
    raise ValueError(f"{mark.kind} encloses no area")


def lines_of(mark: Mark) -> tuple[tuple[PixelPoint, ...], ...]:
    """The lines to draw and to hit, as image positions; a single point for a pixel value and a text."""
    if mark.kind.is_area:
        return (tuple(PixelPoint(*p) for p in area_outline(mark).outline()),)
    if mark.kind is Kind.COBB and len(mark.points) == 4:
        return (mark.points[:2], mark.points[2:])
    return (mark.points,)


def outline(mark: Mark) -> tuple[PixelPoint, ...]:
    """All points of all lines."""
    return tuple(point for line in lines_of(mark) for point in line)


def handles_of(mark: Mark) -> tuple[PixelPoint, ...]:
    """The yellow handles (VW-MEA-10): the points themselves; corners and sides of an area; none of a curve.

    The first handles are always the mark's own points.
    """
    if mark.kind is Kind.CURVE:
        return ()
    if mark.kind is Kind.BRUSH:
        return tuple(mark.points[n] for n in _brush_handles(mark))
    if mark.kind in (Kind.RECTANGLE, Kind.ELLIPSE):
        a, b = mark.points
        middle = PixelPoint((a.column + b.column) / 2, (a.row + b.row) / 2)
        return (
            a,
            b,
            PixelPoint(b.column, a.row),
            PixelPoint(a.column, b.row),
            PixelPoint(a.column, middle.row),
            PixelPoint(b.column, middle.row),
            PixelPoint(middle.column, a.row),
            PixelPoint(middle.column, b.row),
        )
    return mark.points


def with_handle(mark: Mark, n: int, at: PixelPoint) -> Mark:
    """The mark after handle ``n`` was dragged to ``at``."""
    if mark.kind is Kind.BRUSH:
        return _bent(mark, _brush_handles(mark)[n], at)
    if mark.kind in (Kind.RECTANGLE, Kind.ELLIPSE) and n > 1:
        a, b = mark.points
        left, top, right, bottom = a.column, a.row, b.column, b.row
        if n in (3, 4):
            left = at.column
        if n in (2, 5):
            right = at.column
        if n in (2, 6):
            top = at.row
        if n in (3, 7):
            bottom = at.row
        return replace(mark, points=(PixelPoint(left, top), PixelPoint(right, bottom)))
    return mark.with_point(n, at)


def _brush_handles(mark: Mark) -> list[int]:
    count = min(BRUSH_HANDLES, len(mark.points))
    return [n * len(mark.points) // count for n in range(count)]


def _bent(mark: Mark, n: int, at: PixelPoint) -> Mark:
    """The corner goes to ``at``, its neighbours follow less and less, up to half way to the next handles."""
    count = len(mark.points)
    reach = max(1.0, count / max(min(BRUSH_HANDLES, count), 1))
    dx, dy = at.column - mark.points[n].column, at.row - mark.points[n].row
    moved = []
    for k, point in enumerate(mark.points):
        away = min((k - n) % count, (n - k) % count) / reach
        share = 0.5 + 0.5 * math.cos(math.pi * min(away, 1.0))
        moved.append(PixelPoint(point.column + dx * share, point.row + dy * share))
    return replace(mark, points=tuple(moved))


@dataclass(slots=True)
class Style:
    """What new marks look like (VW-STY-01, -02)."""

    colour: str = ""
    font_px: int = 0
    brush_px: float = 14.0  # radius of the smart brush on screen
    listeners: list[object] = field(default_factory=list)


COLOURS: tuple[tuple[str, str], ...] = (
    ("青色", ""),
    ("黄色", "#f2d45c"),
    ("绿色", "#6fd07f"),
    ("橙色", "#f0a04b"),
    ("红色", "#f0716b"),
    ("品红", "#e083d0"),
    ("蓝色", "#6aa8f5"),
    ("白色", "#f2f2ee"),
)
"""Chinese source text and colour; the first one is the standard."""
FONT_SIZES: tuple[int, ...] = (10, 12, 14, 16, 20, 24, 32)
STANDARD_FONT_PX = 12
