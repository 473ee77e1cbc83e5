"""The journal of captures: what the click sound answered lies on this computer's disk until the server has it.

Knows no Qt and no line. Every capture has a key (32 hexadecimal digits) that the server keeps it under, so that sending
twice is harmless. Files are sealed (`clients.kit.sealed_files`): ``capture-KEY`` is a whole capture, facts and bytes in
one file; a recording is ``begun-KEY``, then ``piece-KEY-000001`` …, then ``ended-KEY``. What a crash leaves without its
end is finished by the next start: the pieces are the recording. A lock tells a recording that runs in another window.
"""

from __future__ import annotations

import os
import secrets
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from clients.kit.file_lock import FileLock
from clients.kit.sealed_files import SealedFiles
from shared.contract.pathology_media import MediaFacts

_LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Waiting:
    """A capture that the server has not confirmed. `pieces` is 0 for a whole one; `refused` says why it stays."""

    key: str
    pieces: int
    refused: str = ""


class CaptureJournal:
    """Captures of one user on this computer. Safe from any thread; methods block on the disk, OSError passes."""

    def __init__(self, files: SealedFiles) -> None:
        self._files = files
        self._lock = threading.RLock()
        self._open: dict[str, int] = {}
        self._locks: dict[str, FileLock] = {}

    @classmethod
    def for_user(cls, user: str, folder: Path | None = None) -> CaptureJournal:
        """The journal of an account of the suite."""
        return cls(SealedFiles.for_user(user, "captures", folder))

    def keep(self, facts: MediaFacts, data: bytes, key: str = "") -> str:
        """Keep a whole capture; it is on the disk when this returns. Gives its key."""
        key = key or _new_key()
        head = msgspec.msgpack.encode(facts)
        self._write(f"capture-{key}", _LENGTH.pack(len(head)) + head + data)
        return key

    def begin(self, facts: MediaFacts) -> str:
        """Begin a recording; gives its key."""
        key = _new_key()
        with self._lock:  # before its name is seen: a sender must not take it for one that a crash left empty
            self._open[key] = 0
            lock = FileLock.taken(self._lock_path(key))
            if lock is not None:
                self._locks[key] = lock
        self._write(f"begun-{key}", msgspec.msgpack.encode(facts))
        return key

    def append(self, key: str, data: bytes) -> None:
        """Keep the next piece; it is on the disk when this returns. Raises KeyError unless the recording is open."""
        with self._lock:
            number = self._open[key] + 1
        self._write(f"piece-{key}-{number:06d}", data)
        with self._lock:
            self._open[key] = number

    def end(self, key: str) -> None:
        """The recording is complete."""
        self._write(f"ended-{key}", b"")
        self._let_go(key)

    def is_recording(self, key: str) -> bool:
        """Whether pieces may still come."""
        with self._lock:
            return key in self._open

    def waiting(self) -> tuple[Waiting, ...]:
        """What the server has not confirmed, in the order of capture; recordings that still run are left out."""
        with self._lock:
            running = set(self._open)  # before the names are read: what ends meanwhile has more pieces than were seen
        names = self._files.names()
        pieces: dict[str, int] = {}
        for name in names:
            if name.startswith("piece-"):
                key = name.split("-")[1]
                pieces[key] = pieces.get(key, 0) + 1
        refused = {name[8:] for name in names if name.startswith("refused-")}
        found: list[Waiting] = []
        whole = {name[8:] for name in names if name.startswith("capture-")}
        begun = {name[6:] for name in names if name.startswith("begun-")} - whole
        for key in sorted(whole | begun):
            if key in running or self.is_recording(key):
                continue
            if key in whole or f"ended-{key}" in names or self._is_left(key):
                found.append(Waiting(key, 0 if key in whole else pieces.get(key, 0), self._why(key, refused)))
        return tuple(found)

    def read(self, key: str) -> tuple[MediaFacts, bytes] | None:
        """A whole capture; None when it is gone or cannot be opened any more."""
        sealed = self._files.read(f"capture-{key}")
        if sealed is None or len(sealed) < 4:
            return None
        length = _LENGTH.unpack_from(sealed)[0]
        return msgspec.msgpack.decode(sealed[4 : 4 + length], type=MediaFacts), sealed[4 + length :]

    def facts(self, key: str) -> MediaFacts | None:
        """What a capture or recording is."""
        whole = self.read(key)
        if whole is not None:
            return whole[0]
        head = self._files.read(f"begun-{key}")
        return None if head is None else msgspec.msgpack.decode(head, type=MediaFacts)

    def pieces(self, key: str) -> Iterator[bytes]:
        """The pieces of a recording in order; the first that cannot be opened ends it."""
        number = 1
        while (piece := self._files.read(f"piece-{key}-{number:06d}")) is not None:
            yield piece
            number += 1

    def refuse(self, key: str, why: str) -> None:
        """The server will never take it (its sentence): keep it until the user decides."""
        self._write(f"refused-{key}", why.encode())

    def try_again(self, key: str) -> None:
        """Send a refused one again."""
        self._files.remove(f"refused-{key}")

    def forget(self, key: str) -> None:
        """The server has it, or the user threw it away."""
        for name in self._files.names():
            kind, _, rest = name.partition("-")
            if rest.startswith(key) and kind == "piece":
                self._files.remove(name)
        # What names the capture goes last: a crash in between leaves something that is sent again, never pieces alone.
        for kind in ("refused", "ended", "begun", "capture"):
            self._files.remove(f"{kind}-{key}")
        self._let_go(key)

    def is_there(self, key: str) -> bool:
        """Whether anything names this capture; another window of the same user may have sent it meanwhile."""
        return any(name in (f"capture-{key}", f"begun-{key}") for name in self._files.names())

    def _is_left(self, key: str) -> bool:
        """Whether nobody records this any more: another window of the same user holds its lock while it does."""
        lock = FileLock.taken(self._lock_path(key))
        if lock is None:
            return False
        lock.release()
        return True

    def _let_go(self, key: str) -> None:
        with self._lock:
            self._open.pop(key, None)
            lock = self._locks.pop(key, None)
        if lock is not None:
            lock.release()

    def _lock_path(self, key: str) -> Path:
        return self._files.folder / f"{key}.lock"

    def _why(self, key: str, refused: set[str]) -> str:
        return (self._files.read(f"refused-{key}") or b"?").decode() if key in refused else ""

    def _write(self, name: str, data: bytes) -> None:
        self._files.write(name, data)
        if os.name != "nt":  # the name too must survive a loss of power; NTFS journals names itself
            handle = os.open(self._files.folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _new_key() -> str:
    """The moment in nanoseconds, then chance: names sort as clicks followed each other, and so they are sent."""
    return f"{time.time_ns():016x}{secrets.token_hex(8)}"
