"""The waves of single beats: the points of the averaged beat, moved to where each beat has the wave.

Averaging makes onsets and offsets certain, single beats move their P and T waves a little against the QRS complex: the
wave of the average is shifted over the beat until it fits best (cross-correlation over all leads). Whether there are P
waves at all is asked here too: what precedes one beat must look like what precedes the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.waveform.delineation import WavePoints

if TYPE_CHECKING:
    from numpy.typing import NDArray

_P_REACH_MS = 40.0
_T_REACH_MS = 60.0
P_FITS = 0.5
_P_AGREEMENT = 0.5
_P_AGREEMENT_SMALL = 0.75
_SMALL_P_UV = 15.0  # RMS as below: what runs out of a T wave is as large
_P_AGREEMENT_IRREGULAR = 0.85
_IRREGULAR = 0.1  # median change of RR from beat to beat
_T_FITS = 0.6
_SMALLEST_P_UV = 8.0  # RMS over leads of the averaged wave
_SMALLEST_T_UV = 12.0
_ONSET_REACH_MS = 16.0
_ONSET_BEFORE_MS, _ONSET_AFTER_MS = 15.0, 30.0
_ONSET_SPREAD_MS = 6.0  # how far onsets lie apart before anything is seen of them
_ONSET_TOGETHER = 12.0  # samples and leads that say no more than one, neighbours being alike
_NOISE_FLOOR_UV = 2.0


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave of an averaged beat: its (lead, sample) pattern, where it begins and its places, all from the fiducial."""

    pattern: NDArray[Any]
    start: int
    on: float | None
    peak: float
    off: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A wave found in a beat: how far it is moved, how well it fits (correlation) and its relative size."""

    shift: int
    fit: float
    size: float


def p_wave(beat: NDArray[Any], fiducial: int, points: WavePoints, rate_hz: float) -> Wave | None:
    """The P wave of the average with 16 ms around it; None where it has none or one too small to be seen."""
    if points.p_on is None or points.p_off is None or points.p_peak is None:
        return None
    margin = round(0.016 * rate_hz)
    start = max(0, round(points.p_on) - margin)
    stop = min(round(points.qrs_on), round(points.p_off) + margin)
    pattern = _without_chord(beat[:, start:stop])
    if _rms(pattern) < _SMALLEST_P_UV or pattern.shape[1] < 0.03 * rate_hz:
        return None
    places = (points.p_on - fiducial, points.p_peak - fiducial, points.p_off - fiducial)
    return Wave(pattern, start - fiducial, *places)


def t_wave(beat: NDArray[Any], fiducial: int, points: WavePoints, rate_hz: float) -> Wave | None:
    """The later part of the T wave of the average: from 60 ms before its peak to 60 ms after its end."""
    if points.t_peak is None or points.t_off is None:
        return None
    margin = round(0.06 * rate_hz)
    start = max(round(points.qrs_off), round(points.t_peak) - margin)
    stop = min(beat.shape[1], round(points.t_off) + margin)
    pattern = beat[:, start:stop] - beat[:, start:stop].mean(axis=1, keepdims=True)
    if _rms(pattern) < _SMALLEST_T_UV or pattern.shape[1] < 0.05 * rate_hz:
        return None
    return Wave(pattern, start - fiducial, None, points.t_peak - fiducial, points.t_off - fiducial)


def p_agreement(values: NDArray[Any], fiducials: NDArray[Any], wave: Wave) -> float:
    """How much the single beats agree about the wave: mean correlation of each with the average of the others.

    Near 1 for sinus rhythm, near 0 where the average is a chance sum of fibrillation waves or noise. 0 below 3 beats.
    """
    import numpy as np

    windows = [_window(values, int(place) + wave.start, wave.pattern.shape[1], 0) for place in fiducials]
    parts = np.array([_without_chord(window) for window in windows if window is not None])
    if len(parts) < 3:
        return 0.0
    if len(parts) > 40:
        parts = parts[np.linspace(0, len(parts) - 1, 40).astype(int)]
    total = parts.sum(axis=0)
    fits = []
    for part in parts:
        others = total - part
        fits.append(float((part * others).sum() / np.sqrt((part**2).sum() * (others**2).sum() + 1e-12)))
    return float(np.mean(fits))


def agrees(agreement: float, wave: Wave | None, irregularity: float) -> bool:
    """Whether such an agreement means P waves.

    An irregular rhythm must prove them better (fibrillation waves), and so must a wave that is hardly there at all.
    """
    least = _P_AGREEMENT_IRREGULAR if irregularity > _IRREGULAR else _P_AGREEMENT
    if wave is not None and _rms(wave.pattern) < _SMALL_P_UV:
        least = max(least, _P_AGREEMENT_SMALL)
    return agreement >= least


def place_p(values: NDArray[Any], fiducial: int, wave: Wave, rate_hz: float, least: float = P_FITS) -> Placed | None:
    """Where the beat at ``fiducial`` has the P wave; None where nothing like it is found within 40 ms."""
    placed = _placed(values, fiducial, wave, round(_P_REACH_MS * rate_hz / 1000.0), 0.1)
    if placed is None or placed.fit < least or not 0.25 <= placed.size <= 4.0:
        return None
    return placed


def place_t(values: NDArray[Any], fiducial: int, wave: Wave, rate_hz: float) -> Placed:
    """Where the beat has the T wave; where it fits nowhere it is left at its usual place with fit 0."""
    placed = _placed(values, fiducial, wave, round(_T_REACH_MS * rate_hz / 1000.0), 0.05)
    if placed is None or placed.fit < _T_FITS:
        return Placed(0, 0.0, 1.0)
    return placed


def onset_shifts(
    values: NDArray[Any], fiducials: NDArray[Any], beat: NDArray[Any], zero: int, onset: float, rate_hz: float
) -> NDArray[Any]:
    """(beat,) samples by which each complex begins later than the averaged (lead, sample) ``beat`` says.

    The start of the complex moves against its steep part as the axis turns with breath. The stretch around the onset is
    shifted over each beat; what fits best must speak louder than the noise of these beats (least squares over the
    leads, with a normal law before seeing: the most likely shift).
    """
    import numpy as np

    ms = rate_hz / 1000.0
    start = max(0, round(onset - _ONSET_BEFORE_MS * ms))
    pattern = beat[:, start : round(onset + _ONSET_AFTER_MS * ms)]
    width, reach = pattern.shape[1], round(_ONSET_REACH_MS * ms)
    pattern = pattern - pattern.mean(axis=1, keepdims=True)
    padded = np.pad(values, ((0, 0), (reach + zero, reach + beat.shape[1])), mode="edge")
    errors = np.empty((len(fiducials), len(beat), 2 * reach + 1))
    for number, place in enumerate(fiducials):
        window = padded[:, int(place) + start : int(place) + start + width + 2 * reach]
        views = np.lib.stride_tricks.sliding_window_view(window, width, axis=1)
        views = views - views.mean(axis=2, keepdims=True)
        errors[number] = ((views - pattern[:, None, :]) ** 2).sum(axis=2)
    noise = np.median(errors.min(axis=2), axis=0) / width + _NOISE_FLOOR_UV**2
    shifts = np.arange(-reach, reach + 1)
    cost = (errors / noise[:, None]).sum(axis=1) / _ONSET_TOGETHER + (shifts / ms / _ONSET_SPREAD_MS) ** 2
    result: NDArray[Any] = shifts[np.argmin(cost, axis=1)]
    return result


def _placed(values: NDArray[Any], fiducial: int, wave: Wave, reach: int, stiffness: float) -> Placed | None:
    import numpy as np

    width = wave.pattern.shape[1]
    window = _window(values, fiducial + wave.start, width, reach)
    if window is None:
        return None
    views = np.lib.stride_tricks.sliding_window_view(window, width, axis=1)
    pattern = wave.pattern - wave.pattern.mean(axis=1, keepdims=True)
    product = np.einsum("lsw,lw->s", views, pattern)
    means = views.mean(axis=2)
    energy = np.einsum("lsw,lsw->s", views, views) - width * np.einsum("ls,ls->s", means, means)
    own = float((pattern**2).sum())
    fit = product / np.sqrt(np.maximum(energy * own, 1e-9))
    away = (np.arange(fit.size) - reach) / max(reach, 1)
    best = int(np.argmax(fit - stiffness * away**2))
    return Placed(best - reach, float(fit[best]), float(product[best] / own))


def _window(values: NDArray[Any], start: int, width: int, reach: int) -> NDArray[Any] | None:
    """(lead, width + 2 reach) samples, the ends of the record repeated; None where the wave itself lies outside."""
    import numpy as np

    first, last = start - reach, start + width + reach
    if start < 0 or start + width > values.shape[1]:
        return None
    window = values[:, max(0, first) : min(values.shape[1], last)]
    left, right = max(0, -first), max(0, last - values.shape[1])
    return np.pad(window, ((0, 0), (left, right)), mode="edge") if left or right else window


def _without_chord(part: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    line = part[:, :1] + (part[:, -1:] - part[:, :1]) * np.linspace(0.0, 1.0, part.shape[1])
    result: NDArray[Any] = part - line
    return result


def _rms(part: NDArray[Any]) -> float:
    import numpy as np

    return float(np.sqrt(np.mean(part**2)))
