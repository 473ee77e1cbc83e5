"""What the process of jobs does for keeping: each handler may be begun again after a crash at any moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import func, select

from server.archive.check import Checked
from server.archive.keeping import backup, discards, policy
from server.archive.keeping.backup import Sources
from server.archive.keeping.bin import RecycleBin
from server.archive.keeping.compressing import Compression
from server.archive.keeping.retention import Retention
from server.archive.keeping.service import (
    BACKUP_JOB,
    CHECK_JOB,
    COMPRESS_JOB,
    RETENTION_JOB,
    SWEEP_JOB,
    VERIFY_JOB,
    KeepingService,
)
from server.archive.keeping.snapshots import SnapshotError
from server.archive.keeping.tables import BackupRun, CheckRun
from server.archive.keeping.vault import BackupError, Vault
from server.kernel.audit import AuditEntry
from server.kernel.database import Database, UnitOfWork
from server.kernel.folderlock import FolderInUse
from server.kernel.jobs import JobContext, JobFailed, JobKind, JobRetry, Schedule
from server.kernel.storage.port import ObjectStorage
from shared.contract.base import AuditClass
from shared.contract.keeping import CheckReport

logger = logging.getLogger(__name__)

SCHEDULES = (
    Schedule(COMPRESS_JOB, timedelta(hours=1)),
    Schedule(SWEEP_JOB, timedelta(minutes=1)),
    Schedule(RETENTION_JOB, timedelta(hours=24)),
    Schedule(BACKUP_JOB, timedelta(hours=1)),
)

Record = Callable[[UnitOfWork, AuditEntry], None]


@dataclass(frozen=True, slots=True)
class House:
    """What the handlers work with."""

    service: KeepingService
    database: Database
    storage: ObjectStorage
    record: Record
    sources: Sources
    examine: Callable[[bool, Callable[[int, int], None]], Checked]
    repair: Callable[[Checked], int]


def job_kinds(house: House) -> list[JobKind]:
    """Every job of keeping."""
    service, database, storage, record = house.service, house.database, house.storage, house.record
    return [
        JobKind(BACKUP_JOB, lambda context: back_up(context, service, house.sources), lane="files"),
        JobKind(VERIFY_JOB, lambda context: verify(context, service), lane="files", max_attempts=1),
        JobKind(CHECK_JOB, lambda context: check(context, house), lane="files", max_attempts=3),
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


def back_up(context: JobContext, service: KeepingService, sources: Sources) -> str:
    """Back up into the folder of the settings: when a person asked, or when it is time."""
    if service.backup_folder is None:
        return "No folder for backups is set."
    with context.database.read() as uow:
        present, _ = policy.load(uow.session)
        last: datetime | None = uow.session.execute(
            select(func.max(BackupRun.started_at)).where(
                BackupRun.state == "complete", BackupRun.folder == str(Vault(service.backup_folder).folder)
            )
        ).scalar_one()
    if not context.payload.get("asked"):
        due = timedelta(hours=present.backup_every_hours)
        if not due or (last is not None and datetime.now(UTC) - last < due):
            return "No backup is due."
    vault = Vault(service.backup_folder)
    try:
        done = backup.run(sources, vault, context.step)
        pruned = vault.prune(present.backup_keep, context.step) if present.backup_keep else (0, 0)
    except (BackupError, SnapshotError, OSError) as trouble:
        raise JobRetry(str(trouble)) from trouble
    except FolderInUse as busy:
        raise JobRetry("Another backup writes into the folder.", 60.0) from busy
    return done.sentence + (f" Removed {pruned[0]} old generations." if pruned[0] else "")


def verify(context: JobContext, service: KeepingService) -> str:
    """Read a generation back."""
    if service.backup_folder is None:
        raise JobFailed("No folder for backups is set.")
    vault = Vault(service.backup_folder)
    try:
        name = vault.choose(generation=str(context.payload.get("generation") or ""))
        faults = vault.verify(name, context.step)
    except (BackupError, SnapshotError, OSError) as trouble:
        raise JobFailed(str(trouble)) from trouble
    if faults:
        raise JobFailed(f"Generation {name} has {len(faults)} faults; the first: {faults[0]}. Make a new backup.")
    return f"Generation {name} is whole: every hash was compared."


def check(context: JobContext, house: House) -> str:
    """Prove index and files, repair what is safe if asked, keep the report."""
    checked = house.examine(bool(context.payload.get("hashes", True)), context.step)
    repaired = house.repair(checked) if context.payload.get("repair") and checked.faults else 0
    if repaired:
        checked = house.examine(bool(context.payload.get("hashes", True)), context.step)
    view = checked.view
    report = CheckReport(
        finished_at=datetime.now(UTC),
        instances=view.instances,
        files=view.files,
        bytes_hashed=view.bytes_hashed,
        seconds=view.seconds,
        repaired=repaired,
        total_findings=view.total_findings,
        findings=view.findings,
    )
    with house.database.write() as uow:
        uow.session.add(CheckRun(finished_at=report.finished_at, report=msgspec.msgpack.encode(report)))
    repairs = f", {repaired} repaired" if repaired else ""
    return f"{view.instances} objects in the index, {view.files} files: {view.total_findings} findings{repairs}."


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
