"""Files on their way out: announced in the transaction that takes their row away, removed later, never in between."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, text, tuple_, update
from sqlalchemy.orm import Session

from server.archive.keeping.tables import BackupRun, BinObject, Discard
from server.archive.tables import Instance, InstanceVersion
from server.kernel.database import Database
from server.kernel.storage.port import ObjectMissing, ObjectStorage, StorageError

logger = logging.getLogger(__name__)

_BATCH = 100
_LATER = timedelta(minutes=10)
BACKUP_DEAD_AFTER = timedelta(minutes=10)


def announce(session: Session, files: Iterable[tuple[str, str]], why: str, delay: timedelta) -> None:
    """Have files, given as (key, SOP Instance UID), removed after `delay` unless a row names them by then."""
    at = datetime.now(UTC) + delay
    for key, uid in files:
        session.merge(Discard(object_key=key, uid=uid, not_before=at, why=why))
    session.flush()


def keep(session: Session, keys: Iterable[str]) -> None:
    """Take announcements back: rows name these files now."""
    session.execute(delete(Discard).where(Discard.object_key.in_(list(keys))))


def named(session: Session, files: Iterable[tuple[str, str]]) -> set[str]:
    """The keys among (key, SOP Instance UID) that some row names: an instance, a version, something in the bin."""
    pairs = list(files)
    keys = [key for key, _ in pairs]
    of_instance = select(Instance.object_key).where(
        tuple_(Instance.uid, Instance.object_key).in_([(u, k) for k, u in pairs])
    )
    of_version = select(InstanceVersion.object_key).where(InstanceVersion.object_key.in_(keys))
    of_bin = select(BinObject.object_key).where(BinObject.object_key.in_(keys))
    return {key for statement in (of_instance, of_version, of_bin) for key in session.execute(statement).scalars()}


def backup_is_running(session: Session, now: datetime) -> bool:
    """Whether a backup reads the archive at present: then no file may go."""
    alive = select(BackupRun.id).where(BackupRun.state == "running", BackupRun.alive_at > now - BACKUP_DEAD_AFTER)
    return session.execute(alive.limit(1)).first() is not None


def sweep(database: Database, storage: ObjectStorage, *, now: datetime | None = None) -> int:
    """Remove the files whose time has come; returns how many. Nothing goes while a backup runs.

    Each batch is one write transaction that holds new rows off until its files are gone: an object that is received
    anew under a key commits its row afterwards, and is moved to its place after that.
    """
    now = now or datetime.now(UTC)
    removed = 0
    while True:
        with database.write() as uow:
            session = uow.session
            if backup_is_running(session, now):
                return removed
            if not database.is_sqlite:
                session.execute(text("LOCK TABLE instances, instance_versions, bin_objects IN SHARE MODE"))
            due = select(Discard.object_key, Discard.uid).where(Discard.not_before <= now).limit(_BATCH)
            files = [(row.object_key, row.uid) for row in session.execute(due)]
            if not files:
                return removed
            needed = named(session, files)
            later = []
            for key, _ in files:
                if key in needed:
                    continue
                try:
                    storage.delete(key)
                    removed += 1
                except ObjectMissing:
                    pass  # removed already, before a crash
                except (StorageError, OSError) as trouble:
                    logger.warning("archive: a file could not be removed yet: %s", trouble)
                    later.append(key)
            keep(session, [key for key, _ in files if key not in later])
            postponed = update(Discard).where(Discard.object_key.in_(later)).values(not_before=now + _LATER)
            if later:
                session.execute(postponed)
