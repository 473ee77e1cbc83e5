"""The stores as they are set up now: those of the settings file and those an administrator added, kept in the database.

Every process of the server has one registry. It looks at the rows again every few seconds, so that a store that is
added while the server runs is read by all of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from server.archive.lifecycle.tables import OfflineObject, StoreRow
from server.kernel.database import Database
from server.kernel.storage.cache import CachedStorage, ReadCache
from server.kernel.storage.definition import ONLINE, StoreDefinition, built, with_secret
from server.kernel.storage.medium import prepare
from server.kernel.storage.port import ObjectStorage, StorageError
from server.kernel.storage.tiers import Role, Tier

logger = logging.getLogger(__name__)

_LOOK_AGAIN_S = 5.0
_ORDER = list(Role)


@dataclass(frozen=True, slots=True)
class Store:
    """A store beside the one that receives. `storage` asks the store itself, `read` goes through the cache."""

    definition: StoreDefinition
    is_from_settings: bool
    storage: ObjectStorage
    read: ObjectStorage

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def role(self) -> Role:
        return self.definition.role


class Broken:
    """Stands in for a store that cannot even be made: every call says why."""

    def __init__(self, trouble: StorageError) -> None:
        self._trouble = trouble

    def __getattr__(self, _name: str) -> Callable[..., object]:
        def say(*_: object, **__: object) -> object:
            raise StorageError(str(self._trouble))

        return say


class StoreRegistry:
    """Thread-safe. `older` is the folder that received before an S3 store took its place; None where it still does."""

    def __init__(
        self,
        database: Database,
        from_settings: Sequence[StoreDefinition],
        secrets_folder: Path,
        cache: ReadCache | None = None,
        *,
        older: ObjectStorage | None = None,
        look_again_s: float = _LOOK_AGAIN_S,
    ) -> None:
        self._database = database
        self._settings = {one.name: one for one in from_settings if one.role is not Role.ONLINE}
        self._secrets = secrets_folder
        self._cache = cache
        self._older = older
        self._look_again_s = look_again_s
        self._lock = threading.Lock()
        self._stores: dict[str, Store] = {}
        self._mediums: dict[str, str] = {}
        self._looked = -1e9

    def stores(self) -> list[Store]:
        """All but the one that receives, in the order in which they are asked."""
        with self._lock:
            if time.monotonic() - self._looked > self._look_again_s:
                self._look()
                self._looked = time.monotonic()
            return list(self._stores.values())

    def get(self, name: str) -> Store | None:
        """The store with this name."""
        return next((store for store in self.stores() if store.name == name), None)

    def tiers(self) -> tuple[Tier, ...]:
        """For TieredStorage: what is read goes through the cache where the store is distant."""
        return (*self._old(), *(Tier(s.name, s.definition.title, s.role, s.read) for s in self.stores()))

    def raw_tiers(self) -> tuple[Tier, ...]:
        """For moving: past the cache."""
        return (*self._old(), *(Tier(s.name, s.definition.title, s.role, s.storage) for s in self.stores()))

    def holders(self, key: str) -> list[str]:
        """The off-line stores that hold an object, whether their media are here or not."""
        if not any(store.role is Role.OFFLINE for store in self.stores()):
            return []
        with self._database.read() as uow:
            found = select(OfflineObject.store).where(OfflineObject.object_key == key).order_by(OfflineObject.store)
            return list(uow.session.execute(found).scalars())

    def look_again(self) -> None:
        """Forget what was seen: rows were changed by this process."""
        with self._lock:
            self._looked = -1e9

    def secret_file(self, name: str) -> Path:
        """Where the secret of a store lies that an administrator entered."""
        return self._secrets / f"store-{name}"

    def from_settings(self, name: str) -> StoreDefinition | None:
        """The definition in the settings file."""
        return self._settings.get(name)

    def adopt(self) -> None:
        """Mark the folders that the settings name for the first time. Never call it inside of a transaction.

        A folder that cannot be marked is away until it can be.
        """
        with self._database.read() as uow:
            known = {row.name: row for row in uow.session.execute(select(StoreRow)).scalars()}
        for made in self._settings.values():
            row = known.get(made.name)
            if row is not None and row.from_settings and (row.medium or made.kind != "folder"):
                continue
            medium = ""
            if made.kind == "folder":
                try:
                    medium = prepare(Path(made.path), made.name)
                except StorageError as trouble:
                    logger.warning("storage: store %s is not ready: %s", made.name, trouble)
                    continue
                if any(other.medium == medium and name != made.name for name, other in known.items()):
                    logger.error("storage: store %s is on the medium of another; two copies there are one", made.name)
                    continue
            row = row_of(made, medium, from_settings=True)
            with self._database.write() as uow:
                known[made.name] = uow.session.merge(row)
        self.look_again()

    def _old(self) -> tuple[Tier, ...]:
        return () if self._older is None else (Tier("folder", "folder", Role.NEARLINE, self._older),)

    def _look(self) -> None:
        with self._database.read() as uow:
            rows = list(uow.session.execute(select(StoreRow)).scalars())
        mediums = {row.name: row.medium for row in rows}
        wanted = {row.name: definition_of(row) for row in rows if not row.from_settings}
        wanted.update(self._settings)
        made: dict[str, Store] = {}
        for definition in sorted(wanted.values(), key=lambda one: (_ORDER.index(one.role), one.kind, one.name)):
            name = definition.name
            before = self._stores.get(name)
            if before is not None and before.definition == definition and mediums.get(name) == self._mediums.get(name):
                made[name] = before
            else:
                made[name] = self._made(definition, mediums.get(name, ""))
        self._stores, self._mediums = made, mediums

    def _made(self, definition: StoreDefinition, medium: str) -> Store:
        try:
            storage = built(with_secret(definition, self.secret_file(definition.name)), medium)
        except StorageError as trouble:
            logger.warning("storage: store %s cannot be used: %s", definition.name, trouble)
            storage = Broken(trouble)  # type: ignore[assignment]
        is_distant = definition.kind == "s3" and self._cache is not None
        read = CachedStorage(storage, self._cache) if is_distant and self._cache is not None else storage
        return Store(definition, definition.name in self._settings, storage, read)


def definition_of(row: StoreRow) -> StoreDefinition:
    """The definition that a row holds."""
    names = {item.name for item in fields(StoreDefinition)} - {"role", "secret_key", "secret_file"}
    return StoreDefinition(role=Role(row.role), **{name: getattr(row, name) for name in names})


def row_of(made: StoreDefinition, medium: str, *, from_settings: bool) -> StoreRow:
    """A row for a definition; the secret is left out."""
    names = {item.name for item in fields(StoreDefinition)} - {"role", "secret_key", "secret_file"}
    return StoreRow(
        role=made.role.value,
        medium=medium,
        from_settings=from_settings,
        changed_at=datetime.now(UTC),
        **{name: getattr(made, name) for name in names},
    )


__all__ = ["ONLINE", "Store", "StoreRegistry", "definition_of", "row_of"]
