"""The roster as rows: who is on duty for a level of a department."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from server.critical.rules import Shift, on_duty
from server.critical.tables import DutyRow
from server.kernel.database import UnitOfWork
from shared.domain.critical import Escalation, Weekday


def shifts_on_duty(
    uow: UnitOfWork, level: Escalation, department: str, moment: datetime, zone: ZoneInfo
) -> tuple[Shift, ...]:
    """Return the shifts of a level that cover `moment`, those of the department itself before those of all."""
    rows = uow.session.scalars(
        select(DutyRow)
        .where(DutyRow.is_active, DutyRow.level == level.value, DutyRow.department.in_(("", department)))
        .order_by(DutyRow.position, DutyRow.id)
    )
    return on_duty([_shift(row) for row in rows], level, department, moment, zone)


def called_words(shifts: Iterable[Shift]) -> str:
    """Return names and telephone numbers in one line."""
    return "、".join(f"{one.name}（{one.phone}）" if one.phone else one.name for one in shifts)


def _shift(row: DutyRow) -> Shift:
    return Shift(
        name=row.name,
        phone=row.phone,
        level=Escalation(row.level),
        department=row.department,
        days=frozenset(Weekday(one) for one in row.days),
        begins=row.begins,
        ends=row.ends,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
