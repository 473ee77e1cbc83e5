"""What DICOMweb asks of the archive, of access control and of the audit log; server/bootstrap/dicomweb.py answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias

Json: TypeAlias = dict[str, Any]


class Scope(StrEnum):
    """What a request needs to be allowed."""

    READ = "read"
    STORE = "store"
    UPS = "ups"
    REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: the name for the audit log, and what is open to them."""

    name: str
    scopes: frozenset[str]
    address: str = ""


class Refusal(Exception):
    """The request is answered with `status` and one sentence in English, without patient data."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = dict(headers or {})


class Access(Protocol):
    """Tells who holds a bearer token; None for nobody."""

    def client(self, token: str, address: str) -> Client | None: ...


class Audit(Protocol):
    """Keeps who did what; never blocks, never fails."""

    def record(self, client: Client, method: str, outcome: str, subject: str, duration_ms: float) -> None: ...


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """An instance in the archive. `stamp` changes whenever what leaves the archive changes.

    `length`: bytes of its data set as it leaves, None when only reading tells. `open` gives the data set (no preamble,
    no file meta information) while the context lasts; it raises OSError.
    """

    study_uid: str
    series_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    stamp: str
    length: int | None
    open: Callable[[], AbstractContextManager[memoryview]]
    file: Callable[[], tuple[BinaryIO, int]] | None = None
    """The file and where the data set begins in it, if its bytes leave as they lie there; the caller closes it."""


Answer: TypeAlias = Mapping[int, Any]
"""Texts as DICOM writes them, numbers, None; sequences as lists of such mappings."""


class Holdings(Protocol):
    """Reading the archive. Methods block; they are called in threads."""

    def find(
        self, level: str, keys: Mapping[int, object], offset: int, limit: int, fuzzy: bool
    ) -> tuple[Sequence[Answer], str]:
        """Answers by PS3.4 C.2.2.2 at STUDY, SERIES or IMAGE, from `offset`, at most `limit`, and a sentence when the
        search was ended early. `fuzzy`: names match by parts, pinyin and initials. Raises Refusal."""
        ...

    def ignored(self, level: str, keys: Mapping[int, object]) -> Sequence[int]:
        """Tags with a value to match that a search at `level` does not compare."""
        ...

    def instances(self, study_uid: str, series_uid: str = "", instance_uid: str = "") -> Sequence[StoredInstance]:
        """Everything below the named entity, series by series, in order of number; empty when there is none."""
        ...

    def part10_head(self, instance: StoredInstance, transfer_syntax_uid: str) -> bytes:
        """Preamble and file meta information."""
        ...

    def recode(self, instance: StoredInstance, transfer_syntax_uid: str) -> bytes | bytearray | memoryview:
        """The data set in another transfer syntax. Raises Refusal (406) when it cannot be written so."""
        ...

    def inflated(self, data: memoryview, transfer_syntax_uid: str) -> tuple[memoryview, str]:
        """A deflated data set in full, others as they are, and the syntax it then has. Raises Refusal."""
        ...

    def text(self, value: bytes, character_set: bytes) -> str:
        """The text of a value in a Specific Character Set; never raises."""
        ...


class NotStored(Exception):
    """An object was not accepted: a failure reason (PS3.18 10.5.3, PS3.4 B.2.3) and a sentence."""

    def __init__(self, reason: int, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence
        self.sop_class_uid = ""
        self.sop_instance_uid = ""


class Sink(Protocol):
    """Storing. Methods block; they are called in threads."""

    spool: Path
    """A folder for bodies that are too large for memory."""

    def store(self, part10: memoryview, client: Client, study_uid: str) -> StoredInstance:
        """Keep a DICOM file; durable on return. `study_uid`, if given, must be the file's. Raises NotStored."""
        ...

    def settled(self, instance_uids: Sequence[str], patience_s: float) -> Mapping[str, tuple[str, str]]:
        """Wait until queries find what was stored, but no longer than `patience_s`; study and series of what is found.

        They are others than those of the data set when the object was moved, or its UID belonged to another before.
        """
        ...


class Workitems(Protocol):
    """The queue of unified procedure steps (PS3.4 CC). All raise Refusal with the status of PS3.18 11."""

    def create(self, uid: str, body: Json, client: Client) -> tuple[str, list[str]]:
        """Returns the UID and warnings."""
        ...

    def retrieve(self, uid: str) -> Json: ...

    def update(self, uid: str, transaction_uid: str, body: Json, client: Client) -> None: ...

    def change_state(self, uid: str, state: str, transaction_uid: str, client: Client) -> None: ...

    def request_cancel(self, uid: str, body: Json, client: Client) -> None: ...

    def search(self, keys: Mapping[int, str], offset: int, limit: int) -> Sequence[Json]: ...


@dataclass(frozen=True, slots=True)
class DicomWebPorts:
    """Everything the DICOMweb application stands on."""

    access: Access
    audit: Audit
    holdings: Holdings
    sink: Sink
    workitems: Workitems
    cache: Path
    """A folder for prepared metadata."""
    cache_bytes: int = 1 << 30
    base_url: str = ""
    """Where clients reach /dicom-web, e.g. "https://pacs.example/dicom-web"; empty: as the request's Host says."""
    origins: tuple[str, ...] = ()
    """Origins of web pages whose scripts may use DICOMweb (CORS)."""
    anonymous: Client | None = None
    """Who callers without a token from this very machine are; None: nobody is let in without a token."""
    limits: Limits = field(default_factory=lambda: Limits())  # noqa: PLW0108 - defined below


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one request may ask or bring."""

    results: int = 1000  # of one page
    offset: int = 1_000_000
    frames: int = 2000  # of one request
    rendered: int = 1000  # pictures of one series or study
    parts: int = 20_000  # of one STOW-RS body
    part_bytes: int = 4 << 30
    body_bytes: int = 64 << 30
    memory_bytes: int = 4 << 20  # a part up to this stays in memory
    json_bytes: int = 64 << 20  # of a JSON or XML body
    stall_s: float = 60.0  # a sender or reader that does not move for so long is cut off


ByteStream: TypeAlias = Iterator[bytes | memoryview]
