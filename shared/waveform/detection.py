"""QRS complexes: where they are, over all leads together.

The detection function is the slope of the band of QRS energy (5–25 Hz), integrated over 80 ms and taken together over
the leads that carry a signal, after Pan & Tompkins (1985) and Hamilton & Tompkins (1986). Thresholds are not causal:
the level is the running median of the strongest activity around, so that a start, a pause or a burst of noise moves it
little. Between the thresholds the shape decides; what is too small is searched for again in gaps, what follows as a
steep T wave is taken out. What was chosen is seen again lead by lead (`reviewing`).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.waveform import filters, reviewing
from shared.waveform.likeness import likeness

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 250.0  # detection works at this rate: QRS energy ends far below its half
_SHAPE_BAND_HZ = (2.0, 25.0)  # where leads are compared with their shapes: wide beats have their energy low
_LARGEST = 3.0  # more than that of a lead's typical QRS counts no more
_QUIET_LEAD = 0.06  # noise, relative to QRS: a lead with less is no better, for one that is off is quiet too
_RESTLESS, _RESTLESS_MORE = 1.6, 0.02
_NOISE_S = 1.2  # around a moment
_REFRACTORY_S = 0.2
_BLOCK_S = 1.5  # a heart of 40/min beats once in it
_THRESHOLD = 0.38
_ABOVE_NOISE = 0.35  # of the way from the peaks of noise and T waves up to those of QRS
_SURE = 0.6  # as high as that, it is a beat whatever it looks like, and a shape to compare others with
_KNOWN_THRESHOLD = 0.22  # of the shape of a sure beat, so much is enough
_KNOWN_SHAPE = 0.85
_KNOWN_SIZE = 0.10
_KNOWN_ABOVE = 2.2  # times what is around
_ODD_SHAPE = 0.7  # like no beat, and hardly above what is around: noise
_ODD_ABOVE = 2.4
_UNSEEN_HEIGHT = 0.45  # of the lowest tenth of a lead's beats
_UNSEEN_SHARE = 0.4  # so much of the leads not seeing it makes it an artefact of the others
_SEEN_ANYHOW = 1.6  # unless it is as high as that
_FEWEST_SURE = 8
_LITTLE_ABOVE = 3.0  # times what is around
_SHOWS_ALL, _SHOWS_NOTHING = 0.6, 0.35  # of a lead's typical complex
_AROUND_PEAK_S = 0.06
_SEARCH_THRESHOLD = 0.19
_SMALL_THRESHOLD = 0.25  # small beats between large ectopic ones, as in bigeminy, whose gaps are not long
_T_WAVE_S = 0.36
_T_WAVE_SLOPE = 0.45


def detect(values_uv: NDArray[Any], sampling_hz: float) -> NDArray[Any]:
    """Fiducial samples (int64, ascending) of all QRS complexes in (lead, sample) µV without NaN.

    The fiducial is the middle of the complex' energy, good to about 30 ms; ``templates`` aligns it.
    """
    import numpy as np

    if values_uv.shape[1] < sampling_hz * 0.4:
        return np.zeros(0, dtype=np.int64)
    data = filters.resampled(values_uv, sampling_hz, RATE_HZ)
    found = _peaks(activity_of(data), filters.band_pass(data, RATE_HZ, *_SHAPE_BAND_HZ))
    return np.rint(found * (sampling_hz / RATE_HZ)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Activity:
    """QRS activity at RATE_HZ. All but `total` are (lead, sample)."""

    total: NDArray[Any]
    """(sample,) over all leads, in units of typical complexes."""
    single: NDArray[Any]
    """Of each lead, in units of its own typical complexes."""
    share: NDArray[Any]
    """How much each lead has to say at each moment; 1 in all."""
    restless: NDArray[Any]
    """Whether a lead is noisier at that moment than it usually is."""
    band: NDArray[Any]
    """The leads' band of QRS energy, weighted by their share."""


def activity_of(data: NDArray[Any]) -> Activity:
    """The QRS activity of (lead, sample) at RATE_HZ.

    The leads' root mean square, weighted by the inverse of the noise power that each has around each moment: a beat
    that is large in one lead and hardly seen in another stays large, and a burst of muscle noise in one lead leaves the
    word to the others.
    """
    import numpy as np

    band = filters.band_pass(data, RATE_HZ, 5.0, 25.0)
    single, weights = np.zeros(data.shape), np.zeros(data.shape)
    restless = np.zeros(data.shape, dtype=bool)
    for row, values in enumerate(band):
        smooth = _moving_average(np.abs(np.gradient(values)), round(0.08 * RATE_HZ))
        size = _typical_peak(smooth)
        if size <= 1e-9:
            continue
        single[row] = np.minimum(smooth / size, _LARGEST)
        noise = _noise_around(single[row])
        weights[row] = 1.0 / (_QUIET_LEAD**2 + noise**2)
        restless[row] = noise > _RESTLESS * float(np.median(noise)) + _RESTLESS_MORE
        band[row] /= size
    share = weights / np.maximum(weights.sum(axis=0), 1e-9)
    return Activity(np.sqrt((share * single**2).sum(axis=0)), single, share, restless, band * np.sqrt(share))


def _noise_around(relative: NDArray[Any]) -> NDArray[Any]:
    """What a lead shows between its complexes around each sample: the median over a second or so."""
    import numpy as np
    from scipy import ndimage

    step = round(0.04 * RATE_HZ)
    few = relative[: relative.size // step * step].reshape(-1, step).mean(axis=1)
    if few.size < 3:
        return np.full(relative.size, float(np.median(relative)))
    noise = ndimage.median_filter(
        few, size=min(round(_NOISE_S / 0.04) | 1, 2 * ((few.size - 1) // 2) + 1), mode="nearest"
    )
    result: NDArray[Any] = np.interp(np.arange(relative.size), (np.arange(few.size) + 0.5) * step, noise)
    return result


def _peaks(seen: Activity, leads: NDArray[Any]) -> NDArray[Any]:
    import numpy as np
    from scipy import signal

    activity = seen.total
    level = _level(activity)
    places, _ = signal.find_peaks(activity, distance=max(1, round(_REFRACTORY_S * RATE_HZ)))
    relative = activity[places] / np.maximum(level[places], 1e-9)
    noise = _noise_peaks(places, relative)
    high = relative >= np.maximum(_THRESHOLD, noise + _ABOVE_NOISE * (1.0 - noise))
    sure = places[high & (relative >= _SURE)]
    alike, size = likeness(seen.band, places, sure, RATE_HZ)
    above = activity[places] / np.maximum(_noise_around(activity)[places], 1e-3)
    known = (relative >= _KNOWN_THRESHOLD) & (alike >= _KNOWN_SHAPE) & (size >= _KNOWN_SIZE) & (above >= _KNOWN_ABOVE)
    odd = (relative < _SURE) & (alike < _ODD_SHAPE) & (above < _ODD_ABOVE)
    odd |= (relative < _SEEN_ANYHOW) & ~known & (_unseen(seen, places, sure) > _UNSEEN_SHARE)
    chosen = _without_t_waves(places[(high | known) & ~odd], activity)
    clear = relative >= np.maximum(_SEARCH_THRESHOLD, noise + 0.2 * (1.0 - noise))
    chosen = _searched_back(chosen, places[clear & ~odd], activity)
    small = places[(relative >= _SMALL_THRESHOLD) & (relative >= noise + 0.2 * (1.0 - noise)) & ~odd]
    chosen = _with_small_between(chosen, small, activity)
    return _reviewed(chosen, places, seen, above, leads).astype(float)


def _reviewed(
    chosen: NDArray[Any], places: NDArray[Any], seen: Activity, above: NDArray[Any], leads: NDArray[Any]
) -> NDArray[Any]:
    """The beats after each lead was asked; in doubt is what hardly stands out, or what a lead with all beats lacks."""
    import numpy as np

    doubtful = above < _LITTLE_ABOVE
    if len(chosen) >= _FEWEST_SURE:
        reliable = np.percentile(_largest(seen, chosen), 10.0, axis=1) >= _SHOWS_ALL
        doubtful |= (_largest(seen, places)[reliable] < _SHOWS_NOTHING).any(axis=0)
    return reviewing.reviewed(chosen, places, reviewing.compared(leads, places, chosen, RATE_HZ), doubtful, RATE_HZ)


def _largest(seen: Activity, centres: NDArray[Any]) -> NDArray[Any]:
    """(lead, peak) the highest activity of each lead close to the peaks."""
    import numpy as np

    reach = round(_AROUND_PEAK_S * RATE_HZ)
    inside = np.clip(centres[:, None] + np.arange(-reach, reach + 1), 0, seen.single.shape[1] - 1)
    found: NDArray[Any] = seen.single[:, inside].max(axis=2)
    return found


def _unseen(seen: Activity, places: NDArray[Any], sure: NDArray[Any]) -> NDArray[Any]:
    """(peak,) the share of the leads that show next to nothing there, though they show every beat.

    0 where a lead shows it that is as quiet as ever: an ectopic beat may hardly be seen in the others.
    """
    import numpy as np

    if len(sure) < _FEWEST_SURE:
        return np.zeros(len(places))
    usual = np.percentile(_largest(seen, sure), 10.0, axis=1)
    blind = _largest(seen, places) < _UNSEEN_HEIGHT * usual[:, None]
    trusted = (~blind & ~seen.restless[:, places]).any(axis=0)
    return np.where(trusted, 0.0, (seen.share[:, places] * blind).sum(axis=0))


def _noise_peaks(places: NDArray[Any], relative: NDArray[Any]) -> NDArray[Any]:
    """For each peak the typical height of the small peaks (below 0.7 of a QRS) within some 15 s."""
    import numpy as np
    from scipy import ndimage

    small = relative < 0.7
    if small.sum() < 5:
        return np.zeros(relative.size)
    smooth = ndimage.median_filter(relative[small], size=min(61, 2 * (int(small.sum()) // 2) - 1), mode="nearest")
    result: NDArray[Any] = np.interp(places, places[small], smooth)
    return result


def _without_t_waves(places: NDArray[Any], activity: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    kept: list[int] = []
    for place in places:
        if kept and place - kept[-1] < _T_WAVE_S * RATE_HZ and activity[place] < _T_WAVE_SLOPE * activity[kept[-1]]:
            continue
        kept.append(int(place))
    return np.array(kept, dtype=np.int64)


def _searched_back(chosen: NDArray[Any], places: NDArray[Any], activity: NDArray[Any]) -> NDArray[Any]:
    """Put the strongest of the peaks left out into each gap that is far longer than its neighbours."""
    import numpy as np

    beats = list(chosen)
    if len(beats) < 3:
        return chosen
    for _ in range(3):
        added = []
        intervals = np.diff(beats)
        for index, interval in enumerate(intervals):
            around = np.median(intervals[max(0, index - 4) : index + 5])
            if interval < 1.6 * around:
                continue
            first, last = beats[index] + _T_WAVE_S * RATE_HZ, beats[index + 1] - 0.25 * RATE_HZ
            inside = (places > first) & (places < last)
            if inside.any():
                candidates = places[inside]
                best = int(candidates[np.argmax(activity[candidates])])
                if activity[best] > 4 * np.median(activity[int(first) : int(last)]):
                    added.append(best)
        if not added:
            break
        beats = sorted(set(beats) | set(added))
    return np.array(beats, dtype=np.int64)


def _with_small_between(chosen: NDArray[Any], small: NDArray[Any], activity: NDArray[Any]) -> NDArray[Any]:
    """Add the largest small peak of each gap over 0.8 s that lies clear of the T wave before and the P wave after."""
    import numpy as np

    beats = list(chosen)
    for before, after in itertools.pairwise(chosen):
        if after - before < 0.8 * RATE_HZ:
            continue
        inside = small[(small > before + 0.45 * RATE_HZ) & (small < after - 0.32 * RATE_HZ)]
        if inside.size:
            best = int(inside[np.argmax(activity[inside])])
            if activity[best] > 5 * np.median(activity[int(before) : int(after)]):
                beats.append(best)
    return np.array(sorted(beats), dtype=np.int64)


def _level(activity: NDArray[Any]) -> NDArray[Any]:
    """The typical height of a complex around each sample: median of block maxima over some 9 blocks."""
    import numpy as np
    from scipy import ndimage

    heights, centres = _block_maxima(activity)
    width = min(9, 2 * ((len(heights) - 1) // 2) + 1)
    smooth = ndimage.median_filter(heights, size=max(width, 1), mode="mirror")
    floor = 0.25 * float(np.median(heights))
    level: NDArray[Any] = np.interp(np.arange(activity.size), centres, np.maximum(smooth, floor))
    return level


def _block_maxima(activity: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    block = round(_BLOCK_S * RATE_HZ)
    count = max(1, activity.size // block)
    used = min(activity.size, count * block)
    heights = activity[:used].reshape(count, -1).max(axis=1)
    centres = (np.arange(count) + 0.5) * (used / count)
    return heights, centres


def _typical_peak(smooth: NDArray[Any]) -> float:
    import numpy as np

    heights, _ = _block_maxima(smooth)
    return float(np.median(heights))


def _moving_average(values: NDArray[Any], width: int) -> NDArray[Any]:
    from scipy import ndimage

    result: NDArray[Any] = ndimage.uniform_filter1d(values, max(width, 1), mode="nearest")
    return result
