"""Import and export: files and media into the archive, studies out of it, and both without names.

Bytes come in by `exchange.put_chunk` and go out over the bulk channel: item "export", name "EXPORT/FILE" (numbers of
`ExportView.id` and of its file from 0), frame = piece from 1, each of EXPORT_PIECE_BYTES but the last.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.domain.permissions import Permission

MAX_CHUNK_BYTES = 4 << 20
MAX_UPLOAD_BYTES = 64 << 30
EXPORT_PIECE_BYTES = 16 << 20

# ── uploads ──────────────────────────────────────────────────────────────────────────────────────────


class UploadView(msgspec.Struct, frozen=True, kw_only=True):
    """A file on its way to the server; `offset` bytes are there, the next chunk begins with that byte."""

    id: int
    name: str
    size_bytes: int
    sha256: str
    offset: int
    is_whole: bool


class BeginUpload(Command[UploadView], frozen=True, kw_only=True):
    """Announce a file, or find one of the same content that stopped half-way (then `offset` says where to go on).

    Refusals: INVALID (size, hash), DISK_FULL.
    """

    method = "exchange.begin_upload"
    permission = Permission.IMPORT_IMAGES
    audit = AuditClass.ROUTINE

    name: str  # shown to people only
    size_bytes: int
    sha256: str  # 64 lower case hexadecimal digits


class PutChunk(Command[UploadView], frozen=True, kw_only=True):
    """Append at most MAX_CHUNK_BYTES. A chunk that does not begin at `offset` changes nothing: go on from the reply.

    Refusals: NOT_FOUND (begin again), TOO_LARGE, DISK_FULL.
    """

    method = "exchange.put_chunk"
    permission = Permission.IMPORT_IMAGES
    audit = AuditClass.ROUTINE

    upload_id: int
    offset: int
    data: bytes


class FinishUpload(Command[UploadView], frozen=True, kw_only=True):
    """Prove the content. Refusals: NOT_FOUND, ILLEGAL_ACTION (bytes are missing), INVALID (wrong hash: begin again)."""

    method = "exchange.finish_upload"
    permission = Permission.IMPORT_IMAGES
    audit = AuditClass.ROUTINE

    upload_id: int


class DropUpload(Command[Nothing], frozen=True, kw_only=True):
    """Forget an upload that nobody imports. Refusals: NOT_FOUND."""

    method = "exchange.drop_upload"
    permission = Permission.IMPORT_IMAGES
    audit = AuditClass.ROUTINE

    upload_id: int


# ── import ───────────────────────────────────────────────────────────────────────────────────────────


class Identity(StrEnum):
    """Whose the imported objects become."""

    KEEP = "keep"  # as the files say
    EXAM = "exam"  # the patient, accession number and study of an exam of ours
    PATIENT = "patient"  # a patient of ours, in the files' own studies


class PictureClass(StrEnum):
    """What pictures become."""

    CAPTURE = "capture"  # Secondary Capture (PS3.3 A.8)
    PHOTOGRAPH = "photograph"  # VL Photographic Image (PS3.3 A.32.4)


class OutcomeState(StrEnum):
    """What became of one file."""

    STORED = "stored"
    DUPLICATE = "duplicate"  # these very bytes are in the archive already
    REFUSED = "refused"
    IGNORED = "ignored"  # no image: DICOMDIR, viewer programs, text
    MISSING = "missing"  # the DICOMDIR names it, the medium does not hold it


class ImportView(msgspec.Struct, frozen=True, kw_only=True):
    """An import. `state` is that of its job: waiting, running, done, failed or cancelled."""

    id: int
    job_id: int
    state: str
    title: str
    identity: Identity
    exam_id: int | None
    patient_id: int | None
    created_by: str
    created_at: datetime
    files: int  # found so far
    stored: int
    duplicate: int
    refused: int
    ignored: int
    missing: int
    sentence: str


class OutcomeView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file, with the reason in a sentence."""

    name: str
    state: OutcomeState
    study_uid: str
    sop_instance_uid: str
    sentence: str


class StartImport(Command[ImportView], frozen=True, kw_only=True):
    """Import whole uploads, or a folder of the server that the setting `import_folders` allows (administrators).

    `study_description` and `modality` are for pictures, documents and videos, which say neither.
    Refusals: NOT_FOUND, INVALID (nothing to import, folder not allowed, no exam or patient), ILLEGAL_ACTION (an upload
    is not whole, the exam is cancelled), PERMISSION_MISSING (folders are for administrators).
    """

    method = "exchange.start_import"
    permission = Permission.IMPORT_IMAGES
    audit = AuditClass.IMAGES

    upload_ids: tuple[int, ...] = ()
    folder: str = ""
    title: str = ""
    identity: Identity = Identity.KEEP
    exam_id: int | None = None
    patient_id: int | None = None
    pictures: PictureClass = PictureClass.CAPTURE
    study_description: str = ""
    modality: str = ""


class GetImport(Query[ImportView], frozen=True, kw_only=True):
    """How an import stands. Refusals: NOT_FOUND."""

    method = "exchange.get_import"
    permission = Permission.IMPORT_IMAGES
    audit = AuditClass.ROUTINE

    import_id: int


class ImportList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows and how many there are in all."""

    total: int
    rows: tuple[ImportView, ...]


class ListImports(Query[ImportList], frozen=True, kw_only=True):
    """Imports, newest first."""

    method = "exchange.list_imports"
    permission = Permission.IMPORT_IMAGES
    audit = AuditClass.ROUTINE

    page: Page = Page()


class OutcomeList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows and how many there are in all."""

    total: int
    rows: tuple[OutcomeView, ...]


class ListOutcomes(Query[OutcomeList], frozen=True, kw_only=True):
    """What became of the files of an import, in the order in which they were read. Refusals: NOT_FOUND."""

    method = "exchange.list_outcomes"
    permission = Permission.IMPORT_IMAGES
    audit = AuditClass.IMAGES

    import_id: int
    state: OutcomeState | None = None
    page: Page = Page()


# ── leaving names out ────────────────────────────────────────────────────────────────────────────────


class AnonymiseOption(StrEnum):
    """Options of the Basic Application Level Confidentiality Profile (PS3.15 E.3)."""

    CLEAN_PIXEL_DATA = "clean_pixel_data"  # the given rectangles, and what ultrasound regions leave out
    CLEAN_GRAPHICS = "clean_graphics"
    CLEAN_STRUCTURED_CONTENT = "clean_structured_content"
    CLEAN_DESCRIPTORS = "clean_descriptors"
    RETAIN_FULL_DATES = "retain_full_dates"
    RETAIN_MODIFIED_DATES = "retain_modified_dates"
    RETAIN_PATIENT_CHARACTERISTICS = "retain_patient_characteristics"
    RETAIN_DEVICE_IDENTITY = "retain_device_identity"
    RETAIN_INSTITUTION_IDENTITY = "retain_institution_identity"
    RETAIN_UIDS = "retain_uids"
    RETAIN_SAFE_PRIVATE = "retain_safe_private"


class Rectangle(msgspec.Struct, frozen=True, kw_only=True):
    """A part of every frame that is blackened: columns left to right, rows top to bottom, ends excluded."""

    left: int
    top: int
    right: int
    bottom: int


class AnonymisePlan(msgspec.Struct, frozen=True, kw_only=True):
    """How names are left out. UIDs, dates and pseudonyms are the same for all exports of one `project`."""

    project: str
    options: tuple[AnonymiseOption, ...] = ()
    rectangles: tuple[Rectangle, ...] = ()


class PseudonymView(msgspec.Struct, frozen=True, kw_only=True):
    """A patient behind a pseudonym."""

    project: str
    pseudonym: str
    patient_id: str
    patient_name: str
    created_at: datetime


class Reidentify(Command[PseudonymView], frozen=True, kw_only=True):
    """Say who is behind a pseudonym; why goes into the audit log. Refusals: NOT_FOUND, INVALID (no reason)."""

    method = "exchange.reidentify"
    permission = Permission.REIDENTIFY
    audit = AuditClass.PATIENT_RECORD

    project: str
    pseudonym: str
    reason: str


# ── export ───────────────────────────────────────────────────────────────────────────────────────────


class Packing(StrEnum):
    """What an export is."""

    FILES = "files"  # a zip with a folder for each study and series
    MEDIA = "media"  # a zip of a PS3.10 file-set with DICOMDIR, for a USB stick
    ISO = "iso"  # the same as an image to burn (ISO 9660 with Joliet)
    FOLDER = "folder"  # a file-set in a folder of the server that the setting `export_folders` allows


class ExportFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file to fetch over the bulk channel."""

    name: str
    size_bytes: int
    sha256: str


class ExportView(msgspec.Struct, frozen=True, kw_only=True):
    """An export. `files` can be fetched once `state` is done, until `kept_until`."""

    id: int
    job_id: int
    state: str
    title: str
    packing: Packing
    objects: int
    bytes: int
    created_by: str
    created_at: datetime
    kept_until: datetime | None
    files: tuple[ExportFile, ...]
    sentence: str
    warnings: tuple[str, ...]


class StartExport(Command[ExportView], frozen=True, kw_only=True):
    """Pack studies, series or single objects.

    `volume_bytes` splits media (700,000,000 for a CD, 4,700,000,000 for a DVD); 0 does not. `uncompressed` decodes
    compressed images for old readers. `viewer` adds pages with pictures that any browser shows without installation.
    Refusals: NOT_FOUND, INVALID (nothing named, volume too small, folder not allowed), DISK_FULL.
    """

    method = "exchange.start_export"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.EXPORT

    study_uids: tuple[str, ...] = ()
    series_uids: tuple[str, ...] = ()
    instance_uids: tuple[str, ...] = ()
    packing: Packing = Packing.FILES
    folder: str = ""
    title: str = ""
    uncompressed: bool = False
    viewer: bool = False
    language: str = "zh"  # of the pages: zh or en
    volume_bytes: int = 0
    anonymise: AnonymisePlan | None = None
    reason: str = ""


class GetExport(Query[ExportView], frozen=True, kw_only=True):
    """How an export stands. Refusals: NOT_FOUND."""

    method = "exchange.get_export"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.ROUTINE

    export_id: int


class ExportList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows and how many there are in all."""

    total: int
    rows: tuple[ExportView, ...]


class ListExports(Query[ExportList], frozen=True, kw_only=True):
    """Exports, newest first."""

    method = "exchange.list_exports"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.ROUTINE

    page: Page = Page()


class DropExport(Command[Nothing], frozen=True, kw_only=True):
    """Delete what an export made; the record of it stays. Refusals: NOT_FOUND, ILLEGAL_ACTION (it is being made)."""

    method = "exchange.drop_export"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.EXPORT

    export_id: int


class NotePictures(Command[Nothing], frozen=True, kw_only=True):
    """Say that a workstation writes pictures or films of a study to files: asked before, so that the audit log has it.

    Refusals: PERMISSION_MISSING, NOT_FOUND.
    """

    method = "exchange.note_pictures"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.EXPORT

    study_uid: str
    series_uid: str = ""
    kind: str = ""  # png, jpg or mp4
    count: int = 0
