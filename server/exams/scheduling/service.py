"""Use cases of whoever plans rooms: schedules, calendar, slot rules, interval rules."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, func, select

from server.exams.scheduling.plans import calendar_entry, interval_rule, quotas_text, slot_rule
from server.exams.scheduling.rules import fault_of_calendar, fault_of_sessions
from server.exams.scheduling.tables import CalendarRow, IntervalRuleRow, RoomScheduleRow, SlotRuleRow
from server.exams.slots import FURTHEST, SlotBook
from server.exams.tables import ExamTableRow as Exam
from server.exams.tables import RoomHoursRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid, not_found
from server.organisation.service import OrganisationService
from shared.contract.base import Changed
from shared.contract.scheduling import (
    CalendarEntry,
    CalendarKind,
    HolidayRow,
    IntervalRuleView,
    PlanSaved,
    SaveSchedule,
    ScheduleView,
    SlotRuleView,
    StrandedBooking,
)
from shared.domain.states import ExamState

USUAL_INTERVALS: tuple[dict[str, Any], ...] = (
    {
        "first_type": "",
        "first_words": "钡",
        "then_type": "CT",
        "then_words": "",
        "hours": 72,
        "both_ways": False,
        "advice": "钡剂排空前做 CT 会产生伪影，请先做 CT 或延后。",
    },
    {
        "first_type": "CT",
        "first_words": "增强 造影",
        "then_type": "CT",
        "then_words": "增强 造影",
        "hours": 24,
        "both_ways": False,
        "advice": "两次使用碘对比剂应间隔 24 小时，急诊除外。",
    },
)
"""What a first start finds; the department changes it."""
MOST_HOLIDAYS = 400
MOST_ENTRIES = 2000
MOST_STRANDED = 500
_LONGEST_RULE_MINUTES = 600
_TWO_YEARS = timedelta(days=731)


class SchedulingService:
    """Plans of rooms. Methods work in the caller's unit of work and never commit; future days follow at once."""

    def __init__(self, time: HospitalTime, organisation: OrganisationService, slots: SlotBook) -> None:
        self._time = time
        self._organisation = organisation
        self._slots = slots

    def seed_defaults(self, uow: UnitOfWork) -> None:
        """Enter the usual intervals between exams of one patient, where no rule was ever kept."""
        if uow.session.scalars(select(IntervalRuleRow.id).limit(1)).first() is None:
            uow.session.add_all(IntervalRuleRow(version=1, **values) for values in USUAL_INTERVALS)

    # ── schedules ────────────────────────────────────────────────────────────────────────────────

    def schedule(self, uow: UnitOfWork, room_id: int) -> ScheduleView:
        """Return the schedule of a room. Raises INVALID."""
        return self._slots.plans.schedule(uow, room_id)

    def save_schedule(self, uow: UnitOfWork, request: SaveSchedule) -> PlanSaved:
        """Replace a room's weekly schedule. Raises CONFLICT, INVALID."""
        self._organisation.hospital(uow).room(request.room_id)
        if len(request.sessions) > 100:
            raise invalid("sessions", "一个检查室最多 100 个时段。")
        fault = fault_of_sessions(request.sessions)
        if fault is not None:
            raise invalid(f"sessions.{fault[0]}", fault[1])
        if not 0 <= request.overbook <= 20:
            raise invalid("overbook", "急诊加号数必须在 0 到 20 之间。")
        if not 0 <= request.release_hour <= 23 or not 0 <= request.release_days <= 60:
            raise invalid("release_hour", "预留号释放时间必须是提前 0 到 60 天的整点。")
        row = uow.session.scalars(
            select(RoomScheduleRow).where(RoomScheduleRow.room_id == request.room_id).with_for_update()
        ).one_or_none() or RoomScheduleRow(room_id=request.room_id, version=0)
        row.expect(request.version)
        row.overbook, row.release_hour, row.release_days = request.overbook, request.release_hour, request.release_days
        row.touch()
        uow.session.add(row)
        uow.session.execute(delete(RoomHoursRow).where(RoomHoursRow.room_id == request.room_id))
        for entry in request.sessions:
            uow.session.add(
                RoomHoursRow(
                    room_id=request.room_id,
                    weekday=entry.weekday,
                    opens_minute=entry.opens_minute,
                    closes_minute=entry.closes_minute,
                    slot_minutes=entry.slot_minutes,
                    capacity=entry.capacity,
                    quotas=quotas_text(entry),
                )
            )
        uow.session.flush()
        return self._saved(uow, row.version, [request.room_id], self._time.today(), self._time.today() + FURTHEST)

    # ── calendar ─────────────────────────────────────────────────────────────────────────────────

    def list_calendar(self, uow: UnitOfWork, first: date, last: date) -> tuple[CalendarEntry, ...]:
        """Return the entries that touch the days. Raises INVALID for more than two years."""
        if last < first or last - first > _TWO_YEARS:
            raise invalid("last_day", "一次最多查看两年的日历。")
        return self._slots.plans.calendar(uow, first, last)

    def save_entry(self, uow: UnitOfWork, entry: CalendarEntry) -> PlanSaved:
        """Add or change a calendar entry. Raises INVALID, CONFLICT, NOT_FOUND."""
        fault = fault_of_calendar(entry)
        if fault is not None:
            raise invalid(*fault)
        if entry.room_id is not None:
            self._organisation.hospital(uow).room(entry.room_id)
        count = select(func.count()).select_from(CalendarRow)
        if not entry.id and uow.session.execute(count).scalar_one() >= MOST_ENTRIES:
            raise invalid("first_day", f"日历最多 {MOST_ENTRIES} 条，请先删除过去的条目。")
        row = CalendarRow(version=0, is_holiday=False) if not entry.id else self._entry(uow, entry.id)
        if entry.id:
            row.expect(entry.version)
        before = None if not entry.id else calendar_entry(row)
        row.first_day, row.last_day, row.kind = entry.first_day, entry.last_day, entry.kind.value
        row.room_id, row.note, row.as_weekday = entry.room_id, entry.note.strip(), entry.as_weekday
        row.from_minute, row.to_minute = entry.from_minute, entry.to_minute
        row.touch()
        uow.session.add(row)
        uow.session.flush()
        touched = [entry] if before is None else [entry, before]
        return self._follow(uow, row.version, touched)

    def remove_entry(self, uow: UnitOfWork, entry_id: int) -> PlanSaved:
        """Delete a calendar entry. Raises NOT_FOUND."""
        row = self._entry(uow, entry_id)
        entry = calendar_entry(row)
        uow.session.delete(row)
        uow.session.flush()
        return self._follow(uow, entry.version, [entry])

    def import_holidays(self, uow: UnitOfWork, rows: tuple[HolidayRow, ...]) -> PlanSaved:
        """Put a year's public holidays into the calendar; a worked day follows the Monday plan. Raises INVALID."""
        if not rows or len(rows) > MOST_HOLIDAYS:
            raise invalid("rows", f"节假日表应有 1 到 {MOST_HOLIDAYS} 行。")
        days = [row.day for row in rows]
        if len(set(days)) < len(days):
            double = next(day for day in days if days.count(day) > 1)
            raise invalid("rows", f"{double} 在表中出现了两次，请删除重复的一行。")
        uow.session.execute(delete(CalendarRow).where(CalendarRow.is_holiday, CalendarRow.first_day.in_(days)))
        for row in rows:
            kind = CalendarKind.WORKING if row.is_working else CalendarKind.CLOSED
            uow.session.add(
                CalendarRow(
                    version=1,
                    first_day=row.day,
                    last_day=row.day,
                    kind=kind.value,
                    room_id=None,
                    note=row.name.strip()[:100],
                    as_weekday=0,
                    from_minute=0,
                    to_minute=1440,
                    is_holiday=True,
                )
            )
        uow.session.flush()
        return self._saved(uow, 1, None, min(days), max(days))

    # ── rules ────────────────────────────────────────────────────────────────────────────────────

    def list_slot_rules(self, uow: UnitOfWork) -> tuple[SlotRuleView, ...]:
        """Return the slot rules of all exam types, in the hospital's order."""
        return tuple(self._slots.plans.slot_rules(uow).values())

    def save_slot_rule(self, uow: UnitOfWork, rule: SlotRuleView) -> SlotRuleView:
        """Change the rule of an exam type. Raises CONFLICT, INVALID."""
        self._organisation.hospital(uow).exam_type(rule.exam_type)
        if not 1 <= rule.minutes <= _LONGEST_RULE_MINUTES:
            raise invalid("minutes", "每个项目的时长必须在 1 到 600 分钟之间。")
        for name in ("contrast_minutes", "buffer_minutes", "lead_minutes"):
            if not 0 <= getattr(rule, name) <= _LONGEST_RULE_MINUTES:
                raise invalid(name, "请填写 0 到 600 之间的分钟数。")
        if not 1 <= rule.horizon_days <= 365:
            raise invalid("horizon_days", "可预约天数必须在 1 到 365 之间。")
        if len(rule.contrast_words) > 100:
            raise invalid("contrast_words", "关键字最多 100 个字符。")
        row = uow.session.get(SlotRuleRow, rule.exam_type) or SlotRuleRow(exam_type=rule.exam_type, version=0)
        row.expect(rule.version)
        row.minutes, row.contrast_minutes, row.buffer_minutes = rule.minutes, rule.contrast_minutes, rule.buffer_minutes
        row.contrast_words = " ".join(rule.contrast_words.split())
        row.horizon_days, row.lead_minutes = rule.horizon_days, rule.lead_minutes
        row.touch()
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed(entity="schedule", id=0, version=row.version))
        return slot_rule(row)

    def list_interval_rules(self, uow: UnitOfWork) -> tuple[IntervalRuleView, ...]:
        """Return all interval rules."""
        return self._slots.plans.interval_rules(uow)

    def save_interval_rule(self, uow: UnitOfWork, rule: IntervalRuleView) -> IntervalRuleView:
        """Add or change an interval rule. Raises CONFLICT, INVALID, NOT_FOUND."""
        hospital = self._organisation.hospital(uow)
        for name in ("first_type", "then_type"):
            if getattr(rule, name):
                hospital.exam_type(getattr(rule, name), name)
        if not (rule.first_type or rule.first_words.strip()) or not (rule.then_type or rule.then_words.strip()):
            raise invalid("first_words", "请填写两边的检查类型或项目关键字。")
        if not 1 <= rule.hours <= 24 * 90:
            raise invalid("hours", "间隔必须在 1 小时到 90 天之间。")
        if max(len(rule.first_words), len(rule.then_words)) > 100 or len(rule.advice) > 200:
            raise invalid("advice", "关键字最多 100 个字符，提示最多 200 个字符。")
        row = IntervalRuleRow(version=0) if not rule.id else self._interval(uow, rule.id)
        if rule.id:
            row.expect(rule.version)
        row.first_type, row.first_words = rule.first_type, " ".join(rule.first_words.split())
        row.then_type, row.then_words = rule.then_type, " ".join(rule.then_words.split())
        row.hours, row.both_ways, row.advice = rule.hours, rule.both_ways, rule.advice.strip()
        row.touch()
        uow.session.add(row)
        uow.session.flush()
        return interval_rule(row)

    def remove_interval_rule(self, uow: UnitOfWork, rule_id: int) -> None:
        """Delete an interval rule. Raises NOT_FOUND."""
        uow.session.delete(self._interval(uow, rule_id))

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _entry(self, uow: UnitOfWork, entry_id: int) -> CalendarRow:
        row = uow.session.scalars(select(CalendarRow).where(CalendarRow.id == entry_id).with_for_update()).one_or_none()
        if row is None:
            raise not_found("日历条目")
        return row

    def _interval(self, uow: UnitOfWork, rule_id: int) -> IntervalRuleRow:
        row = uow.session.get(IntervalRuleRow, rule_id)
        if row is None:
            raise not_found("间隔规则")
        return row

    def _follow(self, uow: UnitOfWork, version: int, entries: list[CalendarEntry]) -> PlanSaved:
        rooms = None if any(entry.room_id is None for entry in entries) else [e.room_id for e in entries if e.room_id]
        first = min(entry.first_day for entry in entries)
        return self._saved(uow, version, rooms, first, max(entry.last_day for entry in entries))

    def _saved(
        self, uow: UnitOfWork, version: int, room_ids: Collection[int] | None, first: date, last: date
    ) -> PlanSaved:
        """Plan the days made already again, from today on, and name the appointments that lost their hours."""
        rooms = list(self._organisation.hospital(uow).rooms) if room_ids is None else room_ids
        exam_ids = self._slots.replan(uow, rooms, max(first, self._time.today()), last)
        uow.publish(Changed(entity="schedule", id=0, version=version))
        query = select(Exam).where(Exam.id.in_(exam_ids[:MOST_STRANDED]), Exam.state == ExamState.REGISTERED.value)
        rows = uow.session.scalars(query.order_by(Exam.planned_at, Exam.id)).all() if exam_ids else ()
        stranded = tuple(
            StrandedBooking(
                exam_id=exam.id,
                room_id=exam.room_id,
                planned_at=exam.planned_at,
                patient_name=exam.patient_name,
                accession_number=exam.accession_number,
            )
            for exam in rows
        )
        return PlanSaved(version=version, stranded=stranded)
