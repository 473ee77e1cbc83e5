"""Keeping images for decades: recycle bin, legal holds, retention, compression, backup, check and repair."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.archive import CheckFinding
from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.contract.jobs import JobView
from shared.domain.permissions import Permission

# --- policy ------------------------------------------------------------------------------------------------


class CompressionRule(msgspec.Struct, frozen=True, kw_only=True):
    """Which codec for which images; the first rule that fits counts. Empty tuples fit everything.

    `codec`: "htj2k", "jpegls" or "none", all lossless.
    """

    codec: str
    modalities: tuple[str, ...] = ()
    sop_classes: tuple[str, ...] = ()
    transfer_syntaxes: tuple[str, ...] = ()


class RetentionRule(msgspec.Struct, frozen=True, kw_only=True):
    """Studies that go to the recycle bin by themselves. Empty tuples fit everything, 0 days is no condition.

    `older_than_days` counts from the study date (or its arrival where the images have none), `unused_days` from the
    last use. `patient_kinds` are the kinds of the exam (emergency, vip, ordinary; empty text: no exam).
    `verified_copies`: how many copies beside the on-line one must have been verified; at least 1.
    """

    name: str
    enabled: bool = False
    modalities: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    patient_kinds: tuple[str, ...] = ()
    older_than_days: int = 0
    unused_days: int = 0
    verified_copies: int = 1


class KeepingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What the hospital has decided. Hours and days as named."""

    # recycle bin
    bin_days: int = 30  # after so long a binned image may be purged; 0: only by hand
    accept_again_days: int = 0  # a device may send a binned image anew after so long; 0: never while it is in the bin
    purge_needs_second_person: bool = True  # purging by hand before its time
    # compression
    compress: bool = True
    compress_after_hours: int = 168  # of quiet; recent images are read most and stay as they came
    compress_grace_minutes: int = 60  # how long the uncompressed file stays for readers that have begun
    compression_rules: tuple[CompressionRule, ...] = ()  # empty: the default rules
    # backup
    backup_every_hours: int = 0  # 0: only by hand
    backup_keep: int = 14  # generations; 0: all
    # retention
    retention_rules: tuple[RetentionRule, ...] = ()


class PolicyView(msgspec.Struct, frozen=True, kw_only=True):
    """The policy with the version that a change must name."""

    version: int
    policy: KeepingPolicy
    backup_folder: str  # from the server's settings; empty: no backup is possible from here
    changed_at: datetime | None
    changed_by: str


class GetKeepingPolicy(Query[PolicyView], frozen=True, kw_only=True):
    """The present policy."""

    method = "keeping.get_policy"
    permission = Permission.DELETE_IMAGES
    audit = AuditClass.ROUTINE


class SaveKeepingPolicy(Command[PolicyView], frozen=True, kw_only=True):
    """Change the policy. Refusals: CONFLICT, INVALID."""

    method = "keeping.save_policy"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    version: int
    policy: KeepingPolicy


# --- recycle bin -------------------------------------------------------------------------------------------


class BinEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """What was deleted in one go: a study, a series or an instance (`level`), and how it stands."""

    id: int
    level: str
    study_uid: str
    series_uid: str  # empty at level study
    sop_instance_uid: str  # empty above level instance
    patient_id: str
    patient_name: str
    accession_number: str
    study_date: str  # DICOM DA
    modalities: tuple[str, ...]
    description: str
    instance_count: int
    bytes_stored: int
    reason: str
    forced: bool  # although a report was approved
    deleted_by: str
    deleted_at: datetime
    purge_at: datetime | None  # None: only by hand
    by_retention: str  # name of the rule; empty: a person
    purge_asked_by: str  # a first person asked to purge; a second one must agree
    purge_reason: str


class BinList(msgspec.Struct, frozen=True, kw_only=True):
    """Entries, how many there are in all, and what all of them hold."""

    total: int
    bytes_stored: int
    rows: tuple[BinEntryView, ...]


class DeleteImages(Command[BinEntryView], frozen=True, kw_only=True):
    """Move a study, one series or one instance of it into the recycle bin.

    Refusals: NOT_FOUND, INVALID (no reason), ILLEGAL_ACTION (report approved and not forced; legal hold).
    """

    method = "keeping.delete_images"
    permission = Permission.DELETE_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str
    series_uid: str = ""
    sop_instance_uid: str = ""
    reason: str
    force: bool = False


class ListBin(Query[BinList], frozen=True, kw_only=True):
    """The recycle bin, newest first; `text` is looked for in patient id, name, accession number and study UID."""

    method = "keeping.list_bin"
    permission = Permission.DELETE_IMAGES
    audit = AuditClass.IMAGES

    text: str = ""
    page: Page = Page()


class RestoreImages(Command[Nothing], frozen=True, kw_only=True):
    """Bring an entry of the bin back; merges with what has come since. Refusals: NOT_FOUND."""

    method = "keeping.restore_images"
    permission = Permission.DELETE_IMAGES
    audit = AuditClass.IMAGES

    entry_id: int
    reason: str = ""


class PurgeImages(Command[BinEntryView], frozen=True, kw_only=True):
    """Destroy an entry of the bin, for ever.

    Where the policy asks for two persons, the first call records who asks and why (the entry comes back with
    `purge_asked_by`), and the same call by another person destroys. An entry that is destroyed comes back with
    `instance_count` 0. Refusals: NOT_FOUND, INVALID (no reason), ILLEGAL_ACTION (legal hold; the same person twice).
    """

    method = "keeping.purge_images"
    permission = Permission.DELETE_IMAGES
    audit = AuditClass.IMAGES

    entry_id: int
    reason: str


# --- legal holds -------------------------------------------------------------------------------------------


class LegalHoldView(msgspec.Struct, frozen=True, kw_only=True):
    """A study that must be kept whatever any rule says."""

    id: int
    study_uid: str
    reason: str
    held_by: str
    held_at: datetime
    released_by: str
    released_at: datetime | None
    release_reason: str


class ListLegalHolds(Query[tuple[LegalHoldView, ...]], frozen=True, kw_only=True):
    """Holds, newest first, at most 500; released ones only when asked."""

    method = "keeping.list_holds"
    permission = Permission.DELETE_IMAGES
    audit = AuditClass.IMAGES

    with_released: bool = False
    study_uid: str = ""


class HoldStudy(Command[LegalHoldView], frozen=True, kw_only=True):
    """Put a study under legal hold. Refusals: NOT_FOUND, INVALID (no reason), ILLEGAL_ACTION (held already)."""

    method = "keeping.hold_study"
    permission = Permission.DELETE_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str
    reason: str


class ReleaseStudy(Command[LegalHoldView], frozen=True, kw_only=True):
    """Release a study from its hold. Refusals: NOT_FOUND, INVALID (no reason)."""

    method = "keeping.release_study"
    permission = Permission.ADMINISTER
    audit = AuditClass.IMAGES

    study_uid: str
    reason: str


# --- retention ---------------------------------------------------------------------------------------------


class RetentionCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A study that a rule names; `hindrance` says why it stays, empty: it goes."""

    rule: str
    study_uid: str
    patient_id: str
    study_date: str
    modalities: tuple[str, ...]
    bytes_stored: int
    hindrance: str


class RetentionPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of the rules would do; `rows` are cut at 500, the sums count all that were looked at."""

    examined: int
    studies: int
    bytes_stored: int
    hindered: int
    rows: tuple[RetentionCandidate, ...]


class PreviewRetention(Query[RetentionPreview], frozen=True, kw_only=True):
    """Try rules without doing anything: those given, or the saved ones. Disabled rules are tried as well."""

    method = "keeping.preview_retention"
    permission = Permission.ADMINISTER
    audit = AuditClass.IMAGES

    rules: tuple[RetentionRule, ...] = ()


class RunRetention(Command[JobView], frozen=True, kw_only=True):
    """Apply the saved, enabled rules now, as a job; it runs once a day by itself."""

    method = "keeping.run_retention"
    permission = Permission.ADMINISTER
    audit = AuditClass.IMAGES


# --- compression -------------------------------------------------------------------------------------------


class CompressionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What compression has done; `left` counts instances that stay as they came, with the reasons beside."""

    series_done: int
    series_waiting: int
    instances_compressed: int
    bytes_before: int
    bytes_after: int
    left: dict[str, int]


class GetCompressionStatus(Query[CompressionStatus], frozen=True, kw_only=True):
    """Figures of the compression."""

    method = "keeping.get_compression"
    permission = Permission.DELETE_IMAGES
    audit = AuditClass.ROUTINE


class RunCompression(Command[JobView], frozen=True, kw_only=True):
    """Compress what is due now, as a job; it runs every hour by itself."""

    method = "keeping.run_compression"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS


# --- backup ------------------------------------------------------------------------------------------------


class BackupView(msgspec.Struct, frozen=True, kw_only=True):
    """One generation. `state`: running, complete, failed."""

    id: int
    generation: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    objects: int
    objects_copied: int
    bytes_copied: int
    sentence: str


class BackupList(msgspec.Struct, frozen=True, kw_only=True):
    """Runs of the backup, newest first, at most 100."""

    folder: str
    rows: tuple[BackupView, ...]


class ListBackups(Query[BackupList], frozen=True, kw_only=True):
    """What has been backed up."""

    method = "keeping.list_backups"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE


class StartBackup(Command[JobView], frozen=True, kw_only=True):
    """Back up now, into the folder of the server's settings. Refusals: ILLEGAL_ACTION (no folder is set)."""

    method = "keeping.start_backup"
    permission = Permission.ADMINISTER
    audit = AuditClass.EXPORT


class VerifyBackup(Command[JobView], frozen=True, kw_only=True):
    """Read a generation back and compare every hash, as a job; empty: the newest. Refusals: ILLEGAL_ACTION."""

    method = "keeping.verify_backup"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE

    generation: str = ""


# --- check -------------------------------------------------------------------------------------------------


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """The last finished check that ran as a job; `total_findings` after the repairs. Findings are cut at 1,000."""

    finished_at: datetime
    instances: int
    files: int
    bytes_hashed: int
    seconds: float
    repaired: int
    total_findings: int
    findings: tuple[CheckFinding, ...]


class StartCheck(Command[JobView], frozen=True, kw_only=True):
    """Prove that index and files agree, as a job; `repair` does what is safe."""

    method = "keeping.start_check"
    permission = Permission.ADMINISTER
    audit = AuditClass.IMAGES

    hashes: bool = True
    repair: bool = False


class GetCheckReport(Query[CheckReport], frozen=True, kw_only=True):
    """The report of the last check that ran as a job. Refusals: NOT_FOUND (none has run)."""

    method = "keeping.get_check"
    permission = Permission.ADMINISTER
    audit = AuditClass.IMAGES
