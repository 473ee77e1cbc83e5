"""Points of beats moved by hand: kept in their order, on samples, for one beat or for all that look like it. No Qt."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import Any

from shared.waveform.beats import POINTS, Beat, Delineation

MOVABLE = ("p_on_ms", "p_off_ms", "qrs_on_ms", "r_ms", "qrs_off_ms", "t_peak_ms", "t_off_ms")
POINT_WORDS = {
    "p_on_ms": "P起点",
    "p_peak_ms": "P峰",
    "p_off_ms": "P终点",
    "qrs_on_ms": "QRS起点",
    "r_ms": "R",
    "qrs_off_ms": "QRS终点",
    "t_peak_ms": "T峰",
    "t_off_ms": "T终点",
}


def snapped(ms: float, sampling_hz: float) -> float:
    """The time of the nearest sample, in ms."""
    return round(round(ms * sampling_hz / 1000.0) * 1000.0 / sampling_hz, 4)


def beats_between(beats: tuple[Beat, ...], start_ms: float, stop_ms: float) -> range:
    """Indexes of the beats whose R lies between two times."""
    return range(
        bisect_left(beats, start_ms, key=lambda beat: beat.r_ms),
        bisect_left(beats, stop_ms, key=lambda beat: beat.r_ms),
    )


def nearest(found: Delineation, ms: float, reach_ms: float) -> tuple[int, str] | None:
    """The beat and the movable point nearest to a time, None when none lies within ``reach_ms``."""
    best: tuple[float, int, str] | None = None
    for index in beats_between(found.beats, ms - 1500.0, ms + 1500.0):
        for name in MOVABLE:
            place = getattr(found.beats[index], name)
            if place is not None and abs(place - ms) <= reach_ms and (best is None or abs(place - ms) < best[0]):
                best = (abs(place - ms), index, name)
    return best[1:] if best is not None else None


def moved(
    found: Delineation, index: int, point: str, ms: float, sampling_hz: float, alike: bool = False
) -> Delineation:
    """The point of a beat at another time, never past its neighbours; ``alike``: of all beats of its shape by as much.

    Peaks between follow only where they would come to lie outside their wave.
    """
    beats = list(found.beats)
    beats[index] = _with(beats[index], point, snapped(ms, sampling_hz), sampling_hz)
    old, new = getattr(found.beats[index], point), getattr(beats[index], point)
    if alike and old is not None:
        shape = found.beats[index].shape
        for n, beat in enumerate(found.beats):
            place = getattr(beat, point)
            if n != index and beat.shape == shape and place is not None:
                beats[n] = _with(beat, point, snapped(place + new - old, sampling_hz), sampling_hz)
    return replace(found, beats=tuple(sorted(beats, key=lambda beat: beat.r_ms)))


def _with(beat: Beat, point: str, ms: float, sampling_hz: float) -> Beat:
    one = 1000.0 / sampling_hz
    place = POINTS.index(point)
    skipped = {"p_peak_ms"} | ({"t_peak_ms"} if point == "t_off_ms" else set())
    before = [value for name in POINTS[:place] if name not in skipped and (value := getattr(beat, name)) is not None]
    after = [
        value for name in POINTS[place + 1 :] if name not in skipped and (value := getattr(beat, name)) is not None
    ]
    low = max(before) + one if before else 0.0
    high = min(after) - one if after else ms
    value = snapped(min(max(ms, low), max(high, low)), sampling_hz)
    changed = _set(beat, point, value)
    for peak, on, off in (("p_peak_ms", "p_on_ms", "p_off_ms"), ("t_peak_ms", "qrs_off_ms", "t_off_ms")):
        here, first, last = getattr(changed, peak), getattr(changed, on), getattr(changed, off)
        if here is not None and first is not None and last is not None and not first <= here <= last:
            changed = _set(changed, peak, snapped((first + last) / 2, sampling_hz))
    return changed


def _set(beat: Beat, point: str, ms: float) -> Beat:
    changes: dict[str, Any] = {point: ms}
    return replace(beat, **changes)
