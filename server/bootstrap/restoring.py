"""Backs up the server of a data folder, and makes a data folder again from a backup."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import update

from server.archive.keeping import snapshots
from server.archive.keeping.backup import Sources
from server.archive.keeping.tables import BackupRun
from server.archive.keeping.vault import BackupError, Manifest, Vault, in_sentences
from server.bootstrap import jobs, load_tables
from server.bootstrap.areas import build_areas
from server.bootstrap.folders import Folders
from server.bootstrap.proof import Proof, prove
from server.kernel import secretfiles
from server.kernel.database import Database, migrate
from server.kernel.storage.durability import Durability, sync_disk_of
from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.port import ObjectStorage
from server.settings import Settings, to_text

Progress = Callable[[str, int, int], None]
"""(what, done, total)."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did; seconds for copying and for the proof afterwards."""

    manifest: Manifest
    objects: int
    bytes_copied: int
    copy_seconds: float
    proof: Proof
    proof_seconds: float


def sources_of(settings: Settings, database: Database, storage: ObjectStorage) -> Sources:
    """What a backup of this server consists of."""
    folders = Folders(settings.data)
    return Sources(
        database=database,
        storage=storage,
        documents=FolderStorage(folders.documents, durability=Durability.OBJECT),
        inbox=folders.inbox,
        secrets=folders.secrets,
        settings_text=to_text(settings),
    )


def open_sources(settings: Settings) -> Sources:
    """The same for another process than the server's, beside it or without it. Raises BackupError."""
    folders = Folders(settings.data)
    if not folders.archive.is_dir():
        raise BackupError(f"{settings.data} is no data folder of a server.")
    load_tables()
    database = Database(jobs.database_url(settings, folders.data))
    if migrate.present_revision(database) != migrate.revisions()[-1]:
        database.close()
        raise BackupError("The database is of another version; start this version's server on it once, then back up.")
    return sources_of(settings, database, build_areas(settings, database).storage)


@in_sentences()
def restore(
    vault: Vault,
    settings: Settings,
    *,
    at: datetime | None = None,
    generation: str = "",
    link: bool = False,
    hashes: bool = True,
    progress: Progress,
) -> Restored:
    """Make the data folder of `settings` from a generation, replay its inbox, prove it.

    The folder must be empty or absent, and so must be the database that the settings name. Raises BackupError,
    snapshots.SnapshotError; then the half-made folder stays for a look and must be removed by hand.
    """
    started = time.perf_counter()
    name = vault.choose(at=at, generation=generation)
    manifest = vault.manifest(name)
    _require_empty(settings, manifest)
    source = vault.generation_folder(name)
    folders = Folders(settings.data)
    folders.make()
    _copy_secrets(source / "secrets", folders.secrets)
    shutil.copyfile(source / "settings.json", folders.data / "settings-of-backup.json")
    (folders.data / "settings-of-backup.json").chmod(0o600)
    copied, total = _copy_objects(vault, name, folders, manifest, link, progress)
    for path in (source / "inbox").iterdir():
        shutil.copyfile(path, folders.inbox / path.name)
    _load_database(source, settings, folders, manifest)
    sync_disk_of(folders.data)
    copy_seconds = time.perf_counter() - started
    proof = prove(settings, hashes=hashes, progress=lambda done, count: progress("proved", done, count))
    return Restored(manifest, copied, total, copy_seconds, proof, time.perf_counter() - started - copy_seconds)


def _require_empty(settings: Settings, manifest: Manifest) -> None:
    if settings.data.exists() and any(settings.data.iterdir()):
        raise BackupError(f"{settings.data} is not empty; restore into an empty folder and look at it there first.")
    is_sqlite = not settings.database or settings.database.startswith("sqlite")
    if manifest.database == "postgresql" and is_sqlite:
        raise BackupError("This backup is of a PostgreSQL server: name an empty PostgreSQL database with --database.")
    if manifest.database == "sqlite" and not is_sqlite:
        raise BackupError("This backup is of a server with its own database: restore it without --database.")


def _copy_secrets(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file():
            secretfiles.write(target / path.relative_to(source), path.read_bytes())


def _copy_objects(
    vault: Vault, name: str, folders: Folders, manifest: Manifest, link: bool, progress: Progress
) -> tuple[int, int]:
    archive = FolderStorage(folders.archive, durability=Durability.NONE)
    documents = FolderStorage(folders.documents, durability=Durability.NONE)
    lacking = {*manifest.missing, *manifest.damaged, *manifest.away}
    folder = vault.generation_folder(name)
    total = manifest.objects + manifest.documents
    count = size = 0
    for listing, store in (("objects.txt", archive), ("documents.txt", documents)):
        for key, _ in snapshots.objects_in(folder / listing):
            progress("restored", count, total)
            count += 1
            if key in lacking:
                continue
            size += _copy_object(vault.path_of(key), store.path_of(key), link)
    progress("restored", count, total)
    return count, size


def _copy_object(source: Path, target: Path, link: bool) -> int:
    """The proof that follows compares every hash, so the copy is not read again here."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if link:
            try:
                os.link(source, target)
            except OSError:
                shutil.copyfile(source, target)
        else:
            shutil.copyfile(source, target)
    except FileNotFoundError:
        raise BackupError(f"The backup lacks the object {source.name}; verify it, or use another generation.") from None
    return target.stat().st_size


def _load_database(source: Path, settings: Settings, folders: Folders, manifest: Manifest) -> None:
    load_tables()
    if manifest.database == "sqlite":
        shutil.copyfile(source / snapshots.SQLITE_FILE, folders.data / snapshots.SQLITE_FILE)
        database = Database.in_folder(folders.data)
    else:
        database = Database(settings.database)
    try:
        if manifest.database == "postgresql":
            snapshots.load(source, database, manifest.revision)
        migrate.upgrade(database)
        with database.write() as uow:
            ended = {"state": "complete", "finished_at": manifest.finished_at}
            mine = BackupRun.generation == manifest.generation
            uow.session.execute(update(BackupRun).where(mine).values(**ended))
            others = BackupRun.state == "running"
            uow.session.execute(update(BackupRun).where(others).values(state="failed", finished_at=datetime.now(UTC)))
    finally:
        database.close()
