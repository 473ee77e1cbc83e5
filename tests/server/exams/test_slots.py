"""Slots: made from hours, held, sold once (RIS-EX-02)."""

from __future__ import annotations

import threading
from datetime import date, time, timedelta

import pytest

from server.exams.rules import Opening
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.exams import GetExam, HoldSlot, ListSlots, ReleaseSlot, SlotView
from tests.hospital import CLERK, MORNING, OTHER_CLERK, Hospital, a_caller
from tests.server.exams.test_exam_registration import edited

TOMORROW = date(2026, 11, 22)


def slots_of(hospital: Hospital, room: str = "CT1", day: date = TOMORROW) -> tuple[SlotView, ...]:
    found: tuple[SlotView, ...] = hospital.call(ListSlots(room_id=hospital.rooms[room], day=day), CLERK)
    return found


def test_slots_are_made_when_first_asked_for_and_then_stay(hospital: Hospital) -> None:
    slots = slots_of(hospital)
    assert len(slots) == 48  # eight hours of ten minutes
    assert hospital.time.local(slots[0].starts_at).time() == time(8)
    assert slots_of(hospital) == slots


def test_slots_follow_the_hours_of_the_room(hospital: Hospital) -> None:
    with hospital.write() as uow:
        hospital.slots.set_hours(uow, hospital.rooms["MR1"], [Opening(6, time(9), time(10), 20, 2)])
    slots = slots_of(hospital, "MR1")  # a Sunday
    assert [hospital.time.local(slot.starts_at).time() for slot in slots] == [time(9), time(9, 20), time(9, 40)]
    assert {slot.capacity for slot in slots} == {2}
    assert slots_of(hospital, "MR1", date(2026, 11, 23)) == ()


def test_a_far_day_or_an_unknown_room_is_refused(small_hospital: Hospital) -> None:
    for room_id, day in ((1, date(2030, 1, 1)), (999, TOMORROW)):
        with pytest.raises(Refusal) as refused:
            small_hospital.call(ListSlots(room_id=room_id, day=day), CLERK)
        assert refused.value.body.code is ErrorCode.INVALID


def test_two_asking_at_once_make_the_slots_once(hospital: Hospital) -> None:
    barrier, answers = threading.Barrier(4), []

    def ask() -> None:
        barrier.wait()
        answers.append(slots_of(hospital))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 4
    assert len(set(answers)) == 1


def test_the_last_place_of_a_slot_is_sold_once(hospital: Hospital) -> None:
    slot, barrier = slots_of(hospital)[3], threading.Barrier(8)
    outcomes: list[str] = []

    def register(number: int) -> None:
        barrier.wait()
        try:
            hospital.registered(f"患者{number}", caller=a_caller("clerk", 100 + number), slot_id=slot.id)
            outcomes.append("sold")
        except Refusal as refusal:
            outcomes.append(refusal.body.code.value)

    threads = [threading.Thread(target=register, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["slot_taken"] * 7 + ["sold"]
    assert slots_of(hospital)[3].taken == 1


def test_a_refused_slot_leaves_no_exam_and_no_number(hospital: Hospital) -> None:
    slot = slots_of(hospital)[0]
    hospital.registered("张三", slot_id=slot.id)
    with pytest.raises(Refusal, match="约满"):
        hospital.registered("李四", slot_id=slot.id)
    assert hospital.registered("王五").row.accession_number == "261121CT0002"


def test_moving_frees_the_old_slot(hospital: Hospital) -> None:
    first, second, *_ = slots_of(hospital)
    view = hospital.registered("张三", slot_id=first.id)
    moved = hospital.call(edited(view, slot_id=second.id), CLERK)
    assert moved.row.planned_at == second.starts_at
    assert [slot.taken for slot in slots_of(hospital)[:2]] == [0, 1]
    by_time = hospital.call(edited(moved, planned_at=MORNING + timedelta(hours=2)), CLERK)
    assert [slot.taken for slot in slots_of(hospital)[:2]] == [0, 0]
    assert hospital.call(GetExam(exam_id=view.row.id)).row.planned_at == by_time.row.planned_at


def test_an_edit_without_a_move_keeps_the_slot(hospital: Hospital) -> None:
    slot = slots_of(hospital)[0]
    view = hospital.registered("张三", slot_id=slot.id)
    hospital.call(edited(view, is_in_arrears=True), CLERK)
    assert slots_of(hospital)[0].taken == 1


def test_a_slot_of_another_room_or_of_the_past_is_refused(hospital: Hospital) -> None:
    other = slots_of(hospital, "CT2")[0]
    past = slots_of(hospital, "CT1", date(2026, 11, 21))[0]
    for slot in (other, past):
        with pytest.raises(Refusal) as refused:
            hospital.registered(slot_id=slot.id)
        assert refused.value.body.field == "slot_id"


def test_a_held_place_is_kept_for_its_clerk_and_expires(hospital: Hospital) -> None:
    slot = slots_of(hospital)[0]
    assert hospital.call(HoldSlot(slot_id=slot.id), CLERK).taken == 1
    assert hospital.call(HoldSlot(slot_id=slot.id), CLERK).taken == 1  # the same clerk holds it once
    with pytest.raises(Refusal) as refused:
        hospital.registered("李四", caller=OTHER_CLERK, slot_id=slot.id)
    assert refused.value.body.code is ErrorCode.SLOT_TAKEN
    hospital.clock.forward(minutes=6)
    assert slots_of(hospital)[0].taken == 0
    hospital.registered("李四", caller=OTHER_CLERK, slot_id=slot.id)
    assert slots_of(hospital)[0].taken == 1


def test_the_clerk_who_holds_a_place_may_use_or_release_it(hospital: Hospital) -> None:
    first, second, *_ = slots_of(hospital)
    for slot in (first, second):
        hospital.call(HoldSlot(slot_id=slot.id), CLERK)
    hospital.call(ReleaseSlot(slot_id=second.id), OTHER_CLERK)
    assert [slot.taken for slot in slots_of(hospital)[:2]] == [1, 1]
    hospital.call(ReleaseSlot(slot_id=second.id), CLERK)
    hospital.registered("张三", slot_id=first.id)
    assert [slot.taken for slot in slots_of(hospital)[:2]] == [1, 0]
