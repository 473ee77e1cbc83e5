"""Where every pathology object is: scans and what they mean, trails of events, places, missing pieces."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.contract.pathology_technique import BatchReport
from shared.domain.pathology import ObjectKind, ScanVerdict, Station
from shared.domain.permissions import Permission


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a station waits for; a scan of anything else is a wrong pair. Empty conditions do not ask.

    With `block_id` a slide must be of that block, and a block must be it; likewise `specimen_id` and `slide_id`.
    """

    kinds: tuple[ObjectKind, ...] = ()
    case_id: int = 0
    specimen_id: int = 0
    block_id: int = 0
    slide_id: int = 0


class ObjectFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A case, specimen, block or slide as scans and trails show it."""

    kind: ObjectKind
    id: int
    number: str  # what a person calls it
    code: str
    state: str  # value of the state enumeration of its kind
    case_id: int
    case_number: str
    library_id: int
    patient_name: str
    specimen_id: int | None
    block_id: int | None
    title: str  # name of the specimen, site of the block, stain of the slide
    place: str
    placed_at: datetime | None
    placed_by: str
    is_missing: bool


class ScanResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan means. `message` is a sentence; `found` is None when the code is unreadable or unknown."""

    verdict: ScanVerdict
    message: str
    found: ObjectFacts | None


class Scan(Command[ScanResult], frozen=True, kw_only=True):
    """Read a code at a station: a barcode, or a number that was typed. Wrong pairs are answers, not refusals.

    The scan is written into the trail; where it fits, the object's place is now the station. At the diagnosis stations
    a handed-over slide counts as read. Refusals: none beside the general ones.
    """

    method = "pathology_trail.scan"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    code: str  # at most 64 characters
    station: Station
    place: str = ""  # the workplace, if it is not the station's only one
    expected: Expected = Expected()


class TrailEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `action` is a value of the action enumeration of the kind, or of TrailAction (see `event_word`)."""

    id: int
    at: datetime
    kind: ObjectKind
    object_id: int
    number: str
    action: str
    before: str  # state, empty where it did not change
    after: str
    by: str
    station: str
    place: str
    code: str  # what was scanned
    note: str


class TrailView(msgspec.Struct, frozen=True, kw_only=True):
    """An object with where it came from, what came of it, and everything that happened to them, oldest first."""

    object: ObjectFacts
    ancestors: tuple[ObjectFacts, ...]  # from the case down
    descendants: tuple[ObjectFacts, ...]
    events: tuple[TrailEvent, ...]  # of the object, its ancestors and descendants; at most 2000, the latest


class GetTrail(Query[TrailView], frozen=True, kw_only=True):
    """现在何处: the trail of an object. Refusals: NOT_FOUND."""

    method = "pathology_trail.get"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    kind: ObjectKind
    object_id: int


class FindObjects(Query[tuple[ObjectFacts, ...]], frozen=True, kw_only=True):
    """Objects by barcode or by number, complete or its beginning; at most 100, by number. Refusals: INVALID."""

    method = "pathology_trail.find"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    text: str


class MoveObjects(Command[BatchReport], frozen=True, kw_only=True):
    """Say where objects of one kind are now. Refusals: INVALID (no place)."""

    method = "pathology_trail.move"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    kind: ObjectKind
    object_ids: tuple[int, ...]
    place: str
    station: str = ""


class MissingPiece(msgspec.Struct, frozen=True, kw_only=True):
    """An object that waits too long for its next step, or that somebody reported missing."""

    object: ObjectFacts
    since: datetime
    hours: float
    expected: str  # a sentence: what should have happened
    last_by: str
    is_reported: bool


class ListMissing(Query[tuple[MissingPiece, ...]], frozen=True, kw_only=True):
    """Missing pieces by name, the longest waiting first, at most 500; `hours` is how long a step may take."""

    method = "pathology_trail.list_missing"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    library_ids: tuple[int, ...] = ()
    hours: int = 24  # 1 to 2400


class ReportMissing(Command[ObjectFacts], frozen=True, kw_only=True):
    """报缺, or 已找到 with `is_missing` false. Refusals: NOT_FOUND."""

    method = "pathology_trail.report_missing"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    kind: ObjectKind
    object_id: int
    is_missing: bool = True
    note: str = ""
    station: str = ""
