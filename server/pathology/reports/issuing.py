"""Preview, print, send, output, and the batches; opens its own short units of work, because drawing takes long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy import select

from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid
from server.pathology.reports import rules
from server.pathology.reports.auditing import Auditing
from server.pathology.reports.books import Books, demand
from server.pathology.reports.files import DOCX, docx_of, html_of
from server.pathology.reports.paper import KIND, PaperOrder, PathologyPaper
from server.pathology.reports.ports import CaseFacts, Delivery
from server.pathology.reports.tables import Report, ReportLogLine
from server.printing.documents import DocumentStore
from server.printing.layout.sheet import Language
from server.printing.report_service import missing_words, spoken_language
from shared.contract.pathology_reports import MOST_CASES_IN_A_BATCH, BatchRow, ReportEvent
from shared.contract.printing import DocumentView
from shared.contract.results import ResultEvent
from shared.domain.pathology import CASE_STATES, CaseAction, CaseState
from shared.domain.pathology_reports import PAPER_STATES, FileFormat, FormatMode, PaperAction, PaperState, ReportKind
from shared.domain.permissions import Permission

_PREVIEW = "pathology_preview"
_PDF = "application/pdf"


class Signed(Protocol):
    """Signed papers of audited editions."""

    def paper(self, caller: Caller, report_id: int, language: str = "zh") -> int | None:
        """Return the document of the present edition's signed PDF, None where nothing is signed."""
        ...


class Issuing:
    """Brings reports onto paper and to the clinical side."""

    def __init__(
        self, database: Database, books: Books, auditing: Auditing, paper: PathologyPaper, documents: DocumentStore
    ) -> None:
        self._database = database
        self._books = books
        self._auditing = auditing
        self.paper = paper
        self._documents = documents
        self.signed: Signed | None = None

    @property
    def _delivery(self) -> Delivery:
        return self._auditing.delivery

    # ── one report ───────────────────────────────────────────────────────────────────────────────────

    def preview(self, caller: Caller, report_id: int, format_key: str, language: str) -> DocumentView:
        """Draw as it would print now; earlier previews of the report are forgotten."""
        spoken = spoken_language(language)
        with self._database.read() as uow:
            report = self._books.report(uow, report_id)
            order = self.paper.order(uow, caller, report, spoken, format_key=format_key)
        return self._kept(order, _PREVIEW)

    def print(self, caller: Caller, report_id: int, format_key: str, language: str) -> tuple[DocumentView, str]:
        """Give the paper to print and count it; returns the document and its format.

        An audited report in its own format is printed from the signed PDF, byte by byte.
        """
        demand(caller, Permission.PATHOLOGY_PRINT)
        spoken = spoken_language(language)
        with self._database.read() as uow:
            report = self._books.report(uow, report_id)
            case = self._books.cases.facts(uow, caller, report.case_id)
            is_draft = self._demand_printable(uow, case, report)
            order = self.paper.order(
                uow, caller, report, spoken, format_key=format_key, copy_number=report.print_count + 1
            )
            own = not format_key or format_key == report.format_key
        document = None if is_draft or not own else self._signed(caller, report_id, spoken)
        document = document or self._kept(order, KIND)
        with self._database.write() as uow:
            self._count_print(uow, caller, report_id, order, is_draft=is_draft)
        return document, order.format.key

    def send(self, uow: UnitOfWork, caller: Caller, report_id: int) -> int:
        """报告发送: note that it goes out, and return its case. Raises ILLEGAL_ACTION."""
        demand(caller, Permission.PATHOLOGY_SEND)
        found = self._books.report(uow, report_id)
        self._books.cases.lock(uow, found.case_id)
        case = self._books.cases.facts(uow, caller, found.case_id)
        report = self._books.report(uow, report_id)
        self._step(uow, caller, case, report, PaperAction.SEND)
        report.send_count += 1
        report.sent_at, report.sent_by = self._books.time.now(), caller.name[:80]
        event = ResultEvent.REVISED if report.edition > 1 else ResultEvent.APPROVED
        self._delivery.issue(uow, caller, report.id, event)
        self._books.log(uow, caller, case.id, "sent", report.id, f"第 {report.send_count} 次")
        if report.kind == ReportKind.MAIN:
            self._auditing.clear_delay(uow, caller, case)
        self._books.changed(uow, report)
        return case.id

    def output(self, caller: Caller, report_id: int, file_format: FileFormat, language: str) -> DocumentView:
        """报告输出 as PDF, HTML or a word-processor file. Raises ILLEGAL_ACTION before the audit."""
        demand(caller, Permission.PATHOLOGY_EXPORT)
        spoken = spoken_language(language)
        with self._database.read() as uow:
            report = self._books.report(uow, report_id)
            case = self._books.cases.facts(uow, caller, report.case_id)
            self._demand_printable(uow, case, report, drafts=False)
            order = self.paper.order(uow, caller, report, spoken)
        if file_format is FileFormat.HTML:
            document = self._keep(order, "text/html; charset=utf-8", html_of(order).encode())
        elif file_format is FileFormat.DOCX:
            document = self._keep(order, DOCX, docx_of(order))
        else:
            document = self._signed(caller, report_id, spoken) or self._kept(order, KIND)
        with self._database.write() as uow:
            self._books.log(uow, caller, case.id, "output", report_id, file_format.value)
        return document

    def set_format(self, uow: UnitOfWork, caller: Caller, report_id: int, format_key: str) -> int:
        """报告格式 of a report; empty: by the number of images. Returns the case. Raises INVALID."""
        report = self._books.report(uow, report_id)
        case = self._books.cases.facts(uow, caller, report.case_id)
        if format_key:
            self.paper.format_for(case, report, 0, format_key)
        report.format_key = format_key
        self._books.changed(uow, report)
        return case.id

    def events(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[ReportEvent, ...]:
        """Return the report log of a case, newest first."""
        self._books.cases.facts(uow, caller, case_id)
        found = select(ReportLogLine).where(ReportLogLine.case_id == case_id).order_by(ReportLogLine.id.desc())
        return tuple(
            ReportEvent(at=one.at, by=one.by, action=one.action, report_id=one.report_id, note=one.note)
            for one in uow.session.scalars(found.limit(500))
        )

    # ── batches ──────────────────────────────────────────────────────────────────────────────────────

    def batch_audit(self, caller: Caller, case_ids: Sequence[int]) -> tuple[BatchRow, ...]:
        """批量审核: every case in a transaction of its own."""

        def audit(case_id: int) -> BatchRow:
            with self._database.write() as uow:
                report = self._books.main(uow, case_id)
                if report is None:
                    raise illegal_action("none", "还没有诊断意见。")
                self._auditing.audit(uow, caller, case_id, report.version)
                return _done(self._books.cases.facts(uow, caller, case_id))

        return self._each(caller, case_ids, audit)

    def batch_print(
        self, caller: Caller, case_ids: Sequence[int], mode: FormatMode, format_key: str, language: str
    ) -> tuple[BatchRow, ...]:
        """批量打印 in one format, in each case's own, or by its number of images."""
        if mode is FormatMode.ONE and not format_key:
            raise invalid("format_key", "请选择报告格式。")

        def print_one(case_id: int) -> BatchRow:
            with self._database.read() as uow:
                case = self._books.cases.facts(uow, caller, case_id)
                report = self._books.main(uow, case_id)
                if report is None:
                    raise illegal_action("none", "还没有诊断意见。")
                report_id, wanted = report.id, format_key if mode is FormatMode.ONE else ""
                if mode is FormatMode.BY_IMAGES:
                    wanted = self.paper.by_images(uow, case, report).key
            document, used = self.print(caller, report_id, wanted, language)
            return BatchRow(case_id=case_id, case_number=case.number, done=True, document=document, format_key=used)

        return self._each(caller, case_ids, print_one)

    def batch_send(self, caller: Caller, case_ids: Sequence[int]) -> tuple[BatchRow, ...]:
        """批量发送: audited reports that were not sent yet."""

        def send(case_id: int) -> BatchRow:
            with self._database.write() as uow:
                case = self._books.cases.facts(uow, caller, case_id)
                if case.state is CaseState.SENT:
                    raise illegal_action(case.state, "报告已发送过。")
                report = self._books.main(uow, case_id)
                if report is None:
                    raise illegal_action("none", "还没有诊断意见。")
                self.send(uow, caller, report.id)
                return _done(case)

        return self._each(caller, case_ids, send)

    def _each(self, caller: Caller, case_ids: Sequence[int], work: Callable[[int], BatchRow]) -> tuple[BatchRow, ...]:
        """Do the work for each case; a refusal is that case's outcome and stops none of the rest (PA-BAT-08)."""
        if not 1 <= len(case_ids) <= MOST_CASES_IN_A_BATCH:
            raise invalid("case_ids", f"请选择 1 到 {MOST_CASES_IN_A_BATCH} 个病例。")
        rows = []
        for case_id in dict.fromkeys(case_ids):
            try:
                rows.append(work(case_id))
            except Refusal as refusal:
                number = self._number(caller, case_id)
                rows.append(BatchRow(case_id=case_id, case_number=number, done=False, sentence=refusal.body.message))
        return tuple(rows)

    def _number(self, caller: Caller, case_id: int) -> str:
        try:
            with self._database.read() as uow:
                return self._books.cases.facts(uow, caller, case_id).number
        except Refusal:
            return ""

    # ── steps ────────────────────────────────────────────────────────────────────────────────────────

    def _demand_printable(self, uow: UnitOfWork, case: CaseFacts, report: Report, *, drafts: bool = True) -> bool:
        """Say whether this print is a draft. Raises ILLEGAL_ACTION where it may not be printed (PA-AMB-04)."""
        kind, state = ReportKind(report.kind), self._books.standing(case, report)
        if kind is not ReportKind.MAIN:
            if rules.next_state(kind, state, PaperAction.PRINT) is None:
                raise illegal_action(state, f"报告{PAPER_STATES[state].zh}，审核后才能打印。")
            return False
        if case.state in rules.LOCKED:
            return False
        if drafts and case.state in rules.DIAGNOSED and self._books.policy(uow).prints_drafts:
            return True
        raise illegal_action(case.state, f"病例{CASE_STATES[case.state].zh}，审核后才能打印。")

    def _step(self, uow: UnitOfWork, caller: Caller, case: CaseFacts, report: Report, action: PaperAction) -> None:
        if report.kind == ReportKind.MAIN:
            if case.state not in rules.LOCKED:
                raise illegal_action(case.state, f"病例{CASE_STATES[case.state].zh}，审核后才能打印和发送。")
            self._books.cases.step(uow, caller, case.id, rules.CASE_ACTIONS[action])
            return
        state = PaperState(report.state)
        following = rules.next_state(ReportKind(report.kind), state, action)
        if following is None:
            raise illegal_action(state, f"报告{PAPER_STATES[state].zh}，审核后才能打印和发送。")
        report.state = following.value
        if report.kind == ReportKind.FROZEN:
            self._books.cases.step(uow, caller, case.id, CaseAction.FROZEN_REPORT, right_is_checked=True)

    def _count_print(
        self, uow: UnitOfWork, caller: Caller, report_id: int, order: PaperOrder, *, is_draft: bool
    ) -> None:
        self._books.cases.lock(uow, order.case_id)
        report = self._books.report(uow, report_id)
        if is_draft:
            self._books.log(uow, caller, order.case_id, "printed_draft", report_id, order.format.zh)
            return
        case = self._books.cases.facts(uow, caller, order.case_id)
        self._step(uow, caller, case, report, PaperAction.PRINT)
        report.print_count += 1
        report.printed_at, report.printed_by = self._books.time.now(), caller.name[:80]
        action = "printed" if report.print_count == 1 else "reprinted"
        note = f"{order.format.zh}，第 {report.print_count} 次"
        self._books.log(uow, caller, order.case_id, action, report_id, note)
        self._books.changed(uow, report)

    # ── documents ────────────────────────────────────────────────────────────────────────────────────

    def _signed(self, caller: Caller, report_id: int, language: Language) -> DocumentView | None:
        if self.signed is None:
            return None
        document_id = self.signed.paper(caller, report_id, language)
        if document_id is None:
            return None
        with self._database.read() as uow:
            return self._documents.view(uow, document_id)

    def _kept(self, order: PaperOrder, kind: str) -> DocumentView:
        drawn = self.paper.render(order)
        with self._database.write() as uow:
            if kind == _PREVIEW:
                self._documents.forget(uow, kind=kind, subject_id=order.report_id)
            return self._documents.keep_view(
                uow,
                kind=kind,
                media_type=_PDF,
                data=drawn.pdf,
                subject_id=order.report_id,
                warning=missing_words(drawn.missing_glyphs),
            )

    def _keep(self, order: PaperOrder, media_type: str, data: bytes) -> DocumentView:
        with self._database.write() as uow:
            return self._documents.keep_view(
                uow, kind=KIND, media_type=media_type, data=data, subject_id=order.report_id
            )


def _done(case: CaseFacts) -> BatchRow:
    return BatchRow(case_id=case.id, case_number=case.number, done=True)
