"""Recording and reading the audit log.

A command's entry is written in the command's own transaction; those of queries are gathered and written in
batches. One writer then chains all of them in order of id, so that no entry can be changed or taken out unseen.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, select, update

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
                _write(uow, [_columns(entry) for entry in gathered])
        except Exception:
            for entry in gathered:
                self._queue.put(entry)
            raise

    def _has_unchained(self) -> bool:
        with self._database.read() as uow:
            return uow.session.scalar(select(AuditEntryRow.id).where(AuditEntryRow.position == 0).limit(1)) is not None

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
        rows = uow.session.execute(
            select(*_CHAINED, AuditEntryRow.id, AuditEntryRow.chain)
            .where(AuditEntryRow.position > 0)
            .order_by(AuditEntryRow.position)
            .execution_options(yield_per=1000)
        )
        for row in rows:
            count += 1
            previous = link(previous, _texts({**row._mapping}))
            if previous != row.chain or row.position != count:
                sentence = f"审计链在第 {row.id} 条处断裂：该条被改动，或其前有条目被删除。"
                return AuditCheckView(entries=count, is_whole=False, sentence=sentence)
        return AuditCheckView(entries=count, is_whole=True, sentence=f"审计链完整，共 {count} 条。")


_CHAINED = (
    AuditEntryRow.position,
    AuditEntryRow.at,
    AuditEntryRow.user,
    AuditEntryRow.station,
    AuditEntryRow.address,
    AuditEntryRow.method,
    AuditEntryRow.audit_class,
    AuditEntryRow.outcome,
    AuditEntryRow.subject,
    AuditEntryRow.duration_ms,
)
_UPDATE = (
    update(AuditEntryRow.__table__)  # type: ignore[arg-type]  # a mapped class's table is a Table
    .where(AuditEntryRow.__table__.c.id == bindparam("row_id"))
    .values(position=bindparam("new_position"), chain=bindparam("new_chain"))
)


def _write(uow: UnitOfWork, gathered: list[dict[str, Any]]) -> None:
    """Chain what commands left, then write `gathered` behind it, chained already."""
    session = uow.session
    last = session.execute(
        select(AuditEntryRow.position, AuditEntryRow.chain).order_by(AuditEntryRow.position.desc()).limit(1)
    ).first()
    position, previous = (last.position, last.chain or FIRST) if last is not None else (0, FIRST)
    waiting = session.execute(
        select(*_CHAINED, AuditEntryRow.id)
        .where(AuditEntryRow.position == 0)
        .order_by(AuditEntryRow.id)
        .limit(_BATCH * 4)
    ).all()
    changes = []
    for row in waiting:
        position += 1
        previous = link(previous, _texts({**row._mapping, "position": position}))
        changes.append({"row_id": row.id, "new_position": position, "new_chain": previous})
    if changes:
        session.connection().execute(_UPDATE, changes)
    for columns in gathered:
        position += 1
        columns["position"] = position
        previous = columns["chain"] = link(previous, _texts(columns))
    if gathered:
        session.execute(insert(AuditEntryRow), gathered)


def _texts(columns: Mapping[str, Any]) -> list[str]:
    at: datetime = columns["at"]
    names = ("position", "user", "station", "address", "method", "audit_class", "outcome", "subject")
    return [*(str(columns[name]) for name in names), at.isoformat(), f"{columns['duration_ms']:.3f}"]


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
        "duration_ms": round(entry.duration_ms, 3),
        "position": 0,
        "chain": "",
    }


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
