"""How full the stores are, day by day, and the stores as an administrator sees them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from server.archive.lifecycle import rules
from server.archive.lifecycle.registry import ONLINE, Store, StoreRegistry
from server.archive.lifecycle.tables import CopyState, StoreFill, StudyCopy
from server.archive.tables import Study
from server.kernel.database import Database
from server.kernel.storage.medium import MediumAbsent
from server.kernel.storage.port import ObjectStorage, StorageError
from server.kernel.storage.staged import StagedStorage, Waiting
from shared.contract.storage import FillDay, StoreView

_KEPT_DAYS = 90
_OLD_UPLOAD_S = 3600.0


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes; None where nobody can know them."""

    free: int | None
    capacity: int | None


def space_of(path: Path) -> Space:
    """Space on the disk of a folder."""
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        return Space(None, None)
    return Space(usage.free, usage.total)


class StoreFills:
    """Measures stores and shows them."""

    def __init__(
        self,
        database: Database,
        online: ObjectStorage,
        online_folder: Path,
        online_place: str,
        registry: StoreRegistry,
        *,
        reserve_bytes: int = 0,
        measure: Callable[[Path], Space] = space_of,
    ) -> None:
        self._database = database
        self._online = online
        self._folder = online_folder
        self._place = online_place
        self._registry = registry
        self._reserve_bytes = reserve_bytes
        self._measure = measure

    def take_samples(self, today: date | None = None) -> int:
        """Write today's fill of every store; returns how many. Earlier ones of today are replaced."""
        day = today or datetime.now(UTC).date()
        with self._database.read() as uow:
            held = _held(uow.session)
        samples = [(ONLINE, self._space(None))] + [(one.name, self._space(one)) for one in self._registry.stores()]
        with self._database.write() as uow:
            for name, space in samples:
                row = StoreFill(store=name, day=day, bytes_stored=held.get(name, (0, 0))[1], free_bytes=space.free)
                uow.session.merge(row)
            uow.session.execute(delete(StoreFill).where(StoreFill.day < day - timedelta(days=_KEPT_DAYS)))
        return len(samples)

    def views(self, session: Session) -> tuple[StoreView, ...]:
        """All stores, the one that receives first."""
        held = _held(session)
        return (
            self._view(session, None, held),
            *(self._view(session, store, held) for store in self._registry.stores()),
        )

    def history(self, session: Session, name: str) -> tuple[FillDay, ...]:
        """The days of a store, oldest first."""
        rows = session.execute(select(StoreFill).where(StoreFill.store == name).order_by(StoreFill.day)).scalars()
        return tuple(FillDay(day=r.day, bytes_stored=r.bytes_stored, free_bytes=r.free_bytes) for r in rows)

    def _view(self, session: Session, store: Store | None, held: dict[str, tuple[int, int]]) -> StoreView:
        name = store.name if store else ONLINE
        studies, size = held.get(name, (0, 0))
        space = self._space(store)
        state, sentence = self._state(store)
        past = [(day.day, day.bytes_stored) for day in self.history(session, name)]
        usable = None if space.free is None else space.free - (0 if store else self._reserve_bytes)
        if space.capacity and store and store.definition.capacity_gb:
            usable = min(usable or 0, store.definition.capacity_gb * 2**30 - size)
        coming = rules.forecast(past, usable)
        title = store.definition.title if store else "在线存储"
        waiting = self._waiting() if store is None else Waiting(0, 0, 0.0)
        warning = rules.fill_warning(title, usable, space.capacity, coming.days)
        if waiting.oldest_s > _OLD_UPLOAD_S:
            warning = (
                f"有 {waiting.count} 个影像文件等待上传已超过 {waiting.oldest_s / 3600:.0f} 小时，"
                "请检查对象存储及网络连接。"
            )
        return StoreView(
            name=name,
            label=store.definition.label if store else "",
            kind=store.definition.kind if store else ("s3" if isinstance(self._online, StagedStorage) else "folder"),
            role=store.role.value if store else "online",
            place=store.definition.place if store else self._place,
            is_from_settings=store.is_from_settings if store else True,
            state=state,
            sentence=sentence,
            studies=studies,
            bytes_stored=size,
            free_bytes=space.free,
            capacity_bytes=space.capacity,
            growth_bytes_per_day=coming.growth,
            days_until_full=coming.days,
            waiting_uploads=waiting.count,
            warning=warning,
        )

    def _space(self, store: Store | None) -> Space:
        if store is None:
            return Space(None, None) if isinstance(self._online, StagedStorage) else self._measure(self._folder)
        limit = store.definition.capacity_gb * 2**30 or None
        if store.definition.kind != "folder":
            return Space(limit, limit)
        on_disk = self._measure(Path(store.definition.path))
        if limit is None or on_disk.capacity is None:
            return on_disk
        return Space(on_disk.free, min(limit, on_disk.capacity))

    def _waiting(self) -> Waiting:
        return self._online.waiting() if isinstance(self._online, StagedStorage) else Waiting(0, 0, 0.0)

    def _state(self, store: Store | None) -> tuple[str, str]:
        storage = store.storage if store else getattr(self._online, "store", self._online)
        storage = getattr(storage, "store", storage)  # behind its cache
        probe = getattr(storage, "probe", None)
        try:
            if probe is not None:
                probe()
        except MediumAbsent as absent:
            return "absent", str(absent)
        except StorageError as trouble:
            return "trouble", str(trouble)
        return "ready", ""


def _held(session: Session) -> dict[str, tuple[int, int]]:
    """Studies and bytes by store."""
    online = select(func.count(), func.coalesce(func.sum(Study.bytes_stored), 0)).where(Study.availability == "ONLINE")
    count, size = session.execute(online).one()
    copies = (
        select(StudyCopy.store, func.count(), func.coalesce(func.sum(StudyCopy.bytes_stored), 0))
        .where(StudyCopy.store != ONLINE, StudyCopy.state != CopyState.COPYING)
        .group_by(StudyCopy.store)
    )
    found = {str(name): (int(studies), int(total)) for name, studies, total in session.execute(copies)}
    return {ONLINE: (int(count), int(size)), **found}
