"""An earlier record laid over this one: its median beat at each R, on the level before this beat (EX-ECG-07). No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.ecg.trace.scene import Curve
    from shared.waveform.beats import Beat
    from shared.waveform.median_beat import MedianBeat

_PQ_S = 0.016
_GAP_S = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A stretch of the earlier record over a strip: its first second in this record's time, rate, µV as drawn."""

    start: float
    sampling_hz: float
    values: NDArray[Any]


def laid_over(curve: Curve, beats: tuple[Beat, ...], other: MedianBeat) -> tuple[Laid, ...]:
    """The other record's median beat of this lead at every R of the strip; none where it lacks the lead."""
    values = other.lead(curve.strip.lead)
    if values is None:
        return ()
    values = -values if curve.strip.turned else values
    if curve.strip.beat:
        return (Laid(-other.r_sample / other.sampling_hz, other.sampling_hz, values),)
    stop = curve.start + curve.values.size / curve.sampling_hz
    found = []
    for index, beat in enumerate(beats):
        r = beat.r_ms / 1000.0
        if not curve.start <= r < stop:
            continue
        before = beats[index - 1].r_ms / 1000.0 if index else r - 2.0
        after = beats[index + 1].r_ms / 1000.0 if index + 1 < len(beats) else r + 2.0
        rr = max(after - r, 0.3)
        begin = max(curve.start, r - min(0.4, 0.4 * (r - before)))
        end = min(stop, r + 0.6 * rr - _GAP_S)
        first = max(0, round((begin - r) * other.sampling_hz) + other.r_sample)
        last = min(values.size, round((end - r) * other.sampling_hz) + other.r_sample)
        if last > first:
            part = values[first:last] + _level(curve, beat)
            found.append(Laid(r + (first - other.r_sample) / other.sampling_hz, other.sampling_hz, part))
    return tuple(found)


def _level(curve: Curve, beat: Beat) -> float:
    """µV of this strip just before the beat's QRS: where the median beat has 0."""
    import numpy as np

    on = (beat.qrs_on_ms if beat.qrs_on_ms is not None else beat.r_ms - 40.0) / 1000.0 - curve.start
    last = max(1, round(on * curve.sampling_hz))
    part = curve.values[max(0, last - max(1, round(_PQ_S * curve.sampling_hz))) : last]
    there = part[np.isfinite(part)]
    return float(np.mean(there)) if there.size else 0.0
