"""Rows of schedules, the calendar, slot rules, and what became of appointments."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class RoomScheduleRow(Versioned, Base):
    """What a room's schedule says beside its sessions (room_hours)."""

    __tablename__ = "room_schedules"

    room_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    overbook: Mapped[int]
    release_hour: Mapped[int]
    release_days: Mapped[int]


class CalendarRow(Versioned, Base):
    """A closure, a special working day or other hours; of all rooms where `room_id` is empty."""

    __tablename__ = "calendar_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(16))
    room_id: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(100))
    as_weekday: Mapped[int]
    from_minute: Mapped[int]
    to_minute: Mapped[int]
    is_holiday: Mapped[bool]  # imported: the next import of its day replaces it

    __table_args__ = (Index("ix_calendar_entries_days", "last_day", "first_day"),)


class SlotRuleRow(Versioned, Base):
    """How appointments of an exam type are measured."""

    __tablename__ = "slot_rules"

    exam_type: Mapped[str] = mapped_column(String(8), primary_key=True)
    minutes: Mapped[int]
    contrast_minutes: Mapped[int]
    contrast_words: Mapped[str] = mapped_column(String(100))
    buffer_minutes: Mapped[int]
    horizon_days: Mapped[int]
    lead_minutes: Mapped[int]


class IntervalRuleRow(Versioned, Base):
    """Two exams of one patient that need time between them."""

    __tablename__ = "interval_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_type: Mapped[str] = mapped_column(String(8))
    first_words: Mapped[str] = mapped_column(String(100))
    then_type: Mapped[str] = mapped_column(String(8))
    then_words: Mapped[str] = mapped_column(String(100))
    hours: Mapped[int]
    both_ways: Mapped[bool]
    advice: Mapped[str] = mapped_column(String(200))


class SlotDayRow(Base):
    """A room's day whose slots are made. Its row is the lock under which places of that day are given."""

    __tablename__ = "slot_days"

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int]
    day: Mapped[date] = mapped_column(Date)
    version: Mapped[int]

    __table_args__ = (UniqueConstraint("room_id", "day"),)


class BookingSlotRow(Base):
    """A further slot that a longer booking covers, beside its first."""

    __tablename__ = "booking_slots"

    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("slots.id"), primary_key=True, index=True)


class RescheduleRow(Base):
    """One move of an appointment; never changed."""

    __tablename__ = "reschedules"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_name: Mapped[str] = mapped_column(String(64))
    from_room_id: Mapped[int]
    from_planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_room_id: Mapped[int]
    to_planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(200))


class NoShowRow(Base):
    """An appointment that its patient missed; an exam can miss several."""

    __tablename__ = "no_shows"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id"))
    patient_id: Mapped[int] = mapped_column(index=True)
    room_id: Mapped[int]
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("exam_id", "planned_at"),)
