"""Rows of tickets, calls, rules and forecasts."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class TicketRow(Versioned, Base):
    """A place in a room's queue. `rank_at` orders within a priority: the planned time, or later after 重新签到.

    `forgiven_version`: the end of an announcement is nobody's edit, so a button pressed on the version before it
    still counts. `passed_calls`: calls of others in the room since this one was passed; `returns`: how often it came
    back into the queue by the rule of passed patients. `priority` is the type's rank without rules, for lists.
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
    exam_type: Mapped[str] = mapped_column(String(16), default="")
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_called_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    passed_calls: Mapped[int] = mapped_column(default=0)
    returns: Mapped[int] = mapped_column(default=0)

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


class QueueRulesRow(Versioned, Base):
    """The hospital's rules of queues: one row, JSON of shared.contract.queueing.QueueRules. No row: the defaults."""

    __tablename__ = "queue_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class QueueRoomRow(Base):
    """What a room's queue has of its own; rooms without a row have the defaults."""

    __tablename__ = "queue_rooms"

    room_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    check_in_required: Mapped[bool] = mapped_column(default=False)
    pool: Mapped[str] = mapped_column(String(20), default="")
    is_paused: Mapped[bool] = mapped_column(default=False)
    pause_reason: Mapped[str] = mapped_column(String(100), default="")
    paused_by: Mapped[str] = mapped_column(String(64), default="")


class QueueSpellRow(Base):
    """One exam as the queue saw it: how long it kept the room, from which forecasts are made.

    `busy_seconds`: from the call, or from the end of the exam before it if that was later, to the end.
    `gap_seconds`: from the end of the exam before it to the call, negative when it was called ahead; None when the
    room had been idle.
    """

    __tablename__ = "queue_spells"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int]
    room_id: Mapped[int]
    exam_type: Mapped[str] = mapped_column(String(16))
    hour: Mapped[int]
    done_at: Mapped[datetime] = mapped_column(UtcDateTime)
    busy_seconds: Mapped[int]
    gap_seconds: Mapped[int | None]

    __table_args__ = (Index("ix_queue_spells_done", "done_at"), Index("ix_queue_spells_room", "room_id", "done_at"))


class ForecastRow(Base):
    """A forecast as it was told, and the call that followed."""

    __tablename__ = "queue_forecasts"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(index=True)
    room_id: Mapped[int]
    exam_type: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ahead: Mapped[int]
    expected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    low_at: Mapped[datetime] = mapped_column(UtcDateTime)
    high_at: Mapped[datetime] = mapped_column(UtcDateTime)
    actual_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
