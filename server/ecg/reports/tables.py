"""Rows of ECG reports: the report, its drafts, editions, prints and trail, choices of templates, policies.

`body` is JSON of shared.contract.ecg_reports.ReportBody everywhere.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class EcgReportRow(Versioned, Base):
    """The report of an exam. Its id is made of the exam's (shared.domain.ecg_reports.report_id_of)."""

    __tablename__ = "ecg_reports"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("ecg_exams.id"), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    campus_id: Mapped[int]  # of whoever writes it
    consultation_id: Mapped[int] = mapped_column(default=0)  # whose report the present edition is, or that is awaited
    edition: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reader_id: Mapped[int] = mapped_column(default=0)
    reader: Mapped[str] = mapped_column(String(80), default="")
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    auditor_id: Mapped[int] = mapped_column(default=0)
    auditor: Mapped[str] = mapped_column(String(80), default="")
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    template: Mapped[str] = mapped_column(String(32), default="")
    returned: Mapped[str] = mapped_column(String(1000), default="")
    reason: Mapped[str] = mapped_column(String(1000), default="")  # of the withdrawal, until it is submitted again
    print_count: Mapped[int] = mapped_column(default=0)
    seal: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (Index("ix_ecg_reports_state", "state", "campus_id", "read_at"),)


class EcgDraftRow(Base):
    """What a side has written: of the exam's own hospital (`consultation_id` 0), or of a consultation.

    A consultation's draft outlives the withdrawal of its acceptance: the next doctor goes on with it (ECG-SM-CON-05).
    """

    __tablename__ = "ecg_report_drafts"

    report_id: Mapped[int] = mapped_column(ForeignKey("ecg_reports.id"), primary_key=True)
    consultation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    writer_id: Mapped[int]
    writer: Mapped[str] = mapped_column(String(80))
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EcgEditionRow(Base):
    """A submitted edition: what it said, the canonical bytes that were sealed, and why it was withdrawn."""

    __tablename__ = "ecg_report_editions"

    report_id: Mapped[int] = mapped_column(ForeignKey("ecg_reports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    consultation_id: Mapped[int] = mapped_column(default=0)
    campus_id: Mapped[int]
    hospital: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int]
    by: Mapped[str] = mapped_column(String(80))
    reader_id: Mapped[int]
    reader: Mapped[str] = mapped_column(String(80))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    trace_id: Mapped[int]
    template: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(1000), default="")
    seal: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    document_id: Mapped[int] = mapped_column(default=0)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    withdrawn_by: Mapped[str] = mapped_column(String(80), default="")
    withdrawal: Mapped[str] = mapped_column(String(1000), default="")

    __table_args__ = (Index("ix_ecg_report_editions_at", "at", "campus_id"),)


class EcgReportEventRow(Base):
    """A line of the trail of an exam's report, views included; only ever added to."""

    __tablename__ = "ecg_report_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int]
    by: Mapped[str] = mapped_column(String(80))
    station: Mapped[str] = mapped_column(String(80), default="")
    action: Mapped[str] = mapped_column(String(24))
    note: Mapped[str] = mapped_column(String(1000), default="")


class EcgPrintRow(Base):
    """A print of a report."""

    __tablename__ = "ecg_report_prints"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("ecg_reports.id"), index=True)
    number: Mapped[int]
    edition: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int]
    by: Mapped[str] = mapped_column(String(80))
    station: Mapped[str] = mapped_column(String(80), default="")
    template: Mapped[str] = mapped_column(String(32))


class EcgTemplateChoiceRow(Base):
    """The report template that an account chose."""

    __tablename__ = "ecg_template_choices"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    template: Mapped[str] = mapped_column(String(32))


class EcgReportPolicyRow(Versioned, Base):
    """How a campus wants its reports; `body` is JSON of contract.ReportPolicy."""

    __tablename__ = "ecg_report_policies"

    campus_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)
