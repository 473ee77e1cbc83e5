"""Rows of loops as the contract shows them, and who may see which."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, true

from server.critical.rules import OPEN_STATES, allowed_actions
from server.critical.tables import LoopLineRow, LoopRow
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.organisation.tables import DepartmentRow
from shared.contract.critical import LoopDetails, LoopLine, LoopView
from shared.domain.critical import CriticalLevel, CriticalRegion, Escalation, LoopState, Means


def is_open(row: LoopRow) -> bool:
    """Whether somebody still waits for an answer."""
    return LoopState(row.state) in OPEN_STATES


def is_overdue(row: LoopRow, now: datetime) -> bool:
    """Whether nobody was told in time, or nobody answered before the next level was called."""
    if not is_open(row):
        return False
    late = row.notified_at is None and now > row.due_at
    return late or Escalation(row.escalation) is not Escalation.DOCTOR


def view_of(row: LoopRow, caller: Caller, now: datetime) -> LoopView:
    """Return a loop as this caller sees it."""
    state = LoopState(row.state)
    return LoopView(
        id=row.id,
        version=row.version,
        state=state,
        report_id=row.report_id,
        exam_id=row.exam_id,
        accession_number=row.accession_number,
        patient_number=row.patient_number,
        patient_name=row.patient_name,
        sex=row.sex,
        age=row.age,
        inpatient_number=row.inpatient_number,
        exam_type=row.exam_type,
        body_part=row.body_part,
        items=row.items,
        campus_id=row.campus_id,
        department=row.department,
        requesting_doctor=row.requesting_doctor,
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        region=CriticalRegion(row.region),
        level=CriticalLevel(row.level),
        value=row.value,
        finding=row.finding,
        reported_by=row.reported_by,
        reported_by_id=row.reported_by_id,
        opened_at=row.opened_at,
        due_at=row.due_at,
        notified_at=row.notified_at,
        notified_name=row.notified_name,
        notified_means=Means(row.notified_means) if row.notified_means else None,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_means=Means(row.acknowledged_means) if row.acknowledged_means else None,
        read_back=row.read_back,
        note=row.note,
        escalation=Escalation(row.escalation),
        called=row.called,
        next_escalation_at=row.next_escalation_at,
        is_overdue=is_overdue(row, now),
        ended_at=row.ended_at,
        reason=row.reason,
        allowed=allowed_actions(state, caller),
    )


def line_of(row: LoopLineRow) -> LoopLine:
    """Return a line of the log."""
    return LoopLine(
        at=row.at,
        by=row.by,
        action=row.action,
        name=row.name,
        means=Means(row.means) if row.means else None,
        read_back=row.read_back,
        note=row.note,
    )


def details_of(uow: UnitOfWork, caller: Caller, row: LoopRow, now: datetime) -> LoopDetails:
    """Return a loop with its log, oldest line first."""
    lines = uow.session.scalars(select(LoopLineRow).where(LoopLineRow.loop_id == row.id).order_by(LoopLineRow.id))
    return LoopDetails(loop=view_of(row, caller, now), lines=tuple(line_of(line) for line in lines))


def seen_by(uow: UnitOfWork, caller: Caller) -> ColumnElement[bool]:
    """Return the condition of loops that an account may see: its campuses, its rooms or its own departments."""
    conditions: list[ColumnElement[bool]] = [true()]
    if caller.campus_ids:
        conditions.append(LoopRow.campus_id.in_(caller.campus_ids))
    if caller.department_ids:
        names = uow.session.execute(
            select(DepartmentRow.name, DepartmentRow.name_en).where(DepartmentRow.id.in_(caller.department_ids))
        )
        own = {name for row in names for name in row if name}
        conditions.append(or_(LoopRow.department.in_(own), LoopRow.room_id.in_(caller.room_ids or ())))
    return and_(*conditions)
