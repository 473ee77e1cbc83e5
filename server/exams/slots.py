"""Appointment slots: made from a room's hours when first asked for, and never sold beyond their capacity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta

from sqlalchemy import and_, delete, func, or_, select

from server.exams.rules import Opening, default_openings, slot_times
from server.exams.tables import BookingRow, RoomHoursRow, SlotRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork, next_number
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from server.organisation.service import OrganisationService
from shared.contract.errors import ErrorCode
from shared.contract.exams import SlotView

HOLD = timedelta(minutes=5)
FURTHEST = timedelta(days=366)


class SlotBook:
    """Who has which slot. A place is taken while the slot's row is locked, so no two clerks get the last one."""

    def __init__(self, time: HospitalTime, organisation: OrganisationService, *, hold: timedelta = HOLD) -> None:
        self._time = time
        self._organisation = organisation
        self._hold = hold

    def list_day(self, uow: UnitOfWork, room_id: int, day: date) -> tuple[SlotView, ...]:
        """Return the slots of a room and day that exist already, in order of time."""
        rows = uow.session.scalars(
            select(SlotRow).where(SlotRow.room_id == room_id, SlotRow.day == day).order_by(SlotRow.starts_at)
        ).all()
        taken = self._taken(uow, [row.id for row in rows])
        return tuple(_view(row, taken.get(row.id, 0)) for row in rows)

    def make_day(self, uow: UnitOfWork, room_id: int, day: date) -> tuple[SlotView, ...]:
        """Make the slots of a room and day unless they exist, and return them. Raises INVALID."""
        self._organisation.hospital(uow).room(room_id)
        if not self._time.today() - FURTHEST <= day <= self._time.today() + FURTHEST:
            raise invalid("day", "只能预约一年之内的日期。")
        # the counter's row is also the lock: a second maker waits here and then finds the slots made
        if next_number(uow.session, f"slots/{room_id}/{day:%y%m%d}") == 1:
            for opening in self._openings(uow, room_id):
                if opening.weekday == day.weekday():
                    self._make(uow, room_id, day, opening)
            uow.session.flush()
        return self.list_day(uow, room_id, day)

    def set_hours(self, uow: UnitOfWork, room_id: int, openings: Sequence[Opening]) -> None:
        """Replace the hours of a room; days whose slots were made already keep them."""
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
                )
            )

    def hold(self, uow: UnitOfWork, caller: Caller, slot_id: int) -> SlotView:
        """Keep a place for a clerk who is still typing; it expires by itself. Raises SLOT_TAKEN, NOT_FOUND, INVALID."""
        slot = self._lock(uow, slot_id)
        self._release_holds(uow, caller, slot_id)
        self._demand_room(uow, slot)
        expires_at = self._time.now() + self._hold
        uow.session.add(BookingRow(slot_id=slot_id, exam_id=None, user_id=caller.user_id, expires_at=expires_at))
        uow.session.flush()
        return _view(slot, self._taken(uow, [slot_id]).get(slot_id, 0))

    def release(self, uow: UnitOfWork, caller: Caller, slot_id: int) -> None:
        """Give a held place back; nothing happens when none is held."""
        self._release_holds(uow, caller, slot_id)

    def book(self, uow: UnitOfWork, caller: Caller, slot_id: int, room_id: int, exam_id: int) -> SlotView:
        """Give a place to an exam, which gives up any other. Raises SLOT_TAKEN, NOT_FOUND, INVALID."""
        slot = self._lock(uow, slot_id)
        if slot.room_id != room_id:
            raise invalid("slot_id", "这个时段不属于所选的检查室，请重新选号。")
        present = self.slot_of(uow, exam_id)
        if present is not None and present.id == slot_id:
            return present
        self.free(uow, exam_id)
        self._release_holds(uow, caller, slot_id)
        self._demand_room(uow, slot)
        uow.session.add(BookingRow(slot_id=slot_id, exam_id=exam_id, user_id=caller.user_id, expires_at=None))
        uow.session.flush()
        return _view(slot, self._taken(uow, [slot_id]).get(slot_id, 0))

    def free(self, uow: UnitOfWork, exam_id: int) -> None:
        """Give the place of an exam back, if it has one."""
        uow.session.execute(delete(BookingRow).where(BookingRow.exam_id == exam_id))

    def slot_of(self, uow: UnitOfWork, exam_id: int) -> SlotView | None:
        """Return the slot of an exam."""
        row = uow.session.scalars(
            select(SlotRow).join(BookingRow, BookingRow.slot_id == SlotRow.id).where(BookingRow.exam_id == exam_id)
        ).one_or_none()
        return None if row is None else _view(row, self._taken(uow, [row.id]).get(row.id, 0))

    def get(self, uow: UnitOfWork, slot_id: int) -> SlotView:
        """Return a slot. Raises NOT_FOUND."""
        row = uow.session.get(SlotRow, slot_id)
        if row is None:
            raise not_found("预约时段")
        return _view(row, self._taken(uow, [slot_id]).get(slot_id, 0))

    def _openings(self, uow: UnitOfWork, room_id: int) -> tuple[Opening, ...]:
        rows = uow.session.scalars(select(RoomHoursRow).where(RoomHoursRow.room_id == room_id)).all()
        if rows:
            return tuple(
                Opening(
                    row.weekday,
                    time(row.opens_minute // 60, row.opens_minute % 60),
                    time(row.closes_minute // 60, row.closes_minute % 60),
                    row.slot_minutes,
                    row.capacity,
                )
                for row in rows
            )
        hospital = self._organisation.hospital(uow)
        minutes = [hospital.exam_types[code].slot_minutes for code in hospital.rooms[room_id].exam_types]
        return default_openings(max(minutes, default=10))

    def _make(self, uow: UnitOfWork, room_id: int, day: date, opening: Opening) -> None:
        for starts, ends in slot_times(opening):
            uow.session.add(
                SlotRow(
                    room_id=room_id,
                    day=day,
                    starts_at=self._time.at(day, starts),
                    ends_at=self._time.at(day, ends),
                    capacity=opening.capacity,
                )
            )

    def _lock(self, uow: UnitOfWork, slot_id: int) -> SlotRow:
        row = uow.session.scalars(select(SlotRow).where(SlotRow.id == slot_id).with_for_update()).one_or_none()
        if row is None:
            raise not_found("预约时段")
        if row.ends_at <= self._time.now():
            raise invalid("slot_id", "这个时段已经过去，请选择后面的时段。")
        return row

    def _release_holds(self, uow: UnitOfWork, caller: Caller, slot_id: int) -> None:
        """Remove the clerk's own hold, and holds of anybody that have expired."""
        own = BookingRow.user_id == caller.user_id
        uow.session.execute(
            delete(BookingRow).where(
                BookingRow.slot_id == slot_id,
                BookingRow.exam_id.is_(None),
                or_(own, BookingRow.expires_at <= self._time.now()),
            )
        )

    def _demand_room(self, uow: UnitOfWork, slot: SlotRow) -> None:
        if self._taken(uow, [slot.id]).get(slot.id, 0) >= slot.capacity:
            start = self._time.local(slot.starts_at)
            raise Refusal(ErrorCode.SLOT_TAKEN, f"{start:%H:%M} 的号已经约满，请选择其它时段。", field="slot_id")

    def _taken(self, uow: UnitOfWork, slot_ids: list[int]) -> dict[int, int]:
        if not slot_ids:
            return {}
        is_held = and_(BookingRow.exam_id.is_(None), BookingRow.expires_at > self._time.now())
        rows = uow.session.execute(
            select(BookingRow.slot_id, func.count())
            .where(BookingRow.slot_id.in_(slot_ids), or_(BookingRow.exam_id.is_not(None), is_held))
            .group_by(BookingRow.slot_id)
        )
        return dict(rows.all())


def _view(row: SlotRow, taken: int) -> SlotView:
    return SlotView(
        id=row.id,
        room_id=row.room_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        capacity=row.capacity,
        taken=taken,
    )
