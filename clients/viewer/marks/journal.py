"""Every finished stroke on disk before the next one can begin: a crash of the viewer loses none of them. No Qt.

One file per reader and study; each line is one change, encrypted (clients.kit.sealed_lines). A line is handed to the
system at once, which outlives the program; a thread syncs it to the disk, so that only a loss of power within moments
can cost the last stroke.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from clients.kit.sealed_lines import SealedLines, account_folder, sync
from clients.kit.settings import data_folder
from shared.contract.marks import StoredMark

log = logging.getLogger(__name__)

COMPACT_BYTES = 1 << 20


class Journal:
    """Journals of one reader; methods block for less than a millisecond, but :meth:`read` and :meth:`forget`.

    ``trouble`` is called with an OSError when a stroke could not be written.
    """

    def __init__(self, reader: str, folder: Path | None = None, trouble: Callable[[OSError], None] | None = None):
        self._folder = (folder or data_folder()) / "marks" / account_folder(reader)
        self._lines = SealedLines(self._folder)
        self._trouble = trouble
        self._known: dict[str, dict[str, StoredMark]] = {}
        self._unsynced: set[Path] = set()
        self._syncing = False
        self._lock = threading.Lock()

    def read(self, study_uid: str) -> dict[str, StoredMark] | None:
        """The marks as the journal has them by UID; None when there is no journal. Torn lines are left out."""
        try:
            entries = list(self._lines.read(self._path(study_uid)))
        except FileNotFoundError:
            return None
        marks: dict[str, StoredMark] = {}
        for entry in entries:
            try:
                if "whole" in entry:
                    marks = {one["uid"]: msgspec.convert(one, StoredMark) for one in entry["whole"]}
                for one in entry.get("put", ()):
                    marks[one["uid"]] = msgspec.convert(one, StoredMark)
                for uid in entry.get("drop", ()):
                    marks.pop(uid, None)
            except (ValueError, KeyError, TypeError, AttributeError, msgspec.ValidationError):
                continue  # written by another release
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
            self._lines.replace(path, {"whole": msgspec.to_builtins(list(self._known[study_uid].values()))})
            return
        self._lines.append(path, entry)
        with self._lock:
            self._unsynced.add(path)
            started, self._syncing = self._syncing, True
        if not started:
            threading.Thread(target=self._sync, name="marks-sync", daemon=True).start()

    def _sync(self) -> None:
        while True:
            with self._lock:
                if not self._unsynced:
                    self._syncing = False
                    return
                path = self._unsynced.pop()  # a stroke that comes while the disk works puts it in again
            with suppress(OSError):  # gone meanwhile, the marks are saved; or a disk fails, as the next stroke tells
                sync(path)

    def _path(self, study_uid: str) -> Path:
        return self._folder / f"{hashlib.sha256(study_uid.encode()).hexdigest()[:32]}.journal"
