"""Images: studies of an exam, their series and instances, unmatched images, the archive's health.

Pixel data do not travel here but over the bulk channel (shared/rpc/bulk.py): this says what there is.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Page, Query
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

    kind: str  # missing_file, orphan_file, wrong_hash, missing_row, wrong_row
    sop_instance_uid: str
    sentence: str


class CheckView(msgspec.Struct, frozen=True, kw_only=True):
    """Result of the proof; findings are cut at 1,000, `total_findings` counts all."""

    instances: int
    files: int
    bytes_hashed: int
    seconds: float
    total_findings: int
    findings: tuple[CheckFinding, ...]


class CheckArchive(Query[CheckView], frozen=True, kw_only=True):
    """Prove that index and files agree; `hashes` reads every byte."""

    method = "archive.check"
    permission = Permission.ADMINISTER
    audit = AuditClass.IMAGES

    hashes: bool = True
