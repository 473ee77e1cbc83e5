"""Replies of commands by key: the same key gives the first reply again and does nothing twice."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Column, Integer, LargeBinary, String, Table, delete, insert, select

from server.kernel.database.base import Base, UtcDateTime
from server.kernel.database.unit import UnitOfWork
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode

KEEP = timedelta(days=3)
MAX_KEY_LENGTH = 64

replies = Table(
    "command_replies",
    Base.metadata,
    Column("user_id", Integer, primary_key=True),
    Column("key", String(MAX_KEY_LENGTH), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("reply", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
)


def digest_of(method: str, body: bytes) -> str:
    """Return what a key is bound to: method and body."""
    return hashlib.sha256(method.encode() + b"\0" + body).hexdigest()


def earlier_reply(uow: UnitOfWork, user_id: int, key: str, digest: str) -> bytes | None:
    """Return the encoded reply given to this key before. Raises Refusal KEY_REUSED when the body was another."""
    row = uow.session.execute(
        select(replies.c.digest, replies.c.reply).where(replies.c.user_id == user_id, replies.c.key == key)
    ).first()
    if row is None:
        return None
    if row.digest != digest:
        raise Refusal(ErrorCode.KEY_REUSED, "同一操作编号被用于不同内容，请重新提交。")
    return bytes(row.reply)


def keep_reply(uow: UnitOfWork, user_id: int, key: str, digest: str, reply: bytes, now: datetime) -> None:
    """Keep the encoded reply, in the transaction of the command."""
    uow.session.execute(insert(replies).values(user_id=user_id, key=key, digest=digest, reply=reply, at=now))


def forget_old(uow: UnitOfWork, now: datetime) -> None:
    """Delete replies that nobody can ask for any more."""
    uow.session.execute(delete(replies).where(replies.c.at < now - KEEP))
