"""Annotated beats of LUDB (12 leads, each lead marked by itself) and of the QT Database (one mark for both leads)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from shared.waveform.formats.wfdb_annotations import read_annotations

POINTS = ("p_on", "p_peak", "p_off", "qrs_on", "r", "qrs_off", "t_peak", "t_off")
BEAT_CODES = frozenset("NLRBAaJSVrFejnE/fQ?")
_LUDB_LEADS = "i ii iii avr avl avf v1 v2 v3 v4 v5 v6".split()
_FEWEST_LEADS = 6

# How marks of single leads become one: (of onsets, of offsets).
Rule = tuple[Callable[[Sequence[float]], float], Callable[[Sequence[float]], float]]
RULES: dict[str, Rule] = {
    "median of the leads": (median, median),
    "third lead (CSE practice)": (lambda v: sorted(v)[min(2, len(v) - 1)], lambda v: sorted(v)[-min(3, len(v))]),
    "very first and last lead": (min, max),
}


@dataclass(frozen=True)
class Reference:
    """A beat as annotated: ms from the start by point; a missing key is no annotation, None the absence of the wave."""

    points: dict[str, float]

    @property
    def r(self) -> float:
        return self.points["r"]


Wave = tuple[str, float | None, float, float | None]


def waves_of(path: Path, rate_hz: float) -> list[Wave]:
    """(symbol, onset, peak, offset) in ms of an annotation file with marks in parentheses."""
    marks = read_annotations(path.read_bytes())
    waves: list[Wave] = []
    for index, mark in enumerate(marks):
        if mark.code in {"(", ")"}:
            continue
        before = marks[index - 1] if index else None
        after = marks[index + 1] if index + 1 < len(marks) else None
        on = before.sample * 1000.0 / rate_hz if before is not None and before.code == "(" else None
        off = after.sample * 1000.0 / rate_hz if after is not None and after.code == ")" else None
        waves.append((mark.code, on, mark.sample * 1000.0 / rate_hz, off))
    return waves


def ludb_beats(header: Path, rate_hz: float, rule: Rule) -> list[Reference]:
    """The beats that most of the twelve leads have; each point over the leads by the rule, peaks by the median."""
    leads = [waves_of(header.with_suffix(f".{lead}"), rate_hz) for lead in _LUDB_LEADS]
    peaks = sorted(wave[2] for waves in leads for wave in waves if wave[0] == "N")
    groups: list[list[float]] = []
    for peak in peaks:
        if groups and peak - groups[-1][-1] <= 120.0:
            groups[-1].append(peak)
        else:
            groups.append([peak])
    beats = [median(group) for group in groups if len(group) >= _FEWEST_LEADS]
    return [Reference(_ludb_points(leads, beats, index, rule)) for index in range(len(beats))]


def _ludb_points(leads: list[list[Wave]], beats: list[float], index: int, rule: Rule) -> dict[str, float]:
    r = beats[index]
    low = beats[index - 1] + 120.0 if index else r - 400.0
    high = beats[index + 1] - 20.0 if index + 1 < len(beats) else r + 700.0
    points: dict[str, float] = {}
    windows = {"p": (max(low, r - 400.0), r - 20.0), "N": (r - 120.0, r + 120.0), "t": (r + 80.0, min(high, r + 700.0))}
    for symbol, name in (("p", "p"), ("N", "qrs"), ("t", "t")):
        first, last = windows[symbol]
        found = [
            min(inside, key=lambda wave: abs(wave[2] - r))
            for waves in leads
            if (inside := [wave for wave in waves if wave[0] == symbol and first < wave[2] < last])
        ]
        if len(found) < _FEWEST_LEADS:
            continue
        onsets = [wave[1] for wave in found if wave[1] is not None]
        offsets = [wave[3] for wave in found if wave[3] is not None]
        points["r" if symbol == "N" else f"{name}_peak"] = median(wave[2] for wave in found)
        if len(onsets) >= 4 and symbol != "t":
            points[f"{name}_on"] = rule[0](onsets)
        if len(offsets) >= 4:
            points[f"{name}_off"] = rule[1](offsets)
    return points


def qtdb_beats(header: Path, rate_hz: float, annotator: str = "q1c") -> list[Reference]:
    """The beats that the first cardiologist marked; the last end of a T wave with two humps counts."""
    waves = waves_of(header.with_suffix(f".{annotator}"), rate_hz)
    places = [index for index, wave in enumerate(waves) if wave[0] in BEAT_CODES]
    beats = []
    for order, index in enumerate(places):
        _, on, r, off = waves[index]
        points: dict[str, float | None] = {"r": r, "qrs_on": on, "qrs_off": off}
        previous = places[order - 1] if order else -1
        following = places[order + 1] if order + 1 < len(places) else len(waves)
        before = [wave for wave in waves[previous + 1 : index] if wave[0] == "p" and 0 < r - wave[2] < 400.0]
        after = [wave for wave in waves[index + 1 : following] if wave[0] == "t" and 0 < wave[2] - r < 700.0]
        if before:
            points |= {"p_on": before[-1][1], "p_peak": before[-1][2], "p_off": before[-1][3]}
        if after:
            points |= {"t_peak": after[0][2], "t_off": after[-1][3]}
        beats.append(Reference({name: value for name, value in points.items() if value is not None}))
    return beats


def reference_beats_ms(header: Path, rate_hz: float, annotator: str = "atr") -> list[float]:
    """Where the reference annotator marked beats of any kind."""
    marks = read_annotations(header.with_suffix(f".{annotator}").read_bytes())
    return [mark.sample * 1000.0 / rate_hz for mark in marks if mark.code in BEAT_CODES]
