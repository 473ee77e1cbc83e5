"""Rows of collected things. Facts of the exam are copied, so that a list can be searched without other tables."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class _Case:
    """The exam that a row is about, as it was when the row was made."""

    report_id: Mapped[int] = mapped_column(Integer, index=True)
    exam_id: Mapped[int] = mapped_column(Integer)
    accession_number: Mapped[str] = mapped_column(String(32))
    patient_id: Mapped[int] = mapped_column(Integer)
    patient_name: Mapped[str] = mapped_column(String(120))
    sex: Mapped[str] = mapped_column(String(1))
    age: Mapped[str] = mapped_column(String(16))
    exam_type: Mapped[str] = mapped_column(String(16))
    items: Mapped[str] = mapped_column(String(1000))
    body_part: Mapped[str] = mapped_column(String(200))
    examined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Favourite(_Case, Base):
    """A case in one account's favourites."""

    __tablename__ = "favourites"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    owner_id: Mapped[int] = mapped_column(Integer)
    folder: Mapped[str] = mapped_column(String(60))
    disease: Mapped[str] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(String(400))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("owner_id", "report_id"),)


class FollowUp(Versioned, _Case, Base):
    """A case in the department's follow-up queue."""

    __tablename__ = "follow_ups"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    reason: Mapped[str] = mapped_column(String(400))
    due_on: Mapped[date] = mapped_column(Date)
    is_open: Mapped[bool] = mapped_column(Boolean)
    owner_id: Mapped[int] = mapped_column(Integer, index=True)
    opened_by: Mapped[str] = mapped_column(String(80))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    imaging_diagnosis: Mapped[str] = mapped_column(Text)  # kept at closing
    outcome: Mapped[str] = mapped_column(String(16))
    proof: Mapped[str] = mapped_column(String(16))
    found: Mapped[str] = mapped_column(Text)
    closed_by: Mapped[str] = mapped_column(String(80))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_follow_ups_queue", "is_open", "due_on"),
        Index("ix_follow_ups_patient", "patient_id"),
        Index("ix_follow_ups_closed", "closed_at"),
    )


class FollowUpNote(Base):
    """One record of a follow-up; never changed."""

    __tablename__ = "follow_up_notes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    follow_up_id: Mapped[int] = mapped_column(ForeignKey("follow_ups.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)


class Remark(Base):
    """A remark on a report; one that was taken back stays with its time."""

    __tablename__ = "report_remarks"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    report_id: Mapped[int] = mapped_column(Integer, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(2000))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TeachingFile(Versioned, Base):
    """A case without the patient. `report_id` is kept for its author's trace and never leaves the server."""

    __tablename__ = "teaching_files"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    report_id: Mapped[int] = mapped_column(Integer)
    owner_id: Mapped[int] = mapped_column(Integer)
    author: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    exam_type: Mapped[str] = mapped_column(String(16))
    body_part: Mapped[str] = mapped_column(String(200))
    sex: Mapped[str] = mapped_column(String(1))
    age: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(120))
    points: Mapped[str] = mapped_column(Text)
    difficulty: Mapped[str] = mapped_column(String(8))
    tags: Mapped[str] = mapped_column(String(400))  # one per line, with a line end before and after
    clinical: Mapped[str] = mapped_column(Text)
    findings: Mapped[str] = mapped_column(Text)
    impression: Mapped[str] = mapped_column(Text)
    pictures: Mapped[str] = mapped_column(String(200))  # ids of documents, space between
    is_removed: Mapped[bool] = mapped_column(Boolean)


class TeachingAnswer(Base):
    """One try at a teaching file as a quiz."""

    __tablename__ = "teaching_answers"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    teaching_id: Mapped[int] = mapped_column(ForeignKey("teaching_files.id"), index=True)
    by_id: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    was_right: Mapped[bool] = mapped_column(Boolean)
