"""Sheets of film: sizes, orientations, layouts, and where the cells lie, in millimetres. No Qt."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from shared.contract.film import FILM_SIZES

PORTRAIT, LANDSCAPE = "PORTRAIT", "LANDSCAPE"
MOST_CELLS_A_SIDE = 10
GAP_MM = 1.0
MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a sheet, millimetres from the upper left corner of what can be printed."""

    left: float
    top: float
    width: float
    height: float

    def contains(self, x: float, y: float) -> bool:
        return self.left <= x < self.left + self.width and self.top <= y < self.top + self.height


@dataclass(frozen=True, slots=True)
class Layout:
    """Cells of a film: ``counts`` cells in each row (``ROW``) or in each column (``COL``), from top left.

    A plain grid is a ROW layout with equal counts; DICOM calls it ``STANDARD\\C,R`` (PS3.3 C.13.3.1, 2010,0010).
    """

    kind: str  # ROW or COL
    counts: tuple[int, ...]

    @property
    def cells(self) -> int:
        return sum(self.counts)

    @property
    def spec(self) -> str:
        """The Image Display Format: ``STANDARD\\C,R``, ``ROW\\R1,R2…`` or ``COL\\C1,C2…``."""
        if len(set(self.counts)) == 1:
            across, down = self.counts[0], len(self.counts)
            return f"STANDARD\\{across},{down}" if self.kind == "ROW" else f"STANDARD\\{down},{across}"
        return f"{self.kind}\\{','.join(map(str, self.counts))}"

    @property
    def name(self) -> str:
        """For people: 3×4, or the cells of each row or column."""
        if len(set(self.counts)) == 1:
            across, down = self.counts[0], len(self.counts)
            return f"{across}×{down}" if self.kind == "ROW" else f"{down}×{across}"
        return "+".join(map(str, self.counts)) + (" ≡" if self.kind == "ROW" else " ⦀")

    def boxes(self, area: Box) -> tuple[Box, ...]:
        """The cells within an area: rows from top to bottom or columns from left to right."""
        found = []
        lines = len(self.counts)
        for n, count in enumerate(self.counts):
            for k in range(count):
                if self.kind == "ROW":
                    wide = (area.width - GAP_MM * (count - 1)) / count
                    high = (area.height - GAP_MM * (lines - 1)) / lines
                    column, row = k, n
                else:
                    wide = (area.width - GAP_MM * (lines - 1)) / lines
                    high = (area.height - GAP_MM * (count - 1)) / count
                    column, row = n, k
                found.append(Box(area.left + column * (wide + GAP_MM), area.top + row * (high + GAP_MM), wide, high))
        return tuple(found)


def grid(columns: int, rows: int) -> Layout:
    """A plain grid."""
    return Layout("ROW", (columns,) * rows)


GRIDS = ((1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3), (3, 4), (4, 4), (4, 5), (5, 6), (6, 7))
LAYOUTS: tuple[Layout, ...] = (
    *(grid(columns, rows) for columns, rows in GRIDS),
    Layout("ROW", (1, 2)),
    Layout("ROW", (2, 1)),
    Layout("ROW", (1, 3)),
    Layout("COL", (1, 2)),
    Layout("COL", (2, 1)),
    Layout("COL", (1, 3)),
)

_SPEC = re.compile(r"(STANDARD|ROW|COL)\\(\d{1,2}(?:,\d{1,2}){0,9})")


def layout_of(spec: str) -> Layout:
    """From an Image Display Format. Raises ValueError for one that is none, or with too many cells."""
    found = _SPEC.fullmatch(spec.strip().upper())
    counts = tuple(int(n) for n in found[2].split(",")) if found else ()
    if found is None or not all(1 <= n <= MOST_CELLS_A_SIDE for n in counts):
        raise ValueError(f"no layout: {spec[:40]!r}")
    if found[1] == "STANDARD":
        if len(counts) != 2:
            raise ValueError(f"no layout: {spec[:40]!r}")
        return grid(*counts)
    return Layout(found[1], counts)


@dataclass(frozen=True, slots=True)
class SheetSetup:
    """What all films of a job have in common."""

    size: str = "14INX17IN"
    orientation: str = PORTRAIT
    layout: Layout = field(default_factory=lambda: grid(3, 4))
    margin_mm: float = 5.0
    header_mm: float = 12.0  # 0: no head
    dpi: int = 300
    is_colour: bool = False

    @property
    def sheet_mm(self) -> tuple[float, float]:
        """Width and height of the film as it lies."""
        width, height = FILM_SIZES[self.size]
        return (width, height) if self.orientation == PORTRAIT else (height, width)

    @property
    def printable_mm(self) -> tuple[float, float]:
        """Width and height of what is composed: the sheet without its margins."""
        width, height = self.sheet_mm
        return width - 2 * self.margin_mm, height - 2 * self.margin_mm

    @property
    def pixels_per_mm(self) -> float:
        return self.dpi / MM_PER_INCH

    @property
    def pixels(self) -> tuple[int, int]:
        """Columns and rows of a composed film."""
        width, height = self.printable_mm
        return round(width * self.pixels_per_mm), round(height * self.pixels_per_mm)

    @property
    def header(self) -> Box:
        """Where the head of the film stands."""
        return Box(0.0, 0.0, self.printable_mm[0], self.header_mm)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The cells."""
        width, height = self.printable_mm
        top = self.header_mm + GAP_MM if self.header_mm else 0.0
        return self.layout.boxes(Box(0.0, top, width, height - top))


def size_name(size: str) -> str:
    """A Film Size ID for people: 14INX17IN as 14×17 in."""
    for unit, word in (("IN", "in"), ("CM", "cm")):
        found = re.fullmatch(rf"([\d_]+){unit}X([\d_]+){unit}", size)
        if found:
            return f"{found[1].replace('_', '.')}×{found[2].replace('_', '.')} {word}"
    return size


def chosen_films(text: str, count: int) -> tuple[int, ...]:
    """Films named as ``1-3,5`` (from 1), in the order of the films, as indices from 0; empty means all.

    Raises ValueError for what is no such list or names a film that there is not.
    """
    if not text.strip():
        return tuple(range(count))
    chosen: set[int] = set()
    for part in re.split(r"[,，、;；\s]+", text.strip()):
        found = re.fullmatch(r"(\d{1,4})(?:[-–~](\d{1,4}))?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last <= count:
            raise ValueError(part)
        chosen.update(range(first - 1, last))
    return tuple(sorted(chosen))
