"""Exchange of cases between servers: 导出病例 and 导入病例 (PA-CASE-09, -10; PA-SM-CASE-04).

A package is a folder: `manifest.json` (a `Manifest`), `case.json` (the records, which the manifest names with their
hash) and `media/…`, each as captured. Whole-slide images are named, not carried. Import is stateless: check, send what
the server lacks, import; nothing is written before the last step, and nothing that exists is ever overwritten.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.permissions import Permission

FORMAT = "mingjing-pathology-case"
FORMAT_VERSION = 1
MANIFEST, RECORDS = "manifest.json", "case.json"
PIECE = 2 * 1024 * 1024
"""Bytes of one piece of a file."""
MOST_FILES = 2_000
MOST_RECORD_BYTES = 16 * 1024 * 1024
MOST_FILE_BYTES = 4 * 1024 * 1024 * 1024


class PackageFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file of a package: its name in the folder, with `/`, and the hash of its bytes."""

    name: str
    sha256: str
    size: int
    media_type: str = ""


class SlideReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole-slide image of the case, in the archive of the server that exported it."""

    slide_number: str
    study_uid: str
    series_uid: str
    file_name: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a package holds."""

    format: str
    version: int
    number: str
    library: str
    library_kind: str
    patient_name: str
    state: str
    exported_at: datetime
    exported_by: str
    hospital: str
    files: tuple[PackageFile, ...]
    slides: tuple[SlideReference, ...] = ()


class ExportCase(Query[tuple[Manifest, bytes]], frozen=True, kw_only=True):
    """The manifest of a case, and the bytes of its records (`case.json`). Refusals: NOT_FOUND, ILLEGAL_ACTION."""

    method = "pathology_exchange.export_case"
    permission = Permission.PATHOLOGY_EXPORT
    audit = AuditClass.EXPORT

    case_id: int


class ReadFile(Query[bytes], frozen=True, kw_only=True):
    """A piece of a capture of a case, by its hash; at most PIECE bytes. Refusals: NOT_FOUND."""

    method = "pathology_exchange.read_file"
    permission = Permission.PATHOLOGY_EXPORT
    audit = AuditClass.EXPORT

    case_id: int
    sha256: str
    offset: int


class ImportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an import would do: `missing` are hashes of files that the server does not have yet."""

    number: str
    library_id: int
    library: str
    missing: tuple[str, ...]
    warnings: tuple[str, ...]  # Chinese sentences


class CheckImport(Query[ImportPlan], frozen=True, kw_only=True):
    """Whether a package can be imported. Refusals: INVALID (what does not follow the format), CONFLICT (number)."""

    method = "pathology_exchange.check_import"
    permission = Permission.PATHOLOGY_IMPORT
    audit = AuditClass.ROUTINE

    manifest: bytes
    records: bytes
    library_id: int = 0  # 0: the library of the same name, else the first of the same kind


class SendFile(Command[int], frozen=True, kw_only=True):
    """Send a piece of a file that is missing; answers how many bytes are there. Refusals: INVALID, TOO_LARGE."""

    method = "pathology_exchange.send_file"
    permission = Permission.PATHOLOGY_IMPORT
    audit = AuditClass.ROUTINE

    sha256: str
    size: int
    offset: int
    data: bytes


class ImportCase(Command[int], frozen=True, kw_only=True):
    """Import a package whose files are all there; answers the new case's id. Refusals: as of CheckImport."""

    method = "pathology_exchange.import_case"
    permission = Permission.PATHOLOGY_IMPORT
    audit = AuditClass.PATIENT_RECORD

    manifest: bytes
    records: bytes
    library_id: int = 0
