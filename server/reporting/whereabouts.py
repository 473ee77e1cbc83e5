"""Which exam a report is about, for those who limit access by the exam's place."""

from __future__ import annotations

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.reporting.tables import Report


def exam_of_report(uow: UnitOfWork, report_id: int) -> int | None:
    """Return the exam of a report, or None when there is no such report."""
    return uow.session.scalar(select(Report.exam_id).where(Report.id == report_id))
