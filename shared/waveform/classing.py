"""Classes of beats: by shape, width, prematurity and pacemaker spikes (the usual rules of ambulatory programs)."""

from __future__ import annotations

import itertools
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from shared.waveform.beats import Beat, BeatClass

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDE_MS = 110.0
_WIDER_MS = 22.0
_PREMATURE = 0.88
_PREMATURE_SAME_SHAPE = 0.80
_IRREGULAR = 0.12  # robust coefficient of variation above which prematurity says nothing
_IRREGULAR_WITHOUT_P = 0.05
_SPIKE_BEFORE_MS = 90.0
_SPIKE_AFTER_MS = 20.0  # fusion: the complex had begun by itself


def classed(beats: Sequence[Beat], spikes_ms: Sequence[float], p_waves: bool = True) -> tuple[Beat, ...]:
    """The beats with their kinds; shape 0 is the dominant one. Without P waves nothing is premature but by shape."""
    usual_width = _width_of(beats, 0)
    irregular = irregularity(beats) > (_IRREGULAR if p_waves else _IRREGULAR_WITHOUT_P)
    ventricular = {
        shape for shape in {beat.shape for beat in beats} - {0} if _is_ventricular(beats, shape, usual_width, irregular)
    }
    result = []
    for index, beat in enumerate(beats):
        kind = BeatClass.NORMAL
        if _paced(beat, spikes_ms):
            kind = BeatClass.PACED
        elif beat.shape in ventricular:
            kind = BeatClass.VENTRICULAR
        elif (
            not irregular
            and prematurity(beats, index) < _PREMATURE_SAME_SHAPE
            and (index == 0 or beats[index - 1].shape not in ventricular)  # an intercalated beat makes no one premature
        ):
            kind = BeatClass.SUPRAVENTRICULAR
        result.append(replace(beat, kind=kind))
    return tuple(result)


def prematurity(beats: Sequence[Beat], index: int) -> float:
    """The interval before a beat relative to the median of up to 8 intervals around; 1 where it cannot be told."""
    if index < 1 or len(beats) < 4:
        return 1.0
    around = range(max(1, index - 5), min(len(beats), index + 5))
    intervals = [beats[each].r_ms - beats[each - 1].r_ms for each in around]
    usual = median(intervals)
    return (beats[index].r_ms - beats[index - 1].r_ms) / usual if usual > 0 else 1.0


def irregularity(beats: Sequence[Beat]) -> float:
    """Median change from one interval to the next, relative to the median interval: below 0.05 in sinus rhythm."""
    intervals = [after.r_ms - before.r_ms for before, after in itertools.pairwise(beats)]
    if len(intervals) < 4:
        return 0.0
    changes = [abs(after - before) for before, after in itertools.pairwise(intervals)]
    return median(changes) / max(median(intervals), 1.0)


def _is_ventricular(beats: Sequence[Beat], shape: int, usual_width: float, irregular: bool) -> bool:
    width = _width_of(beats, shape)
    wide = width >= max(_WIDE_MS, usual_width + _WIDER_MS)
    early = [prematurity(beats, index) for index, beat in enumerate(beats) if beat.shape == shape]
    premature = median(early) < _PREMATURE
    with_p = sum(beat.p_on_ms is not None for beat in beats if beat.shape == shape)
    if with_p > 0.5 * len(early):
        return False
    if wide and (premature or width >= 130.0 or irregular):
        return True
    return premature and width >= usual_width + 8.0


def _width_of(beats: Sequence[Beat], shape: int) -> float:
    widths = [
        beat.qrs_off_ms - beat.qrs_on_ms
        for beat in beats
        if beat.shape == shape and beat.qrs_on_ms is not None and beat.qrs_off_ms is not None
    ]
    return median(widths) if widths else 0.0


def _paced(beat: Beat, spikes_ms: Sequence[float]) -> bool:
    from bisect import bisect_left

    on = beat.qrs_on_ms if beat.qrs_on_ms is not None else beat.r_ms
    index = bisect_left(spikes_ms, on - _SPIKE_BEFORE_MS)
    return index < len(spikes_ms) and spikes_ms[index] <= on + _SPIKE_AFTER_MS
