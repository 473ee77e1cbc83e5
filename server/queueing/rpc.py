"""Handlers of queue and hall display."""

from __future__ import annotations

from datetime import date

from server.exams.service import ExamService
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.queueing.service import QueueService
from shared.contract.base import Nothing
from shared.contract.exams import ExamRow
from shared.contract.queueing import (
    AnnouncementOver,
    BoardView,
    CallNext,
    CallTicket,
    ChangeRoom,
    FinishTicket,
    GetBoard,
    GetQueue,
    ListFinished,
    PassTicket,
    QueueView,
    SignInAgain,
    StartTicket,
    TicketView,
)


class QueueingRpc:
    """What technicians, clerks and the hall display ask about the queue."""

    def __init__(self, database: Database, time: HospitalTime, queue: QueueService, exams: ExamService) -> None:
        self._database = database
        self._time = time
        self._queue = queue
        self._exams = exams
        self._opened: date | None = None

    @handles_alone
    def get_queue(self, request: GetQueue, caller: Caller) -> QueueView:
        self._open_day()
        with self._database.read() as uow:
            return self._queue.get_queue(uow, caller, request)

    @handles
    def list_finished(self, request: ListFinished, caller: Caller, uow: UnitOfWork) -> tuple[ExamRow, ...]:
        return self._exams.finished(uow, caller, request)

    @handles
    def call(self, request: CallTicket, caller: Caller, uow: UnitOfWork) -> TicketView:
        return self._queue.call(uow, caller, request)

    @handles
    def call_next(self, request: CallNext, caller: Caller, uow: UnitOfWork) -> TicketView:
        return self._queue.call_next(uow, caller, request.room_id)

    @handles
    def pass_ticket(self, request: PassTicket, caller: Caller, uow: UnitOfWork) -> TicketView:
        return self._queue.pass_ticket(uow, caller, request)

    @handles
    def sign_in_again(self, request: SignInAgain, caller: Caller, uow: UnitOfWork) -> TicketView:
        return self._queue.sign_in_again(uow, caller, request.exam_id)

    @handles
    def start(self, request: StartTicket, caller: Caller, uow: UnitOfWork) -> TicketView:
        return self._queue.start(uow, caller, request)

    @handles
    def finish(self, request: FinishTicket, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._queue.finish(uow, caller, request)
        return Nothing()

    @handles
    def change_room(self, request: ChangeRoom, caller: Caller, uow: UnitOfWork) -> TicketView:
        return self._queue.change_room(uow, caller, request)

    @handles_alone
    def get_board(self, request: GetBoard, caller: Caller) -> BoardView:
        self._open_day()
        with self._database.read() as uow:
            return self._queue.get_board(uow, request.room_ids)

    @handles
    def announcement_over(self, request: AnnouncementOver, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._queue.announcement_over(uow, caller, request.call_id)
        return Nothing()

    def _open_day(self) -> None:
        """Issue the tickets of exams booked earlier for today: once a day, when the first asks."""
        today = self._time.today()
        if self._opened != today:
            with self._database.write() as uow:
                self._queue.open_day(uow)
            self._opened = today
