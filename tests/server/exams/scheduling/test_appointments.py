"""Appointments on both databases: schedules, quotas, longer exams, search, moves, missed ones (RIS-SLT, RIS-EX-02)."""

from __future__ import annotations

import random
import threading
from datetime import date, datetime, timedelta

import msgspec
import pytest

from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.exams import (
    CancelExam,
    GetExam,
    HoldSlot,
    ItemEntry,
    ListExams,
    ListSlots,
    SlotOffer,
    SlotView,
)
from shared.contract.scheduling import (
    CalendarEntry,
    CalendarKind,
    CheckBooking,
    FindFreeSlots,
    GetAppointmentHistory,
    GetSchedule,
    HolidayRow,
    ImportHolidays,
    IntervalRuleView,
    ListCalendar,
    ListSlotRules,
    QuotaEntry,
    RemoveCalendarEntry,
    RescheduleExam,
    RoomLoad,
    SaveCalendarEntry,
    SaveIntervalRule,
    SaveSchedule,
    SaveSlotRule,
    SessionEntry,
    WarningKind,
)
from shared.domain.states import PatientType, VisitKind
from tests.hospital import ADMINISTRATOR, CHEST, CLERK, HEAD, OTHER_CLERK, Hospital, a_caller, a_patient
from tests.server.exams.test_exam_registration import edited

MONDAY = date(2026, 11, 23)
CONTRAST = ItemEntry(code="CT006", name="胸部增强", body_part="胸部", price_fen=62000)


def plan(hospital: Hospital, *quotas: QuotaEntry, capacity: int = 1, **more: int) -> None:
    """Give CT1 one session a day, 08:00 to 10:00 in twelve slots."""
    sessions = tuple(
        SessionEntry(
            weekday=day, opens_minute=480, closes_minute=600, slot_minutes=10, capacity=capacity, quotas=quotas
        )
        for day in range(7)
    )
    version = hospital.call(GetSchedule(room_id=hospital.rooms["CT1"])).version
    hospital.call(SaveSchedule(room_id=hospital.rooms["CT1"], version=version, sessions=sessions, **more))


def slots_of(hospital: Hospital, day: date = MONDAY, room: str = "CT1", **more: object) -> tuple[SlotView, ...]:
    found: tuple[SlotView, ...] = hospital.call(
        ListSlots(room_id=hospital.rooms[room], day=day, **more),  # type: ignore[arg-type]
        CLERK,
    )
    return found


def refused(hospital: Hospital, *args: object, **more: object) -> ErrorCode:
    with pytest.raises(Refusal) as refusal:
        hospital.registered(*args, **more)  # type: ignore[arg-type]
    return refusal.value.body.code


# ── schedules and calendar ───────────────────────────────────────────────────────────────────────────


def test_a_saved_schedule_makes_future_days_follow_and_names_stranded_patients(hospital: Hospital) -> None:
    usual = hospital.call(GetSchedule(room_id=hospital.rooms["CT1"]))
    assert usual.is_default
    afternoon = slots_of(hospital)[-1]
    view = hospital.registered("张三", slot_id=afternoon.id)
    session = SessionEntry(weekday=0, opens_minute=480, closes_minute=540, slot_minutes=30, capacity=2)
    saved = hospital.call(SaveSchedule(room_id=hospital.rooms["CT1"], version=0, sessions=(session,)))
    assert [one.exam_id for one in saved.stranded] == [view.row.id]
    slots = slots_of(hospital)
    assert [(slot.capacity, slot.taken) for slot in slots] == [(2, 0), (2, 0), (0, 1)]
    assert slots[-1].offer is SlotOffer.FULL
    assert refused(hospital, "李四", slot_id=slots[-1].id) is ErrorCode.SLOT_TAKEN
    with pytest.raises(Refusal) as stale:
        hospital.call(SaveSchedule(room_id=hospital.rooms["CT1"], version=0, sessions=()))
    assert stale.value.body.code is ErrorCode.CONFLICT


def test_holidays_close_days_and_worked_days_follow_a_monday(hospital: Hospital) -> None:
    sunday = date(2026, 11, 22)
    session = SessionEntry(weekday=0, opens_minute=480, closes_minute=540, slot_minutes=30)
    hospital.call(SaveSchedule(room_id=hospital.rooms["CT1"], version=0, sessions=(session,)))
    assert (len(slots_of(hospital, MONDAY)), len(slots_of(hospital, sunday))) == (2, 0)
    rows = (
        HolidayRow(day=MONDAY, is_working=False, name="元旦"),
        HolidayRow(day=sunday, is_working=True, name="调休上班"),
    )
    hospital.call(ImportHolidays(rows=rows))
    assert (len(slots_of(hospital, MONDAY)), len(slots_of(hospital, sunday))) == (0, 2)
    hospital.call(ImportHolidays(rows=rows))  # the same list again changes nothing
    entries = hospital.call(ListCalendar(first_day=sunday, last_day=MONDAY))
    assert [entry.note for entry in entries] == ["调休上班", "元旦"]
    hospital.call(RemoveCalendarEntry(entry_id=entries[1].id))
    assert len(slots_of(hospital, MONDAY)) == 2
    with pytest.raises(Refusal, match="两次"):
        hospital.call(ImportHolidays(rows=(rows[0], rows[0])))


def test_a_room_can_be_closed_for_part_of_a_day(hospital: Hospital) -> None:
    plan(hospital)
    closure = CalendarEntry(
        first_day=MONDAY,
        last_day=MONDAY,
        kind=CalendarKind.CLOSED,
        room_id=hospital.rooms["CT1"],
        note="设备保养",
        from_minute=480,
        to_minute=540,
    )
    hospital.call(SaveCalendarEntry(entry=closure))
    assert len(slots_of(hospital)) == 6
    assert len(slots_of(hospital, room="CT2")) == 48
    load = hospital.call(RoomLoad(room_id=hospital.rooms["CT1"], first_day=MONDAY, days=2))
    assert [(day.note, day.places) for day in load] == [("设备保养", 6), ("", 12)]


# ── durations, quotas, overbooking ───────────────────────────────────────────────────────────────────


def test_several_items_take_several_slots_and_a_cancelled_exam_gives_them_all_back(hospital: Hospital) -> None:
    plan(hospital)
    first, second, third, *_ = slots_of(hospital)
    view = hospital.registered("张三", slot_id=first.id, items=(HEAD, CHEST))
    assert [slot.taken for slot in slots_of(hospital)][:3] == [1, 1, 0]
    assert refused(hospital, "李四", slot_id=second.id) is ErrorCode.SLOT_TAKEN
    offers = slots_of(hospital, exam_type="CT", item_codes=("CT001", "CT005"))
    assert offers[-1].offer is SlotOffer.TOO_SHORT
    hospital.call(CancelExam(exam_id=view.row.id, version=view.version), CLERK)
    assert not any(slot.taken for slot in slots_of(hospital))
    assert hospital.registered("王五", slot_id=third.id).row.planned_at == third.starts_at


def test_contrast_and_preparation_lengthen_a_booking(hospital: Hospital) -> None:
    plan(hospital)
    rule = next(rule for rule in hospital.call(ListSlotRules()) if rule.exam_type == "CT")
    rule = msgspec.structs.replace(rule, contrast_minutes=10, buffer_minutes=10, horizon_days=5, lead_minutes=30)
    saved = hospital.call(SaveSlotRule(rule=rule))
    assert saved.version == 1
    hospital.registered("张三", slot_id=slots_of(hospital)[0].id, items=(CONTRAST,))
    assert [slot.taken for slot in slots_of(hospital)][:4] == [1, 1, 1, 0]
    far = slots_of(hospital, MONDAY + timedelta(days=7), exam_type="CT", item_codes=("CT001",))
    assert {slot.offer for slot in far} == {SlotOffer.NOT_OPEN}


def test_an_edit_that_adds_items_keeps_the_slot_and_takes_the_next(hospital: Hospital) -> None:
    plan(hospital)
    first, second, *_ = slots_of(hospital)
    view = hospital.registered("张三", slot_id=first.id)
    longer = hospital.call(edited(view, items=(HEAD, CHEST)), CLERK)
    assert longer.row.planned_at == first.starts_at
    assert [slot.taken for slot in slots_of(hospital)][:3] == [1, 1, 0]
    shorter = hospital.call(edited(longer, items=(HEAD,)), CLERK)
    hospital.registered("李四", slot_id=second.id)
    with pytest.raises(Refusal) as refusal:
        hospital.call(edited(shorter, items=(HEAD, CHEST)), CLERK)
    assert refusal.value.body.code is ErrorCode.SLOT_TAKEN


def test_kept_places_are_for_their_kind_until_they_are_released(hospital: Hospital) -> None:
    plan(hospital, QuotaEntry(kind=VisitKind.INPATIENT, places=2), release_hour=9, release_days=1)
    slots = slots_of(hospital)
    for index in range(10):
        hospital.registered(f"门诊{index}", slot_id=slots[index].id)
    assert slots_of(hospital)[10].offer is SlotOffer.RESERVED
    assert slots_of(hospital, kind=VisitKind.INPATIENT)[10].offer is SlotOffer.FREE
    assert refused(hospital, "门诊", slot_id=slots[10].id) is ErrorCode.SLOT_TAKEN
    hospital.registered("住院", slot_id=slots[10].id, of_patient={"inpatient_number": "Z1"})
    hospital.clock.forward(hours=24, minutes=40)  # 09:10 of the day before
    assert slots_of(hospital)[11].offer is SlotOffer.FREE
    hospital.registered("门诊", slot_id=slots[11].id)


def test_an_emergency_is_added_to_a_full_slot_as_far_as_the_schedule_allows(hospital: Hospital) -> None:
    plan(hospital, overbook=1)
    slot = slots_of(hospital)[0]
    hospital.registered("张三", slot_id=slot.id)
    assert slots_of(hospital, kind=VisitKind.EMERGENCY)[0].offer is SlotOffer.OVERBOOK
    hospital.registered("急诊", slot_id=slot.id, patient_type=PatientType.EMERGENCY)
    assert slots_of(hospital, kind=VisitKind.EMERGENCY)[0].offer is SlotOffer.FULL
    assert refused(hospital, "急二", slot_id=slot.id, patient_type=PatientType.EMERGENCY) is ErrorCode.SLOT_TAKEN


def test_a_clerk_holds_one_place_at_a_time_where_that_is_wished(hospital: Hospital) -> None:
    plan(hospital)
    first, second, *_ = slots_of(hospital)
    hospital.call(HoldSlot(slot_id=first.id, only=True), CLERK)
    hospital.call(HoldSlot(slot_id=second.id, only=True, exam_type="CT", item_codes=("CT001", "CT005")), CLERK)
    assert [slot.taken for slot in slots_of(hospital)][:4] == [0, 1, 1, 0]
    with pytest.raises(Refusal):
        hospital.call(HoldSlot(slot_id=second.id), OTHER_CLERK)


# ── finding, moving, missing ─────────────────────────────────────────────────────────────────────────


def test_the_first_free_slot_is_found_over_all_rooms_of_a_type(hospital: Hospital) -> None:
    plan(hospital)
    at = hospital.time.at
    found = hospital.call(FindFreeSlots(exam_type="CT", item_codes=("CT001",), limit=3), CLERK)
    assert len(found) == 3
    assert {slot.slot.room_id for slot in found} <= {hospital.rooms["CT1"], hospital.rooms["CT2"]}
    moments = [slot.slot.starts_at for slot in found]
    assert moments == sorted(moments)
    assert moments[0] <= hospital.clock.now() + timedelta(minutes=10)
    assert all(slot.slot.id > 0 for slot in found)
    from datetime import time

    later = hospital.call(FindFreeSlots(exam_type="MR", not_before=at(MONDAY, time(12)), limit=1), CLERK)
    assert later[0].slot.starts_at == at(MONDAY, time(13, 30))
    assert hospital.call(FindFreeSlots(exam_type="MR", campus_id=999), CLERK) == ()


def test_a_move_keeps_its_reason_and_frees_the_old_slot(hospital: Hospital) -> None:
    plan(hospital)
    first = slots_of(hospital)[0]
    other = slots_of(hospital, room="CT2")[5]
    view = hospital.registered("张三", slot_id=first.id)
    with pytest.raises(Refusal, match="原因"):
        hospital.call(RescheduleExam(exam_id=view.row.id, version=view.version, slot_id=other.id, reason=" "), CLERK)
    moved = hospital.call(
        RescheduleExam(exam_id=view.row.id, version=view.version, slot_id=other.id, reason="患者有事"), CLERK
    )
    assert (moved.row.room_id, moved.row.planned_at, moved.row.reschedules) == (other.room_id, other.starts_at, 1)
    assert slots_of(hospital)[0].taken == 0
    (record,) = hospital.call(GetAppointmentHistory(exam_id=view.row.id), CLERK).reschedules
    assert (record.reason, record.from_planned_at, record.to_planned_at) == (
        "患者有事",
        first.starts_at,
        other.starts_at,
    )
    with pytest.raises(Refusal) as stale:
        hospital.call(RescheduleExam(exam_id=view.row.id, version=view.version, slot_id=first.id, reason="x"), CLERK)
    assert stale.value.body.code is ErrorCode.CONFLICT
    assert [row.id for row in hospital.call(ListExams(rescheduled=True), CLERK).rows] == [view.row.id]


def test_a_move_to_a_full_slot_keeps_the_old_one(hospital: Hospital) -> None:
    plan(hospital)
    first, second, *_ = slots_of(hospital)
    view = hospital.registered("张三", slot_id=first.id)
    hospital.registered("李四", slot_id=second.id)
    with pytest.raises(Refusal) as refusal:
        hospital.call(RescheduleExam(exam_id=view.row.id, version=view.version, slot_id=second.id, reason="早"), CLERK)
    assert refusal.value.body.code is ErrorCode.SLOT_TAKEN
    assert [slot.taken for slot in slots_of(hospital)][:2] == [1, 1]


def test_missed_appointments_are_found_at_the_end_of_their_day_and_counted(hospital: Hospital) -> None:
    view = hospital.registered("张三", slot_id=slots_of(hospital)[0].id)
    walk_in = hospital.registered("李四")  # registered and left on the same day: no appointment
    hospital.clock.forward(days=2)
    with hospital.write() as uow:
        assert hospital.exams.appointments.find_missed(uow) == 0  # the day is not over
    hospital.clock.forward(days=1)
    with hospital.write() as uow:
        assert hospital.exams.appointments.find_missed(uow) == 1
        assert hospital.exams.appointments.find_missed(uow) == 0
    found = hospital.call(ListExams(no_show=True), CLERK).rows
    assert [(row.id, row.is_no_show, row.patient_no_shows) for row in found] == [(view.row.id, True, 1)]
    assert not hospital.call(GetExam(exam_id=walk_in.row.id)).row.is_no_show
    later = slots_of(hospital, MONDAY + timedelta(days=3))[0]
    missed = hospital.call(GetExam(exam_id=view.row.id))
    moved = hospital.call(
        RescheduleExam(exam_id=view.row.id, version=missed.version, slot_id=later.id, reason="爽约改约"), CLERK
    )
    assert (moved.row.is_no_show, moved.row.patient_no_shows) == (False, 1)
    history = hospital.call(GetAppointmentHistory(exam_id=view.row.id))
    assert len(history.no_shows) == 1


# ── warnings ─────────────────────────────────────────────────────────────────────────────────────────


def warned(hospital: Hospital, planned_at: datetime, name: str = "张三", **more: object) -> list[WarningKind]:
    values: dict[str, object] = {"exam_type": "CT", "item_codes": ("CT006",)}
    request = CheckBooking(patient=a_patient(name), planned_at=planned_at, **(values | more))  # type: ignore[arg-type]
    return [warning.kind for warning in hospital.call(request, CLERK)]


def test_the_same_time_in_two_rooms_is_warned_about(hospital: Hospital) -> None:
    first = slots_of(hospital, room="MR1")[0]
    item = ItemEntry(code="MR001", name="颅脑平扫", body_part="颅脑", price_fen=1)
    view = hospital.registered("张三", slot_id=first.id, exam_type="MR", room_id=hospital.rooms["MR1"], items=(item,))
    at = first.starts_at
    assert warned(hospital, at + timedelta(minutes=10)) == [WarningKind.SAME_TIME]
    assert warned(hospital, at + timedelta(minutes=20)) == []
    assert warned(hospital, at, "李四") == []
    assert warned(hospital, at, exam_id=view.row.id) == []
    hospital.call(CancelExam(exam_id=view.row.id, version=view.version), CLERK)
    assert warned(hospital, at) == []


def test_barium_before_ct_and_a_second_contrast_are_warned_about(hospital: Hospital) -> None:
    for rule in (
        IntervalRuleView(first_words="钡", then_type="CT", hours=72, advice="先做 CT。"),
        IntervalRuleView(first_type="CT", first_words="增强", then_type="CT", then_words="增强", hours=24),
    ):
        hospital.call(SaveIntervalRule(rule=rule), ADMINISTRATOR)
    barium = ItemEntry(code="DRX", name="上消化道钡餐", body_part="胃", price_fen=1)
    day = slots_of(hospital, room="DR1")[0]
    hospital.registered("张三", slot_id=day.id, exam_type="DR", room_id=hospital.rooms["DR1"], items=(barium,))
    assert warned(hospital, day.starts_at + timedelta(hours=26)) == [WarningKind.INTERVAL]
    assert warned(hospital, day.starts_at + timedelta(hours=73)) == []
    with pytest.raises(Refusal, match="间隔"):
        hospital.call(SaveIntervalRule(rule=IntervalRuleView(first_type="CT", then_type="CT", hours=0)))


# ── two clerks ───────────────────────────────────────────────────────────────────────────────────────


def test_no_slot_is_ever_oversold_whatever_many_clerks_do_at_once(hospital: Hospital) -> None:
    """Threads hold, register (one or two items), move and cancel at random; then the books are added up."""
    plan(hospital, QuotaEntry(kind=VisitKind.INPATIENT, places=3), capacity=2, release_days=0)
    days = (MONDAY, MONDAY + timedelta(days=1))
    ids = [slot.id for day in days for slot in slots_of(hospital, day)]
    trouble: list[BaseException] = []

    def clerk(number: int) -> None:
        chance, caller = random.Random(number), a_caller("clerk", 100 + number)
        mine: list[tuple[int, int]] = []
        try:
            for step in range(14):
                _act(hospital, chance, caller, mine, ids, f"患者{number}-{step}")
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            trouble.append(error)

    threads = [threading.Thread(target=clerk, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not trouble
    hospital.clock.forward(minutes=10)  # holds have expired
    for day in days:
        slots = slots_of(hospital, day)
        assert all(slot.taken <= slot.capacity for slot in slots)
        (load,) = hospital.call(RoomLoad(room_id=hospital.rooms["CT1"], first_day=day, days=1))
        taken = {slot.id: 0 for slot in slots}
        order = [slot.id for slot in slots]
        for booking in load.bookings:
            place = order.index(booking.slot_id)
            for slot_id in order[place : place + booking.minutes // 10]:
                taken[slot_id] += 1
        assert [slot.taken for slot in slots] == list(taken.values())
        outpatients = sum(one.minutes // 10 for one in load.bookings if one.kind is VisitKind.OUTPATIENT)
        assert outpatients <= 24 - 3


def _act(
    hospital: Hospital,
    chance: random.Random,
    caller: object,
    mine: list[tuple[int, int]],
    ids: list[int],
    name: str,
) -> None:
    slot_id, deed = chance.choice(ids), chance.random()
    try:
        if deed < 0.2:
            hospital.call(HoldSlot(slot_id=slot_id, only=True), caller)  # type: ignore[arg-type]
        elif deed < 0.7 or not mine:
            items = (HEAD, CHEST) if chance.random() < 0.3 else (HEAD,)
            of_patient = {"inpatient_number": name} if chance.random() < 0.3 else {}
            view = hospital.registered(name, caller, slot_id=slot_id, items=items, of_patient=of_patient)  # type: ignore[arg-type]
            mine.append((view.row.id, view.version))
        elif deed < 0.9:
            exam_id, version = mine.pop()
            request = RescheduleExam(exam_id=exam_id, version=version, slot_id=slot_id, reason="测试")
            hospital.call(request, caller)  # type: ignore[arg-type]
        else:
            exam_id, version = mine.pop()
            hospital.call(CancelExam(exam_id=exam_id, version=version), caller)  # type: ignore[arg-type]
    except Refusal as refusal:
        assert refusal.body.code is ErrorCode.SLOT_TAKEN, refusal.body
