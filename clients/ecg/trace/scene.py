"""A page of the record laid out in mm: strips with their values, from the same ruling as the printed page. No Qt.

Millimetres count from the upper left corner of the ruled area. At normal spacing rows stand as on A4 paper, closer only
where the window is too low for them; at wide spacing further apart. Neither changes time or voltage.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clients.ecg.trace.choices import Spacing, ViewChoices
from shared.waveform.layouts import DEFAULT, LEAD_IN, LayoutError, Page, Ruling, Strip, layout_for, page_of
from shared.waveform.paper import GAINS, PAPERS, SPEEDS, Room, page_seconds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.ecg.trace.signals import Piece
    from shared.waveform.median_beat import MedianBeat
    from shared.waveform.record import EcgRecord

ROOM = Room.on(*PAPERS["a4"])
_WIDE = 1.6
_CLOSEST = 0.55  # of the printed pitch
_LEAST_PITCH_MM = 9.0
PAGE_S = 10.0
_RIGHT_MM = 5.0
_MOST_OUTSIDE_MM = 25.0
_MAY_RISE = 0.95  # of a row's height above and below its 0 mV: higher needs a smaller automatic gain
_LOW_VOLTAGE_MV = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A strip with its values: µV as drawn upwards, the first at ``start`` seconds; 0 mV at ``level`` mm."""

    strip: Strip
    level: float
    start: float
    sampling_hz: float
    values: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is drawn. ``cut``: leads that rise out of their row at this gain.

    ``top`` and ``bottom``: what must be seen, where the first and the last row rise out of the page.
    """

    page: Page
    pages: int
    ruling: Ruling
    width: float
    height: float
    curves: tuple[Curve, ...]
    cut: tuple[str, ...] = ()
    top: float = 0.0
    bottom: float = 0.0

    def curve_at(self, x: float, y: float) -> Curve | None:
        """The strip whose row and column hold a place in mm."""
        best: Curve | None = None
        for curve in self.curves:
            strip = curve.strip
            begin = self.ruling.begin(strip)
            if begin <= x <= begin + strip.seconds * self.ruling.speed:
                away = abs(self.ruling.zero(strip.row) - y)
                if away <= self.ruling.pitch * 0.6 and (
                    best is None or away < abs(self.ruling.zero(best.strip.row) - y)
                ):
                    best = curve
        return best


def possible(choices: ViewChoices) -> ViewChoices:
    """The choices with what cannot be (of an older version, by hand) replaced by the defaults."""
    try:
        layout_for(choices.layout, ())
    except LayoutError:
        choices = replace(choices, layout=DEFAULT)
    if choices.speed not in SPEEDS:
        choices = replace(choices, speed=25.0)
    if choices.gain is not None and choices.gain not in GAINS:
        choices = replace(choices, gain=10.0)
    return choices


def seconds_of_page(record: EcgRecord, speed: float) -> float:
    """10 s, as on paper; more where the paper holds more and the record has it."""
    on_paper = page_seconds(ROOM, speed)
    return max(PAGE_S, on_paper) if record.seconds > PAGE_S * 1.1 else PAGE_S


def page_count(record: EcgRecord, speed: float) -> int:
    """Pages of the record; a rest of less than a tenth of a page opens none."""
    import math

    return max(math.ceil(record.seconds / seconds_of_page(record, speed) - 0.1), 1)


def laid_out(record: EcgRecord, choices: ViewChoices, number: int) -> Page:
    """The page of that number."""
    each = seconds_of_page(record, choices.speed)
    layout = layout_for(choices.layout, record.leads)
    return page_of(layout, record.leads, number, number * each, each, record.seconds, choices.rhythm)


def pitch_of(rows: int, spacing: Spacing, window_mm: float) -> float:
    """From row to row; ``window_mm`` is the height of the window at true size."""
    printed = ROOM.height / rows
    if spacing is Spacing.WIDE:
        return max(printed * _WIDE, _LEAST_PITCH_MM * _WIDE)
    return min(max(window_mm / rows, printed * _CLOSEST, min(_LEAST_PITCH_MM, printed)), printed)


def build(
    record: EcgRecord, choices: ViewChoices, page: Page, piece: Piece, median: MedianBeat | None, window_mm: float
) -> Scene:
    """The scene of a page."""
    pitch = pitch_of(page.rows, choices.spacing, window_mm)
    found = [(strip, part) for strip in page.strips if (part := _part(record, strip, piece, median)) is not None]
    gain = choices.gain if choices.gain is not None else automatic_gain([part[2] for _, part in found], pitch)
    ruling = Ruling(0.0, 0.0, pitch, choices.speed, gain)
    curves, cut = [], []
    for strip, (start, hertz, values) in found:
        level = ruling.level(strip, values)
        drawn = -values if strip.turned else values
        curves.append(Curve(strip, level, start, hertz, drawn))
        if _rise(values) * gain > 2 * pitch * _MAY_RISE and strip.label not in cut:
            cut.append(strip.label)
    width = LEAD_IN + page.seconds * choices.speed + _RIGHT_MM
    count = page_count(record, choices.speed)
    top, bottom = _seen(ruling, tuple(curves), pitch * page.rows)
    return Scene(page, count, ruling, width, pitch * page.rows, tuple(curves), tuple(cut), top, bottom)


def _seen(ruling: Ruling, curves: tuple[Curve, ...], height: float) -> tuple[float, float]:
    """The highest and lowest mm that the traces and the first calibration pulse need."""
    import numpy as np

    top, bottom = min(0.0, ruling.zero(0) - ruling.gain - 1.0), height
    for curve in curves:
        there = curve.values[np.isfinite(curve.values)]
        if there.size:
            top = min(top, curve.level - float(there.max()) / 1000 * ruling.gain - 1.0)
            bottom = max(bottom, curve.level - float(there.min()) / 1000 * ruling.gain + 1.0)
    return max(top, -_MOST_OUTSIDE_MM), min(bottom, height + _MOST_OUTSIDE_MM)


def automatic_gain(values: list[NDArray[Any]], pitch: float) -> float:
    """The largest gain at which no lead leaves its row by more than a neighbour bears; 20 mm/mV for low voltage only.

    ``values`` in µV, one array a strip.
    """
    highest = max((_rise(each) for each in values), default=0.0)
    if highest == 0.0:
        return 10.0
    for gain in sorted(GAINS, reverse=True):
        if gain > 10 and highest > _LOW_VOLTAGE_MV:
            continue
        if highest * gain <= pitch * _MAY_RISE:
            return gain
    return min(GAINS)


def _rise(values: NDArray[Any]) -> float:
    """mV from the resting level to the farthest point."""
    import numpy as np

    there = values[np.isfinite(values)]
    if not there.size:
        return 0.0
    return float(np.abs(there - np.median(there)).max()) / 1000


def _part(
    record: EcgRecord, strip: Strip, piece: Piece, median: MedianBeat | None
) -> tuple[float, float, NDArray[Any]] | None:
    """First second, rate and µV of a strip."""
    if strip.beat:
        values = median.lead(strip.lead) if median is not None else None
        if median is None or values is None:
            return None
        return -median.r_sample / median.sampling_hz, median.sampling_hz, values
    hertz = record.sampling_hz
    first = round(strip.start * hertz)
    last = min(first + round(strip.seconds * hertz) + (0 if strip.rhythm else 1), record.sample_count)
    row = piece.values[record.leads.index(strip.lead)]
    return first / hertz, hertz, row[first - piece.first : max(last - piece.first, 0)]
