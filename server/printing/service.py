"""The use cases of printing: gather the facts in a short look, draw without holding the database, keep the document."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
from sqlalchemy import select

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.printing.documents import DocumentStore
from server.printing.drawing import MOST_COPIES, DrawingOrder, a_test_page, check_output, draw, minute
from server.printing.facts import Facts as FactsOfExam
from server.printing.layout.sheet import Language
from server.printing.ports import Exams, NoForecast, NoReferrals, Organisation, Referrals, Reports, Waiting
from server.printing.report_paper import ReportPaper
from server.printing.report_service import ReportPrinting, missing_words, spoken_language
from server.printing.tables import Print
from server.printing.templates import PaperTemplates, document_kind
from shared.contract.exams import ExamView
from shared.contract.printing import DocumentView, Output, PrintView
from shared.contract.queueing import WaitForecast
from shared.contract.referrals import ReferralView
from shared.domain.states import ExamState
from shared.paper.kinds import NAMES_ZH, OF_EXAMS, DocumentKind
from shared.paper.layout import Facts, LayoutError

_Drawn = TypeVar("_Drawn")

PLAIN = Output()


class PrintingService:
    """Makes documents. Its methods open their own short units of work, because drawing takes long."""

    def __init__(
        self,
        database: Database,
        exams: Exams,
        reports: Reports,
        organisation: Organisation,
        documents: DocumentStore,
        time: HospitalTime,
        verify_url: str = "",
        referrals: Referrals | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        """`verify_url` is where a phone that scans the QR code goes, "https://host/verify"; empty: the code alone."""
        self._database = database
        self._exams = exams
        self._verify = reports.verify
        self._organisation = organisation
        self._documents = documents
        self._time = time
        self._referrals = referrals or NoReferrals()
        self._waiting = waiting or NoForecast()
        self.templates = PaperTemplates(time)
        paper = ReportPaper(reports, organisation, documents, time, self.templates, verify_url)
        self.reports = ReportPrinting(database, reports, paper, documents, time)

    def print_barcode(
        self, caller: Caller, exam_id: int, output: Output = PLAIN, language: str = "zh", *, as_zpl: bool = False
    ) -> DocumentView:
        """检查条码; refused for a cancelled exam (RIS-PRT-01)."""
        if as_zpl:
            output = msgspec.structs.replace(output, format="zpl")
        return self._label(caller, DocumentKind.BARCODE, exam_id, output, language)

    def print_wristband(
        self, caller: Caller, exam_id: int, output: Output = PLAIN, language: str = "zh"
    ) -> DocumentView:
        """腕带; refused for a cancelled exam."""
        return self._label(caller, DocumentKind.WRISTBAND, exam_id, output, language)

    def print_registration_form(
        self, caller: Caller, exam_id: int, language: str = "zh", output: Output = PLAIN
    ) -> DocumentView:
        """登记单 (RIS-PRT-02)."""
        with self._database.read() as uow:
            exam = self._exams.view(uow, caller, exam_id)
            order = self._order(
                uow, caller, DocumentKind.REGISTRATION_FORM, exam, language, forecast=self._waiting.forecast(uow, exam)
            )
        return self._keep_order(order, output, exam_id)

    def print_application(
        self, caller: Caller, exam_id: int, language: str = "zh", output: Output = PLAIN
    ) -> DocumentView:
        """申请单: what the clinician asked for."""
        with self._database.read() as uow:
            exam = self._exams.view(uow, caller, exam_id)
            order = self._order(uow, caller, DocumentKind.APPLICATION, exam, language)
        return self._keep_order(order, output, exam_id)

    def print_ticket(self, caller: Caller, exam_id: int, language: str = "zh", output: Output = PLAIN) -> DocumentView:
        """排队小票 with the waiting time as foreseen; refused while the exam has no place in a queue."""
        with self._database.read() as uow:
            exam = self._exams.view(uow, caller, exam_id)
            if not exam.row.ticket_number:
                raise not_found("排队号")
            forecast = self._waiting.forecast(uow, exam)
            order = self._order(uow, caller, DocumentKind.TICKET, exam, language, forecast=forecast)
        return self._keep_order(order, output, exam_id)

    def referral_form(
        self, caller: Caller, referral_id: int, language: str = "zh", output: Output = PLAIN
    ) -> DocumentView:
        """转诊单 (RIS-REF-10)."""
        with self._database.read() as uow:
            details = self._referrals.details(uow, caller, referral_id)
            order = self._order(
                uow, caller, DocumentKind.REFERRAL_FORM, details.exam, language, referral=details.referral
            )
        return self._keep_order(order, output, details.exam.row.id)

    def print_test_page(self, caller: Caller, kind: str, language: str = "zh", output: Output = PLAIN) -> DocumentView:
        """A page of the document's size that shows edges, a ruler and codes."""
        wanted = document_kind(kind)
        with self._database.read() as uow:
            template = self.templates.in_force(uow, wanted)
            hospital = self._organisation.hospital(uow).view.name
        now, spoken = self._time.local(self._time.now()), spoken_language(language)
        facts = Facts({"hospital": hospital, "printed_at": minute(now)})
        order = DrawingOrder(wanted, a_test_page(template, spoken), facts, spoken, now, "TEST")
        return self._keep_order(order, output, 0, kind="test_page")

    def record_print(self, caller: Caller, document_id: int, printer: str, copies: int) -> PrintView:
        """Keep that a printer took a document."""
        if not 1 <= copies <= MOST_COPIES:
            raise invalid("copies", f"份数应在 1 到 {MOST_COPIES} 之间。")
        if not printer.strip() or len(printer) > 200:
            raise invalid("printer", "请给出打印机名称（最多 200 个字）。")
        with self._database.write() as uow:
            document = self._documents.subject(uow, document_id)
            row = Print(
                document_id=document_id,
                kind=document.kind,
                subject_id=document.subject_id,
                copies=copies,
                printer=printer.strip(),
                workstation=caller.station[:80],
                printed_by=(caller.name or caller.login)[:80],
                printed_at=self._time.now(),
            )
            uow.session.add(row)
            uow.session.flush()
            if document.kind == "report":
                self.reports.printed_at_desk(uow, document_id, printer)
            return _print_view(row)

    def list_prints(self, uow: UnitOfWork, subject_id: int, kind: str = "") -> tuple[PrintView, ...]:
        """Return what was printed of an exam (or of one kind's subject), newest first."""
        kinds = (kind,) if kind else (*OF_EXAMS, "barcode_zpl")
        rows = uow.session.scalars(
            select(Print)
            .where(Print.subject_id == subject_id, Print.kind.in_(kinds))
            .order_by(Print.id.desc())
            .limit(500)
        )
        return tuple(_print_view(row) for row in rows)

    def preview_report(
        self, caller: Caller, report_id: int, language: str = "zh", template_id: int | None = None
    ) -> DocumentView:
        """The report as it would print now; replaces the preview before it, changes no state."""
        return self.reports.preview(caller, report_id, language, template_id)

    def print_report(self, caller: Caller, report_id: int, language: str = "zh") -> DocumentView:
        """The approved report; it becomes 已打印 in the transaction that keeps the document (RIS-PRT-05, -06)."""
        return self.reports.print(caller, report_id, language)

    def open_document(self, uow: UnitOfWork, caller: Caller, document_id: int) -> bytes:
        """Return the bytes of a document, for the bulk channel."""
        return self._documents.open_document(uow, caller, document_id)

    def verify(self, uow: UnitOfWork, code: str) -> str:
        """Return a sentence that says whether the printed report with this code is genuine."""
        return self._verify(uow, code) + self.reports.expired_words(uow, code)

    def _label(self, caller: Caller, kind: DocumentKind, exam_id: int, output: Output, language: str) -> DocumentView:
        with self._database.read() as uow:
            exam = self._exams.view(uow, caller, exam_id)
            if exam.row.state is ExamState.CANCELLED:
                raise illegal_action(exam.row.state, f"登记已取消，不能打印{NAMES_ZH[kind]}。")
            order = self._order(uow, caller, kind, exam, language)
        return self._keep_order(order, output, exam_id)

    def _order(
        self,
        uow: UnitOfWork,
        caller: Caller,
        kind: DocumentKind,
        exam: ExamView,
        language: str,
        *,
        forecast: WaitForecast | None = None,
        referral: ReferralView | None = None,
    ) -> DrawingOrder:
        spoken = spoken_language(language)
        facts = self._facts(uow, spoken).paper(exam, caller.name, forecast=forecast, referral=referral)
        template = self.templates.in_force(uow, kind)
        made_at = self._time.local(self._time.now())
        return DrawingOrder(kind, template, facts, spoken, made_at, exam.row.accession_number)

    def _keep_order(self, order: DrawingOrder, output: Output, subject_id: int, kind: str = "") -> DocumentView:
        check_output(output)
        drawn = _drawn(lambda: draw(order, output))
        kept_as = kind or (
            "barcode_zpl" if order.kind is DocumentKind.BARCODE and output.format == "zpl" else order.kind
        )
        with self._database.write() as uow:
            return self._documents.keep_view(
                uow,
                kind=kept_as,
                media_type=drawn.media_type,
                data=drawn.data,
                subject_id=subject_id,
                warning=missing_words(drawn.missing_glyphs),
            )

    def _facts(self, uow: UnitOfWork, language: Language) -> FactsOfExam:
        return FactsOfExam(self._organisation.hospital(uow).view, self._time.local, self._time.now(), language)


def _print_view(row: Print) -> PrintView:
    return PrintView(
        id=row.id,
        document_id=row.document_id,
        kind=row.kind,
        subject_id=row.subject_id,
        copies=row.copies,
        printer=row.printer,
        workstation=row.workstation,
        printed_by=row.printed_by,
        printed_at=row.printed_at,
    )


def _drawn(draw: Callable[[], _Drawn]) -> _Drawn:
    try:
        return draw()
    except LayoutError as error:
        raise invalid("content", str(error)) from error
