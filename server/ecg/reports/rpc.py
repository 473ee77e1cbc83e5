"""Handlers of ECG reports: each calls one use case."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from server.ecg.reports.books import Books
from server.ecg.reports.issuing import Issuing
from server.ecg.reports.pages import Pages
from server.ecg.reports.writing import Writing
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.kernel.errors import Refusal
from shared.contract import ecg_reports as contract
from shared.contract.printing import DocumentView
from shared.waveform.report_templates import DEFAULT_TEMPLATE, TEMPLATES


@dataclass(frozen=True, slots=True)
class Parts:
    """The room's parts."""

    books: Books
    writing: Writing
    pages: Pages
    issuing: Issuing


class EcgReportsRpc:
    """Offers the room to the router."""

    def __init__(self, database: Database, parts: Parts) -> None:
        self._database = database
        self._parts = parts

    @handles_alone
    def open(self, request: contract.Open, caller: Caller) -> contract.ReportPage:
        pages = self._parts.pages
        with self._database.read() as uow:
            page = pages.page(uow, caller, request.exam_id, request.station_template)
            is_new = pages.viewed(uow, caller, request.exam_id)
        if is_new:
            with self._database.write() as uow:
                self._parts.books.log(uow, caller, request.exam_id, "viewed")
        return page

    @handles
    def get_edition(self, request: contract.GetEdition, caller: Caller, uow: UnitOfWork) -> contract.ReportBody:
        return self._parts.pages.edition(uow, caller, request.exam_id, request.number)

    @handles
    def propose_values(
        self, request: contract.ProposeValues, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.ParameterValue, ...]:
        return self._parts.pages.propose(uow, caller, request)

    @handles
    def save(self, request: contract.Save, caller: Caller, uow: UnitOfWork) -> contract.ReportPage:
        self._parts.writing.save(uow, caller, request)
        return self._parts.pages.page(uow, caller, request.exam_id, request.station_template)

    @handles_alone
    def submit(self, request: contract.Submit, caller: Caller) -> contract.ReportPage:
        with self._database.write() as uow:
            report_id = self._parts.writing.submit(uow, caller, request).id
        return self._finished(caller, request.exam_id, report_id, request.station_template)

    @handles_alone
    def audit(self, request: contract.Audit, caller: Caller) -> contract.ReportPage:
        with self._database.write() as uow:
            report_id = self._parts.writing.audit(uow, caller, request).id
        return self._finished(caller, request.exam_id, report_id)

    def _finished(
        self, caller: Caller, exam_id: int, report_id: int, station_template: str = ""
    ) -> contract.ReportPage:
        with suppress(Refusal):  # it is submitted: a paper that cannot be drawn now is made when it is printed
            self._parts.issuing.finish(caller, report_id)
        with self._database.read() as uow:
            return self._parts.pages.page(uow, caller, exam_id, station_template)

    @handles
    def give_back(self, request: contract.Return, caller: Caller, uow: UnitOfWork) -> contract.ReportPage:
        self._parts.writing.give_back(uow, caller, request)
        return self._parts.pages.page(uow, caller, request.exam_id)

    @handles
    def withdraw(self, request: contract.Withdraw, caller: Caller, uow: UnitOfWork) -> contract.ReportPage:
        self._parts.writing.withdraw(uow, caller, request)
        return self._parts.pages.page(uow, caller, request.exam_id)

    @handles
    def list_awaiting_audit(
        self, request: contract.ListAwaitingAudit, caller: Caller, uow: UnitOfWork
    ) -> tuple[int, ...]:
        return self._parts.pages.waiting(uow, caller)

    @handles
    def list_events(
        self, request: contract.ListEvents, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.ReportEvent, ...]:
        return self._parts.issuing.events(uow, caller, request.exam_id)

    # ── paper ────────────────────────────────────────────────────────────────────────────────────────

    @handles
    def list_templates(
        self, request: contract.ListTemplates, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.TemplateView, ...]:
        return tuple(
            contract.TemplateView(key=one.key, zh=one.zh, en=one.en, is_default=one.key == DEFAULT_TEMPLATE)
            for one in TEMPLATES.values()
        )

    @handles
    def get_template(self, request: contract.GetTemplate, caller: Caller, uow: UnitOfWork) -> str:
        return self._parts.books.choice(uow, caller)

    @handles
    def choose_template(self, request: contract.ChooseTemplate, caller: Caller, uow: UnitOfWork) -> str:
        return self._parts.books.choose(uow, caller, request.template)

    @handles_alone
    def preview(self, request: contract.Preview, caller: Caller) -> DocumentView:
        return self._parts.issuing.preview(caller, request)

    @handles_alone
    def print(self, request: contract.Print, caller: Caller) -> DocumentView:
        return self._parts.issuing.print(caller, request.exam_id, request.template, request.language)

    @handles
    def list_prints(
        self, request: contract.ListPrints, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.PrintLine, ...]:
        return self._parts.issuing.prints(uow, caller, request.exam_id)

    @handles_alone
    def batch_print(self, request: contract.BatchPrint, caller: Caller) -> tuple[contract.BatchRow, ...]:
        return self._parts.issuing.batch_print(caller, request.exam_ids, request.template, request.language)

    @handles_alone
    def export_trace(self, request: contract.ExportTrace, caller: Caller) -> DocumentView:
        return self._parts.issuing.export(caller, request)

    # ── policy ───────────────────────────────────────────────────────────────────────────────────────

    @handles
    def get_policy(self, request: contract.GetPolicy, caller: Caller, uow: UnitOfWork) -> contract.ReportPolicy:
        return self._parts.books.policy(uow, request.campus_id)

    @handles
    def save_policy(self, request: contract.SavePolicy, caller: Caller, uow: UnitOfWork) -> contract.ReportPolicy:
        return self._parts.books.save_policy(uow, caller, request.policy)
