"""Rows of issues, of the results made of them, and of the rules that say which are made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class ResultIssue(Base):
    """One moment at which a report went out: an approval, an addendum, a revision, a withdrawal.

    `body` holds what the report said then (server.results.snapshot), so that every result of the issue, also one that
    is made later or again, says the same.
    """

    __tablename__ = "result_issues"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int]
    number: Mapped[int]  # from 1 within the report
    edition: Mapped[int]  # the approved edition that it speaks of
    event: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    exam_id: Mapped[int]
    patient_id: Mapped[int]
    accession_number: Mapped[str] = mapped_column(String(32))
    patient_name: Mapped[str] = mapped_column(String(120))
    exam_type: Mapped[str] = mapped_column(String(16))
    study_uid: Mapped[str] = mapped_column(String(64))
    examined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    patient_number: Mapped[str] = mapped_column(String(64))
    room_id: Mapped[int]  # who is limited to some rooms sees only theirs
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    __table_args__ = (
        UniqueConstraint("report_id", "number"),
        Index("ix_result_issues_accession", "accession_number"),
        Index("ix_result_issues_patient", "patient_id", "id"),
        Index("ix_result_issues_at", "at"),
        Index("ix_result_issues_patient_number", "patient_number"),
    )


class Result(Base):
    """One result of one issue for one target. What an interface sends has its state in the interfaces' journal."""

    __tablename__ = "results"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("result_issues.id"))
    report_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    connection_id: Mapped[int] = mapped_column(default=0)
    target: Mapped[str] = mapped_column(String(64), default="")
    with_pdf: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    sentence: Mapped[str] = mapped_column(String(400), default="")
    answer: Mapped[str] = mapped_column(String(16), default="")
    series_uid: Mapped[str] = mapped_column(String(64), default="")
    sop_uid: Mapped[str] = mapped_column(String(64), default="")
    document_id: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        UniqueConstraint("issue_id", "kind", "connection_id"),
        Index("ix_results_report", "report_id", "id"),
        Index("ix_results_state", "state", "id"),
        Index("ix_results_message", "message_id"),
    )


class ResultSettings(Versioned, Base):
    """The rules, one row; `body` is JSON of contract.ResultRule."""

    __tablename__ = "result_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
