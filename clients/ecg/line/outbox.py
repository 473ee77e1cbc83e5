"""The outbox: every record lies on this computer's disk until the server has said that it is on its own. Knows no Qt.

Each record has a key (32 hexadecimal digits) that the server keeps it under, so that sending twice is harmless. Files
are sealed (`clients.kit.sealed_files`) and written whole: ``trace-KEY`` holds what it is and the packed record,
``original-KEY`` the vendor's own file, which follows when nothing else waits. ``sent-KEY`` remembers which trace the
record became until its original has followed; ``refused-KEY`` says why the server will never take it as it is.
A crash at any moment leaves either the record or the server's word that it has it.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
import threading
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from clients.kit.sealed_files import SealedFiles
from shared.contract.ecg_acquisition import UploadFacts, UploadPart
from shared.domain.ecg import Urgency

PACKED_NAME = "record.mje"
"""What the part is called that shared.waveform.compact packed."""
_LENGTH = struct.Struct(">I")
_RANK = {Urgency.EMERGENCY: 0, Urgency.URGENT: 1, Urgency.ROUTINE: 2}


class Kind(StrEnum):
    """What a key stands for in the queue."""

    TRACE = "trace"
    ORIGINAL = "original"


class OriginalFile(msgspec.Struct, frozen=True, kw_only=True):
    """The vendor's file of a record, as received."""

    name: str
    size_bytes: int
    sha256: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What one record is: where it belongs, how soon it is wanted, and what people call it on the screen."""

    key: str
    facts: UploadFacts
    kept_at: datetime
    urgency: Urgency = Urgency.ROUTINE
    label: str = ""  # patient's name and exam number
    original: OriginalFile | None = None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that has to be sent. `refused` is the server's sentence why it stays."""

    kind: Kind
    entry: Entry
    size_bytes: int
    refused: str = ""
    trace_id: int = 0  # of an original: the trace it belongs to

    @property
    def key(self) -> str:
        return self.entry.key

    @property
    def rank(self) -> tuple[int, int, datetime, str]:
        """Records before originals, urgent before routine, old before new."""
        return (self.kind is Kind.ORIGINAL, _RANK[self.entry.urgency], self.entry.kept_at, self.entry.key)


class _Sent(msgspec.Struct, frozen=True):
    entry: Entry
    trace_id: int


def new_key() -> str:
    """A key that nobody else has."""
    return secrets.token_hex(16)


def packed_facts(packed: bytes, facts: UploadFacts) -> UploadFacts:
    """The facts with the packed record as their only part."""
    part = UploadPart(name=PACKED_NAME, size_bytes=len(packed), sha256=hashlib.sha256(packed).hexdigest())
    return msgspec.structs.replace(facts, parts=(part,))


class Outbox:
    """The records of one account on this computer. Safe from any thread; methods block on the disk, OSError passes."""

    def __init__(self, files: SealedFiles) -> None:
        self._files = files
        self._lock = threading.RLock()
        self._waiting: dict[tuple[Kind, str], Waiting] = {}
        self._load()

    @classmethod
    def for_user(cls, user: str, folder: Path | None = None) -> Outbox:
        """The outbox of an account of the suite."""
        return cls(SealedFiles.for_user(user, "ecg-line", folder))

    def keep(
        self,
        facts: UploadFacts,
        packed: bytes,
        *,
        original: tuple[str, bytes] | None = None,
        urgency: Urgency = Urgency.ROUTINE,
        label: str = "",
        key: str = "",
    ) -> str:
        """Keep a packed record; it is on the disk when this returns. The same key again changes nothing."""
        key = key or new_key()
        with self._lock:
            if (Kind.TRACE, key) in self._waiting or self._files.read(f"sent-{key}") is not None:
                return key
        about = None
        if original is not None:  # first: what names the record must not stand without its file
            name, data = original
            about = OriginalFile(name=name[-120:], size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
            self._files.write(f"original-{key}", data)
        entry = Entry(
            key=key,
            facts=packed_facts(packed, facts),
            kept_at=datetime.now(UTC),
            urgency=urgency,
            label=label,
            original=about,
        )
        head = msgspec.msgpack.encode(entry)
        self._files.write(f"trace-{key}", _LENGTH.pack(len(head)) + head + packed)
        with self._lock:
            self._waiting[Kind.TRACE, key] = Waiting(kind=Kind.TRACE, entry=entry, size_bytes=len(packed))
        return key

    def waiting(self) -> tuple[Waiting, ...]:
        """Everything that the server has not confirmed, in the order in which it is sent; refused ones last."""
        with self._lock:
            found = tuple(self._waiting.values())
        return tuple(sorted(found, key=lambda one: (bool(one.refused), one.rank)))

    def next(self) -> Waiting | None:
        """What is sent next; None when nothing is to be sent."""
        found = self.waiting()
        return found[0] if found and not found[0].refused else None

    def data(self, one: Waiting) -> bytes | None:
        """The bytes to be sent; None when they are gone or cannot be opened any more."""
        if one.kind is Kind.ORIGINAL:
            return self._files.read(f"original-{one.key}")
        read = self._read_trace(one.key)
        return None if read is None else read[1]

    def is_gone(self, one: Waiting) -> bool:
        """Whether nothing of it lies on the disk any more; it is then no longer waited for."""
        name = f"{one.kind}-{one.key}"
        with self._lock:
            if name in self._files.names():
                return False
            self._waiting.pop((one.kind, one.key), None)
            return True

    def confirmed(self, key: str, trace_id: int) -> None:
        """The server has the record on its disk."""
        with self._lock:
            found = self._waiting.get((Kind.TRACE, key))
            if found is None:
                return
            if found.entry.original is not None:
                sent = _Sent(found.entry, trace_id)
                self._files.write(f"sent-{key}", msgspec.msgpack.encode(sent))
                self._waiting[Kind.ORIGINAL, key] = _original_of(sent)
            self._files.remove(f"trace-{key}")
            self._files.remove(f"refused-{key}")
            del self._waiting[Kind.TRACE, key]

    def original_confirmed(self, key: str) -> None:
        """The server has the vendor's file too: nothing of the record stays here."""
        with self._lock:
            self._files.remove(f"original-{key}")
            self._files.remove(f"refused-{key}")
            self._files.remove(f"sent-{key}")
            self._waiting.pop((Kind.ORIGINAL, key), None)

    def refuse(self, one: Waiting, why: str) -> None:
        """The server will never take it as it is (its sentence): it stays until somebody decides."""
        with self._lock:
            self._files.write(f"refused-{one.key}", why.encode())
            if (one.kind, one.key) in self._waiting:
                self._waiting[one.kind, one.key] = msgspec.structs.replace(one, refused=why or "?")

    def try_again(self, key: str) -> None:
        """Send a refused one again."""
        with self._lock:
            self._files.remove(f"refused-{key}")
            for kind in Kind:
                if (found := self._waiting.get((kind, key))) is not None:
                    self._waiting[kind, key] = msgspec.structs.replace(found, refused="")

    def send_as_orphan(self, key: str) -> str:
        """Keep a record whose exam takes none any more under a new key, without exam: the centre matches it by hand.

        Gives the new key. The old one goes only when the new one lies on the disk.
        """
        with self._lock:
            read = self._read_trace(key)
            if read is None:
                return ""
            entry, packed = read
            facts = msgspec.structs.replace(
                entry.facts, exam_id=None, task_id=None, device_serial="", request_number=""
            )
            data = self._files.read(f"original-{key}") if entry.original is not None else None
            original = (entry.original.name, data) if entry.original is not None and data is not None else None
            made = self.keep(
                facts,
                packed,
                original=original,
                urgency=entry.urgency,
                label=entry.label,
                key=hashlib.sha256(f"orphan {key}".encode()).hexdigest()[:32],  # a crash in between makes no second one
            )
            for name in ("trace", "original", "refused"):
                self._files.remove(f"{name}-{key}")
            self._waiting.pop((Kind.TRACE, key), None)
            return made

    def _read_trace(self, key: str) -> tuple[Entry, bytes] | None:
        sealed = self._files.read(f"trace-{key}")
        if sealed is None or len(sealed) < _LENGTH.size:
            return None
        length = _LENGTH.unpack_from(sealed)[0]
        try:
            return msgspec.msgpack.decode(sealed[4 : 4 + length], type=Entry), sealed[4 + length :]
        except msgspec.MsgspecError:
            return None

    def _load(self) -> None:
        """Find what an earlier run left; tidy up what it had finished but not yet removed."""
        names = self._files.names()
        for name in names:
            kind, _, key = name.partition("-")
            if kind == "trace" and (read := self._read_trace(key)) is not None:
                entry, packed = read
                self._waiting[Kind.TRACE, key] = Waiting(kind=Kind.TRACE, entry=entry, size_bytes=len(packed))
        for name in names:
            kind, _, key = name.partition("-")
            if kind == "sent" and (data := self._files.read(name)) is not None:
                sent = msgspec.msgpack.decode(data, type=_Sent)
                if self._waiting.pop((Kind.TRACE, key), None) is not None:  # confirmed, then the program died
                    self._files.remove(f"trace-{key}")
                if f"original-{key}" in names and sent.entry.original is not None:
                    self._waiting[Kind.ORIGINAL, key] = _original_of(sent)
                else:
                    self._files.remove(name)
        for name in names:
            kind, _, key = name.partition("-")
            held = [one for one in Kind if (one, key) in self._waiting]
            if kind == "original" and not held:  # the record was never kept whole: whoever gave it still has it
                self._files.remove(name)
            if kind == "refused":
                why = (self._files.read(name) or b"?").decode("utf-8", "replace")
                for one in held:
                    self._waiting[one, key] = msgspec.structs.replace(self._waiting[one, key], refused=why or "?")


def _original_of(sent: _Sent) -> Waiting:
    assert sent.entry.original is not None
    size = sent.entry.original.size_bytes
    return Waiting(kind=Kind.ORIGINAL, entry=sent.entry, size_bytes=size, trace_id=sent.trace_id)
