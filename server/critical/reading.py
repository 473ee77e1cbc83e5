"""Loops as lists and one by one: what the overview, the ward and the report page show."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from server.critical.roster import shifts_on_duty
from server.critical.rules import OPEN_STATES
from server.critical.tables import LoopRow
from server.critical.views import details_of, seen_by, view_of
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.text import begins
from server.kernel.dispatch import Caller
from server.kernel.errors import not_found
from shared.contract.critical import DepartmentCount, DutyView, ListLoops, LoopDetails, LoopFilter, LoopList, LoopView
from shared.domain.critical import ESCALATIONS, Escalation

_MOST = 500
_OPEN = tuple(state.value for state in OPEN_STATES)


class Reading:
    """Reads loops that a caller may see."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def page(self, uow: UnitOfWork, caller: Caller, request: ListLoops) -> LoopList:
        """Return loops that the caller may see, with counts of the open ones."""
        now = self._time.now()
        seen = seen_by(uow, caller)
        condition = and_(seen, *self._conditions(caller, request.filter, now))
        ended = case((LoopRow.state.in_(_OPEN), 0), else_=1)
        rows = uow.session.scalars(
            select(LoopRow)
            .where(condition)
            .order_by(ended, case((ended == 0, LoopRow.opened_at)), LoopRow.opened_at.desc(), LoopRow.id.desc())
            .offset(min(max(request.offset, 0), 10**9))
            .limit(min(max(request.limit, 1), _MOST))
        )
        total = uow.session.execute(select(func.count()).select_from(LoopRow).where(condition)).scalar_one()
        overdue = func.sum(case((_overdue(now), 1), else_=0))
        mine = func.sum(case((LoopRow.reported_by_id == caller.user_id, 1), else_=0))
        counted = uow.session.execute(
            select(LoopRow.department, func.count(), overdue, mine)
            .where(seen, LoopRow.state.in_(_OPEN))
            .group_by(LoopRow.department)
            .order_by(LoopRow.department)
        ).all()
        return LoopList(
            rows=tuple(view_of(row, caller, now) for row in rows),
            total=total,
            open=sum(row[1] for row in counted),
            overdue=sum(int(row[2] or 0) for row in counted),
            mine=sum(int(row[3] or 0) for row in counted),
            departments=tuple(
                DepartmentCount(department=row[0], open=row[1], overdue=int(row[2] or 0)) for row in counted
            ),
            now=now,
        )

    def details(self, uow: UnitOfWork, caller: Caller, loop_id: int) -> LoopDetails:
        """Return a loop with its log. Raises NOT_FOUND, also for one that the caller may not see."""
        row = uow.session.scalar(select(LoopRow).where(LoopRow.id == loop_id, seen_by(uow, caller)))
        if row is None:
            raise not_found("危急值记录")
        return details_of(uow, caller, row, self._time.now())

    def of_report(self, uow: UnitOfWork, caller: Caller, report_id: int) -> tuple[LoopView, ...]:
        """Return the loops of a report, oldest first."""
        rows = uow.session.scalars(
            select(LoopRow).where(LoopRow.report_id == report_id, seen_by(uow, caller)).order_by(LoopRow.id)
        )
        now = self._time.now()
        return tuple(view_of(row, caller, now) for row in rows)

    def on_duty(self, uow: UnitOfWork, department: str) -> tuple[DutyView, ...]:
        """Return who answers for a department now, level by level."""
        now = self._time.now()
        return tuple(
            DutyView(level=level, department=one.department or department, name=one.name, phone=one.phone)
            for level in ESCALATIONS
            for one in shifts_on_duty(uow, level, department, now, self._time.zone)
        )

    def _conditions(self, caller: Caller, wanted: LoopFilter, now: datetime) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if wanted.open_only or wanted.overdue_only:
            found.append(LoopRow.state.in_(_OPEN))
        if wanted.overdue_only:
            found.append(_overdue(now))
        if wanted.mine_only:
            found.append(LoopRow.reported_by_id == caller.user_id)
        if wanted.states:
            found.append(LoopRow.state.in_([state.value for state in wanted.states]))
        if wanted.department.strip():
            found.append(LoopRow.department == wanted.department.strip())
        if wanted.region is not None:
            found.append(LoopRow.region == wanted.region.value)
        text = wanted.patient.strip()[:64]
        if text:
            found.append(
                or_(
                    begins(LoopRow.patient_name, text),
                    LoopRow.patient_number == text,
                    LoopRow.accession_number == text,
                    LoopRow.inpatient_number == text,
                )
            )
        if wanted.first is not None:
            found.append(LoopRow.opened_at >= self._time.day_bounds(wanted.first)[0])
        if wanted.last is not None:
            found.append(LoopRow.opened_at < self._time.day_bounds(wanted.last)[1])
        return found


def _overdue(now: datetime) -> ColumnElement[bool]:
    """As views.is_overdue, for rows that are open."""
    late = and_(LoopRow.notified_at.is_(None), LoopRow.due_at < now)
    return or_(late, LoopRow.escalation != Escalation.DOCTOR.value)
