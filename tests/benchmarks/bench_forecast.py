"""Backtest of the forecast of missed limits: simulated days of a department, the forecast against what then came.

Run: python tests/benchmarks/bench_forecast.py [days] [seed]

The department is simulated without looking at the forecast: exams come by the hour of the day, doctors come and go by
shifts and take their lunch, read roughly in the order of the list, and take log-normal times. Compared with three naive
forecasts: nobody will be late; as many as in the last four hours; all that are amber now.
"""

from __future__ import annotations

import heapq
import json
import math
import random
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from server.reporting.clocks import clock_of
from server.reporting.worklist_forecast import HORIZON, LOOK_BACK, Waiting, foretell, pace_of
from shared.contract.worklist import TimeLimits
from shared.domain.states import VisitKind

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday, midnight of the department
LIMITS = TimeLimits()
EXAMS_PER_HOUR = (3, 2, 2, 2, 2, 3, 6, 14, 34, 40, 38, 26, 14, 18, 30, 32, 24, 14, 10, 8, 7, 6, 5, 4)
DOCTORS = (1, 1, 1, 1, 1, 1, 1, 2, 5, 6, 6, 5, 2, 4, 6, 6, 6, 4, 2, 2, 2, 2, 1, 1)
MEAN_MINUTES = 10.5  # from taking a report to its approval
SPREAD = 0.6
EVERY = timedelta(minutes=15)


@dataclass
class Report:
    """One simulated report."""

    id: int
    priority: int
    examined_at: datetime
    due_at: datetime
    warn_at: datetime
    approved_at: datetime | None = None
    taken_at: datetime | None = None


def simulate(days: int, seed: int) -> list[Report]:
    """Return the reports of some days with the times of their approval."""
    random_ = random.Random(seed)
    reports = _arrivals(days, random_)
    moods = [random_.uniform(0.75, 1.2) for _ in range(days + 1)]  # some days are slower
    waiting: list[Report] = []
    busy: list[datetime] = []
    coming = iter(reports)
    upcoming = next(coming, None)
    now = START
    end = START + timedelta(days=days)
    while now < end:
        while upcoming is not None and upcoming.examined_at <= now:
            waiting.append(upcoming)
            upcoming = next(coming, None)
        while busy and busy[0] <= now:
            heapq.heappop(busy)
        on_duty = DOCTORS[now.hour]
        waiting.sort(key=lambda one: (one.priority, one.examined_at))
        while waiting and len(busy) < on_duty:
            place = 0 if waiting[0].priority == 0 else min(len(waiting) - 1, random_.choice((0, 0, 0, 1, 2, 5)))
            taken = waiting.pop(place)
            minutes = random_.lognormvariate(math.log(MEAN_MINUTES) - SPREAD**2 / 2, SPREAD) / moods[(now - START).days]
            taken.taken_at = now
            taken.approved_at = now + timedelta(minutes=minutes)
            heapq.heappush(busy, taken.approved_at)
        now += timedelta(minutes=1)
    return reports


def _arrivals(days: int, random_: random.Random) -> list[Report]:
    reports = []
    for hour in range(days * 24):
        begin = START + timedelta(hours=hour)
        busy = 0.45 if begin.weekday() >= 5 else 1.0
        rate = EXAMS_PER_HOUR[begin.hour] * busy * random_.uniform(0.7, 1.3)
        for _ in range(_poisson(rate, random_)):
            at = begin + timedelta(minutes=random_.uniform(0, 60))
            priority = 0 if random_.random() < 0.12 else 2
            visit = random_.choice((VisitKind.OUTPATIENT, VisitKind.OUTPATIENT, VisitKind.INPATIENT))
            exam_type = random_.choice(("CT", "CT", "MR", "DR", "DR"))
            clock = clock_of(LIMITS, at, priority=priority, visit_kind=visit, exam_type=exam_type)
            reports.append(Report(0, priority, at, clock.due_at, clock.warn_at))
    reports.sort(key=lambda one: one.examined_at)
    for number, report in enumerate(reports, 1):
        report.id = number
    return reports


def _poisson(rate: float, random_: random.Random) -> int:
    count, product, limit = 0, random_.random(), math.exp(-rate)
    while product > limit:
        count += 1
        product *= random_.random()
    return count


def _open_at(reports: list[Report], now: datetime) -> list[Report]:
    return [one for one in reports if one.examined_at <= now and (one.approved_at is None or one.approved_at > now)]


def _missed(one: Report) -> bool:
    return one.approved_at is None or one.approved_at > one.due_at


def _ours(reports: list[Report], now: datetime) -> int:
    lately = [one.approved_at for one in reports if one.approved_at is not None and one.approved_at <= now]
    urgent = [one.examined_at for one in reports if one.priority == 0 and now - LOOK_BACK < one.examined_at <= now]
    queue = [
        Waiting(one.id, one.priority, 2 if one.taken_at and one.taken_at <= now else 3, one.examined_at, one.due_at)
        for one in _open_at(reports, now)
    ]
    return len(foretell(queue, now, pace_of(lately, now), pace_of(urgent, now)))


def _as_before(reports: list[Report], now: datetime) -> int:
    return sum(
        now - HORIZON < one.due_at <= now and (one.approved_at is None or one.approved_at > one.due_at)
        for one in reports
    )


def _amber(reports: list[Report], now: datetime) -> int:
    return sum(one.warn_at <= now < one.due_at for one in _open_at(reports, now))


METHODS: dict[str, Callable[[list[Report], datetime], int]] = {
    "pace": _ours,
    "nobody": lambda _reports, _now: 0,
    "as the last four hours": _as_before,
    "amber now": _amber,
}


def backtest(days: int, seed: int) -> dict[str, float]:
    """Return the mean absolute error of each method, in reports, and `truth`: how many were late on average."""
    reports = simulate(days, seed)
    errors: dict[str, list[float]] = {name: [] for name in METHODS}
    came: list[int] = []
    now = START + timedelta(hours=8)
    while now + HORIZON < START + timedelta(days=days):
        near = [one for one in reports if now - timedelta(hours=36) < one.examined_at <= now + HORIZON]
        truth = sum(now < one.due_at <= now + HORIZON and _missed(one) for one in _open_at(near, now))
        came.append(truth)
        for name, method in METHODS.items():
            errors[name].append(abs(method(near, now) - truth))
        now += EVERY
    return {name: statistics.fmean(found) for name, found in errors.items()} | {"truth": statistics.fmean(came)}


def main() -> None:
    """Print one line of JSON per seed, and the mean of all."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 14
    seeds = [int(sys.argv[2])] if len(sys.argv) > 2 else list(range(1, 6))
    results = [backtest(days, seed) for seed in seeds]
    for seed, result in zip(seeds, results, strict=True):
        print(json.dumps({"seed": seed} | {name: round(value, 2) for name, value in result.items()}))
    print(json.dumps({name: round(statistics.fmean(one[name] for one in results), 2) for name in results[0]}))


if __name__ == "__main__":
    main()
