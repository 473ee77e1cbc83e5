"""Journaled drafts: what was typed survives a crash, a power cut and a broken line; encrypted at rest; knows no Qt.

Each draft is one append-only file of encrypted lines. A background thread writes the changes of the last tenth of a
second together, so that typing never waits for the disk and at most 0.2 s of it can be lost with the program; a second
one syncs, so that a slow disk delays only what survives a loss of power. The files are those of `sealed_lines`.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clients.kit.sealed_lines import SealedLines, account_folder, sync
from clients.kit.settings import data_folder

log = logging.getLogger(__name__)

COALESCE_S = 0.1
"""Changes that come within this time of each other are written together."""
COMPACT_BYTES = 4 * 1024 * 1024
"""A journal longer than this is rewritten as one line."""
_HOLDS_OPEN_FILES = os.name == "nt"
"""Whether a file cannot be removed while somebody has it open."""
_SUFFIX = ".draft"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,80}")


@dataclass(frozen=True)
class DraftInfo:
    """A draft on disk: its id and when it was last written (UTC)."""

    id: str
    saved: datetime


class DraftStore:
    """The drafts of one user on this computer. Safe from any thread; `close` writes what is still waiting.

    `trouble` is called in the writer's thread with the OSError when a draft could not be written; the draft stays in
    memory and the next change tries again.
    """

    def __init__(self, folder: Path, *, trouble: Callable[[OSError], None] | None = None) -> None:
        self._folder = folder
        self._lines = SealedLines(folder)
        self.trouble = trouble
        self._changed = threading.Condition()
        self._waiting: dict[str, dict[str, Any]] = {}
        self._dropped: set[str] = set()
        self._state: dict[str, dict[str, Any]] = {}
        self._writing = False
        self._unsynced: set[Path] = set()
        self._syncing = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self._syncer: threading.Thread | None = None

    @classmethod
    def for_user(cls, user: str, folder: Path | None = None) -> DraftStore:
        """Drafts of one account of the suite."""
        return cls((folder or data_folder()) / "drafts" / account_folder(user))

    def record(self, draft_id: str, values: Mapping[str, Any]) -> None:
        """Remember JSON-able values of a draft; returns at once, they are on disk within 0.2 s.

        Only what differs from the last recorded values is written. Raises ValueError for a malformed id.
        """
        _require_id(draft_id)
        with self._changed:
            if self._closed:
                raise RuntimeError("the drafts are closed")
            known = self._state.setdefault(draft_id, {})
            news = {key: value for key, value in values.items() if key not in known or known[key] != value}
            if not news:
                return
            known.update(news)
            self._waiting.setdefault(draft_id, {}).update(news)
            self._dropped.discard(draft_id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_loop, name="drafts", daemon=True)
                self._thread.start()
                self._syncer = threading.Thread(target=self._sync_loop, name="drafts-sync", daemon=True)
                self._syncer.start()
            self._changed.notify_all()

    def restore(self, draft_id: str) -> dict[str, Any] | None:
        """The values of a draft as last recorded, or None if there is none (or none that can be read)."""
        _require_id(draft_id)
        with self._changed:
            if draft_id in self._state:
                return dict(self._state[draft_id])
        values = self._read(self._path(draft_id))
        if values is not None:
            with self._changed:
                self._state.setdefault(draft_id, dict(values))
        return values

    def discard(self, draft_id: str) -> None:
        """The draft was handed in (or given up): remove it, also from disk."""
        _require_id(draft_id)
        with self._changed:
            self._waiting.pop(draft_id, None)
            self._state.pop(draft_id, None)
            self._dropped.add(draft_id)
            while self._writing or (_HOLDS_OPEN_FILES and self._syncing):
                self._changed.wait(0.01)
            self._unsynced.discard(self._path(draft_id))
            self._path(draft_id).unlink(missing_ok=True)

    def pending(self) -> list[DraftInfo]:
        """Drafts on disk, newest first: what the user may want to go on with after a crash."""
        if not self._folder.is_dir():
            return []
        found = [
            DraftInfo(path.name.removesuffix(_SUFFIX), datetime.fromtimestamp(path.stat().st_mtime, UTC))
            for path in self._folder.glob(f"*{_SUFFIX}")
        ]
        return sorted(found, key=lambda info: info.saved, reverse=True)

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until everything recorded is on disk; False if that did not happen in time."""
        limit = time.monotonic() + timeout_s
        with self._changed:
            while self._waiting or self._writing or self._unsynced or self._syncing:
                left = limit - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.05))
        return True

    def close(self) -> None:
        """Write what waits and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in (self._thread, self._syncer):
            if thread is not None:
                thread.join(5)

    def _write_loop(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed and not self._waiting:
                    return
                if not self._closed:
                    self._changed.wait_for(lambda: self._closed, COALESCE_S)
                batch, self._waiting = self._waiting, {}
                self._writing = bool(batch)
            failed: dict[str, dict[str, Any]] = {}
            for draft_id, values in batch.items():
                try:
                    self._append(draft_id, values)
                except OSError as error:
                    log.warning("a draft could not be written: %s", error.strerror)
                    failed[draft_id] = values
                    if self.trouble is not None:
                        self.trouble(error)
            with self._changed:
                self._writing = False
                for draft_id, values in failed.items():
                    if draft_id not in self._dropped and not self._closed:
                        self._waiting[draft_id] = {**values, **self._waiting.get(draft_id, {})}
                self._changed.notify_all()
                if failed and not self._closed:
                    self._changed.wait_for(lambda: self._closed, 1.0)

    def _sync_loop(self) -> None:
        while True:
            with self._changed:
                while not self._unsynced and not (self._closed and not self._waiting and not self._writing):
                    self._changed.wait()
                if not self._unsynced:
                    return
                paths, self._unsynced = self._unsynced, set()
                self._syncing = True
            failed: set[Path] = set()
            for path in paths:
                try:
                    sync(path)
                except FileNotFoundError:
                    pass  # handed in meanwhile
                except OSError as error:
                    log.warning("a draft could not be synced: %s", error.strerror)
                    if self.trouble is not None:
                        self.trouble(error)
                    failed.add(path)
            with self._changed:
                self._syncing = False
                if not self._closed:
                    self._unsynced |= failed
                self._changed.notify_all()
                if failed and not self._closed:
                    self._changed.wait_for(lambda: self._closed, 1.0)

    def _append(self, draft_id: str, values: dict[str, Any]) -> None:
        path = self._path(draft_id)
        if path.exists() and path.stat().st_size > COMPACT_BYTES:
            with self._changed:
                everything = dict(self._state.get(draft_id, values))
            self._lines.replace(path, everything)
            return
        self._lines.append(path, values)
        with self._changed:
            self._unsynced.add(path)
            self._changed.notify_all()

    def _read(self, path: Path) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        try:
            for entry in self._lines.read(path):
                values.update(entry)
        except FileNotFoundError:
            return None
        return values or None

    def _path(self, draft_id: str) -> Path:
        return self._folder / f"{draft_id}{_SUFFIX}"


def _require_id(draft_id: str) -> None:
    if not _ID.fullmatch(draft_id) or ".." in draft_id:
        raise ValueError(f"{draft_id!r} cannot name a draft: letters, digits, dot, dash and underscore only")
