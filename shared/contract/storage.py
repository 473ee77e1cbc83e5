"""Where images lie: stores with their fill, the rules that move studies between them, copies, recall, pre-fetch."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.domain.permissions import Permission

ONLINE = "online"
"""The name of the store that receives; it exists always."""


class StoreView(msgspec.Struct, frozen=True, kw_only=True):
    """A store, how full it is, and whether it can be used now.

    Bytes are None where nobody can know them (an S3 store without `capacity_bytes`). `days_until_full` is reckoned
    from the growth of the last 14 days; None when it does not grow or too little is known.
    """

    name: str
    label: str  # what is written on the medium, shown when it must be inserted
    kind: str  # folder, s3
    role: str  # online, nearline, archive, offline
    place: str  # path of the folder, or endpoint and bucket; never a credential
    is_from_settings: bool  # stands in the settings file: cannot be changed here
    state: str  # ready, absent (medium not inserted), trouble
    sentence: str  # what is wrong and what to do; empty when ready
    studies: int  # with a copy here
    bytes_stored: int  # of those copies
    free_bytes: int | None
    capacity_bytes: int | None
    growth_bytes_per_day: int | None
    days_until_full: int | None
    waiting_uploads: int  # objects accepted on this machine that are not in the store yet
    warning: str  # a sentence for the administrator; empty when there is none


class ListStores(Query[tuple[StoreView, ...]], frozen=True, kw_only=True):
    """All stores, the one that receives first."""

    method = "storage.list_stores"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE


class SaveStore(Command[StoreView], frozen=True, kw_only=True):
    """Add a store, or change one with this name; it is tried before it is kept.

    `path` is for a folder; endpoint, region, bucket, prefix, keys and `ca_file` for S3. An empty `secret_key` keeps the
    one that was given before. Refusals: INVALID (a field is wrong, or the store does not answer; the sentence says
    why), ILLEGAL_ACTION (it stands in the settings file, or it holds copies and its kind or place was changed).
    """

    method = "storage.save_store"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    name: str
    kind: str
    role: str
    label: str = ""
    path: str = ""
    endpoint: str = ""
    region: str = ""
    bucket: str = ""
    prefix: str = ""
    access_key: str = ""
    secret_key: str = ""
    ca_file: str = ""
    capacity_gb: int = 0  # what may be used; 0: what the disk has


class RemoveStore(Command[Nothing], frozen=True, kw_only=True):
    """Forget a store. Refusals: NOT_FOUND, ILLEGAL_ACTION (it holds copies, a rule names it, or it is in the
    settings file)."""

    method = "storage.remove_store"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    name: str


class RuleEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Where studies shall lie when they are old enough and unused.

    Empty filters let everything through. `keep_in` names every store that shall hold a copy; of those that name
    "online" too the bytes stay on-line. Of the rules that apply to a study the one with the largest `after_days` goes;
    among equals the one with the lowest position.
    """

    name: str
    position: int = 0
    is_enabled: bool = True
    institution: str = ""  # (0008,0080), exact
    campus_id: int | None = None  # by the device that sent: calling AE title → device → room → campus
    calling_aes: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()  # any modality of the study
    after_days: int = 30  # since the last image came
    unused_days: int = 14  # since anybody last opened a study, or its last image came
    keep_in: tuple[str, ...] = ()


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is kept."""

    id: int
    version: int
    entry: RuleEntry
    trouble: str  # why it cannot work at present (a store is missing …); empty when it can


class ListRules(Query[tuple[RuleView, ...]], frozen=True, kw_only=True):
    """All rules by position."""

    method = "storage.list_rules"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE


class SaveRule(Command[RuleView], frozen=True, kw_only=True):
    """Add a rule (no id) or change one. Refusals: INVALID, NOT_FOUND, CONFLICT."""

    method = "storage.save_rule"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    entry: RuleEntry
    id: int | None = None
    version: int = 0


class RemoveRule(Command[Nothing], frozen=True, kw_only=True):
    """Remove a rule; what it moved stays where it is. Refusals: NOT_FOUND."""

    method = "storage.remove_rule"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int


class PreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule would do now: so many studies are not yet where it wants them."""

    studies: int
    bytes_to_copy: int
    bytes_to_free_online: int
    sentence: str


class PreviewRule(Query[PreviewView], frozen=True, kw_only=True):
    """Reckon what a rule would move at this moment, were it the only one. Refusals: INVALID."""

    method = "storage.preview_rule"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE

    entry: RuleEntry


class RunRules(Command[Nothing], frozen=True, kw_only=True):
    """Apply the rules now instead of at the next hour; the work is a job (see the jobs' list)."""

    method = "storage.run_rules"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS


class CopyView(msgspec.Struct, frozen=True, kw_only=True):
    """A copy of a study in a store. Only a verified and current copy counts."""

    store: str
    label: str
    role: str
    state: str  # online, copying, verified, removing, damaged
    is_current: bool  # holds every object that the study has now
    copied_at: datetime | None
    verified_at: datetime | None  # every object was read back and its SHA-256 compared
    instances: int
    bytes_stored: int
    sentence: str  # what is wrong; empty when nothing is


class StudyCopies(msgspec.Struct, frozen=True, kw_only=True):
    """Where a study lies."""

    study_uid: str
    availability: str  # DICOM (0008,0056): ONLINE, NEARLINE, OFFLINE
    last_used_at: datetime | None
    verified_copies: int  # verified, current, in stores other than the one that receives
    copies: tuple[CopyView, ...]
    sentence: str  # e.g. which medium must be inserted; empty when the study can be read


class GetStudyCopies(Query[StudyCopies], frozen=True, kw_only=True):
    """The copies of one study. Refusals: NOT_FOUND."""

    method = "storage.get_study_copies"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.ROUTINE

    study_uid: str


class JobStarted(msgspec.Struct, frozen=True, kw_only=True):
    """The work is queued as this job; 0 when there is nothing to do."""

    job_id: int
    sentence: str


class RecallStudy(Command[JobStarted], frozen=True, kw_only=True):
    """Bring a study back on-line, before other work. Refusals: NOT_FOUND, UNAVAILABLE (names the medium to insert)."""

    method = "storage.recall_study"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str


class MoveStudy(Command[JobStarted], frozen=True, kw_only=True):
    """Put a study into exactly these stores, whatever the rules say; copies elsewhere go when all these are verified.

    Refusals: NOT_FOUND, INVALID (`keep_in` is empty or names an unknown store).
    """

    method = "storage.move_study"
    permission = Permission.ADMINISTER
    audit = AuditClass.IMAGES

    study_uid: str
    keep_in: tuple[str, ...]


class VerifyStudy(Command[JobStarted], frozen=True, kw_only=True):
    """Read every copy of a study again and compare every SHA-256; what is damaged is made anew from a good copy.

    Refusals: NOT_FOUND.
    """

    method = "storage.verify_study"
    permission = Permission.ADMINISTER
    audit = AuditClass.IMAGES

    study_uid: str


class MovedStudy(msgspec.Struct, frozen=True, kw_only=True):
    """A study that is not on-line, or whose copies need attention."""

    study_uid: str
    patient_id: str
    patient_name: str
    study_date: str  # DICOM DA
    modalities: tuple[str, ...]
    availability: str
    bytes_stored: int
    stores: tuple[str, ...]
    sentence: str


class MovedList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows and how many there are in all."""

    total: int
    rows: tuple[MovedStudy, ...]


class ListMoved(Query[MovedList], frozen=True, kw_only=True):
    """Studies with a copy in a store (any for ""), newest study first; `only_trouble`: those that need attention."""

    method = "storage.list_moved"
    permission = Permission.ADMINISTER
    audit = AuditClass.IMAGES

    store: str = ""
    only_trouble: bool = False
    page: Page = Page()


class PrefetchEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Which earlier studies are brought on-line when a patient has an exam today or tomorrow."""

    exam_type: str = ""  # of the coming exam; empty: any
    modalities: tuple[str, ...] = ()  # of the earlier studies; empty: any
    same_body_part: bool = False  # only where both are known; unknown ones come too
    newest: int = 3
    within_years: int = 10
    is_enabled: bool = True


class PrefetchView(msgspec.Struct, frozen=True, kw_only=True):
    """A pre-fetch rule as it is kept."""

    id: int
    version: int
    entry: PrefetchEntry


class ListPrefetch(Query[tuple[PrefetchView, ...]], frozen=True, kw_only=True):
    """All pre-fetch rules."""

    method = "storage.list_prefetch"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE


class SavePrefetch(Command[PrefetchView], frozen=True, kw_only=True):
    """Add a pre-fetch rule (no id) or change one. Refusals: INVALID, NOT_FOUND, CONFLICT."""

    method = "storage.save_prefetch"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    entry: PrefetchEntry
    id: int | None = None
    version: int = 0


class RemovePrefetch(Command[Nothing], frozen=True, kw_only=True):
    """Remove a pre-fetch rule. Refusals: NOT_FOUND."""

    method = "storage.remove_prefetch"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int


class FillDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a store held at the end of a day."""

    day: date
    bytes_stored: int
    free_bytes: int | None


class GetFillHistory(Query[tuple[FillDay, ...]], frozen=True, kw_only=True):
    """The fill of a store day by day, at most the last 90 days. Refusals: NOT_FOUND."""

    method = "storage.get_fill_history"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE

    name: str
