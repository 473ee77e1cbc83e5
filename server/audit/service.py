"""Recording and reading the audit log.

A command's entry is written in the command's own transaction; those of queries are gathered and written in
batches. One writer then chains all of them in order of id, so that no entry can be changed or taken out unseen.
"""

from __future__ import annotations

import logging
import queue
import threading
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select, update

from server.audit.rules import FIRST, link
from server.audit.tables import AuditEntryRow
from server.kernel.audit import AuditEntry
from server.kernel.database import Database, UnitOfWork
from shared.contract.audit import AuditCheckView, AuditList, AuditRow, ListAudit
from shared.contract.base import AuditClass

logger = logging.getLogger(__name__)

_BATCH = 500
_EVERY_S = 0.1


class AuditService:
    """Implements server.kernel.audit.AuditSink."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: queue.SimpleQueue[AuditEntry | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what is gathered and end."""
        self._stopping.set()
        self._queue.put(None)
        self._thread.join(10)

    def record_in(self, uow: UnitOfWork, entry: AuditEntry) -> None:
        uow.session.execute(insert(AuditEntryRow).values(**_columns(entry)))

    def record(self, entry: AuditEntry) -> None:
        self._queue.put(entry)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(_EVERY_S)
            try:
                self.write_gathered()
            except Exception:
                logger.exception("audit: could not write; trying again")

    def write_gathered(self) -> None:
        """Write and chain everything gathered so far; called by the writer thread (and by tests)."""
        gathered: list[AuditEntry] = []
        while len(gathered) < _BATCH:
            try:
                entry = self._queue.get_nowait()
            except queue.Empty:
                break
            if entry is not None:
                gathered.append(entry)
        if not gathered and not self._has_unchained():
            return
        try:
            with self._database.write() as uow:
                if gathered:
                    uow.session.execute(insert(AuditEntryRow), [_columns(entry) for entry in gathered])
                _chain(uow)
        except Exception:
            for entry in gathered:
                self._queue.put(entry)
            raise

    def _has_unchained(self) -> bool:
        with self._database.read() as uow:
            return uow.session.scalar(select(AuditEntryRow.id).where(AuditEntryRow.chain == "").limit(1)) is not None

    def list(self, uow: UnitOfWork, asked: ListAudit) -> AuditList:
        """Return entries, newest first."""
        chosen = _filtered(select(AuditEntryRow), asked)
        total = uow.session.scalar(_filtered(select(func.count(AuditEntryRow.id)), asked)) or 0
        limit = max(1, min(asked.page.limit, 500))
        rows = uow.session.scalars(chosen.order_by(AuditEntryRow.id.desc()).offset(asked.page.offset).limit(limit))
        return AuditList(total=total, rows=tuple(_view(row) for row in rows))

    def check(self, uow: UnitOfWork) -> AuditCheckView:
        """Walk the whole chain."""
        previous, count = FIRST, 0
        rows = uow.session.scalars(
            select(AuditEntryRow)
            .where(AuditEntryRow.chain != "")
            .order_by(AuditEntryRow.id)
            .execution_options(yield_per=1000)
        )
        for row in rows:
            previous = link(previous, _fields(row))
            if previous != row.chain:
                return AuditCheckView(
                    entries=count, is_whole=False, sentence=f"审计链在第 {row.id} 条处断裂：该条或其前一条被改动。"
                )
            count += 1
        return AuditCheckView(entries=count, is_whole=True, sentence=f"审计链完整，共 {count} 条。")


def _chain(uow: UnitOfWork) -> None:
    previous = uow.session.scalar(
        select(AuditEntryRow.chain).where(AuditEntryRow.chain != "").order_by(AuditEntryRow.id.desc()).limit(1)
    )
    previous = previous or FIRST
    rows = uow.session.scalars(
        select(AuditEntryRow).where(AuditEntryRow.chain == "").order_by(AuditEntryRow.id).limit(_BATCH * 4)
    ).all()
    for row in rows:
        previous = link(previous, _fields(row))
        uow.session.execute(update(AuditEntryRow).where(AuditEntryRow.id == row.id).values(chain=previous))


def _columns(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "user": entry.user[:40],
        "station": entry.station[:80],
        "address": entry.address[:60],
        "method": entry.method[:60],
        "audit_class": entry.audit_class.value,
        "outcome": entry.outcome[:30],
        "subject": entry.subject[:120],
        "duration_ms": entry.duration_ms,
        "chain": "",
    }


def _fields(row: AuditEntryRow) -> list[str]:
    at: datetime = row.at
    values = (row.id, at.isoformat(), row.user, row.station, row.address, row.method, row.audit_class)
    return [str(value) for value in (*values, row.outcome, row.subject, f"{row.duration_ms:.3f}")]


def _filtered(statement: Select[Any], asked: ListAudit) -> Select[Any]:
    if asked.user:
        statement = statement.where(AuditEntryRow.user == asked.user)
    if asked.method_prefix:
        statement = statement.where(AuditEntryRow.method.startswith(asked.method_prefix, autoescape=True))
    if asked.subject:
        statement = statement.where(AuditEntryRow.subject == asked.subject)
    if asked.since:
        statement = statement.where(AuditEntryRow.at >= asked.since)
    if asked.until:
        statement = statement.where(AuditEntryRow.at < asked.until)
    if not asked.include_routine:
        statement = statement.where(AuditEntryRow.audit_class != AuditClass.ROUTINE.value)
    return statement


def _view(row: AuditEntryRow) -> AuditRow:
    return AuditRow(
        id=row.id,
        at=row.at,
        user=row.user,
        station=row.station,
        address=row.address,
        method=row.method,
        audit_class=row.audit_class,
        outcome=row.outcome,
        subject=row.subject,
        duration_ms=row.duration_ms,
        chain=row.chain,
    )
