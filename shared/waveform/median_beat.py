"""The median beat of each lead: what amplitudes, ST levels and axes are read from, and what a report draws.

Beats of the dominant shape that are neither premature nor cut off, aligned on R, at the record's own rate, each with
the straight line through its own and the next PQ level taken off: nothing that would bend an ST segment is filtered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.waveform import filters
from shared.waveform.beats import BeatClass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.beats import Beat, Delineation
    from shared.waveform.record import EcgRecord

BEFORE_MS = 400.0
AFTER_MS = 700.0
_MOST_BEATS = 60
_PQ_MS = 16.0


@dataclass(frozen=True, slots=True)
class MedianBeat:
    """(lead, sample) µV of all leads of the record and of the limb leads that follow from them, R at ``r_sample``.

    Points are in samples of the median beat, None where absent; ``count`` beats are in it.
    """

    leads: tuple[str, ...]
    samples: NDArray[Any]
    sampling_hz: float
    r_sample: int
    qrs_on: int
    qrs_off: int
    p_on: int | None
    p_off: int | None
    t_peak: int | None
    t_off: int | None
    count: int

    def lead(self, name: str) -> NDArray[Any] | None:
        """(sample,) µV of a lead, None when there is none of that name."""
        if name not in self.leads:
            return None
        row: NDArray[Any] = self.samples[self.leads.index(name)]
        return row


def median_beat(record: EcgRecord, delineation: Delineation) -> MedianBeat | None:
    """The median beat, or None where not one whole beat was found."""
    import numpy as np

    from shared.waveform.leads import with_derived_limb_leads

    rate = record.sampling_hz
    before, after = round(BEFORE_MS * rate / 1000.0), round(AFTER_MS * rate / 1000.0)
    following = _next_onsets(delineation.beats)
    windows: list[NDArray[Any]] = []
    chosen: list[Beat] = []
    for candidates in (representative(delineation.beats), list(delineation.beats)):
        chosen = [beat for beat in candidates if beat.qrs_on_ms is not None and beat.qrs_off_ms is not None]
        found = [_window(record, beat, following.get(beat.r_ms), before, after) for beat in _spread(chosen)]
        windows = [window for window in found if window is not None]
        if windows:
            break
    if not windows:
        return None
    stack = np.stack(windows)
    average = filters.bridged(_median(stack))
    derived = with_derived_limb_leads(dict(zip(record.leads, average, strict=True)))
    samples = np.vstack(list(derived.values()))
    place = _Median(chosen, rate, before)
    on, off = place.of("qrs_on_ms"), place.of("qrs_off_ms")
    if on is None or off is None:
        return None
    last = samples.shape[1] - 1
    return MedianBeat(
        tuple(derived),
        samples,
        rate,
        before,
        max(0, on),
        min(last, max(off, on + 1)),
        place.of("p_on_ms"),
        place.of("p_off_ms"),
        place.of("t_peak_ms"),
        place.of("t_off_ms"),
        len(windows),
    )


def representative(beats: tuple[Beat, ...]) -> list[Beat]:
    """Beats of the dominant shape that are not premature, without those right after an ectopic one."""
    dominant = [
        beat
        for index, beat in enumerate(beats)
        if beat.shape == 0
        and beat.kind in (BeatClass.NORMAL, BeatClass.PACED)
        and (index == 0 or beats[index - 1].kind != BeatClass.VENTRICULAR)
    ]
    return dominant or [beat for beat in beats if beat.shape == 0] or list(beats)


@dataclass(frozen=True, slots=True)
class _Median:
    """Median place of a point over the beats, from R, as sample of the window. Present in at least half of them."""

    beats: list[Beat]
    rate: float
    before: int

    def of(self, name: str) -> int | None:
        from statistics import median

        values = [getattr(beat, name) - beat.r_ms for beat in self.beats if getattr(beat, name) is not None]
        if len(values) * 2 < len(self.beats):
            return None
        place = self.before + round(median(values) * self.rate / 1000.0)
        return place if place >= 0 else None


def _window(record: EcgRecord, beat: Beat, next_on_ms: float | None, before: int, after: int) -> NDArray[Any] | None:
    """(lead, before + after) µV around R; NaN outside the record and behind the next beat's onset."""
    import numpy as np

    rate = record.sampling_hz
    r = round(beat.r_ms * rate / 1000.0)
    on = round((beat.qrs_on_ms if beat.qrs_on_ms is not None else beat.r_ms - 40.0) * rate / 1000.0)
    width = max(1, round(_PQ_MS * rate / 1000.0))
    start = max(0, r - before)
    if on - width < start or r + round(0.1 * rate) > record.sample_count:
        return None
    stop = min(record.sample_count, r + after + round(0.8 * rate))
    values = filters.bridged(record.microvolts(start, stop))
    level = np.mean(values[:, on - width - start : on - start + 1], axis=1)
    line = np.repeat(level[:, None], values.shape[1], axis=1)
    window_end = r + after
    if next_on_ms is not None:
        following = round(next_on_ms * rate / 1000.0)
        if following - start <= values.shape[1] and following - width > r:
            far = np.mean(values[:, following - width - start : following - start], axis=1)
            steps = (np.arange(values.shape[1]) - (on - start)) / max(1, following - on)
            line = level[:, None] + (far - level)[:, None] * np.clip(steps, 0.0, 1.0)
        window_end = min(window_end, following)
    flat = values - line
    result = np.full((values.shape[0], before + after), np.nan)
    end = min(window_end, stop)
    result[:, before - (r - start) : before + end - r] = flat[:, : end - start]
    return result


def _median(stack: NDArray[Any]) -> NDArray[Any]:
    import warnings

    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # samples that no beat reaches stay NaN
        result: NDArray[Any] = np.nanmedian(stack, axis=0)
    return result


def _spread(beats: list[Beat]) -> list[Beat]:
    """At most 60 of them, evenly over the record."""
    if len(beats) <= _MOST_BEATS:
        return beats
    step = len(beats) / _MOST_BEATS
    return [beats[int(index * step)] for index in range(_MOST_BEATS)]


def _next_onsets(beats: tuple[Beat, ...]) -> dict[float, float]:
    from itertools import pairwise

    return {
        beat.r_ms: following.qrs_on_ms if following.qrs_on_ms is not None else following.r_ms - 40.0
        for beat, following in pairwise(beats)
    }
