"""Where a result belongs, for those who check what an account may see."""

from __future__ import annotations

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.results.tables import Result, ResultIssue


def exam_of_result(uow: UnitOfWork, result_id: int) -> int | None:
    """Return the exam of a result; None when there is no such result."""
    statement = (
        select(ResultIssue.exam_id).join(Result, Result.issue_id == ResultIssue.id).where(Result.id == result_id)
    )
    return uow.session.execute(statement).scalar_one_or_none()
