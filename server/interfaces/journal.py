"""The journal of messages: kept, found, shown; what came twice is known again."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select

from server.interfaces.tables import InterfaceMessage as Row
from server.kernel.database import UnitOfWork
from server.kernel.errors import not_found
from shared.contract.base import Changed
from shared.contract.interfaces import Direction, ListMessages, MessageList, MessageState, MessageText, MessageView

MAX_PAGE = 500
_SHOWN = 200_000
"""Characters of a message that a workstation is shown."""
_OPEN = (MessageState.WAITING.value,)


def identity_of(connection_id: int, control_id: str, body: bytes) -> str:
    """Return the hash that makes a resent message known again: same way, same control id, same content."""
    told = hashlib.sha256(f"{connection_id}\x00{control_id}\x00".encode())
    told.update(body)
    return told.hexdigest()


def known(uow: UnitOfWork, identity: str) -> Row | None:
    """Return the row of a message that came before."""
    return uow.session.scalars(select(Row).where(Row.identity == identity).with_for_update()).one_or_none()


def get(uow: UnitOfWork, message_id: int) -> Row:
    """Return a row, locked by a writer. Raises NOT_FOUND."""
    query = select(Row).where(Row.id == message_id)
    row = uow.session.scalars(query.with_for_update() if uow.is_writer else query).one_or_none()
    if row is None:
        raise not_found("消息")
    return row


def tell(uow: UnitOfWork, row: Row) -> None:
    """Let workstations ask again."""
    uow.publish(Changed("interface_message", row.id, 0))


def listed(uow: UnitOfWork, request: ListMessages) -> MessageList:
    """Return a page, newest first."""
    conditions = []
    if request.connection_id:
        conditions.append(Row.connection_id == request.connection_id)
    if request.exam_id:
        conditions.append(Row.exam_id == request.exam_id)
    if request.direction is not None:
        conditions.append(Row.direction == request.direction.value)
    if request.states:
        conditions.append(Row.state.in_([state.value for state in request.states]))
    wanted = request.text.strip()[:64]
    if wanted:
        exact = (Row.order_number, Row.accession_number, Row.control_id, Row.patient_name)
        conditions.append(or_(*(column == wanted for column in exact), Row.message_type == wanted.upper()))
    total = uow.session.execute(select(func.count()).select_from(Row).where(*conditions)).scalar_one()
    statement = (
        select(Row)
        .where(*conditions)
        .order_by(Row.id.desc())
        .offset(min(max(request.page.offset, 0), 10**9))
        .limit(min(max(request.page.limit, 1), MAX_PAGE))
    )
    return MessageList(total=total, rows=tuple(view_of(row) for row in uow.session.scalars(statement)))


def text_of(row: Row) -> MessageText:
    """Return a message with its text, as a person reads it."""
    return MessageText(message=view_of(row), text=_shown(row.body, row), answer=_shown(row.answer, row))


def _shown(data: bytes, row: Row) -> str:
    codec = row.character_set or "utf-8"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")[:_SHOWN]


def forget(uow: UnitOfWork, before: datetime) -> int:
    """Drop what is settled and older than a moment; returns how many."""
    done = delete(Row).where(Row.at < before, Row.state.not_in(_OPEN))
    return int(uow.session.execute(done).rowcount)  # type: ignore[attr-defined]  # of a DELETE there is one


def retention(days: int) -> timedelta:
    """Return how long settled messages are kept."""
    return timedelta(days=days)


def view_of(row: Row) -> MessageView:
    """Return a row as workstations see it."""
    return MessageView(
        id=row.id,
        direction=Direction(row.direction),
        connection_id=row.connection_id,
        connection_name=row.connection_name,
        at=row.at,
        message_type=row.message_type,
        control_id=row.control_id,
        state=MessageState(row.state),
        ack_code=row.ack_code,
        sentence=row.sentence,
        patient_name=row.patient_name,
        order_number=row.order_number,
        accession_number=row.accession_number,
        attempts=row.attempts,
        repeats=row.repeats,
        next_try=row.next_try,
        finished_at=row.finished_at,
    )
