"""Objects of a distant store kept near: a folder of bounded size, the least recently read go first.

Several processes may share the folder. Its files are real files, so whoever reads objects can map them. What is in
it can be lost at any time without harm.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from server.kernel.storage.fingerprint import Proof
from server.kernel.storage.port import InvalidKey, ObjectStorage, StorageError, checked_key

_CHUNK = 1 << 20
_TOUCH_AFTER_S = 60.0  # a read moves an object to the front at most so often
_FILL_TO = 0.9  # of the limit, when room is made
_COUNT_AGAIN = 16  # each process counts the folder anew after it filled a sixteenth of the limit
_HALF_MADE_AGE_S = 3600.0


class ReadCache:
    """A bounded folder of objects. Thread-safe and safe for several processes.

    With n processes the folder may hold up to ``limit * (1 + n / 16)`` for a moment: each counts what it adds itself
    and looks at the others' only now and then.
    """

    def __init__(self, folder: Path, limit_bytes: int, *, touch_after_s: float = _TOUCH_AFTER_S) -> None:
        self._folder = folder.resolve()
        self._folder.mkdir(parents=True, exist_ok=True)
        self.limit_bytes = limit_bytes
        self._touch_after_s = touch_after_s
        self._lock = threading.Lock()
        self._filling: dict[str, threading.Lock] = {}
        self._known = -1  # bytes in the folder when they were counted last; -1: never
        self._added = 0  # by this process since then
        self.hits = 0
        self.misses = 0

    def open(self, key: str) -> BinaryIO | None:
        """The object if it is here; the caller closes it."""
        try:
            file = self._place(key).open("rb")
        except FileNotFoundError:
            self.misses += 1
            return None
        self.hits += 1
        with contextlib.suppress(OSError):
            self._touch(file)
        return file

    def fill(self, key: str, fetch: Callable[[], BinaryIO]) -> BinaryIO:
        """The object, fetched and kept unless it is here; threads that want the same one wait for one fetch.

        Raises what `fetch` raises, and StorageError when its bytes are not those of the key. When the cache's own disk
        fails, the object is read past it.
        """
        with self._one_at_a_time(key):
            here = self.open(key)
            if here is not None:
                return here
            with fetch() as source:
                return self._kept(key, source)

    def forget(self, key: str) -> None:
        """Drop an object that was deleted from its store."""
        with contextlib.suppress(OSError):
            self._place(key).unlink()

    def used_bytes(self) -> int:
        """Bytes in the folder, counted now."""
        return sum(size for _, size, _ in self._entries())

    def make_room(self, for_bytes: int = 0) -> None:
        """Drop what was read longest ago until `for_bytes` more fit."""
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        if total + for_bytes > self.limit_bytes:
            for _, size, path in entries:
                if total + for_bytes <= self.limit_bytes * _FILL_TO:
                    break
                with contextlib.suppress(OSError):  # Windows: somebody reads it
                    path.unlink()
                    total -= size
        with self._lock:
            self._known, self._added = total, 0

    def _kept(self, key: str, source: BinaryIO) -> BinaryIO:
        temporary = self._folder / f"{uuid.uuid4().hex}.part"
        proof = Proof(key)
        size = 0
        try:
            with temporary.open("xb") as writer:
                while chunk := source.read(_CHUNK):
                    proof.update(chunk)
                    writer.write(chunk)
                    size += len(chunk)
                if not proof.holds():
                    raise StorageError(f"A store gave other bytes than those of object {key[:12]}…; it is damaged.")
                if size > self.limit_bytes:
                    return _unnamed_copy(temporary)
                writer.flush()
                os.fsync(writer.fileno())  # a name must never outlive its bytes
            self._take_room(size)
            place = self._place(key)
            place.parent.mkdir(exist_ok=True)
            temporary.replace(place)
            return place.open("rb")
        except OSError:  # the cache's disk is full or broken, or the file was evicted at once: read past it
            source.seek(0)
            past = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the reader closes it
            shutil.copyfileobj(source, past, _CHUNK)
            past.seek(0)
            return past
        finally:
            temporary.unlink(missing_ok=True)

    def _take_room(self, size: int) -> None:
        with self._lock:
            is_due = (
                self._known < 0
                or self._known + self._added + size > self.limit_bytes
                or self._added > self.limit_bytes // _COUNT_AGAIN
            )
            self._added += size
        if is_due:
            self.make_room(size)
            with self._lock:
                self._added += size

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        import time

        oldest_part = time.time() - _HALF_MADE_AGE_S
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(OSError):
                    state = path.stat()
                    if not name.endswith(".part"):
                        yield state.st_mtime, state.st_size, path
                    elif state.st_mtime < oldest_part:
                        path.unlink()

    def _touch(self, file: BinaryIO) -> None:
        import time

        now = time.time()
        if os.fstat(file.fileno()).st_mtime < now - self._touch_after_s:
            os.utime(file.name, (now, now))

    def _place(self, key: str) -> Path:
        return self._folder / checked_key(key)[:2] / key

    @contextlib.contextmanager
    def _one_at_a_time(self, key: str) -> Iterator[None]:
        with self._lock:
            mine = self._filling.setdefault(key, threading.Lock())
        with mine:
            try:
                yield
            finally:
                with self._lock:
                    self._filling.pop(key, None)


class CachedStorage:
    """A distant store behind a read cache: whole objects are kept near once they were read."""

    def __init__(self, store: ObjectStorage, cache: ReadCache) -> None:
        self.store = store
        self.cache = cache

    def put(self, source: bytes | memoryview | Path, key: str | None = None) -> str:
        return self.store.put(source, key)

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        if offset == 0 and length is None:
            return self.cache.fill(key, lambda: self.store.open(key))
        here = self.cache.open(key)
        if here is None:
            return self.store.open(key, offset, length)
        here.seek(offset)
        if length is None:
            return here
        with here:
            return io.BytesIO(here.read(length))

    def exists(self, key: str) -> bool:
        return self.store.exists(key)

    def at_hand(self, key: str) -> bool:
        """Tell whether the object is here, without asking the distant store."""
        try:
            return self.cache._place(key).exists()
        except InvalidKey:
            return False

    def delete(self, key: str) -> None:
        checked_key(key)
        try:
            self.store.delete(key)
        finally:
            self.cache.forget(key)

    def keys(self) -> Iterator[str]:
        return self.store.keys()


def _unnamed_copy(path: Path) -> BinaryIO:
    """What is too large for the cache, as a file without a name that is gone when it is closed."""
    copy = cast(BinaryIO, tempfile.TemporaryFile(dir=path.parent))  # noqa: SIM115 - the reader closes it
    with path.open("rb") as source:
        shutil.copyfileobj(source, copy, _CHUNK)
    copy.seek(0)
    return copy
