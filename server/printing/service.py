"""The use cases of printing: gather the facts in a short look, draw without holding the database, keep the document."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.printing.documents import DocumentStore
from server.printing.facts import Facts
from server.printing.layout.forms import render_registration_form, render_ticket
from server.printing.layout.labels import label_zpl, render_label
from server.printing.layout.pictures import KeyImage
from server.printing.layout.report import ReportDocument, render_report
from server.printing.layout.sheet import Language, LayoutError, RenderedDocument
from server.printing.ports import Exams, Organisation, Reports
from shared.contract.printing import DocumentView
from shared.contract.reporting import ReportView
from shared.domain.states import ExamState

_Drawn = TypeVar("_Drawn")

_PDF = "application/pdf"
_PREVIEW = "report_preview"


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
    ) -> None:
        """`verify_url` is where a phone that scans the QR code goes, "https://host/verify"; empty: the code alone."""
        self._database = database
        self._exams = exams
        self._reports = reports
        self._organisation = organisation
        self._documents = documents
        self._time = time
        self._verify_url = verify_url.rstrip("/")

    def print_barcode(self, caller: Caller, exam_id: int, *, as_zpl: bool = False) -> DocumentView:
        """检查条码 as PDF or ZPL; refused for a cancelled exam (RIS-PRT-01)."""
        with self._database.read() as uow:
            exam = self._exams.view(uow, caller, exam_id)
            if exam.row.state is ExamState.CANCELLED:
                raise illegal_action(exam.row.state, "登记已取消，不能打印条码。")
            label = self._facts(uow, "zh").label(exam)
        if as_zpl:
            data = _drawn(lambda: label_zpl(label))
            return self._keep("barcode_zpl", "application/zpl", data, exam_id)
        drawn = _drawn(lambda: render_label(label, self._time.local(self._time.now())))
        return self._keep_pdf("barcode", drawn, exam_id)

    def print_registration_form(self, caller: Caller, exam_id: int, language: str = "zh") -> DocumentView:
        """登记单 (RIS-PRT-02)."""
        spoken = _language(language)
        with self._database.read() as uow:
            form = self._facts(uow, spoken).registration_form(self._exams.view(uow, caller, exam_id))
        drawn = _drawn(lambda: render_registration_form(form, "A5", spoken))
        return self._keep_pdf("registration_form", drawn, exam_id)

    def print_ticket(self, caller: Caller, exam_id: int, language: str = "zh") -> DocumentView:
        """排队小票; refused while the exam has no place in a queue."""
        spoken = _language(language)
        with self._database.read() as uow:
            exam = self._exams.view(uow, caller, exam_id)
            if not exam.row.ticket_number:
                raise not_found("排队号")
            ticket = self._facts(uow, spoken).ticket(exam)
        return self._keep_pdf("ticket", _drawn(lambda: render_ticket(ticket, spoken)), exam_id)

    def preview_report(self, caller: Caller, report_id: int, language: str = "zh") -> DocumentView:
        """The report as it would print now; replaces the preview before it, changes no state."""
        spoken = _language(language)
        with self._database.read() as uow:
            document = self._document(uow, caller, self._reports.get(uow, caller, report_id), spoken)
        drawn = _drawn(lambda: render_report(document, spoken))
        with self._database.write() as uow:
            self._documents.forget(uow, kind=_PREVIEW, subject_id=report_id)
            return self._kept(uow, _PREVIEW, drawn, report_id)

    def print_report(self, caller: Caller, report_id: int, language: str = "zh") -> DocumentView:
        """The approved report; it becomes 已打印 in the transaction that keeps the document (RIS-PRT-05, -06)."""
        spoken = _language(language)
        with self._database.read() as uow:
            view = self._reports.demand_printable(uow, caller, report_id)
            document = self._document(uow, caller, view, spoken)
        drawn = _drawn(lambda: render_report(document, spoken))
        with self._database.write() as uow:
            self._reports.printed(uow, caller, report_id)
            return self._kept(uow, "report", drawn, report_id)

    def open_document(self, uow: UnitOfWork, caller: Caller, document_id: int) -> bytes:
        """Return the bytes of a document, for the bulk channel."""
        return self._documents.open_document(uow, caller, document_id)

    def verify(self, uow: UnitOfWork, code: str) -> str:
        """Return a sentence that says whether the printed report with this code is genuine."""
        return self._reports.verify(uow, code)

    def _facts(self, uow: UnitOfWork, language: Language) -> Facts:
        return Facts(self._organisation.hospital(uow).view, self._time.local, self._time.now(), language)

    def _document(self, uow: UnitOfWork, caller: Caller, view: ReportView, language: Language) -> ReportDocument:
        pictures = tuple(
            KeyImage(self._documents.open_document(uow, caller, image.document_id), image.caption)
            for image in view.key_images
        )
        code = self._reports.verification_code(uow, view.row.id)
        text = f"{self._verify_url}/{code}" if code and self._verify_url else code
        return self._facts(uow, language).report(view, pictures, text)

    def _keep_pdf(self, kind: str, drawn: RenderedDocument, subject_id: int) -> DocumentView:
        with self._database.write() as uow:
            return self._kept(uow, kind, drawn, subject_id)

    def _keep(self, kind: str, media_type: str, data: bytes, subject_id: int) -> DocumentView:
        with self._database.write() as uow:
            return self._documents.keep_view(uow, kind=kind, media_type=media_type, data=data, subject_id=subject_id)

    def _kept(self, uow: UnitOfWork, kind: str, drawn: RenderedDocument, subject_id: int) -> DocumentView:
        missing = "、".join(drawn.missing_glyphs)
        warning = f"字体中没有这些字符，已用〓代替：{missing}" if missing else ""
        return self._documents.keep_view(
            uow, kind=kind, media_type=_PDF, data=drawn.pdf, subject_id=subject_id, warning=warning
        )


def _language(language: str) -> Language:
    if language == "en":
        return "en"
    if language == "zh":
        return "zh"
    raise invalid("language", "语言只能是 zh 或 en。")


def _drawn(draw: Callable[[], _Drawn]) -> _Drawn:
    try:
        return draw()
    except LayoutError as error:
        raise invalid("content", str(error)) from error
