"""The folder of backups: objects once, by their keys, and generations that name them.

    objects/ab/cd/<key>                of the archive and of the documents, for all generations
    generations/<time>-<number>/       database, lists of objects, inbox, secrets, settings
        manifest.json                  what belongs to it, with the SHA-256 of every file; manifest.sha256 its own

A generation appears by a rename, when everything it names is there and durable; so it is there whole or not at all.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from server.archive.keeping.snapshots import objects_in
from server.kernel.folderlock import FolderLock
from server.kernel.storage.durability import fsync_folder, sync_disk_of
from server.kernel.storage.fingerprint import Proof, is_file_of
from server.kernel.storage.folder import sha256_of
from server.kernel.storage.port import StorageError, checked_key

_CHUNK = 1 << 20
_GENERATION = re.compile(r"(\d{8}T\d{6}Z)-(\d{3,})")
LISTS = ("objects.txt", "documents.txt")


class BackupError(Exception):
    """A backup cannot be made, read or trusted; the text is a sentence that says what to do."""


@contextmanager
def in_sentences() -> Iterator[None]:
    """Turn what disks and stores say into BackupError."""
    try:
        yield
    except StorageError as trouble:
        raise BackupError(f"A store cannot be read, so the backup would not be whole: {trouble}") from trouble
    except OSError as trouble:
        raise BackupError(_sentence_of(trouble)) from trouble


def _sentence_of(trouble: OSError) -> str:
    where = f" ({trouble.filename})" if trouble.filename else ""
    match trouble.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"The disk is full{where}; free some space and try again. Earlier generations are as they were."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"The server may not read or write there{where}; correct the folder's rights and try again."
        case errno.ENOENT | errno.ENOTDIR | errno.ESTALE:
            return f"A file of the backup is not there any more{where}; another program works in the folder. Try again."
        case _:
            said = trouble.strerror or type(trouble).__name__
            return (
                f"The disk failed during the work{where}: {said}. Check the disk or the network folder and try again."
            )


class FileNote(msgspec.Struct, frozen=True):
    """A file of a generation."""

    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a generation is; the last file that is written of it."""

    format: str = "mingjing-backup-1"
    generation: str
    server_version: str
    started_at: datetime
    finished_at: datetime
    database: str  # sqlite, postgresql
    revision: str  # of the schema
    objects: int
    object_bytes: int
    documents: int
    inbox: int
    missing: tuple[str, ...]  # keys that the index names and no store had
    damaged: tuple[str, ...]  # keys whose bytes are not theirs: not copied
    away: tuple[str, ...] = ()  # keys on media that were not inserted, and in no earlier backup
    files: dict[str, FileNote]  # by their path in the generation


class Vault:
    """A folder of backups. One writer at a time (`lock`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._objects = self.folder / "objects"
        self._incoming = self.folder / "incoming"
        self._generations = self.folder / "generations"

    def make(self) -> None:
        """Create the folders, and remove what a crash left half-done."""
        for one in (self._objects, self._incoming, self._generations):
            one.mkdir(parents=True, exist_ok=True)
        for leftover in self._incoming.iterdir():
            leftover.unlink()
        for leftover in self._generations.glob(".*"):
            if _GENERATION.fullmatch(leftover.name[1:].removesuffix(".old")):  # else no work of ours
                shutil.rmtree(leftover)

    def lock(self) -> FolderLock:
        """Hold the folder against other writers. Raises FolderInUse."""
        return FolderLock(self.folder)

    # objects

    def path_of(self, key: str) -> Path:
        """Where an object lies or would lie."""
        checked_key(key)
        return self._objects / key[:2] / key[2:4] / key

    def has(self, key: str, size_bytes: int) -> bool:
        """Whether the object is here with this size (a loss of power may leave an empty name)."""
        try:
            return self.path_of(key).stat().st_size == size_bytes
        except FileNotFoundError:
            return False

    def spare(self, key: str) -> BinaryIO | None:
        """A reader of an object, None when it is not here; the caller closes it and compares the hash."""
        try:
            return self.path_of(key).open("rb")
        except FileNotFoundError:
            return None

    def take(self, key: str, source: BinaryIO, link_from: Path | None = None) -> int | None:
        """Copy an object, or link it; returns its bytes, None when they are not those of its key: nothing is kept."""
        temporary = self._incoming / secrets.token_hex(16)
        if link_from is not None:
            try:
                os.link(link_from, temporary)
            except OSError:
                link_from = None
        proof = Proof(key)
        size = 0
        if link_from is not None:
            while piece := source.read(_CHUNK):
                proof.update(piece)
                size += len(piece)
        else:
            with temporary.open("xb") as out:
                while piece := source.read(_CHUNK):
                    proof.update(piece)
                    out.write(piece)
                    size += len(piece)
        if not proof.holds():
            temporary.unlink()
            return None
        target = self.path_of(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(target)
        return size

    # generations

    def begin(self, name: str) -> Path:
        """A hidden folder in which a generation is put together."""
        folder = self._generations / f".{name}"
        folder.mkdir(mode=0o700)
        return folder

    def finish(self, working: Path, manifest: Callable[[dict[str, FileNote]], Manifest]) -> Manifest:
        """Write the manifest, make everything durable and let the generation appear."""
        notes = {
            path.relative_to(working).as_posix(): FileNote(path.stat().st_size, sha256_of(path))
            for path in sorted(working.rglob("*"))
            if path.is_file()
        }
        made = manifest(notes)
        text = json.dumps(msgspec.to_builtins(made), indent=1, ensure_ascii=False).encode() + b"\n"
        (working / "manifest.json").write_bytes(text)
        (working / "manifest.sha256").write_text(hashlib.sha256(text).hexdigest() + "\n", encoding="ascii")
        self._make_durable(working)
        working.rename(self._generations / made.generation)
        fsync_folder(self._generations)
        return made

    def _make_durable(self, working: Path) -> None:
        if sync_disk_of(working):  # once for thousands of files, before the generation counts
            return
        newest = working.stat().st_ctime - 1
        for folder in (working, self._objects):
            for path in folder.rglob("*"):
                if path.is_file() and (folder is working or path.stat().st_mtime >= newest):
                    with path.open("r+b") as file:
                        os.fsync(file.fileno())

    def generations(self) -> list[str]:
        """Names of the complete generations, oldest first; what others put there, as file managers do, is none."""
        if not self._generations.is_dir():
            return []
        names = [path.name for path in self._generations.iterdir() if _GENERATION.fullmatch(path.name)]
        return sorted(names, key=_moment_and_number)

    def generation_folder(self, name: str) -> Path:
        """Where a generation lies. Raises BackupError."""
        if name not in self.generations():
            raise BackupError(f"There is no generation {name!r} in {self.folder}.")
        return self._generations / name

    def manifest(self, name: str) -> Manifest:
        """The manifest, compared with its own hash. Raises BackupError."""
        folder = self.generation_folder(name)
        try:
            body = (folder / "manifest.json").read_bytes()
            expected = (folder / "manifest.sha256").read_text(encoding="ascii").strip()
            if hashlib.sha256(body).hexdigest() != expected:
                raise BackupError(f"The manifest of generation {name} was changed or damaged; use another one.")
            return msgspec.json.decode(body, type=Manifest)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BackupError(f"The manifest of generation {name} cannot be read; use another one.") from error

    def choose(self, *, at: datetime | None = None, generation: str = "") -> str:
        """The named generation, the newest begun up to a time, or the newest. Raises BackupError."""
        names = self.generations()
        if generation:
            self.generation_folder(generation)
            return generation
        if at is not None:
            names = [name for name in names if self.manifest(name).started_at <= at]
        if not names:
            raise BackupError(f"{self.folder} holds no complete backup" + (" from before that time." if at else "."))
        return names[-1]

    def objects_of(self, name: str) -> Iterator[tuple[str, int]]:
        """Keys and sizes of all objects and documents of a generation."""
        folder = self.generation_folder(name)
        for one in LISTS:
            yield from objects_in(folder / one)

    def verify(self, name: str, progress: Callable[[int, int], None]) -> list[str]:
        """Read every file and object of a generation; returns what is wrong, in sentences. Raises BackupError."""
        with in_sentences():
            return self._verify(name, progress)

    def _verify(self, name: str, progress: Callable[[int, int], None]) -> list[str]:
        manifest = self.manifest(name)
        folder = self.generation_folder(name)
        faults = []
        for path, note in manifest.files.items():
            file = folder / path
            if not file.is_file() or sha256_of(file) != note.sha256:
                faults.append(f"{path} is missing or damaged")
        lacking = {*manifest.missing, *manifest.damaged, *manifest.away}
        total = manifest.objects + manifest.documents
        for done, (key, _) in enumerate(self.objects_of(name)):
            progress(done, total)
            try:
                right = is_file_of(key, self.path_of(key))
            except FileNotFoundError:
                right = False
            if not right and key not in lacking:
                faults.append(f"object {key} is missing or damaged")
        return faults

    def prune(self, keep: int, progress: Callable[[int, int], None]) -> tuple[int, int]:
        """Keep the newest generations and the objects that they name; returns (generations, objects) removed.

        Raises FolderInUse while a backup writes here, BackupError.
        """
        with in_sentences(), closing(self.lock()):
            return self._prune(keep, progress)

    def _prune(self, keep: int, progress: Callable[[int, int], None]) -> tuple[int, int]:
        names = self.generations()
        old = names[:-keep] if keep > 0 else []
        for name in old:
            hidden = self._generations / f".{name}.old"
            (self._generations / name).rename(hidden)
            shutil.rmtree(hidden)
        if not old:
            return 0, 0
        needed: set[bytes] = set()
        for name in self.generations():
            needed.update(bytes.fromhex(key) for key, _ in self.objects_of(name))
        removed = 0
        for done, path in enumerate(self._objects.glob("*/*/*")):
            progress(done, 0)
            if len(path.name) == 64 and bytes.fromhex(path.name) not in needed:
                path.unlink()
                removed += 1
        return len(old), removed


def new_generation(vault: Vault) -> str:
    """A name that no generation has and that sorts after all: it stays the newest even if the clock was put back."""
    taken = vault.generations()
    moment, number = _moment_and_number(taken[-1]) if taken else ("", 0)
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{now}-001" if now > moment else f"{moment}-{number + 1:03d}"


def _moment_and_number(name: str) -> tuple[str, int]:
    moment, _, number = name.partition("-")
    return moment, int(number)


def as_json(manifest: Manifest) -> dict[str, Any]:
    """A manifest without its list of files, for people and programs."""
    body: dict[str, Any] = msgspec.to_builtins(manifest)
    body["files"] = len(manifest.files)
    return body
