"""The intentions of the panel of rooms and slots."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.translations import tr
from clients.registration.booking.slot_intentions import is_bookable
from clients.registration.picking.state import PickState
from shared.contract.base import Changed, Notice
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.exams import ExamRow, ExamView, GetExam, ListSlots, SlotView
from shared.contract.organisation import RoomView
from shared.contract.scheduling import (
    AppointmentHistory,
    BookingWarning,
    CheckBooking,
    GetAppointmentHistory,
)

Send = Callable[[PickState], Any]
"""Sends what was picked (blocking); raises RpcError."""


class PickPresenter(ScreenPresenter[PickState]):
    """Shows slots of one room after the other; `send` says what picking means."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        exam: ExamRow,
        rooms: tuple[RoomView, ...],
        clock: Callable[[], datetime],
        send: Send,
        *,
        needs_reason: bool,
        done: Callable[[Any], None],
        show: Callable[[PickState], None] = lambda _state: None,
    ) -> None:
        today = clock().date()
        able = tuple(room for room in rooms if exam.exam_type in room.exam_types)
        day = max(today, exam.planned_at.astimezone().date())
        room_id = exam.room_id if any(room.id == exam.room_id for room in able) else None
        first = room_id or (able[0].id if able else None)
        state = PickState(exam=exam, rooms=able, today=today, day=day, needs_reason=needs_reason, room_id=first)
        super().__init__(state, caller, runner, messages, show)
        self._send = send
        self._done = done
        self._view: ExamView | None = None
        self._key = f"picking/{exam.id}"

    def start(self) -> None:
        """Fetch the exam's items, what became of its appointment, and the first slots."""
        self._ask(GetExam(exam_id=self.state.exam.id), self._exam_came, self._trouble, key=f"{self._key}/exam")
        request = GetAppointmentHistory(exam_id=self.state.exam.id)
        self._ask(request, self._history_came, lambda _error: None, key=f"{self._key}/history")

    def _exam_came(self, exam: ExamView) -> None:
        self._view = exam
        self._change(exam=exam.row)
        self.load()

    def _history_came(self, history: AppointmentHistory) -> None:
        self._change(history=history)

    def choose_room(self, room_id: int) -> None:
        """Look at another room."""
        if room_id != self.state.room_id:
            self._change(room_id=room_id, slot_id=None, slots=(), warnings=())
            self.load()

    def choose_day(self, day: date) -> None:
        """Look at another day, not before today."""
        if day != self.state.day and day >= self.state.today:
            self._change(day=day, slot_id=None, slots=(), warnings=())
            self.load()

    def choose_slot(self, slot_id: int) -> None:
        """Pick a slot; the picked one again lets go."""
        if slot_id == self.state.slot_id:
            self._change(slot_id=None, warnings=())
            return
        slot = next((slot for slot in self.state.slots if slot.id == slot_id), None)
        if slot is not None and is_bookable(slot):
            self._change(slot_id=slot_id, trouble="", warnings=())
            self._check(slot)

    def type_reason(self, reason: str) -> None:
        """改约原因."""
        if reason != self.state.reason:
            self._change(reason=reason, trouble="")

    def heard(self, notice: Notice) -> None:
        """Somebody took or freed a place."""
        is_slot = isinstance(notice, Changed) and notice.entity == "slots" and notice.id == self.state.room_id
        if is_slot and not self.state.saving and not self.state.done:
            self.load()

    def load(self) -> None:
        """Fetch the slots of room and day, as they are for this exam."""
        if self.state.room_id is None:
            return
        self._change(loading=True)
        codes = tuple(item.code for item in self._view.items) if self._view is not None else ()
        request = ListSlots(
            room_id=self.state.room_id,
            day=self.state.day,
            kind=self.state.exam.visit_kind,
            exam_type=self.state.exam.exam_type,
            item_codes=codes,
            exam_id=self.state.exam.id,
        )
        self._ask(request, self._slots_came, self._trouble, key=self._key)

    def _slots_came(self, slots: tuple[SlotView, ...]) -> None:
        keep = any(slot.id == self.state.slot_id and is_bookable(slot) for slot in slots)
        self._change(slots=slots, loading=False, slot_id=self.state.slot_id if keep else None)

    def _check(self, slot: SlotView) -> None:
        if self._view is None:
            return
        request = CheckBooking(
            patient=self._view.patient_entry,
            exam_type=self.state.exam.exam_type,
            item_codes=tuple(item.code for item in self._view.items),
            item_names=tuple(item.name for item in self._view.items),
            planned_at=slot.starts_at,
            exam_id=self.state.exam.id,
        )
        self._ask(request, self._warnings_came, lambda _error: None, key=f"{self._key}/check")

    def _warnings_came(self, warnings: tuple[BookingWarning, ...]) -> None:
        self._change(warnings=warnings)

    def save(self) -> None:
        """Do it: move the exam, or accept the referral."""
        state = self.state
        if state.saving or state.done:
            return
        if state.needs_reason and state.slot_id is None:
            self._change(trouble=tr("请先选择新的时段。"))
            return
        if state.needs_reason and not state.reason.strip():
            self._change(trouble=tr("请填写改约原因。"))
            return
        self._change(saving=True, trouble="")
        self._runner.run(lambda: self._send(state), self._saved, self._save_failed, key=f"{self._key}/save")

    def _saved(self, answer: Any) -> None:
        self._change(saving=False, done=True)
        self._done(answer)

    def _save_failed(self, error: Exception) -> None:
        self._change(saving=False, trouble=message_for(error).text)
        if isinstance(error, RpcError) and error.code in (ErrorCode.SLOT_TAKEN, ErrorCode.CONFLICT):
            self.start()

    def _trouble(self, error: Exception) -> None:
        self._change(loading=False, trouble=message_for(error).text)
