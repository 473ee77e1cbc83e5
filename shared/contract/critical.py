"""Critical values (危急值): hits in a text, the closed loop from report to acknowledgement, overview, statistics.

The library and the duty roster are kinds of master data (shared.contract.master): they are listed, changed, imported
and exported like every other.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.contract.master import SheetView
from shared.domain.critical import CriticalLevel, CriticalRegion, Escalation, LoopAction, LoopState, Means
from shared.domain.permissions import Permission

# ── the library in a text ────────────────────────────────────────────────────────────────────────────


class CriticalChoice(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the library that may be reported."""

    code: str
    name: str
    name_en: str
    region: CriticalRegion
    level: CriticalLevel
    minutes: int  # within which the ward must be told
    criterion: str
    fits: bool = True  # the exam's type is among those of the entry


class ListCriticalChoices(Query[tuple[CriticalChoice, ...]], frozen=True, kw_only=True):
    """The library in the hospital's order, entries of the exam type first."""

    method = "critical.list_choices"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    exam_type: str = ""


class CriticalHit(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence that states a critical value. `start` and `end` count characters of the plain text of `field`."""

    code: str
    name: str
    name_en: str
    level: CriticalLevel
    minutes: int
    field: str  # findings or impression
    start: int
    end: int
    words: str  # that were found
    sentence: str
    why: str
    is_suspected: bool = False  # "考虑", "可能", "不除外"


class DetectCritical(Query[tuple[CriticalHit, ...]], frozen=True, kw_only=True):
    """Critical values that a text states, while it is being written; at most 20. Texts may be rich or plain.

    Refusals: TOO_LARGE.
    """

    method = "critical.detect"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    exam_type: str
    findings: str
    impression: str


# ── the loop ─────────────────────────────────────────────────────────────────────────────────────────


class LoopView(msgspec.Struct, frozen=True, kw_only=True):
    """One critical value of one patient, from report to answer."""

    id: int
    version: int
    state: LoopState
    report_id: int
    exam_id: int
    accession_number: str
    patient_number: str
    patient_name: str
    sex: str
    age: str
    inpatient_number: str
    exam_type: str
    body_part: str
    items: str
    campus_id: int
    department: str  # that must be told
    requesting_doctor: str
    code: str  # of the library; empty: in the doctor's own words
    name: str
    name_en: str
    region: CriticalRegion
    level: CriticalLevel
    value: str  # measured, as "血肿 45 ml"
    finding: str
    reported_by: str
    reported_by_id: int
    opened_at: datetime
    due_at: datetime  # until which the ward must have been told
    notified_at: datetime | None
    notified_name: str
    notified_means: Means | None
    acknowledged_at: datetime | None
    acknowledged_by: str
    acknowledged_means: Means | None
    read_back: bool
    note: str  # what the ward does about it
    escalation: Escalation
    called: str  # who was on duty at that level
    next_escalation_at: datetime | None
    is_overdue: bool
    ended_at: datetime | None
    reason: str  # of the last correction or of the cancellation
    allowed: tuple[LoopAction, ...]


class LoopLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a loop's log, which is only ever added to."""

    at: datetime
    by: str
    action: str  # report, notify, escalate, acknowledge, record, correct, cancel, reopen
    name: str  # who was told, called, or answered
    means: Means | None
    read_back: bool
    note: str


class LoopDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A loop with its log, oldest line first."""

    loop: LoopView
    lines: tuple[LoopLine, ...]


class DepartmentCount(msgspec.Struct, frozen=True, kw_only=True):
    """Open loops of one department."""

    department: str
    open: int
    overdue: int


class LoopList(msgspec.Struct, frozen=True, kw_only=True):
    """Loops: open ones first, the longest waiting on top, then ended ones, newest first. Counts ignore the filter."""

    rows: tuple[LoopView, ...]
    total: int
    open: int
    overdue: int
    mine: int  # open ones that I reported
    departments: tuple[DepartmentCount, ...]
    now: datetime


class LoopFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions; empty ones do not filter. Days in the hospital's time zone, ends included."""

    open_only: bool = False
    overdue_only: bool = False
    mine_only: bool = False
    states: tuple[LoopState, ...] = ()
    department: str = ""
    region: CriticalRegion | None = None
    patient: str = ""  # part of the name, or the exact patient or exam number
    first: date | None = None
    last: date | None = None


class ListLoops(Query[LoopList], frozen=True, kw_only=True):
    """Critical values that the account may see: a ward account with departments sees those of its departments."""

    method = "critical.list"
    permission = Permission.CRITICAL_VALUES
    audit = AuditClass.PATIENT_RECORD

    filter: LoopFilter = LoopFilter()
    offset: int = 0
    limit: int = 200  # 1 to 500


class GetLoop(Query[LoopDetails], frozen=True, kw_only=True):
    """One critical value with its log. Refusals: NOT_FOUND."""

    method = "critical.get"
    permission = Permission.CRITICAL_VALUES
    audit = AuditClass.PATIENT_RECORD

    loop_id: int


class ListReportLoops(Query[tuple[LoopView, ...]], frozen=True, kw_only=True):
    """The critical values of a report, cancelled ones too, oldest first."""

    method = "critical.list_of_report"
    permission = Permission.CRITICAL_VALUES
    audit = AuditClass.REPORT

    report_id: int


class ReportCritical(Command[LoopDetails], frozen=True, kw_only=True):
    """上报危急值, also before the report is submitted: opens a loop.

    With a `code` of the library an empty `name` is taken from it. Refusals: INVALID, NOT_FOUND, DUPLICATE (the same
    critical value of this report is open, `existing_id`), ILLEGAL_ACTION (other campus).
    """

    method = "critical.report"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int
    code: str = ""
    name: str = ""
    value: str = ""
    finding: str
    department: str = ""  # empty: the requesting one


class NotifyCritical(Command[LoopDetails], frozen=True, kw_only=True):
    """Write down who was told, and how. Refusals: INVALID, NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""

    method = "critical.notify"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    loop_id: int
    version: int
    name: str
    means: Means
    read_back: bool = False
    note: str = ""


class AcknowledgeCritical(Command[LoopDetails], frozen=True, kw_only=True):
    """确认 by the ward at its own workstation, in the account's name. Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""

    method = "critical.acknowledge"
    permission = Permission.CRITICAL_VALUES
    audit = AuditClass.REPORT

    loop_id: int
    version: int
    note: str = ""


class RecordAcknowledgement(Command[LoopDetails], frozen=True, kw_only=True):
    """Write down that somebody acknowledged on the phone or in person, and read the value back.

    Refusals: INVALID (no name, not read back), NOT_FOUND, CONFLICT, ILLEGAL_ACTION.
    """

    method = "critical.record"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    loop_id: int
    version: int
    name: str
    means: Means = Means.PHONE
    read_back: bool
    note: str = ""


class CorrectCritical(Command[LoopDetails], frozen=True, kw_only=True):
    """更正 with a reason; one that was acknowledged is open again, because the ward was told something else.

    Refusals: INVALID, NOT_FOUND, CONFLICT, ILLEGAL_ACTION.
    """

    method = "critical.correct"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    loop_id: int
    version: int
    name: str
    value: str = ""
    finding: str
    department: str = ""
    reason: str


class CancelCritical(Command[LoopDetails], frozen=True, kw_only=True):
    """撤销 with a reason; the record and its log stay. Refusals: INVALID, NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""

    method = "critical.cancel"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    loop_id: int
    version: int
    reason: str


class DutyView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody on duty now."""

    level: Escalation
    department: str
    name: str
    phone: str


class ListDuty(Query[tuple[DutyView, ...]], frozen=True, kw_only=True):
    """Who is on duty for a department now, level by level."""

    method = "critical.list_duty"
    permission = Permission.CRITICAL_VALUES
    audit = AuditClass.ROUTINE

    department: str


# ── settings, statistics ─────────────────────────────────────────────────────────────────────────────


class CriticalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Minutes after the report at which an unanswered critical value calls the next level (each 1 to 1440)."""

    version: int = 0
    ward_minutes: int = 10
    head_minutes: int = 20
    office_minutes: int = 30


class GetCriticalSettings(Query[CriticalSettings], frozen=True, kw_only=True):
    """The time limits of escalation."""

    method = "critical.get_settings"
    permission = Permission.CRITICAL_VALUES
    audit = AuditClass.ROUTINE


class SaveCriticalSettings(Command[CriticalSettings], frozen=True, kw_only=True):
    """Change the time limits; they hold for loops that open from now on. Refusals: INVALID, CONFLICT."""

    method = "critical.save_settings"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    settings: CriticalSettings


class CriticalGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one department, region, doctor or of all. Times in minutes; None where nothing can be counted."""

    name: str
    count: int  # without cancelled ones
    cancelled: int
    open: int
    notified_in_time: int
    in_time_percent: float | None
    median_notify: float | None
    median_acknowledge: float | None
    escalated: int


class CriticalStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Critical values reported in a span of days."""

    first: date
    last: date
    all: CriticalGroup
    by_department: tuple[CriticalGroup, ...]
    by_region: tuple[CriticalGroup, ...]
    by_doctor: tuple[CriticalGroup, ...]


class GetCriticalStatistics(Query[CriticalStatistics], frozen=True, kw_only=True):
    """Figures of some days, ends included, at most 400 days. Refusals: INVALID."""

    method = "critical.get_statistics"
    permission = Permission.STATISTICS
    audit = AuditClass.ROUTINE

    first: date
    last: date
    campus_id: int | None = None


class ExportCriticalStatistics(Query[SheetView], frozen=True, kw_only=True):
    """The same as a workbook, with the list of the critical values behind it. Refusals: INVALID."""

    method = "critical.export_statistics"
    permission = Permission.STATISTICS
    audit = AuditClass.EXPORT

    first: date
    last: date
    campus_id: int | None = None
    english: bool = False
