"""Documents: report PDF, barcode label, forms. The bytes come over the bulk channel by document id."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.permissions import Permission


class DocumentView(msgspec.Struct, frozen=True, kw_only=True):
    """A document kept by the server; fetch its bytes with bulk item "document" and this id."""

    id: int
    kind: str  # report, key_image, or a document kind of shared.paper.kinds; barcode_zpl for an asked-for ZPL label
    media_type: str  # application/pdf, image/png, application/zpl, application/tspl
    size_bytes: int
    sha256: str
    created_at: datetime
    warning: str = ""  # e.g. a character that the font lacks
    copy_id: int = 0  # of a report's copy: what tell_copy names
    copy_number: int = 0  # which copy of its report this is, from 1; 0 for everything else


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """How a document leaves: as PDF for a driver, or in a label printer's own language with what that printer needs.

    Offsets move everything to the right and down, in millimetres; `darkness` 0 to 30 (ZPL ~SD), None leaves the
    printer's own. `copies` is printed by the label printer itself; a driver repeats by itself.
    """

    format: str = "pdf"  # pdf, zpl, tspl
    dpi: int = 203  # 203, 300 or 600; of no meaning for PDF
    copies: int = 1
    offset_x_mm: float = 0.0
    offset_y_mm: float = 0.0
    darkness: int | None = None


class PrintBarcode(Command[DocumentView], frozen=True, kw_only=True):
    """检查条码 as PDF or for a label printer. Refusals: NOT_FOUND, ILLEGAL_ACTION (cancelled), INVALID (output)."""

    method = "printing.print_barcode"
    permission = Permission.SIGNED_IN
    audit = AuditClass.EXPORT

    exam_id: int
    as_zpl: bool = False  # the same as output.format "zpl"
    language: str = "zh"
    output: Output = Output()


class PrintWristband(Command[DocumentView], frozen=True, kw_only=True):
    """腕带. Refusals: NOT_FOUND, ILLEGAL_ACTION (cancelled), INVALID (output)."""

    method = "printing.print_wristband"
    permission = Permission.SIGNED_IN
    audit = AuditClass.EXPORT

    exam_id: int
    language: str = "zh"
    output: Output = Output()


class PrintApplication(Command[DocumentView], frozen=True, kw_only=True):
    """申请单 copy: what the clinician asked for. Refusals: NOT_FOUND, INVALID (output)."""

    method = "printing.print_application"
    permission = Permission.SIGNED_IN
    audit = AuditClass.EXPORT

    exam_id: int
    language: str = "zh"
    output: Output = Output()


class ReferralForm(Command[DocumentView], frozen=True, kw_only=True):
    """转诊单. Refusals: NOT_FOUND, INVALID (output)."""

    method = "printing.referral_form"
    permission = Permission.SIGNED_IN
    audit = AuditClass.EXPORT

    referral_id: int
    language: str = "zh"
    output: Output = Output()


class PrintRegistrationForm(Command[DocumentView], frozen=True, kw_only=True):
    """登记单. Refusals: NOT_FOUND, INVALID (output)."""

    method = "printing.print_registration_form"
    permission = Permission.SIGNED_IN
    audit = AuditClass.EXPORT

    exam_id: int
    language: str = "zh"
    output: Output = Output()


class PrintTicket(Command[DocumentView], frozen=True, kw_only=True):
    """排队小票. Refusals: NOT_FOUND, INVALID (output)."""

    method = "printing.print_ticket"
    permission = Permission.SIGNED_IN
    audit = AuditClass.EXPORT

    exam_id: int
    language: str = "zh"
    output: Output = Output()


class PreviewReport(Query[DocumentView], frozen=True, kw_only=True):
    """The report as it would print, marked as a draft before approval; changes no state. Refusals: NOT_FOUND."""

    method = "printing.preview_report"
    permission = Permission.SIGNED_IN
    audit = AuditClass.REPORT

    report_id: int
    language: str = "zh"
    template_id: int | None = None  # None: the template that the report's exam chooses


class PrintReport(Command[DocumentView], frozen=True, kw_only=True):
    """The approved report; the state becomes 已打印. The workstation tells by tell_copy what became of the paper.

    Refusals: ILLEGAL_ACTION (not approved, RIS-PRT-06; as many copies as its template allows), NOT_FOUND.
    """

    method = "printing.print_report"
    permission = Permission.PRINT_REPORT
    audit = AuditClass.EXPORT

    report_id: int
    language: str = "zh"


# ── what was printed ─────────────────────────────────────────────────────────────────────────────────


class PrintView(msgspec.Struct, frozen=True, kw_only=True):
    """Paper that left a printer, as the workstation told."""

    id: int
    document_id: int  # 0 for a test page
    kind: str
    subject_id: int
    copies: int
    printer: str
    workstation: str
    printed_by: str
    printed_at: datetime


class RecordPrint(Command[PrintView], frozen=True, kw_only=True):
    """A workstation tells that the printer took a document. Refusals: NOT_FOUND, INVALID."""

    method = "printing.record_print"
    permission = Permission.SIGNED_IN
    audit = AuditClass.EXPORT

    document_id: int
    printer: str
    copies: int = 1


class ListPrints(Query[tuple[PrintView, ...]], frozen=True, kw_only=True):
    """What was printed of one exam, referral or report and when, newest first, 500 at most."""

    method = "printing.list_prints"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE

    subject_id: int
    kind: str = ""  # empty: the documents of an exam


class PrintTestPage(Command[DocumentView], frozen=True, kw_only=True):
    """A page that shows edges, a ruler and codes of the given document kind's paper. Refusals: INVALID."""

    method = "printing.print_test_page"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE

    kind: str
    language: str = "zh"
    output: Output = Output()


# ── templates ────────────────────────────────────────────────────────────────────────────────────────


class TemplateInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a document's template; version 0 is the one that the suite brings."""

    kind: str
    version: int
    is_current: bool
    saved_by: str = ""
    saved_at: datetime | None = None
    note: str = ""


class PaperTemplateView(msgspec.Struct, frozen=True, kw_only=True):
    """A template's text (JSON, format in shared.paper.template) with what it is."""

    info: TemplateInfo
    text: str


class ListPaperTemplates(Query[tuple[TemplateInfo, ...]], frozen=True, kw_only=True):
    """The template in force of every document kind."""

    method = "printing.list_templates"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE


class ListPaperTemplateVersions(Query[tuple[TemplateInfo, ...]], frozen=True, kw_only=True):
    """Every version of one document's template, newest first, the suite's own last. Refusals: INVALID."""

    method = "printing.list_template_versions"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE

    kind: str


class GetPaperTemplate(Query[PaperTemplateView], frozen=True, kw_only=True):
    """A template; without `version` the one in force. Refusals: INVALID, NOT_FOUND."""

    method = "printing.get_template"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE

    kind: str
    version: int | None = None


class SavePaperTemplate(Command[PaperTemplateView], frozen=True, kw_only=True):
    """Keep a new version and print by it from now on; the same text again keeps nothing.

    Refusals: INVALID (the sentence names line and field), CONFLICT (somebody saved meanwhile).
    """

    method = "printing.save_template"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    kind: str
    text: str
    base_version: int
    note: str = ""


class RestorePaperTemplate(Command[PaperTemplateView], frozen=True, kw_only=True):
    """Print by an earlier version again: it is kept once more as the newest. Refusals: NOT_FOUND, CONFLICT, INVALID."""

    method = "printing.restore_template"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    kind: str
    version: int
    base_version: int
