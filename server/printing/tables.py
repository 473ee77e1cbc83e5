"""Rows of the printing area: documents, their templates and prints; the bytes lie in the object storage."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class Document(Base):
    """A document kept by the server. `subject_id` is the exam or, for reports and pictures, the report."""

    __tablename__ = "documents"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int] = mapped_column(Integer)
    media_type: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    warning: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index("ix_documents_subject", "kind", "subject_id"),
        {"sqlite_autoincrement": True},  # the id of a replaced preview must never name another document
    )


class PaperTemplate(Base):
    """One version of a document's template as the hospital saved it; the newest is in force. Never changed."""

    __tablename__ = "paper_templates"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    version: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(200))
    saved_by: Mapped[str] = mapped_column(String(80))
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("kind", "version", name="uq_paper_templates_kind_version"),)


class Print(Base):
    """Paper that left a printer."""

    __tablename__ = "prints"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    document_id: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int] = mapped_column(Integer)
    copies: Mapped[int] = mapped_column(Integer)
    printer: Mapped[str] = mapped_column(String(200))
    workstation: Mapped[str] = mapped_column(String(80))
    printed_by: Mapped[str] = mapped_column(String(80))
    printed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_prints_subject", "subject_id", "kind"),)


class PaperOfReports(Base):
    """A template of reports: for what it is taken. Its design lies in paper_templates under `key`."""

    __tablename__ = "papers_of_reports"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    key: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(60))
    is_default: Mapped[bool] = mapped_column(Boolean)
    position: Mapped[int] = mapped_column(Integer)
    exam_types: Mapped[list[str]] = mapped_column(JSON)
    campus_ids: Mapped[list[int]] = mapped_column(JSON)
    patient_types: Mapped[list[str]] = mapped_column(JSON)
    validity_days: Mapped[int] = mapped_column(Integer)
    most_copies: Mapped[int] = mapped_column(Integer)
    marks_reprints: Mapped[bool] = mapped_column(Boolean)
    with_application: Mapped[bool] = mapped_column(Boolean)
    is_gone: Mapped[bool] = mapped_column(Boolean)  # taken away; printed copies still name it

    __table_args__ = (UniqueConstraint("key", name="uq_papers_of_reports_key"),)


class ReportCopy(Base):
    """One paper of a report: the line of its print log. `copy_number` below 0: none came."""

    __tablename__ = "report_copies"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    report_id: Mapped[int] = mapped_column(Integer)
    copy_number: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(16))
    place: Mapped[str] = mapped_column(String(16))
    edition: Mapped[int] = mapped_column(Integer)
    template_name: Mapped[str] = mapped_column(String(60))
    document_id: Mapped[int] = mapped_column(Integer)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    workstation: Mapped[str] = mapped_column(String(80))
    printer: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(200))

    __table_args__ = (UniqueConstraint("report_id", "copy_number", name="uq_report_copies_report_id_copy_number"),)


class PrintBatch(Base):
    """Many reports printed as one job."""

    __tablename__ = "print_batches"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    request_key: Mapped[str] = mapped_column(String(64))
    account: Mapped[str] = mapped_column(String(80))
    started_by: Mapped[str] = mapped_column(String(80))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_ended: Mapped[bool] = mapped_column(Boolean)

    __table_args__ = (UniqueConstraint("account", "request_key", name="uq_print_batches_account_request_key"),)


class PrintBatchItem(Base):
    """One report of a job, in the order of ids."""

    __tablename__ = "print_batch_items"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    batch_id: Mapped[int] = mapped_column(Integer, ForeignKey("print_batches.id"))
    report_id: Mapped[int] = mapped_column(Integer)
    accession_number: Mapped[str] = mapped_column(String(32))
    patient_name: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(16))
    copy_id: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(200))

    __table_args__ = (Index("ix_print_batch_items_batch", "batch_id"),)


class SelfPrintTry(Base):
    """A wrong try at a kiosk; `code` is a hash, so that the table tells nobody's number."""

    __tablename__ = "self_print_tries"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kiosk: Mapped[str] = mapped_column(String(160))
    code: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_self_print_tries_at", "at"),)
