"""Files on their way out: announced in the transaction that takes their row away, removed later, never in between."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, or_, select, text, tuple_, update
from sqlalchemy.orm import Session

from server.archive.keeping.tables import BackupRun, BinObject, Discard
from server.archive.tables import Instance, InstanceVersion
from server.kernel.database import Database
from server.kernel.storage.port import ObjectMissing, ObjectStorage, StorageError

logger = logging.getLogger(__name__)

_BATCH = 100
_LATER = timedelta(minutes=10)
_DEAD_AFTER = timedelta(minutes=30)  # one who removes files longer than that died
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


def going(session: Session) -> set[str]:
    """The keys whose files are being removed at this moment: nobody may put a file there before that is over.

    Ask after the row that names such a key is written, in the same transaction.
    """
    return set(session.execute(select(Discard.object_key).where(Discard.going_at.is_not(None))).scalars())


def sweep(database: Database, storage: ObjectStorage, *, now: datetime | None = None) -> int:
    """Remove the files whose time has come; returns how many. Nothing goes while a backup runs.

    No transaction is open while files are removed, which takes long on a distant store. An object that is received
    anew under a key that is going gets its row, and waits in the inbox until the key is gone.
    """
    now = now or datetime.now(UTC)
    removed = 0
    while chosen := _choose(database, now):
        gone, later = [], []
        for key in chosen:
            try:
                storage.delete(key)
                removed += 1
            except ObjectMissing:
                pass  # removed already, before a crash
            except (StorageError, OSError) as trouble:
                logger.warning("archive: a file could not be removed yet: %s", trouble)
                later.append(key)
                continue
            gone.append(key)
        with database.write() as uow:
            ours = Discard.going_at == now
            uow.session.execute(delete(Discard).where(Discard.object_key.in_(gone), ours))
            postponed = update(Discard).where(Discard.object_key.in_(later), ours)
            uow.session.execute(postponed.values(not_before=now + _LATER, going_at=None))
    return removed


def _choose(database: Database, now: datetime) -> list[str]:
    """Keys of files that go now, marked so; announcements of files that are named again are taken back."""
    while True:
        with database.write() as uow:
            session = uow.session
            if backup_is_running(session, now):
                return []
            if not database.is_sqlite:  # who writes rows at this moment ends first, and who comes later sees the marks
                session.execute(text("LOCK TABLE instances, instance_versions, bin_objects IN SHARE MODE"))
            is_free = or_(Discard.going_at.is_(None), Discard.going_at < now - _DEAD_AFTER)
            due = select(Discard.object_key, Discard.uid).where(Discard.not_before <= now, is_free).limit(_BATCH)
            files = [(row.object_key, row.uid) for row in session.execute(due)]
            needed = named(session, files)
            keep(session, needed)
            chosen = [key for key, _ in files if key not in needed]
            session.execute(update(Discard).where(Discard.object_key.in_(chosen)).values(going_at=now))
        if chosen or not files:
            return chosen
