"""Calling, passing, signing in again, starting and finishing; order and board; on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.exams.rules import ExamEvent
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.exams import GetExam, ItemEntry
from shared.contract.queueing import (
    AnnouncementOver,
    BoardRoom,
    BoardView,
    CallNext,
    CallTicket,
    ChangeRoom,
    FinishTicket,
    GetBoard,
    GetQueue,
    ListFinished,
    PassTicket,
    QueueRules,
    QueueView,
    SignInAgain,
    StartTicket,
    TicketView,
)
from shared.domain.states import ExamState, PatientType, SignInPlace, TicketAction, TicketState
from tests.databases import a_database
from tests.hospital import CLERK, DISPLAY, MORNING, TECHNICIAN, Hospital
from tests.server.exams.test_exam_registration import edited

MINUTE = timedelta(minutes=1)


def queue_of(hospital: Hospital, room: str = "CT1") -> QueueView:
    found: QueueView = hospital.call(GetQueue(room_id=hospital.rooms[room]), TECHNICIAN)
    return found


def names(hospital: Hospital, room: str = "CT1") -> list[str]:
    return [ticket.patient_name for ticket in queue_of(hospital, room).tickets]


def called(hospital: Hospital, room: str = "CT1") -> TicketView:
    ticket: TicketView = hospital.call(CallNext(room_id=hospital.rooms[room]), TECHNICIAN)
    return ticket


def pressed(hospital: Hospital, request: type[Any], ticket: TicketView, **more: Any) -> Any:
    return hospital.call(request(ticket_id=ticket.id, version=ticket.version, **more), TECHNICIAN)


def board_of(hospital: Hospital, room: str = "CT1") -> tuple[BoardView, BoardRoom]:
    board = hospital.call(GetBoard(), DISPLAY)
    return board, next(one for one in board.rooms if one.room_id == hospital.rooms[room])


def test_emergency_then_vip_then_planned_time(hospital: Hospital) -> None:
    hospital.registered("晚来", planned_at=MORNING + 20 * MINUTE)
    hospital.registered("早来", planned_at=MORNING + 10 * MINUTE)
    hospital.registered("贵宾", planned_at=MORNING + 30 * MINUTE, patient_type=PatientType.VIP)
    hospital.registered("急诊", planned_at=MORNING + 40 * MINUTE, patient_type=PatientType.EMERGENCY)
    queue = queue_of(hospital)
    assert [ticket.patient_name for ticket in queue.tickets] == ["急诊", "贵宾", "早来", "晚来"]
    assert [ticket.position for ticket in queue.tickets] == [1, 2, 3, 4]
    assert queue.waiting == 4
    assert called(hospital).patient_name == "急诊"


def test_the_whole_way_of_a_patient(hospital: Hospital) -> None:
    view = hospital.registered("张小明")
    ticket = called(hospital)
    assert (ticket.state, ticket.call_count, ticket.position) == (TicketState.CALLING, 1, 0)
    board, room = board_of(hospital)
    (call,) = board.pending_calls
    assert room.now == call
    assert (call.masked_name, call.number, call.is_over) == ("张*明", "A001", False)
    assert call.spoken_text == "请A零零一号，张小明，到CT一室检查。"
    hospital.call(AnnouncementOver(call_id=call.call_id), DISPLAY)
    hospital.call(AnnouncementOver(call_id=call.call_id), DISPLAY)
    (ticket,) = queue_of(hospital).tickets
    assert ticket.state is TicketState.CALLED
    board, room = board_of(hospital)
    assert board.pending_calls == () and room.now is not None and room.now.is_over
    ticket = pressed(hospital, StartTicket, ticket)
    assert ticket.state is TicketState.EXAMINING
    assert hospital.call(GetExam(exam_id=view.row.id)).row.state is ExamState.IN_PROGRESS
    pressed(hospital, FinishTicket, ticket)
    queue = queue_of(hospital)
    assert (queue.tickets, queue.finished) == ((), 1)
    (row,) = hospital.call(ListFinished(room_id=hospital.rooms["CT1"]), TECHNICIAN)
    assert (row.id, row.state) == (view.row.id, ExamState.EXAMINED)
    assert hospital.call(ListFinished(accession_number=view.row.accession_number.lower()), TECHNICIAN) == (row,)
    assert hospital.call(ListFinished(room_id=hospital.rooms["CT2"]), TECHNICIAN) == ()


def test_finished_exams_are_found_by_their_planned_day(hospital: Hospital) -> None:
    row = hospital.registered().row
    with hospital.write() as uow:
        hospital.exams.apply_event(uow, row.id, ExamEvent.DEVICE_FINISHED)
    hospital.clock.forward(days=2)
    day = hospital.time.local(MORNING).date()
    assert hospital.call(ListFinished(), TECHNICIAN) == ()
    assert [one.id for one in hospital.call(ListFinished(planned_from=day, planned_to=day), TECHNICIAN)] == [row.id]
    assert hospital.call(ListFinished(planned_from=day + timedelta(days=1)), TECHNICIAN) == ()


def test_a_call_ends_by_itself_and_the_button_pressed_before_still_counts(hospital: Hospital) -> None:
    hospital.registered()
    ticket = called(hospital)
    hospital.clock.forward(seconds=46)
    (late,) = queue_of(hospital).tickets
    assert (late.state, late.version) == (TicketState.CALLED, ticket.version)
    assert TicketAction.CALL_AGAIN in late.allowed
    again = pressed(hospital, CallTicket, ticket)
    assert (again.state, again.call_count) == (TicketState.CALLING, 2)
    assert len(board_of(hospital)[0].pending_calls) == 1


def test_the_end_of_the_announcement_does_not_make_a_button_stale(hospital: Hospital) -> None:
    hospital.registered()
    ticket = called(hospital)
    hospital.call(AnnouncementOver(call_id=board_of(hospital)[0].pending_calls[0].call_id), DISPLAY)
    assert pressed(hospital, StartTicket, ticket).state is TicketState.EXAMINING


def test_a_stale_button_is_refused(hospital: Hospital) -> None:
    hospital.registered()
    waiting = queue_of(hospital).tickets[0]
    called(hospital)
    with pytest.raises(Refusal) as refused:
        pressed(hospital, PassTicket, waiting)
    assert refused.value.body.code is ErrorCode.CONFLICT


def test_an_illegal_button_is_refused_with_the_present_state(hospital: Hospital) -> None:
    hospital.registered()
    with pytest.raises(Refusal) as refused:
        pressed(hospital, StartTicket, queue_of(hospital).tickets[0])
    assert (refused.value.body.code, refused.value.body.state) == (ErrorCode.ILLEGAL_ACTION, "waiting")


def test_call_next_takes_the_first_waiting_and_nobody_twice(hospital: Hospital) -> None:
    for name in ("甲一", "乙二", "丙三"):
        hospital.registered(name)
    first = called(hospital)
    pressed(hospital, PassTicket, first)
    assert called(hospital).patient_name == "乙二"
    assert called(hospital).patient_name == "丙三"
    with pytest.raises(Refusal) as refused:
        called(hospital)
    assert refused.value.body.code is ErrorCode.NOT_FOUND


def test_two_technicians_calling_at_once_get_two_patients(hospital: Hospital) -> None:
    for number in range(6):
        hospital.registered(f"患者{number}")
    barrier, got = threading.Barrier(6), []

    def press() -> None:
        barrier.wait()
        got.append(called(hospital).patient_name)

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(got) == [f"患者{number}" for number in range(6)]


def test_a_passed_patient_signs_in_behind_the_own_class(hospital: Hospital) -> None:
    passed = hospital.registered("过号者")
    hospital.registered("普通", planned_at=MORNING + 30 * MINUTE)
    hospital.registered("急诊", patient_type=PatientType.EMERGENCY)
    hospital.call(CallNext(room_id=hospital.rooms["CT1"]), TECHNICIAN)  # the emergency
    ticket = called(hospital)
    assert ticket.patient_name == "过号者"
    pressed(hospital, PassTicket, ticket)
    assert (queue_of(hospital).passed, queue_of(hospital).waiting) == (1, 1)
    again = hospital.call(SignInAgain(exam_id=passed.row.id), CLERK)
    assert (again.state, again.position) == (TicketState.WAITING, 2)
    assert names(hospital) == ["急诊", "普通", "过号者"]
    with pytest.raises(Refusal):
        hospital.call(SignInAgain(exam_id=passed.row.id), CLERK)


def test_the_hospital_may_put_returning_patients_on_top(tmp_path: Path) -> None:
    with a_database("sqlite", tmp_path) as database:
        hospital = Hospital(database, QueueRules(sign_in_place=SignInPlace.TOP))
        passed = hospital.registered("过号者")
        hospital.registered("普通", planned_at=MORNING)
        pressed(hospital, PassTicket, called(hospital))
        assert hospital.call(SignInAgain(exam_id=passed.row.id), CLERK).position == 1


def test_a_room_examines_one_patient_at_a_time(hospital: Hospital) -> None:
    for name in ("甲一", "乙二"):
        hospital.registered(name)
    first, second = called(hospital), called(hospital)
    first = pressed(hospital, StartTicket, first)
    assert TicketAction.START not in queue_of(hospital).tickets[1].allowed
    with pytest.raises(Refusal, match="检查中"):
        pressed(hospital, StartTicket, second)
    pressed(hospital, FinishTicket, first)
    assert pressed(hospital, StartTicket, second).state is TicketState.EXAMINING


def test_two_starts_at_once_put_one_patient_into_the_room(hospital: Hospital) -> None:
    for number in range(4):
        hospital.registered(f"患者{number}")
    tickets = [called(hospital) for _ in range(4)]
    barrier, outcomes = threading.Barrier(4), []

    def press(ticket: TicketView) -> None:
        barrier.wait()
        try:
            outcomes.append(pressed(hospital, StartTicket, ticket).state.value)
        except Refusal as refusal:
            outcomes.append(refusal.body.code.value)

    threads = [threading.Thread(target=press, args=(ticket,)) for ticket in tickets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["examining", "illegal_action", "illegal_action", "illegal_action"]


def test_a_hospital_may_allow_two_patients_in_a_room(tmp_path: Path) -> None:
    with a_database("sqlite", tmp_path) as database:
        hospital = Hospital(database, QueueRules(one_patient_per_room=False))
        for name in ("甲一", "乙二"):
            hospital.registered(name)
        for ticket in (called(hospital), called(hospital)):
            assert pressed(hospital, StartTicket, ticket).state is TicketState.EXAMINING


def test_changing_the_room_gives_a_number_there(hospital: Hospital) -> None:
    view = hospital.registered("张三")
    hospital.registered("李四", room_id=hospital.rooms["CT2"])
    moved = pressed(hospital, ChangeRoom, queue_of(hospital).tickets[0], room_id=hospital.rooms["CT2"])
    assert (moved.number, moved.room_name, moved.state) == ("B002", "CT 二室", TicketState.WAITING)
    assert hospital.call(GetExam(exam_id=view.row.id)).row.room_name == "CT 二室"
    assert names(hospital) == []
    assert sorted(names(hospital, "CT2")) == ["张三", "李四"]


@pytest.mark.parametrize("room", ["CT1", "MR1", None])
def test_impossible_rooms_are_refused(small_hospital: Hospital, room: str | None) -> None:
    small_hospital.registered()
    with pytest.raises(Refusal) as refused:
        pressed(
            small_hospital,
            ChangeRoom,
            queue_of(small_hospital).tickets[0],
            room_id=small_hospital.rooms[room] if room else 999,
        )
    assert (refused.value.body.code, refused.value.body.field) == (ErrorCode.INVALID, "room_id")


def test_the_day_opens_with_numbers_by_planned_time(hospital: Hospital) -> None:
    tomorrow = MORNING + timedelta(days=1)
    hospital.registered("第二", planned_at=tomorrow + 20 * MINUTE)
    hospital.registered("第一", planned_at=tomorrow + 10 * MINUTE)
    assert queue_of(hospital).tickets == ()
    hospital.clock.forward(days=1)
    assert [(t.patient_name, t.number) for t in queue_of(hospital).tickets] == [("第一", "A001"), ("第二", "A002")]


def test_call_next_opens_the_day_by_itself(hospital: Hospital) -> None:
    hospital.registered("第一", planned_at=MORNING + timedelta(days=1))
    hospital.clock.forward(days=1)
    assert called(hospital).number == "A001"


def test_yesterdays_tickets_are_gone_and_cannot_be_called(hospital: Hospital) -> None:
    hospital.registered("昨天")
    (ticket,) = queue_of(hospital).tickets
    hospital.clock.forward(days=1)
    assert queue_of(hospital).tickets == ()
    with pytest.raises(Refusal, match="今天"):
        pressed(hospital, CallTicket, ticket)


def test_yesterdays_exam_planned_for_today_gets_a_new_number(hospital: Hospital) -> None:
    view = hospital.registered("昨天")
    hospital.clock.forward(days=1)
    today = hospital.call(edited(view, planned_at=hospital.clock.now()), CLERK)
    assert (today.row.ticket_state, today.row.ticket_number) == (TicketState.WAITING, "A001")
    assert names(hospital) == ["昨天"]


def test_a_changed_priority_moves_the_waiting_patient(hospital: Hospital) -> None:
    hospital.registered("先来")
    view = hospital.registered("后来", planned_at=MORNING + MINUTE)
    hospital.call(edited(view, patient_type=PatientType.EMERGENCY), CLERK)
    assert names(hospital) == ["后来", "先来"]


def test_the_board_masks_names_and_shows_eight_waiting(hospital: Hospital) -> None:
    for number in range(10):
        hospital.registered(f"欧阳小{number}", planned_at=MORNING + number * MINUTE)
    pressed(hospital, PassTicket, called(hospital))
    _, room = board_of(hospital)
    assert len(room.waiting) == 8
    assert room.waiting[0] == "A002 欧阳*1"
    assert room.passed == ("A001 欧阳*0",)
    only = hospital.call(GetBoard(room_ids=(hospital.rooms["MR1"],)), DISPLAY)
    assert [one.room_name for one in only.rooms] == ["MR 一室"]


def test_calls_of_several_rooms_wait_in_order_for_the_display(hospital: Hospital) -> None:
    hospital.registered("张三")
    hospital.registered("李四", room_id=hospital.rooms["CT2"])
    called(hospital, "CT2")
    hospital.clock.forward(seconds=1)
    called(hospital, "CT1")
    assert [call.number for call in board_of(hospital)[0].pending_calls] == ["B001", "A001"]
    hospital.clock.forward(seconds=45)
    assert board_of(hospital)[0].pending_calls == ()


def test_a_call_that_was_overtaken_is_not_spoken_any_more(hospital: Hospital) -> None:
    hospital.registered()
    ticket = called(hospital)
    pressed(hospital, StartTicket, ticket)
    board, room = board_of(hospital)
    assert board.pending_calls == ()
    assert room.now is not None and room.now.ticket_id == ticket.id


def test_the_filter_of_a_type_counts_only_that_type(hospital: Hospital) -> None:
    chest = ItemEntry(code="DR001", name="胸部正位", body_part="胸部", price_fen=6000)
    hospital.registered("张三", exam_type="DR", room_id=hospital.rooms["DR2"], items=(chest,))
    chest = ItemEntry(code="CR001", name="胸部正位", body_part="胸部", price_fen=5000)
    hospital.registered("李四", exam_type="CR", room_id=hospital.rooms["DR2"], items=(chest,))
    queue = hospital.call(GetQueue(exam_type="CR"), TECHNICIAN)
    assert ([ticket.patient_name for ticket in queue.tickets], queue.waiting) == (["李四"], 1)


def test_unknown_tickets_calls_and_rooms_are_not_found(small_hospital: Hospital) -> None:
    for request in (
        CallTicket(ticket_id=99, version=1),
        SignInAgain(exam_id=99),
        AnnouncementOver(call_id=99),
        CallNext(room_id=99),
    ):
        with pytest.raises(Refusal) as refused:
            small_hospital.call(request)
        assert refused.value.body.code in (ErrorCode.NOT_FOUND, ErrorCode.INVALID)
