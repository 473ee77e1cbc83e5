"""The hospital's rules at work: check-in, ageing, passed patients, pools, pauses, transfers, changes during a call."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.exams import GetExam, ItemEntry
from shared.contract.queueing import (
    AnnouncementOver,
    CallNext,
    CallTicket,
    ChangeRoom,
    FinishTicket,
    GetBoard,
    GetQueue,
    GetQueueRules,
    PassTicket,
    PauseRoom,
    QueueRules,
    ResumeRoom,
    SaveQueueRoom,
    SaveQueueRules,
    SignIn,
    SignInAgain,
    StartTicket,
    TicketView,
    TransferQueue,
)
from shared.domain.states import ExamState, PatientType, Precedence, SignInPlace, TicketAction, TicketState
from tests.hospital import ADMINISTRATOR, CLERK, DISPLAY, TECHNICIAN, Hospital

MINUTE = timedelta(minutes=1)


def rules(hospital: Hospital, **changes: Any) -> None:
    version = hospital.call(GetQueueRules(), ADMINISTRATOR).version
    hospital.call(SaveQueueRules(version=version, rules=QueueRules(**changes)), ADMINISTRATOR)


def tickets(hospital: Hospital, room: str | None = None) -> tuple[TicketView, ...]:
    request = GetQueue(room_id=None if room is None else hospital.rooms[room])
    found: tuple[TicketView, ...] = hospital.call(request, TECHNICIAN).tickets
    return found


def names(hospital: Hospital, room: str | None = None) -> str:
    return "".join(ticket.patient_name for ticket in tickets(hospital, room))


def of(hospital: Hospital, name: str) -> TicketView:
    return next(ticket for ticket in tickets(hospital) if ticket.patient_name == name)


def call_next(hospital: Hospital, room: str = "CT1") -> TicketView:
    found: TicketView = hospital.call(CallNext(room_id=hospital.rooms[room]), TECHNICIAN)
    return found


def passed(hospital: Hospital, ticket: TicketView) -> None:
    hospital.call(PassTicket(ticket_id=ticket.id, version=ticket.version), TECHNICIAN)


def refused(hospital: Hospital, request: Any, caller: Any = TECHNICIAN) -> Refusal:
    with pytest.raises(Refusal) as caught:
        hospital.call(request, caller)
    return caught.value


def test_rules_are_kept_and_bind_the_next_step(hospital: Hospital) -> None:
    hospital.registered("甲")
    hospital.registered("乙", patient_type=PatientType.VIP)
    assert names(hospital) == "乙甲"
    rules(hospital, vip=Precedence.NONE)
    assert names(hospital) == "甲乙"
    view = hospital.call(GetQueueRules(), ADMINISTRATOR)
    assert (view.version, view.rules.vip) == (1, Precedence.NONE)
    stale = refused(hospital, SaveQueueRules(version=0, rules=QueueRules()), ADMINISTRATOR)
    assert stale.body.code is ErrorCode.CONFLICT
    wrong = refused(hospital, SaveQueueRules(version=1, rules=QueueRules(announcement_seconds=0)), ADMINISTRATOR)
    assert (wrong.body.code, wrong.body.field) == (ErrorCode.INVALID, "announcement_seconds")


def test_who_waits_longer_than_the_limit_is_called_before_a_vip(hospital: Hospital) -> None:
    rules(hospital, ageing_minutes=30)
    hospital.registered("甲")
    hospital.clock.forward(minutes=20)
    hospital.registered("乙", patient_type=PatientType.VIP)
    assert names(hospital) == "乙甲"
    hospital.clock.forward(minutes=10)
    assert names(hospital) == "甲乙"
    assert call_next(hospital).patient_name == "甲"


def test_a_room_may_want_patients_to_check_in_first(hospital: Hospital) -> None:
    room_id = hospital.rooms["CT1"]
    hospital.call(SaveQueueRoom(room_id=room_id, check_in_required=True), ADMINISTRATOR)
    view = hospital.registered("甲")
    hospital.registered("乙")
    hospital.registered("丙", room_id=hospital.rooms["CT2"])  # another room asks for nothing
    assert of(hospital, "甲").state is TicketState.NOT_SIGNED_IN and of(hospital, "丙").state is TicketState.WAITING
    assert refused(hospital, CallNext(room_id=room_id)).body.code is ErrorCode.NOT_FOUND
    ticket = of(hospital, "甲")
    assert TicketAction.CALL not in ticket.allowed
    no_call = refused(hospital, CallTicket(ticket_id=ticket.id, version=ticket.version))
    assert (no_call.body.code, "未签到" in no_call.body.message) == (ErrorCode.ILLEGAL_ACTION, True)
    assert hospital.call(SignIn(exam_id=view.row.id), CLERK).state is TicketState.WAITING
    assert refused(hospital, SignIn(exam_id=view.row.id), CLERK).body.state == "waiting"
    assert call_next(hospital).patient_name == "甲"
    queue = hospital.call(GetQueue(room_id=room_id), TECHNICIAN)
    assert (queue.not_signed_in, queue.waiting) == (1, 0)
    hospital.call(SaveQueueRoom(room_id=room_id, check_in_required=False), ADMINISTRATOR)
    assert of(hospital, "乙").state is TicketState.WAITING  # nobody is forgotten when the rule ends


def test_who_checks_in_too_late_stands_where_a_passed_patient_would(hospital: Hospital) -> None:
    rules(hospital, late_minutes=15)
    hospital.call(SaveQueueRoom(room_id=hospital.rooms["CT1"], check_in_required=True), ADMINISTRATOR)
    late, early = hospital.registered("甲"), hospital.registered("乙", planned_at=hospital.clock.now() + 10 * MINUTE)
    hospital.clock.forward(minutes=16)
    hospital.call(SignIn(exam_id=late.row.id), CLERK)
    hospital.call(SignIn(exam_id=early.row.id), CLERK)
    assert names(hospital, "CT1") == "乙甲"


@pytest.mark.parametrize(
    ("place", "expected"),
    [(SignInPlace.TOP, "甲乙丙丁"), (SignInPlace.AFTER, "乙丙甲丁"), (SignInPlace.END, "乙丙丁甲")],
)
def test_signing_in_again_follows_the_rule(hospital: Hospital, place: SignInPlace, expected: str) -> None:
    rules(hospital, sign_in_place=place, sign_in_after=2)
    for name in "甲乙丙丁":
        view = hospital.registered(name)
        hospital.clock.forward(minutes=1)
        if name == "甲":
            first = view
    passed(hospital, call_next(hospital))
    hospital.call(SignInAgain(exam_id=first.row.id), CLERK)
    assert names(hospital) == expected


def test_a_passed_patient_waits_again_after_so_many_calls_but_not_for_ever(hospital: Hospital) -> None:
    rules(hospital, passed_return_calls=2, passed_return_times=1)
    for name in "甲乙丙丁":
        hospital.registered(name)
    passed(hospital, call_next(hospital))
    passed(hospital, call_next(hospital))
    assert of(hospital, "甲").state is TicketState.PASSED
    call_next(hospital)
    assert of(hospital, "甲").state is TicketState.WAITING
    assert names(hospital)[-1] == "甲"  # at the end, behind 丁
    passed(hospital, call_next(hospital))
    assert of(hospital, "乙").state is TicketState.WAITING
    again = call_next(hospital)
    assert again.patient_name == "甲"
    passed(hospital, again)
    for name in "戊己庚":
        hospital.registered(name)
        call_next(hospital)
    assert of(hospital, "甲").state is TicketState.PASSED


def test_rooms_of_a_pool_call_from_one_queue_and_numbers_stay(hospital: Hospital) -> None:
    one, two = hospital.rooms["CT1"], hospital.rooms["CT2"]
    for room_id in (one, two):
        hospital.call(SaveQueueRoom(room_id=room_id, check_in_required=False, pool="CT"), ADMINISTRATOR)
    exam = hospital.registered("甲")
    hospital.registered("乙")
    before = of(hospital, "甲")
    called = call_next(hospital, "CT2")
    assert (called.patient_name, called.room_id, called.number) == ("甲", two, before.number)
    assert hospital.call(GetExam(exam_id=exam.row.id), CLERK).row.room_id == two
    assert "二室" in hospital.call(GetBoard(), DISPLAY).pending_calls[0].room_name
    assert call_next(hospital, "CT1").patient_name == "乙"


def test_a_pool_never_gives_a_room_what_it_cannot_do(hospital: Hospital) -> None:
    for room in ("CT1", "DR2"):
        hospital.call(SaveQueueRoom(room_id=hospital.rooms[room], check_in_required=False, pool="一"), ADMINISTRATOR)
    hospital.registered("甲")
    assert refused(hospital, CallNext(room_id=hospital.rooms["DR2"])).body.code is ErrorCode.NOT_FOUND


def test_a_paused_room_calls_nobody_new_until_it_goes_on(hospital: Hospital) -> None:
    room_id = hospital.rooms["CT1"]
    hospital.registered("甲")
    hospital.registered("乙")
    ticket = call_next(hospital)
    paused = hospital.call(PauseRoom(room_id=room_id, reason="  设备 校准 "), TECHNICIAN)
    assert (paused.is_paused, paused.pause_reason, paused.paused_by) == (True, "设备 校准", TECHNICIAN.name)
    no_call = refused(hospital, CallNext(room_id=room_id))
    assert no_call.body.code is ErrorCode.ILLEGAL_ACTION and "暂停" in no_call.body.message
    assert TicketAction.CALL not in of(hospital, "乙").allowed
    board = next(room for room in hospital.call(GetBoard(), DISPLAY).rooms if room.room_id == room_id)
    assert (board.is_paused, board.pause_reason) == (True, "设备 校准")
    hospital.call(StartTicket(ticket_id=ticket.id, version=ticket.version), TECHNICIAN)  # who was called is examined
    assert not hospital.call(ResumeRoom(room_id=room_id), TECHNICIAN).is_paused
    assert call_next(hospital).patient_name == "乙"


def test_a_whole_queue_moves_to_another_room_in_one_step(hospital: Hospital) -> None:
    one, two = hospital.rooms["CT1"], hospital.rooms["CT2"]
    for name in "甲乙丙丁戊":
        hospital.registered(name)
        hospital.clock.forward(minutes=1)
    examined = call_next(hospital)
    hospital.call(StartTicket(ticket_id=examined.id, version=examined.version), TECHNICIAN)
    passed(hospital, call_next(hospital))
    calling = call_next(hospital)
    before = {ticket.patient_name: ticket.number for ticket in tickets(hospital)}
    result = hospital.call(TransferQueue(from_room_id=one, to_room_id=two, reason="球管故障"), TECHNICIAN)
    assert [ticket.patient_name for ticket in result.left] == ["甲"]
    assert {ticket.patient_name for ticket in result.moved} == set("乙丙丁戊")
    assert {ticket.patient_name: ticket.number for ticket in tickets(hospital)} == before
    assert [(t.patient_name, t.state) for t in tickets(hospital, "CT2")] == [
        ("乙", TicketState.PASSED),
        ("丙", TicketState.WAITING),  # was 呼叫中 to the wrong room: called anew
        ("丁", TicketState.WAITING),
        ("戊", TicketState.WAITING),
    ]
    assert not hospital.call(GetBoard(), DISPLAY).pending_calls
    hospital.call(AnnouncementOver(call_id=1), DISPLAY)  # the display had not heard of it yet
    assert of(hospital, calling.patient_name).state is TicketState.WAITING
    room = next(room for room in hospital.call(GetQueue(), TECHNICIAN).rooms if room.room_id == one)
    assert (room.is_paused, room.pause_reason) == (True, "球管故障")
    assert call_next(hospital, "CT2").patient_name == "丙"
    again = refused(hospital, TransferQueue(from_room_id=one, to_room_id=two))
    assert again.body.code is ErrorCode.NOT_FOUND
    same = refused(hospital, TransferQueue(from_room_id=one, to_room_id=one))
    assert same.body.field == "to_room_id"


def test_a_transfer_leaves_whom_the_other_room_cannot_examine(hospital: Hospital) -> None:
    chest = ItemEntry(code="CR001", name="胸部正位", body_part="胸部", price_fen=5000)
    dr = ItemEntry(code="DR001", name="胸部正位", body_part="胸部", price_fen=6000)
    source, target = hospital.rooms["DR2"], hospital.rooms["DR1"]
    hospital.registered("甲", exam_type="CR", room_id=source, items=(chest,))
    hospital.registered("乙", exam_type="DR", room_id=source, items=(dr,))
    result = hospital.call(TransferQueue(from_room_id=source, to_room_id=target, pause=False), TECHNICIAN)
    assert ([t.patient_name for t in result.moved], [t.patient_name for t in result.left]) == (["乙"], ["甲"])
    assert not any(room.is_paused for room in hospital.call(GetQueue(), TECHNICIAN).rooms)


def test_changing_the_room_during_a_call_takes_the_call_back(hospital: Hospital) -> None:
    hospital.registered("甲")
    ticket = call_next(hospital)
    assert TicketAction.CHANGE_ROOM in ticket.allowed
    request = ChangeRoom(ticket_id=ticket.id, version=ticket.version, room_id=hospital.rooms["CT2"])
    moved = hospital.call(request, TECHNICIAN)
    assert (moved.state, moved.room_id) == (TicketState.WAITING, hospital.rooms["CT2"])
    assert not hospital.call(GetBoard(), DISPLAY).pending_calls
    assert call_next(hospital, "CT2").call_count == 2


def test_the_board_forgets_a_call_to_the_room_that_was_left(hospital: Hospital) -> None:
    hospital.registered("甲")
    ticket = call_next(hospital)
    hospital.clock.forward(seconds=60)  # 已呼
    ticket = of(hospital, "甲")
    request = ChangeRoom(ticket_id=ticket.id, version=ticket.version, room_id=hospital.rooms["CT2"])
    assert hospital.call(request, TECHNICIAN).state is TicketState.CALLED
    assert all(room.now is None for room in hospital.call(GetBoard(), DISPLAY).rooms)


def test_room_counters_count_every_state(hospital: Hospital) -> None:
    for name in "甲乙丙丁":
        hospital.registered(name)
    done = call_next(hospital)
    done = hospital.call(StartTicket(ticket_id=done.id, version=done.version), TECHNICIAN)
    hospital.call(FinishTicket(ticket_id=done.id, version=done.version), TECHNICIAN)
    passed(hospital, call_next(hospital))
    call_next(hospital)
    (room,) = (r for r in hospital.call(GetQueue(), TECHNICIAN).rooms if r.room_id == hospital.rooms["CT1"])
    assert (room.finished, room.passed, room.called, room.waiting) == (1, 1, 1, 1)
    exam = hospital.call(GetExam(exam_id=done.exam_id), CLERK)
    assert exam.row.state is ExamState.EXAMINED


def test_technicians_of_a_pool_never_call_one_patient_twice(hospital: Hospital) -> None:
    rules(hospital, passed_return_calls=1)
    for room in ("CT1", "CT2"):
        hospital.call(SaveQueueRoom(room_id=hospital.rooms[room], check_in_required=False, pool="CT"), ADMINISTRATOR)
    for number in range(12):
        hospital.registered(f"患者{number}", room_id=hospital.rooms["CT1" if number % 2 else "CT2"])
    called: list[int] = []
    troubles: list[BaseException] = []
    together = threading.Barrier(4)

    def technician(room: str) -> None:
        try:
            together.wait(10)
            for _ in range(3):
                called.append(call_next(hospital, room).id)
        except BaseException as trouble:  # noqa: BLE001 - told by the test's own thread
            troubles.append(trouble)

    def mover() -> None:
        try:
            together.wait(10)
            for source, target in (("CT1", "CT2"), ("CT2", "CT1")):
                request = TransferQueue(
                    from_room_id=hospital.rooms[source], to_room_id=hospital.rooms[target], pause=False
                )
                hospital.call(request, TECHNICIAN)
        except Refusal:
            return  # the room was empty at that moment
        except BaseException as trouble:  # noqa: BLE001 - told by the test's own thread
            troubles.append(trouble)

    threads = [threading.Thread(target=technician, args=(room,)) for room in ("CT1", "CT2", "CT1")]
    threads.append(threading.Thread(target=mover))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not troubles, troubles
    assert len(called) == 9
    shown = tickets(hospital)
    assert len(shown) == 12 == len({ticket.number for ticket in shown})
    assert sum(ticket.call_count for ticket in shown) == 9
