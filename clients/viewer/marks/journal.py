"""Every finished stroke on disk before the next one can begin: a crash of the viewer loses none of them. No Qt.

One file per reader and study; each line is one change, encrypted with a key that only this desktop user can read (as
drafts are, see clients.kit.drafts). A line is handed to the system at once, which outlives the program; a thread syncs
it to the disk, so that only a loss of power within moments can cost the last stroke.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from clients.kit.settings import data_folder, write_atomically
from shared.contract.marks import StoredMark

log = logging.getLogger(__name__)

COMPACT_BYTES = 1 << 20


class Journal:
    """Journals of one reader; methods block for less than a millisecond, but :meth:`read` and :meth:`forget`.

    ``trouble`` is called with an OSError when a stroke could not be written.
    """

    def __init__(self, reader: str, folder: Path | None = None, trouble: Callable[[OSError], None] | None = None):
        safe = "".join(c if c.isalnum() and c.isascii() else f"_{ord(c):x}" for c in reader) or "_"
        self._folder = (folder or data_folder()) / "marks" / safe
        self._trouble = trouble
        self._known: dict[str, dict[str, StoredMark]] = {}
        self._syncing: set[Path] = set()
        self._key_bytes: bytes | None = None
        self._lock = threading.Lock()

    def read(self, study_uid: str) -> dict[str, StoredMark] | None:
        """The marks as the journal has them by UID; None when there is no journal. Torn lines are left out."""
        from cryptography.fernet import Fernet, InvalidToken

        try:
            lines = self._path(study_uid).read_bytes().split(b"\n")
        except FileNotFoundError:
            return None
        fernet = Fernet(self._key())
        marks: dict[str, StoredMark] = {}
        for line in lines:
            if not line:
                continue
            try:
                entry = json.loads(fernet.decrypt(line))
                if "whole" in entry:
                    marks = {one["uid"]: msgspec.convert(one, StoredMark) for one in entry["whole"]}
                for one in entry.get("put", ()):
                    marks[one["uid"]] = msgspec.convert(one, StoredMark)
                for uid in entry.get("drop", ()):
                    marks.pop(uid, None)
            except (InvalidToken, ValueError, KeyError, TypeError, AttributeError, msgspec.ValidationError):
                continue  # torn by a crash, or written with a key that is gone
        return marks

    def begin(self, study_uid: str, marks: Mapping[str, StoredMark]) -> None:
        """What later strokes are differences to; writes nothing."""
        self._known[study_uid] = dict(marks)

    def record(self, study_uid: str, marks: Mapping[str, StoredMark]) -> bool:
        """Note all own marks of a study as they are now; True when something had changed."""
        first = not self._path(study_uid).exists()
        before = {} if first else self._known.get(study_uid, {})
        put = [mark for uid, mark in marks.items() if before.get(uid) != mark]
        drop = [uid for uid in before if uid not in marks]
        changed = marks != self._known.get(study_uid, {})
        self._known[study_uid] = dict(marks)
        if not changed:
            return False
        entry = {"whole": msgspec.to_builtins(put)} if first else {"put": msgspec.to_builtins(put), "drop": drop}
        try:
            self._append(study_uid, entry)
        except OSError as error:
            log.warning("a stroke could not be kept: %s", error.strerror)
            if self._trouble is not None:
                self._trouble(error)
        return True

    def forget(self, study_uid: str) -> None:
        """The marks are safe elsewhere."""
        self._path(study_uid).unlink(missing_ok=True)

    def _append(self, study_uid: str, entry: Mapping[str, object]) -> None:
        path = self._path(study_uid)
        if path.exists() and path.stat().st_size > COMPACT_BYTES:
            whole = {"whole": msgspec.to_builtins(list(self._known[study_uid].values()))}
            write_atomically(path, self._sealed(whole))
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            os.write(handle, self._sealed(entry))
        finally:
            os.close(handle)
        with self._lock:
            started, self._syncing = bool(self._syncing), self._syncing | {path}
        if not started:
            threading.Thread(target=self._sync, name="marks-sync", daemon=True).start()

    def _sync(self) -> None:
        while True:
            with self._lock:
                path = next(iter(self._syncing), None)
            if path is None:
                return
            try:
                handle = os.open(path, os.O_WRONLY | getattr(os, "O_BINARY", 0))
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
            except OSError:
                pass  # gone meanwhile: the marks are saved; or a disk that fails, which the next stroke tells
            with self._lock:
                self._syncing.discard(path)

    def _sealed(self, entry: Mapping[str, object]) -> bytes:
        from cryptography.fernet import Fernet

        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        # A newline in front too: a line torn by a crash must not swallow this one.
        return b"\n" + Fernet(self._key()).encrypt(text.encode("utf-8")) + b"\n"

    def _key(self) -> bytes:
        if self._key_bytes is None:
            path = self._folder / "key"
            if not path.exists():
                from cryptography.fernet import Fernet

                self._folder.mkdir(parents=True, exist_ok=True)
                write_atomically(path, Fernet.generate_key())  # readable by this account only, as mkstemp makes it
            self._key_bytes = path.read_bytes().strip()
        return self._key_bytes

    def _path(self, study_uid: str) -> Path:
        return self._folder / f"{hashlib.sha256(study_uid.encode()).hexdigest()[:32]}.journal"
