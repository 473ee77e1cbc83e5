"""Random days at the counter and in the rooms: whatever is pressed in whatever order, the hospital stays true."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from server.exams.rules import ExamEvent
from server.kernel.errors import Refusal
from shared.contract.base import Page
from shared.contract.errors import ErrorCode
from shared.contract.exams import CancelExam, FinishExam, GetExam, ListExams, ListSlots, PushExam
from shared.contract.queueing import (
    AnnouncementOver,
    CallNext,
    CallTicket,
    ChangeRoom,
    FinishTicket,
    GetBoard,
    GetQueue,
    KioskCheckIn,
    KioskOutcome,
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
from shared.domain.states import ExamAction, ExamState, PatientType, SignInPlace, TicketAction, TicketState
from tests.databases import a_database
from tests.hospital import Hospital
from tests.server.exams.test_exam_registration import edited

ROOMS = ("CT1", "CT2")
KINDS = list(PatientType)
OVERBOOK = 1
"""Emergencies that a full slot still takes, as new schedules have it."""
DAY = date(2026, 11, 21)
BUTTONS: dict[TicketAction, type[Any]] = {
    TicketAction.CALL: CallTicket,
    TicketAction.CALL_AGAIN: CallTicket,
    TicketAction.PASS: PassTicket,
    TicketAction.START: StartTicket,
    TicketAction.FINISH: FinishTicket,
}
TICKETS_OF: dict[ExamState, set[TicketState | None]] = {
    ExamState.REGISTERED: {
        TicketState.NOT_SIGNED_IN,
        TicketState.WAITING,
        TicketState.CALLING,
        TicketState.CALLED,
        TicketState.PASSED,
    },
    ExamState.IN_PROGRESS: {TicketState.EXAMINING},
    ExamState.EXAMINED: {TicketState.DONE},
    ExamState.CANCELLED: {None},
}


class Day(RuleBasedStateMachine):
    """One day of two CT rooms. `self.devices` are exams that a device started beside the buttons."""

    exams = Bundle("exams")
    database = "sqlite"

    @initialize(target=exams, returns=st.integers(0, 2), place=st.sampled_from(SignInPlace), is_pool=st.booleans())
    def open(self, returns: int, place: SignInPlace, is_pool: bool) -> Any:
        self.folder = tempfile.TemporaryDirectory()
        self.opened = a_database(self.database, Path(self.folder.name))
        self.hospital = Hospital(self.opened.__enter__())
        self.count = 0
        self.devices: set[int] = set()
        self.versions: dict[int, int] = {}
        rules = QueueRules(passed_return_calls=returns, sign_in_place=place, sign_in_after=1)
        self.hospital.call(SaveQueueRules(version=0, rules=rules))
        self.is_pool = is_pool
        if is_pool:
            for room in ROOMS:
                self.save_room(room, False)
        return multiple(*(self.hospital.registered(name).row.id for name in ("甲一", "乙二", "丙三")))

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            self.opened.__exit__(None, None, None)
            self.folder.cleanup()

    def tickets(self) -> tuple[TicketView, ...]:
        found: tuple[TicketView, ...] = self.hospital.call(GetQueue()).tickets
        return found

    def press(self, request: Any, *, is_allowed: bool | None) -> None:
        """Press; the outcome must be what `allowed` had promised."""
        try:
            self.hospital.call(request)
        except Refusal as refusal:
            assert refusal.body.code in (ErrorCode.ILLEGAL_ACTION, ErrorCode.SLOT_TAKEN, ErrorCode.NOT_FOUND)
            assert is_allowed is not True, f"{request} was offered and refused: {refusal}"
        else:
            assert is_allowed is not False, f"{request} was not offered and done"

    @rule(
        target=exams,
        room=st.sampled_from(ROOMS),
        patient_type=st.sampled_from(PatientType),
        with_slot=st.booleans(),
        place=st.integers(10, 14),
    )
    def register(self, room: str, patient_type: PatientType, with_slot: bool, place: int) -> Any:
        self.count += 1
        room_id = self.hospital.rooms[room]
        slot = self.hospital.call(ListSlots(room_id=room_id, day=DAY))[place] if with_slot else None
        try:
            view = self.hospital.registered(
                f"患者{self.count}",
                room_id=room_id,
                patient_type=patient_type,
                slot_id=None if slot is None else slot.id,
            )
        except Refusal as refusal:
            assert slot is not None and refusal.body.code is ErrorCode.SLOT_TAKEN and slot.taken >= slot.capacity
            return multiple()
        more = OVERBOOK if patient_type is PatientType.EMERGENCY else 0
        assert slot is None or slot.taken < slot.capacity + more
        return view.row.id

    @rule(exam=exams, action=st.sampled_from(sorted(BUTTONS)))
    def press_ticket(self, exam: int, action: TicketAction) -> None:
        ticket = next((one for one in self.tickets() if one.exam_id == exam), None)
        if ticket is None:
            return
        is_call = action in (TicketAction.CALL, TicketAction.CALL_AGAIN)
        offered = bool({TicketAction.CALL, TicketAction.CALL_AGAIN} & set(ticket.allowed))
        is_allowed = offered if is_call else action in ticket.allowed
        self.press(BUTTONS[action](ticket_id=ticket.id, version=ticket.version), is_allowed=is_allowed)

    def save_room(self, room: str, is_required: bool) -> None:
        pool = "CT" if self.is_pool else ""
        room_id = self.hospital.rooms[room]
        self.hospital.call(SaveQueueRoom(room_id=room_id, check_in_required=is_required, pool=pool))

    def is_paused(self, room: str) -> bool:
        rooms = self.hospital.call(GetQueue()).rooms
        return any(one.is_paused for one in rooms if one.room_id == self.hospital.rooms[room])

    @rule(room=st.sampled_from(ROOMS))
    def call_next(self, room: str) -> None:
        room_id = self.hospital.rooms[room]
        own = {self.hospital.rooms[one] for one in ROOMS} if self.is_pool else {room_id}
        waiting = [one for one in self.tickets() if one.room_id in own and one.state is TicketState.WAITING]
        is_allowed = bool(waiting) and not self.is_paused(room)
        self.press(CallNext(room_id=room_id), is_allowed=is_allowed)
        if is_allowed:
            called = next(one for one in self.tickets() if one.id == waiting[0].id)
            assert (called.state, called.room_id) == (TicketState.CALLING, room_id)

    @rule(room=st.sampled_from(ROOMS), on=st.booleans())
    def pause(self, room: str, on: bool) -> None:
        room_id = self.hospital.rooms[room]
        self.hospital.call(PauseRoom(room_id=room_id, reason="设备") if on else ResumeRoom(room_id=room_id))

    @rule(room=st.sampled_from(ROOMS), on=st.booleans())
    def want_check_in(self, room: str, on: bool) -> None:
        self.save_room(room, on)

    @rule(rooms=st.permutations(ROOMS), pause=st.booleans())
    def transfer(self, rooms: list[str], pause: bool) -> None:
        source, target = (self.hospital.rooms[room] for room in rooms)
        before = {one.id: one.number for one in self.tickets()}
        there = [one for one in self.tickets() if one.room_id == source and one.state is not TicketState.EXAMINING]
        self.press(TransferQueue(from_room_id=source, to_room_id=target, pause=pause), is_allowed=bool(there))
        after = self.tickets()
        assert {one.id: one.number for one in after} == before
        assert not [one for one in after if one.room_id == source and one.state is not TicketState.EXAMINING]

    @rule(exam=exams)
    def sign_in(self, exam: int) -> None:
        ticket = next((one for one in self.tickets() if one.exam_id == exam), None)
        self.press(SignIn(exam_id=exam), is_allowed=ticket is not None and TicketAction.SIGN_IN in ticket.allowed)

    @rule(exam=exams)
    def scan_at_the_kiosk(self, exam: int) -> None:
        row = self.hospital.call(GetExam(exam_id=exam)).row
        answer = self.hospital.call(KioskCheckIn(code=row.accession_number))
        told = next(one for one in answer.exams if one.items == row.items)
        now = self.hospital.call(GetExam(exam_id=exam)).row
        if row.ticket_state is TicketState.NOT_SIGNED_IN:
            assert told.outcome in (KioskOutcome.CHECKED_IN, KioskOutcome.LATE)
            assert now.ticket_state is TicketState.WAITING
        else:
            assert now.ticket_state is row.ticket_state

    @rule(exam=exams, room=st.sampled_from(ROOMS))
    def change_room(self, exam: int, room: str) -> None:
        ticket = next((one for one in self.tickets() if one.exam_id == exam), None)
        if ticket is not None and ticket.room_id != self.hospital.rooms[room]:
            request = ChangeRoom(ticket_id=ticket.id, version=ticket.version, room_id=self.hospital.rooms[room])
            self.press(request, is_allowed=TicketAction.CHANGE_ROOM in ticket.allowed)

    @rule(exam=exams)
    def sign_in_again(self, exam: int) -> None:
        ticket = next((one for one in self.tickets() if one.exam_id == exam), None)
        is_allowed = ticket is not None and TicketAction.SIGN_IN_AGAIN in ticket.allowed
        self.press(SignInAgain(exam_id=exam), is_allowed=is_allowed)

    @rule(exam=exams)
    def cancel(self, exam: int) -> None:
        view = self.hospital.call(GetExam(exam_id=exam))
        self.press(CancelExam(exam_id=exam, version=view.version), is_allowed=ExamAction.CANCEL in view.allowed)

    @rule(exam=exams)
    def push(self, exam: int) -> None:
        view = self.hospital.call(GetExam(exam_id=exam))
        self.press(PushExam(exam_id=exam, version=view.version), is_allowed=ExamAction.PUSH in view.allowed)

    @rule(exam=exams)
    def finish_on_the_page(self, exam: int) -> None:
        view = self.hospital.call(GetExam(exam_id=exam))
        self.press(FinishExam(exam_id=exam, version=view.version), is_allowed=ExamAction.FINISH in view.allowed)

    @rule(exam=exams, patient_type=st.sampled_from(PatientType), days=st.sampled_from((0, 0, 1)))
    def edit(self, exam: int, patient_type: PatientType, days: int) -> None:
        view = self.hospital.call(GetExam(exam_id=exam))
        planned_at = self.hospital.clock.present.replace(day=21 + days)
        self.press(
            edited(view, patient_type=patient_type, planned_at=planned_at),
            is_allowed=ExamAction.EDIT in view.allowed,
        )

    @rule(exam=exams, event=st.sampled_from(ExamEvent))
    def device(self, exam: int, event: ExamEvent) -> None:
        with self.hospital.write() as uow:
            self.hospital.exams.apply_event(uow, exam, event)
        self.devices.add(exam)

    @rule(seconds=st.sampled_from((1, 20, 60)))
    def wait(self, seconds: int) -> None:
        self.hospital.clock.forward(seconds=seconds)

    @rule()
    def announce(self) -> None:
        for call in self.hospital.call(GetBoard()).pending_calls:
            self.hospital.call(AnnouncementOver(call_id=call.call_id))

    @invariant()
    def exam_and_ticket_agree(self) -> None:
        if not hasattr(self, "hospital"):
            return
        listed = self.hospital.call(ListExams(page=Page(limit=500)))
        assert listed.total == len(listed.rows) == sum(listed.counts.values()) == len({r.id for r in listed.rows})
        for row in listed.rows:
            is_today = self.hospital.time.local(row.planned_at).date() == DAY
            possible = set(TICKETS_OF[row.state])
            if row.state is ExamState.REGISTERED and not is_today:
                possible = {None}
            if row.state is not ExamState.REGISTERED and row.id in self.devices:
                possible.add(None)  # a device may scan an exam of another day
            assert row.ticket_state in possible, (row.state, row.ticket_state)
            assert row.version >= self.versions.get(row.id, 0)
            self.versions[row.id] = row.version

    @invariant()
    def the_queue_is_in_order(self) -> None:
        if not hasattr(self, "hospital"):
            return
        tickets = self.tickets()
        assert len({one.exam_id for one in tickets}) == len(tickets) == len({one.number for one in tickets})
        for room in ROOMS:
            own = [one for one in tickets if one.room_id == self.hospital.rooms[room]]
            waiting = [one for one in own if one.state is TicketState.WAITING]
            assert [one.position for one in waiting] == list(range(1, len(waiting) + 1))
            order = [(one.state is TicketState.NOT_SIGNED_IN, KINDS.index(one.patient_type)) for one in own]
            assert order == sorted(order)
            by_button = [one for one in own if one.state is TicketState.EXAMINING and one.exam_id not in self.devices]
            assert len(by_button) <= 1

    @invariant()
    def no_slot_is_sold_beyond_its_capacity(self) -> None:
        if not hasattr(self, "hospital"):
            return
        for room in ROOMS:
            with self.hospital.read() as uow:
                slots = self.hospital.slots.list_day(uow, self.hospital.rooms[room], DAY)
            assert all(slot.taken <= slot.capacity + OVERBOOK for slot in slots)


TestDay = Day.TestCase
TestDay.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


class DayOnPostgres(Day):
    """The same day on the other database."""

    database = "postgresql"


@pytest.mark.slow
class TestDayOnPostgres(DayOnPostgres.TestCase):  # type: ignore[name-defined]  # made at run time
    settings = settings(
        max_examples=6, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
