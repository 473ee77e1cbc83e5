"""Handlers of opinions and reports: each calls one use case."""

from __future__ import annotations

from dataclasses import dataclass

from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.pathology.reports.alarming import CriticalOfCases
from server.pathology.reports.auditing import Auditing
from server.pathology.reports.books import Books
from server.pathology.reports.checklists import Checklists
from server.pathology.reports.coding import Coding
from server.pathology.reports.collecting import Collecting
from server.pathology.reports.consulting import Consulting
from server.pathology.reports.copying import Copying
from server.pathology.reports.frozen import Frozen
from server.pathology.reports.issuing import Issuing
from server.pathology.reports.opinions import Opinions
from server.pathology.reports.views import Pages
from server.pathology.reports.worklists import Worklists
from shared.contract import pathology_checklists as forms
from shared.contract import pathology_reports as contract
from shared.contract.base import Nothing
from shared.contract.critical import LoopView
from shared.contract.printing import DocumentView

Page = contract.DiagnosisView


@dataclass(frozen=True, slots=True)
class Parts:
    """The room's parts."""

    books: Books
    opinions: Opinions
    auditing: Auditing
    consulting: Consulting
    frozen: Frozen
    checklists: Checklists
    coding: Coding
    collecting: Collecting
    copying: Copying
    worklists: Worklists
    critical: CriticalOfCases
    issuing: Issuing
    pages: Pages


class PathologyReportsRpc:
    """Offers the room to the router."""

    def __init__(self, database: Database, parts: Parts) -> None:
        self._database = database
        self._parts = parts

    def _page(self, uow: UnitOfWork, caller: Caller, case_id: int) -> Page:
        return self._parts.pages.page(uow, caller, case_id)

    # ── opinions ─────────────────────────────────────────────────────────────────────────────────────

    @handles
    def open(self, request: contract.Open, caller: Caller, uow: UnitOfWork) -> contract.DiagnosisView:
        return self._page(uow, caller, request.case_id)

    @handles
    def save_opinion(self, request: contract.SaveOpinion, caller: Caller, uow: UnitOfWork) -> contract.DiagnosisView:
        self._parts.opinions.save(uow, caller, request)
        return self._page(uow, caller, request.case_id)

    @handles
    def drop_draft(self, request: contract.DropDraft, caller: Caller, uow: UnitOfWork) -> contract.DiagnosisView:
        return self._page(uow, caller, self._parts.opinions.drop(uow, caller, request.opinion_id))

    @handles
    def list_versions(
        self, request: contract.ListVersions, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.TextVersion, ...]:
        return self._parts.opinions.versions(uow, caller, request.opinion_id, request.report_id)

    @handles
    def list_doctors(
        self, request: contract.ListDoctors, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.DoctorView, ...]:
        return self._parts.opinions.doctors(uow, request.role)

    @handles
    def name_doctor(self, request: contract.NameDoctor, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._parts.opinions.name_doctor(uow, caller, request.case_ids, request.role, request.doctor_id)
        return Nothing()

    @handles
    def start_consultation(
        self, request: contract.StartConsultation, caller: Caller, uow: UnitOfWork
    ) -> contract.DiagnosisView:
        self._parts.consulting.start(uow, caller, request.case_id, request.participants, request.question)
        return self._page(uow, caller, request.case_id)

    @handles
    def close_consultation(
        self, request: contract.CloseConsultation, caller: Caller, uow: UnitOfWork
    ) -> contract.DiagnosisView:
        case_id = self._parts.consulting.close(uow, caller, request.consultation_id, request.conclusion)
        return self._page(uow, caller, case_id)

    @handles
    def list_consultations(
        self, request: contract.ListConsultations, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.ConsultationView, ...]:
        return self._parts.consulting.open_ones(uow, caller, mine=request.mine)

    # ── audit, delay, frozen ─────────────────────────────────────────────────────────────────────────

    @handles
    def audit(self, request: contract.Audit, caller: Caller, uow: UnitOfWork) -> contract.DiagnosisView:
        self._parts.auditing.audit(uow, caller, request.case_id, request.version, request.report_id)
        return self._page(uow, caller, request.case_id)

    @handles
    def reopen(self, request: contract.Reopen, caller: Caller, uow: UnitOfWork) -> contract.DiagnosisView:
        self._parts.auditing.reopen(uow, caller, request.case_id, request.reason, request.report_id)
        return self._page(uow, caller, request.case_id)

    @handles
    def compare_editions(
        self, request: contract.CompareEditions, caller: Caller, uow: UnitOfWork
    ) -> tuple[tuple[str, tuple[contract.DifferencePart, ...]], ...]:
        return self._parts.auditing.compare(uow, caller, request.report_id, request.older, request.newer)

    @handles
    def delay(self, request: contract.Delay, caller: Caller, uow: UnitOfWork) -> contract.DiagnosisView:
        self._parts.consulting.delay(uow, caller, request.case_id, request.reason, request.until)
        return self._page(uow, caller, request.case_id)

    @handles
    def note_frozen_step(
        self, request: contract.NoteFrozenStep, caller: Caller, uow: UnitOfWork
    ) -> contract.DiagnosisView:
        self._parts.frozen.note_step(uow, caller, request.case_id, request.step)
        return self._page(uow, caller, request.case_id)

    @handles
    def note_read_back(self, request: contract.NoteReadBack, caller: Caller, uow: UnitOfWork) -> contract.DiagnosisView:
        self._parts.frozen.read_back(uow, caller, request.case_id, request.to)
        return self._page(uow, caller, request.case_id)

    @handles
    def judge_frozen(self, request: contract.JudgeFrozen, caller: Caller, uow: UnitOfWork) -> contract.DiagnosisView:
        self._parts.frozen.judge(uow, caller, request.case_id, request.concordance, request.note)
        return self._page(uow, caller, request.case_id)

    # ── paper, sending, batches ──────────────────────────────────────────────────────────────────────

    @handles
    def set_format(self, request: contract.SetFormat, caller: Caller, uow: UnitOfWork) -> contract.DiagnosisView:
        case_id = self._parts.issuing.set_format(uow, caller, request.report_id, request.format_key)
        return self._page(uow, caller, case_id)

    @handles_alone
    def preview(self, request: contract.Preview, caller: Caller) -> DocumentView:
        return self._parts.issuing.preview(caller, request.report_id, request.format_key, request.language)

    @handles_alone
    def print(self, request: contract.Print, caller: Caller) -> DocumentView:
        return self._parts.issuing.print(caller, request.report_id, request.format_key, request.language)[0]

    @handles
    def send(self, request: contract.Send, caller: Caller, uow: UnitOfWork) -> contract.DiagnosisView:
        return self._page(uow, caller, self._parts.issuing.send(uow, caller, request.report_id))

    @handles_alone
    def output_report(self, request: contract.OutputReport, caller: Caller) -> DocumentView:
        return self._parts.issuing.output(caller, request.report_id, request.file_format, request.language)

    @handles_alone
    def batch_audit(self, request: contract.BatchAudit, caller: Caller) -> tuple[contract.BatchRow, ...]:
        return self._parts.issuing.batch_audit(caller, request.case_ids)

    @handles_alone
    def batch_print(self, request: contract.BatchPrint, caller: Caller) -> tuple[contract.BatchRow, ...]:
        return self._parts.issuing.batch_print(
            caller, request.case_ids, request.mode, request.format_key, request.language
        )

    @handles_alone
    def batch_send(self, request: contract.BatchSend, caller: Caller) -> tuple[contract.BatchRow, ...]:
        return self._parts.issuing.batch_send(caller, request.case_ids)

    @handles
    def list_events(
        self, request: contract.ListEvents, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.ReportEvent, ...]:
        return self._parts.issuing.events(uow, caller, request.case_id)

    # ── lists ────────────────────────────────────────────────────────────────────────────────────────

    @handles
    def list_mine(self, request: contract.ListMine, caller: Caller, uow: UnitOfWork) -> contract.WorkList:
        return self._parts.worklists.mine(uow, caller, request.which, request.page)

    @handles
    def list_overdue(self, request: contract.ListOverdue, caller: Caller, uow: UnitOfWork) -> contract.WorkList:
        return self._parts.worklists.overdue(uow, soon=request.soon, page=request.page)

    @handles
    def clocks_of_cases(
        self, request: contract.ClocksOfCases, caller: Caller, uow: UnitOfWork
    ) -> dict[int, contract.ClockView]:
        return self._parts.worklists.clocks(uow, request.case_ids)

    @handles
    def get_timeliness(
        self, request: contract.GetTimeliness, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.TimelinessRow, ...]:
        return self._parts.worklists.timeliness(uow, request.months)

    @handles
    def get_counts(self, request: contract.GetCounts, caller: Caller, uow: UnitOfWork) -> contract.Counts:
        parts = self._parts
        consultations, mine = parts.consulting.counts(uow, caller)
        due, total = parts.collecting.follow_up_counts(uow)
        return contract.Counts(
            consultations=consultations,
            my_consultations=mine,
            follow_ups_due=due,
            follow_ups=total,
            favourites=parts.collecting.favourite_count(uow, caller),
            delayed=parts.worklists.delayed_count(uow),
            overdue=parts.worklists.overdue_count(uow),
        )

    # ── codes, copies, collections ───────────────────────────────────────────────────────────────────

    @handles
    def search_codes(
        self, request: contract.SearchCodes, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.CodeView, ...]:
        return self._parts.coding.search(uow, request.text, request.system)

    @handles
    def set_codes(self, request: contract.SetCodes, caller: Caller, uow: UnitOfWork) -> contract.DiagnosisView:
        self._parts.coding.set(uow, caller, request.case_id, request.codes)
        return self._page(uow, caller, request.case_id)

    @handles
    def find_by_code(self, request: contract.FindByCode, caller: Caller, uow: UnitOfWork) -> contract.WorkList:
        return self._parts.worklists.by_code(uow, request.system, request.code, request.page)

    @handles
    def paste_report(self, request: contract.PasteReport, caller: Caller, uow: UnitOfWork) -> contract.DiagnosisView:
        self._parts.copying.paste(uow, caller, request)
        return self._page(uow, caller, request.to_case_id)

    @handles
    def list_follow_ups(
        self, request: contract.ListFollowUps, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.FollowUpView, ...]:
        return self._parts.collecting.follow_ups(uow, caller, request.case_id, open_only=request.open_only)

    @handles
    def save_follow_up(self, request: contract.SaveFollowUp, caller: Caller, uow: UnitOfWork) -> contract.FollowUpView:
        return self._parts.collecting.save_follow_up(uow, caller, request)

    @handles
    def list_favourites(
        self, request: contract.ListFavourites, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.FavouriteView, ...]:
        return self._parts.collecting.favourites(uow, caller, request.text)

    @handles
    def save_favourite(self, request: contract.SaveFavourite, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._parts.collecting.save_favourite(uow, caller, request)
        return Nothing()

    @handles
    def remove_favourite(self, request: contract.RemoveFavourite, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._parts.collecting.remove_favourite(uow, caller, request.case_id)
        return Nothing()

    @handles
    def report_critical(self, request: contract.ReportCritical, caller: Caller, uow: UnitOfWork) -> LoopView:
        return self._parts.critical.report(uow, caller, request)

    @handles
    def list_critical(self, request: contract.ListCritical, caller: Caller, uow: UnitOfWork) -> tuple[LoopView, ...]:
        return self._parts.critical.of_case(uow, caller, request.case_id)

    # ── policy, checklists ───────────────────────────────────────────────────────────────────────────

    @handles
    def get_policy(self, request: contract.GetPolicy, caller: Caller, uow: UnitOfWork) -> contract.ReportPolicy:
        return self._parts.books.policy(uow)

    @handles
    def save_policy(self, request: contract.SavePolicy, caller: Caller, uow: UnitOfWork) -> contract.ReportPolicy:
        return self._parts.books.save_policy(uow, request.policy)

    @handles
    def list_checklists(
        self, request: forms.ListChecklists, caller: Caller, uow: UnitOfWork
    ) -> tuple[forms.ChecklistRow, ...]:
        return self._parts.checklists.every()

    @handles
    def get_filled(self, request: forms.GetFilled, caller: Caller, uow: UnitOfWork) -> forms.FilledChecklist | None:
        return self._parts.checklists.filled(uow, caller, request.case_id)

    @handles
    def save_filled(self, request: forms.SaveFilled, caller: Caller, uow: UnitOfWork) -> forms.FilledChecklist:
        return self._parts.checklists.save(uow, caller, request)

    @handles
    def remove_filled(self, request: forms.RemoveFilled, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._parts.checklists.remove(uow, caller, request.case_id)
        return Nothing()

    @handles
    def list_old_answers(
        self, request: forms.ListOldAnswers, caller: Caller, uow: UnitOfWork
    ) -> tuple[forms.OldAnswers, ...]:
        return self._parts.checklists.old(uow, caller, request.case_id)
