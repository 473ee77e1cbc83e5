"""Backs up a running server: nothing stops, and every object that was acknowledged before the start is in it.

The order makes it so. First the inbox (what is accepted and not indexed), then the database (a file leaves the inbox
only after its row is committed, so what was not in the inbox any more is in the database), then the objects that the
database names. No file of the archive is removed meanwhile (discards.py).
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import update

from server import __version__
from server.archive import inbox
from server.archive.keeping import snapshots
from server.archive.keeping.tables import BackupRun
from server.archive.keeping.vault import BackupError, FileNote, Manifest, Vault, in_sentences, new_generation
from server.kernel.database import Database
from server.kernel.storage.medium import MediumAbsent
from server.kernel.storage.port import ObjectMissing, ObjectStorage

_ALIVE_S = 30.0
_RESERVE = 256 << 20


@dataclass(frozen=True, slots=True)
class Sources:
    """What a server consists of."""

    database: Database
    storage: ObjectStorage
    documents: ObjectStorage
    inbox: Path
    secrets: Path
    settings_text: str  # JSON


@dataclass(frozen=True, slots=True)
class Done:
    """What a backup did."""

    manifest: Manifest
    copied: int
    bytes_copied: int
    seconds: float

    @property
    def sentence(self) -> str:
        """The result for a person."""
        trouble = len(self.manifest.missing) + len(self.manifest.damaged)
        text = (
            f"Generation {self.manifest.generation}: {self.manifest.objects} objects, {self.copied} of them new "
            f"({self.bytes_copied / 1e6:.0f} MB), in {self.seconds:.1f} s."
        )
        if self.manifest.away:
            text += f" {len(self.manifest.away)} lie on media that are not inserted, and are not in it."
        return text + (f" {trouble} objects are missing or damaged in the archive: run the check." if trouble else "")


class _Tally:
    def __init__(self) -> None:
        self.objects = self.object_bytes = self.copied = self.bytes_copied = self.documents = self.inbox = 0
        self.missing: list[str] = []
        self.damaged: list[str] = []
        self.away: list[str] = []


def run(sources: Sources, vault: Vault, progress: Callable[[int, int], None], *, link: bool = False) -> Done:
    """Make a generation; an interrupted one is gone on with by the next call, since objects are copied once.

    `link`: hard links instead of copies where the file system can: quick and small, and no help against a broken disk.
    Raises BackupError, snapshots.SnapshotError, FolderInUse (another backup writes there).
    """
    with in_sentences(), closing(vault.lock()):
        vault.make()
        name = new_generation(vault)
        with _announced(sources.database, vault, name) as note, in_sentences():
            return _run(sources, vault, name, progress, note, link=link)


def _run(
    sources: Sources,
    vault: Vault,
    name: str,
    progress: Callable[[int, int], None],
    note: Callable[[_Tally], None],
    *,
    link: bool,
) -> Done:
    started = datetime.now(UTC)
    working = vault.begin(name)
    tally = _Tally()
    tally.inbox = _copy_inbox(sources.inbox, working / "inbox")
    revision = snapshots.take(sources.database, working)
    _copy_secrets(sources, working)
    listed = list(snapshots.objects_in(working / "objects.txt"))
    todo = [(key, size) for key, size in listed if not vault.has(key, size)]
    tally.objects, tally.object_bytes = len(listed), sum(size for _, size in listed)
    _require_space(vault.folder, 0 if link else sum(size for _, size in todo))
    for done, (key, _) in enumerate(todo):
        progress(done, len(todo))
        _copy_object(sources, vault, key, working / "inbox", tally, link=link)
        if done % 500 == 0:
            note(tally)
    _copy_documents(sources.documents, vault, working, tally)
    progress(len(todo), len(todo))

    def manifest(files: dict[str, FileNote]) -> Manifest:
        return Manifest(
            generation=name,
            server_version=__version__,
            started_at=started,
            finished_at=datetime.now(UTC),
            database="sqlite" if sources.database.is_sqlite else "postgresql",
            revision=revision,
            objects=tally.objects,
            object_bytes=tally.object_bytes,
            documents=tally.documents,
            inbox=tally.inbox,
            missing=tuple(tally.missing),
            damaged=tuple(tally.damaged),
            away=tuple(tally.away),
            files=files,
        )

    made = vault.finish(working, manifest)
    note(tally)
    return Done(made, tally.copied, tally.bytes_copied, (datetime.now(UTC) - started).total_seconds())


def _copy_inbox(source: Path, target: Path) -> int:
    """Copy what waits for the index. A file that goes meanwhile has its row committed: the snapshot will name it."""
    target.mkdir()
    count = 0
    for entry in list(inbox.ready_files(source)):
        try:
            shutil.copyfile(entry.path, target / entry.name)
        except FileNotFoundError:
            continue
        count += 1
    return count


def _copy_secrets(sources: Sources, working: Path) -> None:
    target = working / "secrets"
    target.mkdir(mode=0o700)
    for path in sources.secrets.rglob("*"):
        if path.is_file() and path.suffix != ".new":
            copy = target / path.relative_to(sources.secrets)
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            copy.touch(mode=0o600)
            copy.write_bytes(path.read_bytes())
    settings = working / "settings.json"
    settings.touch(mode=0o600)
    settings.write_text(sources.settings_text, encoding="utf-8")


def _copy_object(sources: Sources, vault: Vault, key: str, waiting: Path, tally: _Tally, *, link: bool) -> None:
    try:
        try:
            file = sources.storage.open(key)
        except MediumAbsent:
            raise
        except ObjectMissing:
            # its row is committed and it is on its way from the inbox to its place
            path = inbox.find(sources.inbox, key) or inbox.find(waiting, key)
            file = path.open("rb") if path is not None else sources.storage.open(key)
    except MediumAbsent:
        tally.away.append(key)
        return
    except (ObjectMissing, FileNotFoundError):
        tally.missing.append(key)
        return
    with file:
        name = getattr(file, "name", None)
        size = vault.take(key, file, Path(name) if link and isinstance(name, str) else None)
    if size is None:
        tally.damaged.append(key)
        return
    tally.copied += 1
    tally.bytes_copied += size


def _copy_documents(documents: ObjectStorage, vault: Vault, working: Path, tally: _Tally) -> None:
    """All documents that are there now: at least those that the snapshot names, but for previews that were replaced."""
    with (working / "documents.txt").open("w", encoding="ascii", newline="\n") as out:
        for key in sorted(documents.keys()):
            with suppress(ObjectMissing), documents.open(key) as file:  # missing: a preview that was replaced meanwhile
                size = file.seek(0, os.SEEK_END)
                file.seek(0)
                if not vault.has(key, size) and vault.take(key, file) is None:
                    tally.damaged.append(key)
                    continue
                out.write(f"{key} {size}\n")
                tally.documents += 1


def _require_space(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < wanted + _RESERVE:
        raise BackupError(
            f"The backup needs {wanted / 1e9:.1f} GB and {folder} has {free / 1e9:.1f} GB free; nothing was written."
        )


@contextmanager
def _announced(database: Database, vault: Vault, name: str) -> Iterator[Callable[[_Tally], None]]:
    """Keep the row that says a backup runs, alive until the end; then say how it ended."""
    now = datetime.now(UTC)
    with database.write() as uow:
        row = BackupRun(generation=name, folder=str(vault.folder), state="running", started_at=now, alive_at=now)
        uow.session.add(row)
        uow.session.flush()
        run_id = row.id
    over = threading.Event()
    latest = _Tally()

    def write(**values: object) -> None:
        with database.write() as uow:
            uow.session.execute(update(BackupRun).where(BackupRun.id == run_id).values(**values))

    def show_life() -> None:
        while not over.wait(_ALIVE_S):
            write(
                alive_at=datetime.now(UTC),
                objects=latest.objects,
                objects_copied=latest.copied,
                bytes_copied=latest.bytes_copied,
            )

    def note(tally: _Tally) -> None:
        nonlocal latest
        latest = tally

    thread = threading.Thread(target=show_life, name="backup-alive", daemon=True)
    thread.start()
    state, sentence = "failed", "The backup was interrupted; the next one goes on from here."
    try:
        yield note
        state, trouble = "complete", len(latest.missing) + len(latest.damaged)
        sentence = f"{trouble} objects are missing or damaged in the archive." if trouble else ""
    except (BackupError, snapshots.SnapshotError) as error:
        sentence = str(error)
        raise
    finally:
        over.set()
        thread.join(_ALIVE_S)
        write(
            state=state,
            sentence=sentence,
            finished_at=datetime.now(UTC),
            objects=latest.objects,
            objects_copied=latest.copied,
            bytes_copied=latest.bytes_copied,
        )
