"""Thin lines: how the stations' queues stand, the vendors' files that follow their records, and what both sides hold.

A station sends each record packed under a key by `shared.contract.ecg_acquisition` (BeginUpload, AppendUpload …,
FinishUpload). Its vendor's file follows here, later, when nothing else waits: `BeginOriginal`, `AppendOriginal` …,
`FinishOriginal`, under the same key. Every answer means: on disk. Notices: `Changed(entity="ecg_line")`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.permissions import Permission

MAX_LINE_CHUNK_BYTES = 1024 * 1024
MAX_ORIGINAL_BYTES = 512 * 1024 * 1024
MAX_KEYS = 500
"""The most keys that `CompareLine` takes."""


class LineReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a station says of its outbox."""

    waiting: int  # records that the server has not confirmed
    waiting_bytes: int
    originals: int  # vendors' files that have to follow
    original_bytes: int
    urgent: int  # of `waiting`
    refused: int  # that need a person
    oldest_at: datetime | None  # of `waiting`
    bytes_per_s: float  # measured over the last records; 0 where nothing was sent yet
    failures: int  # broken attempts since the last report that arrived


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """A station's line as its last report said it."""

    station: str
    user_name: str
    report: LineReport
    seen_at: datetime
    is_silent: bool  # no report for ten minutes
    hospital: str = ""  # of the account that reported last; empty: of an account without limits


class ReportLine(Command[Nothing], frozen=True, kw_only=True):
    """Say how the caller's outbox stands: after each record, and every two minutes while something waits."""

    method = "ecg_lines.report"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.ROUTINE

    report: LineReport


class ListLines(Query[tuple[LineView, ...]], frozen=True, kw_only=True):
    """The stations of the caller's hospitals that ever reported (ECG-LOGIN-06), those with waiting records first.

    Station, hospital, last seen, and in `report` what waits, the oldest of it and the broken attempts.
    """

    method = "ecg_lines.list"
    permission = Permission.ECG_LINES
    audit = AuditClass.ROUTINE


class Held(StrEnum):
    """What the server holds under a key."""

    NOTHING = "nothing"
    PART = "part"
    RECORD = "record"
    ORIGINAL = "original"  # the record and the vendor's file that followed


class HeldView(msgspec.Struct, frozen=True, kw_only=True):
    """How one key stands at the server."""

    key: str
    held: Held
    trace_id: int | None = None


class CompareLine(Query[tuple[HeldView, ...]], frozen=True, kw_only=True):
    """What the server holds under these keys of the caller's, in the same order: both sides agree, or go on from here.

    Refusals: INVALID (more than MAX_KEYS).
    """

    method = "ecg_lines.compare"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.ROUTINE

    keys: tuple[str, ...]


class OriginalView(msgspec.Struct, frozen=True, kw_only=True):
    """How far a vendor's file is; `complete` when it is kept beside its trace."""

    key: str
    offset: int
    complete: bool


class BeginOriginal(Command[OriginalView], frozen=True, kw_only=True):
    """Begin to send the vendor's file of a record, or learn how far it is.

    Refusals: NOT_FOUND (no record under this key), INVALID (name, size, hash), TOO_LARGE.
    """

    method = "ecg_lines.begin_original"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.IMAGES

    key: str
    name: str
    size_bytes: int
    sha256: str


class AppendOriginal(Command[OriginalView], frozen=True, kw_only=True):
    """Append at most MAX_LINE_CHUNK_BYTES where the file ends; elsewhere nothing is written. The answer says the end.

    Refusals: NOT_FOUND, TOO_LARGE, DISK_FULL.
    """

    method = "ecg_lines.append_original"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.ROUTINE

    key: str
    offset: int
    data: bytes


class FinishOriginal(Command[OriginalView], frozen=True, kw_only=True):
    """Prove length and hash and keep the file beside its trace. The same key again: the same answer.

    Refusals: NOT_FOUND, INVALID (`field` "sha256": it came damaged and is begun anew), DISK_FULL.
    """

    method = "ecg_lines.finish_original"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.IMAGES

    key: str
