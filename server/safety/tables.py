"""Rows of safety questions and answers."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class SafetyQuestionsRow(Versioned, Base):
    """The questions of the hospital as one packed value (service.Questions); absent while nobody changed them."""

    __tablename__ = "safety_questions"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class SafetyAnswerRow(Base):
    """An answer with the words of its question. Answers are never changed: a later one replaces it and both stay."""

    __tablename__ = "exam_safety_answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(String(200))
    text_en: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(String(16))
    number: Mapped[float | None]
    unit: Mapped[str] = mapped_column(String(32))
    measured_on: Mapped[date | None] = mapped_column(Date)
    detail: Mapped[str] = mapped_column(String(200))
    alarm: Mapped[str] = mapped_column(String(16))
    answered_by: Mapped[str] = mapped_column(String(64))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str] = mapped_column(String(64))
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_exam_safety_answers_exam", "exam_id", "replaced_at"),)
