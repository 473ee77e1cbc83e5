"""Puts right what others leave to the life cycle: copies of purged studies, objects on media that were away when they
were purged, and the folder that received before a bucket took its place."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, not_, select

from server.archive.keeping.tables import BinEntry, BinObject
from server.archive.lifecycle.registry import Store, StoreRegistry
from server.archive.lifecycle.tables import CopyState, OfflineObject, StudyCopy
from server.archive.tables import Instance, InstanceVersion, Study
from server.kernel.database import Database
from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.medium import MediumAbsent
from server.kernel.storage.port import ObjectMissing, StorageError
from server.kernel.storage.staged import StagedStorage
from server.kernel.storage.tiers import Role

_BATCH = 100
_WAITING_AT_MOST = 1000  # objects in the upload folder: the rest stays where it can be walked quickly
_PAUSE_S = 0.5

Step = Callable[[], None]


class Tidying:
    """Regular work; every part can be begun again at any time."""

    def __init__(self, database: Database, registry: StoreRegistry) -> None:
        self._database = database
        self._registry = registry

    def forget_purged(self) -> int:
        """Remove the rows of copies whose study is neither in the index nor in the recycle bin; returns how many.

        Those on off-line media stay until `clean_media` could clean the medium.
        """
        offline = [store.name for store in self._registry.stores() if store.role is Role.OFFLINE]
        with self._database.write() as uow:
            gone = delete(StudyCopy).where(_is_purged(), StudyCopy.store.not_in(offline))
            return len(uow.session.execute(gone.returning(StudyCopy.id)).all())

    def clean_media(self, step: Step) -> int:
        """Remove what no row names any more from the off-line media that are here and held purged studies."""
        removed = 0
        for store in self._registry.stores():
            if store.role is Role.OFFLINE:
                try:
                    removed += self._clean(store, step)
                except StorageError:
                    continue  # it is away: another time
        return removed

    def _clean(self, store: Store, step: Step) -> int:
        purged = select(StudyCopy.id).where(_is_purged(), StudyCopy.store == store.name)
        with self._database.read() as uow:
            rows = list(uow.session.execute(purged).scalars())
            if not rows:
                return 0
            keys = list(uow.session.execute(_unnamed(store.name)).scalars())
        removed = 0
        for start in range(0, len(keys), _BATCH):
            some = keys[start : start + _BATCH]
            # one transaction: nobody can name an object between the question and its end
            with self._database.write() as uow:
                still = list(uow.session.execute(_unnamed(store.name, some)).scalars())
                for key in still:
                    try:
                        store.storage.delete(key)
                        removed += 1
                    except MediumAbsent:
                        raise
                    except ObjectMissing:
                        continue
                done = delete(OfflineObject).where(OfflineObject.store == store.name)
                uow.session.execute(done.where(OfflineObject.object_key.in_(still)))
            step()
        with self._database.write() as uow:
            uow.session.execute(delete(StudyCopy).where(StudyCopy.id.in_(rows)))
        return removed


def grow(older: FolderStorage, online: StagedStorage, step: Step, *, pause_s: float = _PAUSE_S) -> int:
    """Hand the objects of the folder that received before to the bucket; returns how many."""
    count = 0
    for key in older.keys():  # noqa: SIM118 - no dictionary
        while online.waiting().count >= _WAITING_AT_MOST:
            step()
            time.sleep(pause_s)
        try:
            online.put(older.path_of(key), key)  # a rename: it lies in one place or in the other
            count += 1
        except FileNotFoundError:  # deleted meanwhile
            continue
        if count % _BATCH == 0:
            step()
    return count


def _is_purged() -> ColumnElement[bool]:
    in_bin = exists().where(BinEntry.study_uid == StudyCopy.study_uid, BinEntry.purged_at.is_(None))
    settled = (CopyState.VERIFIED, CopyState.RELEASED, CopyState.DAMAGED)
    known = exists().where(Study.uid == StudyCopy.study_uid)
    return and_(StudyCopy.state.in_(settled), not_(known), not_(in_bin))


def _unnamed(store: str, keys: list[str] | None = None) -> Any:
    """Keys on an off-line store that no instance, version or entry of the recycle bin names.

    Outer joins, because neither database has an index by key: each then builds one for the question.
    """
    statement = select(OfflineObject.object_key).where(OfflineObject.store == store)
    for table in (Instance, InstanceVersion, BinObject):
        statement = statement.outerjoin(table, table.object_key == OfflineObject.object_key).where(table.id.is_(None))
    return statement if keys is None else statement.where(OfflineObject.object_key.in_(keys))
