"""The cache on the disk: a folder for each study, a sealed file for each item; the study unused for longest goes first.

Nothing here is precious: a file that is torn, foreign or gone is a miss, a full disk ends the keeping. Several viewers
of one account may share the folder.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from clients.viewer.cache.place import cache_folder, cache_key
from clients.viewer.cache.ports import Item, Kept
from clients.viewer.cache.sealing import LONGEST, Seal
from clients.viewer.cache.settings import CacheSettings

log = logging.getLogger(__name__)

WAITING_BYTES = 48 << 20  # copies that wait to be written
SPARE_BYTES = 2 << 30  # of the disk, for others
LOOK_EVERY_BYTES = 64 << 20
ROOM = 0.9  # after making room the cache is so full
_LAYOUT = "v1"  # of the folder and its files
REST_S = 60.0  # after the disk refused


class DiskCache:
    """Implements :class:`clients.viewer.cache.ports.FrameCache`; writes in a thread of its own."""

    def __init__(
        self,
        server: str,
        settings: CacheSettings | None = None,
        *,
        folder: Path | None = None,
        key: bytes | None = None,
        spare_bytes: int = SPARE_BYTES,
    ) -> None:
        """``server`` names the archive: what came from another one is never found. Reads no disk but the key's file."""
        settings = settings or CacheSettings()
        self._root = (folder or cache_folder()) / _LAYOUT
        self._limit = settings.limit_mb * 1_000_000
        self._spare = spare_bytes
        self._wake = threading.Condition()
        self._waiting: deque[tuple[Item, bytes | memoryview, str]] = deque()
        self._waiting_bytes = 0
        self._writing = 0
        self._thread: threading.Thread | None = None
        self._closed = False
        self._unlooked: int | None = None  # bytes written since the folder was last measured
        self._refused_until = 0.0
        self._open: dict[str, None] = {}  # folders described by this process, the last one last
        self._numbers = itertools.count()
        self._enabled = settings.enabled
        try:
            self._seal: Seal | None = Seal(key if key is not None else cache_key(), server)
        except OSError:
            log.warning("the viewer's cache has no key and stays off", exc_info=True)
            self._seal = None

    # --- switches

    @property
    def enabled(self) -> bool:
        return self._enabled and self._seal is not None

    def configure(self, settings: CacheSettings) -> None:
        """Take new settings at once. Turning it off keeps what is there; :meth:`clear` deletes it."""
        self._enabled = settings.enabled
        self._limit = settings.limit_mb * 1_000_000
        self._unlooked = None

    def usage(self) -> int:
        """Bytes on the disk; walks through the folder (some 10 µs a file)."""
        return sum(size for _, size, _ in _studies(self._root))

    def clear(self) -> int:
        """Delete everything, of all servers; returns how many bytes that was."""
        with self._wake:
            self._waiting.clear()
            self._waiting_bytes = 0
        return clear_everything(self._root)

    def close(self) -> None:
        """Stop writing; what still waits is not kept."""
        with self._wake:
            self._closed = True
            self._waiting.clear()
            self._waiting_bytes = 0
            thread = self._thread
            self._wake.notify_all()
        if thread is not None:
            thread.join(10)

    def settle(self, timeout_s: float = 30.0) -> bool:
        """Wait until everything taken so far is on the disk; for tests and the end of preparing."""
        with self._wake:
            return self._wake.wait_for(lambda: self._closed or not (self._waiting or self._writing), timeout_s)

    # --- reading

    def get(self, item: Item) -> Kept | None:
        if not self.enabled or self._seal is None or not item.version:
            return None
        path = self._path(self._seal, item)
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_size > LONGEST:
                    return None
                content = file.read()
        except OSError:
            return None
        kept = self._seal.open(item, content)
        if kept is None:
            log.info("a kept image was damaged or sealed with another key; it is fetched again")
            with contextlib.suppress(OSError):
                path.unlink()
        return kept

    def has(self, item: Item) -> bool:
        if not self.enabled or self._seal is None or not item.version:
            return False
        return self._path(self._seal, item).exists()

    # --- keeping

    def keep(self, item: Item, data: bytes | memoryview, transfer_syntax: str, *, wait: bool = False) -> bool:
        if not self.enabled or not item.version or time.monotonic() < self._refused_until:
            return False
        size = len(data)
        with self._wake:
            if wait:
                self._wake.wait_for(lambda: self._closed or self._waiting_bytes < WAITING_BYTES)
            elif self._waiting_bytes + size > WAITING_BYTES:
                return False
            if self._closed:
                return False
            self._waiting.append((item, data, transfer_syntax))
            self._waiting_bytes += size
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="viewer-cache", daemon=True)
                self._thread.start()
            self._wake.notify_all()
        return True

    def described(self, study_uid: str, items: Iterable[Item]) -> None:
        if self._seal is None:
            return
        folder = self._root / self._seal.folder_of(study_uid)
        with self._wake:
            self._open.pop(folder.name, None)
            self._open[folder.name] = None
        try:
            present = {entry.name: entry.path for entry in os.scandir(folder)}
        except OSError:
            return
        if present:
            allowed = {self._seal.name_of(item) for item in items}
            for name in present.keys() - allowed:
                with contextlib.suppress(OSError):
                    Path(present[name]).unlink()
        with contextlib.suppress(OSError):
            os.utime(folder)

    def forget(self, study_uid: str) -> None:
        if self._seal is not None:
            shutil.rmtree(self._root / self._seal.folder_of(study_uid), ignore_errors=True)

    def _path(self, seal: Seal, item: Item) -> Path:
        return self._root / seal.folder_of(item.study_uid) / seal.name_of(item)

    # --- the writer

    def _write_all(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or bool(self._waiting))
                if self._closed:
                    return
                item, data, syntax = self._waiting.popleft()
                self._waiting_bytes -= len(data)
                self._writing = 1
            try:
                self._write(item, data, syntax)
            except OSError as error:
                log.warning("the viewer's cache cannot be written and rests for a minute: %s", error.strerror)
                self._refused_until = time.monotonic() + REST_S
            finally:
                del data
                with self._wake:
                    self._writing = 0
                    self._wake.notify_all()

    def _write(self, item: Item, data: bytes | memoryview, syntax: str) -> None:
        if self._seal is None or len(data) > LONGEST - (1 << 20):
            return
        path = self._path(self._seal, item)
        if path.exists():
            return
        if self._unlooked is None or self._unlooked >= self._stride:
            self._unlooked = 0
            if not self._make_room(max(self._stride, len(data) + 256)):
                self._refused_until = time.monotonic() + REST_S
                return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        head, body = self._seal.close(item, data, syntax)
        temporary = path.with_name(f"tmp-{os.getpid()}-{next(self._numbers)}")
        try:
            # Not synced: what a power cut tears does not open again and is fetched anew.
            with temporary.open("wb") as file:
                file.write(head)
                file.write(body)
            temporary.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        self._unlooked += len(body)

    @property
    def _stride(self) -> int:
        """So many bytes may come before the folder is measured again, and so much room is made for them."""
        return min(LOOK_EVERY_BYTES, self._limit // 16)

    def _make_room(self, needed: int) -> bool:
        """Delete the studies unused for longest until so many bytes fit; False when only the one in use is left."""
        found = sorted(_studies(self._root))
        total = sum(size for _, size, _ in found)
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(self._root).free
        allowed = min(self._limit, total + free - self._spare)
        if total + needed <= allowed:
            return True
        with self._wake:
            in_use = next(reversed(self._open), "")
        for _, size, folder in found:
            if total + needed <= allowed * ROOM:
                break
            if folder.name != in_use:
                shutil.rmtree(folder, ignore_errors=True)
                total -= size
        return total + needed <= allowed


def clear_everything(root: Path | None = None) -> int:
    """Delete what is kept of all servers; returns how many bytes that was."""
    root = root or cache_folder() / _LAYOUT
    before = sum(size for _, size, _ in _studies(root))
    shutil.rmtree(root, ignore_errors=True)
    return before - sum(size for _, size, _ in _studies(root))


def _studies(root: Path) -> list[tuple[float, int, Path]]:
    """When last used, how many bytes, which folder."""
    found = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(root):
            with contextlib.suppress(OSError):
                size = sum(file.stat(follow_symlinks=False).st_size for file in os.scandir(entry.path))
                found.append((entry.stat(follow_symlinks=False).st_mtime, size, Path(entry.path)))
    return found
