"""Forecasts of missed limits: pace, the queue played forward, what is kept and settled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from server.reporting.tables import KeptForecast
from server.reporting.worklist_forecast import HORIZON, BreachForecasts, Waiting, foretell, pace_of
from tests.benchmarks.bench_forecast import backtest
from tests.server.reporting.reporting_world import FULL, LI, NOON, ZHAO, World, an_exam


def waiting(number: int, due_minutes: float, priority: int = 2, progress: int = 3) -> Waiting:
    return Waiting(number, priority, progress, NOON + timedelta(seconds=number), NOON + timedelta(minutes=due_minutes))


def test_an_even_pace_is_found_as_it_is() -> None:
    every_five_minutes = [NOON - timedelta(minutes=5 * step) for step in range(48)]
    assert pace_of(every_five_minutes, NOON) == pytest.approx(12, rel=0.1)
    assert pace_of([], NOON) == 0


def test_the_last_hour_counts_more_than_the_ones_before() -> None:
    lately = [NOON - timedelta(minutes=step) for step in range(30)]
    earlier = [NOON - timedelta(hours=3, minutes=step) for step in range(30)]
    assert pace_of(lately, NOON) > 5 * pace_of(earlier, NOON)


def test_whose_turn_comes_too_late_is_foretold() -> None:
    queue = [waiting(number, due_minutes=60) for number in range(1, 11)]
    assert foretell(queue, NOON, pace_per_hour=6) == (7, 8, 9, 10)
    assert foretell(queue, NOON, pace_per_hour=20) == ()
    assert foretell(queue, NOON, pace_per_hour=0) == tuple(range(1, 11))


def test_emergencies_go_first_and_those_to_come_slow_the_others() -> None:
    queue = [waiting(number, due_minutes=60) for number in range(1, 6)]
    queue.append(waiting(99, due_minutes=60, priority=0))
    assert foretell(queue, NOON, pace_per_hour=6) == ()
    assert foretell(queue, NOON, pace_per_hour=6, urgent_per_hour=2) == (4, 5)


def test_what_is_overdue_or_far_off_is_no_forecast() -> None:
    queue = [waiting(1, due_minutes=-5), waiting(2, due_minutes=HORIZON.total_seconds() / 60 + 1)]
    assert foretell(queue, NOON, pace_per_hour=0.01) == ()


@given(
    st.lists(st.tuples(st.integers(-60, 400), st.integers(0, 2)), max_size=30),
    st.floats(0, 60),
    st.floats(0, 60),
)
def test_a_quicker_pace_never_makes_more_late(reports: list[tuple[int, int]], one: float, other: float) -> None:
    queue = [waiting(number, due, priority) for number, (due, priority) in enumerate(reports)]
    slow, quick = sorted((one, other))
    assert set(foretell(queue, NOON, quick)) <= set(foretell(queue, NOON, slow))


def approve(world: World, report_id: int) -> None:
    with world.database.write() as uow:
        version = world.reports.write(uow, LI, report_id).version
        world.reports.submit(uow, LI, report_id, version, FULL)
        version = world.reports.audit(uow, ZHAO, report_id).version
        world.reports.approve(uow, ZHAO, report_id, version, FULL)


def test_forecasts_are_kept_once_a_quarter_and_settled_by_what_came(world: World) -> None:
    forecasts = BreachForecasts(world.time)
    world.reports.follow(forecasts)
    for number in range(1, 6):
        world.a_report(an_exam(number, exam_type="DR"))  # due in two hours
    with world.database.read() as uow:
        before = forecasts.view(uow, LI)
    assert (before.open_count, before.overdue, before.expected, before.error) == (5, 0, 5, None)
    approve(world, 1)
    with world.database.read() as uow:
        kept = uow.session.scalars(select(KeptForecast)).all()
        # Kept when the doctor entered, before anything was approved: nobody works, so all five will be late.
        assert [(one.expected, one.open_count, one.came) for one in kept] == [(5, 5, None)]
    world.clock.pass_time(minutes=110)
    approve(world, 2)
    world.clock.pass_time(minutes=140)  # past two hours: 3, 4 and 5 missed it
    approve(world, 3)
    with world.database.read() as uow:
        first, *_others = uow.session.scalars(select(KeptForecast).order_by(KeptForecast.slot)).all()
        assert first.came == 3
        view = forecasts.view(uow, LI)
    assert view.overdue == 2
    assert view.error is not None
    assert (view.error.count, view.error.mean_absolute, view.error.bias) == (1, 2.0, 2.0)


def test_a_doctor_of_some_rooms_gets_no_ids_of_others(world: World) -> None:
    import dataclasses

    forecasts = BreachForecasts(world.time)
    world.a_report(an_exam(1, room_id=1))
    world.a_report(an_exam(2, room_id=2))
    with world.database.read() as uow:
        view = forecasts.view(uow, dataclasses.replace(LI, room_ids=frozenset({2})))
    assert view.expected == 2
    assert view.report_ids == (2,)


def test_the_backtest_beats_what_anybody_would_guess() -> None:
    errors = backtest(days=2, seed=2)
    best_guess = min(errors[name] for name in ("nobody", "as the last four hours", "amber now"))
    assert errors["truth"] > 1, "a department where nothing is late proves nothing"
    assert errors["pace"] <= 0.7 * best_guess, errors
