"""Reads ECG traces out of PDFs that draw them as paths: this suite's own exactly, others by their grid and words.

What a PDF does not say is assumed and told: 0 mV is the median of each trace, the rate is that of the drawn points.
Scanned paper (a picture in the PDF) is not read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.waveform.formats import base
from shared.waveform.formats.base import EcgFormatError, Source
from shared.waveform.formats.pdf_paths import Drawing, drawings
from shared.waveform.leads import TWELVE, standard_name
from shared.waveform.record import MISSING, EcgRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MARK = "mingjing-ecg:"
_GAIN_UV = 0.1
_FEWEST = 40  # points of a trace
_LEADS = {*TWELVE, "V7", "V8", "V9", "V3R", "V4R", "V5R", "X", "Y", "Z", "-aVR"}


@dataclass(frozen=True)
class _Piece:
    """A piece of a lead: samples at equal steps from ``start`` seconds, in µV."""

    lead: str
    start: float
    values: NDArray[Any]


class _Row(NamedTuple):
    """A row of the table in the keywords."""

    page: int
    lead: str
    start: float
    x: float
    y: float
    zero: float
    turned: bool


def read(source: Source) -> EcgRecord:
    """The record that a PDF draws. Raises EcgFormatError where none can be told."""
    pages, keywords = drawings(source.data)
    findings: list[str] = []
    place = keywords.find(_MARK)
    if place >= 0:
        hertz, pieces = _own(pages, keywords[place + len(_MARK) :])
    else:
        hertz, pieces = _foreign(pages, findings)
    leads = tuple(dict.fromkeys(piece.lead for piece in pieces))
    samples = _laid(pieces, leads, hertz, findings)
    findings.append("read from a drawing: values are rounded to 0.1 µV")
    names, written = base.named_leads(leads)
    return base.built(
        leads=names,
        samples=samples,
        gain_uv=(_GAIN_UV,) * len(names),
        baseline=(0.0,) * len(names),
        sampling_hz=hertz,
        original_leads=written,
        findings=findings,
    )


def _traces(page: Drawing) -> list[NDArray[Any]]:
    """Paths that run from left to right through many points (point, 2), touching pieces joined."""
    import numpy as np

    joined: list[list[tuple[float, float]]] = []
    for line in page.lines:
        touches = joined and abs(joined[-1][-1][0] - line[0][0]) < 1e-3 and abs(joined[-1][-1][1] - line[0][1]) < 1e-3
        if touches and all(a[0] <= b[0] for a, b in pairwise(line)):
            joined[-1] += line[1:]
        else:
            joined.append(list(line))
    found = [np.array(line) for line in joined if len(line) >= _FEWEST]
    return [one for one in found if (np.diff(one[:, 0]) >= -1e-6).all() and np.ptp(one[:, 0]) > 5]


def _own(pages: list[Drawing], text: str) -> tuple[float, list[_Piece]]:
    """By the table in the keywords: page, lead, second, first point, 0 mV, turned over; places from the top left."""
    import numpy as np

    try:
        facts = json.loads(text)
        hertz = base.checked_rate(float(facts["hz"]))
        speed, gain = float(facts["speed"]), float(facts["gain"])
        rows = [tuple(row) for row in facts["traces"]]
        table = [
            _Row(int(row[0]), str(row[1]), float(row[2]), float(row[3]), float(row[4]), float(row[5]), bool(row[6]))
            for row in rows[:100_000]
        ]
        heights = [float(height) for height in facts["heights"]]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, OverflowError) as error:
        raise EcgFormatError("the PDF says that Mingjing printed it, but its table of traces is damaged") from error
    if not (0.1 <= speed <= 1000 and 0.1 <= gain <= 1000):
        raise EcgFormatError("the PDF says that Mingjing printed it, but its table of traces is damaged")
    starts: list[dict[tuple[int, int], list[tuple[float, float]]]] = [
        {_key(line[0]): line for line in page.lines if len(line) > 1} for page in pages
    ]
    pieces = []
    for number, lead, start, left, first, zero, turned in table:
        if not 0 <= number < min(len(pages), len(heights)) or not 0 <= start < 1e7:
            raise EcgFormatError("the PDF says that Mingjing printed it, but its table of traces is damaged")
        line = _near(starts[number], left, heights[number] - first)
        if line is None:
            raise EcgFormatError(f"the PDF does not draw the trace of lead {lead} that it names")
        values = (np.array(line)[:, 1] - (heights[number] - zero)) / gain * 1000
        pieces.append(_Piece(lead, start, -values if turned else values))
    if not pieces:
        raise EcgFormatError("the PDF draws none of the traces that it names")
    return hertz, pieces


def _key(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0] * 100), round(point[1] * 100)


def _near(starts: dict[tuple[int, int], list[tuple[float, float]]], x: float, y: float) -> Any:
    """The line that begins at the point, to a hundredth of a millimetre."""
    column, row = _key((x, y))
    around = [(column + dx, row + dy) for dx in (0, -1, 1) for dy in (0, -1, 1)]
    return next((starts[key] for key in around if key in starts), None)


def _foreign(pages: list[Drawing], findings: list[str]) -> tuple[float, list[_Piece]]:
    import numpy as np

    words = " ".join(text for page in pages for _, _, text in page.texts)
    speed = _scale(words, r"([\d.]+)\s*mm/s", 25.0, (12.5, 25.0, 50.0), "25 mm/s", findings)
    gain = _scale(words, r"([\d.]+)\s*mm/m[Vv]", 10.0, (2.5, 5.0, 10.0, 20.0, 40.0), "10 mm/mV", findings)
    all_traces = [(number, trace) for number, page in enumerate(pages) for trace in _traces(page)]
    if not all_traces:
        raise EcgFormatError("the PDF draws no traces as paths; a scanned picture of an ECG is not read")
    box = _box(pages, findings)
    steps = np.concatenate([np.diff(trace[:, 0]) for _, trace in all_traces]) / box
    step = float(np.median(steps[steps > 1e-6])) if (steps > 1e-6).any() else 0.0
    if step <= 0:
        raise EcgFormatError("the traces of the PDF cannot be timed")
    hertz = _usual(base.checked_rate(min(max(speed / step, 1.0), 100_000.0)))
    pieces: list[_Piece] = []
    width = 0.0
    for number, page in enumerate(pages):
        own = [trace for at, trace in all_traces if at == number]
        if not own:
            continue
        left = min(float(trace[0, 0]) for trace in own)
        for trace, lead in zip(own, _names(page, own, findings), strict=True):
            seconds = (trace[:, 0] - trace[0, 0]) / box / speed
            count = int(seconds[-1] * hertz) + 1
            if count > 64 * len(trace) + 1000:
                raise EcgFormatError("the traces of the PDF cannot be timed")
            values = np.interp(np.arange(count) / hertz, seconds, trace[:, 1] / box / gain * 1000)
            start = width + (float(trace[0, 0]) - left) / box / speed
            pieces.append(_Piece(lead, start, values - float(np.median(values))))
        width += max((float(trace[-1, 0]) - left) / box / speed for trace in own)
    findings.append("0 mV is not marked in the drawing: the median of each trace was taken for it")
    return hertz, pieces


def _scale(words: str, pattern: str, usual: float, known: tuple[float, ...], said: str, findings: list[str]) -> float:
    found = [base.number(text) for text in re.findall(pattern, words)]
    value = next((one for one in found if one in known), None)
    if value is None:
        findings.append(f"the PDF does not say its scale: {said} was assumed")
    return value or usual


def _box(pages: list[Drawing], findings: list[str]) -> float:
    """How long a millimetre of the ECG is on the page: the spacing of the vertical grid lines."""
    import numpy as np

    places: list[float] = []
    for page in pages:
        for line in page.lines:
            if len(line) == 2 and abs(line[0][0] - line[1][0]) < 1e-3 and abs(line[0][1] - line[1][1]) > 10:
                places.append(line[0][0])
        if len(places) > 40:
            break
    spaces = np.diff(np.unique(np.round(places, 3)))
    spaces = spaces[spaces > 0.3]
    if spaces.size >= 10:
        usual = float(np.median(spaces))
        for boxes in (1.0, 5.0):
            if abs(usual / boxes - 1) < 0.25:
                return float(np.mean(spaces[np.abs(spaces / usual - 1) < 0.05])) / boxes
    findings.append("the PDF draws no grid that could be recognised: its own millimetres were taken")
    return 1.0


def _usual(hertz: float) -> float:
    """The usual rate that the drawn points mean."""
    for rate in (100.0, 125.0, 128.0, 200.0, 240.0, 250.0, 256.0, 300.0, 360.0, 400.0, 480.0, 500.0, 512.0, 600.0):
        if abs(hertz / rate - 1) < 0.01:
            return rate
    for rate in (800.0, 960.0, 1000.0, 1024.0, 2000.0):
        if abs(hertz / rate - 1) < 0.01:
            return rate
    return round(hertz, 3)


def _names(page: Drawing, traces: list[NDArray[Any]], findings: list[str]) -> list[str]:
    """A lead's name for each trace: in each column names and traces follow one another from top to bottom alike."""
    import numpy as np

    labels = []
    for x, y, text in page.texts:
        lead = standard_name(text.split()[0]) if text.split() else ""
        if lead in _LEADS:
            labels.append((x, y, lead))
    found = [""] * len(traces)
    for start in sorted({round(float(trace[0, 0])) for trace in traces}):
        column = [n for n, trace in enumerate(traces) if round(float(trace[0, 0])) == start]
        column.sort(key=lambda n: -float(np.median(traces[n][:, 1])))
        near = sorted((label for label in labels if -20 < label[0] - start < 20), key=lambda label: -label[1])
        if len(near) == len(column):
            for n, label in zip(column, near, strict=True):
                found[n] = label[2]
            continue
        for n in column:
            level = float(np.median(traces[n][:, 1]))
            best = min(near, key=lambda label: abs(label[1] - 5 - level), default=None)
            if best is not None and abs(best[1] - 5 - level) < 20:
                found[n] = best[2]
                near.remove(best)
    if not all(found):
        findings.append("a trace of the PDF has no lead's name beside it")
    return [name or f"CH{n + 1}" for n, name in enumerate(found)]


def _laid(pieces: list[_Piece], leads: tuple[str, ...], hertz: float, findings: list[str]) -> NDArray[Any]:
    """Pieces on one time line; where a lead is drawn twice the longer drawing counts."""
    import numpy as np

    length = max(round(piece.start * hertz) + piece.values.size for piece in pieces)
    base.checked_size(len(leads), length)
    if length > 64 * sum(piece.values.size for piece in pieces) + 10_000:
        raise EcgFormatError("the traces of the PDF lie too far apart in time")
    made = np.full((len(leads), length), MISSING, dtype=np.int32)
    for piece in sorted(pieces, key=lambda one: one.values.size):
        row = made[leads.index(piece.lead)]
        first = round(piece.start * hertz)
        values = np.rint(piece.values / _GAIN_UV)
        if not np.isfinite(values).all() or np.abs(values).max(initial=0.0) > 1e9:
            raise EcgFormatError("the traces of the PDF run out of all bounds")
        row[first : first + values.size] = values
    if (made == MISSING).any():
        findings.append("not every lead is drawn for the whole time")
    return made
