"""Global measurements of a record: rate, intervals, corrected QT, axes, amplitudes, hypertrophy indices, regularity."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import mean, median
from typing import TYPE_CHECKING

from shared.waveform import amplitudes, classing, hrv
from shared.waveform.amplitudes import Axes, LeadAmplitudes
from shared.waveform.atrial import atrial_rate
from shared.waveform.beats import BeatClass, Delineation
from shared.waveform.delineating import delineate
from shared.waveform.gains import with_common_gain
from shared.waveform.median_beat import MedianBeat, median_beat, representative

if TYPE_CHECKING:
    from shared.waveform.beats import Beat
    from shared.waveform.record import EcgRecord


@dataclass(frozen=True, slots=True)
class Qtc:
    """QT corrected for rate, in ms, by the four usual formulas; named wherever one is shown."""

    bazett: int
    fridericia: int
    framingham: int
    hodges: int


def corrected(qt_ms: float, rr_ms: float) -> Qtc:
    """QT/√RR, QT/∛RR, QT + 154 (1 − RR), QT + 1.75 (rate − 60), with RR in seconds.

    >>> corrected(400, 1000)
    Qtc(bazett=400, fridericia=400, framingham=400, hodges=400)
    """
    rr = rr_ms / 1000.0
    return Qtc(
        round(qt_ms / rr**0.5),
        round(qt_ms / rr ** (1.0 / 3.0)),
        round(qt_ms + 154.0 * (1.0 - rr)),
        round(qt_ms + 1.75 * (60.0 / rr - 60.0)),
    )


@dataclass(frozen=True, slots=True)
class Hypertrophy:
    """Voltage sums in mV; None where a lead is missing."""

    rv5_mv: float | None = None
    sv1_mv: float | None = None
    rv5_sv1_mv: float | None = None
    sokolow_lyon_mv: float | None = None  # SV1 + the larger of RV5 and RV6
    cornell_mv: float | None = None  # RaVL + SV3
    cornell_product_mv_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Measurements:
    """Everything measured; None is the answer "cannot be measured", ``p_waves`` False the answer "no P wave"."""

    hr_bpm: int | None = None
    rr_ms: float | None = None
    rr_min_ms: float | None = None
    rr_max_ms: float | None = None
    irregularity: float = 0.0  # median change of RR from beat to beat, relative
    p_waves: bool = False
    atrial_bpm: int | None = None  # of atrial waves that go their own way, see ``atrial``; looked for without P waves
    p_ms: float | None = None
    pr_ms: float | None = None
    qrs_ms: float | None = None
    qt_ms: float | None = None
    qtc: Qtc | None = None
    axes: Axes = field(default_factory=lambda: Axes(None, None, None))
    amplitudes: dict[str, LeadAmplitudes] = field(default_factory=dict)
    hypertrophy: Hypertrophy = field(default_factory=Hypertrophy)
    hrv: hrv.Hrv | None = None
    counts: dict[BeatClass, int] = field(default_factory=dict)
    confidence: dict[str, float] = field(default_factory=dict)  # of hr, p, pr, qrs, qt: 0 … 1


@dataclass(frozen=True, slots=True)
class Analysis:
    """A record measured."""

    delineation: Delineation
    median: MedianBeat | None
    measurements: Measurements


def analyse(record: EcgRecord) -> Analysis:
    """Delineate and measure. Never raises for a poor record: what cannot be told is None."""
    record = with_common_gain(record)
    found = delineate(record)
    beat = median_beat(record, found) if found.beats else None
    measured = measure(found, beat)
    if found.beats and not found.p_waves:
        measured = replace(measured, atrial_bpm=atrial_rate(record, found))
    return Analysis(found, beat, measured)


def measure(found: Delineation, beat: MedianBeat | None) -> Measurements:
    """Global values from the beats and the median beat; also after beats were moved by hand."""
    beats = found.beats
    if not beats:
        return Measurements()
    intervals = [after.r_ms - before.r_ms for before, after in pairwise(beats)]
    rr = mean(intervals) if intervals else None
    usual = representative(beats)
    p_ms, pr = _span(usual, "p_on_ms", "p_off_ms"), _span(usual, "p_on_ms", "qrs_on_ms")
    qrs, qt = _span(usual, "qrs_on_ms", "qrs_off_ms"), _span(usual, "qrs_on_ms", "t_off_ms")
    if not found.p_waves:
        p_ms = pr = None
    per_lead = amplitudes.amplitudes_of(beat) if beat is not None else {}
    return Measurements(
        hr_bpm=round(60_000.0 / rr) if rr else None,
        rr_ms=round(rr, 1) if rr else None,
        rr_min_ms=round(min(intervals), 1) if intervals else None,
        rr_max_ms=round(max(intervals), 1) if intervals else None,
        irregularity=round(classing.irregularity(beats), 4),
        p_waves=found.p_waves,
        p_ms=p_ms,
        pr_ms=pr,
        qrs_ms=qrs,
        qt_ms=qt,
        qtc=corrected(qt, rr) if qt and rr else None,
        axes=amplitudes.axes_of(beat) if beat is not None else Axes(None, None, None),
        amplitudes=per_lead,
        hypertrophy=_hypertrophy(per_lead, qrs),
        hrv=hrv.variability(beats),
        counts={kind: len(found.of_kind(kind)) for kind in BeatClass},
        confidence=_confidence(found, usual),
    )


def _span(beats: list[Beat], start: str, stop: str) -> float | None:
    """Median of the interval over the beats that have both points; None when fewer than a third have."""
    values = [
        getattr(beat, stop) - getattr(beat, start)
        for beat in beats
        if getattr(beat, start) is not None and getattr(beat, stop) is not None
    ]
    return round(median(values), 1) if values and 3 * len(values) >= len(beats) else None


def _hypertrophy(leads: dict[str, LeadAmplitudes], qrs_ms: float | None) -> Hypertrophy:
    def r(name: str) -> float | None:
        values = [each for each in (leads[name].r_uv, leads[name].r2_uv) if each] if name in leads else []
        return max(values, default=0.0) / 1000.0 if name in leads else None

    def s(name: str) -> float | None:
        values = [-each for each in (leads[name].s_uv, leads[name].s2_uv) if each] if name in leads else []
        return max(values, default=0.0) / 1000.0 if name in leads else None

    def added(one: float | None, two: float | None) -> float | None:
        return round(one + two, 3) if one is not None and two is not None else None

    lateral = [each for each in (r("V5"), r("V6")) if each is not None]
    cornell = added(r("aVL"), s("V3"))
    return Hypertrophy(
        rv5_mv=r("V5"),
        sv1_mv=s("V1"),
        rv5_sv1_mv=added(r("V5"), s("V1")),
        sokolow_lyon_mv=added(s("V1"), max(lateral)) if lateral else None,
        cornell_mv=cornell,
        cornell_product_mv_ms=round(cornell * qrs_ms, 1) if cornell is not None and qrs_ms else None,
    )


def _confidence(found: Delineation, usual: list[Beat]) -> dict[str, float]:
    """Mean confidence of the beats that carry the wave, times the share of beats that carry it."""

    def part(name: str, needed: str) -> float:
        values = [getattr(beat, name) if getattr(beat, needed) is not None else 0.0 for beat in usual]
        return round(mean(values), 3) if values else 0.0

    qrs = part("qrs_confidence", "qrs_on_ms")
    p = part("p_confidence", "p_on_ms") if found.p_waves else qrs * 0.8
    t = part("t_confidence", "t_off_ms")
    return {"hr": qrs, "p": round(p, 3), "pr": round(min(p, qrs), 3), "qrs": qrs, "qt": round(min(t, qrs), 3)}
