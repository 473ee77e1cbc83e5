"""Filters of ECG traces: the usual steps of IEC 60601-2-25 devices, all zero-phase (forward and backward).

Zero-phase keeps ST segments and intervals where they are; a band of 0.05–150 Hz is the diagnostic one (AHA/ACC/HRS
2007, Kligfield et al., Circulation 115:1306). Values are (…, sample) arrays of any unit, time along the last axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.record import EcgRecord

HIGH_PASS_STEPS = (0.0, 0.05, 0.15, 0.5)
LOW_PASS_STEPS = (0.0, 25.0, 35.0, 40.0, 75.0, 100.0, 150.0)
NOTCH_STEPS = (0.0, 50.0, 60.0)
MUSCLE_LOW_PASS_HZ = 35.0
WHOLE_S = 120.0  # records up to that long are filtered in one piece
_AROUND_S = 30.0  # beside a piece of a longer one: nine time constants of 0.05 Hz, so that no edge shows
_EVERY = slice(None)
_NOTCH_QUALITY = 25.0
# Two passes double the attenuation: corners are moved so that a step of ``FilterSettings`` is 3 dB down at its name.
_HIGH_PASS_MOVED = (2**0.5 - 1) ** 0.5
_LOW_PASS_MOVED = (2**0.5 - 1) ** -0.25
_HIGHEST_PART = 0.49  # of the sampling rate: above it a low-pass would do nothing


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """What to show or measure through; 0 turns a step off. The default is the diagnostic band."""

    high_pass_hz: float = 0.05
    low_pass_hz: float = 150.0
    notch_hz: float = 0.0
    muscle: bool = False
    baseline: bool = False

    def words(self) -> str:
        """As it stands on screen and paper: ``0.05–150 Hz, 50 Hz notch``."""
        low = f"{self.low_pass_hz:g}" if self.low_pass_hz else "∞"
        parts = [f"{self.high_pass_hz:g}–{low} Hz"]
        if self.notch_hz:
            parts.append(f"~{self.notch_hz:g} Hz")
        if self.muscle:
            parts.append(f"EMG {MUSCLE_LOW_PASS_HZ:g} Hz")
        if self.baseline:
            parts.append("ADS")
        return ", ".join(parts)


DIAGNOSTIC = FilterSettings()


def filtered(values: NDArray[Any], sampling_hz: float, settings: FilterSettings = DIAGNOSTIC) -> NDArray[Any]:
    """The values through all steps of ``settings``; NaN stays NaN, and does not spread."""
    import numpy as np

    missing = ~np.isfinite(values)
    result = bridged(values)
    if settings.baseline:
        result = result - baseline_of(result, sampling_hz)
    if settings.high_pass_hz > 0:
        result = high_pass(result, sampling_hz, _moved(settings.high_pass_hz, sampling_hz, _HIGH_PASS_MOVED))
    if settings.notch_hz > 0:
        result = notch(result, sampling_hz, settings.notch_hz)
    corner = settings.low_pass_hz
    if settings.muscle:
        corner = min(corner, MUSCLE_LOW_PASS_HZ) if corner > 0 else MUSCLE_LOW_PASS_HZ
    if corner > 0:
        result = low_pass(result, sampling_hz, _moved(corner, sampling_hz, _LOW_PASS_MOVED))
    result[missing] = np.nan
    return result


def filtered_part(
    record: EcgRecord, first: int, last: int, settings: FilterSettings | None, leads: slice = _EVERY
) -> NDArray[Any]:
    """(lead, sample) µV of the samples from ``first`` to before ``last``, the same whichever part of a page asks.

    ``settings`` None: as recorded. ``leads``: rows of the record.
    """
    around = record.sample_count if record.seconds <= WHOLE_S else round(_AROUND_S * record.sampling_hz)
    begin, end = (max(first - around, 0), min(last + around, record.sample_count)) if settings else (first, last)
    part = record.microvolts(begin, end, leads)
    if settings is not None:
        part = filtered(part, record.sampling_hz, settings)
    values: NDArray[Any] = part[:, first - begin : last - begin]
    return values


def bridged(values: NDArray[Any]) -> NDArray[Any]:
    """A float64 copy with NaN replaced by straight lines between its neighbours (0 where a lead has nothing)."""
    import numpy as np

    result = np.array(values, dtype=float)
    for row in result.reshape(-1, result.shape[-1]):
        good = np.isfinite(row)
        if good.all():
            continue
        if not good.any():
            row[:] = 0.0
            continue
        places = np.arange(row.size)
        row[~good] = np.interp(places[~good], places[good], row[good])
    return result


def high_pass(values: NDArray[Any], sampling_hz: float, corner_hz: float) -> NDArray[Any]:
    """Second order over both passes (each a first-order RC); 6 dB down at the corner."""
    return _both_ways(values, sampling_hz, corner_hz, "highpass", 1)


def low_pass(values: NDArray[Any], sampling_hz: float, corner_hz: float) -> NDArray[Any]:
    """Fourth order over both passes, Butterworth; 6 dB down at the corner."""
    import numpy as np

    if corner_hz >= _HIGHEST_PART * sampling_hz:
        return np.array(values, dtype=float)
    return _both_ways(values, sampling_hz, corner_hz, "lowpass", 2)


def band_pass(values: NDArray[Any], sampling_hz: float, low_hz: float, high_hz: float) -> NDArray[Any]:
    """Butterworth band, for detectors."""
    return low_pass(_both_ways(values, sampling_hz, low_hz, "highpass", 2), sampling_hz, high_hz)


def notch(values: NDArray[Any], sampling_hz: float, mains_hz: float) -> NDArray[Any]:
    """Mains and its first harmonic below half the rate taken out; quality 25 (a stop band of 2 Hz at 50 Hz)."""
    import numpy as np
    from scipy import signal

    result = np.array(values, dtype=float)
    for frequency in (mains_hz, 2 * mains_hz):
        if frequency >= _HIGHEST_PART * sampling_hz:
            break
        b, a = signal.iirnotch(frequency, _NOTCH_QUALITY, fs=sampling_hz)
        pad = min(result.shape[-1] - 1, round(sampling_hz))
        result = signal.filtfilt(b, a, result, axis=-1, padlen=pad) if pad > 0 else result
    return result


def baseline_of(values: NDArray[Any], sampling_hz: float) -> NDArray[Any]:
    """Baseline wander: the median over 200 ms, then over 600 ms (de Chazal 2004), smoothed.

    The first takes out P and QRS, the second T; works at a tenth of the rate where that is still 50 Hz or more.
    """
    import numpy as np
    from scipy import ndimage

    data = np.atleast_2d(np.asarray(values, dtype=float))
    step = max(1, int(sampling_hz // 50))
    coarse = data[:, ::step]
    rate = sampling_hz / step
    for seconds in (0.2, 0.6):
        width = min(2 * round(seconds * rate / 2) + 1, 2 * ((coarse.shape[1] - 1) // 2) + 1)
        coarse = ndimage.median_filter(coarse, size=(1, max(width, 1)), mode="nearest")
    coarse = ndimage.gaussian_filter1d(coarse, 0.1 * rate, axis=1, mode="nearest")
    places = np.arange(data.shape[1])
    line = np.vstack([np.interp(places, places[::step], row) for row in coarse])
    return line.reshape(np.shape(values))


def resampled(values: NDArray[Any], sampling_hz: float, wanted_hz: float) -> NDArray[Any]:
    """At another rate: polyphase with an anti-alias filter; sample 0 stays sample 0."""
    from fractions import Fraction

    import numpy as np
    from scipy import signal

    if abs(sampling_hz - wanted_hz) < 1e-6 * wanted_hz:
        return np.array(values, dtype=float)
    ratio = Fraction(wanted_hz / sampling_hz).limit_denominator(1000)
    result: NDArray[Any] = signal.resample_poly(values, ratio.numerator, ratio.denominator, axis=-1, padtype="line")
    return result


def _moved(corner_hz: float, sampling_hz: float, factor: float) -> float:
    """The corner times the factor, on the frequency scale that a digital filter bends (bilinear transform)."""
    from math import atan, pi, tan

    if corner_hz >= _HIGHEST_PART * sampling_hz:
        return corner_hz
    return sampling_hz / pi * atan(factor * tan(pi * corner_hz / sampling_hz))


def _both_ways(values: NDArray[Any], sampling_hz: float, corner_hz: float, kind: str, order: int) -> NDArray[Any]:
    import numpy as np
    from scipy import signal

    if corner_hz >= _HIGHEST_PART * sampling_hz:
        return np.array(values, dtype=float)
    sections = signal.butter(order, corner_hz, kind, fs=sampling_hz, output="sos")
    # The start-up of a slow high-pass is as long as its time constant: mirror that much at the ends.
    pad = min(values.shape[-1] - 1, max(round(3 * sampling_hz / (2 * np.pi * corner_hz)), 12))
    if pad < 1:
        return np.array(values, dtype=float)
    result: NDArray[Any] = signal.sosfiltfilt(sections, values, axis=-1, padlen=pad)
    return result
