"""Which exam a ticket or an announcement is about, for those who limit access by the exam's place."""

from __future__ import annotations

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.queueing.tables import CallRow, TicketRow


def exam_of_ticket(uow: UnitOfWork, ticket_id: int) -> int | None:
    """Return the exam of a ticket, or None when there is no such ticket."""
    return uow.session.scalar(select(TicketRow.exam_id).where(TicketRow.id == ticket_id))


def exam_of_call(uow: UnitOfWork, call_id: int) -> int | None:
    """Return the exam of an announcement, or None when there is no such call."""
    statement = select(TicketRow.exam_id).join(CallRow, CallRow.ticket_id == TicketRow.id).where(CallRow.id == call_id)
    return uow.session.scalar(statement)
