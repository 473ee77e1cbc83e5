"""Where things stand on the board and how big they are: plain numbers from the size of the screen; knows no Qt.

Everything is measured in units of a hundredth of the screen's shorter side, so one board reads the same on every screen
of a size. What must be read from the last row of chairs is checked in millimetres: `letter_mm` and `readable_m`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

IDEOGRAPH = 0.92
"""Height of a Chinese character as a part of its type size."""
CALL_ARCMIN = 15.0
"""Smallest angle under which a called number and name appear to be read without effort (normal sight resolves 5)."""
NEXT_ARCMIN = 11.0
"""The same for those who wait, who know what they look for."""
HALL_M = 8.0
"""How far the last row sits, unless the hall says otherwise."""
MOST_ROOMS = 12
"""Rooms on one page, however big the screen: more are not searched through at a glance."""
FEWEST_ROOMS = 4
"""Rooms on one page, however small the screen, unless the hall says otherwise: turning pages hides more."""
_COUNTS = (1, 2, 3, 4, 6, 8, 9, 10, 12)


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height

    def inset(self, x: float, y: float | None = None) -> Box:
        """The rectangle without a margin."""
        y = x if y is None else y
        return Box(self.left + x, self.top + y, self.width - 2 * x, self.height - 2 * y)


@dataclass(frozen=True)
class CellPlan:
    """One room: sizes of type and boxes in pixels; `lines` are places for those who wait, in reading order."""

    box: Box
    head: Box
    head_size: float
    now: Box
    now_size: float
    lines: tuple[Box, ...]
    line_size: float
    passed: Box | None  # None: those who were passed take turns with those who wait


@dataclass(frozen=True)
class Plan:
    """The board of one size: bar with clock, the call, the rooms, the line of news; `unit` is the grid in pixels."""

    unit: float
    bar: Box
    hero: Box
    cells: tuple[CellPlan, ...]
    foot: Box
    is_portrait: bool


def grid_of(count: int, *, wide: bool = True) -> tuple[int, int]:
    """Columns and rows for so many rooms; at most four beside each other, because names must stay legible."""
    if count <= 0:
        return 1, 1
    if not wide:
        return (1, count) if count <= 5 else (2, math.ceil(count / 2))
    if count <= 3:
        return count, 1
    if count == 4:
        return 2, 2
    columns = 3 if count <= 6 or count == 9 else 4
    return columns, math.ceil(count / columns)


def plan_board(width: float, height: float, rooms: int) -> Plan:
    """Lay out a board of `width` × `height` pixels for so many rooms."""
    unit = min(width, height) / 100
    is_portrait = height > width
    columns, rows = grid_of(rooms, wide=not is_portrait)
    bar = Box(0, 0, width, unit * (9 if is_portrait else 8.5))
    foot = Box(0, height - unit * 6.5, width, unit * 6.5)
    hero_units = (
        {1: 38.0, 2: 38.0, 3: 38.0, 4: 38.0, 5: 32.0}.get(rows, 27.0)
        if is_portrait
        else {1: 32.0, 2: 24.0}.get(rows, 18.0)
    )
    margin, gap = unit * 1.6, unit * 1.2
    if rooms == 0:  # nothing to show below: the field says why
        hero_units = (foot.top - gap - bar.bottom) / unit
    hero = Box(margin, bar.bottom, width - 2 * margin, unit * hero_units)
    area = Box(margin, hero.bottom + gap, width - 2 * margin, foot.top - gap * 2 - hero.bottom)
    cell_width = (area.width - gap * (columns - 1)) / columns
    cell_height = (area.height - gap * (rows - 1)) / rows
    cells = tuple(
        plan_cell(
            Box(
                area.left + (place % columns) * (cell_width + gap),
                area.top + (place // columns) * (cell_height + gap),
                cell_width,
                cell_height,
            ),
            unit,
        )
        for place in range(rooms)
    )
    return Plan(unit, bar, hero, cells, foot, is_portrait)


def plan_cell(box: Box, unit: float) -> CellPlan:
    """Lay out one room. A flat, wide room has its call at the left and those who wait at the right."""
    wide, high = box.width / unit, box.height / unit
    pad = unit * (1.4 if high < 36 else 2.0)
    inner = box.inset(pad, pad * 0.8)
    is_split = wide / high > 2.2 and wide >= 120
    call_width = inner.width * (0.53 if is_split else 1.0)
    head_size = unit * min(6.0, max(4.0, high * 0.2 if is_split else high * 0.16))
    now_size = min(call_width / 5.9, unit * 16, inner.height * (0.42 if is_split else 0.36 if high < 40 else 0.26))
    head = Box(inner.left, inner.top, call_width, head_size * 1.25)
    now = Box(inner.left, head.bottom + unit * 0.3, call_width, now_size * 1.25)
    if is_split:
        now = Box(now.left, head.bottom, now.width, inner.bottom - head.bottom)
        rest = Box(inner.left + call_width + unit * 3, inner.top, inner.width - call_width - unit * 3, inner.height)
    else:
        top = now.bottom + unit * (0.4 if high < 36 else 1.4)
        rest = Box(inner.left, top, inner.width, inner.bottom - top)
    line_size = min(unit * 6.2, max(unit * 4.1, min(unit * 5.35, rest.height / 1.3), rest.height / 1.35 / 5))
    step = line_size * 1.32
    rows = max(1, int(rest.height / step + 0.05))
    columns = 1 if rows >= 3 else max(1, min(3, int(rest.width / (line_size * 7.8))))
    has_passed = rows >= 2
    places = rows - has_passed
    width = rest.width / columns
    lines = tuple(
        Box(rest.left + (n % columns) * width, rest.top + (n // columns) * step, width, step)
        for n in range(places * columns)
    )
    passed = Box(rest.left, rest.top + places * step, rest.width, step) if has_passed else None
    return CellPlan(box, head, head_size, now, now_size, lines, line_size, passed)


# ── how far it reads ─────────────────────────────────────────────────────────────────────────────────


def screen_mm(diagonal_inches: float, width: float, height: float) -> tuple[float, float]:
    """Width and height in millimetres of a screen with square pixels."""
    diagonal = math.hypot(width, height)
    return diagonal_inches * 25.4 * width / diagonal, diagonal_inches * 25.4 * height / diagonal


def letter_mm(size: float, mm_per_pixel: float) -> float:
    """The height of a Chinese character of this type size (pixels)."""
    return size * IDEOGRAPH * mm_per_pixel


def readable_m(height_mm: float, arcmin: float) -> float:
    """From how many metres a letter of this height appears under the angle."""
    return height_mm / 1000 / math.tan(math.radians(arcmin / 60))


def legible_rooms(width: float, height: float, mm_per_pixel: float, distance_m: float = HALL_M) -> int:
    """The most rooms on one page that are read from `distance_m`; at least 1.

    With `mm_per_pixel` 0 the screen does not know how big it is: then the most that a page holds.
    """
    if mm_per_pixel <= 0:
        return MOST_ROOMS
    best = 1
    for count in _COUNTS:
        cell = plan_board(width, height, count).cells[0]
        reads = min(
            readable_m(letter_mm(cell.now_size, mm_per_pixel), CALL_ARCMIN),
            readable_m(letter_mm(cell.line_size, mm_per_pixel), NEXT_ARCMIN),
        )
        if reads >= distance_m:
            best = count
    return best
