"""Rows of ECG exams, their trail and favourites.

An exam keeps a copy of what lists show of the patient, the trace, the report and the consultation: a list is one index.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned
from server.kernel.database.text import ordered_text


class EcgExamRow(Versioned, Base):
    """An exam. `entry` is the msgpack of contract.ecg.EcgEntry, as registered and changed since."""

    __tablename__ = "ecg_exams"

    id: Mapped[int] = mapped_column(primary_key=True)
    accession_number: Mapped[str] = mapped_column(String(16), unique=True)
    study_uid: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(16))
    visit_kind: Mapped[str] = mapped_column(String(16))
    campus_id: Mapped[int]
    urgency: Mapped[str] = mapped_column(String(12))

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    merged_from_id: Mapped[int | None] = mapped_column(index=True)  # the record it was registered for, since merged
    patient_name: Mapped[str] = mapped_column(ordered_text(64))
    pinyin_flat: Mapped[str] = mapped_column(ordered_text(64))
    initials: Mapped[str] = mapped_column(ordered_text(16))
    sex: Mapped[str] = mapped_column(String(1))
    age: Mapped[str] = mapped_column(String(16))
    birth_date: Mapped[date | None] = mapped_column(Date)
    id_number: Mapped[str] = mapped_column(String(32), index=True)
    patient_number: Mapped[str] = mapped_column(String(64), index=True)
    outpatient_number: Mapped[str] = mapped_column(String(32), index=True)
    inpatient_number: Mapped[str] = mapped_column(String(32), index=True)
    health_check_number: Mapped[str] = mapped_column(String(32), index=True)
    request_number: Mapped[str] = mapped_column(String(64), index=True)
    application_id: Mapped[int | None] = mapped_column(index=True)
    department: Mapped[str] = mapped_column(String(64))
    ward: Mapped[str] = mapped_column(String(64))
    bed: Mapped[str] = mapped_column(String(32))
    exam_item: Mapped[str] = mapped_column(String(100))
    clinical_diagnosis: Mapped[str] = mapped_column(String(500))
    entry: Mapped[bytes] = mapped_column(LargeBinary)

    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_by: Mapped[str] = mapped_column(String(64))
    registered_by_id: Mapped[int]
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")

    acquired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trace_count: Mapped[int] = mapped_column(default=0)
    quality_passed: Mapped[bool | None]
    is_critical: Mapped[bool] = mapped_column(default=False, server_default=false())

    report_id: Mapped[int | None]
    report_state: Mapped[str] = mapped_column(String(12), default="none")
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reported_by: Mapped[str] = mapped_column(String(64), default="")
    conclusion: Mapped[str] = mapped_column(String(200), default="")

    consultation_id: Mapped[int | None]
    consultation_state: Mapped[str] = mapped_column(String(12), default="")

    __table_args__ = (
        Index("ix_ecg_exams_list", "registered_at", "id", "visit_kind", "state"),
        Index("ix_ecg_exams_campus", "campus_id", "registered_at", "id"),
    )


class EcgEventRow(Base):
    """A line of an exam's trail; never changed."""

    __tablename__ = "ecg_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("ecg_exams.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int]
    user_name: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(24))
    field: Mapped[str] = mapped_column(String(40), default="")
    old: Mapped[str] = mapped_column(String(500), default="")
    new: Mapped[str] = mapped_column(String(500), default="")


class EcgCollectedRow(Base):
    """An exam in somebody's favourites."""

    __tablename__ = "ecg_collected"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    exam_id: Mapped[int] = mapped_column(ForeignKey("ecg_exams.id"), index=True)
    category: Mapped[str] = mapped_column(String(60), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("user_id", "exam_id"),)
