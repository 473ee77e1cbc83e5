"""Handlers of consultations: each calls one use case."""

from __future__ import annotations

from server.ecg.consultations.limits import Limits
from server.ecg.consultations.lists import Lists
from server.ecg.consultations.service import ConsultationService
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.kernel.errors import invalid
from shared.contract import ecg_consultations as contract
from shared.contract.base import Nothing
from shared.contract.ecg_reports import MOST_IN_A_BATCH, BatchRow

View = contract.ConsultationView


class EcgConsultationsRpc:
    """Offers the room to the router."""

    def __init__(self, database: Database, service: ConsultationService, lists: Lists, limits: Limits) -> None:
        self._database = database
        self._service = service
        self._lists = lists
        self._limits = limits

    # ── teams ────────────────────────────────────────────────────────────────────────────────────────

    @handles
    def list_teams(self, request: contract.ListTeams, caller: Caller, uow: UnitOfWork) -> tuple[contract.TeamView, ...]:
        if not request.for_exam_id:
            return self._service.teams.listed(uow, caller)
        exam = self._service.exams.demand(uow, caller, request.for_exam_id)
        return self._service.teams.listed(uow, caller, exam.campus_id)

    @handles
    def list_candidates(
        self, request: contract.ListCandidates, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.MemberView, ...]:
        return self._service.teams.candidates(uow, request.campus_id)

    @handles
    def save_team(self, request: contract.SaveTeam, caller: Caller, uow: UnitOfWork) -> contract.TeamView:
        return self._service.teams.save(uow, caller, request.team)

    # ── one consultation ─────────────────────────────────────────────────────────────────────────────

    @handles
    def get_application_form(
        self, request: contract.GetApplicationForm, caller: Caller, uow: UnitOfWork
    ) -> contract.ApplicationForm:
        return self._service.form(uow, caller, request.exam_id)

    @handles
    def apply(self, request: contract.Apply, caller: Caller, uow: UnitOfWork) -> contract.ConsultationView:
        return self._lists.view(uow, caller, self._service.apply(uow, caller, request))

    @handles
    def withdraw(self, request: contract.Withdraw, caller: Caller, uow: UnitOfWork) -> contract.ConsultationView:
        row = self._service.withdraw(uow, caller, request.consultation_id, request.version, request.reason)
        return self._lists.view(uow, caller, row)

    @handles
    def accept(self, request: contract.Accept, caller: Caller, uow: UnitOfWork) -> contract.ConsultationView:
        return self._lists.view(uow, caller, self._service.accept(uow, caller, request.consultation_id))

    @handles
    def refuse(self, request: contract.Refuse, caller: Caller, uow: UnitOfWork) -> contract.ConsultationView:
        row = self._service.refuse(uow, caller, request.consultation_id, request.version, request.reason)
        return self._lists.view(uow, caller, row)

    @handles
    def give_back(self, request: contract.GiveBack, caller: Caller, uow: UnitOfWork) -> contract.ConsultationView:
        row = self._service.give_back(uow, caller, request.consultation_id, request.version, request.reason)
        return self._lists.view(uow, caller, row)

    @handles_alone
    def sign_for(self, request: contract.SignFor, caller: Caller) -> tuple[BatchRow, ...]:
        if not 1 <= len(request.consultation_ids) <= MOST_IN_A_BATCH:
            raise invalid("consultation_ids", f"请勾选 1 到 {MOST_IN_A_BATCH} 份会诊报告。")
        with self._database.read() as uow:
            exams = tuple(
                dict.fromkeys(
                    self._service.demand(uow, caller, one).exam_id for one in dict.fromkeys(request.consultation_ids)
                )
            )
        return self._service.reports.batch_print(caller, exams, request.template, request.language)

    @handles_alone
    def get(self, request: contract.Get, caller: Caller) -> contract.ConsultationDetails:
        with self._database.read() as uow:
            found = self._lists.details(uow, caller, request.consultation_id)
        with self._database.write() as uow:
            self._service.log(uow, caller, request.consultation_id, "viewed")
        return found

    @handles
    def list_of_exam(
        self, request: contract.ListOfExam, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.ConsultationView, ...]:
        return self._lists.of_exam(uow, caller, request.exam_id)

    # ── lists ────────────────────────────────────────────────────────────────────────────────────────

    @handles
    def list_incoming(
        self, request: contract.ListIncoming, caller: Caller, uow: UnitOfWork
    ) -> contract.ConsultationList:
        return self._lists.incoming(uow, caller, request.filter, request.page)

    @handles
    def list_outgoing(
        self, request: contract.ListOutgoing, caller: Caller, uow: UnitOfWork
    ) -> contract.ConsultationList:
        return self._lists.outgoing(uow, caller, request.filter, request.page)

    # ── notices, limits ──────────────────────────────────────────────────────────────────────────────

    @handles
    def list_notices(
        self, request: contract.ListNotices, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.NoticeView, ...]:
        return self._service.notices.of(uow, caller.user_id, unread_only=request.unread_only)

    @handles
    def mark_read(self, request: contract.MarkRead, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._service.notices.mark_read(uow, caller.user_id, request.notice_ids)
        return Nothing()

    @handles
    def get_policy(self, request: contract.GetPolicy, caller: Caller, uow: UnitOfWork) -> contract.ConsultationPolicy:
        return self._limits.policy(uow)

    @handles
    def save_policy(self, request: contract.SavePolicy, caller: Caller, uow: UnitOfWork) -> contract.ConsultationPolicy:
        return self._limits.save(uow, request.policy)
