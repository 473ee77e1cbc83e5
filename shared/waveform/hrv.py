"""Heart rate variability of longer records, by the standards of the Task Force (Circulation 1996; 93:1043)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from shared.waveform.beats import BeatClass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from shared.waveform.beats import Beat

_TIME_DOMAIN_S = 60.0
_SPECTRUM_S = 280.0
_RATE_HZ = 4.0


@dataclass(frozen=True, slots=True)
class Hrv:
    """Of the normal-to-normal intervals; None where the record is too short for the value (see the Task Force)."""

    count: int
    mean_nn_ms: float
    sdnn_ms: float
    rmssd_ms: float
    pnn50: float  # percent
    sdann_ms: float | None
    triangular_index: float | None
    vlf_ms2: float | None
    lf_ms2: float | None
    hf_ms2: float | None
    lf_hf: float | None


def variability(beats: Sequence[Beat]) -> Hrv | None:
    """Variability over the beats; None below one minute or 30 intervals."""
    import numpy as np

    pairs = [(b.r_ms, b.r_ms - a.r_ms) for a, b in pairwise(beats) if a.kind == b.kind == BeatClass.NORMAL]
    if len(pairs) < 30 or beats[-1].r_ms - beats[0].r_ms < _TIME_DOMAIN_S * 1000.0:
        return None
    times, intervals = np.array(pairs).T
    usual = _running_median(intervals)
    good = (intervals > 250) & (intervals < 2500) & (np.abs(intervals - usual) < 0.3 * usual)
    times, intervals = times[good], intervals[good]
    if intervals.size < 30:
        return None
    steps = np.diff(intervals)[np.diff(times) < 1.5 * intervals[1:]]
    long = times[-1] - times[0] >= 0.9 * 3_600_000
    low, middle, high = _bands(times, intervals)
    return Hrv(
        count=int(intervals.size),
        mean_nn_ms=round(float(intervals.mean()), 1),
        sdnn_ms=round(float(intervals.std(ddof=1)), 1),
        rmssd_ms=round(float(np.sqrt(np.mean(steps**2))), 1) if steps.size else 0.0,
        pnn50=round(100.0 * float(np.mean(np.abs(steps) > 50.0)), 1) if steps.size else 0.0,
        sdann_ms=_sdann(times, intervals) if long else None,
        triangular_index=_triangular(intervals) if times[-1] - times[0] >= 20 * 60_000 else None,
        vlf_ms2=low,
        lf_ms2=middle,
        hf_ms2=high,
        lf_hf=round(middle / high, 2) if middle is not None and high else None,
    )


def _running_median(intervals: NDArray[Any]) -> NDArray[Any]:
    from scipy import ndimage

    result: NDArray[Any] = ndimage.median_filter(intervals, size=11, mode="nearest")
    return result


def _bands(times: NDArray[Any], intervals: NDArray[Any]) -> tuple[float | None, float | None, float | None]:
    """Power in 0.003–0.04, 0.04–0.15 and 0.15–0.4 Hz (ms²) by Welch's method over 5-minute pieces at 4 Hz."""
    import numpy as np
    from scipy import signal

    if times[-1] - times[0] < _SPECTRUM_S * 1000.0:
        return None, None, None
    grid = np.arange(times[0], times[-1], 1000.0 / _RATE_HZ)
    even = np.interp(grid, times, intervals)
    piece = min(even.size, round(300 * _RATE_HZ))
    frequencies, power = signal.welch(even, _RATE_HZ, nperseg=piece, detrend="linear")
    width = frequencies[1] - frequencies[0]

    def band(first: float, last: float) -> float:
        return round(float(power[(frequencies >= first) & (frequencies < last)].sum() * width), 1)

    return band(0.003, 0.04), band(0.04, 0.15), band(0.15, 0.4)


def _sdann(times: NDArray[Any], intervals: NDArray[Any]) -> float:
    """Standard deviation of the means of all 5-minute pieces."""
    import numpy as np

    pieces = ((times - times[0]) // 300_000).astype(int)
    means = [intervals[pieces == piece].mean() for piece in np.unique(pieces) if (pieces == piece).sum() > 30]
    return round(float(np.std(means, ddof=1)), 1) if len(means) > 1 else 0.0


def _triangular(intervals: NDArray[Any]) -> float:
    """All intervals over the height of their histogram with classes of 1/128 s."""
    import numpy as np

    width = 1000.0 / 128.0
    counts, _ = np.histogram(intervals, bins=np.arange(250.0, 2500.0 + width, width))
    return round(float(intervals.size / counts.max()), 1)
