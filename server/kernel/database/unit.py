"""One transaction: the session, and the notices that become true when it commits."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.kernel.outbox import outbox
from shared.contract.base import Notice

_encode = msgspec.msgpack.Encoder().encode


class UnitOfWork:
    """What a use case works in. It never commits by itself: whoever opened it does."""

    def __init__(self, session: Session, *, is_writer: bool) -> None:
        self.session = session
        self.is_writer = is_writer
        self._notices: list[Notice] = []

    def publish(self, notice: Notice) -> None:
        """Tell all workstations after the commit; nothing is told when it fails. Equal notices are told once."""
        if notice not in self._notices:
            self._notices.append(notice)

    @property
    def has_notices(self) -> bool:
        return bool(self._notices)

    def flush_notices(self) -> None:
        """Write the notices into the outbox; called by the opener just before the commit."""
        if self._notices:
            now = datetime.now(UTC)
            self.session.execute(insert(outbox), [{"at": now, "body": _encode(notice)} for notice in self._notices])
