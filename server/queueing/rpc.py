"""Handlers of queue and hall display."""

from __future__ import annotations

from datetime import date

from server.exams.service import ExamService
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.queueing.kiosk import Kiosk
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
    ForecastOfRoom,
    GetBoard,
    GetForecastErrors,
    GetKiosk,
    GetQueue,
    GetQueueRules,
    KioskAnswer,
    KioskCheckIn,
    KioskView,
    ListFinished,
    PassTicket,
    PauseRoom,
    QueueRoomView,
    QueueRulesView,
    QueueView,
    ResumeRoom,
    SaveQueueRoom,
    SaveQueueRules,
    SignIn,
    SignInAgain,
    StartTicket,
    TicketView,
    TransferQueue,
    TransferView,
)


class QueueingRpc:
    """What technicians, clerks, the hall display and kiosks ask about the queue."""

    def __init__(
        self, database: Database, time: HospitalTime, queue: QueueService, exams: ExamService, kiosk: Kiosk
    ) -> None:
        self._database = database
        self._time = time
        self._queue = queue
        self._exams = exams
        self._kiosk = kiosk
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
    def sign_in(self, request: SignIn, caller: Caller, uow: UnitOfWork) -> TicketView:
        return self._queue.sign_in(uow, caller, request.exam_id)

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

    @handles
    def transfer(self, request: TransferQueue, caller: Caller, uow: UnitOfWork) -> TransferView:
        return self._queue.transfer(uow, caller, request)

    @handles
    def pause_room(self, request: PauseRoom, caller: Caller, uow: UnitOfWork) -> QueueRoomView:
        return self._queue.pause_room(uow, caller, request)

    @handles
    def resume_room(self, request: ResumeRoom, caller: Caller, uow: UnitOfWork) -> QueueRoomView:
        return self._queue.resume_room(uow, request.room_id)

    @handles
    def get_rules(self, request: GetQueueRules, caller: Caller, uow: UnitOfWork) -> QueueRulesView:
        return self._queue.views.rules(uow)

    @handles
    def save_rules(self, request: SaveQueueRules, caller: Caller, uow: UnitOfWork) -> QueueRulesView:
        self._queue.policy.save(uow, request)
        return self._queue.views.rules(uow)

    @handles
    def save_room(self, request: SaveQueueRoom, caller: Caller, uow: UnitOfWork) -> QueueRoomView:
        return self._queue.save_room(uow, caller, request)

    @handles
    def get_forecast_errors(
        self, request: GetForecastErrors, caller: Caller, uow: UnitOfWork
    ) -> tuple[ForecastOfRoom, ...]:
        return self._queue.waiting.errors(uow, request.days)

    @handles
    def get_kiosk(self, request: GetKiosk, caller: Caller, uow: UnitOfWork) -> KioskView:
        return self._kiosk.view(uow)

    @handles
    def kiosk_check_in(self, request: KioskCheckIn, caller: Caller, uow: UnitOfWork) -> KioskAnswer:
        if self._opened != self._time.today():
            self._queue.open_day(uow)
        return self._kiosk.check_in(uow, caller, request.code)

    @handles_alone
    def get_board(self, request: GetBoard, caller: Caller) -> BoardView:
        self._open_day()
        with self._database.read() as uow:
            return self._queue.get_board(uow, request.room_ids or tuple(caller.room_ids or ()))

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
