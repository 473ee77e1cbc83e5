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
        return f"检查了 {series} 个序列，没有需要压缩的影像。"
    ratio = tally.before / max(tally.after, 1)
    return (
        f"无损压缩 {series} 个序列的 {tally.compressed} 幅影像：{tally.before / 2**20:.1f} MB → "
        f"{tally.after / 2**20:.1f} MB（{ratio:.2f} : 1），另有 {sum(tally.left.values())} 幅保持原样。"
    )


def retain(context: JobContext, retention: Retention, database: Database) -> str:
    """Apply the retention rules."""
    with database.read() as uow:
        present, _ = policy.load(uow.session)
    binned, hindered = retention.apply(present, context.step)
    return f"{binned} 个检查移入回收站；{hindered} 个符合规则但必须保留。"


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
    return f"销毁回收站条目 {purged} 个，清除文件 {removed} 个。"


def back_up(context: JobContext, service: KeepingService, sources: Sources) -> str:
    """Back up into the folder of the settings: when a person asked, or when it is time."""
    if service.backup_folder is None:
        return "服务器设置中没有备份文件夹。"
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
            return "还没有到备份时间。"
    vault = Vault(service.backup_folder)
    try:
        done = backup.run(sources, vault, context.step)
        pruned = vault.prune(present.backup_keep, context.step) if present.backup_keep else (0, 0)
    except (BackupError, SnapshotError) as trouble:
        raise JobRetry(str(trouble)) from trouble
    except FolderInUse as busy:
        raise JobRetry("另一个备份正在写入该文件夹。", 60.0) from busy
    return _told(done, pruned[0])


def _told(done: backup.Done, removed: int) -> str:
    manifest = done.manifest
    trouble = len(manifest.missing) + len(manifest.damaged)
    parts = [
        f"备份 {manifest.generation}：{manifest.objects} 个对象，其中新增 {done.copied} 个"
        f"（{done.bytes_copied / 1e6:.0f} MB），用时 {done.seconds:.0f} 秒。"
    ]
    if removed:
        parts.append(f"清除旧备份 {removed} 个。")
    if manifest.away:
        parts.append(f"{len(manifest.away)} 个对象在未插入的介质上，不在备份中。")
    if trouble:
        parts.append(f"归档中有 {trouble} 个对象缺失或损坏，请运行检查。")
    return "".join(parts)


def verify(context: JobContext, service: KeepingService) -> str:
    """Read a generation back."""
    if service.backup_folder is None:
        raise JobFailed("服务器设置中没有备份文件夹。")
    vault = Vault(service.backup_folder)
    try:
        name = vault.choose(generation=str(context.payload.get("generation") or ""))
        faults = vault.verify(name, context.step)
    except (BackupError, SnapshotError) as trouble:
        raise JobFailed(str(trouble)) from trouble
    if faults:
        raise JobFailed(f"备份 {name} 有 {len(faults)} 处问题（{faults[0]}），请重新备份。")
    return f"备份 {name} 完整，全部哈希已核对。"


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
    repairs = f"，已处理 {repaired} 个" if repaired else ""
    return f"索引 {view.instances} 个对象，文件 {view.files} 个，发现问题 {view.total_findings} 个{repairs}。"


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
