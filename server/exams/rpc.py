"""Handlers of applications, exams and slots."""

from __future__ import annotations

from server.exams.applications import ApplicationDesk
from server.exams.ports import NoOrders, OrderSource
from server.exams.service import ExamService
from server.exams.slots import SlotBook
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.kernel.errors import Refusal
from shared.contract.base import Nothing
from shared.contract.exams import (
    ApplicationView,
    CancelExam,
    ExamList,
    ExamView,
    FindApplications,
    FinishExam,
    GetExam,
    HoldSlot,
    ListExams,
    ListSlots,
    PushExam,
    RegisterExam,
    ReleaseSlot,
    SlotView,
    SubmitApplication,
    UpdateExam,
)


class ExamsRpc:
    """What workstations and the hospital system ask about exams."""

    def __init__(
        self,
        database: Database,
        exams: ExamService,
        applications: ApplicationDesk,
        slots: SlotBook,
        orders: OrderSource | None = None,
    ) -> None:
        self._database = database
        self._orders = orders or NoOrders()
        self._exams = exams
        self._applications = applications
        self._slots = slots

    @handles
    def submit_application(self, request: SubmitApplication, caller: Caller, uow: UnitOfWork) -> ApplicationView:
        return self._applications.submit(uow, caller, request)

    @handles_alone
    def find_applications(self, request: FindApplications, caller: Caller) -> tuple[ApplicationView, ...]:
        """Where no application waits here, the hospital system is asked, outside of any transaction."""
        with self._database.read() as uow:
            found = self._applications.find(uow, request.number)
        if any(one.exam_id is None for one in found):
            return found
        try:
            has_more = self._orders.ask(request.number)
        except Refusal:
            if found:
                return found
            raise
        if not has_more:
            return found
        with self._database.read() as uow:
            return self._applications.find(uow, request.number)

    @handles
    def list_exams(self, request: ListExams, caller: Caller, uow: UnitOfWork) -> ExamList:
        return self._exams.list_exams(uow, caller, request)

    @handles
    def get(self, request: GetExam, caller: Caller, uow: UnitOfWork) -> ExamView:
        return self._exams.view(uow, caller, request.exam_id)

    @handles
    def register(self, request: RegisterExam, caller: Caller, uow: UnitOfWork) -> ExamView:
        return self._exams.register(uow, caller, request)

    @handles
    def update(self, request: UpdateExam, caller: Caller, uow: UnitOfWork) -> ExamView:
        return self._exams.update(uow, caller, request)

    @handles
    def cancel(self, request: CancelExam, caller: Caller, uow: UnitOfWork) -> ExamView:
        return self._exams.cancel(uow, caller, request)

    @handles
    def push(self, request: PushExam, caller: Caller, uow: UnitOfWork) -> ExamView:
        return self._exams.push(uow, caller, request)

    @handles
    def finish(self, request: FinishExam, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._exams.finish_by_hand(uow, caller, request)
        return Nothing()

    @handles_alone
    def list_slots(self, request: ListSlots, caller: Caller) -> tuple[SlotView, ...]:
        """A query that writes the first time: the slots of a day are made when somebody asks for them."""
        with self._database.read() as uow:
            demand = self._slots.demand(uow, request.kind, request.exam_type, request.item_codes, request.exam_id)
            if self._slots.is_made(uow, request.room_id, request.day):
                return self._slots.list_day(uow, request.room_id, request.day, demand)
        with self._database.write() as uow:
            return self._slots.make_day(uow, request.room_id, request.day, demand)

    @handles
    def hold_slot(self, request: HoldSlot, caller: Caller, uow: UnitOfWork) -> SlotView:
        demand = self._slots.demand(uow, request.kind, request.exam_type, request.item_codes)
        return self._slots.hold(uow, caller, request.slot_id, demand, only=request.only)

    @handles
    def release_slot(self, request: ReleaseSlot, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._slots.release(uow, caller, request.slot_id)
        return Nothing()
