"""Schedules, calendars, quotas and runs of slots, as pure rules."""

from __future__ import annotations

import random
from datetime import date

import pytest

from server.exams.scheduling.rules import (
    OrderedItem,
    PlannedExam,
    booking_minutes,
    broken_rules,
    day_plan,
    fault_of_calendar,
    fault_of_sessions,
    leaves_quotas,
    run_of,
)
from shared.contract.scheduling import (
    CalendarEntry,
    CalendarKind,
    IntervalRuleView,
    QuotaEntry,
    SessionEntry,
    SlotRuleView,
)
from shared.domain.states import VisitKind

MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 22)
MORNING = SessionEntry(weekday=0, opens_minute=480, closes_minute=540, slot_minutes=20)
K = VisitKind


def entry(kind: CalendarKind, day: date = MONDAY, **more: object) -> CalendarEntry:
    return CalendarEntry(first_day=day, last_day=day, kind=kind, **more)  # type: ignore[arg-type]


def test_a_day_has_the_sessions_of_its_weekday() -> None:
    assert day_plan([MORNING], [], 1, MONDAY).slots() == ((480, 500, 1), (500, 520, 1), (520, 540, 1))
    assert day_plan([MORNING], [], 1, SUNDAY).slots() == ()


def test_a_closure_empties_the_day_and_says_why() -> None:
    plan = day_plan([MORNING], [entry(CalendarKind.CLOSED, note="国庆节")], 1, MONDAY)
    assert (plan.slots(), plan.note) == ((), "国庆节")


def test_a_closed_hour_takes_only_the_slots_that_it_touches() -> None:
    closed = entry(CalendarKind.CLOSED, from_minute=505, to_minute=510)
    assert [start for start, _end, _n in day_plan([MORNING], [closed], 1, MONDAY).slots()] == [480, 520]


def test_a_worked_sunday_follows_the_plan_of_another_weekday() -> None:
    working = entry(CalendarKind.WORKING, SUNDAY, as_weekday=0)
    assert len(day_plan([MORNING], [working], 1, SUNDAY).slots()) == 3


def test_other_hours_keep_the_slots_of_the_weekday() -> None:
    hours = entry(CalendarKind.HOURS, from_minute=600, to_minute=640)
    assert day_plan([MORNING], [hours], 1, MONDAY).slots() == ((600, 620, 1), (620, 640, 1))
    on_sunday = entry(CalendarKind.HOURS, SUNDAY, from_minute=600, to_minute=640)
    assert len(day_plan([MORNING], [on_sunday], 1, SUNDAY, usual_minutes=10).slots()) == 4


def test_a_rooms_own_entry_goes_before_that_of_all_rooms() -> None:
    closed, working = entry(CalendarKind.CLOSED), entry(CalendarKind.WORKING, room_id=1)
    assert len(day_plan([MORNING], [closed, working], 1, MONDAY).slots()) == 3
    assert day_plan([MORNING], [closed, working], 2, MONDAY).slots() == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weekday": 7}, "星期"),
        ({"closes_minute": 480}, "晚于"),
        ({"slot_minutes": 90}, "时长"),
        ({"capacity": 0}, "人数"),
        ({"quotas": (QuotaEntry(kind=K.INPATIENT, places=4),)}, "超过"),
        ({"quotas": (QuotaEntry(kind=K.INPATIENT, places=-1),)}, "不能为负"),
    ],
)
def test_a_session_that_cannot_be_is_named(changes: dict[str, object], words: str) -> None:
    import msgspec

    fault = fault_of_sessions([msgspec.structs.replace(MORNING, **changes)])
    assert fault is not None
    assert words in fault[1]


def test_sessions_of_one_day_may_not_overlap() -> None:
    import msgspec

    later = msgspec.structs.replace(MORNING, opens_minute=530, closes_minute=600)
    assert fault_of_sessions([MORNING, msgspec.structs.replace(later, weekday=1)]) is None
    fault = fault_of_sessions([MORNING, later])
    assert fault is not None
    assert fault[0] == 1


def test_a_calendar_entry_that_ends_before_it_begins_is_named() -> None:
    fault = fault_of_calendar(CalendarEntry(first_day=MONDAY, last_day=SUNDAY, kind=CalendarKind.CLOSED))
    assert fault is not None
    assert fault[0] == "last_day"


def test_items_add_up_with_contrast_and_preparation() -> None:
    rule = SlotRuleView(exam_type="CT", version=1, minutes=10, contrast_minutes=15, buffer_minutes=5)
    assert booking_minutes(rule, []) == 0
    assert booking_minutes(rule, [OrderedItem("胸部平扫")]) == 15
    assert booking_minutes(rule, [OrderedItem("胸部平扫"), OrderedItem("上腹部增强", 20)]) == 10 + 20 + 15 + 5


def test_a_run_needs_slots_without_a_gap() -> None:
    slots = [(0, 10), (10, 20), (30, 40)]
    assert run_of(slots, 0, 0) == (0,)
    assert run_of(slots, 0, 20) == (0, 1)
    assert run_of(slots, 0, 21) is None
    assert run_of(slots, 2, 11) is None


def test_quotas_hold_for_any_order_of_bookings() -> None:
    """Whoever comes, in whatever order: each kind gets its own quota, and no more is sold than there is."""
    chance = random.Random(20261121)
    for _round in range(300):
        total = chance.randint(1, 20)
        quotas: dict[VisitKind, int] = {}
        for kind in chance.sample(list(K), chance.randint(0, 3)):
            quotas[kind] = chance.randint(0, max(0, total - sum(quotas.values())))
        used: dict[VisitKind, int] = {}
        for _booking in range(60):
            kind = chance.choice(list(K))
            if sum(used.values()) < total and leaves_quotas(total, quotas, used, kind, 1):
                used[kind] = used.get(kind, 0) + 1
            for one, places in quotas.items():
                still = max(0, places - used.get(one, 0))
                assert sum(used.values()) + still <= total  # what is kept is really there
        assert sum(used.values()) <= total


INTERVALS = (
    IntervalRuleView(id=1, first_words="钡", then_type="CT", hours=72),
    IntervalRuleView(id=2, first_type="CT", first_words="增强 造影", then_type="CT", then_words="增强 造影", hours=24),
    IntervalRuleView(id=3, first_type="MR", then_type="US", hours=2, both_ways=True),
)


@pytest.mark.parametrize(
    ("one", "other", "hours", "broken"),
    [
        (("RF", "上消化道钡餐"), ("CT", "上腹部平扫"), 24, [1]),
        (("RF", "上消化道钡餐"), ("CT", "上腹部平扫"), 73, []),
        (("CT", "上腹部平扫"), ("RF", "上消化道钡餐"), 24, []),  # CT first is the advice itself
        (("CT", "胸部增强"), ("CT", "冠状动脉造影"), 3, [2]),
        (("CT", "胸部平扫"), ("CT", "冠状动脉造影"), 3, []),
        (("US", "心脏超声"), ("MR", "颅脑平扫"), 1, [3]),
    ],
)
def test_intervals_look_at_the_order_of_exams(
    one: tuple[str, str], other: tuple[str, str], hours: float, broken: list[int]
) -> None:
    first = PlannedExam(one[0], (one[1],), 0.0)
    then = PlannedExam(other[0], (other[1],), hours * 3600)
    assert [rule.id for rule in broken_rules(INTERVALS, first, then)] == broken
    assert [rule.id for rule in broken_rules(INTERVALS, then, first)] == broken
