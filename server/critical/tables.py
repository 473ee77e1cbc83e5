"""Rows of critical values: the library, the duty roster, the loops and their logs, the time limits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned
from server.kernel.database.kept import Kept


class CriticalValueRow(Kept, Base):
    """危急值 of the library."""

    __tablename__ = "critical_values"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    region: Mapped[str] = mapped_column(String(16))
    exam_types: Mapped[list[str]] = mapped_column(JSON)
    criterion: Mapped[str] = mapped_column(String(500))
    keywords: Mapped[list[str]] = mapped_column(JSON)
    level: Mapped[str] = mapped_column(String(8))
    minutes: Mapped[int]


class DutyRow(Kept, Base):
    """值班: one shift of one person."""

    __tablename__ = "duty_shifts"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    level: Mapped[str] = mapped_column(String(8))
    department: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str] = mapped_column(String(32))
    days: Mapped[list[str]] = mapped_column(JSON)
    begins: Mapped[str] = mapped_column(String(5))
    ends: Mapped[str] = mapped_column(String(5))
    valid_from: Mapped[str] = mapped_column(String(10))
    valid_to: Mapped[str] = mapped_column(String(10))


class LoopRow(Versioned, Base):
    """One critical value of one patient, with the exam's facts as they were when it was reported."""

    __tablename__ = "critical_loops"

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    report_id: Mapped[int] = mapped_column(Integer, index=True)
    exam_id: Mapped[int] = mapped_column(Integer, index=True)
    accession_number: Mapped[str] = mapped_column(String(32), index=True)
    patient_id: Mapped[int]
    patient_number: Mapped[str] = mapped_column(String(64), index=True)
    patient_name: Mapped[str] = mapped_column(String(120))
    sex: Mapped[str] = mapped_column(String(1))
    age: Mapped[str] = mapped_column(String(16))
    inpatient_number: Mapped[str] = mapped_column(String(64))
    exam_type: Mapped[str] = mapped_column(String(16))
    body_part: Mapped[str] = mapped_column(String(200))
    items: Mapped[str] = mapped_column(String(1000))
    campus_id: Mapped[int]
    room_id: Mapped[int]
    department: Mapped[str] = mapped_column(String(120))
    requesting_doctor: Mapped[str] = mapped_column(String(80))
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    region: Mapped[str] = mapped_column(String(16))
    level: Mapped[str] = mapped_column(String(8))
    value: Mapped[str] = mapped_column(String(200))
    finding: Mapped[str] = mapped_column(Text)
    reported_by_id: Mapped[int]
    reported_by: Mapped[str] = mapped_column(String(80))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    since: Mapped[datetime] = mapped_column(UtcDateTime)  # clocks run from here: opened, or opened again
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    notified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    notified_name: Mapped[str] = mapped_column(String(80))
    notified_means: Mapped[str] = mapped_column(String(16))
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str] = mapped_column(String(80))
    acknowledged_means: Mapped[str] = mapped_column(String(16))
    read_back: Mapped[bool]
    note: Mapped[str] = mapped_column(String(500))
    escalation: Mapped[str] = mapped_column(String(8))
    called: Mapped[str] = mapped_column(String(200))
    next_escalation_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ward_minutes: Mapped[int]  # the time limits that hold for this loop
    head_minutes: Mapped[int]
    office_minutes: Mapped[int]
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(500))

    __table_args__ = (
        Index("ix_critical_loops_waiting", "state", "next_escalation_at"),
        Index("ix_critical_loops_opened", "opened_at", "campus_id"),
    )


class LoopLineRow(Base):
    """One line of a loop's log. The database itself refuses to change or delete one (migration 0024)."""

    __tablename__ = "critical_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    loop_id: Mapped[int] = mapped_column(ForeignKey("critical_loops.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int]
    by: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    means: Mapped[str] = mapped_column(String(16))
    read_back: Mapped[bool]
    note: Mapped[str] = mapped_column(Text)


class CriticalSettingsRow(Versioned, Base):
    """The one row of time limits."""

    __tablename__ = "critical_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    ward_minutes: Mapped[int]
    head_minutes: Mapped[int]
    office_minutes: Mapped[int]
