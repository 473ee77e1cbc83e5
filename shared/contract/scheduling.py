"""Schedules of rooms, the calendar of closures, slot rules, first-free search, moving and missed appointments."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.contract.exams import ExamView, PatientEntry, SlotView
from shared.domain.permissions import Permission
from shared.domain.states import ExamState, PatientType, VisitKind

# ── schedules of rooms ───────────────────────────────────────────────────────────────────────────────


class QuotaEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Places of one session that are kept for one kind of visit until they are released."""

    kind: VisitKind
    places: int


class SessionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A session (时段): open hours of a weekday (0 is Monday), in minutes of the hospital's day.

    `capacity` counts the patients of one slot at once; what the quotas do not keep is for everybody.
    """

    weekday: int
    opens_minute: int
    closes_minute: int
    slot_minutes: int
    capacity: int = 1
    quotas: tuple[QuotaEntry, ...] = ()


class ScheduleView(msgspec.Struct, frozen=True, kw_only=True):
    """The weekly schedule of a room. Quotas not used are everybody's from `release_hour`, `release_days` before."""

    room_id: int
    version: int
    sessions: tuple[SessionEntry, ...]
    overbook: int = 1  # emergencies that one slot takes beyond its capacity
    release_hour: int = 16
    release_days: int = 1
    is_default: bool = False  # nobody has saved one: the house's usual hours


class GetSchedule(Query[ScheduleView], frozen=True, kw_only=True):
    """The schedule of a room. Refusals: INVALID (no such room)."""

    method = "scheduling.get_schedule"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE

    room_id: int


class StrandedBooking(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment that no longer lies in open hours: the patient has to be moved."""

    exam_id: int
    room_id: int
    planned_at: datetime
    patient_name: str
    accession_number: str


class PlanSaved(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of schedule or calendar did: the new version, and appointments that lost their hours."""

    version: int
    stranded: tuple[StrandedBooking, ...] = ()


class SaveSchedule(Command[PlanSaved], frozen=True, kw_only=True):
    """Replace a room's weekly schedule; future days follow at once, appointments made stay and are named.

    Refusals: CONFLICT, INVALID (sessions overlap, more kept than there is).
    """

    method = "scheduling.save_schedule"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    room_id: int
    version: int
    sessions: tuple[SessionEntry, ...]
    overbook: int = 1
    release_hour: int = 16
    release_days: int = 1


# ── calendar ─────────────────────────────────────────────────────────────────────────────────────────


class CalendarKind(StrEnum):
    """What a calendar entry does to its days."""

    CLOSED = "closed"  # 停诊
    WORKING = "working"  # 调休上班: the day works like another weekday
    HOURS = "hours"  # other hours on this day


class CalendarEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A closure, a special working day or other hours; of one room, or of all (`room_id` None).

    A room's own entry goes before one of all rooms; part of a day may be closed (minutes of the hospital's day).
    """

    id: int = 0  # 0: new
    version: int = 0
    first_day: date
    last_day: date
    kind: CalendarKind
    room_id: int | None = None
    note: str = ""
    as_weekday: int = 0  # WORKING: 0 is Monday
    from_minute: int = 0  # CLOSED, HOURS
    to_minute: int = 1440


class ListCalendar(Query[tuple[CalendarEntry, ...]], frozen=True, kw_only=True):
    """Entries that touch the days, by day; at most two years."""

    method = "scheduling.list_calendar"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE

    first_day: date
    last_day: date


class SaveCalendarEntry(Command[PlanSaved], frozen=True, kw_only=True):
    """Add (id 0) or change an entry. Refusals: INVALID, CONFLICT, NOT_FOUND."""

    method = "scheduling.save_calendar_entry"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    entry: CalendarEntry


class RemoveCalendarEntry(Command[PlanSaved], frozen=True, kw_only=True):
    """Delete an entry; the days are open again as the schedule says. Refusals: NOT_FOUND."""

    method = "scheduling.remove_calendar_entry"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    entry_id: int


class HolidayRow(msgspec.Struct, frozen=True, kw_only=True):
    """One day of a published holiday list: free, or worked instead of another day (调休)."""

    day: date
    is_working: bool
    name: str = ""


class ImportHolidays(Command[PlanSaved], frozen=True, kw_only=True):
    """Put a year's public holidays into the calendar of all rooms; days already there are replaced.

    Refusals: INVALID (two rows for one day, more than 400 rows).
    """

    method = "scheduling.import_holidays"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    rows: tuple[HolidayRow, ...]


# ── slot rules ───────────────────────────────────────────────────────────────────────────────────────


class SlotRuleView(msgspec.Struct, frozen=True, kw_only=True):
    """How appointments of an exam type are measured (minutes); an item's own duration goes before `minutes`."""

    exam_type: str
    version: int
    minutes: int  # of an item that states none
    contrast_minutes: int = 0  # more for each contrast item: injection and observation
    contrast_words: str = "增强 造影"  # a contrast item's name holds one of these
    buffer_minutes: int = 0  # once per booking: preparation, changing, cleaning
    horizon_days: int = 90  # how far ahead may be booked
    lead_minutes: int = 0  # how long before its start a slot closes


class ListSlotRules(Query[tuple[SlotRuleView, ...]], frozen=True, kw_only=True):
    """The rules of all exam types."""

    method = "scheduling.list_slot_rules"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE


class SaveSlotRule(Command[SlotRuleView], frozen=True, kw_only=True):
    """Change the rule of an exam type. Refusals: CONFLICT, INVALID."""

    method = "scheduling.save_slot_rule"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    rule: SlotRuleView


class IntervalRuleView(msgspec.Struct, frozen=True, kw_only=True):
    """Two exams of one patient that need time between them, e.g. barium before CT of the abdomen.

    An exam matches a side when its type is the side's (empty: any) and an item's name holds one of the side's words
    (separated by spaces; none: any item).
    """

    id: int = 0
    version: int = 0
    first_type: str = ""
    first_words: str = ""
    then_type: str = ""
    then_words: str = ""
    hours: int
    both_ways: bool = False
    advice: str = ""  # shown with the warning


class ListIntervalRules(Query[tuple[IntervalRuleView, ...]], frozen=True, kw_only=True):
    """All interval rules."""

    method = "scheduling.list_interval_rules"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE


class SaveIntervalRule(Command[IntervalRuleView], frozen=True, kw_only=True):
    """Add (id 0) or change an interval rule. Refusals: CONFLICT, INVALID, NOT_FOUND."""

    method = "scheduling.save_interval_rule"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    rule: IntervalRuleView


class RemoveIntervalRule(Command[Nothing], frozen=True, kw_only=True):
    """Delete an interval rule. Refusals: NOT_FOUND."""

    method = "scheduling.remove_interval_rule"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    rule_id: int


# ── finding a place ──────────────────────────────────────────────────────────────────────────────────


class FreeSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A slot in which a booking of `minutes` can begin."""

    slot: SlotView
    campus_id: int
    minutes: int


class FindFreeSlots(Query[tuple[FreeSlot, ...]], frozen=True, kw_only=True):
    """最早可约: the first free slots over all rooms of an exam type, earliest first, at most one per room and day.

    Refusals: INVALID.
    """

    method = "scheduling.find_free_slots"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE

    exam_type: str
    item_codes: tuple[str, ...] = ()
    kind: VisitKind = VisitKind.OUTPATIENT
    campus_id: int | None = None
    not_before: datetime | None = None  # now when empty
    limit: int = 5  # 1 to 50


class WarningKind(StrEnum):
    """Why a clerk should look twice at a time."""

    SAME_TIME = "same_time"  # the patient is in another room then
    INTERVAL = "interval"  # an interval rule
    NO_SHOWS = "no_shows"  # the patient missed appointments


class BookingWarning(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at before submitting; it never forbids. `sentence` is Chinese, as server sentences are."""

    kind: WarningKind
    sentence: str
    exam_id: int | None = None
    room_id: int | None = None
    planned_at: datetime | None = None
    exam_type: str = ""
    items: str = ""
    hours: int = 0  # INTERVAL
    count: int = 0  # NO_SHOWS
    advice: str = ""


class CheckBooking(Query[tuple[BookingWarning, ...]], frozen=True, kw_only=True):
    """Conflicts of this booking with the patient's other exams, and missed appointments."""

    method = "scheduling.check_booking"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    patient: PatientEntry
    exam_type: str
    item_codes: tuple[str, ...]
    item_names: tuple[str, ...] = ()
    planned_at: datetime
    exam_id: int | None = None  # the exam that is being changed


# ── load of rooms ────────────────────────────────────────────────────────────────────────────────────


class BookingView(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment in a room's calendar. `version` is the exam's."""

    exam_id: int
    version: int
    slot_id: int
    starts_at: datetime
    minutes: int
    patient_name: str
    accession_number: str
    exam_type: str
    items: str
    kind: VisitKind
    patient_type: PatientType
    state: ExamState
    is_no_show: bool
    may_move: bool
    is_stranded: bool = False


class LoadDay(msgspec.Struct, frozen=True, kw_only=True):
    """One room on one day: slots, appointments, and why it is closed."""

    room_id: int
    day: date
    slots: tuple[SlotView, ...]
    bookings: tuple[BookingView, ...]
    note: str = ""
    places: int = 0
    taken: int = 0


class RoomLoad(Query[tuple[LoadDay, ...]], frozen=True, kw_only=True):
    """The days of a room, at most 14. Refusals: INVALID."""

    method = "scheduling.room_load"
    permission = Permission.SIGNED_IN
    audit = AuditClass.PATIENT_RECORD

    room_id: int
    first_day: date
    days: int = 7


# ── moving and missing ───────────────────────────────────────────────────────────────────────────────


class RescheduleExam(Command[ExamView], frozen=True, kw_only=True):
    """改约: give an exam another slot, also of another room of its type; the old place is free at once.

    Refusals: CONFLICT, ILLEGAL_ACTION, SLOT_TAKEN, INVALID (no reason, slot over), NOT_FOUND.
    """

    method = "scheduling.reschedule"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
    version: int
    slot_id: int
    reason: str


class RescheduleView(msgspec.Struct, frozen=True, kw_only=True):
    """One move of an appointment."""

    at: datetime
    user_name: str
    from_room_id: int
    from_planned_at: datetime
    to_room_id: int
    to_planned_at: datetime
    reason: str


class NoShowView(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment that the patient missed."""

    exam_id: int
    planned_at: datetime
    room_id: int
    found_at: datetime


class AppointmentHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an exam's appointment, and what its patient missed in the last year."""

    reschedules: tuple[RescheduleView, ...] = ()
    no_shows: tuple[NoShowView, ...] = ()


class GetAppointmentHistory(Query[AppointmentHistory], frozen=True, kw_only=True):
    """改约记录 and 爽约记录 of an exam. Refusals: NOT_FOUND."""

    method = "scheduling.get_history"
    permission = Permission.SIGNED_IN
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
