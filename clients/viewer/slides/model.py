"""What is drawn on one slide, and what it measures. No Qt."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from clients.viewer.evented import Event
from shared.contract.pathology_slides import AnnotationView, MarkKind, SlideMark

Point = tuple[float, float]
TWO_POINTS = (MarkKind.LINE, MarkKind.ARROW, MarkKind.RECTANGLE, MarkKind.ELLIPSE)
MERGED = 1.5
"""Points of a free-hand outline that lie closer than this, in screen pixels, are one."""


def length_um(points: Sequence[Point], scale: tuple[float, float], *, closed: bool = False) -> float:
    """Length of a path in micrometres; ``scale`` is µm per pixel between rows, between columns."""
    path = [*points, points[0]] if closed else list(points)
    steps = itertools.pairwise(path)
    return sum(math.hypot((b[0] - a[0]) * scale[1], (b[1] - a[1]) * scale[0]) for a, b in steps)


def area_um2(mark: SlideMark, scale: tuple[float, float]) -> float:
    """Area of a rectangle, an ellipse or a polygon in square micrometres, 0 for all others."""
    pixel = scale[0] * scale[1]
    if mark.kind in (MarkKind.RECTANGLE, MarkKind.ELLIPSE):
        (left, top), (right, bottom) = mark.points
        box = abs(right - left) * abs(bottom - top) * pixel
        return box if mark.kind is MarkKind.RECTANGLE else box * math.pi / 4
    if mark.kind is not MarkKind.POLYGON:
        return 0.0
    following = [*mark.points[1:], mark.points[0]]
    twice = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(mark.points, following, strict=True))
    return abs(twice) / 2 * pixel


def measured(mark: SlideMark, scale: tuple[float, float] | None) -> str:
    """The measure that stands beside a drawing: a length or an area; empty where the scale is not known."""
    if scale is None:
        return ""
    if mark.kind is MarkKind.LINE:
        return length_text(length_um(mark.points, scale))
    area = area_um2(mark, scale)
    return area_text(area) if area else ""


def length_text(micrometres: float) -> str:
    """As "12.5 µm" or "1.25 mm"."""
    return f"{micrometres / 1000:.3g} mm" if micrometres >= 999.5 else f"{micrometres:.1f} µm"


def area_text(square_micrometres: float) -> str:
    """As "1250 µm²" or "1.25 mm²"."""
    if square_micrometres >= 99_950:
        return f"{square_micrometres / 1e6:.3g} mm²"
    return f"{square_micrometres:.0f} µm²"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawing as it is shown: kept on the server, or not (yet)."""

    mark: SlideMark
    kept: AnnotationView | None = None
    number: int = 0  # of one that is not kept, in the order of drawing
    is_sending: bool = False


class SlideMarks:
    """All drawings of a slide; ``changed`` after each change that must be painted."""

    def __init__(self, scale: tuple[float, float] | None) -> None:
        self.changed: Event[[]] = Event()
        self.scale = scale
        self.chosen: int | None = None  # index in `drawn`
        self._kept: tuple[AnnotationView, ...] = ()
        self._own: list[Drawn] = []
        self._count = 0

    @property
    def drawn(self) -> tuple[Drawn, ...]:
        """Kept ones that are in force, then those that are not kept."""
        return (*(Drawn(one.mark, one) for one in self._kept if one.ended_at is None), *self._own)

    @property
    def history(self) -> tuple[AnnotationView, ...]:
        """All that the server told of, ended ones too."""
        return self._kept

    def take(self, kept: Sequence[AnnotationView]) -> None:
        """The server's list."""
        self._kept = tuple(kept)
        self._settle()

    def draw(self, mark: SlideMark, *, sending: bool) -> int:
        """Show a new drawing at once; returns its number for `is_kept` and `is_lost`."""
        self._count += 1
        self._own.append(Drawn(mark, number=self._count, is_sending=sending))
        self._settle()
        return self._count

    def is_kept(self, number: int, kept: AnnotationView) -> None:
        """The server has it; what it replaces is over."""
        self._own = [one for one in self._own if one.number != number]
        self._kept = (*(one for one in self._kept if one.id not in (kept.id, kept.replaces)), kept)
        self._settle()

    def is_lost(self, number: int) -> None:
        """The server did not take it: it stays, and can be sent again."""
        self._own = [
            Drawn(one.mark, None, one.number, is_sending=False) if one.number == number else one for one in self._own
        ]
        self._settle()

    def is_withdrawn(self, annotation_id: int) -> None:
        self._kept = tuple(one for one in self._kept if one.id != annotation_id)
        self._settle()

    def drop(self, number: int) -> None:
        """Forget a drawing that is not kept."""
        self._own = [one for one in self._own if one.number != number]
        self._settle()

    def choose(self, index: int | None) -> None:
        self.chosen = index if index is not None and 0 <= index < len(self.drawn) else None
        self.changed.emit()

    def _settle(self) -> None:
        if self.chosen is not None and self.chosen >= len(self.drawn):
            self.chosen = None
        self.changed.emit()


def box_of(mark: SlideMark) -> tuple[float, float, float, float]:
    """Left, top, right, bottom in pixels of full resolution."""
    columns, rows = [point[0] for point in mark.points], [point[1] for point in mark.points]
    return min(columns), min(rows), max(columns), max(rows)


def thinned(points: Sequence[Point], nearest: float) -> tuple[Point, ...]:
    """A free-hand outline without points that lie closer together than ``nearest`` pixels."""
    kept = [points[0]]
    for point in points[1:]:
        if math.hypot(point[0] - kept[-1][0], point[1] - kept[-1][1]) >= nearest:
            kept.append(point)
    return tuple(kept)
