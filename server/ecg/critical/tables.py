"""Rows of critical ECGs: the list, what a trace was judged to be, alarms."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class EcgCriticalSettingsRow(Versioned, Base):
    """The list, one row; `body` is JSON of contract.CriticalRule."""

    __tablename__ = "ecg_critical_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class EcgJudgementRow(Base):
    """What the rules made of a trace when it arrived; `reasons` is JSON of pairs (zh, en)."""

    __tablename__ = "ecg_judgements"

    trace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    exam_id: Mapped[int] = mapped_column(index=True)
    danger: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class EcgAlarmRow(Base):
    """A critical finding of a trace and the loop that follows it; `loop_id` 0 until the loop is open."""

    __tablename__ = "ecg_alarms"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(index=True)
    trace_id: Mapped[int]
    campus_id: Mapped[int]
    rule: Mapped[str] = mapped_column(String(32))
    zh: Mapped[str] = mapped_column(String(200))
    en: Mapped[str] = mapped_column(String(200))
    reason_zh: Mapped[str] = mapped_column(String(400))
    reason_en: Mapped[str] = mapped_column(String(400))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    loop_id: Mapped[int] = mapped_column(default=0)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    acknowledged_by: Mapped[str] = mapped_column(String(80), default="")
    note: Mapped[str] = mapped_column(String(400), default="")

    __table_args__ = (
        UniqueConstraint("trace_id", "rule"),
        Index("ix_ecg_alarms_open", "acknowledged_at", "campus_id", "id"),
    )
