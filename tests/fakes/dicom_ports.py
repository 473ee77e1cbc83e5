"""In-memory implementations of the DICOM door's ports: an archive, a worklist, procedure steps, a peer directory.

They keep what they are given and answer by plain matching (PS3.4 C.2.2.2), so that real peers can talk to the door.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from server.doors.dicom.ports import (
    Attributes,
    CommitmentFailure,
    DicomPorts,
    Level,
    Model,
    ObjectReference,
    Peer,
    ProcedureStep,
    QueryRequest,
    ReceivedObject,
    Refused,
    RetrieveRequest,
    StepAlreadyFinal,
    StoredObject,
    StoreOutcome,
)

PATIENT_NAME, PATIENT_ID = 0x00100010, 0x00100020
STUDY_UID, SERIES_UID, INSTANCE_UID = 0x0020000D, 0x0020000E, 0x00080018
UNIQUE = {Level.PATIENT: PATIENT_ID, Level.STUDY: STUDY_UID, Level.SERIES: SERIES_UID, Level.IMAGE: INSTANCE_UID}


@dataclass
class FakePeers:
    """Knows the peers it is given; ``anyone`` lets unknown callers in."""

    peers: dict[str, Peer] = field(default_factory=dict)
    anyone: bool = True

    def find(self, calling_ae: str, address: str) -> Peer | None:
        known = self.peers.get(calling_ae)
        return known if known or not self.anyone else Peer(calling_ae, address, 0)

    def by_title(self, ae_title: str) -> Peer | None:
        return self.peers.get(ae_title)


@dataclass(frozen=True)
class Kept:
    """What the fake archive kept of a received object."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    calling_ae: str
    data: bytes
    spooled: bool = False


class FakeArchive:
    """An object sink that remembers, refusing what ``refuse`` names by SOP Instance UID."""

    refuses_deep = False

    def __init__(self) -> None:
        self.objects: dict[str, Kept] = {}
        self.refuse: dict[str, StoreOutcome] = {}
        self.order: list[str] = []
        self._lock = threading.Lock()

    def begin(self, _sop_class_uid: str, _sop_instance_uid: str, _transfer_syntax_uid: str) -> None:
        return None

    def receive(self, received: ReceivedObject) -> StoreOutcome:
        refused = self.refuse.get(received.sop_instance_uid)
        if refused is not None:
            return refused
        data = bytes(received.data) if received.data is not None else (received.spool or Path()).read_bytes()
        with self._lock:
            self.order.append(received.sop_instance_uid)
            self.objects[received.sop_instance_uid] = Kept(
                received.sop_class_uid,
                received.sop_instance_uid,
                received.transfer_syntax_uid,
                received.calling_ae,
                data,
                received.spool is not None,
            )
        return StoreOutcome.stored()

    def check(self, references: Sequence[ObjectReference], calling_ae: str) -> Sequence[CommitmentFailure]:
        failures = []
        for reference in references:
            kept = self.objects.get(reference.sop_instance_uid)
            if kept is None:
                failures.append(CommitmentFailure(reference, 0x0112))
            elif kept.sop_class_uid != reference.sop_class_uid:
                failures.append(CommitmentFailure(reference, 0x0119))
        return failures


def matches(wanted: str, value: str, *, is_date: bool = False) -> bool:
    """Single value, wildcard, UID list, range and universal matching (PS3.4 C.2.2.2)."""
    if wanted in ("", "*"):
        return True
    if is_date and "-" in wanted:
        first, _, last = wanted.partition("-")
        return (not first or value >= first) and (not last or value <= last)
    if "\\" in wanted:
        return value in wanted.split("\\")
    return any(
        fnmatch.fnmatchcase(part.casefold(), wanted.casefold().replace("[", "[[]"))
        for part in (value, *value.split("="))
    )


@dataclass
class FakeQuery:
    """Answers from rows: one per instance, with the attributes of all levels; one answer per unique key of the
    level."""

    rows: list[dict[int, str]] = field(default_factory=list)
    asked: list[QueryRequest] = field(default_factory=list)
    closed: int = 0
    refuse: Refused | None = None

    def find(self, request: QueryRequest) -> Iterator[Attributes]:
        self.asked.append(request)
        if self.refuse is not None:
            raise self.refuse
        seen: set[str] = set()
        try:
            for row in self.rows:
                unique = row.get(UNIQUE[request.level], "")
                if unique in seen or not self._matches(request.keys, row):
                    continue
                seen.add(unique)
                yield {tag: row[tag] for tag in request.keys if tag in row}
        finally:
            self.closed += 1

    def ignores(self, request: QueryRequest) -> bool:
        known = {tag for row in self.rows for tag in row}
        return any(wanted and tag not in known for tag, wanted in request.keys.items())

    @staticmethod
    def _matches(keys: Attributes, row: Mapping[int, str]) -> bool:
        return all(
            matches(wanted, row[tag], is_date=tag in (0x00080020, 0x00080030))
            for tag, wanted in keys.items()
            if isinstance(wanted, str) and tag in row
        )


@dataclass(frozen=True)
class FakeStored:
    """One object to be retrieved, with the keys it is found by."""

    patient_id: str
    study_uid: str
    series_uid: str
    instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    data: bytes


@dataclass
class FakeRetrieve:
    """Finds objects by their unique keys; ``broken`` ones cannot be opened."""

    stored: list[FakeStored] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    asked: list[RetrieveRequest] = field(default_factory=list)

    def objects(self, request: RetrieveRequest) -> Sequence[StoredObject]:
        self.asked.append(request)
        return [
            StoredObject(s.sop_class_uid, s.instance_uid, s.transfer_syntax_uid, lambda s=s: self._open(s))  # type: ignore[misc]
            for s in self.stored
            if (not request.patient_id or s.patient_id == request.patient_id)
            and (not request.study_uids or s.study_uid in request.study_uids)
            and (not request.series_uids or s.series_uid in request.series_uids)
            and (not request.instance_uids or s.instance_uid in request.instance_uids)
        ]

    @contextmanager
    def _open(self, stored: FakeStored) -> Iterator[memoryview]:
        if stored.instance_uid in self.broken:
            raise OSError("the file is gone")
        yield memoryview(stored.data)


@dataclass
class FakeWorklist:
    """Answers with the items whose keys match, in the scheduled procedure step too."""

    items: list[dict[int, object]] = field(default_factory=list)
    asked: list[tuple[Attributes, str]] = field(default_factory=list)

    def find(self, keys: Attributes, calling_ae: str) -> Iterable[Attributes]:
        self.asked.append((keys, calling_ae))
        return [item for item in self.items if self._matches(keys, item)]  # type: ignore[misc]

    def ignores(self, keys: Attributes) -> bool:
        known = {tag for item in self.items for tag in item}
        return any(wanted and tag not in known for tag, wanted in keys.items())

    def _matches(self, keys: Attributes, item: Mapping[int, object]) -> bool:
        for tag, wanted in keys.items():
            have = item.get(tag)
            if isinstance(wanted, str) and isinstance(have, str):
                if not matches(wanted, have, is_date=tag in (0x00400002, 0x00400003)):
                    return False
            elif (
                isinstance(wanted, list)
                and wanted
                and isinstance(have, list)
                and not any(self._matches(wanted[0], each) for each in have)
            ):
                return False
        return True


class FakeSteps:
    """Procedure steps by UID with the rules of PS3.4 F.7: created once, final after COMPLETED or DISCONTINUED."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[int, object]] = {}
        self.calls: list[tuple[str, ProcedureStep]] = []

    def create(self, step: ProcedureStep) -> None:
        self.calls.append(("create", step))
        if step.sop_instance_uid in self.steps:
            raise Refused(0x0111, "This procedure step exists already")
        self.steps[step.sop_instance_uid] = dict(step.attributes)

    def set(self, step: ProcedureStep) -> None:
        self.calls.append(("set", step))
        known = self.steps.get(step.sop_instance_uid)
        if known is None:
            raise Refused(0x0112, "This procedure step is not known")
        if known.get(0x00400252) != "IN PROGRESS":
            raise StepAlreadyFinal
        known.update(step.attributes)


@dataclass
class FakeHospital:
    """All fakes together."""

    peers: FakePeers = field(default_factory=FakePeers)
    archive: FakeArchive = field(default_factory=FakeArchive)
    query: FakeQuery = field(default_factory=FakeQuery)
    retrieve: FakeRetrieve = field(default_factory=FakeRetrieve)
    worklist: FakeWorklist = field(default_factory=FakeWorklist)
    steps: FakeSteps = field(default_factory=FakeSteps)
    closed: int = 0

    def ports(self) -> DicomPorts:
        return DicomPorts(
            self.peers,
            self.archive,
            self.query,
            self.retrieve,
            self.worklist,
            self.steps,
            self.archive,
            close=self._close,
        )

    def _close(self) -> None:
        self.closed += 1


class FolderSink:
    """Stores each object as a file in a folder, durable before it answers; usable from worker processes."""

    refuses_deep = False

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._folder = folder
        self._durable = durable

    def begin(self, _sop_class_uid: str, _sop_instance_uid: str, _transfer_syntax_uid: str) -> None:
        return None

    def receive(self, received: ReceivedObject) -> StoreOutcome:
        name = hashlib.sha256(received.sop_instance_uid.encode()).hexdigest()[:32]
        folder = self._folder / name[:2]
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{name}.part"
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
        try:
            data = received.data
            if data is None:
                data = memoryview((received.spool or Path()).read_bytes())
            header = part10_header(received)
            if hasattr(os, "writev"):
                written = os.writev(handle, [header, data])
                if written < len(header) + len(data):
                    os.write(handle, data[written - len(header) :])
            else:
                os.write(handle, header)
                os.write(handle, data)
            partial.replace(folder / f"{name}.dcm")
            if self._durable:
                getattr(os, "fdatasync", os.fsync)(handle)
        finally:
            os.close(handle)
        return StoreOutcome.stored()


def part10_header(received: ReceivedObject) -> bytes:
    """Preamble and file meta information (PS3.10 7.1)."""

    def short(element: int, vr: bytes, value: bytes) -> bytes:
        if len(value) & 1:
            value += b"\0"
        return b"\2\0" + element.to_bytes(2, "little") + vr + len(value).to_bytes(2, "little") + value

    body = (
        b"\2\0\1\0OB\0\0\2\0\0\0\0\1"
        + short(2, b"UI", received.sop_class_uid.encode())
        + short(3, b"UI", received.sop_instance_uid.encode())
        + short(0x10, b"UI", received.transfer_syntax_uid.encode())
        + short(0x12, b"UI", b"2.25.1")
    )
    return bytes(128) + b"DICM" + b"\2\0\0\0UL\4\0" + len(body).to_bytes(4, "little") + body


def folder_ports(options: Mapping[str, str]) -> DicomPorts:
    """A ports factory for worker processes: the options name the folder; ``durable`` "no" leaves the sync out."""
    return DicomPorts(FakePeers(), FolderSink(Path(options["folder"]), durable=options.get("durable", "yes") == "yes"))


__all__ = ["FakeHospital", "FolderSink", "Level", "Model", "folder_ports"]
