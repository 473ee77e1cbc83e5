"""Rows of the recycle bin, of files to be removed, of legal holds, of compression and of backups."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database.base import Base, UtcDateTime, Versioned

_Big = BigInteger().with_variant(Integer, "sqlite")


class BinEntry(Base):
    """What was deleted in one go. `rows` is all that is needed to bring it back (binrows.py)."""

    __tablename__ = "bin_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(String(8))  # study, series, instance
    study_uid: Mapped[str] = mapped_column(String(64), index=True)
    series_uid: Mapped[str] = mapped_column(String(64), default="")
    sop_instance_uid: Mapped[str] = mapped_column(String(64), default="")
    patient_id: Mapped[str] = mapped_column(String, default="")
    patient_name: Mapped[str] = mapped_column(String, default="")
    accession: Mapped[str] = mapped_column(String, default="")
    study_date: Mapped[str] = mapped_column(String, default="")
    modalities: Mapped[str] = mapped_column(String, default="")
    description: Mapped[str] = mapped_column(String, default="")
    instance_count: Mapped[int] = mapped_column(Integer, default=0)
    bytes_stored: Mapped[int] = mapped_column(_Big, default=0)
    reason: Mapped[str] = mapped_column(String(400))
    forced: Mapped[bool] = mapped_column(default=False)
    deleted_by: Mapped[str] = mapped_column(String(64))
    deleted_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    purge_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, index=True)
    accept_again_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    by_retention: Mapped[str] = mapped_column(String(100), default="")
    purge_asked_by: Mapped[str] = mapped_column(String(64), default="")
    purge_reason: Mapped[str] = mapped_column(String(400), default="")
    purged_by: Mapped[str] = mapped_column(String(64), default="")
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)  # then only this row is left
    rows: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's; an id that a screen shows never means another entry


class BinObject(Base):
    """A file that an entry of the bin owns: an instance, or another version of one (`is_version`)."""

    __tablename__ = "bin_objects"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("bin_entries.id"), index=True)
    uid: Mapped[str] = mapped_column(String(64), index=True)  # SOP Instance UID
    series_uid: Mapped[str] = mapped_column(String(64), default="")
    sop_class_uid: Mapped[str] = mapped_column(String(64), default="")
    transfer_syntax_uid: Mapped[str] = mapped_column(String(64), default="")
    object_key: Mapped[str] = mapped_column(String(64), index=True)
    received_key: Mapped[str | None] = mapped_column(String(64), default=None)
    size_bytes: Mapped[int] = mapped_column(_Big)
    data_offset: Mapped[int] = mapped_column(Integer)
    is_version: Mapped[bool] = mapped_column(default=False)
    row: Mapped[bytes] = mapped_column(LargeBinary, default=b"")  # of the table it came from


class Discard(Base):
    """A file that no row needs, or soon none: removed after `not_before`, unless a row names it by then.

    Written before a file is put whose row comes later, and in the transaction that takes a file's row away: so a crash
    at any moment leaves no file that nobody knows.
    """

    __tablename__ = "archive_discards"

    object_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    uid: Mapped[str] = mapped_column(String(64), default="")  # SOP Instance UID in the file: by it rows are found
    not_before: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    why: Mapped[str] = mapped_column(String(40))
    going_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, index=True)  # being removed since then


class LegalHold(Base):
    """A study that must be kept; by UID, because it holds through deletion and restoring."""

    __tablename__ = "legal_holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_uid: Mapped[str] = mapped_column(String(64), index=True)
    reason: Mapped[str] = mapped_column(String(400))
    held_by: Mapped[str] = mapped_column(String(64))
    held_at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_by: Mapped[str] = mapped_column(String(64), default="")
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    release_reason: Mapped[str] = mapped_column(String(400), default="")


class CompressionMark(Base):
    """A series that was gone through when it had `instances` instances."""

    __tablename__ = "compression_marks"

    series_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    instances: Mapped[int] = mapped_column(Integer)
    compressed: Mapped[int] = mapped_column(Integer, default=0)
    bytes_before: Mapped[int] = mapped_column(_Big, default=0)
    bytes_after: Mapped[int] = mapped_column(_Big, default=0)
    left: Mapped[dict[str, int]] = mapped_column(JSON)  # reason → instances that stay as they came
    done_at: Mapped[datetime] = mapped_column(UtcDateTime)


class KeepingPolicyRow(Base, Versioned):
    """The one row of the policy: JSON of shared.contract.keeping.KeepingPolicy."""

    __tablename__ = "keeping_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(64))


class BackupRun(Base):
    """One run of the backup. While one is alive no file of the archive is removed."""

    __tablename__ = "backup_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    generation: Mapped[str] = mapped_column(String(40), default="")
    folder: Mapped[str] = mapped_column(String, default="")
    state: Mapped[str] = mapped_column(String(10))  # running, complete, failed
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    alive_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    objects: Mapped[int] = mapped_column(Integer, default=0)
    objects_copied: Mapped[int] = mapped_column(Integer, default=0)
    bytes_copied: Mapped[int] = mapped_column(_Big, default=0)
    sentence: Mapped[str] = mapped_column(String, default="")


class CheckRun(Base):
    """The report of a check that ran as a job: msgpack of shared.contract.keeping.CheckReport."""

    __tablename__ = "check_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime)
    report: Mapped[bytes] = mapped_column(LargeBinary)
