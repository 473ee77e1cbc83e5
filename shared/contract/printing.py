"""Documents: report PDF, barcode label, forms. The bytes come over the bulk channel by document id."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.permissions import Permission


class DocumentView(msgspec.Struct, frozen=True, kw_only=True):
    """A document kept by the server; fetch its bytes with bulk item "document" and this id."""

    id: int
    kind: str  # report, barcode, barcode_zpl, registration_form, ticket, key_image
    media_type: str  # application/pdf, image/png, application/zpl
    size_bytes: int
    sha256: str
    created_at: datetime
    warning: str = ""  # e.g. a character that the font lacks


class PrintBarcode(Command[DocumentView], frozen=True, kw_only=True):
    """检查条码 as PDF or ZPL label. Refusals: NOT_FOUND, ILLEGAL_ACTION (cancelled)."""

    method = "printing.print_barcode"
    permission = Permission.SIGNED_IN
    audit = AuditClass.EXPORT

    exam_id: int
    as_zpl: bool = False


class PrintRegistrationForm(Command[DocumentView], frozen=True, kw_only=True):
    """登记单. Refusals: NOT_FOUND."""

    method = "printing.print_registration_form"
    permission = Permission.SIGNED_IN
    audit = AuditClass.EXPORT

    exam_id: int
    language: str = "zh"


class PrintTicket(Command[DocumentView], frozen=True, kw_only=True):
    """排队小票. Refusals: NOT_FOUND."""

    method = "printing.print_ticket"
    permission = Permission.SIGNED_IN
    audit = AuditClass.EXPORT

    exam_id: int
    language: str = "zh"


class PreviewReport(Query[DocumentView], frozen=True, kw_only=True):
    """The report as it would print, marked as a draft before approval; changes no state. Refusals: NOT_FOUND."""

    method = "printing.preview_report"
    permission = Permission.SIGNED_IN
    audit = AuditClass.REPORT

    report_id: int
    language: str = "zh"


class PrintReport(Command[DocumentView], frozen=True, kw_only=True):
    """The approved report; the state becomes 已打印. Refusals: ILLEGAL_ACTION (not approved, RIS-PRT-06), NOT_FOUND."""

    method = "printing.print_report"
    permission = Permission.PRINT_REPORT
    audit = AuditClass.EXPORT

    report_id: int
    language: str = "zh"
