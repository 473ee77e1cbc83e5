"""The intentions of the calling page (RIS-QUE)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.registration.booking.presenter import Preferences
from clients.registration.exam_actions import ExamActions, RowAction
from clients.registration.queue.state import QueueState
from clients.registration.words import named
from shared.contract.base import Command, Nothing
from shared.contract.exams import ExamRow
from shared.contract.organisation import HospitalView
from shared.contract.queueing import (
    CallNext,
    CallTicket,
    ChangeRoom,
    FinishTicket,
    GetQueue,
    ListFinished,
    PassTicket,
    PauseRoom,
    QueueRoomView,
    QueueView,
    ResumeRoom,
    StartTicket,
    TicketView,
    TransferQueue,
    TransferView,
)
from shared.domain.states import TicketAction, TicketState


class QueuePresenter(ScreenPresenter[QueueState]):
    """Shows the queue and does what the technician intends. `clock` gives the present moment with its zone."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        actions: ExamActions,
        preferences: Preferences,
        clock: Callable[[], datetime],
        show: Callable[[QueueState], None] = lambda _state: None,
    ) -> None:
        super().__init__(
            QueueState(now=clock(), auto_refresh=bool(preferences.get("queue/auto_refresh", True))),
            caller,
            runner,
            messages,
            show,
        )
        self._actions = actions
        self._preferences = preferences
        self._clock = clock

    def start(self, hospital: HospitalView) -> None:
        """Take the master data and come back to the room or rooms of last time."""
        first = self.state.hospital is None
        self._change(hospital=hospital)
        if not first:
            return
        rooms = {room.id: room for room in hospital.rooms}
        room = rooms.get(self._preferences.get("queue/room"))
        if room is not None:
            self._change(room_id=room.id, room_ids=(room.id,), campus_id=room.campus_id)
        else:
            several = self._preferences.get("queue/rooms", ())
            known = tuple(one for one in several if one in rooms) if isinstance(several, (list, tuple)) else ()
            self._change(room_ids=known, room_id=known[0] if len(known) == 1 else None)
        self.refresh()

    # ── filters and refreshing ───────────────────────────────────────────────────────────────────────

    def choose_type(self, exam_type: str) -> None:
        """检查类型; empty for all."""
        self._filter(exam_type=exam_type)

    def choose_campus(self, campus_id: int | None) -> None:
        """院区 (科室/部门); None for all."""
        self._filter(campus_id=campus_id)

    def choose_room(self, room_id: int | None) -> None:
        """检查室; None for all. The workstation remembers it."""
        self._choose_rooms(() if room_id is None else (room_id,))

    def click_room(self, room_id: int, beside: bool) -> None:
        """A room above the list: only that one, or beside those already chosen; once more takes it away."""
        now = self.state.room_ids
        if beside:
            self._choose_rooms(tuple(one for one in now if one != room_id) if room_id in now else (*now, room_id))
        else:
            self._choose_rooms(() if now == (room_id,) else (room_id,))

    def _choose_rooms(self, room_ids: tuple[int, ...]) -> None:
        self._preferences.set("queue/rooms", list(room_ids))
        self._preferences.set("queue/room", room_ids[0] if len(room_ids) == 1 else None)
        self._filter(room_ids=room_ids, room_id=room_ids[0] if len(room_ids) == 1 else None)

    def _filter(self, **fields: Any) -> None:
        before = self.state
        self._change(**fields)
        if self.state == before:
            return
        offered = {room.id for room in self.state.rooms}
        if not offered.issuperset(self.state.room_ids):
            self._change(room_id=None, room_ids=tuple(one for one in self.state.room_ids if one in offered))
        self._change(tickets=(), loaded_once=False, finished_rows=())
        self.refresh()

    def set_auto_refresh(self, on: bool) -> None:
        """自动刷新."""
        self._preferences.set("queue/auto_refresh", on)
        self._change(auto_refresh=on)
        if on:
            self.refresh()

    def tick(self) -> None:
        """Five seconds have passed (RIS-QUE-16)."""
        if self.state.auto_refresh:
            self.refresh()

    def refresh(self) -> None:
        """Fetch the list that is shown; selection and filters stay (RIS-RFS-04)."""
        state = self.state
        if state.hospital is None:
            return
        if state.showing_finished:
            self._fetch_finished()
        self._change(loading=True)
        request = GetQueue(campus_id=state.campus_id, exam_type=state.exam_type, **state.room_filter)
        self._ask(request, self._queue_came, self._queue_failed, key="queue/rows")

    def _queue_came(self, queue: QueueView) -> None:
        ids = {ticket.id for ticket in queue.tickets}
        selected = self.state.selected if self.state.selected in ids else None
        self._change(
            now=self._clock(),
            tickets=queue.tickets,
            waiting=queue.waiting,
            passed=queue.passed,
            finished=queue.finished,
            not_signed_in=queue.not_signed_in,
            room_counters=queue.rooms,
            forecast_error=queue.forecast_error,
            loading=False,
            loaded_once=True,
            trouble="",
            selected=selected,
        )

    def _queue_failed(self, error: Exception) -> None:
        self._change(loading=False, trouble=message_for(error).text)

    def select(self, ticket_id: int | None) -> None:
        """The row that actions are about."""
        if ticket_id != self.state.selected:
            self._change(selected=ticket_id)

    # ── steps ────────────────────────────────────────────────────────────────────────────────────────

    def call_next(self) -> None:
        """呼叫下一位: by the server in the chosen room, so that two technicians never call one patient twice.

        When the list is filtered further, or shows all rooms, the first waiting row as shown is called (RIS-QUE-10).
        """
        state = self.state
        first = state.next_waiting
        if first is None:
            self._messages.say(tr("没有候诊患者。"))
        elif state.room_id is not None and not state.exam_type:
            self._step(CallNext(room_id=state.room_id), self._called)
        else:
            self._step(CallTicket(ticket_id=first.id, version=first.version), self._called)

    def call(self) -> None:
        """呼叫 or 重呼 the selected patient."""
        ticket = self._selected(TicketAction.CALL) or self._selected(TicketAction.CALL_AGAIN)
        if ticket is not None:
            self._step(CallTicket(ticket_id=ticket.id, version=ticket.version), self._called)

    def pass_number(self) -> None:
        """过号."""
        ticket = self._selected(TicketAction.PASS)
        if ticket is not None:
            request = PassTicket(ticket_id=ticket.id, version=ticket.version)
            self._step(request, lambda now: self._done(now, tr("{number} 已过号，可再次呼叫。", number=now.number)))

    def start_exam(self) -> None:
        """开始检查."""
        ticket = self._selected(TicketAction.START)
        if ticket is not None:
            request = StartTicket(ticket_id=ticket.id, version=ticket.version)
            self._step(request, lambda now: self._done(now, tr("{number} 开始检查。", number=now.number)))

    def finish_exam(self) -> None:
        """检查完成: the ticket leaves the list."""
        ticket = self._selected(TicketAction.FINISH)
        if ticket is None:
            return

        def finished(_nothing: Nothing) -> None:
            self._change(busy=False, selected=None)
            self._messages.say(tr("{number} 检查完成。", number=ticket.number), Tone.SUCCESS)
            self.refresh()

        self._step(FinishTicket(ticket_id=ticket.id, version=ticket.version), finished)

    def change_room(self, room_id: int) -> None:
        """修改检查室: a new number in the other room's queue."""
        ticket = self._selected(TicketAction.CHANGE_ROOM)
        if ticket is None or ticket.room_id == room_id:
            return

        def changed(now: TicketView) -> None:
            self._done(now, tr("已改到{room}，新排队号 {number}。", room=now.room_name, number=now.number))

        self._step(ChangeRoom(ticket_id=ticket.id, version=ticket.version, room_id=room_id), changed)

    # ── a whole room ─────────────────────────────────────────────────────────────────────────────────

    def pause_room(self, room_id: int, reason: str) -> None:
        """暂停叫号: the hall reads why."""

        def paused(room: QueueRoomView) -> None:
            self._change(busy=False)
            self._messages.say(
                tr("{room} 已暂停叫号：{reason}。", room=self._room_name(room.room_id), reason=tr(reason))
            )
            self.refresh()

        self._step(PauseRoom(room_id=room_id, reason=reason), paused)

    def resume_room(self, room_id: int) -> None:
        """恢复叫号."""

        def resumed(room: QueueRoomView) -> None:
            self._change(busy=False)
            self._messages.say(tr("{room} 已恢复叫号。", room=self._room_name(room.room_id)), Tone.SUCCESS)
            self.refresh()

        self._step(ResumeRoom(room_id=room_id), resumed)

    def transfer(self, from_room_id: int, to_room_id: int) -> None:
        """整个队列转到 another room; the room that is left is paused."""

        def moved(result: TransferView) -> None:
            self._change(busy=False)
            room = self._room_name(to_room_id)
            words = tr(
                "已把 {count} 位患者转到{room}，排队号不变；原检查室已暂停叫号。", count=len(result.moved), room=room
            )
            if result.left:
                names = "、".join(f"{ticket.number} {ticket.patient_name}" for ticket in result.left[:5])
                words += tr("未转：{names}。", names=names)
            self._messages.say(words, Tone.WARNING if result.left else Tone.SUCCESS)
            self.refresh()

        self._step(TransferQueue(from_room_id=from_room_id, to_room_id=to_room_id), moved)

    def _room_name(self, room_id: int) -> str:
        rooms = () if self.state.hospital is None else self.state.hospital.rooms
        return next((named(room) for room in rooms if room.id == room_id), "")

    def _selected(self, action: TicketAction) -> TicketView | None:
        return self.state.selected_ticket if self.state.allows(action) else None

    def _step(self, request: Command[Any], done: Callable[[Any], None]) -> None:
        if self.state.busy:
            return
        self._change(busy=True)
        self._ask(request, done, self._step_failed)

    def _step_failed(self, error: Exception) -> None:
        self._change(busy=False)
        self._messages.report(error)
        self.refresh()

    def _called(self, ticket: TicketView) -> None:
        self._done(ticket, tr("正在呼叫 {number} {name}。", number=ticket.number, name=ticket.patient_name))

    def _done(self, ticket: TicketView, sentence: str) -> None:
        """Show the step at once, before the refetch confirms it."""
        tickets = tuple(ticket if old.id == ticket.id else old for old in self.state.tickets)
        self._change(busy=False, tickets=tickets, selected=ticket.id)
        self._messages.say(sentence, Tone.SUCCESS if ticket.state is not TicketState.PASSED else Tone.WARNING)
        self.refresh()

    def show_details(self) -> None:
        """登记详情 of the selected patient."""
        ticket = self.state.selected_ticket
        if ticket is not None:
            self._actions.show_details(ticket.exam_id)

    # ── finished exams ───────────────────────────────────────────────────────────────────────────────

    def show_finished(self, on: bool) -> None:
        """The tab 已检查 (RIS-QUE-17)."""
        if on != self.state.showing_finished:
            self._change(showing_finished=on)
            self.refresh()

    def find_finished(self, accession_number: str) -> None:
        """检查号, exact (RIS-QUE-18); empty shows all again."""
        if accession_number.strip() != self.state.finished_number:
            self._change(finished_number=accession_number.strip())
            self._fetch_finished()

    def do_finished(self, action: RowAction, exam_id: int) -> None:
        """An action of a row of the finished list."""
        row = next((row for row in self.state.finished_rows if row.id == exam_id), None)
        if row is not None:
            self._actions.do(action, row)

    def _fetch_finished(self) -> None:
        state = self.state
        self._change(finished_loading=True)
        request = ListFinished(
            campus_id=state.campus_id,
            exam_type=state.exam_type,
            **state.room_filter,
            accession_number=state.finished_number,
        )
        self._ask(request, self._finished_came, self._finished_failed, key="queue/finished")

    def _finished_came(self, rows: tuple[ExamRow, ...]) -> None:
        self._change(finished_rows=rows, finished_loading=False, finished_trouble="")

    def _finished_failed(self, error: Exception) -> None:
        self._change(finished_loading=False, finished_trouble=message_for(error).text)
