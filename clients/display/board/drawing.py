"""Where things stand on the board and how big they are: plain numbers from the size of the screen; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass

LEGIBLE = 0.045
"""Smallest type for people who wait, as a part of the board's height.

Eight metres away a capital must be about 32 mm high (distance / 250). A 55-inch screen is 685 mm high, and a capital
of the suite's typeface is 0.73 of its size: 0.045 of the height is 31 mm of type there, and Chinese characters, which
fill their square, are read at that size.
"""


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

    def inset(self, by: float) -> Box:
        """The rectangle without a margin."""
        return Box(self.left + by, self.top + by, self.width - 2 * by, self.height - 2 * by)


@dataclass(frozen=True)
class Plan:
    """The board of one size: bar with clock, the call, the rooms, the line of news; `unit` is the grid in pixels."""

    unit: float
    bar: Box
    hero: Box
    rooms: tuple[Box, ...]
    foot: Box


def grid_of(count: int, *, wide: bool = True) -> tuple[int, int]:
    """Columns and rows for so many rooms; at most four beside each other, because names must stay legible."""
    if count <= 0:
        return 1, 1
    if not wide:
        return (1, count) if count <= 4 else (2, -(-count // 2))
    if count <= 3:
        return count, 1
    if count == 4:
        return 4, 1
    columns = 3 if count <= 6 else 4
    return columns, -(-count // columns)


def plan_board(width: float, height: float, rooms: int) -> Plan:
    """Lay out a board of `width` × `height` pixels for so many rooms."""
    unit = min(height, width * 0.75) / 100
    bar = Box(0, 0, width, unit * 11)
    foot = Box(0, height - unit * 8, width, unit * 8)
    columns, lines = grid_of(rooms, wide=width >= height)
    hero_height = unit * (34 if lines == 1 else 24)
    hero = Box(unit * 3, bar.bottom + unit, width - unit * 6, hero_height)
    gap = unit * 2
    top = hero.bottom + gap
    area = Box(unit * 3, top, width - unit * 6, foot.top - gap - top)
    cell_width = (area.width - gap * (columns - 1)) / columns
    cell_height = (area.height - gap * (lines - 1)) / lines
    boxes = tuple(
        Box(
            area.left + (place % columns) * (cell_width + gap),
            area.top + (place // columns) * (cell_height + gap),
            cell_width,
            cell_height,
        )
        for place in range(rooms)
    )
    return Plan(unit, bar, hero, boxes, foot)
