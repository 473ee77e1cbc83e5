"""What the process of jobs does for keeping: each handler may be begun again after a crash at any moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from server.archive.keeping import discards, policy
from server.archive.keeping.bin import RecycleBin
from server.archive.keeping.compressing import Compression
from server.archive.keeping.retention import Retention
from server.archive.keeping.service import COMPRESS_JOB, RETENTION_JOB, SWEEP_JOB, KeepingService
from server.kernel.audit import AuditEntry
from server.kernel.database import Database, UnitOfWork
from server.kernel.jobs import JobContext, JobKind, Schedule
from server.kernel.storage.port import ObjectStorage
from shared.contract.base import AuditClass

logger = logging.getLogger(__name__)

SCHEDULES = (
    Schedule(COMPRESS_JOB, timedelta(hours=1)),
    Schedule(SWEEP_JOB, timedelta(minutes=1)),
    Schedule(RETENTION_JOB, timedelta(hours=24)),
)

Record = Callable[[UnitOfWork, AuditEntry], None]


def job_kinds(service: KeepingService, database: Database, storage: ObjectStorage, record: Record) -> list[JobKind]:
    """Compression, retention, and what removes files."""
    return [
        JobKind(COMPRESS_JOB, lambda context: compress(context, service.compression), lane="work"),
        JobKind(RETENTION_JOB, lambda context: retain(context, service.retention, database), lane="house"),
        JobKind(SWEEP_JOB, lambda context: sweep(context, service.bin, database, storage, record), lane="house"),
    ]


def compress(context: JobContext, compression: Compression) -> str:
    """Compress what is due."""
    series, tally = compression.run(context.step)
    if not tally.compressed:
        return f"Looked at {series} series; nothing to compress."
    ratio = tally.before / max(tally.after, 1)
    return (
        f"Compressed {tally.compressed} images of {series} series from {tally.before >> 20} to {tally.after >> 20} MB "
        f"({ratio:.2f} : 1); {sum(tally.left.values())} stay as they came."
    )


def retain(context: JobContext, retention: Retention, database: Database) -> str:
    """Apply the retention rules."""
    with database.read() as uow:
        present, _ = policy.load(uow.session)
    binned, hindered = retention.apply(present, context.step)
    return f"Moved {binned} studies into the recycle bin; {hindered} are named by a rule and must stay."


def sweep(context: JobContext, bin_: RecycleBin, database: Database, storage: ObjectStorage, record: Record) -> str:
    """Purge what has been in the bin long enough, then remove files that nothing names."""
    purged = 0
    while True:
        context.step()
        now = datetime.now(UTC)
        with database.write() as uow:
            done = bin_.purge_due(uow, now)
            for entry in done:
                record(uow, _purged(entry.study_uid, now))
        if not done:
            break
        purged += len(done)
    removed = discards.sweep(database, storage)
    return f"Purged {purged} entries of the recycle bin, removed {removed} files."


def _purged(study_uid: str, now: datetime) -> AuditEntry:
    return AuditEntry(
        at=now,
        user="system",
        station="",
        address="",
        method="keeping.purge_images",
        audit_class=AuditClass.IMAGES,
        outcome="ok",
        subject=f"study {study_uid}",
        duration_ms=0.0,
    )
