"""Objects as files under names made from their content: ``objects/abc/<key>``.

A folder for the first three digits is a compromise: 4096 folders can be made beforehand, so that no object waits for
one, and a hundred million objects are 25,000 in each.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from server.kernel.storage.durability import Durability, Flusher, fsync_folder
from server.kernel.storage.port import ObjectMissing, StorageError, StorageFull, checked_key
from server.kernel.storage.space import SpaceGuard

_CHUNK = 1 << 20
_DIGITS = 3


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class FolderStorage:
    """Keeps objects in folders under `root`. No part of a name comes from a caller unchecked.

    A file appears under its name by a rename, so it is there whole or not at all. Half-written files of
    a crash stay in ``root/incoming`` and are removed at the next start by `sweep`.
    """

    def __init__(self, root: Path, *, durability: Durability = Durability.OBJECT, reserve_bytes: int = 0) -> None:
        self.root = root.resolve()
        self.objects = self.root / "objects"
        self._incoming = self.root / "incoming"
        for folder in (self.objects, self._incoming):
            folder.mkdir(parents=True, exist_ok=True)
        self._flusher = Flusher(durability)
        self.space = SpaceGuard(self.root, reserve_bytes)
        self._prefix = str(self.objects) + os.sep
        self._made: set[str] = set()

    def path_of(self, key: str) -> Path:
        """Where the object lies or would lie; asserted to be inside the store."""
        return Path(self._place(key))

    def _place(self, key: str) -> str:
        checked_key(key)
        path = f"{self._prefix}{key[:_DIGITS]}{os.sep}{key}"
        if not os.path.normpath(path).startswith(self._prefix):  # cannot happen with a checked key: the second lock
            raise StorageError("The object's place would be outside of the store.")
        return path

    def put(self, source: bytes | memoryview | Path, key: str | None = None) -> str:
        if isinstance(source, Path):
            return self._take(source, key)
        return self._write(source, key)

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        try:
            file = open(self._place(key), "rb")  # noqa: PTH123, SIM115 - on the path of every object that is read
        except FileNotFoundError:
            raise _missing(key) from None
        if length is not None:
            with file:
                file.seek(offset)
                return io.BytesIO(file.read(length))
        file.seek(offset)
        return file

    def exists(self, key: str) -> bool:
        return os.path.exists(self._place(key))  # noqa: PTH110 - asked for every object that is received

    def warm(self, key: str) -> None:
        """Have the system read the object into memory soon; without effect where it cannot, or nothing is there."""
        if not hasattr(os, "posix_fadvise"):
            return
        with contextlib.suppress(OSError):
            descriptor = os.open(self._place(key), os.O_RDONLY)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
            finally:
                os.close(descriptor)

    def delete(self, key: str) -> None:
        path = self.path_of(key)
        try:
            path.unlink()
        except FileNotFoundError:
            raise _missing(key) from None
        if self._flusher.durability is not Durability.NONE:
            fsync_folder(path.parent)

    def keys(self) -> Iterator[str]:
        for folder, _, names in os.walk(self.objects):
            del folder
            yield from (name for name in names if len(name) == 64)

    def sweep(self) -> int:
        """Remove what a crash left half-written; call at start, before anybody puts. Returns the number of files.

        Makes the folders too, and brings objects of an older store (``objects/ab/cd/``) to their present places.
        """
        count = 0
        for path in self._incoming.iterdir():
            path.unlink()
            count += 1
        for number in range(16**_DIGITS):
            folder = f"{number:0{_DIGITS}x}"
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._prefix + folder)  # noqa: PTH102 - thousands of them
            self._made.add(folder)
        for old in [entry for entry in self.objects.iterdir() if len(entry.name) == 2]:
            self._bring_over(old)
        return count

    def _bring_over(self, old: Path) -> None:
        for place in old.glob("*/*"):
            if len(place.name) == 64:
                place.replace(self._target(place.name))
        for folder in (*old.iterdir(), old):
            with contextlib.suppress(OSError):  # something else lies in it
                folder.rmdir()

    def _take(self, source: Path, key: str | None) -> str:
        key = key or sha256_of(source)
        try:
            try:
                os.replace(source, self._place(key))  # noqa: PTH105 - for every object; pathlib's costs twice as much
            except FileNotFoundError:
                os.replace(source, self._target(key))  # noqa: PTH105 - now its folder is there
        except OSError as error:
            if error.errno == errno.EXDEV:  # the source lies on another disk: copy, then remove
                return self._copy(source, key)
            raise
        return key

    def _copy(self, source: Path, key: str) -> str:
        self.space.require(source.stat().st_size)
        temporary = self._incoming / uuid.uuid4().hex
        with source.open("rb") as reader, temporary.open("xb") as writer:
            shutil.copyfileobj(reader, writer, _CHUNK)
            self._finish(writer, temporary, key)
        self._settle(temporary, key)
        source.unlink()
        return key

    def _write(self, data: bytes | memoryview, key: str | None) -> str:
        key = key or hashlib.sha256(data).hexdigest()
        if self.path_of(key).exists():
            return key
        self.space.require(len(data))
        temporary = self._incoming / uuid.uuid4().hex
        try:
            with temporary.open("xb") as writer:
                writer.write(data)
                self._finish(writer, temporary, key)
            self._settle(temporary, key)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull("The disk is full; nothing was accepted. Free some space and try again.") from error
            raise
        return key

    def _finish(self, writer: BinaryIO, temporary: Path, key: str) -> None:
        writer.flush()
        if self._flusher.renames_open_files:
            temporary.rename(self._target(key))
            self._flusher.flush(writer.fileno())

    def _settle(self, temporary: Path, key: str) -> None:
        if not self._flusher.renames_open_files:
            self._flusher.rename_closed(str(temporary), self._target(key))

    def _target(self, key: str) -> str:
        path = self._place(key)
        folder = key[:_DIGITS]
        if folder not in self._made:
            os.makedirs(path[: -len(key) - 1], exist_ok=True)  # noqa: PTH103 - as in _take
            self._made.add(folder)
        return path


def _missing(key: str) -> ObjectMissing:
    return ObjectMissing(f"The archive has no object {key[:12]}….")
