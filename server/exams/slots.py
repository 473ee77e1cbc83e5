"""Appointment slots: made from a room's plan when first asked for, and never sold beyond their capacity."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select

from server.exams.rules import Opening
from server.exams.scheduling.availability import Availability, Demand, SlotFact
from server.exams.scheduling.plans import Plans
from server.exams.scheduling.rules import DayPlan
from server.exams.scheduling.tables import BookingSlotRow, SlotDayRow
from server.exams.tables import BookingRow, RoomHoursRow, SlotRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork, next_number
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from server.organisation.service import OrganisationService
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.exams import SlotOffer, SlotView
from shared.domain.states import VisitKind

HOLD = timedelta(minutes=5)
FURTHEST = timedelta(days=366)
_OUTPATIENT = Demand()


class SlotBook:
    """Who has which slot. Places of a room's day are given under the lock of that day's row, so none is given twice."""

    def __init__(self, time: HospitalTime, organisation: OrganisationService, *, hold: timedelta = HOLD) -> None:
        self._time = time
        self._organisation = organisation
        self._hold = hold
        self.plans = Plans(organisation)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def demand(
        self, uow: UnitOfWork, kind: VisitKind, exam_type: str, item_codes: Sequence[str], exam_id: int | None = None
    ) -> Demand:
        """Return what a booking of these items asks of a slot."""
        rule = self.plans.slot_rules(uow).get(exam_type)
        minutes = self.plans.minutes(uow, exam_type, item_codes)
        if rule is None:
            return Demand(kind, minutes, exam_id)
        return Demand(kind, minutes, exam_id, timedelta(minutes=rule.lead_minutes), rule.horizon_days)

    def is_made(self, uow: UnitOfWork, room_id: int, day: date) -> bool:
        """Tell whether the slots of a day exist (a closed day has none)."""
        row = select(SlotDayRow.id).where(SlotDayRow.room_id == room_id, SlotDayRow.day == day)
        return uow.session.scalars(row).one_or_none() is not None

    def list_day(self, uow: UnitOfWork, room_id: int, day: date, demand: Demand = _OUTPATIENT) -> tuple[SlotView, ...]:
        """Return the slots of a room and day that exist already, in order of time, with what they offer."""
        return self.availability(uow, room_id, day, demand).views()

    def availability(self, uow: UnitOfWork, room_id: int, day: date, demand: Demand) -> Availability:
        """Return what a made day offers to one demand."""
        book = self.plans.book(uow, [room_id], day, day)
        facts = self.facts(uow, [room_id], day, day, demand.exam_id).get((room_id, day), ())
        return Availability(self._time, day, book.plan(room_id, day), book.schedules[room_id], facts, demand)

    def facts(
        self,
        uow: UnitOfWork,
        room_ids: Collection[int],
        first: date,
        last: date,
        exam_id: int | None = None,
    ) -> dict[tuple[int, date], tuple[SlotFact, ...]]:
        """Return the made slots of rooms and days with who uses them; the bookings of `exam_id` do not count."""
        is_wanted = and_(SlotRow.room_id.in_(room_ids), SlotRow.day >= first, SlotRow.day <= last)
        used: dict[int, dict[VisitKind, int]] = {}
        for slot_id, kind, count in self._used(uow, is_wanted, exam_id):
            kinds = used.setdefault(slot_id, {})
            kinds[VisitKind(kind)] = kinds.get(VisitKind(kind), 0) + count
        columns = (SlotRow.id, SlotRow.room_id, SlotRow.day, SlotRow.starts_at, SlotRow.ends_at, SlotRow.capacity)
        found: dict[tuple[int, date], list[SlotFact]] = {}
        for row in uow.session.execute(select(*columns).where(is_wanted).order_by(SlotRow.starts_at)):
            fact = SlotFact(row.id, row.room_id, row.starts_at, row.ends_at, row.capacity, used.get(row.id, {}))
            found.setdefault((row.room_id, row.day), []).append(fact)
        return {key: tuple(facts) for key, facts in found.items()}

    def get(self, uow: UnitOfWork, slot_id: int) -> SlotView:
        """Return a slot. Raises NOT_FOUND."""
        row = self._row(uow, slot_id)
        return next(view for view in self.list_day(uow, row.room_id, row.day) if view.id == slot_id)

    def slot_of(self, uow: UnitOfWork, exam_id: int) -> SlotView | None:
        """Return the first slot of an exam."""
        booking = self._booking_of(uow, exam_id)
        return None if booking is None else self.get(uow, booking.slot_id)

    def with_slots(self, uow: UnitOfWork, exam_ids: Collection[int]) -> frozenset[int]:
        """Return those of the exams that have a slot."""
        query = select(BookingRow.exam_id).where(BookingRow.exam_id.in_(exam_ids))
        return frozenset(exam_id for exam_id in uow.session.scalars(query) if exam_id is not None)

    def day_note(self, uow: UnitOfWork, room_id: int, day: date) -> str:
        """Return why a day differs from the week: the words of the calendar."""
        return self.plans.book(uow, [room_id], day, day).plan(room_id, day).note

    # ── making ───────────────────────────────────────────────────────────────────────────────────

    def make_day(self, uow: UnitOfWork, room_id: int, day: date, demand: Demand = _OUTPATIENT) -> tuple[SlotView, ...]:
        """Make the slots of a room and day unless they exist, and return them. Raises INVALID."""
        self._organisation.hospital(uow).room(room_id)
        if not self._time.today() - FURTHEST <= day <= self._time.today() + FURTHEST:
            raise invalid("day", "只能预约一年之内的日期。")
        # the counter's row is the lock while there is no row of the day yet: a second maker waits here
        next_number(uow.session, f"slots/{room_id}/{day:%y%m%d}")
        if not self.is_made(uow, room_id, day):
            uow.session.add(SlotDayRow(room_id=room_id, day=day, version=1))
            uow.session.flush()
            self._fit(uow, room_id, day, self.plans.book(uow, [room_id], day, day).plan(room_id, day))
        return self.list_day(uow, room_id, day, demand)

    def replan(self, uow: UnitOfWork, room_ids: Collection[int], first: date, last: date) -> tuple[int, ...]:
        """Make days that exist already follow a changed plan; return the exams whose slot is no longer offered."""
        days = uow.session.scalars(
            select(SlotDayRow)
            .where(SlotDayRow.room_id.in_(room_ids), SlotDayRow.day >= first, SlotDayRow.day <= last)
            .order_by(SlotDayRow.room_id, SlotDayRow.day)
            .with_for_update()
        ).all()
        if not days:
            return ()
        book = self.plans.book(uow, {row.room_id for row in days}, first, last)
        stranded: list[int] = []
        for row in days:
            row.version += 1
            stranded += self._fit(uow, row.room_id, row.day, book.plan(row.room_id, row.day))
            uow.publish(Changed(entity="slots", id=row.room_id, version=row.version))
        return tuple(stranded)

    def set_hours(self, uow: UnitOfWork, room_id: int, openings: Sequence[Opening]) -> None:
        """Replace the hours of a room; days whose slots were made already keep them until they are planned again."""
        self._organisation.hospital(uow).room(room_id)
        uow.session.execute(delete(RoomHoursRow).where(RoomHoursRow.room_id == room_id))
        for opening in openings:
            uow.session.add(
                RoomHoursRow(
                    room_id=room_id,
                    weekday=opening.weekday,
                    opens_minute=opening.opens.hour * 60 + opening.opens.minute,
                    closes_minute=opening.closes.hour * 60 + opening.closes.minute,
                    slot_minutes=opening.slot_minutes,
                    capacity=opening.capacity,
                    quotas="",
                )
            )

    # ── giving places ────────────────────────────────────────────────────────────────────────────

    def hold(
        self, uow: UnitOfWork, caller: Caller, slot_id: int, demand: Demand = _OUTPATIENT, *, only: bool = False
    ) -> SlotView:
        """Keep a place for a clerk who is still typing; it expires by itself. Raises SLOT_TAKEN, NOT_FOUND, INVALID.

        With `only` it is the only place that the clerk holds from now on.
        """
        row = self._lock(uow, slot_id)
        self._release_holds(uow, caller, [row.id])
        if only:
            self._release_all_holds(uow, caller)
        expires_at = self._time.now() + self._hold
        self._take(uow, caller, row, demand, exam_id=None, expires_at=expires_at)
        return self.get(uow, slot_id)

    def release(self, uow: UnitOfWork, caller: Caller, slot_id: int) -> None:
        """Give a held place back; nothing happens when none is held."""
        row = uow.session.get(SlotRow, slot_id)
        self._release_holds(uow, caller, [slot_id])
        if row is not None:
            self._tell(uow, row)

    def book(
        self, uow: UnitOfWork, caller: Caller, slot_id: int, room_id: int, exam_id: int, demand: Demand = _OUTPATIENT
    ) -> SlotView:
        """Give a place to an exam, which gives up any other. Raises SLOT_TAKEN, NOT_FOUND, INVALID."""
        row = self._row(uow, slot_id)
        if row.room_id != room_id:
            raise invalid("slot_id", "这个时段不属于所选的检查室，请重新选号。")
        present = self._booking_of(uow, exam_id)
        before = None if present is None else uow.session.get(SlotRow, present.slot_id)
        self._lock(uow, slot_id, *(() if before is None else (before.id,)))
        if (
            present is not None
            and present.slot_id == slot_id
            and (present.kind, present.minutes) == (demand.kind.value, demand.minutes)
        ):
            return self.get(uow, slot_id)
        self.free(uow, exam_id)
        self._release_holds(uow, caller, [slot_id])
        self._take(uow, caller, row, demand, exam_id=exam_id, expires_at=None)
        return self.get(uow, slot_id)

    def free(self, uow: UnitOfWork, exam_id: int) -> None:
        """Give the place of an exam back, if it has one."""
        booking = self._booking_of(uow, exam_id)
        if booking is not None:
            row = uow.session.get(SlotRow, booking.slot_id)
            self._delete(uow, [booking.id])
            if row is not None:
                self._tell(uow, row)

    def check_still(self, uow: UnitOfWork, caller: Caller, exam_id: int, demand: Demand) -> None:
        """Let an exam whose items changed keep its first slot, with as many slots as it needs now.

        Raises SLOT_TAKEN when the following slots are not free.
        """
        booking = self._booking_of(uow, exam_id)
        if booking is None or (booking.kind, booking.minutes) == (demand.kind.value, demand.minutes):
            return
        row = self._row(uow, booking.slot_id)
        if row.ends_at > self._time.now():
            self.book(uow, caller, row.id, row.room_id, exam_id, demand)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _take(
        self,
        uow: UnitOfWork,
        caller: Caller,
        row: SlotRow,
        demand: Demand,
        *,
        exam_id: int | None,
        expires_at: datetime | None,
    ) -> None:
        offer = self.availability(uow, row.room_id, row.day, demand)
        run = offer.run_at(row.id)
        if not run:
            raise Refusal(ErrorCode.SLOT_TAKEN, self._why_not(row, offer.offer_at(row.id)), field="slot_id")
        booking = BookingRow(
            slot_id=row.id,
            exam_id=exam_id,
            user_id=caller.user_id,
            expires_at=expires_at,
            kind=demand.kind.value,
            minutes=demand.minutes,
        )
        uow.session.add(booking)
        uow.session.flush()
        for slot_id in run[1:]:
            uow.session.add(BookingSlotRow(booking_id=booking.id, slot_id=slot_id))
        uow.session.flush()
        self._tell(uow, row)

    def _why_not(self, row: SlotRow, offer: SlotOffer) -> str:
        start = f"{self._time.local(row.starts_at):%H:%M}"
        match offer:
            case SlotOffer.RESERVED:
                return f"{start} 余下的号留给其它就诊类别，请选择其它时段。"
            case SlotOffer.TOO_SHORT:
                return f"从 {start} 开始的连续时段不够做完全部项目，请选择其它时段。"
            case SlotOffer.NOT_OPEN:
                return f"{start} 的号现在不开放预约，请选择其它时段。"
            case _:
                return f"{start} 的号已经约满，请选择其它时段。"

    def _used(
        self, uow: UnitOfWork, is_wanted: ColumnElement[bool], exam_id: int | None
    ) -> Iterable[tuple[int, str, int]]:
        """Count the places in use per slot and kind: first slots, then the further ones of longer bookings."""
        is_held = and_(BookingRow.exam_id.is_(None), BookingRow.expires_at > self._time.now())
        valid = or_(BookingRow.exam_id.is_not(None), is_held)
        if exam_id is not None:
            valid = and_(valid, or_(BookingRow.exam_id.is_(None), BookingRow.exam_id != exam_id))
        first = (
            select(BookingRow.slot_id, BookingRow.kind, func.count())
            .join(SlotRow, SlotRow.id == BookingRow.slot_id)
            .where(is_wanted, valid)
            .group_by(BookingRow.slot_id, BookingRow.kind)
        )
        further = (
            select(BookingSlotRow.slot_id, BookingRow.kind, func.count())
            .join(SlotRow, SlotRow.id == BookingSlotRow.slot_id)
            .join(BookingRow, BookingRow.id == BookingSlotRow.booking_id)
            .where(is_wanted, valid)
            .group_by(BookingSlotRow.slot_id, BookingRow.kind)
        )
        for query in (first, further):
            yield from ((slot_id, kind, count) for slot_id, kind, count in uow.session.execute(query))

    def _fit(self, uow: UnitOfWork, room_id: int, day: date, plan: DayPlan) -> list[int]:
        """Make the slots of a day those of its plan; return the exams that stand in slots no longer offered."""
        rows = {
            row.starts_at: row
            for row in uow.session.scalars(select(SlotRow).where(SlotRow.room_id == room_id, SlotRow.day == day))
        }
        wanted = {self.moment(day, start): (self.moment(day, end), capacity) for start, end, capacity in plan.slots()}
        gone = [row for starts_at, row in rows.items() if wanted.get(starts_at, (None,))[0] != row.ends_at]
        used, stranded = self._users(uow, [row.id for row in gone])
        for row in gone:
            if row.id in used:
                row.capacity = 0  # its patients keep it until they are moved; nobody new gets it
                wanted.pop(row.starts_at, None)
            else:
                uow.session.delete(row)
                rows.pop(row.starts_at)
        uow.session.flush()
        for starts_at, (ends_at, capacity) in wanted.items():
            if starts_at in rows:
                rows[starts_at].capacity = capacity
            else:
                uow.session.add(
                    SlotRow(room_id=room_id, day=day, starts_at=starts_at, ends_at=ends_at, capacity=capacity)
                )
        uow.session.flush()
        return stranded

    def _users(self, uow: UnitOfWork, slot_ids: Collection[int]) -> tuple[set[int], list[int]]:
        """Return which of the slots are in use, and the exams in them."""
        if not slot_ids:
            return set(), []
        self._delete_expired(uow, slot_ids)
        first = uow.session.execute(
            select(BookingRow.slot_id, BookingRow.exam_id).where(BookingRow.slot_id.in_(slot_ids))
        ).all()
        further = uow.session.execute(
            select(BookingSlotRow.slot_id, BookingRow.exam_id)
            .join(BookingRow, BookingRow.id == BookingSlotRow.booking_id)
            .where(BookingSlotRow.slot_id.in_(slot_ids))
        ).all()
        pairs = [*first, *further]
        exams = dict.fromkeys(exam_id for _slot_id, exam_id in pairs if exam_id is not None)
        return {slot_id for slot_id, _exam_id in pairs}, list(exams)

    def moment(self, day: date, minute: int) -> datetime:
        """Return the moment of a minute of the hospital's day."""
        if minute >= 1440:
            return self._time.at(day + timedelta(days=1), time(0))
        return self._time.at(day, time(minute // 60, minute % 60))

    def _row(self, uow: UnitOfWork, slot_id: int) -> SlotRow:
        row = uow.session.get(SlotRow, slot_id)
        if row is None:
            raise not_found("预约时段")
        return row

    def _lock(self, uow: UnitOfWork, slot_id: int, *more: int) -> SlotRow:
        """Lock the days of the slots, always in the same order. Raises INVALID when the slot is over."""
        rows = [self._row(uow, one) for one in dict.fromkeys((slot_id, *more))]
        if rows[0].ends_at <= self._time.now():
            raise invalid("slot_id", "这个时段已经过去，请选择后面的时段。")
        for room_id, day in sorted({(row.room_id, row.day) for row in rows}):
            locked = uow.session.scalars(
                select(SlotDayRow).where(SlotDayRow.room_id == room_id, SlotDayRow.day == day).with_for_update()
            ).one_or_none()
            if locked is None:  # slots older than the rows of days
                self.make_day(uow, room_id, day)
        return rows[0]

    def _booking_of(self, uow: UnitOfWork, exam_id: int) -> BookingRow | None:
        return uow.session.scalars(select(BookingRow).where(BookingRow.exam_id == exam_id)).one_or_none()

    def _release_holds(self, uow: UnitOfWork, caller: Caller, slot_ids: Collection[int]) -> None:
        """Remove the clerk's own holds of these slots, and holds of anybody that have expired."""
        self._delete_expired(uow, slot_ids)
        own = select(BookingRow.id).where(
            BookingRow.slot_id.in_(slot_ids), BookingRow.exam_id.is_(None), BookingRow.user_id == caller.user_id
        )
        self._delete(uow, uow.session.scalars(own).all())

    def _release_all_holds(self, uow: UnitOfWork, caller: Caller) -> None:
        held = uow.session.execute(
            select(BookingRow.id, BookingRow.slot_id).where(
                BookingRow.exam_id.is_(None), BookingRow.user_id == caller.user_id
            )
        ).all()
        self._delete(uow, [booking_id for booking_id, _slot_id in held])
        for _booking_id, slot_id in held:
            self._tell(uow, self._row(uow, slot_id))

    def _delete_expired(self, uow: UnitOfWork, slot_ids: Collection[int]) -> None:
        old = select(BookingRow.id).where(
            BookingRow.slot_id.in_(slot_ids),
            BookingRow.exam_id.is_(None),
            BookingRow.expires_at <= self._time.now(),
        )
        self._delete(uow, uow.session.scalars(old).all())

    def _delete(self, uow: UnitOfWork, booking_ids: Sequence[int]) -> None:
        if not booking_ids:
            return
        uow.session.execute(delete(BookingSlotRow).where(BookingSlotRow.booking_id.in_(booking_ids)))
        uow.session.execute(delete(BookingRow).where(BookingRow.id.in_(booking_ids)))

    def _tell(self, uow: UnitOfWork, row: SlotRow) -> None:
        uow.publish(Changed(entity="slots", id=row.room_id, version=row.day.toordinal()))
