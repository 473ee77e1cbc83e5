"""Proves a data folder whose server is stopped: index and files, and the chain of the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.archive.keeping import discards
from server.archive.keeping.rebuild import rebuild_index
from server.archive.keeping.repair import Repair
from server.archive.keeping.vault import Vault
from server.audit.service import AuditService
from server.bootstrap import load_tables
from server.bootstrap.areas import build_areas
from server.bootstrap.folders import Folders
from server.bootstrap.indexing import exclusive, indexer_of
from server.bootstrap.keeping import backup_folder
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
    repaired: int = 0

    @property
    def is_clean(self) -> bool:
        return self.archive.total_findings == 0 and self.audit.is_whole


def prove(
    settings: Settings,
    *,
    hashes: bool,
    progress: Callable[[int, int], None],
    repair: bool = False,
    rebuild: bool = False,
) -> Proof:
    """Replay the inbox as the server's start would, then compare everything. Raises FolderInUse while a server runs.

    `repair` does what is safe about the findings and compares again; `rebuild` first makes the index anew from the
    files alone.
    """
    folders = Folders(settings.data)
    lock = FolderLock(folders.data)
    index_lock = exclusive(folders)
    load_tables()
    database = Database(settings.database) if settings.database else Database.in_folder(folders.data)
    try:
        migrate.upgrade(database)
        areas = build_areas(settings, database)
        if rebuild:
            rebuild_index(database, areas.storage, progress)
        replayed = indexer_of(areas, database, folders).replay()
        archive, repaired = areas.archive.check(hashes, progress), 0
        if repair and archive.total_findings:
            vaults = [Vault(folder).spare for folder in (backup_folder(settings),) if folder is not None]
            repaired = Repair(database, areas.storage, folders.inbox, vaults).all(areas.archive.examine(hashes))
            indexer_of(areas, database, folders).replay()
            discards.sweep(database, areas.storage)
            archive = areas.archive.check(hashes, progress)
        audit = AuditService(database)
        audit.write_gathered()  # chains what a crash left unchained
        with database.read() as uow:
            return Proof(archive, audit.check(uow), replayed, repaired)
    finally:
        database.close()
        index_lock.close()
        lock.close()
