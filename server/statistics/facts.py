"""Reads what is counted: one narrow row for each report of some days, found by the index on the exam's time.

Figures are computed from these rows and nothing else, so that screen, chart and workbook cannot differ.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, literal, select

from server.archive.tables import Study
from server.exams.tables import ExamTableRow as Exam
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.queueing.tables import CallRow, TicketRow
from server.reporting.tables import Report, ReportLog, ReportReturn, ReportText
from shared.contract.statistics import GroupBy, StatisticsFilter, Step, Subject
from shared.domain.states import ReportAction

_COLUMNS: dict[GroupBy, Any] = {
    GroupBy.CAMPUS: Report.campus_id,
    GroupBy.EXAM_TYPE: Report.exam_type,
    GroupBy.PATIENT_TYPE: Report.patient_type,
    GroupBy.DEPARTMENT: Report.requesting_department,
    GroupBy.ROOM: Report.room_name,
    GroupBy.DEVICE: Report.device_ae,
    GroupBy.DOCTOR: Report.diagnosing_doctor,
    GroupBy.AUDITOR: Report.auditing_doctor,
}
PERIODS = (GroupBy.DAY, GroupBy.WEEK, GroupBy.MONTH)


class Fact(NamedTuple):
    """One report. `key` is its group; the meaning of `a` to `d` is that of the subject, see `columns_of`."""

    key: Any
    a: Any
    b: Any
    c: Any
    d: Any


def facts(
    uow: UnitOfWork,
    caller: Caller,
    time: HospitalTime,
    wanted: StatisticsFilter,
    subject: Subject,
    group_by: GroupBy,
    step: Step,
) -> Iterator[Fact]:
    """Yield the reports of the days of `wanted` that the caller may count."""
    key: Any = Report.examined_at if group_by in PERIODS else _COLUMNS.get(group_by, literal(""))
    joins: list[Callable[[Any], Any]] = []
    if group_by is GroupBy.TECHNICIAN:
        key = CallRow.called_by
        joins.append(_with_technician)
    columns, more = columns_of(subject, step)
    joins += more
    statement: Any = select(key, *columns).select_from(Report)
    for join in joins:
        statement = join(statement)
    statement = statement.where(*_conditions(caller, time, wanted))
    name = Periods(time, wanted, group_by).name if group_by in PERIODS else None
    for row in uow.session.execute(statement):
        yield Fact(row[0] if name is None else name(row[0]), *row[1:])


def columns_of(subject: Subject, step: Step) -> tuple[tuple[Any, Any, Any, Any], list[Callable[[Any], Any]]]:
    """Return what is read for a subject, and how it is joined."""
    none = literal(None)
    if subject is Subject.TURNAROUND:
        return _times(step)
    if subject is Subject.WORKLOAD:
        return (Report.image_count, Report.diagnosed_at, Report.approved_at, none), []
    if subject is Subject.RETURNS:
        returned = select(ReportReturn.id).where(ReportReturn.report_id == Report.id).exists()
        return (Report.diagnosed_at, returned, none, none), []
    value = {
        Subject.POSITIVE: ReportText.hp,
        Subject.IMAGE_QUALITY: ReportText.image_quality,
        Subject.REPORT_QUALITY: ReportText.report_quality,
    }[subject]
    return (Report.diagnosed_at, value, none, none), [_with_text]


def _times(step: Step) -> tuple[tuple[Any, Any, Any, Any], list[Callable[[Any], Any]]]:
    """From, to, and for the whole by when."""
    none = literal(None)
    if step is Step.EXAM:
        return (Exam.registered_at, Exam.finished_at, none, none), [_with_exam]
    if step is Step.IMAGES:
        first = select(func.min(Study.received_at)).where(Study.exam_id == Report.exam_id).scalar_subquery()
        return (Report.examined_at, first, none, none), []
    if step is Step.PRINT:
        printed = (
            select(func.min(ReportLog.at))
            .where(ReportLog.report_id == Report.id, ReportLog.action == ReportAction.PRINT.value)
            .scalar_subquery()
        )
        return (Report.approved_at, printed, none, none), []
    pairs = {
        Step.REPORT: (Report.examined_at, Report.diagnosed_at),
        Step.AUDIT: (Report.diagnosed_at, Report.approved_at),
        Step.WHOLE: (Report.examined_at, Report.approved_at),
    }
    return (*pairs[step], Report.due_at, none), []


def _with_exam(statement: Any) -> Any:
    return statement.join(Exam, Exam.id == Report.exam_id)


def _with_text(statement: Any) -> Any:
    return statement.join(ReportText, (ReportText.report_id == Report.id) & (ReportText.number == Report.text_number))


def _with_technician(statement: Any) -> Any:
    """Who called the patient into the room."""
    return statement.outerjoin(TicketRow, TicketRow.exam_id == Report.exam_id).outerjoin(
        CallRow, CallRow.id == TicketRow.last_call_id
    )


def _conditions(caller: Caller, time: HospitalTime, wanted: StatisticsFilter) -> list[ColumnElement[bool]]:
    begin, end = time.day_bounds(wanted.first, wanted.last)
    found: list[ColumnElement[bool]] = [Report.examined_at >= begin, Report.examined_at < end]
    if wanted.campus_id is not None:
        found.append(Report.campus_id == wanted.campus_id)
    if wanted.exam_types:
        found.append(Report.exam_type.in_(wanted.exam_types))
    if caller.campus_ids:
        found.append(Report.campus_id.in_(caller.campus_ids))
    if caller.room_ids is not None:
        found.append(Report.room_id.in_(caller.room_ids))
    return found


class Periods:
    """Names days, weeks (by their Monday) and months of the hospital's own calendar."""

    def __init__(self, time: HospitalTime, wanted: StatisticsFilter, group_by: GroupBy) -> None:
        days = [wanted.first + timedelta(days=at) for at in range((wanted.last - wanted.first).days + 1)]
        self._bounds = [time.day_bounds(day)[0] for day in days]
        self._names = [period_of(day, group_by) for day in days]
        self.all = list(dict.fromkeys(self._names))

    def name(self, moment: datetime) -> str:
        """Return the period in which a moment of these days lies."""
        return self._names[max(bisect_right(self._bounds, moment) - 1, 0)]


def period_of(day: date, group_by: GroupBy) -> str:
    """Return the name of the period of a day: 2026-03-02, 2026-03-02 of its Monday, 2026-03."""
    if group_by is GroupBy.WEEK:
        return (day - timedelta(days=day.weekday())).isoformat()
    return day.isoformat()[:7] if group_by is GroupBy.MONTH else day.isoformat()
