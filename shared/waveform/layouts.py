"""Which lead stands where and shows which second, on paper and on the screen: no drawing here (EX-ECG-01).

A page shows ``seconds`` of the record. The layouts in columns are continuous in time, as carts print them: the second
column of 3x4 goes on where the first one ends. A rhythm strip runs over the whole page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.waveform.leads import CABRERA, CHEST, TWELVE

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_PAGES = 500
LEAD_IN = 15.0  # mm left of the traces for the calibration pulse, a multiple of 5
BEAT_BEFORE_S, BEAT_S = 0.4, 1.1  # of a median beat: from R back, and in all (shared.waveform.median_beat)
_FAR_UV = 1500.0


class LayoutError(ValueError):
    """What cannot be laid out; the sentence says what to choose."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout by its name: columns of leads from top to bottom, and how many rhythm strips follow."""

    name: str
    columns: tuple[tuple[str, ...], ...]
    rhythm: int = 0
    beats: bool = False  # median beats in the columns, rhythm strips below

    @property
    def rows(self) -> int:
        return max(map(len, self.columns)) + self.rhythm


@dataclass(frozen=True, slots=True)
class Strip:
    """A piece of a lead: ``row`` from the top, its seconds of the record, and how far right it begins."""

    lead: str  # of the record; without the sign that ``label`` may have
    label: str
    row: int
    start: float
    seconds: float
    offset: float
    turned: bool = False  # drawn upside down: -aVR
    rhythm: bool = False
    beat: bool = False  # of the median beat: ``start`` counts from R


@dataclass(frozen=True, slots=True)
class Ruling:
    """Where the strips of a page stand, in mm: the one rule of paper and screen.

    ``left`` and ``top`` of the ruled area, ``pitch`` from row to row; ``speed`` in mm/s, ``gain`` in mm/mV.
    """

    left: float
    top: float
    pitch: float
    speed: float
    gain: float

    def zero(self, row: int) -> float:
        """The 0 mV line of a row, on a grid line."""
        return self.top + math.floor(round((row + 0.55) * self.pitch, 6) + 0.5)

    def begin(self, strip: Strip) -> float:
        """Where the strip's first second stands."""
        return self.left + LEAD_IN + strip.offset * self.speed

    def x(self, strip: Strip, seconds: Any) -> Any:
        """Where seconds of the record (a number or an array) stand."""
        return self.begin(strip) + (seconds - strip.start) * self.speed

    def seconds(self, strip: Strip, x: float) -> float:
        """The second of the record that stands at ``x``."""
        return strip.start + (x - self.begin(strip)) / self.speed

    def level(self, strip: Strip, microvolts: NDArray[Any]) -> float:
        """Where 0 mV of these values is drawn: a trace that rests far from 0 mV stands where its row is."""
        import numpy as np

        there = microvolts[np.isfinite(microvolts)]
        rest = float(np.median(there)) if there.size else 0.0
        rest = -rest if strip.turned else rest
        return self.zero(strip.row) + (round(rest / 1000 * self.gain) if abs(rest) > _FAR_UV else 0)

    def y(self, strip: Strip, level: float, microvolts: Any) -> Any:
        """Where values (a number or an array) stand when 0 mV is at ``level``."""
        return level - (-microvolts if strip.turned else microvolts) / 1000 * self.gain


@dataclass(frozen=True, slots=True)
class Page:
    """The strips of one page, the number of rows, and the seconds that it is wide."""

    number: int
    start: float
    seconds: float
    rows: int
    strips: tuple[Strip, ...]
    missing: tuple[str, ...] = ()  # leads of the layout that the record lacks


_LIMBS, _AUGMENTED = TWELVE[:3], TWELVE[3:6]
LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("3x4+1R", (_LIMBS, _AUGMENTED, CHEST[:3], CHEST[3:]), 1),
        Layout("3x4+3R", (_LIMBS, _AUGMENTED, CHEST[:3], CHEST[3:]), 3),
        Layout("3x4", (_LIMBS, _AUGMENTED, CHEST[:3], CHEST[3:])),
        Layout("6x2", (TWELVE[:6], CHEST)),
        Layout("6x2+1R", (TWELVE[:6], CHEST), 1),
        Layout("12x1", (TWELVE,)),
        Layout("cabrera", (CABRERA, CHEST)),
        Layout("cabrera+1R", (CABRERA, CHEST), 1),
        Layout("median+3R", (_LIMBS, _AUGMENTED, CHEST[:3], CHEST[3:]), 3, beats=True),
    )
}
DEFAULT = "3x4+1R"
ALL = "all"
RHYTHM_LEADS = ("II", "V1", "V5")


def layout_for(name: str, leads: Sequence[str]) -> Layout:
    """The layout of that name where the record has most of its leads, else all its leads one below the other."""
    if name == ALL:
        return Layout(f"{len(leads)}x1", (tuple(leads),))
    layout = LAYOUTS.get(name)
    if layout is None:
        raise LayoutError(f"there is no layout {name!r}; choose one of {', '.join((*LAYOUTS, ALL))}")
    wanted = [lead.lstrip("-") for column in layout.columns for lead in column]
    if sum(lead in leads for lead in wanted) * 2 >= len(wanted):
        return layout
    return Layout(f"{len(leads)}x1", (tuple(leads),))


def pages_of(
    layout: Layout,
    leads: Sequence[str],
    record_seconds: float,
    page_seconds: float,
    start: float = 0.0,
    seconds: float | None = None,
    rhythm: Sequence[str] = RHYTHM_LEADS,
    whole: bool = False,
) -> tuple[Page, ...]:
    """The pages that show ``seconds`` of the record from ``start`` (all of it: None). Raises LayoutError.

    A rest of less than a tenth of a page opens no page of its own, unless the ``whole`` record is wanted.
    """
    if page_seconds <= 0 or record_seconds <= 0 or not 0 <= start < record_seconds:
        raise LayoutError("there is nothing to show from that second on")
    shown = min(record_seconds - start, math.inf if seconds is None else seconds)
    count = max(math.ceil(shown / page_seconds - (1e-6 if whole else 0.1)), 1)
    if count > MAX_PAGES:
        raise LayoutError(f"that would be {count} pages; choose a part of the record with a start and a length")
    return tuple(
        page_of(layout, leads, n, start + n * page_seconds, page_seconds, start + shown, rhythm) for n in range(count)
    )


def page_of(
    layout: Layout, leads: Sequence[str], number: int, start: float, seconds: float, end: float, rhythm: Sequence[str]
) -> Page:
    """One page: ``seconds`` from ``start``, of a record (or a wanted part) that ends at the second ``end``."""
    each = seconds / len(layout.columns)
    strips, missing = [], []
    for place, column in enumerate(layout.columns):
        for row, label in enumerate(column):
            lead = label.lstrip("-") if label not in leads else label
            if lead not in leads:
                missing.append(label)
                continue
            first = start + place * each
            length = min(each, end - first)
            turned = label.startswith("-") and not lead.startswith("-")
            if layout.beats:
                strips.append(Strip(lead, label, row, -BEAT_BEFORE_S, BEAT_S, place * each, turned, beat=True))
            elif length > 0:
                strips.append(Strip(lead, label, row, first, length, place * each, turned))
    depth = max(map(len, layout.columns))
    wanted = [lead for lead in dict.fromkeys((*rhythm, *RHYTHM_LEADS, *leads)) if lead in leads]
    for n, lead in enumerate(wanted[: layout.rhythm]):
        strips.append(Strip(lead, lead, depth + n, start, min(seconds, end - start), 0.0, rhythm=True))
    return Page(number, start, seconds, layout.rows, tuple(strips), tuple(missing))
