"""Handlers of remote consultation: each calls one use case."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.remote.desk import Desk
from server.remote.export import MOST_ROWS, workbook
from server.remote.limits import Limits
from server.remote.lists import Lists
from server.remote.service import RequestService
from server.remote.tables import RemoteRequestRow
from server.remote.writing import OpinionWriting
from shared.contract import remote as contract
from shared.contract.base import Nothing, Page
from shared.contract.master import SheetView

View = contract.RemoteView


class RemoteRpc:
    """Offers the area to the router."""

    def __init__(
        self, desk: Desk, service: RequestService, writing: OpinionWriting, lists: Lists, limits: Limits
    ) -> None:
        self._desk = desk
        self._service = service
        self._writing = writing
        self._lists = lists
        self._limits = limits

    def _view(self, uow: UnitOfWork, caller: Caller, row: RemoteRequestRow) -> View:
        return self._lists.view(uow, caller, row)

    # ── teams ────────────────────────────────────────────────────────────────────────────────────────

    @handles
    def list_teams(
        self, request: contract.ListTeams, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.RemoteTeam, ...]:
        if not request.for_exam_id:
            return self._service.teams.listed(uow, caller)
        return self._service.form(uow, caller, request.for_exam_id).teams

    @handles
    def list_candidates(
        self, request: contract.ListCandidates, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.RemoteMember, ...]:
        return self._service.teams.candidates(uow, request.campus_id)

    @handles
    def save_team(self, request: contract.SaveTeam, caller: Caller, uow: UnitOfWork) -> contract.RemoteTeam:
        return self._service.teams.save(uow, caller, request.team)

    # ── the asking side ──────────────────────────────────────────────────────────────────────────────

    @handles
    def get_form(self, request: contract.GetForm, caller: Caller, uow: UnitOfWork) -> contract.RemoteForm:
        return self._service.form(uow, caller, request.exam_id)

    @handles
    def ask(self, request: contract.Ask, caller: Caller, uow: UnitOfWork) -> View:
        return self._view(uow, caller, self._service.ask(uow, caller, request))

    @handles
    def withdraw(self, request: contract.Withdraw, caller: Caller, uow: UnitOfWork) -> View:
        row = self._service.withdraw(uow, caller, request.request_id, request.version, request.reason)
        return self._view(uow, caller, row)

    @handles
    def urge(self, request: contract.Urge, caller: Caller, uow: UnitOfWork) -> View:
        return self._view(uow, caller, self._service.urge(uow, caller, request.request_id))

    @handles
    def confirm(
        self, request: contract.Confirm, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.ConfirmOutcome, ...]:
        return self._service.confirm(uow, caller, request.requests)

    @handles
    def send_back(self, request: contract.SendBack, caller: Caller, uow: UnitOfWork) -> View:
        row = self._service.send_back(uow, caller, request.request_id, request.version, request.reason)
        return self._view(uow, caller, row)

    # ── the team ─────────────────────────────────────────────────────────────────────────────────────

    @handles
    def accept(self, request: contract.Accept, caller: Caller, uow: UnitOfWork) -> View:
        return self._view(uow, caller, self._service.accept(uow, caller, request.request_id))

    @handles
    def give_return(self, request: contract.Return, caller: Caller, uow: UnitOfWork) -> View:
        row = self._service.give_return(uow, caller, request.request_id, request.version, request.reason)
        return self._view(uow, caller, row)

    @handles
    def give_back(self, request: contract.GiveBack, caller: Caller, uow: UnitOfWork) -> View:
        row = self._service.give_back(uow, caller, request.request_id, request.version, request.reason)
        return self._view(uow, caller, row)

    # ── the opinion ──────────────────────────────────────────────────────────────────────────────────

    @handles
    def write(self, request: contract.Write, caller: Caller, uow: UnitOfWork) -> View:
        return self._view(uow, caller, self._writing.write(uow, caller, request.request_id))

    @handles
    def save(self, request: contract.Save, caller: Caller, uow: UnitOfWork) -> View:
        row = self._writing.save(
            uow, caller, request.request_id, request.version, request.content, is_automatic=request.is_automatic
        )
        return self._view(uow, caller, row)

    @handles
    def submit(self, request: contract.Submit, caller: Caller, uow: UnitOfWork) -> View:
        row = self._writing.submit(uow, caller, request.request_id, request.version, request.content)
        return self._view(uow, caller, row)

    @handles
    def take_back(self, request: contract.TakeBack, caller: Caller, uow: UnitOfWork) -> View:
        return self._view(uow, caller, self._writing.take_back(uow, caller, request.request_id, request.version))

    @handles
    def audit(self, request: contract.Audit, caller: Caller, uow: UnitOfWork) -> View:
        return self._view(uow, caller, self._writing.audit(uow, caller, request.request_id))

    @handles
    def approve(self, request: contract.Pass, caller: Caller, uow: UnitOfWork) -> View:
        row = self._writing.approve(uow, caller, request.request_id, request.version, request.content)
        return self._view(uow, caller, row)

    @handles
    def reject(self, request: contract.Reject, caller: Caller, uow: UnitOfWork) -> View:
        row = self._writing.reject(uow, caller, request.request_id, request.version, request.reason)
        return self._view(uow, caller, row)

    @handles
    def release(self, request: contract.Release, caller: Caller, uow: UnitOfWork) -> View:
        return self._view(uow, caller, self._writing.release(uow, caller, request.request_id))

    @handles
    def adjust(self, request: contract.Adjust, caller: Caller, uow: UnitOfWork) -> View:
        row = self._writing.adjust(uow, caller, request.request_id, request.version, request.content, request.reason)
        return self._view(uow, caller, row)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    @handles
    def get(self, request: contract.Get, caller: Caller, uow: UnitOfWork) -> View:
        return self._view(uow, caller, self._desk.demand(uow, caller, request.request_id))

    @handles
    def list_of_exam(self, request: contract.ListOfExam, caller: Caller, uow: UnitOfWork) -> tuple[View, ...]:
        return self._lists.of_exam(uow, caller, request.exam_id)

    @handles
    def list_incoming(self, request: contract.ListIncoming, caller: Caller, uow: UnitOfWork) -> contract.RemoteList:
        return self._lists.incoming(uow, caller, request.filter, request.page)

    @handles
    def list_outgoing(self, request: contract.ListOutgoing, caller: Caller, uow: UnitOfWork) -> contract.RemoteList:
        return self._lists.outgoing(uow, caller, request.filter, request.page)

    @handles
    def export(self, request: contract.ExportRequests, caller: Caller, uow: UnitOfWork) -> SheetView:
        listed = self._lists.incoming if request.incoming else self._lists.outgoing
        found = listed(uow, caller, request.filter, Page(limit=MOST_ROWS), most=MOST_ROWS)
        return workbook(
            found.rows, request.columns, self._desk.time, incoming=request.incoming, english=request.english
        )

    # ── notices, limits ──────────────────────────────────────────────────────────────────────────────

    @handles
    def list_notices(
        self, request: contract.ListNotices, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.RemoteNoticeView, ...]:
        return self._desk.notices.unread(uow, caller.user_id)

    @handles
    def mark_read(self, request: contract.MarkRead, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._desk.notices.mark_read(uow, caller.user_id, request.notice_ids)
        return Nothing()

    @handles
    def get_policy(self, request: contract.GetPolicy, caller: Caller, uow: UnitOfWork) -> contract.RemotePolicy:
        return self._limits.policy(uow)

    @handles
    def save_policy(self, request: contract.SavePolicy, caller: Caller, uow: UnitOfWork) -> contract.RemotePolicy:
        return self._limits.save(uow, request.policy)
