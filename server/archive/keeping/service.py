"""Use cases of keeping for workstations, the command line and other areas; long work is asked for as a job."""

from __future__ import annotations

from pathlib import Path

import msgspec
from sqlalchemy import ColumnElement, func, or_, select

from server.archive.keeping import holds, policy
from server.archive.keeping.bin import RecycleBin, checked_reason
from server.archive.keeping.compressing import Compression
from server.archive.keeping.ports import Copies, Exams
from server.archive.keeping.retention import Retention
from server.archive.keeping.tables import BackupRun, BinEntry, CheckRun
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import illegal_action, invalid, not_found
from server.kernel.jobs.queue import enqueue
from server.kernel.jobs.tables import Job
from server.kernel.storage.port import ObjectStorage
from shared.contract import keeping as contract
from shared.contract.base import Page

COMPRESS_JOB = "keeping.compress"
RETENTION_JOB = "keeping.retention"
SWEEP_JOB = "keeping.sweep"
BACKUP_JOB = "keeping.backup"
VERIFY_JOB = "keeping.verify_backup"
CHECK_JOB = "keeping.check"


class KeepingService:
    """Recycle bin, holds, retention, compression, backup and check, as people ask for them."""

    def __init__(
        self,
        database: Database,
        storage: ObjectStorage,
        workshop: Path,
        exams: Exams,
        copies: Copies,
        backup_folder: Path | None,
    ) -> None:
        self.bin = RecycleBin(exams)
        self.retention = Retention(database, self.bin, exams, copies)
        self.compression = Compression(database, storage, workshop)
        self.backup_folder = backup_folder

    # policy

    def get_policy(self, uow: UnitOfWork) -> contract.PolicyView:
        """The present policy."""
        present, row = policy.load(uow.session)
        return contract.PolicyView(
            version=row.version if row else 0,
            policy=present,
            backup_folder=str(self.backup_folder or ""),
            changed_at=row.changed_at if row else None,
            changed_by=row.changed_by if row else "",
        )

    def save_policy(
        self, uow: UnitOfWork, version: int, wanted: contract.KeepingPolicy, by: str
    ) -> contract.PolicyView:
        """Change the policy. Raises Refusal."""
        policy.save(uow.session, version, wanted, by)
        return self.get_policy(uow)

    # recycle bin

    def delete_images(self, uow: UnitOfWork, asked: contract.DeleteImages, by: str) -> contract.BinEntryView:
        """Move images into the bin. Raises Refusal."""
        present, _ = policy.load(uow.session)
        entry = self.bin.delete(
            uow,
            present,
            study_uid=asked.study_uid,
            series_uid=asked.series_uid,
            sop_instance_uid=asked.sop_instance_uid,
            reason=asked.reason,
            by=by,
            force=asked.force,
        )
        return entry_view(entry)

    def discard(
        self, uow: UnitOfWork, *, study_uid: str, series_uid: str = "", sop_instance_uid: str = "", reason: str, by: str
    ) -> int:
        """For other parts of the archive: move images into the bin; returns the entry's id. Raises Refusal."""
        present, _ = policy.load(uow.session)
        return self.bin.delete(
            uow,
            present,
            study_uid=study_uid,
            series_uid=series_uid,
            sop_instance_uid=sop_instance_uid,
            reason=reason,
            by=by,
        ).id

    def restore(self, uow: UnitOfWork, entry_id: int) -> None:
        """Bring an entry back. Raises Refusal."""
        self.bin.restore(uow, entry_id)

    def purge_images(self, uow: UnitOfWork, entry_id: int, reason: str, by: str) -> contract.BinEntryView:
        """Destroy an entry, or ask for it as the first of two persons. Raises Refusal."""
        present, _ = policy.load(uow.session)
        entry = self.bin.purge_by_hand(uow, present, entry_id, reason=reason, by=by)
        if entry.purged_at is not None:
            enqueue(uow, SWEEP_JOB, {}, key="scheduled", title="清除已销毁的影像文件", by=by)
        return entry_view(entry)

    def list_bin(self, uow: UnitOfWork, text: str, page: Page) -> contract.BinList:
        """Entries, newest first."""
        wanted: list[ColumnElement[bool]] = [BinEntry.purged_at.is_(None)]
        if text.strip():
            like = "%" + text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            columns = (BinEntry.patient_id, BinEntry.patient_name, BinEntry.accession, BinEntry.study_uid)
            wanted.append(or_(*(column.ilike(like, escape="\\") for column in columns)))
        sums = uow.session.execute(
            select(func.count(), func.coalesce(func.sum(BinEntry.bytes_stored), 0)).where(*wanted)
        ).one()
        rows = uow.session.execute(
            select(BinEntry)
            .where(*wanted)
            .order_by(BinEntry.id.desc())
            .offset(max(page.offset, 0))
            .limit(min(max(page.limit, 1), 500))
        ).scalars()
        return contract.BinList(
            total=int(sums[0]), bytes_stored=int(sums[1]), rows=tuple(entry_view(row) for row in rows)
        )

    # holds

    def hold(self, uow: UnitOfWork, study_uid: str, reason: str, by: str) -> contract.LegalHoldView:
        """Put a study under legal hold. Raises Refusal."""
        return holds.view(holds.hold(uow.session, study_uid, checked_reason(reason), by))

    def release(self, uow: UnitOfWork, study_uid: str, reason: str, by: str) -> contract.LegalHoldView:
        """Release a study from its hold. Raises Refusal."""
        return holds.view(holds.release(uow.session, study_uid, checked_reason(reason), by))

    # jobs

    def start(self, uow: UnitOfWork, kind: str, title: str, by: str, **payload: object) -> Job:
        """Ask for a job; one that waits already is given back instead."""
        return uow.session.get_one(Job, enqueue(uow, kind, payload, key="asked", title=title, priority=5, by=by))

    def start_backup(self, uow: UnitOfWork, by: str) -> Job:
        """Back up into the folder of the settings. Raises ILLEGAL_ACTION."""
        self._require_folder()
        return self.start(uow, BACKUP_JOB, "备份", by, asked=True)

    def start_verify(self, uow: UnitOfWork, generation: str, by: str) -> Job:
        """Read a generation back. Raises Refusal."""
        self._require_folder()
        if generation and not all(one.isalnum() or one == "-" for one in generation):
            raise invalid("generation", "备份代号不正确，请从列表中选择。")
        return self.start(uow, VERIFY_JOB, "核对备份", by, generation=generation)

    def _require_folder(self) -> None:
        if self.backup_folder is None:
            raise illegal_action("no_folder", "服务器设置中没有备份文件夹（backup_folder），请管理员先设置。")

    def list_backups(self, uow: UnitOfWork) -> contract.BackupList:
        """Runs, newest first."""
        rows = uow.session.execute(select(BackupRun).order_by(BackupRun.id.desc()).limit(100)).scalars()
        return contract.BackupList(folder=str(self.backup_folder or ""), rows=tuple(_backup_view(row) for row in rows))

    def check_report(self, uow: UnitOfWork) -> contract.CheckReport:
        """The last report. Raises NOT_FOUND."""
        row = uow.session.execute(select(CheckRun).order_by(CheckRun.id.desc()).limit(1)).scalar_one_or_none()
        if row is None:
            raise not_found("检查结果")
        return msgspec.msgpack.decode(row.report, type=contract.CheckReport)


def entry_view(entry: BinEntry) -> contract.BinEntryView:
    """An entry for the screen."""
    return contract.BinEntryView(
        id=entry.id,
        level=entry.level,
        study_uid=entry.study_uid,
        series_uid=entry.series_uid,
        sop_instance_uid=entry.sop_instance_uid,
        patient_id=entry.patient_id,
        patient_name=entry.patient_name,
        accession_number=entry.accession,
        study_date=entry.study_date,
        modalities=tuple(one for one in entry.modalities.split("\\") if one),
        description=entry.description,
        instance_count=entry.instance_count,
        bytes_stored=entry.bytes_stored,
        reason=entry.reason,
        forced=entry.forced,
        deleted_by=entry.deleted_by,
        deleted_at=entry.deleted_at,
        purge_at=entry.purge_at,
        by_retention=entry.by_retention,
        purge_asked_by=entry.purge_asked_by,
        purge_reason=entry.purge_reason,
    )


def _backup_view(row: BackupRun) -> contract.BackupView:
    return contract.BackupView(
        id=row.id,
        generation=row.generation,
        state=row.state,
        started_at=row.started_at,
        finished_at=row.finished_at,
        objects=row.objects,
        objects_copied=row.objects_copied,
        bytes_copied=row.bytes_copied,
        sentence=row.sentence,
    )
