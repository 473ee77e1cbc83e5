"""Waiting times on days whose truth is known: the pure forecast against a simulated crowd, and through the service."""

from __future__ import annotations

import random
import statistics
from datetime import timedelta

import pytest

from server.queueing.forecast import (
    Band,
    Durations,
    Expected,
    InLine,
    Past,
    RoomNow,
    Spell,
    foretell,
    robust,
)
from server.queueing.waiting import WaitingTimes
from shared.contract.queueing import (
    CallNext,
    FinishTicket,
    GetBoard,
    GetForecastErrors,
    GetQueue,
    PauseRoom,
    SaveQueueRoom,
    StartTicket,
)
from tests.hospital import ADMINISTRATOR, DISPLAY, MORNING, TECHNICIAN, Hospital

CT = frozenset({"CT"})
SLOTS = {"CT": 900.0, "MR": 1800.0}


def lengths(random_: random.Random, count: int, median_s: float = 420.0) -> list[float]:
    """Exams as hospitals have them: most alike, some long, and one in thirty forgotten for an hour."""
    drawn = [random_.lognormvariate(0, 0.35) * median_s for _ in range(count)]
    return [3600.0 if random_.random() < 1 / 30 else one for one in drawn]


def learnt(random_: random.Random, count: int = 300, room: int = 1, gap_s: float = 45.0) -> Durations:
    spells = (Spell(room, "CT", 9, busy, gap_s) for busy in lengths(random_, count))
    return Durations(spells, SLOTS)


def line(count: int, ready_s: float = 0.0) -> list[InLine]:
    return [InLine(number, "CT", 1, ready_s) for number in range(1, count + 1)]


def test_lengths_are_those_of_the_type_until_the_room_has_shown_its_own() -> None:
    assert Durations((), SLOTS).busy("CT", 1, 9).mean_s == 900.0
    assert Durations((), SLOTS).busy("XA", 1, 9).mean_s == 600.0
    spells = [Spell(1, "CT", 9, 300.0)] * 200 + [Spell(2, "CT", 9, 600.0)] * 200
    durations = Durations(spells, SLOTS)
    assert durations.busy("CT", 1, 9).mean_s == pytest.approx(300, rel=0.06)
    assert durations.busy("CT", 2, 9).mean_s == pytest.approx(600, rel=0.06)
    assert 400 < durations.busy("CT", 3, 9).mean_s < 500  # a new room: as the others, taken together


def test_the_afternoon_may_be_slower_than_the_morning() -> None:
    spells = [Spell(1, "CT", 9, 300.0)] * 100 + [Spell(1, "CT", 15, 600.0)] * 100
    durations = Durations(spells, SLOTS)
    assert durations.busy("CT", 1, 10).mean_s < 350
    assert durations.busy("CT", 1, 16).mean_s > 550


def test_a_forgotten_button_does_not_spoil_the_length() -> None:
    assert robust([300.0] * 97 + [14000.0] * 3).mean_s == pytest.approx(300)


def test_what_has_lasted_long_will_last_a_little_longer() -> None:
    durations = learnt(random.Random(1))
    fresh = durations.remaining("CT", 1, 9, 0.0).mean_s
    older = durations.remaining("CT", 1, 9, 400.0).mean_s
    overdue = durations.remaining("CT", 1, 9, 5000.0).mean_s
    assert fresh > older > 0 and 0 < overdue < fresh


def test_two_rooms_of_one_pool_halve_the_wait() -> None:
    durations = learnt(random.Random(2))
    alone = foretell(durations, [RoomNow(1, CT)], line(8), 9, is_pool=False)
    rooms = [RoomNow(1, CT), RoomNow(2, CT)]
    together = foretell(durations, rooms, line(8), 9, is_pool=True)
    assert together[8].wait_s < alone[8].wait_s * 0.6
    assert [alone[number].ahead for number in range(1, 9)] == list(range(8))


def test_a_paused_room_foretells_nothing_and_its_pool_goes_on() -> None:
    durations = learnt(random.Random(3))
    assert foretell(durations, [RoomNow(1, CT, is_open=False)], line(3), 9, is_pool=False) == {}
    rooms = [RoomNow(1, CT, is_open=False), RoomNow(2, CT)]
    assert len(foretell(durations, rooms, line(3), 9, is_pool=True)) == 3


def test_who_comes_later_is_not_called_before() -> None:
    durations = learnt(random.Random(4))
    told = foretell(durations, [RoomNow(1, CT)], [InLine(1, "CT", 1, 7200.0), *line(2)[1:]], 9, is_pool=False)
    assert told[2].wait_s == 0 and told[1].wait_s == 7200.0


def test_the_band_is_learnt_from_the_own_errors() -> None:
    told = Expected(wait_s=1200.0, deviation_s=100.0, ahead=3)
    low, high = Band([]).around(told)
    assert low < 1200 < high
    poor = Band([Past(600.0, 600.0 * factor) for factor in (0.5, 0.8, 1.0, 1.4, 2.0) for _ in range(20)])
    assert poor.around(told)[1] == pytest.approx(2400.0)
    sharp = Band([Past(600.0, 600.0)] * 100)
    assert sharp.around(told) == (1200.0, 1200.0)


@pytest.mark.parametrize("rooms", [1, 3])
def test_a_day_with_known_truth_is_foretold_better_than_by_counting_heads(rooms: int) -> None:
    """Learn from 600 exams, foretell 25 waiting patients, play the day with other exams of the same kind; 60 days."""
    random_ = random.Random(7)
    spells = [Spell(1 + n % rooms, "CT", 9, busy, 45.0) for n, busy in enumerate(lengths(random_, 600))]
    durations = Durations(spells, SLOTS)
    past: list[Past] = []
    errors, naive, within, judged = [], [], 0, 0
    for day in range(60):
        band = Band(past)
        elapsed = random_.uniform(0, 300)
        states = [RoomNow(1 + n, CT, (("CT", elapsed),)) for n in range(rooms)]
        told = foretell(durations, states, line(25), 9, is_pool=rooms > 1)
        free = [max(one - elapsed, 20.0) for one in lengths(random_, rooms)]
        for number, busy in enumerate(lengths(random_, 25), start=1):
            room = free.index(min(free))
            call = free[room] + 45.0
            free[room] = call + busy
            low, high = band.around(told[number])
            past.append(Past(told[number].wait_s, call))
            if day >= 20:
                errors.append(abs(told[number].wait_s - call))
                naive.append(abs(number * SLOTS["CT"] / rooms - call))
                within += low <= call <= high
                judged += 1
    assert statistics.median(errors) < 0.5 * statistics.median(naive)
    assert statistics.median(errors) < 900 / rooms
    assert 70 <= 100 * within / judged <= 90


def play_a_day(hospital: Hospital, random_: random.Random, patients: int) -> None:
    """Register a morning's patients and examine them as they come; forecasts are kept every ten minutes."""
    room = hospital.rooms["CT1"]
    start = hospital.clock.now()
    for number in range(patients):
        hospital.registered(f"患者{start:%d}号{number}", planned_at=start + timedelta(minutes=6 * number))
    waiting: WaitingTimes = hospital.queue.waiting
    next_record = start

    def pass_time(seconds: float) -> None:
        nonlocal next_record
        end = hospital.clock.now() + timedelta(seconds=seconds)
        while next_record <= end:
            hospital.clock.present = max(hospital.clock.now(), next_record)
            with hospital.write() as uow:
                waiting.record(uow)
            next_record += timedelta(minutes=10)
        hospital.clock.present = end

    for busy in lengths(random_, patients):
        ticket = hospital.call(CallNext(room_id=room), TECHNICIAN)
        pass_time(40)
        ticket = hospital.call(StartTicket(ticket_id=ticket.id, version=ticket.version), TECHNICIAN)
        pass_time(max(busy - 40, 20))
        hospital.call(FinishTicket(ticket_id=ticket.id, version=ticket.version), TECHNICIAN)
        pass_time(45)


def test_the_services_forecasts_are_kept_and_judged_by_what_happened(small_hospital: Hospital) -> None:
    hospital, random_ = small_hospital, random.Random(11)
    play_a_day(hospital, random_, 20)
    first = hospital.call(GetQueue(), TECHNICIAN).forecast_error
    hospital.clock.present = MORNING + timedelta(days=1)
    play_a_day(hospital, random_, 20)
    hospital.clock.present = MORNING + timedelta(days=2)
    play_a_day(hospital, random_, 20)
    queue = hospital.call(GetQueue(), TECHNICIAN)
    error = queue.forecast_error
    assert first is not None and error is not None and error.count > 100
    (row,) = hospital.call(GetForecastErrors(days=1), TECHNICIAN)  # the last day: learnt by then
    assert 5 < row.typical_minutes < 13  # 7 minutes of exam, some long, instead of the plan's slot
    assert row.error.median_error_minutes <= 8
    assert 55 <= row.error.within_band_percent <= 100


def test_lists_rooms_and_board_show_the_forecast(small_hospital: Hospital) -> None:
    hospital = small_hospital
    for name in ("甲一", "乙二", "丙三"):
        hospital.registered(name)
    queue = hospital.call(GetQueue(room_id=hospital.rooms["CT1"]), TECHNICIAN)
    told = [ticket.forecast for ticket in queue.tickets]
    assert [one.ahead for one in told if one is not None] == [0, 1, 2]
    minutes = [one.minutes for one in told if one is not None]
    assert minutes[0] == 0 and minutes == sorted(minutes) and minutes[2] > minutes[1]
    room = next(one for one in queue.rooms if one.room_id == hospital.rooms["CT1"])
    assert room.waiting == 3 and room.wait is not None and room.wait.ahead == 3
    board = next(one for one in hospital.call(GetBoard(), DISPLAY).rooms if one.room_id == room.room_id)
    assert board.waiting_minutes == tuple(minutes) and board.waiting_count == 3 and board.wait == room.wait


def test_a_paused_room_tells_no_times_unless_its_pool_works_on(small_hospital: Hospital) -> None:
    hospital = small_hospital
    one, two = hospital.rooms["CT1"], hospital.rooms["CT2"]
    hospital.registered("甲一")
    hospital.call(PauseRoom(room_id=one, reason="设备校准"), TECHNICIAN)
    (ticket,) = hospital.call(GetQueue(), TECHNICIAN).tickets
    assert ticket.forecast is None
    for room_id in (one, two):
        hospital.call(SaveQueueRoom(room_id=room_id, check_in_required=False, pool="CT"), ADMINISTRATOR)
    (ticket,) = hospital.call(GetQueue(), TECHNICIAN).tickets
    assert ticket.forecast is not None and ticket.forecast.minutes == 0
