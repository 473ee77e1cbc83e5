"""What the panel of rooms and slots shows; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from shared.contract.exams import ExamRow, SlotView
from shared.contract.organisation import RoomView
from shared.contract.scheduling import AppointmentHistory, BookingWarning


@dataclass(frozen=True)
class PickState:
    """The exam to be placed, the room and day looked at, and the slot chosen."""

    exam: ExamRow
    rooms: tuple[RoomView, ...]
    today: date
    day: date
    needs_reason: bool  # a move; accepting a referral needs none
    room_id: int | None = None
    slots: tuple[SlotView, ...] = ()
    loading: bool = False
    trouble: str = ""
    slot_id: int | None = None
    reason: str = ""
    warnings: tuple[BookingWarning, ...] = ()
    history: AppointmentHistory = field(default_factory=AppointmentHistory)
    saving: bool = False
    done: bool = False
