"""Images: studies of an exam, their series and instances, unmatched images, the archive's health.

Pixel data do not travel here but over the bulk channel (shared/rpc/bulk.py): this says what there is.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.domain.permissions import Permission


class InstanceView(msgspec.Struct, frozen=True, kw_only=True):
    """An instance with what a viewer needs to decode and place its frames before the pixels come.

    Attributes keep DICOM's units and axis order: `pixel_spacing` (row, column) in mm,
    `image_position`/`image_orientation` in patient coordinates (LPS, mm), None where absent.
    """

    id: int
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    instance_number: int | None
    frames: int
    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    is_signed: bool
    samples_per_pixel: int
    photometric_interpretation: str
    planar_configuration: int
    pixel_spacing: tuple[float, float] | None
    imager_pixel_spacing: tuple[float, float] | None
    image_position: tuple[float, float, float] | None
    image_orientation: tuple[float, float, float, float, float, float] | None
    slice_thickness: float | None
    rescale_slope: float
    rescale_intercept: float
    rescale_type: str
    window_center: tuple[float, ...]
    window_width: tuple[float, ...]
    window_explanation: tuple[str, ...]
    voi_function: str  # LINEAR, LINEAR_EXACT, SIGMOID
    frame_time_ms: float | None
    size_bytes: int
    version: str = ""  # changes whenever the bytes served for this instance change; empty: not told, keep nothing


class SeriesView(msgspec.Struct, frozen=True, kw_only=True):
    """A series, instances in order of number."""

    series_uid: str
    modality: str
    number: int | None
    description: str
    body_part: str
    frame_of_reference_uid: str
    instances: tuple[InstanceView, ...]


class StudyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A study without its series."""

    id: int
    version: int
    study_uid: str
    accession_number: str
    patient_id: str  # DICOM (0010,0020)
    patient_name: str
    patient_sex: str
    patient_birth_date: str  # DICOM DA
    study_at: datetime | None
    description: str
    modalities: tuple[str, ...]
    series_count: int
    instance_count: int
    calling_ae: str
    received_at: datetime
    exam_id: int | None
    why_unmatched: str  # a sentence; empty when matched
    completeness: str = "unknown"  # complete, short, unknown: against what the sources promised
    missing_count: int = 0  # objects promised and not here
    availability: str = "ONLINE"  # DICOM (0008,0056): ONLINE, NEARLINE, OFFLINE
    charset_note: str = ""  # what the character-set doctor found, a sentence; empty: nothing


class StudyView(msgspec.Struct, frozen=True, kw_only=True):
    """A study with its series."""

    row: StudyRow
    institution: str
    manufacturer: str
    series: tuple[SeriesView, ...]


class GetStudy(Query[StudyView], frozen=True, kw_only=True):
    """One study. Refusals: NOT_FOUND."""

    method = "archive.get_study"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str


class ListExamStudies(Query[tuple[StudyRow, ...]], frozen=True, kw_only=True):
    """Studies matched to an exam; empty when no image has come (RIS-IMG-02)."""

    method = "archive.list_exam_studies"
    permission = Permission.SIGNED_IN
    audit = AuditClass.IMAGES

    exam_id: int


class StudyList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows and how many there are in all."""

    total: int
    rows: tuple[StudyRow, ...]


class ListStudies(Query[StudyList], frozen=True, kw_only=True):
    """Search the archive, newest first; conditions that are empty do not count. At most 500 rows.

    `name` is full pinyin, initials, or Chinese, from any place of the name; `custom` compares custom tags by their
    number, with * and ? as wildcards. `StudyList.total` is the number of rows found, 500 meaning that there may be
    more. Refusals: INVALID.
    """

    method = "archive.list_studies"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.IMAGES

    name: str = ""
    patient_id: str = ""
    accession_number: str = ""
    study_from: date | None = None
    study_to: date | None = None
    modality: str = ""
    description: str = ""  # with * and ?
    completeness: str = ""  # complete, short, unknown
    custom: dict[int, str] = msgspec.field(default_factory=dict)
    limit: int = 100


class ListUnmatched(Query[StudyList], frozen=True, kw_only=True):
    """Images that match no exam, newest first (RIS-EX-05)."""

    method = "archive.list_unmatched"
    permission = Permission.MATCH_IMAGES
    audit = AuditClass.IMAGES

    page: Page = Page()


class MatchStudy(Command[StudyRow], frozen=True, kw_only=True):
    """Match a study to an exam by hand. Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (matched to another exam)."""

    method = "archive.match_study"
    permission = Permission.MATCH_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str
    version: int
    exam_id: int


class UnmatchStudy(Command[StudyRow], frozen=True, kw_only=True):
    """Take a study off its exam. Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (report approved)."""

    method = "archive.unmatch_study"
    permission = Permission.MATCH_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str
    version: int
    reason: str


class ArchiveStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Fill and backlog of the archive."""

    studies: int
    series: int
    instances: int
    bytes_stored: int
    disk_free_bytes: int
    inbox_backlog: int
    warning: str


class GetArchiveStatus(Query[ArchiveStatus], frozen=True, kw_only=True):
    """Fill and backlog."""

    method = "archive.get_status"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE


class CheckFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One disagreement between index and files."""

    kind: str  # missing_file, missing_row, wrong_hash, wrong_row, wrong_sum
    sop_instance_uid: str
    sentence: str
    repair: str = ""  # what to do about it, a sentence; empty: nothing is known


class CheckView(msgspec.Struct, frozen=True, kw_only=True):
    """Result of the proof; findings are cut at 1,000, `total_findings` counts all."""

    instances: int
    files: int
    bytes_hashed: int
    seconds: float
    total_findings: int
    findings: tuple[CheckFinding, ...]
    unreachable: int = 0  # objects whose store or medium is not at hand: neither proved nor a finding


class CheckArchive(Query[CheckView], frozen=True, kw_only=True):
    """Prove that index and files agree; `hashes` reads every byte."""

    method = "archive.check"
    permission = Permission.ADMINISTER
    audit = AuditClass.IMAGES

    hashes: bool = True


class FrameView(msgspec.Struct, frozen=True, kw_only=True):
    """What differs from frame to frame of a multi-frame object (PS3.3 C.7.6.16); units as in InstanceView."""

    pixel_spacing: tuple[float, float] | None
    image_position: tuple[float, float, float] | None
    image_orientation: tuple[float, float, float, float, float, float] | None
    rescale_slope: float
    rescale_intercept: float
    rescale_type: str
    has_modality_table: bool  # the values go through a Modality LUT, which stands in the header
    window_center: tuple[float, ...]
    window_width: tuple[float, ...]
    frame_time_ms: float | None
    group: tuple[str, ...] = ()  # equal for the frames of one stack: stack, time, b-value, detector …
    label: str = ""  # the same for people
    thickness_mm: float | None = None


class FramesView(msgspec.Struct, frozen=True, kw_only=True):
    """The frames of one object. `frames` has one entry when all are alike, else one for each frame in order."""

    sop_instance_uid: str
    count: int
    frames: tuple[FrameView, ...]


class GetFrames(Query[FramesView], frozen=True, kw_only=True):
    """Geometry and values of each frame, from the functional groups of the object's header.

    Refusals: NOT_FOUND, NO_IMAGES (the object holds no image), UNAVAILABLE.
    """

    method = "archive.get_frames"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.ROUTINE

    sop_instance_uid: str


class ExpectationView(msgspec.Struct, frozen=True, kw_only=True):
    """What one source promised of a study, and how much of it is missing."""

    source: str  # mpps, commitment, manifest, count
    sender: str
    expected: int
    missing: int
    is_final: bool  # False: the source may promise more (a procedure step still runs)
    at: datetime


class CompletenessView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether all of a study is here, and why we think so. `missing_uids` are cut at 200."""

    study_uid: str
    completeness: str
    missing_count: int
    expectations: tuple[ExpectationView, ...]
    missing_uids: tuple[str, ...]


class GetCompleteness(Query[CompletenessView], frozen=True, kw_only=True):
    """What was promised of a study. Refusals: NOT_FOUND."""

    method = "archive.get_completeness"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE

    study_uid: str


class SettleCompleteness(Command[CompletenessView], frozen=True, kw_only=True):
    """Say by hand that what is missing will not come: the promises are dropped. Refusals: NOT_FOUND, INVALID."""

    method = "archive.settle_completeness"
    permission = Permission.MATCH_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str
    reason: str


class CustomTagView(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that is indexed by the administrator's wish."""

    id: int
    tag: int  # group and element as one number; of a private one the block is 0x10
    creator: str  # private creator; empty for a public tag
    name: str
    level: str  # STUDY, SERIES, IMAGE
    filled: int  # objects looked at
    total: int  # objects to look at
    is_ready: bool  # everything that was here has been looked at


class ListCustomTags(Query[tuple[CustomTagView, ...]], frozen=True, kw_only=True):
    """All custom tags with how far they are filled."""

    method = "archive.list_custom_tags"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE


class AddCustomTag(Command[CustomTagView], frozen=True, kw_only=True):
    """Index a further tag, on-line: new images at once, those that are here by a job.

    Refusals: INVALID (no top-level text or number tag, or indexed already), DUPLICATE.
    """

    method = "archive.add_custom_tag"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    tag: int
    creator: str = ""
    name: str = ""
    level: str = "STUDY"


class RemoveCustomTag(Command[Nothing], frozen=True, kw_only=True):
    """Stop indexing a tag and forget its values. Refusals: NOT_FOUND."""

    method = "archive.remove_custom_tag"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int


class SetStudyCharacterSet(Command[StudyRow], frozen=True, kw_only=True):
    """Read all texts of a study again in a character set chosen by hand; empty: let the doctor decide again.

    The files stay as they are. Refusals: NOT_FOUND, INVALID (an unknown character set).
    """

    method = "archive.set_study_character_set"
    permission = Permission.ADMINISTER
    audit = AuditClass.IMAGES

    study_uid: str
    character_set: str  # defined term, as GB18030, ISO_IR 192
