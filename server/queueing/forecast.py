"""Waiting times from what the rooms did before: robust lengths of exams, and the queue played forward; pure.

All times are seconds; moments are seconds from now. An exam "keeps" its room from the call of its patient, or from the
end of the exam before it if that was later, until its end.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

NOON = 12
BAND = 1.2816  # standard deviations that leave a tenth on either side
_TRIMMED = 0.05  # of the samples on either side: forgotten buttons and lunch breaks say nothing of exams
_DEFAULT_S = 600.0
_DEFAULT_SPREAD = 0.4  # deviation as part of the mean, where nothing is known
_LONGEST_GAP_S = 1200.0
_WEIGHTS = (6.0, 6.0, 12.0)  # exams that the wider group counts for: default, type, type in room


@dataclass(frozen=True, slots=True)
class Spell:
    """One finished exam. `gap_s`: between the end before it and its call, None when the room had been idle."""

    room_id: int
    exam_type: str
    hour: int
    busy_s: float
    gap_s: float | None = None


@dataclass(frozen=True, slots=True)
class Length:
    """How long something takes: mean and standard deviation, in seconds."""

    mean_s: float
    deviation_s: float


def robust(samples: Sequence[float]) -> Length:
    """Return mean and deviation with the outermost samples drawn in to the 5th and 95th percentile."""
    ordered = sorted(samples)
    cut = int(len(ordered) * _TRIMMED + 0.5)
    low, high = ordered[cut], ordered[len(ordered) - 1 - cut]
    drawn_in = [min(max(sample, low), high) for sample in ordered]
    return Length(statistics.fmean(drawn_in), statistics.pstdev(drawn_in))


class Durations:
    """Lengths of exams by type, room and half of the day; a small group leans on the wider one."""

    def __init__(self, spells: Iterable[Spell], defaults_s: Mapping[str, float]) -> None:
        self._defaults_s = dict(defaults_s)
        self._of_type: dict[str, list[float]] = defaultdict(list)
        self._of_room: dict[tuple[str, int], list[float]] = defaultdict(list)
        self._of_half: dict[tuple[str, int, bool], list[float]] = defaultdict(list)
        gaps: dict[int, list[float]] = defaultdict(list)
        for spell in spells:
            self._of_type[spell.exam_type].append(spell.busy_s)
            self._of_room[spell.exam_type, spell.room_id].append(spell.busy_s)
            self._of_half[spell.exam_type, spell.room_id, spell.hour < NOON].append(spell.busy_s)
            if spell.gap_s is not None and abs(spell.gap_s) <= _LONGEST_GAP_S:
                gaps[spell.room_id].append(spell.gap_s)
        self._gaps = {room: robust(samples) for room, samples in gaps.items() if len(samples) >= 3}
        self._kept: dict[tuple[str, int, bool], Length] = {}

    def busy(self, exam_type: str, room_id: int, hour: int) -> Length:
        """Return how long an exam keeps the room."""
        key = (exam_type, room_id, hour < NOON)
        if key not in self._kept:
            default = self._defaults_s.get(exam_type, _DEFAULT_S)
            length = Length(default, default * _DEFAULT_SPREAD)
            groups = (
                self._of_type.get(exam_type, []),
                self._of_room.get((exam_type, room_id), []),
                self._of_half.get(key, []),
            )
            for samples, weight in zip(groups, _WEIGHTS, strict=True):
                length = _leaning(samples, length, weight)
            self._kept[key] = length
        return self._kept[key]

    def gap(self, room_id: int) -> Length:
        """Return the time between the end of one exam and the next call; negative where patients are called ahead."""
        return self._gaps.get(room_id, Length(0.0, 0.0))

    def remaining(self, exam_type: str, room_id: int, hour: int, elapsed_s: float) -> Length:
        """Return what is left of an exam that has lasted so long: what longer exams of its kind still took."""
        usual = self.busy(exam_type, room_id, hour)
        samples = self._of_room.get((exam_type, room_id), [])
        if len(samples) < 20:
            samples = self._of_type.get(exam_type, [])
        longer = [sample - elapsed_s for sample in samples if sample > elapsed_s]
        if len(longer) >= 5:
            return robust(longer)
        left = max(usual.mean_s - elapsed_s, usual.deviation_s / 2)
        return Length(left, min(usual.deviation_s, left))


def _leaning(samples: Sequence[float], wider: Length, weight: float) -> Length:
    if not samples:
        return wider
    own, count = robust(samples), len(samples)
    mean = (count * own.mean_s + weight * wider.mean_s) / (count + weight)
    deviation = (count * own.deviation_s + weight * wider.deviation_s) / (count + weight)
    return Length(mean, deviation)


@dataclass(frozen=True, slots=True)
class RoomNow:
    """A room as it stands: who keeps it, as (exam type, seconds so far; None: has not begun), first to end first."""

    room_id: int
    exam_types: frozenset[str]
    occupied: tuple[tuple[str, float | None], ...] = ()
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class InLine:
    """Somebody who waits. `ready_s`: not called before, because not here before."""

    ticket_id: int
    exam_type: str
    room_id: int
    ready_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Expected:
    """When somebody will be called: seconds from now, with the standard deviation, and how many are called before."""

    wait_s: float
    deviation_s: float
    ahead: int


def foretell(
    durations: Durations, rooms: Iterable[RoomNow], line: Sequence[InLine], hour: int, *, is_pool: bool
) -> dict[int, Expected]:
    """Play the queue forward and return when each ticket is called; those no open room can take are left out.

    `line` is in the order of the calls. In a pool every room takes whoever it can examine, else only its own line.
    """
    free: dict[int, tuple[float, float]] = {}  # room → (free at, variance)
    can: dict[int, frozenset[str]] = {}
    for room in rooms:
        if room.is_open:
            free[room.room_id] = _free_at(durations, room, hour)
            can[room.room_id] = room.exam_types
    waiting, expected = list(line), dict[int, Expected]()
    while waiting and free:
        room_id = min(free, key=lambda one: free[one][0] + durations.gap(one).mean_s)
        free_s, variance = free[room_id]
        gap = durations.gap(room_id)
        from_s = max(free_s + gap.mean_s, 0.0)
        chosen = _next_for(waiting, room_id, can[room_id], from_s, is_pool)
        if chosen is None:
            del free[room_id]
            continue
        waiting.remove(chosen)
        call_s = max(from_s, chosen.ready_s)
        waited_for_room = chosen.ready_s <= from_s
        spread = variance + gap.deviation_s**2 if waited_for_room else variance / 4
        expected[chosen.ticket_id] = Expected(call_s, math.sqrt(spread), len(expected))
        busy = durations.busy(chosen.exam_type, room_id, hour)
        free[room_id] = (max(call_s, free_s) + busy.mean_s, spread + busy.deviation_s**2)
    return expected


def _free_at(durations: Durations, room: RoomNow, hour: int) -> tuple[float, float]:
    free_s = variance = 0.0
    for exam_type, elapsed_s in room.occupied:
        left = (
            durations.busy(exam_type, room.room_id, hour)
            if elapsed_s is None
            else durations.remaining(exam_type, room.room_id, hour, elapsed_s)
        )
        free_s, variance = free_s + left.mean_s, variance + left.deviation_s**2
    if not room.occupied:
        free_s = -max(durations.gap(room.room_id).mean_s, 0.0)  # nobody to clear away: the next is called now
    return free_s, variance


def _next_for(
    waiting: Sequence[InLine], room_id: int, types: frozenset[str], from_s: float, is_pool: bool
) -> InLine | None:
    """Return whom the room calls: the first who is here, else the first who comes."""
    soonest: InLine | None = None
    for one in waiting:
        if (one.exam_type not in types) if is_pool else (one.room_id != room_id):
            continue
        if one.ready_s <= from_s:
            return one
        if soonest is None or one.ready_s < soonest.ready_s:
            soonest = one
    return soonest


@dataclass(frozen=True, slots=True)
class Past:
    """A forecast and what came: seconds foretold, seconds that it took."""

    foretold_s: float
    actual_s: float


_SHORT_S = 300.0
_ENOUGH = 50


class Band:
    """The band around a forecast that four of five calls fall into, learnt from the own past errors."""

    def __init__(self, past: Sequence[Past]) -> None:
        errors = sorted((one.actual_s - one.foretold_s) / max(one.foretold_s, _SHORT_S) for one in past)
        self._quantiles = (
            (errors[len(errors) // 10], errors[-1 - len(errors) // 10]) if len(errors) >= _ENOUGH else None
        )

    def around(self, expected: Expected) -> tuple[float, float]:
        """Return the earliest and the latest second of the band; holds the forecast and is never below now."""
        if self._quantiles is None:
            half = BAND * max(expected.deviation_s, 60.0 + expected.wait_s * 0.1)
            return max(expected.wait_s - half, 0.0), expected.wait_s + half
        scale = max(expected.wait_s, _SHORT_S)
        low, high = (expected.wait_s + quantile * scale for quantile in self._quantiles)
        return max(min(low, expected.wait_s), 0.0), max(high, expected.wait_s)
