"""Where P, QRS and T begin, peak and end in an averaged beat, over all leads together.

Published ideas, one function: the slope of all leads at once (root mean square of their derivatives, as the spatial
velocity of Frank-lead programs and of the CSE's multi-lead programs), smoothed to the width of the wave, and thresholds
relative to its own peak above the quiet level beside it (Laguna, Jané & Caminal 1994; Martínez et al. 2004).

Global onset and offset follow the practice of the CSE working party (Willems et al. 1985): the earliest onset and the
latest offset over the leads, where a single lead that departs from all others does not count. Our thresholds stand
where three of twelve leads have begun or still go on: some ms inside the extreme lead, a few outside the median.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_QRS_SMOOTH_MS = 6.0
_QRS_THRESHOLD = 0.03  # of the offset, relative to the steepest slope
_ONSET_SMOOTH_MS = 3.5
_ONSET_SMOOTH_FEW_MS = 6.0  # where few beats were averaged
_ONSET_UV_PER_MS = 1.4  # root mean square over the leads
_TURN_MS = 6.0  # the tip of a small q wave is flat for less than that
_OFFSET_TURN_MS = 10.0  # that of a broad terminal wave (R' or S) for longer
_QRS_ONSET_LEAD_MS = 4.0  # the threshold is crossed that much after what a reader calls the onset
_QRS_OFFSET_LAG_MS = 4.0
_UPRIGHT = 0.2  # an R wave counts from that part of the depth of Q or S on
_P_SMOOTH_MS = 9.0
_P_ONSET_THRESHOLD = 0.20
_P_OFFSET_THRESHOLD = 0.35
_P_OFFSET_LAG_MS = 6.0
_P_ONSET_LEAD_MS = -2.0
_P_LONGEST_MS = 320.0  # before QRS onset
_T_SMOOTH_MS = 14.0
_T_STEEP = 0.40  # slopes that belong to the T wave, relative to its steepest
_T_THRESHOLD = 0.17
_T_DELAY_MS = 40.0  # after QRS offset
_T_APART_MS = 60.0  # of rest between the T wave and a wave that follows
_T_LARGE = 0.5  # of the largest wave after the complex
_T_BACK = 0.5  # of its height: nearer to the level, a wave has come back
_T_TIP = 0.5  # of its height: farther from the level, it has not ended yet
_T_TIP_MS = 60.0  # a tip is flat for less than that


@dataclass(frozen=True, slots=True)
class WavePoints:
    """Places in samples of the averaged beat (float); None where the wave is absent or cannot be told."""

    qrs_on: float
    r: float
    qrs_off: float
    p_on: float | None = None
    p_peak: float | None = None
    p_off: float | None = None
    t_peak: float | None = None
    t_off: float | None = None


def slope_of(beat: NDArray[Any], rate_hz: float, smooth_ms: float) -> NDArray[Any]:
    """(sample,) root mean square over leads of the derivative of (lead, sample), Gaussian of ``smooth_ms``."""
    import numpy as np
    from scipy import ndimage

    sigma = max(smooth_ms * rate_hz / 1000.0, 0.8)
    derivative = ndimage.gaussian_filter1d(beat, sigma, axis=1, order=1, mode="nearest")
    result: NDArray[Any] = np.sqrt(np.mean(derivative**2, axis=0))
    return result


def qrs_points(beat: NDArray[Any], fiducial: int, rate_hz: float, few: bool = False) -> tuple[float, float, float]:
    """(onset, R, offset) of the complex around ``fiducial`` in (lead, sample) µV; ``few`` beats make a noisy average.

    The onset is where the slope leaves the quiet level by what a reader sees, in µV/ms and not as a part of the
    steepest slope: before a tall R wave a small q or a slow start is flat by comparison, and was overlooked.
    """
    import numpy as np

    ms = rate_hz / 1000.0
    slope = slope_of(beat, rate_hz, _QRS_SMOOTH_MS)
    last = slope.size - 1
    left, right = max(0, fiducial - round(100 * ms)), min(last, fiducial + round(120 * ms))
    peak = left + int(np.argmax(slope[left : right + 1]))
    left, right = max(0, peak - round(100 * ms)), min(last, peak + round(110 * ms))
    steep = np.flatnonzero(slope[left : right + 1] > 0.3 * slope[peak]) + left
    first_steep, last_steep = _connected(steep, peak, round(45 * ms))
    fine = slope_of(beat, rate_hz, _ONSET_SMOOTH_FEW_MS if few else _ONSET_SMOOTH_MS)
    quiet = _quiet(fine, first_steep - round(90 * ms), first_steep - round(4 * ms), ms)
    onset = _descend(fine, first_steep, -1, quiet + _ONSET_UV_PER_MS / ms, round(90 * ms), round(_TURN_MS * ms))
    quiet = _quiet(slope, last_steep + round(4 * ms), last_steep + round(110 * ms), ms)
    threshold = quiet + _QRS_THRESHOLD * (slope[peak] - quiet)
    offset = _descend(slope, last_steep, 1, threshold, round(110 * ms), round(_OFFSET_TURN_MS * ms))
    end = offset - _QRS_OFFSET_LAG_MS * ms
    return max(0.0, onset - _QRS_ONSET_LEAD_MS * ms), _largest(beat, onset, offset), float(end)


def p_points(beat: NDArray[Any], earliest: int, qrs_on: float, rate_hz: float) -> tuple[float, float, float] | None:
    """(onset, peak, offset) of the strongest wave between ``earliest`` and QRS onset; None where nothing rises.

    Whether it is a P wave at all is decided over the single beats, see ``placing``.
    """
    import numpy as np
    from scipy import ndimage

    ms = rate_hz / 1000.0
    stop = round(qrs_on)
    start = max(0, earliest, stop - round(_P_LONGEST_MS * ms))
    if stop - start < 60 * ms:
        return None
    slope = slope_of(beat[:, :stop], rate_hz, _P_SMOOTH_MS)  # cut off, so that no QRS is smoothed into it
    # The wave is where the slope is large over some 80 ms; peaks at the borders are the T wave or the QRS complex.
    mass = ndimage.uniform_filter1d(slope[start:], round(80 * ms), mode="nearest")
    margin = min(round(40 * ms), mass.size // 3)
    centre = start + margin + int(np.argmax(mass[margin : mass.size - margin]))
    left, right = max(start, centre - round(70 * ms)), min(stop - 1, centre + round(70 * ms))
    peak = float(slope[left : right + 1].max())
    if peak <= 0.0:
        return None
    steep = np.flatnonzero(slope[left : right + 1] > 0.35 * peak) + left
    calm = ndimage.uniform_filter1d(slope[start:], max(1, round(12 * ms)), mode="nearest")
    first, final = int(steep[0]), int(steep[-1])
    before, after = float(calm[: first - start + 1].min()), float(calm[final - start :].min())
    onset = _descend(slope, first, -1, before + _P_ONSET_THRESHOLD * (peak - before), first - start)
    offset = _descend(slope, final, 1, after + _P_OFFSET_THRESHOLD * (peak - after), stop - 1 - final)
    if offset - onset < 24 * ms:
        return None
    end = max(onset + 20 * ms, offset - _P_OFFSET_LAG_MS * ms)
    begin = onset - _P_ONSET_LEAD_MS * ms
    return begin, _largest_over_chord(beat, onset, offset, rate_hz), float(end)


def t_points(
    beat: NDArray[Any], qrs_on: float, qrs_off: float, latest: int, rate_hz: float
) -> tuple[float, float] | None:
    """(peak, end) of the T wave between QRS offset and ``latest``; None where there is no room for one.

    A U wave or a P wave without a beat of its own may follow: they lie apart from the T wave by a rest.
    """
    import numpy as np

    ms = rate_hz / 1000.0
    start = round(qrs_off + _T_DELAY_MS * ms)
    stop = min(latest, beat.shape[1] - 1)
    if stop - start < 80 * ms:
        return None
    slope, away = slope_of(beat, rate_hz, _T_SMOOTH_MS), _away(beat, qrs_on, rate_hz)
    inside = slope[start : stop - round(30 * ms)]
    if float(inside.max()) <= 0.0:
        return None
    steep = np.flatnonzero(inside > _T_STEEP * inside.max()) + start
    steep = _limbs_of_t(slope, away, steep, round(_T_APART_MS * ms))
    steepest = float(slope[steep].max())
    quiet = _quiet(slope, int(steep[-1]), stop, ms)
    threshold = quiet + _T_THRESHOLD * (steepest - quiet)
    end = _descend(slope, int(steep[-1]), 1, threshold, stop - int(steep[-1]))
    if away[end] > _T_TIP * away[int(steep[0]) : end + 1].max():
        end = _past_tip(slope, away, end, threshold, stop, round(_T_TIP_MS * ms))
    first = max(round(qrs_off + 20 * ms), int(steep[0]) - round(30 * ms))
    if end - first < 40 * ms:
        return None
    return _largest_over_chord(beat, first, end, rate_hz), float(end)


def _away(beat: NDArray[Any], qrs_on: float, rate_hz: float) -> NDArray[Any]:
    """(sample,) how far the leads together are from their level before the QRS complex, root mean square."""
    import numpy as np
    from scipy import ndimage

    smooth = ndimage.gaussian_filter1d(beat, 0.008 * rate_hz, axis=1, mode="nearest")
    level = smooth[:, max(0, round(qrs_on - 0.02 * rate_hz)) : max(1, round(qrs_on))].mean(axis=1, keepdims=True)
    result: NDArray[Any] = np.sqrt(np.mean((smooth - level) ** 2, axis=0))
    return result


def _limbs_of_t(slope: NDArray[Any], away: NDArray[Any], steep: NDArray[Any], apart: int) -> NDArray[Any]:
    """Of the ``steep`` samples those of the T wave: the first group that is at least half as large as any.

    Groups are parted by a rest of ``apart`` samples in which the leads come back to their level: a U wave follows so,
    or the P wave of a beat that was dropped. At the tip of a broad T wave they rest too, but far from the level.
    """
    import numpy as np

    groups, first = [], 0
    for index in np.flatnonzero(np.diff(steep) > apart):
        wave, rest = away[steep[first] : steep[index] + 1], away[steep[index] : steep[index + 1] + 1]
        if rest.min() < _T_BACK * wave.max():
            groups.append(steep[first : index + 1])
            first = int(index) + 1
    groups.append(steep[first:])
    sizes = np.array([float(slope[group].sum()) for group in groups])
    return groups[int(np.argmax(sizes >= _T_LARGE * sizes.max()))]


def _past_tip(slope: NDArray[Any], away: NDArray[Any], end: int, threshold: float, stop: int, reach: int) -> int:
    """The end of the limb behind ``end`` if that was the tip of a hump: from a tip the leads go back to their level.

    At a tip the slope is none either. Where a wave has ended, a further one departs from the level instead.
    """
    import numpy as np

    again = np.flatnonzero(slope[end : min(stop, end + reach)] > threshold)
    if not again.size:
        return end
    last = _descend(slope, end + int(again[0]), 1, threshold, stop - end - int(again[0]))
    return last if last < stop and away[last] < _T_BACK * away[end] else end


def _connected(steep: NDArray[Any], peak: int, gap: int) -> tuple[int, int]:
    """First and last of the steep samples that hang together with the peak; a gap of ``gap`` samples parts them."""
    first = last = peak
    for place in steep[steep <= peak][::-1]:
        if first - place > gap:
            break
        first = int(place)
    for place in steep[steep >= peak]:
        if place - last > gap:
            break
        last = int(place)
    return first, last


def _quiet(slope: NDArray[Any], start: int, stop: int, ms: float) -> float:
    """The lowest level, over 16 ms, between two places."""
    from scipy import ndimage

    smooth = ndimage.uniform_filter1d(slope, max(1, round(16 * ms)), mode="nearest")
    part = smooth[max(0, start) : max(1, stop)]
    return float(part.min()) if part.size else float(smooth.min())


def _descend(slope: NDArray[Any], start: int, step: int, threshold: float, most: int, stays: int = 0) -> int:
    """The first place from ``start`` on where the slope is not above the threshold; at most ``most`` samples away.

    With ``stays`` it must not rise above it again within so many samples: the slope is 0 at the tip of a wave too.
    """
    place = start
    for _ in range(max(0, most)):
        low, high = (place - stays, place) if step < 0 else (place, place + stays)
        if not 0 <= place + step < slope.size or (slope[max(0, low) : high + 1] <= threshold).all():
            break
        place += step
    return place


def _largest(beat: NDArray[Any], onset: float, offset: float) -> float:
    """R: the median over the leads of their highest point, or of their lowest where they hardly rise at all.

    The highest point at the very end of the complex is where a high ST segment begins, after a negative complex, no R.
    """
    import numpy as np

    first, last = int(onset), max(int(onset) + 1, int(offset))
    deviation = beat[:, first : last + 1] - beat[:, first : first + 1]
    highest, lowest = np.argmax(deviation, axis=1), np.argmin(deviation, axis=1)
    upright = deviation.max(axis=1) > _UPRIGHT * -deviation.min(axis=1)
    upright &= (highest < last - first) | (lowest == 0)
    peaks = np.where(upright, highest, lowest)
    return float(first + np.median(peaks))


def _largest_over_chord(beat: NDArray[Any], onset: float, offset: float, rate_hz: float) -> float:
    """Where the leads together are farthest from the straight lines between onset and offset."""
    import numpy as np
    from scipy import ndimage

    first, last = int(onset), int(offset)
    smooth = ndimage.gaussian_filter1d(beat, 0.008 * rate_hz, axis=1, mode="nearest")[:, first : last + 1]
    line = smooth[:, :1] + (smooth[:, -1:] - smooth[:, :1]) * np.linspace(0.0, 1.0, smooth.shape[1])
    return float(first + int(np.argmax(np.mean((smooth - line) ** 2, axis=0))))
