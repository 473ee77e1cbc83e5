"""Notices on their way out: written in the transaction that makes them true, published after it.

DICOM workers are processes of their own, so the table is the way between them and the notices socket.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Column, Integer, LargeBinary, Table, delete, func, select

from server.kernel.database.base import Base, UtcDateTime
from server.kernel.database.watching import Watch

if TYPE_CHECKING:
    from server.kernel.database.engine import Database

logger = logging.getLogger(__name__)

outbox = Table(
    "outbox",
    Base.metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,  # ids of deleted rows must never come again: readers remember the last one
)

_KEEP = 1000  # rows left for other nodes to read
_POLL_S = 0.04  # how late a notice of another process may be


class OutboxReader:
    """Hands every new notice, in order, to `send`; one thread, woken by local commits, polling for other processes."""

    def __init__(self, database: Database, send: Callable[[bytes], None]) -> None:
        self._database = database
        self._send = send
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._last = 0

    def start(self) -> None:
        with self._database.read() as uow:
            self._last = uow.session.execute(select(func.coalesce(func.max(outbox.c.id), 0))).scalar_one()
        self._database.on_notices = self._wake.set
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        self._thread.join(5)

    def _run(self) -> None:
        sent_since_cleaning = 0
        watch = Watch(self._database)
        is_due = True
        while not self._stopping.is_set():
            is_due = self._wake.wait(_POLL_S) or is_due
            self._wake.clear()
            try:
                if not (watch.changed() or is_due):
                    continue
                is_due = True  # until it was done
                sent_since_cleaning += self._publish_new()
                if sent_since_cleaning > _KEEP:
                    self._clean()
                    sent_since_cleaning = 0
                is_due = False
            except Exception:
                logger.exception("outbox: could not publish; trying again")
        watch.close()

    def _publish_new(self) -> int:
        with self._database.read() as uow:
            rows = uow.session.execute(
                select(outbox.c.id, outbox.c.body).where(outbox.c.id > self._last).order_by(outbox.c.id)
            ).all()
        for row_id, body in rows:
            self._send(body)
            self._last = row_id
        return len(rows)

    def _clean(self) -> None:
        with self._database.write() as uow:
            uow.session.execute(delete(outbox).where(outbox.c.id <= self._last - _KEEP))
