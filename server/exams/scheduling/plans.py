"""Reads what was configured: sessions, calendar, slot rules; makes plans of days and lengths of bookings from it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import select

from server.exams.rules import default_openings
from server.exams.scheduling.rules import DayPlan, OrderedItem, booking_minutes, day_plan
from server.exams.scheduling.tables import CalendarRow, IntervalRuleRow, RoomScheduleRow, SlotRuleRow
from server.exams.tables import RoomHoursRow
from server.kernel.database import UnitOfWork
from server.organisation.service import Hospital, OrganisationService
from shared.contract.scheduling import (
    CalendarEntry,
    CalendarKind,
    IntervalRuleView,
    QuotaEntry,
    ScheduleView,
    SessionEntry,
    SlotRuleView,
)
from shared.domain.states import VisitKind

DEFAULT_OVERBOOK = 1
DEFAULT_RELEASE_HOUR = 16
DEFAULT_RELEASE_DAYS = 1
USUAL_MINUTES = 10


class Plans:
    """Plans of rooms. Holds nothing: every call reads in the caller's unit of work."""

    def __init__(self, organisation: OrganisationService) -> None:
        self._organisation = organisation

    def schedule(self, uow: UnitOfWork, room_id: int) -> ScheduleView:
        """Return the weekly schedule of a room. Raises INVALID."""
        hospital = self._organisation.hospital(uow)
        hospital.room(room_id)
        return self.schedules(uow, [room_id])[room_id]

    def schedules(self, uow: UnitOfWork, room_ids: Collection[int]) -> dict[int, ScheduleView]:
        """Return the schedules of rooms; a room without one has the house's usual hours."""
        hospital = self._organisation.hospital(uow)
        own = {
            row.room_id: row
            for row in uow.session.scalars(select(RoomScheduleRow).where(RoomScheduleRow.room_id.in_(room_ids)))
        }
        sessions: dict[int, list[SessionEntry]] = {}
        hours = select(RoomHoursRow).where(RoomHoursRow.room_id.in_(room_ids))
        for row in uow.session.scalars(hours.order_by(RoomHoursRow.weekday, RoomHoursRow.opens_minute)):
            sessions.setdefault(row.room_id, []).append(_session(row))
        found = {}
        for room_id in room_ids:
            kept = own.get(room_id)
            is_default = kept is None and room_id not in sessions
            found[room_id] = ScheduleView(
                room_id=room_id,
                version=kept.version if kept is not None else 0,
                sessions=usual_sessions(hospital, room_id) if is_default else tuple(sessions.get(room_id, ())),
                overbook=kept.overbook if kept is not None else DEFAULT_OVERBOOK,
                release_hour=kept.release_hour if kept is not None else DEFAULT_RELEASE_HOUR,
                release_days=kept.release_days if kept is not None else DEFAULT_RELEASE_DAYS,
                is_default=is_default,
            )
        return found

    def calendar(self, uow: UnitOfWork, first: date, last: date) -> tuple[CalendarEntry, ...]:
        """Return the calendar entries that touch the days, by day."""
        rows = uow.session.scalars(
            select(CalendarRow)
            .where(CalendarRow.last_day >= first, CalendarRow.first_day <= last)
            .order_by(CalendarRow.first_day, CalendarRow.id)
        )
        return tuple(calendar_entry(row) for row in rows)

    def book(self, uow: UnitOfWork, room_ids: Collection[int], first: date, last: date) -> PlanBook:
        """Return the plans of rooms for a stretch of days, read at once."""
        hospital = self._organisation.hospital(uow)
        return PlanBook(hospital, self.schedules(uow, room_ids), self.calendar(uow, first, last))

    def slot_rules(self, uow: UnitOfWork) -> dict[str, SlotRuleView]:
        """Return the slot rule of every exam type; one that nobody configured has the type's own minutes."""
        hospital = self._organisation.hospital(uow)
        rows = {row.exam_type: row for row in uow.session.scalars(select(SlotRuleRow))}
        return {
            code: slot_rule(rows[code])
            if code in rows
            else SlotRuleView(exam_type=code, version=0, minutes=kind.slot_minutes)
            for code, kind in hospital.exam_types.items()
        }

    def minutes(self, uow: UnitOfWork, exam_type: str, item_codes: Sequence[str]) -> int:
        """Return how many minutes these items need together; 0 where no item is known: one slot."""
        hospital = self._organisation.hospital(uow)
        rule = self.slot_rules(uow).get(exam_type)
        if rule is None or not item_codes:
            return 0
        known = [hospital.items[code] for code in item_codes if code in hospital.items]
        items = [OrderedItem(item.name, item.duration_minutes) for item in known]
        items += [OrderedItem("")] * (len(item_codes) - len(known))
        return booking_minutes(rule, items)

    def interval_rules(self, uow: UnitOfWork) -> tuple[IntervalRuleView, ...]:
        """Return all interval rules."""
        rows = uow.session.scalars(select(IntervalRuleRow).order_by(IntervalRuleRow.id))
        return tuple(interval_rule(row) for row in rows)


class PlanBook:
    """Plans of some rooms for some days."""

    def __init__(
        self, hospital: Hospital, schedules: dict[int, ScheduleView], calendar: tuple[CalendarEntry, ...]
    ) -> None:
        self._hospital = hospital
        self.schedules = schedules
        self._calendar = calendar

    def plan(self, room_id: int, day: date) -> DayPlan:
        """Return what a room offers on a day."""
        return day_plan(self.schedules[room_id].sessions, self._calendar, room_id, day, self._minutes(room_id))

    def _minutes(self, room_id: int) -> int:
        return usual_minutes(self._hospital, room_id)


def usual_minutes(hospital: Hospital, room_id: int) -> int:
    """Return the slot length of a room without schedule: the longest of its exam types'."""
    kinds = hospital.rooms[room_id].exam_types if room_id in hospital.rooms else ()
    return max((hospital.exam_types[code].slot_minutes for code in kinds if code in hospital.exam_types), default=10)


def usual_sessions(hospital: Hospital, room_id: int) -> tuple[SessionEntry, ...]:
    """Return the sessions of a room that has no schedule."""
    return tuple(
        SessionEntry(
            weekday=opening.weekday,
            opens_minute=opening.opens.hour * 60 + opening.opens.minute,
            closes_minute=opening.closes.hour * 60 + opening.closes.minute,
            slot_minutes=opening.slot_minutes,
            capacity=opening.capacity,
        )
        for opening in default_openings(usual_minutes(hospital, room_id))
    )


def quotas_text(entry: SessionEntry) -> str:
    """Return quotas as they are stored."""
    return " ".join(f"{quota.kind.value}:{quota.places}" for quota in entry.quotas if quota.places)


def slot_rule(row: SlotRuleRow) -> SlotRuleView:
    """Return a stored slot rule."""
    return SlotRuleView(
        exam_type=row.exam_type,
        version=row.version,
        minutes=row.minutes,
        contrast_minutes=row.contrast_minutes,
        contrast_words=row.contrast_words,
        buffer_minutes=row.buffer_minutes,
        horizon_days=row.horizon_days,
        lead_minutes=row.lead_minutes,
    )


def interval_rule(row: IntervalRuleRow) -> IntervalRuleView:
    """Return a stored interval rule."""
    return IntervalRuleView(
        id=row.id,
        version=row.version,
        first_type=row.first_type,
        first_words=row.first_words,
        then_type=row.then_type,
        then_words=row.then_words,
        hours=row.hours,
        both_ways=row.both_ways,
        advice=row.advice,
    )


def calendar_entry(row: CalendarRow) -> CalendarEntry:
    """Return a stored calendar entry."""
    return CalendarEntry(
        id=row.id,
        version=row.version,
        first_day=row.first_day,
        last_day=row.last_day,
        kind=CalendarKind(row.kind),
        room_id=row.room_id,
        note=row.note,
        as_weekday=row.as_weekday,
        from_minute=row.from_minute,
        to_minute=row.to_minute,
    )


def _session(row: RoomHoursRow) -> SessionEntry:
    quotas = (part.split(":") for part in row.quotas.split())
    return SessionEntry(
        weekday=row.weekday,
        opens_minute=row.opens_minute,
        closes_minute=row.closes_minute,
        slot_minutes=row.slot_minutes,
        capacity=row.capacity,
        quotas=tuple(QuotaEntry(kind=VisitKind(kind), places=int(places)) for kind, places in quotas),
    )
