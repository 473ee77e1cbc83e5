"""First-free search over rooms, and the load of a room; both look at many days at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta

from sqlalchemy import select

from server.exams.rules import NotAllowed, step
from server.exams.scheduling.availability import Availability, Demand, SlotFact
from server.exams.scheduling.plans import PlanBook
from server.exams.scheduling.rules import DayPlan
from server.exams.scheduling.tables import SlotDayRow
from server.exams.slots import SlotBook
from server.exams.tables import BookingRow, SlotRow
from server.exams.tables import ExamTableRow as Exam
from server.exams.views import facts_of
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.organisation.service import OrganisationService
from shared.contract.scheduling import BookingView, FindFreeSlots, FreeSlot, LoadDay, RoomLoad
from shared.domain.states import ExamAction, ExamState, PatientType, VisitKind

MOST_DAYS = 14
_FIRST_STRIDE, _STRIDE = 7, 28
"""Days looked at in one question: few at first, because the answer is usually near."""
_MOST_FOUND = 50


class Unmade(Exception):
    """Days (room, day) whose slots must be made before the question can be answered."""

    def __init__(self, days: Iterable[tuple[int, date]]) -> None:
        super().__init__("slots have to be made first")
        self.days = tuple(days)


class SlotSearch:
    """Reads only; raises Unmade where a day has no slots yet, and whoever may write makes them and asks again."""

    def __init__(self, time: HospitalTime, organisation: OrganisationService, slots: SlotBook) -> None:
        self._time = time
        self._organisation = organisation
        self._slots = slots

    def find_free(
        self, uow: UnitOfWork, request: FindFreeSlots, room_ids: Collection[int] | None = None
    ) -> tuple[FreeSlot, ...]:
        """Return the earliest slots, at most one per room and day, of `room_ids` or all. Raises INVALID, Unmade."""
        hospital = self._organisation.hospital(uow)
        hospital.exam_type(request.exam_type)
        campus = request.campus_id
        rooms = [
            room
            for room in hospital.view.rooms
            if request.exam_type in room.exam_types
            and campus in (None, room.campus_id)
            and (room_ids is None or room.id in room_ids)
        ]
        demand = self._slots.demand(uow, request.kind, request.exam_type, request.item_codes)
        not_before = request.not_before or self._time.now()
        if not_before.tzinfo is None:
            raise invalid("not_before", "开始时间必须带时区。")
        not_before = min(not_before, self._time.now() + timedelta(days=400))
        today = self._time.today()
        last = today + timedelta(days=min(demand.horizon_days, 365))
        limit = min(max(request.limit, 1), _MOST_FOUND)
        found: list[FreeSlot] = []
        day = max(today, self._time.local(max(not_before, self._time.now())).date())
        room_ids = [room.id for room in rooms]
        book = self._slots.plans.book(uow, room_ids, day, max(day, last))
        stride = _FIRST_STRIDE
        while rooms and day <= last and len(found) < limit:
            until = min(day + timedelta(days=stride - 1), last)
            offers = self._offers(uow, book, room_ids, day, until, demand, may_imagine=True)
            stride = _STRIDE
            for one in _days(day, until):
                free = []
                for room in rooms:
                    view = offers[room.id, one].first_free(not_before)
                    if view is not None:
                        free.append(FreeSlot(slot=view, campus_id=room.campus_id, minutes=demand.minutes))
                found += sorted(free, key=lambda f: (f.slot.starts_at, f.slot.room_id))
                if len(found) >= limit:
                    break
            day = until + timedelta(days=1)
        found = found[:limit]
        imagined = [one for one in found if one.slot.id < 0]
        if imagined:
            raise Unmade((one.slot.room_id, self._time.local(one.slot.starts_at).date()) for one in imagined)
        return tuple(found)

    def load(self, uow: UnitOfWork, caller: Caller, request: RoomLoad) -> tuple[LoadDay, ...]:
        """Return the days of a room with slots and appointments. Raises INVALID, Unmade."""
        self._organisation.hospital(uow).room(request.room_id)
        if not 1 <= request.days <= MOST_DAYS:
            raise invalid("days", f"一次最多查看 {MOST_DAYS} 天。")
        self._demand_near(request.first_day)
        last = request.first_day + timedelta(days=request.days - 1)
        book = self._slots.plans.book(uow, [request.room_id], request.first_day, last)
        offers = self._offers(uow, book, [request.room_id], request.first_day, last, Demand())
        bookings = self._bookings(uow, caller, request.room_id, request.first_day, last)
        days = []
        for day in _days(request.first_day, last):
            views = offers[request.room_id, day].views()
            days.append(
                LoadDay(
                    room_id=request.room_id,
                    day=day,
                    slots=views,
                    bookings=tuple(bookings.get(day, ())),
                    note=book.plan(request.room_id, day).note,
                    places=sum(view.capacity for view in views),
                    taken=sum(view.taken for view in views),
                )
            )
        return tuple(days)

    def _demand_near(self, day: date) -> None:
        if abs(day - self._time.today()) > timedelta(days=350):
            raise invalid("first_day", "只能查看前后一年之内的日期。")

    def _offers(
        self,
        uow: UnitOfWork,
        book: PlanBook,
        room_ids: Sequence[int],
        first: date,
        last: date,
        demand: Demand,
        *,
        may_imagine: bool = False,
    ) -> dict[tuple[int, date], Availability]:
        """Return what every room and day offers; days not made yet are imagined from their plan, or raise Unmade."""
        made = {
            (room_id, day)
            for room_id, day in uow.session.execute(
                select(SlotDayRow.room_id, SlotDayRow.day).where(
                    SlotDayRow.room_id.in_(room_ids), SlotDayRow.day >= first, SlotDayRow.day <= last
                )
            )
        }
        unmade = [(room_id, day) for room_id in room_ids for day in _days(first, last) if (room_id, day) not in made]
        if unmade and not may_imagine:
            raise Unmade(unmade)
        facts = self._slots.facts(uow, room_ids, first, last)
        for room_id, day in unmade:
            facts[room_id, day] = self._imagined(room_id, day, book.plan(room_id, day))
        return {
            (room_id, day): Availability(
                self._time, day, book.plan(room_id, day), book.schedules[room_id], facts.get((room_id, day), ()), demand
            )
            for room_id in room_ids
            for day in _days(first, last)
        }

    def _imagined(self, room_id: int, day: date, plan: DayPlan) -> tuple[SlotFact, ...]:
        moment = self._slots.moment
        return tuple(
            SlotFact(-1 - index, room_id, moment(day, start), moment(day, end), capacity, {})
            for index, (start, end, capacity) in enumerate(plan.slots())
        )

    def _bookings(
        self, uow: UnitOfWork, caller: Caller, room_id: int, first: date, last: date
    ) -> dict[date, list[BookingView]]:
        rows = uow.session.execute(
            select(BookingRow, SlotRow, Exam)
            .join(SlotRow, SlotRow.id == BookingRow.slot_id)
            .join(Exam, Exam.id == BookingRow.exam_id)
            .where(SlotRow.room_id == room_id, SlotRow.day >= first, SlotRow.day <= last)
            .order_by(SlotRow.starts_at, Exam.priority, Exam.id)
        )
        found: dict[date, list[BookingView]] = {}
        for booking, slot, exam in rows:
            length = round((slot.ends_at - slot.starts_at).total_seconds() / 60)
            found.setdefault(slot.day, []).append(
                BookingView(
                    exam_id=exam.id,
                    version=exam.version,
                    slot_id=slot.id,
                    starts_at=slot.starts_at,
                    minutes=max(length, booking.minutes),
                    patient_name=exam.patient_name,
                    accession_number=exam.accession_number,
                    exam_type=exam.exam_type,
                    items=exam.items_text,
                    kind=VisitKind(booking.kind),
                    patient_type=PatientType(exam.patient_type),
                    state=ExamState(exam.state),
                    is_no_show=exam.is_no_show,
                    may_move=_may_move(exam, caller),
                    is_stranded=slot.capacity == 0,
                )
            )
        return found


def _may_move(exam: Exam, caller: Caller) -> bool:
    try:
        return step(ExamState(exam.state), ExamAction.RESCHEDULE, facts_of(exam)).permission in caller.permissions
    except NotAllowed:
        return False


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
