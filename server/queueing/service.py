"""Use cases of the queue: tickets, calling, the steps at the room, and what the hall display shows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select, update

from server.exams.ports import QueuePlace, TicketFact
from server.exams.service import ExamService
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork, next_number
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import illegal_action, invalid, not_found, stale
from server.organisation.service import Hospital, OrganisationService
from server.queueing.board import HallBoard
from server.queueing.rules import (
    OPEN,
    PRIORITIES,
    NotAllowed,
    TicketEvent,
    TicketFacts,
    allowed_actions,
    call_action,
    present_state,
    rank_after,
    spoken_text,
    spoken_text_en,
    step,
    ticket_number,
)
from server.queueing.tables import CallRow, TicketStepRow
from server.queueing.tables import TicketRow as Ticket
from shared.contract.base import Changed, TicketCalled
from shared.contract.exams import ExamRow
from shared.contract.queueing import (
    BoardView,
    CallTicket,
    ChangeRoom,
    FinishTicket,
    GetQueue,
    PassTicket,
    QueueView,
    StartTicket,
    TicketView,
)
from shared.dicomkit.names import masked
from shared.domain.states import PatientType, TicketAction, TicketState

_OPEN = [state.value for state in OPEN]


@dataclass(frozen=True)
class QueueSettings:
    """What a hospital may choose.

    `announcement_limit`: 呼叫中 becomes 已呼 after it, display or not (RIS-OPN-04). `sign_in_place`: where 重新签到
    puts a patient among the own priority class, None for the end, N for after N patients (RIS-OPN-05).
    """

    announcement_limit: timedelta = timedelta(seconds=45)
    one_patient_per_room: bool = True
    speaks_name: bool = True
    sign_in_place: int | None = None


class QueueService:
    """Tickets and calls. Methods work in the caller's unit of work and never commit.

    Implements `server.exams.ports.QueueDesk`.
    """

    def __init__(
        self,
        time: HospitalTime,
        organisation: OrganisationService,
        exams: ExamService,
        settings: QueueSettings | None = None,
    ) -> None:
        self._time = time
        self._organisation = organisation
        self._exams = exams
        self._settings = settings or QueueSettings()
        self._board = HallBoard(time, organisation, exams, self._settings.announcement_limit)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def get_queue(self, uow: UnitOfWork, caller: Caller, request: GetQueue) -> QueueView:
        """Return today's open tickets in order, and the counters of the same rooms."""
        rooms = self._rooms(uow, request.campus_id, request.room_id)
        today = Ticket.day == self._time.today()
        tickets = uow.session.scalars(
            select(Ticket)
            .where(
                Ticket.room_id.in_(rooms),
                Ticket.state.in_(_OPEN),
                or_(today, Ticket.state == TicketState.EXAMINING.value),
            )
            .order_by(Ticket.priority, Ticket.rank_at, Ticket.id)
        ).all()
        views = self._views(uow, caller, tickets)
        done = uow.session.scalars(
            select(Ticket.exam_id).where(Ticket.room_id.in_(rooms), today, Ticket.state == TicketState.DONE.value)
        ).all()
        finished = len(done)
        if request.exam_type:
            views = tuple(view for view in views if view.exam_type == request.exam_type)
            rows = self._exams.rows(uow, caller, done)
            finished = sum(row.exam_type == request.exam_type for row in rows.values())
        return QueueView(
            tickets=views,
            waiting=sum(view.state is TicketState.WAITING for view in views),
            passed=sum(view.state is TicketState.PASSED for view in views),
            finished=finished,
        )

    def get_board(self, uow: UnitOfWork, room_ids: Collection[int]) -> BoardView:
        """Return what the hall display shows of these rooms, or of all."""
        return self._board.view(uow, room_ids)

    # ── buttons ──────────────────────────────────────────────────────────────────────────────────

    def call(self, uow: UnitOfWork, caller: Caller, request: CallTicket) -> TicketView:
        """呼叫 or 重呼. Raises CONFLICT, ILLEGAL_ACTION, NOT_FOUND."""
        ticket = self._expected(uow, request.ticket_id, request.version)
        return self._called(uow, caller, ticket)

    def call_next(self, uow: UnitOfWork, caller: Caller, room_id: int) -> TicketView:
        """Call the first waiting ticket of a room (RIS-OPN-16). Raises NOT_FOUND when nobody waits, INVALID."""
        self._organisation.hospital(uow).room(room_id)
        self.open_day(uow)
        ticket = uow.session.scalars(
            select(Ticket)
            .where(
                Ticket.room_id == room_id,
                Ticket.day == self._time.today(),
                Ticket.state == TicketState.WAITING.value,
            )
            .order_by(Ticket.priority, Ticket.rank_at, Ticket.id)
            .limit(1)
            .with_for_update(skip_locked=True)  # two callers of one room get two patients
        ).one_or_none()
        if ticket is None:
            raise not_found("等待中的患者")
        return self._called(uow, caller, ticket)

    def pass_ticket(self, uow: UnitOfWork, caller: Caller, request: PassTicket) -> TicketView:
        """过号. Raises CONFLICT, ILLEGAL_ACTION, NOT_FOUND."""
        ticket = self._expected(uow, request.ticket_id, request.version)
        self._step(uow, caller, ticket, TicketAction.PASS)
        return self._view(uow, caller, ticket)

    def sign_in_again(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> TicketView:
        """重新签到: back into the queue, by default behind the own priority class. Raises ILLEGAL_ACTION, NOT_FOUND."""
        self._exams.lock(uow, exam_id)
        ticket = self._of_exam(uow, exam_id)
        if ticket is None:
            raise not_found("排队记录")
        self._settle(uow, ticket)
        self._step(uow, caller, ticket, TicketAction.SIGN_IN_AGAIN)
        ranks = uow.session.scalars(
            select(Ticket.rank_at)
            .where(
                Ticket.room_id == ticket.room_id,
                Ticket.day == ticket.day,
                Ticket.state == TicketState.WAITING.value,
                Ticket.priority == ticket.priority,
                Ticket.id != ticket.id,
            )
            .order_by(Ticket.rank_at, Ticket.id)
        ).all()
        ticket.rank_at = rank_after(list(ranks), self._settings.sign_in_place, self._time.now())
        return self._view(uow, caller, ticket)

    def start(self, uow: UnitOfWork, caller: Caller, request: StartTicket) -> TicketView:
        """开始检查: ticket and exam become 检查中. Raises CONFLICT, ILLEGAL_ACTION, NOT_FOUND."""
        ticket = self._expected(uow, request.ticket_id, request.version)
        next_number(uow.session, f"room/{ticket.room_id}")  # its row is the lock of the room: one start at a time
        self._step(uow, caller, ticket, TicketAction.START)
        self._exams.begin(uow, caller, ticket.exam_id)
        return self._view(uow, caller, ticket)

    def finish(self, uow: UnitOfWork, caller: Caller, request: FinishTicket) -> None:
        """检查完成: the ticket leaves the list, the exam is 已检查. Raises CONFLICT, ILLEGAL_ACTION, NOT_FOUND."""
        ticket = self._expected(uow, request.ticket_id, request.version)
        self._step(uow, caller, ticket, TicketAction.FINISH)
        uow.session.flush()
        self._exams.finish(uow, caller, ticket.exam_id)

    def change_room(self, uow: UnitOfWork, caller: Caller, request: ChangeRoom) -> TicketView:
        """修改检查室: a new number in the other room's queue. Raises CONFLICT, ILLEGAL_ACTION, INVALID, NOT_FOUND."""
        ticket = self._expected(uow, request.ticket_id, request.version)
        if request.room_id == ticket.room_id:
            raise invalid("room_id", "患者已经在这个检查室排队，请选择另一个检查室。")
        self._exams.move_to_room(uow, caller, ticket.exam_id, request.room_id)
        self._move(uow, caller, ticket, request.room_id)
        return self._view(uow, caller, ticket)

    def announcement_over(self, uow: UnitOfWork, caller: Caller, call_id: int) -> None:
        """The display has spoken: 呼叫中 becomes 已呼; repeating it changes nothing. Raises NOT_FOUND."""
        known = uow.session.get(CallRow, call_id)
        if known is None:
            raise not_found("呼叫记录")
        ticket = self._row(uow, known.ticket_id)
        call = uow.session.get_one(CallRow, call_id, populate_existing=True)  # as it is now that the ticket is locked
        if call.over_at is not None:
            return
        call.over_at = self._time.now()
        if ticket.state == TicketState.CALLING.value and ticket.last_call_id == call_id:
            before = ticket.version
            self._step(uow, caller, ticket, TicketAction.ANNOUNCED)
            ticket.forgiven_version = before

    def open_day(self, uow: UnitOfWork) -> int:
        """Give today's registered exams their tickets, by planned time; return how many were new (RIS-QSM-01)."""
        places = self._exams.places_of_today(uow)
        known = {
            ticket.exam_id
            for ticket in self._of_exams(uow, [place.exam_id for place in places])
            if ticket.state != TicketState.WITHDRAWN.value
        }
        new = [place for place in places if place.exam_id not in known]
        for place in new:
            self.enter(uow, SYSTEM, place)
        return len(new)

    # ── what exams tell the queue (server.exams.ports.QueueDesk) ─────────────────────────────────

    def tickets_of(self, uow: UnitOfWork, exam_ids: Collection[int]) -> dict[int, TicketFact]:
        """Return the ticket of each exam; exams that stand in no queue are left out."""
        return {
            ticket.exam_id: TicketFact(self._present(ticket), ticket.number)
            for ticket in self._of_exams(uow, exam_ids)
            if ticket.state != TicketState.WITHDRAWN.value
        }

    def enter(self, uow: UnitOfWork, caller: Caller, place: QueuePlace) -> None:
        """Make an exam stand where it belongs. Raises ILLEGAL_ACTION when it is just being called."""
        day, today = self._time.local(place.planned_at).date(), self._time.today()
        ticket = self._of_exam(uow, place.exam_id)
        if ticket is not None and ticket.state in _OPEN:
            self._settle(uow, ticket)
            if ticket.day == day:
                self._reorder(uow, caller, ticket, place)
                return
            self._step(uow, caller, ticket, TicketEvent.MOVED)
        if day == today and (ticket is None or ticket.state == TicketState.WITHDRAWN.value):
            self._issue(uow, caller, ticket, place, day)

    def leave(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """Withdraw the ticket of a cancelled exam. Raises ILLEGAL_ACTION while it is being called."""
        ticket = self._of_exam(uow, exam_id)
        if ticket is not None and ticket.state in _OPEN:
            self._settle(uow, ticket)
            self._step(uow, caller, ticket, TicketAction.WITHDRAW)

    def finished(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """The exam was finished elsewhere: its ticket leaves the list."""
        self._follow(uow, caller, exam_id, TicketEvent.EXAM_FINISHED)

    def device_started(self, uow: UnitOfWork, exam_id: int) -> None:
        """A device began: 检查中 from any open state."""
        self._follow(uow, SYSTEM, exam_id, TicketEvent.DEVICE_STARTED)

    def device_gave_up(self, uow: UnitOfWork, exam_id: int) -> None:
        """A device stopped without result: 检查中 becomes 等待."""
        ticket = self._of_exam(uow, exam_id)
        if ticket is not None and ticket.state == TicketState.EXAMINING.value:
            self._step(uow, SYSTEM, ticket, TicketEvent.DEVICE_GAVE_UP)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _follow(self, uow: UnitOfWork, caller: Caller, exam_id: int, event: TicketEvent) -> None:
        ticket = self._of_exam(uow, exam_id)
        if ticket is not None and ticket.state in _OPEN:
            self._step(uow, caller, ticket, event)

    def _issue(self, uow: UnitOfWork, caller: Caller, ticket: Ticket | None, place: QueuePlace, day: date) -> None:
        if ticket is None:
            ticket = Ticket(
                version=0, exam_id=place.exam_id, state=TicketState.WITHDRAWN.value, call_count=0, forgiven_version=0
            )
        number = self._number(uow, place.room_id, day)
        ticket.day, ticket.room_id, ticket.number = day, place.room_id, number
        ticket.called_at, ticket.call_count, ticket.last_call_id = None, 0, None
        _rank(ticket, place)
        uow.session.add(ticket)
        self._step(uow, caller, ticket, TicketEvent.ISSUED)

    def _reorder(self, uow: UnitOfWork, caller: Caller, ticket: Ticket, place: QueuePlace) -> None:
        has_new_place = ticket.planned_at != place.planned_at or ticket.patient_type != place.patient_type.value
        if ticket.room_id != place.room_id:
            self._move(uow, caller, ticket, place.room_id)
        if has_new_place:
            _rank(ticket, place)
            ticket.touch()
            self._tell(uow, ticket)

    def _move(self, uow: UnitOfWork, caller: Caller, ticket: Ticket, room_id: int) -> None:
        self._step(uow, caller, ticket, TicketAction.CHANGE_ROOM)
        ticket.room_id = room_id
        ticket.number = self._number(uow, room_id, ticket.day)

    def _number(self, uow: UnitOfWork, room_id: int, day: date) -> str:
        letter = self._organisation.hospital(uow).queue_letters[room_id]
        return ticket_number(letter, next_number(uow.session, f"ticket/{room_id}/{day:%y%m%d}"))

    def _called(self, uow: UnitOfWork, caller: Caller, ticket: Ticket) -> TicketView:
        self._step(uow, caller, ticket, call_action(TicketState(ticket.state)))
        hospital = self._organisation.hospital(uow)
        name = self._exams.rows(uow, SYSTEM, [ticket.exam_id])[ticket.exam_id].patient_name
        room = hospital.rooms[ticket.room_id]
        call = CallRow(
            ticket_id=ticket.id,
            room_id=room.id,
            number=ticket.number,
            masked_name=masked(name),
            spoken_text=spoken_text(ticket.number, name if self._settings.speaks_name else "", room.spoken_name),
            spoken_text_en=spoken_text_en(ticket.number, hospital.spoken_en[room.id]),
            called_at=self._time.now(),
            called_by=caller.name[:64],
        )
        uow.session.add(call)
        uow.session.flush()
        ticket.called_at, ticket.last_call_id = call.called_at, call.id
        ticket.call_count += 1
        uow.publish(TicketCalled(ticket_id=ticket.id, room_id=room.id, call_id=call.id))
        return self._view(uow, caller, ticket)

    def _step(self, uow: UnitOfWork, caller: Caller, ticket: Ticket, action: TicketAction | TicketEvent) -> None:
        """Take one step of the table: state, record, version. Raises ILLEGAL_ACTION with the present state."""
        before = TicketState(ticket.state)
        try:
            transition = step(before, action, self._facts(uow, ticket, action))
        except NotAllowed as refusal:
            raise illegal_action(before.value, str(refusal)) from None
        ticket.state = transition.next_state.value
        ticket.forgiven_version = 0
        ticket.touch()
        uow.session.flush()
        if before is TicketState.CALLING:
            self._end_calls(uow, ticket)
        uow.session.add(
            TicketStepRow(
                ticket_id=ticket.id,
                at=self._time.now(),
                action=action.value,
                from_state=before.value,
                to_state=ticket.state,
                fact=transition.fact,
                user_name=caller.name[:64],
            )
        )
        self._tell(uow, ticket)

    def _settle(self, uow: UnitOfWork, ticket: Ticket) -> None:
        """Make 呼叫中 that has lasted too long 已呼 in the row too; no edit, so the version stays."""
        state = self._present(ticket)
        if state.value != ticket.state:
            ticket.state = state.value
            self._end_calls(uow, ticket)

    def _end_calls(self, uow: UnitOfWork, ticket: Ticket) -> None:
        uow.session.execute(
            update(CallRow)
            .where(CallRow.ticket_id == ticket.id, CallRow.over_at.is_(None))
            .values(over_at=self._time.now())
        )

    def _expected(self, uow: UnitOfWork, ticket_id: int, version: int) -> Ticket:
        ticket = self._row(uow, ticket_id)
        if version != ticket.version and not (ticket.forgiven_version and version == ticket.forgiven_version):
            raise stale(ticket.version)
        self._settle(uow, ticket)
        return ticket

    def _row(self, uow: UnitOfWork, ticket_id: int) -> Ticket:
        """Return the ticket, locked after its exam: everybody takes the two in this order."""
        exam_id = uow.session.scalars(select(Ticket.exam_id).where(Ticket.id == ticket_id)).one_or_none()
        if exam_id is None:
            raise not_found("排队记录")
        self._exams.lock(uow, exam_id)
        return uow.session.scalars(select(Ticket).where(Ticket.id == ticket_id).with_for_update()).one()

    def _of_exam(self, uow: UnitOfWork, exam_id: int) -> Ticket | None:
        query = select(Ticket).where(Ticket.exam_id == exam_id).with_for_update()
        return uow.session.scalars(query).one_or_none()

    def _of_exams(self, uow: UnitOfWork, exam_ids: Collection[int]) -> Sequence[Ticket]:
        return uow.session.scalars(select(Ticket).where(Ticket.exam_id.in_(exam_ids))).all() if exam_ids else ()

    def _facts(self, uow: UnitOfWork, ticket: Ticket, action: TicketAction | TicketEvent) -> TicketFacts:
        is_start = action is TicketAction.START  # only its guard asks for the room
        return TicketFacts(
            is_of_today=ticket.day == self._time.today(),
            is_room_busy=is_start and self._is_blocked(ticket, self._busy(uow, [ticket.room_id])),
        )

    def _busy(self, uow: UnitOfWork, room_ids: Collection[int]) -> dict[int, set[int]]:
        """Return the tickets in 检查中 by room; empty where the hospital does not want the guard."""
        if not self._settings.one_patient_per_room:
            return {}
        is_examining = Ticket.state == TicketState.EXAMINING.value
        busy: dict[int, set[int]] = {}
        for room_id, ticket_id in uow.session.execute(
            select(Ticket.room_id, Ticket.id).where(Ticket.room_id.in_(room_ids), is_examining)
        ):
            busy.setdefault(room_id, set()).add(ticket_id)
        return busy

    def _is_blocked(self, ticket: Ticket, busy: dict[int, set[int]]) -> bool:
        return bool(busy.get(ticket.room_id, set()) - {ticket.id})

    def _present(self, ticket: Ticket) -> TicketState:
        return present_state(
            TicketState(ticket.state), ticket.called_at, self._time.now(), self._settings.announcement_limit
        )

    def _rooms(self, uow: UnitOfWork, campus_id: int | None, room_id: int | None) -> list[int]:
        return [
            room.id
            for room in self._organisation.hospital(uow).view.rooms
            if campus_id in (None, room.campus_id) and room_id in (None, room.id)
        ]

    def _tell(self, uow: UnitOfWork, ticket: Ticket) -> None:
        uow.publish(Changed(entity="ticket", id=ticket.id, version=ticket.version))

    def _view(self, uow: UnitOfWork, caller: Caller, ticket: Ticket) -> TicketView:
        uow.session.flush()
        return self._views(uow, caller, [ticket])[0]

    def _views(self, uow: UnitOfWork, caller: Caller, tickets: Sequence[Ticket]) -> tuple[TicketView, ...]:
        if not tickets:
            return ()
        rooms = {ticket.room_id for ticket in tickets}
        rows = self._exams.rows(uow, caller, [ticket.exam_id for ticket in tickets])
        positions = self._positions(uow, rooms)
        busy = self._busy(uow, rooms)
        hospital = self._organisation.hospital(uow)
        return tuple(
            self._ticket_view(caller, ticket, rows[ticket.exam_id], positions.get(ticket.id, 0), busy, hospital)
            for ticket in tickets
        )

    def _ticket_view(
        self,
        caller: Caller,
        ticket: Ticket,
        row: ExamRow,
        position: int,
        busy: dict[int, set[int]],
        hospital: Hospital,
    ) -> TicketView:
        state = self._present(ticket)
        facts = TicketFacts(is_of_today=ticket.day == self._time.today(), is_room_busy=self._is_blocked(ticket, busy))
        return TicketView(
            id=ticket.id,
            version=ticket.version,
            exam_id=ticket.exam_id,
            exam_version=row.version,
            number=ticket.number,
            position=position,
            state=state,
            room_id=ticket.room_id,
            room_name=hospital.rooms[ticket.room_id].name,
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
            allowed=allowed_actions(state, facts, caller.permissions),
        )

    def _positions(self, uow: UnitOfWork, room_ids: Collection[int]) -> dict[int, int]:
        """Return the place of each waiting ticket of today in its own room, 1 is next."""
        rows = uow.session.execute(
            select(Ticket.id, Ticket.room_id)
            .where(
                Ticket.room_id.in_(room_ids),
                Ticket.day == self._time.today(),
                Ticket.state == TicketState.WAITING.value,
            )
            .order_by(Ticket.priority, Ticket.rank_at, Ticket.id)
        )
        counts: dict[int, int] = {}
        positions: dict[int, int] = {}
        for ticket_id, room_id in rows:
            counts[room_id] = counts.get(room_id, 0) + 1
            positions[ticket_id] = counts[room_id]
        return positions


def _rank(ticket: Ticket, place: QueuePlace) -> None:
    ticket.patient_type, ticket.priority = place.patient_type.value, PRIORITIES[place.patient_type]
    ticket.planned_at = ticket.rank_at = place.planned_at
