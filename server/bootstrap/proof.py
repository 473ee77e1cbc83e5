"""Proves a data folder whose server is stopped: index and files, and the chain of the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.audit.service import AuditService
from server.bootstrap import load_tables
from server.bootstrap.areas import build_areas
from server.bootstrap.folders import Folders
from server.bootstrap.indexing import exclusive, indexer_of
from server.kernel.database import Database, migrate
from server.kernel.folderlock import FolderLock
from server.settings import Settings
from shared.contract.archive import CheckView
from shared.contract.audit import AuditCheckView


@dataclass(frozen=True, slots=True)
class Proof:
    """What the proof found; `replayed` objects had been accepted before a crash and were indexed now."""

    archive: CheckView
    audit: AuditCheckView
    replayed: int

    @property
    def is_clean(self) -> bool:
        return self.archive.total_findings == 0 and self.audit.is_whole


def prove(settings: Settings, *, hashes: bool, progress: Callable[[int, int], None]) -> Proof:
    """Replay the inbox as the server's start would, then compare everything. Raises FolderInUse while a server runs."""
    folders = Folders(settings.data)
    lock = FolderLock(folders.data)
    index_lock = exclusive(folders)
    load_tables()
    database = Database(settings.database) if settings.database else Database.in_folder(folders.data)
    try:
        migrate.upgrade(database)
        areas = build_areas(settings, database)
        replayed = indexer_of(areas, database, folders).replay()
        archive = areas.archive.check(hashes, progress)
        audit = AuditService(database)
        audit.write_gathered()  # chains what a crash left unchained
        with database.read() as uow:
            return Proof(archive, audit.check(uow), replayed)
    finally:
        database.close()
        index_lock.close()
        lock.close()
