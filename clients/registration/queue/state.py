"""What the calling page shows: the queue of a room, its counters and the finished exams; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from shared.contract.exams import ExamRow
from shared.contract.organisation import HospitalView, RoomView
from shared.contract.queueing import ForecastError, QueueRoomView, TicketView
from shared.domain.states import TicketAction, TicketState

REFRESH_SECONDS = 5
"""RIS-QUE-16."""


class RoomFilter(TypedDict, total=False):
    """One room, or several."""

    room_id: int | None
    room_ids: tuple[int, ...]


@dataclass(frozen=True)
class QueueState:
    """One picture of the page. `now` moves with every refresh, so that waiting times are as old as the rows."""

    now: datetime
    hospital: HospitalView | None = None
    exam_type: str = ""
    campus_id: int | None = None
    room_id: int | None = None
    room_ids: tuple[int, ...] = ()  # the rooms of this technician; none: all
    room_counters: tuple[QueueRoomView, ...] = ()
    forecast_error: ForecastError | None = None
    tickets: tuple[TicketView, ...] = ()
    waiting: int = 0
    passed: int = 0
    finished: int = 0
    not_signed_in: int = 0
    loading: bool = False
    loaded_once: bool = False
    trouble: str = ""
    auto_refresh: bool = True
    selected: int | None = None  # ticket id
    busy: bool = False  # a call or another step is on its way
    showing_finished: bool = False
    finished_number: str = ""  # 检查号, exact
    finished_rows: tuple[ExamRow, ...] = ()
    finished_loading: bool = False
    finished_trouble: str = ""

    @property
    def rooms(self) -> tuple[RoomView, ...]:
        """The rooms of the chosen campus that do the chosen exam type."""
        if self.hospital is None:
            return ()
        return tuple(
            room
            for room in self.hospital.rooms
            if (self.campus_id is None or room.campus_id == self.campus_id)
            and (not self.exam_type or self.exam_type in room.exam_types)
        )

    @property
    def room(self) -> RoomView | None:
        """The chosen room."""
        return next((room for room in self.rooms if room.id == self.room_id), None)

    @property
    def room_filter(self) -> RoomFilter:
        """How a request names the chosen rooms."""
        return {"room_id": self.room_id} if self.room_id is not None else {"room_ids": self.room_ids}

    @property
    def selected_ticket(self) -> TicketView | None:
        """The ticket that row actions are about."""
        return next((ticket for ticket in self.tickets if ticket.id == self.selected), None)

    @property
    def next_waiting(self) -> TicketView | None:
        """Whom 呼叫下一位 calls: the first waiting row of the list as it is shown (RIS-QUE-10, RIS-OPN-16).

        Rows of rooms that are paused are passed over; with only those the first is named, and the server says why not.
        """
        waiting = [ticket for ticket in self.tickets if ticket.state is TicketState.WAITING]
        callable_now = (ticket for ticket in waiting if TicketAction.CALL in ticket.allowed)
        return next(callable_now, waiting[0] if waiting else None)

    @property
    def current(self) -> tuple[TicketView, ...]:
        """Who is being called, was called, or is on the table."""
        present = (TicketState.CALLING, TicketState.CALLED, TicketState.EXAMINING)
        return tuple(ticket for ticket in self.tickets if ticket.state in present)

    def allows(self, action: TicketAction) -> bool:
        """True if the selected ticket offers the action."""
        ticket = self.selected_ticket
        return ticket is not None and action in ticket.allowed and not self.busy


def waited_minutes(ticket: TicketView, now: datetime) -> int:
    """Whole minutes since the planned time; negative while it lies ahead."""
    return int((now - ticket.planned_at).total_seconds() // 60)
