"""Whole-slide images of pathology: import of scanners' files, where they belong, annotations of readers.

A slide's file is uploaded in chunks and converted by a job into a DICOM series of the case's study. Annotations belong
to the series, so slides that came by DICOM take them as well; nothing that was drawn is ever changed or removed: what
is corrected or withdrawn stays in the history with its author.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.contract.exchange import UploadView
from shared.domain.permissions import Permission

MAX_POINTS = 20_000
MAX_ANNOTATIONS = 5_000


class BeginSlideUpload(Command[UploadView], frozen=True, kw_only=True):
    """Announce a file, or find one of the same content that stopped half-way (`offset` says where to go on).

    Refusals: INVALID (size, hash), DISK_FULL.
    """

    method = "pathology_slides.begin_upload"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.ROUTINE

    name: str
    size_bytes: int
    sha256: str


class PutSlideChunk(Command[UploadView], frozen=True, kw_only=True):
    """Append at most 4 MiB; a chunk that does not begin at `offset` changes nothing. Refusals: NOT_FOUND, DISK_FULL."""

    method = "pathology_slides.put_chunk"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.ROUTINE

    upload_id: int
    offset: int
    data: bytes


class FinishSlideUpload(Command[UploadView], frozen=True, kw_only=True):
    """Prove the content. Refusals: NOT_FOUND, ILLEGAL_ACTION (bytes are missing), INVALID (wrong hash)."""

    method = "pathology_slides.finish_upload"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.ROUTINE

    upload_id: int


class SlideImageState(StrEnum):
    """How far the conversion is."""

    WAITING = "waiting"
    CONVERTING = "converting"
    READY = "ready"
    FAILED = "failed"


class SlideImageView(msgspec.Struct, frozen=True, kw_only=True):
    """A whole-slide image of a case. `mpp` in micrometres per pixel at full resolution."""

    id: int
    case_id: int
    slide_id: int | None
    slide_number: str  # as printed; the case's number when it belongs to no slide
    state: SlideImageState
    done: int  # tiles
    of: int
    sentence: str  # why it failed and what to do
    file_name: str
    study_uid: str
    series_uid: str
    columns: int
    rows: int
    mpp: float
    objective: float
    vendor: str
    stain: str
    imported_by: str
    imported_at: datetime


class ImportSlideImage(Command[SlideImageView], frozen=True, kw_only=True):
    """Convert an uploaded file (a zip for formats of several files) and file it under a case and one of its slides.

    Refusals: NOT_FOUND, INVALID (the slide is not of this case), ILLEGAL_ACTION (the upload is not whole).
    """

    method = "pathology_slides.import_image"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.IMAGES

    case_id: int
    slide_id: int | None = None
    upload_id: int
    mpp: float = 0.0  # where the file does not say
    with_label: bool = True


class RetrySlideImage(Command[SlideImageView], frozen=True, kw_only=True):
    """Try a failed conversion again, perhaps with the scale that was missing. Refusals: NOT_FOUND, ILLEGAL_ACTION."""

    method = "pathology_slides.retry"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.IMAGES

    image_id: int
    mpp: float = 0.0


class ListSlideImages(Query[tuple[SlideImageView, ...]], frozen=True, kw_only=True):
    """The whole-slide images of a case, newest first. Refusals: NOT_FOUND, PERMISSION_MISSING."""

    method = "pathology_slides.list_images"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    case_id: int


# ── annotations ──────────────────────────────────────────────────────────────────────────────────────


class MarkKind(StrEnum):
    """What is drawn; see SlideMark.points."""

    POINT = "point"
    LINE = "line"
    ARROW = "arrow"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"


class SlideMark(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing on a slide.

    `points`: (column, row) in pixels of full resolution, 0.0 at the upper left edge: 1 for a point; 2 for a line, an
    arrow (tail, head) and opposite corners of a rectangle or an ellipse's box; 3 and more for a polygon.
    """

    kind: MarkKind
    points: tuple[tuple[float, float], ...]
    text: str = ""
    colour: str = "#ffd400"


class AnnotationView(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the store. `replaces` names the entry that this one corrects."""

    id: int
    series_uid: str
    mark: SlideMark
    author: str
    author_id: int
    at: datetime
    replaces: int | None
    is_withdrawn: bool = False
    ended_at: datetime | None = None  # when it was corrected or withdrawn …
    ended_by: str = ""  # … and by whom


class AddAnnotation(Command[AnnotationView], frozen=True, kw_only=True):
    """Draw, or correct one's own drawing. Refusals: NOT_FOUND (no such series or annotation), INVALID (points, colour),
    PERMISSION_MISSING (somebody else's), ILLEGAL_ACTION (already corrected or withdrawn; too many)."""

    method = "pathology_slides.add_annotation"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.PATIENT_RECORD

    series_uid: str
    mark: SlideMark
    replaces: int | None = None


class WithdrawAnnotation(Command[AnnotationView], frozen=True, kw_only=True):
    """Take one's own drawing away; the history keeps it. Refusals as AddAnnotation."""

    method = "pathology_slides.withdraw_annotation"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.PATIENT_RECORD

    annotation_id: int


class ListAnnotations(Query[tuple[AnnotationView, ...]], frozen=True, kw_only=True):
    """What is drawn on a series, oldest first; with `history` also what was corrected or withdrawn."""

    method = "pathology_slides.list_annotations"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.PATIENT_RECORD

    series_uid: str
    history: bool = False
