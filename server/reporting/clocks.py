"""Time limits of reports: by when one should be approved, from when a list warns; and the hospital's own limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid, stale
from server.reporting.tables import Report, TimeLimitsRow
from shared.contract.base import Changed
from shared.contract.worklist import TimeLimits, TimeLimitsView
from shared.domain.states import ReportState, VisitKind

EMERGENCY = 0
"""The priority of emergency patients (rules.PRIORITY)."""
OPEN_STATES = tuple(state for state in ReportState if state not in (ReportState.APPROVED, ReportState.PRINTED))

_ID = 1
_SEEN = "report_time_limits_seen"
_MOST_MINUTES = 7 * 24 * 60
_MINUTES = (
    "emergency_xray_minutes",
    "emergency_sectional_minutes",
    "xray_minutes",
    "outpatient_sectional_minutes",
    "ward_sectional_minutes",
)


@dataclass(frozen=True, slots=True)
class Clock:
    """By when a report should be approved, and from when its clock is amber."""

    due_at: datetime
    warn_at: datetime


def limit_of(limits: TimeLimits, *, priority: int, visit_kind: str, exam_type: str) -> timedelta:
    """Return how long a report of this class of patient and type of exam may take."""
    is_sectional = exam_type in limits.sectional_types
    if priority == EMERGENCY or visit_kind == VisitKind.EMERGENCY:
        minutes = limits.emergency_sectional_minutes if is_sectional else limits.emergency_xray_minutes
    elif not is_sectional:
        minutes = limits.xray_minutes
    elif visit_kind == VisitKind.INPATIENT:
        minutes = limits.ward_sectional_minutes
    else:
        minutes = limits.outpatient_sectional_minutes
    return timedelta(minutes=minutes)


def clock_of(limits: TimeLimits, examined_at: datetime, *, priority: int, visit_kind: str, exam_type: str) -> Clock:
    """Return the clock of a report whose exam ended at `examined_at`."""
    limit = limit_of(limits, priority=priority, visit_kind=visit_kind, exam_type=exam_type)
    due_at = examined_at + limit
    return Clock(due_at, due_at - limit * (limits.warning_percent / 100))


def wind(limits: TimeLimits, report: Report) -> None:
    """Set the clock of a report that is not approved; an approved one keeps the limit it was measured by."""
    if report.approved_at is not None and report.due_at is not None:
        return
    clock = clock_of(
        limits,
        report.examined_at,
        priority=report.priority,
        visit_kind=report.visit_kind,
        exam_type=report.exam_type,
    )
    if (report.due_at, report.warn_at) != (clock.due_at, clock.warn_at):
        report.due_at, report.warn_at = clock.due_at, clock.warn_at


def limits_of(uow: UnitOfWork) -> TimeLimits:
    """Return the limits in force."""
    return _versioned(uow)[1]


def _versioned(uow: UnitOfWork) -> tuple[int, TimeLimits]:
    seen: tuple[int, TimeLimits] | None = uow.session.info.get(_SEEN)
    if seen is None:
        row = uow.session.get(TimeLimitsRow, _ID)
        seen = (0, TimeLimits()) if row is None else (row.version, msgspec.json.decode(row.body, type=TimeLimits))
        uow.session.info[_SEEN] = seen
    return seen


class TimeLimitsBook:
    """Reads and writes the hospital's limits."""

    def view(self, uow: UnitOfWork) -> TimeLimitsView:
        """Return the limits in force with their version."""
        version, limits = _versioned(uow)
        return TimeLimitsView(version=version, limits=limits)

    def save(self, uow: UnitOfWork, version: int, limits: TimeLimits) -> TimeLimitsView:
        """Change the limits and wind the clocks of all open reports anew. Raises CONFLICT, INVALID."""
        _check(limits)
        row = uow.session.scalars(
            select(TimeLimitsRow).where(TimeLimitsRow.id == _ID).with_for_update()
        ).one_or_none() or TimeLimitsRow(id=_ID, version=0, body=b"")
        if row.version != version:
            raise stale(row.version)
        row.touch()
        row.body = msgspec.json.encode(limits)
        uow.session.add(row)
        uow.session.flush()
        uow.session.info.pop(_SEEN, None)
        for report in uow.session.scalars(select(Report).where(Report.state.in_(OPEN_STATES))):
            wind(limits, report)
        uow.publish(Changed(entity="report", id=0, version=0))  # every list shows other clocks now
        return TimeLimitsView(version=row.version, limits=limits)


def _check(limits: TimeLimits) -> None:
    for field in _MINUTES:
        if not 5 <= getattr(limits, field) <= _MOST_MINUTES:
            raise invalid(field, f"请填写 5 到 {_MOST_MINUTES} 之间的分钟数。")
    if not 0 <= limits.warning_percent <= 90:
        raise invalid("warning_percent", "请填写 0 到 90 之间的百分数。")
    if len(limits.sectional_types) > 40 or any(not 1 <= len(code) <= 16 for code in limits.sectional_types):
        raise invalid("sectional_types", "检查类型代码为 1 到 16 个字符，最多 40 个。")
