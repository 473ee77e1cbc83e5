"""From stored samples to what the detectors see: usable leads, common rate, no baseline wander, no mains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.waveform import filters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.record import EcgRecord

_SMALLEST_SIGNAL_UV = 40.0
_CUT_OFF_SHARE = 0.05  # of the time at the limit: half of each complex
_MAINS_UV = 15.0
_SPIKE_UV = 250.0
_SPIKE_SHARPNESS = 0.75
_FEWEST_SPIKES = 3
_SPIKES_PER_SECOND = 0.2
_SPIKES_PER_SECOND_COARSE = 0.5
_SPIKES_SHOW_HZ, _SPIKES_SURE_HZ = 240.0, 400.0  # between them a spike is one sample, as the tip of an R wave may be
_SPIKE_AROUND_S = 0.06
_ALONE = 10.0  # times what is typical around
_BURST_S = 0.25
_MOST_TOGETHER = 4
_LOOK_S = 120.0  # of a long record, this much decides which leads are usable


def usable_leads(record: EcgRecord) -> list[int]:
    """Rows of the leads that carry a signal: neither flat nor mostly missing. Frank leads only where nothing else is.

    A lead is judged in its best part of 10 s, so that one that falls off late still serves the time before. One whose
    complexes are cut off at the limit of the amplifier shows no limits of waves: it counts only where nothing else is.
    """
    import numpy as np

    from shared.waveform.leads import FRANK

    rows, whole = [], []
    length = round(min(record.seconds, 10.0) * record.sampling_hz)
    starts = np.linspace(0, max(0, record.sample_count - length), 5).astype(int)
    for start in sorted(set(starts.tolist())):
        part = record.microvolts(start, start + length)
        for row, values in enumerate(part):
            good = values[np.isfinite(values)]
            if row in whole or good.size < 0.5 * values.size:
                continue
            low, high = np.percentile(good - np.median(good), [1, 99])
            if high - low >= _SMALLEST_SIGNAL_UV:
                rows.append(row)
                if _at_limit(good) < _CUT_OFF_SHARE:
                    whole.append(row)
    rows = whole or rows
    surface = [row for row in rows if record.leads[row] not in FRANK]
    return sorted(set(surface or rows))


def _at_limit(values: NDArray[Any]) -> float:
    """The share of the samples that repeat the largest or smallest value, where that is far from the usual one."""
    import numpy as np

    low, usual, high = float(values.min()), float(np.median(values)), float(values.max())
    held = [np.mean(values == extreme) for extreme in (low, high) if abs(extreme - usual) >= 0.5 * (high - low)]
    return float(max(held, default=0.0))


def conditioned(
    record: EcgRecord, rows: list[int], first: int, last: int, rate_hz: float
) -> tuple[NDArray[Any], list[float]]:
    """(lead, sample) µV of the rows at ``rate_hz``, and the pacemaker spikes in ms from the start of the record.

    High-passed at 0.5 Hz; mains are taken out where there are any, and spikes where there are enough for a pacemaker.
    """
    values = filters.bridged(record.microvolts(first, last)[rows])
    spikes = without_bursts(spike_samples(values, record.sampling_hz), record.sampling_hz)
    often = _SPIKES_PER_SECOND if record.sampling_hz >= _SPIKES_SURE_HZ else _SPIKES_PER_SECOND_COARSE
    if spikes.size < max(_FEWEST_SPIKES, often * (last - first) / record.sampling_hz):
        spikes = spikes[:0]
    values = without_spikes(values, spikes, record.sampling_hz)
    mains = mains_frequency(values, record.sampling_hz)
    if mains:
        values = filters.notch(values, record.sampling_hz, mains)
    values = filters.resampled(values, record.sampling_hz, rate_hz)
    places = [1000.0 * (first + int(spike)) / record.sampling_hz for spike in spikes]
    return filters.high_pass(values, rate_hz, 0.5), places


def smoothed_for_waves(values: NDArray[Any], rate_hz: float) -> NDArray[Any]:
    """What P and T waves are compared on: below 30 Hz."""
    return filters.low_pass(values, rate_hz, 30.0)


def mains_frequency(values: NDArray[Any], sampling_hz: float) -> float:
    """50 or 60 where a line of that frequency stands out of the spectrum, else 0."""
    import numpy as np

    amplitudes = {mains: mains_amplitude(values, sampling_hz, mains) for mains in (50.0, 60.0)}
    best = max(amplitudes, key=lambda mains: float(np.max(amplitudes[mains])))
    return best if float(np.max(amplitudes[best])) >= _MAINS_UV else 0.0


def mains_amplitude(values: NDArray[Any], sampling_hz: float, mains_hz: float) -> NDArray[Any]:
    """(lead,) peak amplitude in the signal's unit of the line at ``mains_hz``, less what stands beside the line.

    0 where the rate is too low to carry it.
    """
    import numpy as np

    count = values.shape[-1]
    if mains_hz >= 0.49 * sampling_hz or count < sampling_hz:
        return np.zeros(values.shape[0])
    # Whole seconds, tapered: the line falls on one bin, the QRS spectrum is smooth around it.
    used = int(count // sampling_hz * sampling_hz)
    window = np.hanning(used)
    spectrum = np.abs(np.fft.rfft(values[:, :used] * window, axis=1)) * 2.0 / window.sum()
    frequencies = np.fft.rfftfreq(used, 1.0 / sampling_hz)
    line = spectrum[:, np.abs(frequencies - mains_hz) <= 0.6].max(axis=1)
    around = (np.abs(frequencies - mains_hz) > 1.5) & (np.abs(frequencies - mains_hz) < 6.0)
    beside = np.median(spectrum[:, around], axis=1) * 2.0 if around.any() else 0.0
    result: NDArray[Any] = np.maximum(line - beside, 0.0)
    return result


def spike_samples(values: NDArray[Any], sampling_hz: float) -> NDArray[Any]:
    """Samples of pacemaker spikes in (lead, sample) µV: over within 4 ms to either side, in several leads.

    The tip of a slender R wave is as high, but falls on over 10 ms: a spike has nearly all of its height over its
    surroundings 10 ms away already over those 4 ms away. Rates below 240 Hz show no spikes: the answer is empty.
    """
    import numpy as np
    from scipy import signal

    near = max(1, round(0.004 * sampling_hz))
    far = max(round(0.010 * sampling_hz), 3)
    if sampling_hz < _SPIKES_SHOW_HZ or values.shape[1] < 4 * far:
        return np.zeros(0, dtype=np.int64)
    over_near, over_far = _over(values, near), _over(values, far)
    noise = np.median(np.abs(over_near), axis=1, keepdims=True) * 1.48
    sharp = (over_near * np.sign(over_far) >= _SPIKE_SHARPNESS * np.abs(over_far)) & (np.abs(over_far) >= _SPIKE_UV)
    height = np.where(sharp, np.abs(over_near) / np.maximum(noise * 12.0, _SPIKE_UV), 0.0)
    height = np.sort(height, axis=0)[-min(3, len(values))]
    places, _ = signal.find_peaks(height, height=1.0, distance=max(1, round(0.03 * sampling_hz)))
    alone = [place for place in places if _stands_alone(over_near, int(place), round(_SPIKE_AROUND_S * sampling_hz))]
    return np.array(alone, dtype=np.int64)


def _stands_alone(over_near: NDArray[Any], place: int, reach: int) -> bool:
    """Whether a tip is a spike in as many leads as needed: the tips of muscle noise stand among others."""
    import numpy as np

    size = np.abs(over_near[:, max(0, place - reach) : place + reach + 1])
    tips = np.abs(over_near[:, place])
    many = min(3, len(tips))
    return int((tips >= _ALONE * np.median(size, axis=1)).sum()) >= many


def without_bursts(spikes: NDArray[Any], sampling_hz: float) -> NDArray[Any]:
    """The spikes without those in dense company: a pacemaker gives three to a beat at most, muscle noise many."""
    import numpy as np

    reach = round(_BURST_S * sampling_hz)
    company = np.searchsorted(spikes, spikes + reach, "right") - np.searchsorted(spikes, spikes - reach, "left") - 1
    result: NDArray[Any] = spikes[company < _MOST_TOGETHER]
    return result


def without_spikes(values: NDArray[Any], spikes: NDArray[Any], sampling_hz: float) -> NDArray[Any]:
    """The values with straight lines over 6 ms to either side of each spike."""
    import numpy as np

    reach = round(0.006 * sampling_hz)
    result = values.copy()
    for spike in spikes:
        first, last = max(0, int(spike) - reach), min(values.shape[1] - 1, int(spike) + reach)
        steps = np.linspace(0.0, 1.0, last - first + 1)
        result[:, first : last + 1] = values[:, [first]] + (values[:, [last]] - values[:, [first]]) * steps
    return result


def _over(values: NDArray[Any], reach: int) -> NDArray[Any]:
    """Each sample over the mean of those ``reach`` before and after it."""
    import numpy as np

    result = np.zeros_like(values)
    middle = values[:, reach:-reach]
    result[:, reach:-reach] = middle - 0.5 * (values[:, : -2 * reach] + values[:, 2 * reach :])
    return result
