"""What a laid-out page consists of: marks in millimetres from the upper left corner, for any renderer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Turn = Literal[0, 90, 180, 270]

Matrix = tuple[tuple[bool, ...], ...]


@dataclass(frozen=True)
class TextMark:
    """One line of printable text; (x, y) is the left end of its base line, `turn` clockwise about that point."""

    x_mm: float
    y_mm: float
    text: str
    size_mm: float
    bold: bool
    colour: str
    width_mm: float
    turn: Turn = 0
    italic: bool = False
    letter_mm: float = 0.0  # added between characters
    angle: float = 0.0  # anticlockwise degrees about (x, y), besides `turn`
    opacity: float = 1.0


@dataclass(frozen=True)
class LineMark:
    """A straight line."""

    x_mm: float
    y_mm: float
    x2_mm: float
    y2_mm: float
    weight_mm: float
    colour: str
    dashed: bool = False


@dataclass(frozen=True)
class BoxMark:
    """A rectangle; its line lies on the edge, half inside."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    fill: str
    stroke: str
    weight_mm: float


@dataclass(frozen=True)
class ImageMark:
    """A picture of the template, or `@name` of the facts, fitted into the rectangle whose upper left corner (before
    turning) is (x, y)."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    image: str
    turn: Turn = 0


@dataclass(frozen=True)
class BarsMark:
    """Code 128: black bars as (start, width) in modules; (x, y) is the upper left corner before turning."""

    x_mm: float
    y_mm: float
    text: str
    runs: tuple[tuple[int, int], ...]
    modules: int
    module_mm: float
    height_mm: float
    turn: Turn = 0


@dataclass(frozen=True)
class MatrixMark:
    """A square code; (x, y) is the upper left corner before turning."""

    x_mm: float
    y_mm: float
    text: str
    symbology: Literal["qr", "datamatrix"]
    rows: Matrix
    module_mm: float
    turn: Turn = 0


Mark = TextMark | LineMark | BoxMark | ImageMark | BarsMark | MatrixMark


@dataclass(frozen=True)
class PageOfMarks:
    """One page, ready to draw."""

    width_mm: float
    height_mm: float
    marks: tuple[Mark, ...]


def moved(mark: Mark, dx: float, dy: float) -> Mark:
    """The mark elsewhere."""
    if isinstance(mark, LineMark):
        return replace(mark, x_mm=mark.x_mm + dx, y_mm=mark.y_mm + dy, x2_mm=mark.x2_mm + dx, y2_mm=mark.y2_mm + dy)
    return replace(mark, x_mm=mark.x_mm + dx, y_mm=mark.y_mm + dy)


def turned(mark: Mark, turn: int, width_mm: float, height_mm: float) -> Mark:
    """The mark on a sheet of this size after the sheet was turned clockwise, its new upper left corner being zero."""
    if turn == 0:
        return mark

    def place(x: float, y: float) -> tuple[float, float]:
        return {90: (height_mm - y, x), 180: (width_mm - x, height_mm - y), 270: (y, width_mm - x)}[turn]

    if isinstance(mark, LineMark):
        (x, y), (x2, y2) = place(mark.x_mm, mark.y_mm), place(mark.x2_mm, mark.y2_mm)
        return replace(mark, x_mm=x, y_mm=y, x2_mm=x2, y2_mm=y2)
    if isinstance(mark, BoxMark):
        (x, y), (x2, y2) = place(mark.x_mm, mark.y_mm), place(mark.x_mm + mark.width_mm, mark.y_mm + mark.height_mm)
        return replace(mark, x_mm=min(x, x2), y_mm=min(y, y2), width_mm=abs(x2 - x), height_mm=abs(y2 - y))
    x, y = place(mark.x_mm, mark.y_mm)
    return replace(mark, x_mm=x, y_mm=y, turn=_TURNS[(mark.turn + turn) % 360])


_TURNS: dict[int, Turn] = {0: 0, 90: 90, 180: 180, 270: 270}


def page_turned(page: PageOfMarks, turn: int) -> PageOfMarks:
    """The page turned clockwise."""
    marks = tuple(turned(mark, turn, page.width_mm, page.height_mm) for mark in page.marks)
    if turn in (90, 270):
        return PageOfMarks(page.height_mm, page.width_mm, marks)
    return PageOfMarks(page.width_mm, page.height_mm, marks)
