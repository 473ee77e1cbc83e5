"""What the calendar of a room shows; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.contract.exams import SlotView
from shared.contract.scheduling import BookingView, LoadDay


@dataclass(frozen=True)
class Target:
    """Where a picked-up appointment would go."""

    slot: SlotView
    day: date


@dataclass(frozen=True)
class CalendarState:
    """Days of one room; an appointment that was picked up, and where it was put down but not yet moved."""

    today: date
    first_day: date
    days: int = 7
    room_id: int | None = None
    load: tuple[LoadDay, ...] = ()
    loading: bool = False
    loaded_once: bool = False
    trouble: str = ""
    picked: BookingView | None = None
    target: Target | None = None
    reason: str = ""
    moving: bool = False

    @property
    def places(self) -> int:
        """Places of the days shown."""
        return sum(day.places for day in self.load)

    @property
    def taken(self) -> int:
        """Places in use."""
        return sum(day.taken for day in self.load)

    def booking(self, exam_id: int) -> BookingView | None:
        """The appointment of an exam, if it is shown."""
        return next((one for day in self.load for one in day.bookings if one.exam_id == exam_id), None)
