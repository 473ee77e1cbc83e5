"""Use cases of the queue: tickets, calling, the steps at the room, and what the hall display shows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import and_, func, or_, select, update

from server.exams.ports import QueuePlace, TicketFact
from server.exams.service import ExamService
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork, next_number
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import illegal_action, invalid, not_found, stale
from server.organisation.service import OrganisationService
from server.queueing.board import HallBoard
from server.queueing.order import in_order, rank_of_return
from server.queueing.policy import QueuePolicy
from server.queueing.rules import (
    OPEN,
    PRIORITIES,
    NotAllowed,
    TicketEvent,
    call_action,
    spoken_text,
    spoken_text_en,
    step,
    ticket_number,
)
from server.queueing.tables import CallRow, TicketStepRow
from server.queueing.tables import TicketRow as Ticket
from server.queueing.views import TicketViews
from server.queueing.waiting import WaitingTimes
from shared.contract.base import Changed, TicketCalled
from shared.contract.queueing import (
    BoardView,
    CallTicket,
    ChangeRoom,
    FinishTicket,
    GetQueue,
    PassTicket,
    PauseRoom,
    QueueRoomView,
    QueueRules,
    QueueView,
    SaveQueueRoom,
    StartTicket,
    TicketView,
    TransferQueue,
    TransferView,
)
from shared.dicomkit.names import masked
from shared.domain.states import TicketAction, TicketState

_OPEN = [state.value for state in OPEN]
_WAITING = TicketState.WAITING.value
_STANDING = (Ticket.id, Ticket.state, Ticket.patient_type, Ticket.rank_at)


class QueueService:
    """Tickets and calls. Methods work in the caller's unit of work and never commit.

    Implements `server.exams.ports.QueueDesk`. `defaults` are the rules until the hospital saves its own.
    """

    def __init__(
        self,
        time: HospitalTime,
        organisation: OrganisationService,
        exams: ExamService,
        defaults: QueueRules | None = None,
    ) -> None:
        self._time = time
        self._organisation = organisation
        self._exams = exams
        self.policy = QueuePolicy(organisation, defaults)
        self.waiting = WaitingTimes(time, organisation, self.policy)
        self.views = TicketViews(time, organisation, exams, self.policy, self.waiting)
        self._board = HallBoard(time, organisation, exams, self.policy, self.waiting)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def get_queue(self, uow: UnitOfWork, caller: Caller, request: GetQueue) -> QueueView:
        """Return today's open tickets in order with their forecasts, and the counters of the campus's rooms."""
        rooms = [
            room_id
            for room_id in self._rooms(uow, request.campus_id)
            if caller.room_ids is None or room_id in caller.room_ids
        ]
        campus, wanted = rooms, {*request.room_ids, *(() if request.room_id is None else (request.room_id,))}
        rooms = [room_id for room_id in rooms if not wanted or room_id in wanted]
        today = Ticket.day == self._time.today()
        is_open = Ticket.state.in_(_OPEN)
        found = uow.session.scalars(
            select(Ticket).where(
                Ticket.room_id.in_(rooms), is_open, or_(today, Ticket.state == TicketState.EXAMINING.value)
            )
        ).all()
        tickets = in_order(self.policy.order(uow), found, self._time.now())
        if request.exam_type:
            tickets = [ticket for ticket in tickets if ticket.exam_type == request.exam_type]
        outlook = self.waiting.outlook(uow, rooms)
        views = self.views.many(uow, caller, tickets, outlook.tickets)
        counters = self.views.rooms(uow, campus, outlook.rooms)
        finished = sum(room.finished for room in counters if room.room_id in rooms)
        if request.exam_type:
            is_done = and_(Ticket.state == TicketState.DONE.value, Ticket.exam_type == request.exam_type)
            query = select(func.count()).select_from(Ticket).where(Ticket.room_id.in_(rooms), today, is_done)
            finished = uow.session.execute(query).scalar_one()
        return QueueView(
            tickets=views,
            waiting=sum(view.state is TicketState.WAITING for view in views),
            passed=sum(view.state is TicketState.PASSED for view in views),
            finished=finished,
            not_signed_in=sum(view.state is TicketState.NOT_SIGNED_IN for view in views),
            rooms=counters,
            forecast_error=self.waiting.error(uow),
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
        """Call the first waiting ticket of a room, or of its pool into the room (RIS-OPN-16).

        Raises NOT_FOUND when nobody waits, ILLEGAL_ACTION when the room is paused, INVALID.
        """
        self._organisation.hospital(uow).room(room_id)
        self.open_day(uow)
        pool = self.policy.pool_of(uow, room_id)
        next_number(uow.session, f"call/{pool[0]}")  # its row is the lock: two callers get two patients
        can = self._organisation.hospital(uow).rooms[room_id].exam_types
        waiting = uow.session.execute(
            select(*_STANDING, Ticket.room_id, Ticket.exam_type).where(
                Ticket.room_id.in_(pool), Ticket.day == self._time.today(), Ticket.state == _WAITING
            )
        ).all()
        for place in in_order(self.policy.order(uow), waiting, self._time.now()):
            if place.room_id != room_id and place.exam_type not in can:
                continue
            ticket = self._row(uow, place.id)
            if ticket.state != _WAITING:  # somebody pressed its own button meanwhile
                continue
            if ticket.room_id != room_id:
                self._exams.move_to_room(uow, caller, ticket.exam_id, room_id)
                self._move(uow, caller, ticket, room_id, keeps_number=True)
            return self._called(uow, caller, ticket)
        raise not_found("等待中的患者")

    def pass_ticket(self, uow: UnitOfWork, caller: Caller, request: PassTicket) -> TicketView:
        """过号. Raises CONFLICT, ILLEGAL_ACTION, NOT_FOUND."""
        ticket = self._expected(uow, request.ticket_id, request.version)
        self._step(uow, caller, ticket, TicketAction.PASS)
        ticket.passed_calls = 0
        return self.views.one(uow, caller, ticket)

    def sign_in(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> TicketView:
        """签到: 未签到 becomes 等待; who is too late takes the place of 重新签到. Raises ILLEGAL_ACTION, NOT_FOUND."""
        ticket = self._locked_of_exam(uow, exam_id)
        self._sign_in(uow, caller, ticket)
        return self.views.one(uow, caller, ticket)

    def sign_in_again(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> TicketView:
        """重新签到: back into the queue, by default behind the own priority class. Raises ILLEGAL_ACTION, NOT_FOUND."""
        ticket = self._locked_of_exam(uow, exam_id)
        self._settle(uow, ticket)
        self._step(uow, caller, ticket, TicketAction.SIGN_IN_AGAIN)
        self._put_back(uow, ticket)
        ticket.signed_in_at = self._time.now()
        return self.views.one(uow, caller, ticket)

    def start(self, uow: UnitOfWork, caller: Caller, request: StartTicket) -> TicketView:
        """开始检查: ticket and exam become 检查中. Raises CONFLICT, ILLEGAL_ACTION, NOT_FOUND."""
        ticket = self._expected(uow, request.ticket_id, request.version)
        next_number(uow.session, f"room/{ticket.room_id}")  # its row is the lock of the room: one start at a time
        self._step(uow, caller, ticket, TicketAction.START)
        self._exams.begin(uow, caller, ticket.exam_id)
        return self.views.one(uow, caller, ticket)

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
        return self.views.one(uow, caller, ticket)

    def transfer(self, uow: UnitOfWork, caller: Caller, request: TransferQueue) -> TransferView:
        """整体转移 of a room's queue, all in this step; numbers stay as they are printed. Raises INVALID, NOT_FOUND."""
        hospital = self._organisation.hospital(uow)
        source = hospital.room(request.from_room_id, "from_room_id")
        target = hospital.room(request.to_room_id, "to_room_id")
        if source.id == target.id:
            raise invalid("to_room_id", "请选择另一个检查室接收排队患者。")
        exam_ids = uow.session.scalars(
            select(Ticket.exam_id)
            .where(Ticket.room_id == source.id, Ticket.day == self._time.today(), Ticket.state.in_(_OPEN))
            .order_by(Ticket.exam_id)  # everybody who locks several exams does it in this order
        ).all()
        moved, left = list[Ticket](), list[Ticket]()
        for exam_id in exam_ids:
            ticket = self._locked_of_exam(uow, exam_id)
            if ticket.room_id != source.id or ticket.state not in _OPEN:
                continue  # gone in the meantime
            self._settle(uow, ticket)
            if ticket.state == TicketState.EXAMINING.value or ticket.exam_type not in target.exam_types:
                left.append(ticket)
                continue
            self._exams.move_to_room(uow, caller, ticket.exam_id, target.id)
            self._move(uow, caller, ticket, target.id, keeps_number=True)
            moved.append(ticket)
        if not moved:
            raise not_found(f"可以转到{target.name}的患者")
        if request.pause:
            reason = request.reason.strip() or f"患者已转到{target.name}"
            self.policy.pause(uow, caller, source.id, reason[:100])
        uow.session.flush()
        order, now = self.policy.order(uow), self._time.now()
        return TransferView(
            moved=self.views.many(uow, caller, in_order(order, moved, now)),
            left=self.views.many(uow, caller, in_order(order, left, now)),
        )

    def pause_room(self, uow: UnitOfWork, caller: Caller, request: PauseRoom) -> QueueRoomView:
        """暂停叫号. Raises INVALID."""
        self.policy.pause(uow, caller, request.room_id, request.reason)
        return self.views.rooms(uow, [request.room_id])[0]

    def resume_room(self, uow: UnitOfWork, room_id: int) -> QueueRoomView:
        """恢复叫号. Raises INVALID."""
        self.policy.resume(uow, room_id)
        return self.views.rooms(uow, [room_id])[0]

    def save_room(self, uow: UnitOfWork, caller: Caller, request: SaveQueueRoom) -> QueueRoomView:
        """Change a room's settings; without check-in its 未签到 patients wait at once. Raises INVALID."""
        self.policy.save_room(uow, request)
        if not request.check_in_required:
            for exam_id in uow.session.scalars(
                select(Ticket.exam_id)
                .where(Ticket.room_id == request.room_id, Ticket.state == TicketState.NOT_SIGNED_IN.value)
                .order_by(Ticket.exam_id)
            ).all():
                self._excuse(uow, caller, self._locked_of_exam(uow, exam_id))
        return self.views.rooms(uow, [request.room_id])[0]

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
            ticket.exam_id: TicketFact(self.views.present(uow, ticket), ticket.number)
            for ticket in self._of_exams(uow, exam_ids)
            if ticket.state != TicketState.WITHDRAWN.value
        }

    def enter(self, uow: UnitOfWork, caller: Caller, place: QueuePlace) -> None:
        """Make an exam stand where it belongs."""
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
        """Withdraw the ticket of a cancelled exam; a call that is being spoken is taken back."""
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

    # ── for the kiosk ────────────────────────────────────────────────────────────────────────────

    def check_in(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> tuple[Ticket | None, bool]:
        """Sign a patient in who stands before a kiosk; return the ticket, and whether this step did it.

        Who waits already without having signed in (the room does not ask for it) is noted as being here.
        """
        self._exams.lock(uow, exam_id)
        ticket = self._of_exam(uow, exam_id)
        if ticket is None or ticket.day != self._time.today():
            return None, False
        if ticket.state == TicketState.NOT_SIGNED_IN.value:
            self._sign_in(uow, caller, ticket)
            return ticket, True
        is_new = ticket.state == _WAITING and ticket.signed_in_at is None
        if is_new:
            ticket.signed_in_at = self._time.now()
            ticket.touch()
            self._tell(uow, ticket)
        return ticket, is_new

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _follow(self, uow: UnitOfWork, caller: Caller, exam_id: int, event: TicketEvent) -> None:
        ticket = self._of_exam(uow, exam_id)
        if ticket is not None and ticket.state in _OPEN:
            self._step(uow, caller, ticket, event)

    def _issue(self, uow: UnitOfWork, caller: Caller, ticket: Ticket | None, place: QueuePlace, day: date) -> None:
        if ticket is None:
            ticket = Ticket(version=0, exam_id=place.exam_id, state=TicketState.WITHDRAWN.value, forgiven_version=0)
        number = self._number(uow, place.room_id, day)
        ticket.day, ticket.room_id, ticket.number = day, place.room_id, number
        ticket.exam_type = place.exam_type
        ticket.called_at = ticket.first_called_at = ticket.started_at = ticket.signed_in_at = None
        ticket.call_count = ticket.passed_calls = ticket.returns = 0
        ticket.last_call_id = None
        _rank(ticket, place)
        uow.session.add(ticket)
        expected = self.policy.rooms(uow)[place.room_id].check_in_required
        self._step(uow, caller, ticket, TicketEvent.EXPECTED if expected else TicketEvent.ISSUED)

    def _reorder(self, uow: UnitOfWork, caller: Caller, ticket: Ticket, place: QueuePlace) -> None:
        has_new_place = ticket.planned_at != place.planned_at or ticket.patient_type != place.patient_type.value
        if ticket.room_id != place.room_id:
            self._move(uow, caller, ticket, place.room_id)
        if has_new_place:
            _rank(ticket, place)
            ticket.touch()
            self._tell(uow, ticket)

    def _move(
        self, uow: UnitOfWork, caller: Caller, ticket: Ticket, room_id: int, *, keeps_number: bool = False
    ) -> None:
        self._step(uow, caller, ticket, TicketAction.CHANGE_ROOM)
        ticket.room_id = room_id
        if not keeps_number:
            ticket.number = self._number(uow, room_id, ticket.day)
        if not self.policy.rooms(uow)[room_id].check_in_required:
            self._excuse(uow, caller, ticket)

    def _excuse(self, uow: UnitOfWork, caller: Caller, ticket: Ticket) -> None:
        if ticket.state == TicketState.NOT_SIGNED_IN.value:
            self._step(uow, caller, ticket, TicketEvent.EXCUSED)

    def _sign_in(self, uow: UnitOfWork, caller: Caller, ticket: Ticket) -> None:
        self._step(uow, caller, ticket, TicketAction.SIGN_IN)
        now, late = self._time.now(), self.policy.rules(uow).late_minutes
        ticket.signed_in_at = now
        if late and (now - ticket.planned_at).total_seconds() > late * 60:
            self._put_back(uow, ticket)

    def _put_back(self, uow: UnitOfWork, ticket: Ticket) -> None:
        """Give a ticket the place of 重新签到 among those who wait in its room."""
        others = uow.session.execute(
            select(*_STANDING).where(
                Ticket.room_id == ticket.room_id,
                Ticket.day == ticket.day,
                Ticket.state == _WAITING,
                Ticket.id != ticket.id,
            )
        ).all()
        ticket.rank_at = rank_of_return(self.policy.order(uow), ticket.patient_type, others, self._time.now())

    def _number(self, uow: UnitOfWork, room_id: int, day: date) -> str:
        letter = self._organisation.hospital(uow).queue_letters[room_id]
        return ticket_number(letter, next_number(uow.session, f"ticket/{room_id}/{day:%y%m%d}"))

    def _called(self, uow: UnitOfWork, caller: Caller, ticket: Ticket) -> TicketView:
        is_fresh = ticket.state == _WAITING
        self._step(uow, caller, ticket, call_action(TicketState(ticket.state)))
        hospital = self._organisation.hospital(uow)
        name = self._exams.rows(uow, SYSTEM, [ticket.exam_id])[ticket.exam_id].patient_name
        room = hospital.rooms[ticket.room_id]
        says_name = self.policy.rules(uow).speaks_name
        call = CallRow(
            ticket_id=ticket.id,
            room_id=room.id,
            number=ticket.number,
            masked_name=masked(name),
            spoken_text=spoken_text(ticket.number, name if says_name else "", room.spoken_name),
            spoken_text_en=spoken_text_en(ticket.number, hospital.spoken_en[room.id]),
            called_at=self._time.now(),
            called_by=caller.name[:64],
        )
        uow.session.add(call)
        uow.session.flush()
        ticket.called_at, ticket.last_call_id = call.called_at, call.id
        ticket.call_count += 1
        self.waiting.called(uow, ticket)
        if is_fresh:
            self._count_for_passed(uow, ticket)
        uow.publish(TicketCalled(ticket_id=ticket.id, room_id=room.id, call_id=call.id))
        return self.views.one(uow, caller, ticket)

    def _count_for_passed(self, uow: UnitOfWork, called: Ticket) -> None:
        """Another patient was called: who was passed long enough waits again, by the hospital's rule."""
        rules = self.policy.rules(uow)
        if not rules.passed_return_calls:
            return
        passed = uow.session.scalars(
            select(Ticket)
            .where(
                Ticket.room_id == called.room_id,
                Ticket.day == called.day,
                Ticket.state == TicketState.PASSED.value,
                Ticket.returns < rules.passed_return_times,
            )
            .order_by(Ticket.rank_at, Ticket.id)
            .with_for_update(skip_locked=True)  # one that somebody works on counts the next call
        ).all()
        for ticket in passed:
            ticket.passed_calls += 1
            if ticket.passed_calls >= rules.passed_return_calls:
                self._step(uow, SYSTEM, ticket, TicketEvent.RETURNED)
                ticket.returns += 1
                self._put_back(uow, ticket)

    def _step(self, uow: UnitOfWork, caller: Caller, ticket: Ticket, action: TicketAction | TicketEvent) -> None:
        """Take one step of the table: state, record, version. Raises ILLEGAL_ACTION with the present state."""
        before = TicketState(ticket.state)
        busy = self.views.busy(uow, [ticket.room_id]) if action is TicketAction.START else {}  # only its guard asks
        try:
            transition = step(before, action, self.views.facts(uow, ticket, busy))
        except NotAllowed as refusal:
            raise illegal_action(before.value, str(refusal)) from None
        ticket.state = transition.next_state.value
        ticket.forgiven_version = 0
        ticket.touch()
        self._note_times(uow, ticket, before)
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

    def _note_times(self, uow: UnitOfWork, ticket: Ticket, before: TicketState) -> None:
        after = TicketState(ticket.state)
        if after is TicketState.EXAMINING and before is not after:
            ticket.started_at = self._time.now()
            self.waiting.called(uow, ticket)
        elif after is TicketState.DONE:
            self.waiting.done(uow, ticket)
        elif before is TicketState.EXAMINING and after is not before:
            ticket.started_at = None

    def _settle(self, uow: UnitOfWork, ticket: Ticket) -> None:
        """Make 呼叫中 that has lasted too long 已呼 in the row too; no edit, so the version stays."""
        state = self.views.present(uow, ticket)
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
        return self._locked_of_exam(uow, exam_id)

    def _locked_of_exam(self, uow: UnitOfWork, exam_id: int) -> Ticket:
        self._exams.lock(uow, exam_id)
        ticket = self._of_exam(uow, exam_id)
        if ticket is None:
            raise not_found("排队记录")
        return ticket

    def _of_exam(self, uow: UnitOfWork, exam_id: int) -> Ticket | None:
        query = select(Ticket).where(Ticket.exam_id == exam_id).with_for_update()
        return uow.session.scalars(query).one_or_none()

    def _of_exams(self, uow: UnitOfWork, exam_ids: Collection[int]) -> Sequence[Ticket]:
        return uow.session.scalars(select(Ticket).where(Ticket.exam_id.in_(exam_ids))).all() if exam_ids else ()

    def _rooms(self, uow: UnitOfWork, campus_id: int | None) -> list[int]:
        rooms = self._organisation.hospital(uow).view.rooms
        return [room.id for room in rooms if campus_id in (None, room.campus_id)]

    def _tell(self, uow: UnitOfWork, ticket: Ticket) -> None:
        uow.publish(Changed(entity="ticket", id=ticket.id, version=ticket.version))


def _rank(ticket: Ticket, place: QueuePlace) -> None:
    ticket.patient_type, ticket.priority = place.patient_type.value, PRIORITIES[place.patient_type]
    ticket.planned_at = ticket.rank_at = place.planned_at
