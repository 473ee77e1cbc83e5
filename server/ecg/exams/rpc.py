"""Handlers of ECG exams."""

from __future__ import annotations

from server.ecg.exams.collecting import Collecting
from server.ecg.exams.lists import ExamLists
from server.ecg.exams.registration import Registration
from server.ecg.exams.service import ExamService
from server.ecg.exams.views import ExamViews
from server.exams.ports import OrderSource
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.kernel.errors import Refusal, not_found
from shared.contract import ecg
from shared.contract.base import Nothing


class ExamsRpc:
    """What workstations ask about requests and exams."""

    def __init__(
        self,
        database: Database,
        orders: OrderSource,
        exams: ExamService,
        registration: Registration,
        lists: ExamLists,
        views: ExamViews,
        collecting: Collecting,
    ) -> None:
        self._database = database
        self._orders = orders
        self._exams = exams
        self._registration = registration
        self._lists = lists
        self._views = views
        self._collecting = collecting

    @handles
    def search_requests(self, request: ecg.SearchRequests, caller: Caller, uow: UnitOfWork) -> ecg.RequestList:
        return self._registration.search(uow, caller, request)

    @handles_alone
    def find_request(self, request: ecg.FindRequest, caller: Caller) -> tuple[ecg.RequestRow, ...]:
        """Where no request waits here, the hospital system is asked (FHIR), outside of any transaction."""
        number = request.request_number.strip() or request.health_check_number.strip()
        with self._database.read() as uow:
            found = self._registration.find(uow, caller, request)
        if not any(one.can_register for one in found):
            try:
                has_more = bool(number) and self._orders.ask(number, by_order=bool(request.request_number.strip()))
            except Refusal:
                if not found:
                    raise
                has_more = False
            if has_more:
                with self._database.read() as uow:
                    found = self._registration.find(uow, caller, request)
        return self._registration.demand_found(found, request)

    @handles
    def register_request(self, request: ecg.RegisterRequest, caller: Caller, uow: UnitOfWork) -> ecg.RegisteredView:
        facts, existed = self._registration.register_request(
            uow, caller, request.application_id, request.version, request.entry
        )
        return ecg.RegisteredView(exam=self._views.details(uow, caller, facts), existed=existed)

    @handles
    def register(self, request: ecg.RegisterEcg, caller: Caller, uow: UnitOfWork) -> ecg.RegisteredView:
        facts = self._registration.register(uow, caller, request.entry)
        return ecg.RegisteredView(exam=self._views.details(uow, caller, facts))

    @handles
    def list_exams(self, request: ecg.ListEcgExams, caller: Caller, uow: UnitOfWork) -> ecg.EcgList:
        total, found, counts = self._lists.find(uow, caller, request)
        return ecg.EcgList(total=total, rows=self._views.rows(uow, caller, found), counts=counts)

    @handles
    def get_exam(self, request: ecg.GetEcgExam, caller: Caller, uow: UnitOfWork) -> ecg.EcgExamView:
        return self._views.details(uow, caller, self._exams.demand(uow, caller, request.exam_id))

    @handles
    def find_exam(self, request: ecg.FindEcgExam, caller: Caller, uow: UnitOfWork) -> ecg.EcgExamView:
        if request.accession_number.strip():
            facts = self._exams.by_accession(uow, request.accession_number)
        else:
            facts = self._exams.by_study(uow, request.study_uid.strip())
        if facts is None or not self._exams.sees(uow, caller, facts):
            raise not_found("心电检查")
        return self._views.details(uow, caller, facts)

    @handles
    def change_exam(self, request: ecg.ChangeEcgExam, caller: Caller, uow: UnitOfWork) -> ecg.EcgExamView:
        facts = self._registration.change(uow, caller, request.exam_id, request.version, request.change)
        return self._views.details(uow, caller, facts)

    @handles
    def cancel_exam(self, request: ecg.CancelEcgExam, caller: Caller, uow: UnitOfWork) -> ecg.EcgExamView:
        facts = self._registration.cancel(uow, caller, request.exam_id, request.version, request.reason)
        return self._views.details(uow, caller, facts)

    @handles
    def list_history(self, request: ecg.ListHistory, caller: Caller, uow: UnitOfWork) -> tuple[ecg.EcgRow, ...]:
        return self._views.rows(uow, caller, self._registration.history(uow, caller, request.exam_id))

    @handles
    def get_trail(self, request: ecg.GetTrail, caller: Caller, uow: UnitOfWork) -> tuple[ecg.ChangeEntry, ...]:
        self._exams.demand(uow, caller, request.exam_id)
        return self._views.trail(uow, request.exam_id)

    @handles
    def list_collected(self, request: ecg.ListCollected, caller: Caller, uow: UnitOfWork) -> ecg.CollectedList:
        total, found, counts = self._lists.collected(uow, caller, request.category, request.text, request.page)
        rows = self._views.rows(uow, caller, [facts for _kept, facts in found])
        views = tuple(
            ecg.CollectedView(exam=row, category=kept.category, note=kept.note, added_at=kept.added_at)
            for row, (kept, _facts) in zip(rows, found, strict=True)
        )
        return ecg.CollectedList(total=total, rows=views, categories=counts)

    @handles
    def collect_exam(self, request: ecg.CollectExam, caller: Caller, uow: UnitOfWork) -> ecg.CollectedView:
        kept, facts = self._collecting.add(uow, caller, request.exam_id, request.category, request.note)
        row = self._views.row(uow, caller, facts)
        return ecg.CollectedView(exam=row, category=kept.category, note=kept.note, added_at=kept.added_at)

    @handles
    def uncollect_exam(self, request: ecg.UncollectExam, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._collecting.remove(uow, caller, request.exam_id)
        return Nothing()
