"""How tickets and rooms become what workstations see of them; decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import func, select

from server.exams.service import ExamService
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.organisation.service import Hospital, OrganisationService
from server.queueing.order import in_order
from server.queueing.policy import QueuePolicy
from server.queueing.rules import TicketFacts, allowed_actions, present_state
from server.queueing.tables import TicketRow as Ticket
from server.queueing.waiting import WaitingTimes
from shared.contract.exams import ExamRow
from shared.contract.queueing import QueueRoomView, QueueRulesView, TicketView, WaitForecast
from shared.domain.states import PatientType, TicketState

_EXAMINING = TicketState.EXAMINING.value
_WAITING = TicketState.WAITING.value


class TicketViews:
    """Reads; changes nothing."""

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

    def present(self, uow: UnitOfWork, ticket: Ticket) -> TicketState:
        """Return the state as of now (RIS-OPN-04)."""
        limit = timedelta(seconds=self._policy.rules(uow).announcement_seconds)
        return present_state(TicketState(ticket.state), ticket.called_at, self._time.now(), limit)

    def facts(self, uow: UnitOfWork, ticket: Ticket, busy: Mapping[int, Collection[int]]) -> TicketFacts:
        """Return what the guards look at; `busy` as `busy` gives it."""
        room = self._policy.rooms(uow).get(ticket.room_id)
        return TicketFacts(
            is_of_today=ticket.day == self._time.today(),
            is_room_busy=bool(set(busy.get(ticket.room_id, ())) - {ticket.id}),
            is_room_paused=room is not None and room.is_paused,
        )

    def busy(self, uow: UnitOfWork, room_ids: Collection[int]) -> dict[int, set[int]]:
        """Return the tickets in 检查中 by room; empty where the hospital does not want the guard."""
        if not self._policy.rules(uow).one_patient_per_room:
            return {}
        busy: dict[int, set[int]] = {}
        for room_id, ticket_id in uow.session.execute(
            select(Ticket.room_id, Ticket.id).where(Ticket.room_id.in_(room_ids), Ticket.state == _EXAMINING)
        ):
            busy.setdefault(room_id, set()).add(ticket_id)
        return busy

    def one(self, uow: UnitOfWork, caller: Caller, ticket: Ticket) -> TicketView:
        """Return a ticket."""
        uow.session.flush()
        return self.many(uow, caller, [ticket])[0]

    def many(
        self,
        uow: UnitOfWork,
        caller: Caller,
        tickets: Sequence[Ticket],
        forecasts: Mapping[int, WaitForecast] | None = None,
    ) -> tuple[TicketView, ...]:
        """Return tickets in the given order."""
        if not tickets:
            return ()
        rooms = {ticket.room_id for ticket in tickets}
        rows = self._exams.rows(uow, caller, [ticket.exam_id for ticket in tickets])
        positions = self._positions(uow, rooms)
        busy = self.busy(uow, rooms)
        hospital = self._organisation.hospital(uow)
        told = {} if forecasts is None else forecasts
        return tuple(
            self._view(uow, caller, ticket, rows[ticket.exam_id], positions.get(ticket.id, 0), busy, hospital, told)
            for ticket in tickets
        )

    def rooms(
        self, uow: UnitOfWork, room_ids: Collection[int], forecasts: Mapping[int, WaitForecast] | None = None
    ) -> tuple[QueueRoomView, ...]:
        """Return counters of today and settings of rooms, in the hospital's order."""
        counts: dict[tuple[int, str], int] = {}
        if room_ids:
            for room_id, state, number in uow.session.execute(
                select(Ticket.room_id, Ticket.state, func.count())
                .where(Ticket.day == self._time.today(), Ticket.room_id.in_(room_ids))
                .group_by(Ticket.room_id, Ticket.state)
            ):
                counts[room_id, state] = number
        settings = self._policy.rooms(uow)
        told = {} if forecasts is None else forecasts
        return tuple(
            QueueRoomView(
                room_id=room.id,
                not_signed_in=counts.get((room.id, TicketState.NOT_SIGNED_IN), 0),
                waiting=counts.get((room.id, TicketState.WAITING), 0),
                called=counts.get((room.id, TicketState.CALLING), 0) + counts.get((room.id, TicketState.CALLED), 0),
                passed=counts.get((room.id, TicketState.PASSED), 0),
                examining=counts.get((room.id, TicketState.EXAMINING), 0),
                finished=counts.get((room.id, TicketState.DONE), 0),
                is_paused=settings[room.id].is_paused,
                pause_reason=settings[room.id].pause_reason,
                paused_by=settings[room.id].paused_by,
                check_in_required=settings[room.id].check_in_required,
                pool=settings[room.id].pool,
                wait=told.get(room.id),
            )
            for room in self._organisation.hospital(uow).view.rooms
            if room.id in room_ids
        )

    def rules(self, uow: UnitOfWork) -> QueueRulesView:
        """Return the rules in force and all rooms."""
        version, rules = self._policy.versioned(uow)
        rooms = self.rooms(uow, self._organisation.hospital(uow).rooms)
        return QueueRulesView(version=version, rules=rules, rooms=rooms, forecast_error=self._waiting.error(uow))

    def _view(
        self,
        uow: UnitOfWork,
        caller: Caller,
        ticket: Ticket,
        row: ExamRow,
        position: int,
        busy: Mapping[int, Collection[int]],
        hospital: Hospital,
        told: Mapping[int, WaitForecast],
    ) -> TicketView:
        state = self.present(uow, ticket)
        room = hospital.rooms.get(ticket.room_id)
        return TicketView(
            id=ticket.id,
            version=ticket.version,
            exam_id=ticket.exam_id,
            exam_version=row.version,
            number=ticket.number,
            position=position,
            state=state,
            room_id=ticket.room_id,
            room_name="" if room is None else room.name,
            patient_type=PatientType(ticket.patient_type),
            patient_name=row.patient_name,
            sex=row.sex,
            age=row.age,
            accession_number=row.accession_number,
            image_number=row.image_number,
            exam_type=row.exam_type,
            items=row.items,
            planned_at=ticket.planned_at,
            called_at=ticket.called_at,
            call_count=ticket.call_count,
            allowed=allowed_actions(state, self.facts(uow, ticket, busy), caller.permissions),
            forecast=told.get(ticket.id),
            signed_in_at=ticket.signed_in_at,
            started_at=ticket.started_at,
            patient_kind=row.patient_kind,
            has_safety_alarm=row.has_safety_alarm,
        )

    def _positions(self, uow: UnitOfWork, room_ids: Collection[int]) -> dict[int, int]:
        """Return the place of each waiting ticket of today in its own room, 1 is next."""
        rows = uow.session.execute(
            select(Ticket.id, Ticket.room_id, Ticket.state, Ticket.patient_type, Ticket.rank_at).where(
                Ticket.room_id.in_(room_ids), Ticket.day == self._time.today(), Ticket.state == _WAITING
            )
        ).all()
        counts: dict[int, int] = {}
        positions: dict[int, int] = {}
        for row in in_order(self._policy.order(uow), rows, self._time.now()):
            counts[row.room_id] = counts.get(row.room_id, 0) + 1
            positions[row.id] = counts[row.room_id]
        return positions
