"""What the quality gate measures in each lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.waveform import conditioning, filters
from shared.waveform.leads import limb_law_residual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.beats import Beat
    from shared.waveform.measuring import Analysis
    from shared.waveform.median_beat import MedianBeat
    from shared.waveform.record import EcgRecord

LOOKED_AT_S = 60.0
_WINDOW_S = 0.1
_MUSCLE_ABOVE_HZ = 25.0


@dataclass(frozen=True, slots=True)
class LeadMeasures:
    """Of one lead; amplitudes in µV, None where they cannot be measured (no beats, nothing recorded)."""

    missing: float  # share of samples not recorded
    flat_s: float  # longest stretch without any change
    clipped_runs: int  # times the extreme value is held for 3 samples or more
    clipped_share: float  # of the samples, at such times
    mains_uv: float | None  # amplitude of the 50 or 60 Hz line
    muscle_uv: float | None  # RMS above 25 Hz between the complexes, mains taken out
    motion_uv: float | None  # RMS departure of single beats from the median beat, outside QRS
    wander_uv: float | None  # peak to peak of the baseline
    wander_step_uv: float | None  # largest change of the baseline within 1 s
    beat_uv: float | None  # peak to peak of the median beat

    @property
    def score(self) -> float:
        """1 for a clean lead, 0 for one that cannot be read: the worst of its measures against their limits."""
        if self.flat_s >= 1.0 or self.missing > 0.05:
            return 0.0
        parts = ((self.mains_uv, 50.0), (self.muscle_uv, 60.0), (self.motion_uv, 120.0), (self.wander_uv, 900.0))
        worst = max((value / limit for value, limit in parts if value is not None), default=1.0)
        return round(max(0.0, 1.0 - 0.5 * worst), 3)


def measure(record: EcgRecord, analysis: Analysis) -> dict[str, LeadMeasures]:
    """The measures of every lead over the first 60 s."""
    import numpy as np

    rate = record.sampling_hz
    stop = min(record.sample_count, round(LOOKED_AT_S * rate))
    raw = record.samples[:, :stop]
    values = record.microvolts(0, stop)
    missing = 1.0 - np.isfinite(values).mean(axis=1)
    solid = filters.bridged(values)
    beats = [beat for beat in analysis.delineation.beats if beat.r_ms < 1000.0 * stop / rate]
    mains = np.maximum(conditioning.mains_amplitude(solid, rate, 50.0), conditioning.mains_amplitude(solid, rate, 60.0))
    line = conditioning.mains_frequency(solid, rate)
    quiet = filters.notch(solid, rate, line) if line else solid
    muscle = _muscle(quiet, rate, beats)
    baseline = filters.baseline_of(solid, rate)
    motion, sizes = _motion(quiet - baseline, record, analysis.median, beats)
    wander, steps = _wander(baseline, rate)

    def number(array: NDArray[Any] | None, row: int) -> float | None:
        return None if array is None or missing[row] > 0.5 else round(float(array[row]), 1)

    result = {}
    for row, lead in enumerate(record.leads):
        runs, share = _clipping(raw[row])
        result[lead] = LeadMeasures(
            missing=round(float(missing[row]), 4),
            flat_s=round(_flat_seconds(raw[row], rate), 2),
            clipped_runs=runs,
            clipped_share=round(share, 5),
            mains_uv=number(mains, row),
            muscle_uv=number(muscle, row),
            motion_uv=number(motion, row),
            wander_uv=number(wander, row),
            wander_step_uv=number(steps, row),
            beat_uv=number(sizes, row),
        )
    return result


def limb_law(record: EcgRecord, beat: MedianBeat) -> float | None:
    """Misfit of the recorded limb leads to Einthoven's and Goldberger's laws within the QRS complex; see ``leads``."""
    part = {}
    for name in record.leads:
        row = beat.lead(name)
        if row is not None:
            part[name] = row[beat.qrs_on : beat.qrs_off + 1] - row[beat.qrs_on]
    return limb_law_residual(part)


def _flat_seconds(row: NDArray[Any], rate: float) -> float:
    import numpy as np

    changes = np.flatnonzero(np.diff(row) != 0)
    stretches = np.diff(np.concatenate(([-1], changes, [row.size - 1])))
    return float(stretches.max()) / rate


def _clipping(row: NDArray[Any]) -> tuple[int, float]:
    """How often, and for what share of the time, the largest or the smallest value is held for 3 samples or more."""
    import numpy as np

    most, total = 0, 0
    if row.max() == row.min():
        return 0, 0.0
    for extreme in (row.max(), row.min()):
        held = np.diff(np.concatenate(([0], (row == extreme).astype(np.int8), [0])))
        lengths = np.flatnonzero(held == -1) - np.flatnonzero(held == 1)
        lengths = lengths[lengths >= 3]
        most = max(most, int(lengths.size))
        total += int(lengths.sum())
    return most, total / row.size


def _muscle(values: NDArray[Any], rate: float, beats: list[Beat]) -> NDArray[Any] | None:
    """(lead,) median over windows of 100 ms, between complexes, of the RMS above 25 Hz."""
    import numpy as np

    width = round(_WINDOW_S * rate)
    count = values.shape[1] // width
    if count < 5 or rate < 2.5 * _MUSCLE_ABOVE_HZ:
        return None
    fast = values - filters.low_pass(values, rate, _MUSCLE_ABOVE_HZ)
    power = np.mean(fast[:, : count * width].reshape(len(values), count, width) ** 2, axis=2)
    free = np.ones(count, dtype=bool)
    for beat in beats:
        first, last = (beat.r_ms - 90.0) * rate / 1000.0, (beat.r_ms + 110.0) * rate / 1000.0
        free[max(0, int(first // width)) : max(0, int(last // width) + 1)] = False
    if free.sum() < 5:
        free[:] = True
    result: NDArray[Any] = np.sqrt(np.median(power[:, free], axis=1))
    return result


def _motion(
    values: NDArray[Any], record: EcgRecord, median: MedianBeat | None, beats: list[Beat]
) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """(lead,) median over the usual beats of the RMS departure from the median beat, and its peak-to-peak size."""
    import numpy as np

    from shared.waveform.median_beat import representative

    if median is None:
        return None, None
    rate = record.sampling_hz
    rows = [median.leads.index(name) for name in record.leads]
    before, after = round(0.25 * rate), round(0.4 * rate)
    pattern = median.samples[rows, median.r_sample - before : median.r_sample + after]
    first = max(0, median.qrs_on - median.r_sample + before - round(0.012 * rate))
    last = median.qrs_off - median.r_sample + before + round(0.012 * rate)
    departures = []
    usual = representative(tuple(beats))
    # Where noise makes each beat look different, the few that are alike say nothing.
    for beat in usual if len(usual) >= max(3, 0.5 * len(beats)) else beats:
        r = round(beat.r_ms * rate / 1000.0)
        if r - before < 0 or r + after > values.shape[1]:
            continue
        difference = values[:, r - before : r + after] - pattern
        difference = difference - np.median(difference, axis=1, keepdims=True)
        difference[:, first:last] = 0.0
        departures.append(np.sqrt(np.mean(difference**2, axis=1)))
    core = median.samples[rows, max(0, median.qrs_on - before) : median.qrs_off + after]
    sizes = np.ptp(core, axis=1)
    return (np.median(departures, axis=0) if departures else None), sizes


def _wander(baseline: NDArray[Any], rate: float) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    edge = round(0.3 * rate) if baseline.shape[1] > 2 * rate else 0
    inner = baseline[:, edge : baseline.shape[1] - edge]
    second = min(round(rate), inner.shape[1] - 1)
    steps = np.abs(inner[:, second:] - inner[:, :-second]).max(axis=1) if second > 0 else np.zeros(len(inner))
    return np.ptp(inner, axis=1), steps
