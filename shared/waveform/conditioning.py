"""From stored samples to what the detectors see: usable leads, common rate, no baseline wander, no mains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.waveform import filters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.record import EcgRecord

_SMALLEST_SIGNAL_UV = 40.0
_MAINS_UV = 15.0
_SPIKE_UV = 250.0
_LOOK_S = 120.0  # of a long record, this much decides which leads are usable


def usable_leads(record: EcgRecord) -> list[int]:
    """Rows of the leads that carry a signal: neither flat nor mostly missing. Frank leads only where nothing else is.

    A lead is judged in its best part of 10 s, so that one that falls off late still serves the time before.
    """
    import numpy as np

    from shared.waveform.leads import FRANK

    rows = []
    length = round(min(record.seconds, 10.0) * record.sampling_hz)
    starts = np.linspace(0, max(0, record.sample_count - length), 5).astype(int)
    for start in sorted(set(starts.tolist())):
        part = record.microvolts(start, start + length)
        for row, values in enumerate(part):
            good = values[np.isfinite(values)]
            if row in rows or good.size < 0.5 * values.size:
                continue
            low, high = np.percentile(good - np.median(good), [1, 99])
            if high - low >= _SMALLEST_SIGNAL_UV:
                rows.append(row)
    surface = [row for row in rows if record.leads[row] not in FRANK]
    return sorted(surface or rows)


def conditioned(record: EcgRecord, rows: list[int], first: int, last: int, rate_hz: float) -> NDArray[Any]:
    """(lead, sample) µV of the rows at ``rate_hz``, 0.5 Hz high-passed, mains taken out where there is any."""
    values = filters.bridged(record.microvolts(first, last)[rows])
    mains = mains_frequency(values, record.sampling_hz)
    if mains:
        values = filters.notch(values, record.sampling_hz, mains)
    values = filters.resampled(values, record.sampling_hz, rate_hz)
    return filters.high_pass(values, rate_hz, 0.5)


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


def spikes_ms(record: EcgRecord, first: int, last: int) -> list[float]:
    """Pacemaker spikes in ms from the start: shorter than 4 ms, larger than what surrounds them, in several leads.

    Only rates of 400 Hz and more show spikes; below, the answer is empty.
    """
    import numpy as np
    from scipy import ndimage, signal

    if record.sampling_hz < 400:
        return []
    values = filters.bridged(record.microvolts(first, last))
    width = 2 * round(0.006 * record.sampling_hz) + 1
    sharp = np.abs(values - ndimage.median_filter(values, size=(1, width), mode="nearest"))
    noise = np.median(sharp, axis=1, keepdims=True) * 1.48
    wanted = min(3, len(values))
    height = np.sort(sharp / np.maximum(noise * 12.0, _SPIKE_UV), axis=0)[-wanted]
    height = ndimage.maximum_filter1d(height, 3)
    places, _ = signal.find_peaks(height, height=1.0, distance=max(1, round(0.03 * record.sampling_hz)))
    return [1000.0 * (first + int(place)) / record.sampling_hz for place in places]
