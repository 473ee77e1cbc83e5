"""Puts the archive's stores together: the one that receives, those beside it, and the life of studies between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from server.archive.lifecycle.fill import StoreFills
from server.archive.lifecycle.jobs import ComingExam, LifecycleJobs
from server.archive.lifecycle.moving import StudyMover
from server.archive.lifecycle.registry import StoreRegistry
from server.archive.lifecycle.rpc import StorageRpc
from server.archive.lifecycle.scrubbing import ScrubPlan
from server.archive.lifecycle.service import CopyService
from server.archive.lifecycle.setup import StorageSetup
from server.archive.lifecycle.tidying import grow
from server.archive.lifecycle.use import StudyUse
from server.bootstrap.folders import Folders
from server.exams.tables import ExamTableRow
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.storage.cache import CachedStorage, ReadCache
from server.kernel.storage.definition import StoreDefinition, built, definitions, with_secret
from server.kernel.storage.durability import Durability
from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.port import ObjectStorage
from server.kernel.storage.staged import StagedStorage
from server.kernel.storage.tiers import Role, TieredStorage
from server.organisation.service import OrganisationService
from server.settings import Settings
from shared.domain.states import ExamState

_MORNING, _EVENING = 6, 22  # between them copies are not read again


@dataclass(frozen=True, slots=True)
class Stores:
    """The archive's storage and what belongs to it."""

    storage: TieredStorage
    registry: StoreRegistry
    use: StudyUse
    copies: CopyService
    setup: StorageSetup
    fills: StoreFills
    jobs: LifecycleJobs
    handlers: StorageRpc

    def start(self) -> None:
        """Call once, in the server's own process: mark new folders, upload what waits."""
        self.registry.adopt()
        if isinstance(self.storage.online, StagedStorage):
            self.storage.online.start()

    def stop(self) -> None:
        """End uploads; the rest waits for the next start."""
        if isinstance(self.storage.online, StagedStorage):
            self.storage.online.stop()


def build_stores(
    settings: Settings, database: Database, folders: Folders, organisation: OrganisationService, time: HospitalTime
) -> Stores:
    """Construct everything; nothing is asked of disks or network beyond the data folder. Raises StorageError."""
    described = definitions(settings.stores)
    reserve_bytes = settings.reserve_mb << 20
    cache = ReadCache(folders.archive / "cache", settings.cache_mb << 20) if settings.cache_mb else None
    folder = FolderStorage(folders.archive, durability=Durability(settings.durability), reserve_bytes=reserve_bytes)
    online: ObjectStorage = folder
    place = str(folders.archive)
    older: FolderStorage | None = None
    for made in described:
        if made.role is Role.ONLINE:
            online = _distant_online(made, folders, cache)
            place = made.place
            older = folder
    registry = StoreRegistry(database, described, folders.secrets, cache, older=older)
    storage = TieredStorage(online, registry.tiers, registry.holders)
    use = StudyUse(database, registry)
    fills = StoreFills(database, online, folders.archive, place, registry, reserve_bytes=reserve_bytes)
    copies = CopyService(registry, use)
    setup = StorageSetup(database, registry, fills, organisation.hospital)
    jobs = LifecycleJobs(
        database,
        StudyMover(database, online, registry),
        registry,
        fills,
        organisation.hospital,
        lambda uow: coming_exams(uow, time),
        growth=_growth(older, online),
        scrub=ScrubPlan(settings.scrub_gb_per_night << 30, settings.scrub_days),
        is_night=lambda: not _MORNING <= datetime.now(time.zone).hour < _EVENING,
    )
    return Stores(storage, registry, use, copies, setup, fills, jobs, StorageRpc(copies, setup, fills))


def _growth(older: FolderStorage | None, online: ObjectStorage) -> Callable[[Callable[[], None]], int] | None:
    if older is None or not isinstance(online, StagedStorage):
        return None
    return partial(grow, older, online)


def _distant_online(made: StoreDefinition, folders: Folders, cache: ReadCache | None) -> StagedStorage:
    store = built(with_secret(made, folders.secrets / f"store-{made.name}"), "")
    return StagedStorage(CachedStorage(store, cache) if cache is not None else store, folders.archive / "upload")


def coming_exams(uow: UnitOfWork, time: HospitalTime) -> Sequence[ComingExam]:
    """The exams of today and tomorrow that are not finished."""
    today = time.today()
    first, end = time.day_bounds(today, today + timedelta(days=1))
    columns = (ExamTableRow.patient_number, ExamTableRow.exam_type, ExamTableRow.body_part)
    wanted = select(*columns).where(
        ExamTableRow.planned_at >= first,
        ExamTableRow.planned_at < end,
        ExamTableRow.state == ExamState.REGISTERED.value,
    )
    return [ComingExam(row.patient_number, row.exam_type, (row.body_part,)) for row in uow.session.execute(wanted)]
