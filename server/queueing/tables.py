"""Rows of tickets and calls."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class TicketRow(Versioned, Base):
    """A place in a room's queue. `rank_at` orders within a priority: the planned time, or later after 重新签到.

    `forgiven_version`: the end of an announcement is nobody's edit, so a button pressed on the version before it
    still counts.
    """

    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"), unique=True)
    room_id: Mapped[int]
    day: Mapped[date] = mapped_column(Date)
    number: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int]
    patient_type: Mapped[str] = mapped_column(String(16))
    rank_at: Mapped[datetime] = mapped_column(UtcDateTime)
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    called_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    call_count: Mapped[int] = mapped_column(default=0)
    last_call_id: Mapped[int | None]
    forgiven_version: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index("ix_tickets_queue", "day", "room_id", "state", "priority", "rank_at"),)


class CallRow(Base):
    """One announcement. `over_at` is when the display had spoken it, or when something overtook it."""

    __tablename__ = "calls"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    room_id: Mapped[int]
    number: Mapped[str] = mapped_column(String(8))
    masked_name: Mapped[str] = mapped_column(String(64))
    spoken_text: Mapped[str] = mapped_column(String(200))
    spoken_text_en: Mapped[str] = mapped_column(String(200))
    called_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    called_by: Mapped[str] = mapped_column(String(64))
    over_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TicketStepRow(Base):
    """One step of a ticket's life, as the transition table words it; never changed."""

    __tablename__ = "ticket_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[str] = mapped_column(String(24))
    from_state: Mapped[str] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    fact: Mapped[str] = mapped_column(String(100))
    user_name: Mapped[str] = mapped_column(String(64))
