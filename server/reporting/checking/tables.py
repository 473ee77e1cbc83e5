"""Rows of the checker: what was shown and what became of it, what is off, words of the house."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class AlarmRow(Base):
    """One alarm that a doctor saw in one report; `state`: open, corrected, dismissed, overruled."""

    __tablename__ = "checker_alarms"
    __table_args__ = (
        UniqueConstraint("report_id", "kind", "text_key", name="uq_checker_alarms_report_id_kind_text_key"),
        Index("ix_checker_alarms_shown", "shown_at", "kind"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    report_id: Mapped[int] = mapped_column(Integer)
    exam_type: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    text_key: Mapped[str] = mapped_column(String(64))  # SHA-256 of the words
    text: Mapped[str] = mapped_column(String(500))
    why: Mapped[str] = mapped_column(String(1000))
    doctor_id: Mapped[int] = mapped_column(Integer)
    doctor: Mapped[str] = mapped_column(String(80))
    shown_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(16))
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(16), default="")
    note: Mapped[str] = mapped_column(String(500), default="")


class SwitchRow(Base):
    """Kinds that are off for one exam type; "" is for all."""

    __tablename__ = "checker_switches"

    exam_type: Mapped[str] = mapped_column(String(16), primary_key=True)
    off: Mapped[list[str]] = mapped_column(JSON)


class WordRow(Base):
    """A word of the house, or a slip with what is meant."""

    __tablename__ = "checker_words"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    word: Mapped[str] = mapped_column(String(40), unique=True)
    right: Mapped[str] = mapped_column(String(40))
    added_by: Mapped[str] = mapped_column(String(80))
