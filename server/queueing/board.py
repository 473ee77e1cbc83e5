"""What the hall display shows: who is called to which room, who waits, and the calls still to be spoken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import select

from server.exams.service import ExamService
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM
from server.organisation.service import Hospital, OrganisationService
from server.queueing.order import in_order
from server.queueing.policy import QueuePolicy
from server.queueing.rules import OPEN
from server.queueing.tables import CallRow
from server.queueing.tables import TicketRow as Ticket
from server.queueing.waiting import WaitingTimes
from shared.contract.queueing import BoardRoom, BoardView, CallView, WaitForecast
from shared.dicomkit.names import masked
from shared.domain.states import PatientType, TicketState

_BOARD_WAITING = 8
_OPEN = [state.value for state in OPEN]
_IN_ROOM = (TicketState.CALLING.value, TicketState.CALLED.value, TicketState.EXAMINING.value)


class HallBoard:
    """Reads the board; changes nothing. A call counts as spoken after the hospital's limit (RIS-OPN-04)."""

    def __init__(
        self,
        time: HospitalTime,
        organisation: OrganisationService,
        exams: ExamService,
        policy: QueuePolicy,
        waiting: WaitingTimes,
    ) -> None:
        self._time = time
        self._organisation = organisation
        self._exams = exams
        self._policy = policy
        self._waiting = waiting

    def view(self, uow: UnitOfWork, room_ids: Collection[int]) -> BoardView:
        """Return what the hall display shows of these rooms, or of all."""
        hospital = self._organisation.hospital(uow)
        rooms = [room for room in hospital.view.rooms if not room_ids or room.id in room_ids]
        found = uow.session.scalars(
            select(Ticket).where(
                Ticket.day == self._time.today(),
                Ticket.room_id.in_([room.id for room in rooms]),
                Ticket.state.in_(_OPEN),
            )
        ).all()
        tickets = in_order(self._policy.order(uow), found, self._time.now())
        shown = {room.id: _shown([ticket for ticket in tickets if ticket.room_id == room.id]) for room in rooms}
        counts = Counter(ticket.room_id for ticket in tickets if ticket.state == TicketState.WAITING.value)
        outlook = self._waiting.outlook(uow, [room.id for room in rooms])
        settings = self._policy.rooms(uow)
        names = self._names(uow, [ticket for waiting, passed in shown.values() for ticket in (*waiting, *passed)])
        calls = self._latest_calls(uow, tickets, hospital)
        return BoardView(
            hospital_name=hospital.view.name,
            time=self._time.now(),
            rooms=tuple(
                BoardRoom(
                    room_id=room.id,
                    room_name=room.name,
                    now=calls.get(room.id),
                    waiting=tuple(names[ticket.id] for ticket in shown[room.id][0]),
                    passed=tuple(names[ticket.id] for ticket in shown[room.id][1]),
                    is_paused=settings[room.id].is_paused,
                    pause_reason=settings[room.id].pause_reason,
                    waiting_minutes=_minutes(shown[room.id][0], outlook.tickets),
                    waiting_count=counts[room.id],
                    wait=outlook.rooms.get(room.id),
                )
                for room in rooms
            ),
            pending_calls=self._pending_calls(uow, [room.id for room in rooms], hospital),
            forecast_error=self._waiting.error(uow),
        )

    def _names(self, uow: UnitOfWork, tickets: Sequence[Ticket]) -> dict[int, str]:
        rows = self._exams.rows(uow, SYSTEM, [ticket.exam_id for ticket in tickets])
        return {ticket.id: f"{ticket.number} {masked(rows[ticket.exam_id].patient_name)}" for ticket in tickets}

    def _latest_calls(self, uow: UnitOfWork, tickets: Iterable[Ticket], hospital: Hospital) -> dict[int, CallView]:
        """Return the newest call of each room whose patient is called or in the room, not of one who was moved on."""
        rooms = {ticket.last_call_id: ticket.room_id for ticket in tickets if ticket.state in _IN_ROOM}
        ids = [call_id for call_id in rooms if call_id]
        calls = uow.session.scalars(select(CallRow).where(CallRow.id.in_(ids)).order_by(CallRow.id)) if ids else ()
        limit = self._limit(uow)
        return {
            call.room_id: self._call_view(call, hospital, limit) for call in calls if call.room_id == rooms[call.id]
        }

    def _pending_calls(self, uow: UnitOfWork, room_ids: Collection[int], hospital: Hospital) -> tuple[CallView, ...]:
        limit = self._limit(uow)
        since = self._time.now() - limit
        calls = uow.session.execute(
            select(CallRow, Ticket.patient_type)
            .join(Ticket, Ticket.id == CallRow.ticket_id)
            .where(CallRow.called_at > since, CallRow.over_at.is_(None), CallRow.room_id.in_(room_ids))
            .order_by(CallRow.id)
        )
        return tuple(
            msgspec.structs.replace(
                self._call_view(call, hospital, limit), is_urgent=kind == PatientType.EMERGENCY.value
            )
            for call, kind in calls
        )

    def _limit(self, uow: UnitOfWork) -> timedelta:
        return timedelta(seconds=self._policy.rules(uow).announcement_seconds)

    def _call_view(self, call: CallRow, hospital: Hospital, limit: timedelta) -> CallView:
        return CallView(
            call_id=call.id,
            ticket_id=call.ticket_id,
            number=call.number,
            masked_name=call.masked_name,
            room_id=call.room_id,
            room_name=hospital.rooms[call.room_id].name,
            spoken_text=call.spoken_text,
            spoken_text_en=call.spoken_text_en,
            called_at=call.called_at,
            is_over=call.over_at is not None or call.called_at + limit <= self._time.now(),
        )


def _minutes(tickets: Sequence[Ticket], told: Mapping[int, WaitForecast]) -> tuple[int, ...]:
    """Return the forecast of each shown ticket; nothing where one is missing, for the rows would not fit."""
    minutes = [told[ticket.id].minutes for ticket in tickets if ticket.id in told]
    return tuple(minutes) if len(minutes) == len(tickets) else ()


def _shown(tickets: Sequence[Ticket]) -> tuple[list[Ticket], list[Ticket]]:
    """Return the waiting and the passed tickets that fit on the display."""
    waiting = [ticket for ticket in tickets if ticket.state == TicketState.WAITING.value]
    passed = [ticket for ticket in tickets if ticket.state == TicketState.PASSED.value]
    return waiting[:_BOARD_WAITING], passed[:_BOARD_WAITING]
