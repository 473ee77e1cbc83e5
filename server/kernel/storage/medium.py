"""A store on a folder that may be away: a network drive that is not mounted, a disk that lies in a cupboard.

A marker file says which medium this is. Nothing is read, and above all nothing written, unless it is the right one:
without it an unmounted drive's empty mount point would take the copies.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from server.kernel.storage.durability import Durability, fsync_folder
from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.port import ObjectMissing, StorageError, checked_key

MARKER = "mingjing-medium.json"


class MediumAbsent(ObjectMissing):
    """The medium that holds the object is not inserted; the sentence names it, `label` is what is written on it."""

    def __init__(self, sentence: str, label: str) -> None:
        super().__init__(sentence)
        self.label = label


class MediumStorage:
    """The storage port over a folder with a marker. Thread-safe."""

    def __init__(self, root: Path, medium: str, label: str) -> None:
        self.root = root
        self.medium = medium  # what the marker must say
        self.label = label
        self._folder: FolderStorage | None = None

    def require(self) -> FolderStorage:
        """The folder's store. Raises MediumAbsent when it is away, StorageError when it is another one."""
        found = read_marker(self.root)
        if found is None:
            self._folder = None
            raise MediumAbsent(
                f"The medium “{self.label}” is not inserted. Insert it (or mount it) at {self.root}, then ask again.",
                self.label,
            )
        if found != self.medium:
            self._folder = None
            raise MediumAbsent(
                f"Another medium than “{self.label}” is at {self.root}. Insert “{self.label}”, then ask again.",
                self.label,
            )
        if self._folder is None:
            self._folder = FolderStorage(self.root, durability=Durability.OBJECT)
        return self._folder

    def put(self, source: bytes | memoryview | Path, key: str | None = None) -> str:
        with self._speaking():
            return self.require().put(source, key)

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        checked_key(key)
        with self._speaking():
            return self.require().open(key, offset, length)

    def exists(self, key: str) -> bool:
        checked_key(key)
        with self._speaking():
            return self.require().exists(key)

    def delete(self, key: str) -> None:
        checked_key(key)
        with self._speaking():
            self.require().delete(key)

    def keys(self) -> Iterator[str]:
        with self._speaking():
            yield from self.require().keys()

    def probe(self) -> None:
        """Raise StorageError with a sentence unless the medium is there and can be written."""
        with self._speaking():
            folder = self.require().root / "incoming"
            trial = folder / f"probe-{secrets.token_hex(4)}"
            trial.write_bytes(b"")
            trial.unlink()

    def sweep(self) -> int:
        """Remove what a crash left half-written."""
        with self._speaking():
            return self.require().sweep()

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"The medium “{self.label}” at {self.root} fails: {error.strerror or type(error).__name__}. Check the "
                "disk, its connection and the rights of the server's account."
            ) from error


def prepare(root: Path, name: str, make_id: Callable[[], str] = lambda: secrets.token_hex(8)) -> str:
    """Make a folder a medium, or recognise the one that it is; returns its id. Raises StorageError."""
    try:
        if not root.is_dir():
            raise StorageError(f"The folder {root} does not exist. Create it, or mount the drive that holds it.")
        found = read_marker(root)
        if found is not None:
            return found
        if any(root.iterdir()):
            raise StorageError(
                f"The folder {root} is not empty and no store of ours. Name an empty folder, so that nothing is mixed."
            )
        medium = make_id()
        temporary = root / f"{MARKER}.new"
        temporary.write_text(json.dumps({"mingjing": 1, "medium": medium, "name": name}), encoding="utf-8")
        temporary.replace(root / MARKER)
        fsync_folder(root)
    except OSError as error:
        raise StorageError(
            f"The folder {root} cannot be used: {error.strerror or type(error).__name__}. Correct path or rights."
        ) from error
    return medium


def read_marker(root: Path) -> str | None:
    """The id of the medium at `root`; None when there is none."""
    try:
        with (root / MARKER).open(encoding="utf-8") as file:
            said = json.loads(file.read(4096))
        return str(said["medium"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
