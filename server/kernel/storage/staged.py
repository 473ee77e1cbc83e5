"""A distant store that receives: objects wait in a local folder, which is the journal, until their upload is confirmed.

`put` is as fast and as durable as a folder. A crash at any point leaves an object in the folder, in the store, or in
both; never in neither.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import logging
import mmap
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from server.kernel.storage.fingerprint import is_key_of
from server.kernel.storage.folder import sha256_of
from server.kernel.storage.port import InvalidKey, ObjectMissing, ObjectStorage, StorageError, checked_key

logger = logging.getLogger(__name__)

_POLL_S = 0.5
_PAUSE_S = 10.0  # after a store in trouble; it was patient itself before
_ROUND = 500  # objects in one round of uploads


@dataclass(frozen=True, slots=True)
class Waiting:
    """Objects that are accepted and not uploaded yet."""

    count: int
    bytes: int
    oldest_s: float  # age of the one that waits longest


class StagedStorage:
    """The storage port over a distant store and a local folder before it.

    One process calls `start`; any number may put and read.
    """

    def __init__(self, store: ObjectStorage, folder: Path, *, uploads: int = 4, poll_s: float = _POLL_S) -> None:
        self.store = store
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._uploads = uploads
        self._poll_s = poll_s
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._failed = False
        self._thread: threading.Thread | None = None

    # the port

    def put(self, source: bytes | memoryview | Path, key: str | None = None) -> str:
        if isinstance(source, Path):
            key = checked_key(key or sha256_of(source))
            try:
                os.replace(source, self.folder / key)  # noqa: PTH105 - on the path of every object
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                with source.open("rb") as reader:
                    self._write(reader, key)
                source.unlink()
        else:
            key = checked_key(key or hashlib.sha256(source).hexdigest())
            self._write(io.BytesIO(source), key)
        self._wake.set()
        return key

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        try:
            file = (self.folder / checked_key(key)).open("rb")
        except FileNotFoundError:
            return self.store.open(key, offset, length)
        file.seek(offset)
        if length is None:
            return file
        with file:
            return io.BytesIO(file.read(length))

    def exists(self, key: str) -> bool:
        return self._staged(key) or self.store.exists(key)

    def at_hand(self, key: str) -> bool:
        """Tell whether the object is here, without asking the distant store: a no may be wrong."""
        near = getattr(self.store, "at_hand", None)
        return self._staged(key) or (near is not None and bool(near(key)))

    def delete(self, key: str) -> None:
        was_staged = self._staged(key)
        (self.folder / key).unlink(missing_ok=True)
        try:
            self.store.delete(key)
        except ObjectMissing:
            if not was_staged:
                raise

    def keys(self) -> Iterator[str]:
        staged = set(self._staged_keys())
        yield from staged
        yield from (key for key in self.store.keys() if key not in staged)  # noqa: SIM118 - no dictionary

    # uploads

    def start(self) -> None:
        """Begin to upload, with what the last run left; in one process."""
        self.sweep()
        self._thread = threading.Thread(target=self._run, name="storage-upload", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the uploads under way; the rest waits for the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(30)

    def sweep(self) -> int:
        """Remove what a crash left half-written here; returns the number of files."""
        count = 0
        for path in self.folder.glob("*.part"):
            path.unlink(missing_ok=True)
            count += 1
        return count

    def waiting(self) -> Waiting:
        """What is not uploaded yet."""
        count = size = 0
        oldest = now = time.time()
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    state = entry.stat()
                    if _is_key(entry.name):
                        count += 1
                        size += state.st_size
                        oldest = min(oldest, state.st_mtime)
        return Waiting(count, size, max(now - oldest, 0.0))

    def upload_waiting(self) -> int:
        """Upload what waits now; returns how many. Raises the first StorageError, after which the rest waits."""
        keys = list(self._staged_keys())[:_ROUND]
        if not keys:
            return 0
        self._failed = False
        with ThreadPoolExecutor(self._uploads, "storage-upload") as pool:
            return sum(pool.map(self._upload, keys))

    def _upload(self, key: str) -> bool:
        if self._stopping.is_set() or self._failed:
            return False
        path = self.folder / key
        try:
            with path.open("rb") as file, _viewed(file) as view:
                if not is_key_of(key, view):
                    self._set_aside(path)
                    return False
                self.store.put(view, key)
        except StorageError:
            self._failed = True  # the others of this round need not find out one by one
            raise
        except FileNotFoundError:
            return False
        try:
            path.unlink()
        except FileNotFoundError:  # deleted meanwhile: it must not come back
            with contextlib.suppress(ObjectMissing):
                self.store.delete(key)
        return True

    def _set_aside(self, path: Path) -> None:
        aside = self.folder.parent / "damaged"
        aside.mkdir(exist_ok=True)
        path.replace(aside / path.name)
        logger.error("storage: an object that waited for its upload is damaged and was set aside into %s", aside)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            pause = self._poll_s
            try:
                if self.upload_waiting():
                    continue
            except StorageError as trouble:
                logger.warning("storage: uploads wait: %s", trouble)
                pause = _PAUSE_S
            except Exception:  # outermost loop of the thread
                logger.exception("storage: uploading failed; trying again")
                pause = _PAUSE_S
            if pause == _PAUSE_S:
                self._stopping.wait(pause)
            else:
                self._wake.wait(pause)

    def _write(self, reader: BinaryIO, key: str) -> None:
        temporary = self.folder / f"{uuid.uuid4().hex}.part"
        try:
            with temporary.open("xb") as writer:
                shutil.copyfileobj(reader, writer, 1 << 20)
                writer.flush()
                os.fsync(writer.fileno())
            temporary.replace(self.folder / key)
        finally:
            temporary.unlink(missing_ok=True)

    def _staged(self, key: str) -> bool:
        return (self.folder / checked_key(key)).exists()

    def _staged_keys(self) -> Iterator[str]:
        with os.scandir(self.folder) as entries:
            names = [entry.name for entry in entries]
        return (name for name in names if _is_key(name))


def _is_key(name: str) -> bool:
    try:
        checked_key(name)
    except InvalidKey:
        return False
    return True


@contextlib.contextmanager
def _viewed(file: BinaryIO) -> Iterator[memoryview]:
    try:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:  # empty
        yield memoryview(b"")
        return
    view = memoryview(mapped)
    try:
        yield view
    finally:
        view.release()
        with contextlib.suppress(BufferError):
            mapped.close()
