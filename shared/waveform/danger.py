"""Signs of danger that no interval tells: fibrillation, runs of ventricular beats, pauses; suspicions, never diagnoses.

Ventricular fibrillation: the VF-filter leakage of Kuo and Dillman (Computers in Cardiology 1978, 347–349), which is
small where a signal is nearly a sine wave, beside the mean period and the size that fibrillation has.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from shared.waveform.beats import BeatClass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.measuring import Analysis
    from shared.waveform.record import EcgRecord

_WINDOW_S = 4.0
_LEAKAGE = 0.406
_FREQUENCIES_HZ = (2.3, 9.5)
_LEAST_RMS_UV = 50.0
_SHARE = 0.5  # of the windows of a lead
_LONGEST_S = 300.0  # of a long record that is looked at
_LEADS = ("II", "V1", "V5", "I", "aVF", "V2", "V3")


@dataclass(frozen=True, slots=True)
class Signs:
    """What was found in a record."""

    fibrillation_s: float = 0.0  # in the leads that agree
    run_beats: int = 0  # the longest run of ventricular beats
    run_s: float = 0.0
    run_bpm: float = 0.0
    pause_s: float = 0.0  # the longest time between two beats, or before the first or after the last one
    shortest_rr_ms: float | None = None
    r_on_t: int = 0
    seconds: float = 0.0


def signs_of(record: EcgRecord, analysis: Analysis) -> Signs:
    """Return the signs of a measured record."""
    beats = analysis.delineation.beats
    run, seconds, rate = _run(analysis)
    intervals = [after.r_ms - before.r_ms for before, after in pairwise(beats)]
    length_ms = record.seconds * 1000
    gaps = [*intervals, beats[0].r_ms, length_ms - beats[-1].r_ms] if beats else []
    on_t = sum(
        1
        for before, after in pairwise(beats)
        if after.kind is BeatClass.VENTRICULAR
        and before.t_off_ms is not None
        and (after.qrs_on_ms or after.r_ms) < before.t_off_ms
    )
    return Signs(
        fibrillation_s=fibrillation_seconds(record),
        run_beats=run,
        run_s=seconds,
        run_bpm=rate,
        pause_s=max(gaps, default=0.0) / 1000,
        shortest_rr_ms=min(intervals, default=None),
        r_on_t=on_t,
        seconds=record.seconds,
    )


def _run(analysis: Analysis) -> tuple[int, float, float]:
    """The longest run of ventricular beats: how many, seconds, rate."""
    best, begin = (0, 0.0, 0.0), 0
    beats = analysis.delineation.beats
    for place, beat in enumerate(beats):
        if beat.kind is not BeatClass.VENTRICULAR:
            begin = place + 1
            continue
        count = place - begin + 1
        if count > best[0]:
            seconds = (beat.r_ms - beats[begin].r_ms) / 1000
            best = (count, seconds, 60 * (count - 1) / seconds if seconds > 0 else 0.0)
    return best


def fibrillation_seconds(record: EcgRecord) -> float:
    """Seconds that look like ventricular fibrillation in at least two leads, or in the only one."""
    names = [name for name in _LEADS if name in record.leads] or list(record.leads[:3])
    found = sorted((_lead_seconds(record, name) for name in names), reverse=True)
    return found[1] if len(found) > 1 else (found[0] if found else 0.0)


def _lead_seconds(record: EcgRecord, name: str) -> float:
    import numpy as np

    from shared.waveform import filters

    hertz = record.sampling_hz
    stop = min(record.sample_count, round(_LONGEST_S * hertz))
    row = record.leads.index(name)
    values = filters.bridged(record.microvolts(0, stop)[row])
    wide = round(_WINDOW_S * hertz)
    if values.size < wide or hertz < 60:
        return 0.0
    values = filters.low_pass(filters.high_pass(values, hertz, 1.0), hertz, min(30.0, 0.4 * hertz))
    windows = [values[start : start + wide] for start in range(0, values.size - wide + 1, wide // 2)]
    hits = [_is_fibrillation(one - np.mean(one), hertz) for one in windows]
    share = sum(hits) / len(hits)
    return share * values.size / hertz if share >= _SHARE or sum(hits) * _WINDOW_S / 2 >= 2 * _WINDOW_S else 0.0


def _is_fibrillation(values: NDArray[Any], hertz: float) -> bool:
    """One window: as large as fibrillation, of its period, and nearly a sine wave."""
    import numpy as np

    if float(np.sqrt(np.mean(values**2))) < _LEAST_RMS_UV:
        return False
    change = float(np.abs(np.diff(values)).sum())
    if change <= 0:
        return False
    half = round(np.pi * float(np.abs(values).sum()) / change)  # half of the mean period, in samples
    if half < 1 or half >= values.size // 2:
        return False
    frequency = hertz / (2 * half)
    if not _FREQUENCIES_HZ[0] <= frequency <= _FREQUENCIES_HZ[1]:
        return False
    late, early = values[half:], values[:-half]
    leakage = float(np.abs(late + early).sum() / (np.abs(late) + np.abs(early)).sum())
    return leakage < _LEAKAGE
