"""Several stores as one: what comes goes to the store that receives; what is read is looked for there first, then in
the others, near ones before distant ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.medium import MediumAbsent
from server.kernel.storage.port import ObjectMissing, ObjectStorage, StorageError, checked_key


class Role(StrEnum):
    """What a store is for, in the order in which it is asked."""

    ONLINE = "online"
    NEARLINE = "nearline"
    ARCHIVE = "archive"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Tier:
    """A store beside the one that receives. `label` is what stands on its medium."""

    name: str
    label: str
    role: Role
    storage: ObjectStorage


def _nobody(_key: str) -> Sequence[str]:
    return ()


class TieredStorage:
    """The storage port over all stores.

    `others` gives them as they are set up now, in the order in which they are asked. `catalogue` names the off-line
    stores that hold a key, even while their media are away.
    """

    def __init__(
        self,
        online: ObjectStorage,
        others: Callable[[], Sequence[Tier]] = tuple,
        catalogue: Callable[[str], Sequence[str]] = _nobody,
    ) -> None:
        self.online = online
        self._others = others
        self._catalogue = catalogue

    def put(self, source: bytes | memoryview | Path, key: str | None = None) -> str:
        return self.online.put(source, key)

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        """As the port says; raises MediumAbsent (an ObjectMissing) naming the medium to insert, and StorageError when a
        store that may hold the object cannot be asked."""
        try:
            return self.online.open(key, offset, length)
        except ObjectMissing as missing:
            nowhere = missing
        away: dict[str, MediumAbsent] = {}
        trouble: StorageError | None = None
        for tier in self._others():
            try:
                return tier.storage.open(key, offset, length)
            except MediumAbsent as absent:
                away[tier.name] = absent
            except ObjectMissing:
                continue
            except StorageError as failed:
                trouble = trouble or failed
        if trouble is not None:
            raise trouble
        self._raise_if_away(key, away)
        raise nowhere

    def _raise_if_away(self, key: str, away: dict[str, MediumAbsent]) -> None:
        if not away:
            return
        holders = [name for name in self._catalogue(key) if name in away]
        if holders:
            raise away[holders[0]]

    def exists(self, key: str) -> bool:
        if self.online.exists(key):
            return True
        trouble: StorageError | None = None
        for tier in self._others():
            try:
                if tier.storage.exists(key):
                    return True
            except MediumAbsent:
                continue
            except StorageError as failed:
                trouble = trouble or failed
        if self._catalogue(key):
            return True
        if trouble is not None:
            raise trouble
        return False

    def at_hand(self, key: str) -> bool:
        """Tell at once, without asking another machine, whether the object is here: a no may be wrong."""
        near = getattr(self.online, "at_hand", self.online.exists)
        return bool(near(key))

    def warm(self, key: str) -> None:
        """Have the system read an object of this machine's disk into memory soon; see `FolderStorage.warm`."""
        if isinstance(self.online, FolderStorage):
            self.online.warm(key)

    def delete(self, key: str) -> None:
        """Remove the object from every store that is there. Raises ObjectMissing when none had it.

        Raises StorageError when a store cannot be asked: then nothing is certain, and the caller tries again.
        """
        checked_key(key)
        found = False
        for storage in (self.online, *(tier.storage for tier in self._others())):
            try:
                storage.delete(key)
                found = True
            except ObjectMissing:
                continue
        if not found:
            raise ObjectMissing(f"No store has the object {key[:12]}….")

    def keys(self) -> Iterator[str]:
        """Every key of every store that is there, once. Raises StorageError when one cannot be asked."""
        others = self._others()
        if not others:
            yield from self.online.keys()
            return
        seen: set[bytes] = set()
        for storage in (self.online, *(tier.storage for tier in others)):
            try:
                for key in storage.keys():  # noqa: SIM118 - a storage is no dictionary
                    packed = bytes.fromhex(key)
                    if packed not in seen:
                        seen.add(packed)
                        yield key
            except MediumAbsent:
                continue

    def sweep(self) -> int:
        """Remove what a crash left half-written in the store that receives; before anybody puts."""
        sweep = getattr(self.online, "sweep", None)
        return int(sweep()) if sweep is not None else 0
