"""Calling: the queue of a room and the steps of a technician."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from clients.kit.messages import CollectedMessages
from clients.kit.running import HeldRunner, ImmediateRunner, TaskRunner
from clients.registration.exam_actions import ExamActions, RowAction
from clients.registration.queue.presenter import QueuePresenter
from clients.registration.queue.state import QueueState, waited_minutes
from shared.contract.errors import ErrorCode
from shared.contract.queueing import (
    CallNext,
    CallTicket,
    ChangeRoom,
    FinishTicket,
    GetQueue,
    ListFinished,
    PassTicket,
    PauseRoom,
    ResumeRoom,
    TransferQueue,
)
from shared.domain.states import PatientType, TicketState
from tests.clients.registration.fake_hospital import (
    NOW,
    FakeDocuments,
    FakeHospital,
    FakePreferences,
    FakeTimer,
    FakeViewer,
    a_ticket,
    refusal,
)


class Desk:
    """A presenter in CT room 1 with three waiting patients."""

    def __init__(self, runner: TaskRunner | None = None, room: int | None = 11) -> None:
        self.hospital = FakeHospital()
        self.hospital.tickets = [a_ticket(1, patient_type=PatientType.EMERGENCY), a_ticket(2), a_ticket(3)]
        self.messages = CollectedMessages()
        self.preferences = FakePreferences({"queue/room": room})
        self.viewer = FakeViewer()
        self.runner = runner or ImmediateRunner()
        actions = ExamActions(
            self.hospital.connection, self.runner, self.messages, FakeDocuments(), self.viewer, FakeTimer()
        )
        self.details: list[int] = []
        actions.show_details_with(self.details.append)
        self.states: list[QueueState] = []
        self.presenter = QueuePresenter(
            self.hospital.connection,
            self.runner,
            self.messages,
            actions,
            self.preferences,
            lambda: NOW,
            self.states.append,
        )
        self.presenter.start(self.hospital.hospital)

    @property
    def state(self) -> QueueState:
        return self.presenter.state

    def ticket(self, number: int) -> Any:
        return next(ticket for ticket in self.state.tickets if ticket.id == 900 + number)


def test_the_page_opens_in_the_room_of_last_time() -> None:
    desk = Desk()
    assert desk.hospital.sent(GetQueue) == [GetQueue(campus_id=1, room_id=11)]
    assert (desk.state.waiting, [ticket.number for ticket in desk.state.tickets]) == (3, ["A001", "A002", "A003"])


def test_call_next_leaves_the_choice_to_the_server_in_one_room() -> None:
    desk = Desk()
    desk.presenter.call_next()
    assert desk.hospital.sent(CallNext) == [CallNext(room_id=11)]
    assert desk.ticket(1).state is TicketState.CALLING
    assert desk.state.selected == 901
    assert "A001" in desk.messages.said[-1].text


@pytest.mark.parametrize("room", [None, 11])
def test_call_next_calls_the_first_waiting_row_as_shown_when_the_list_is_filtered(room: int | None) -> None:
    desk = Desk(room=room)
    if room is not None:
        desk.presenter.choose_type("CT")
    desk.presenter.call_next()
    desk.presenter.call_next()
    assert desk.hospital.sent(CallNext) == []
    assert [request.ticket_id for request in desk.hospital.sent(CallTicket)] == [901, 902]


def test_call_next_with_nobody_waiting_says_so() -> None:
    desk = Desk()
    desk.hospital.tickets.clear()
    desk.presenter.refresh()
    desk.presenter.call_next()
    assert desk.messages.said[-1].text == "没有候诊患者。"
    assert desk.hospital.sent(CallNext) == []


def test_the_whole_way_of_a_patient() -> None:
    desk = Desk()
    desk.presenter.call_next()
    desk.presenter.pass_number()
    assert desk.ticket(1).state is TicketState.PASSED
    assert desk.state.passed == 1
    desk.presenter.call()
    assert (desk.ticket(1).state, desk.ticket(1).call_count) == (TicketState.CALLING, 2)
    desk.presenter.start_exam()
    assert desk.ticket(1).state is TicketState.EXAMINING
    desk.presenter.finish_exam()
    assert [ticket.id for ticket in desk.state.tickets] == [902, 903]
    assert desk.state.finished == 1
    assert desk.state.selected is None


def test_a_step_that_the_server_does_not_allow_is_not_sent() -> None:
    desk = Desk()
    desk.presenter.select(902)
    desk.presenter.pass_number()
    desk.presenter.finish_exam()
    assert desk.hospital.sent(PassTicket) == []
    assert desk.hospital.sent(FinishTicket) == []


def test_a_second_step_waits_for_the_first() -> None:
    runner = HeldRunner()
    desk = Desk(runner)
    runner.release()
    desk.presenter.call_next()
    assert desk.state.busy
    desk.presenter.call_next()
    runner.release()
    assert len(desk.hospital.sent(CallNext)) == 1


def test_a_stale_step_is_refused_and_the_list_is_fetched_again() -> None:
    desk = Desk()
    desk.presenter.select(902)
    desk.hospital.refuse(CallTicket, refusal(ErrorCode.CONFLICT))
    asked = len(desk.hospital.sent(GetQueue))
    desk.presenter.call()
    assert "他人修改" in desk.messages.said[-1].text
    assert len(desk.hospital.sent(GetQueue)) == asked + 1
    assert not desk.state.busy


def test_changing_the_room_gives_a_new_number_there() -> None:
    desk = Desk()
    desk.presenter.select(903)
    desk.presenter.change_room(12)
    assert desk.hospital.sent(ChangeRoom) == [ChangeRoom(ticket_id=903, version=1, room_id=12)]
    assert "CT 二室" in desk.messages.said[-1].text
    assert [ticket.id for ticket in desk.state.tickets] == [901, 902]


def test_refreshing_follows_the_switch_and_keeps_the_selection() -> None:
    desk = Desk()
    desk.presenter.select(902)
    asked = len(desk.hospital.sent(GetQueue))
    desk.presenter.tick()
    assert len(desk.hospital.sent(GetQueue)) == asked + 1
    assert desk.state.selected == 902
    desk.presenter.set_auto_refresh(False)
    desk.presenter.tick()
    assert len(desk.hospital.sent(GetQueue)) == asked + 1
    assert desk.preferences["queue/auto_refresh"] is False


def test_a_lost_line_keeps_the_rows_and_says_why() -> None:
    desk = Desk()
    desk.hospital.refuse(GetQueue, refusal(ErrorCode.OFFLINE))
    desk.presenter.tick()
    assert len(desk.state.tickets) == 3
    assert "断开" in desk.state.trouble
    desk.presenter.tick()
    assert desk.state.trouble == ""


def test_rooms_follow_type_and_campus_and_a_room_that_does_not_fit_falls_out() -> None:
    desk = Desk()
    desk.presenter.choose_campus(2)
    assert [room.id for room in desk.state.rooms] == [21]
    assert desk.state.room_id is None
    desk.presenter.choose_campus(None)
    desk.presenter.choose_type("MR")
    assert [room.id for room in desk.state.rooms] == [13]


def test_the_finished_list_is_searched_by_exam_number_and_opens_images() -> None:
    desk = Desk()
    desk.presenter.call_next()
    desk.presenter.start_exam()
    desk.presenter.finish_exam()
    desk.presenter.show_finished(True)
    assert [row.id for row in desk.state.finished_rows] == [1]
    desk.presenter.find_finished("261121CT9999")
    assert desk.hospital.sent(ListFinished)[-1].accession_number == "261121CT9999"
    assert desk.state.finished_rows == ()
    desk.presenter.find_finished("")
    desk.presenter.do_finished(RowAction.VIEW_IMAGES, 1)
    assert desk.viewer.opened == ["1.2.3.1"]


def test_details_open_for_the_selected_patient() -> None:
    desk = Desk()
    desk.presenter.show_details()
    assert desk.details == []
    desk.presenter.select(902)
    desk.presenter.show_details()
    assert desk.details == [2]


def test_waiting_time_counts_from_the_planned_time() -> None:
    assert waited_minutes(a_ticket(1, planned_at=NOW - timedelta(minutes=12, seconds=30)), NOW) == 12
    assert waited_minutes(a_ticket(1, planned_at=NOW + timedelta(minutes=5)), NOW) == -5


def test_a_technician_watches_several_rooms_and_finds_them_again() -> None:
    desk = Desk(room=None)
    desk.presenter.click_room(11, False)
    desk.presenter.click_room(12, True)
    assert desk.state.room_ids == (11, 12) and desk.state.room is None
    assert desk.hospital.sent(GetQueue)[-1] == GetQueue(campus_id=desk.state.campus_id, room_ids=(11, 12))
    assert desk.preferences.get("queue/rooms") == [11, 12]
    desk.presenter.show_finished(True)
    assert desk.hospital.sent(ListFinished)[-1].room_ids == (11, 12)
    desk.presenter.click_room(11, True)
    assert (desk.state.room_ids, desk.state.room_id) == ((12,), 12)
    desk.presenter.click_room(12, False)
    assert desk.state.room_ids == ()


def test_the_next_patient_of_several_rooms_is_the_first_row_that_can_be_called() -> None:
    desk = Desk(room=None)
    paused = msgspec.structs.replace(desk.hospital.tickets[0], allowed=())
    desk.hospital.tickets[0] = paused  # its room is paused
    desk.presenter.refresh()
    desk.presenter.call_next()
    assert desk.hospital.sent(CallTicket)[-1].ticket_id == desk.hospital.tickets[1].id


def test_a_room_is_paused_and_goes_on() -> None:
    desk = Desk()
    desk.presenter.pause_room(11, "设备校准")
    assert desk.hospital.sent(PauseRoom) == [PauseRoom(room_id=11, reason="设备校准")]
    assert "设备校准" in desk.messages.said[-1].text
    desk.presenter.resume_room(11)
    assert desk.hospital.sent(ResumeRoom) == [ResumeRoom(room_id=11)] and not desk.state.busy


def test_a_transfer_tells_who_could_not_be_moved() -> None:
    desk = Desk()
    desk.presenter.transfer(11, 12)
    assert desk.hospital.sent(TransferQueue) == [TransferQueue(from_room_id=11, to_room_id=12)]
    last = desk.messages.said[-1].text
    assert "2 位患者" in last and desk.hospital.tickets[0].number in last
