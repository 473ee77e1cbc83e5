"""The life cycle over the small archive of the tests: a near-line folder, an S3 store, two off-line disks."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from server.archive.check import check
from server.archive.lifecycle.fill import Space, StoreFills
from server.archive.lifecycle.jobs import ComingExam, LifecycleJobs
from server.archive.lifecycle.moving import StudyMover
from server.archive.lifecycle.registry import StoreRegistry
from server.archive.lifecycle.service import CopyService
from server.archive.lifecycle.setup import StorageSetup
from server.archive.lifecycle.tables import StudyCopy
from server.archive.lifecycle.use import StudyUse
from server.archive.objects import ArchiveObjects
from server.archive.tables import Instance, Series, Study
from server.kernel.jobs import JobContext, JobRunner, enqueue
from server.kernel.storage.cache import ReadCache
from server.kernel.storage.definition import StoreDefinition
from server.kernel.storage.medium import MediumStorage
from server.kernel.storage.port import ObjectStorage
from server.kernel.storage.tiers import Role, TieredStorage
from server.organisation.service import OrganisationService
from shared.contract.archive import CheckView
from shared.contract.storage import RuleEntry
from tests.server.archive.archive_house import House, a_series


class Lifecycle:
    """`near` is a folder, `disk-a` and `disk-b` are off-line media; `more` adds stores."""

    def __init__(self, house: House, folder: Path, *more: StoreDefinition) -> None:
        self.house = house
        self.folder = folder
        self.database = house.database
        self.online = house.storage
        definitions = [*more]
        for name, role in (("near", Role.NEARLINE), ("disk-a", Role.OFFLINE), ("disk-b", Role.OFFLINE)):
            (folder / name).mkdir(exist_ok=True)
            definitions.append(StoreDefinition(name, "folder", role, label=name.upper(), path=str(folder / name)))
        cache = ReadCache(folder / "cache", 10 << 20)
        self.registry = StoreRegistry(self.database, definitions, folder / "secrets", cache, look_again_s=0)
        self.registry.adopt()
        self.storage = TieredStorage(self.online, self.registry.tiers, self.registry.holders)
        self.mover = StudyMover(self.database, self.online, self.registry)
        self.use = StudyUse(self.database, self.registry)
        self.objects = ArchiveObjects(self.database, self.storage, house.inbox)
        self.objects.on_use = self.use.opened
        self.copies = CopyService(self.registry, self.use)
        self.space = Space(500 << 30, 1000 << 30)
        self.fills = StoreFills(
            self.database, self.online, folder, "the data folder", self.registry, measure=lambda _path: self.space
        )
        organisation = OrganisationService()
        with self.database.write() as uow:
            organisation.seed_defaults(uow)
        self.organisation = organisation
        self.setup = StorageSetup(self.database, self.registry, self.fills, organisation.hospital)
        self.coming: list[ComingExam] = []
        self.jobs = LifecycleJobs(
            self.database,
            self.mover,
            self.registry,
            self.fills,
            organisation.hospital,
            lambda _uow: self.coming,
        )

    def a_study(self, slices: int = 3, *, days_old: float = 100, **attributes: Any) -> str:
        """Store a study whose last image came so long ago; returns its UID."""
        series = a_series(slices)
        for number, dataset in enumerate(series):
            for keyword, value in attributes.items():
                setattr(dataset, keyword, value)
            self.house.send(dataset, attributes.get("AETitle", "CT1"))
            assert number < slices
        assert self.house.indexer.wait_until_idle()
        uid = str(series[0].StudyInstanceUID)
        self.set(uid, changed_at=datetime.now(UTC) - timedelta(days=days_old))
        return uid

    def set(self, study_uid: str, **values: Any) -> None:
        with self.database.write() as uow:
            uow.session.execute(update(Study).where(Study.uid == study_uid).values(**values))

    def study(self, study_uid: str) -> Any:
        with self.database.read() as uow:
            return uow.session.execute(select(Study).where(Study.uid == study_uid)).scalar_one()

    def keys(self, study_uid: str) -> list[str]:
        with self.database.read() as uow:
            rows = (
                select(Instance.object_key)
                .join(Series, Series.id == Instance.series_pk)
                .join(Study, Study.id == Series.study_pk)
                .where(Study.uid == study_uid)
            )
            return sorted(uow.session.execute(rows).scalars())

    def rows(self, study_uid: str) -> dict[str, StudyCopy]:
        with self.database.read() as uow:
            found = uow.session.execute(select(StudyCopy).where(StudyCopy.study_uid == study_uid)).scalars()
            return {row.store: row for row in found}

    def states(self, study_uid: str) -> dict[str, str]:
        return {name: row.state for name, row in self.rows(study_uid).items()}

    def store(self, name: str) -> ObjectStorage:
        found = self.registry.get(name)
        assert found is not None
        return found.storage

    def place(self, name: str, key: str) -> Path:
        """The file of an object in one of the folders."""
        store = self.store(name)
        assert isinstance(store, MediumStorage)
        return store.require().path_of(key)

    def held(self, name: str) -> set[str]:
        return set(self.online.keys() if name == "online" else self.store(name).keys())

    def rule(self, **values: Any) -> int:
        entry = RuleEntry(**{"name": "rule", "after_days": 30, "unused_days": 10, "keep_in": ("near",), **values})
        with self.database.write() as uow:
            return self.setup.save_rule(uow, entry, None, 0).id

    def apply(self) -> str:
        return self.jobs.apply_rules(self.context())

    def context(self, **payload: Any) -> JobContext:
        with self.database.write() as uow:
            job = enqueue(uow, "test", payload)
        return JobContext(self.database, job, payload, threading.Event())

    def work_off(self, kind: str) -> int:
        """Do every job of a kind that waits; returns how many."""
        runner = JobRunner(self.database, self.jobs.kinds())
        count = 0
        while runner.run_one(kind):
            count += 1
        return count

    def read_all(self, study_uid: str) -> dict[str, str]:
        """SOP Instance UID → SHA-256 of the data set as a retrieval gives it."""
        found = {}
        for one in self.objects.objects(study_uids=[study_uid]):
            with one.open() as data:
                found[one.sop_instance_uid] = hashlib.sha256(data).hexdigest()
        return found

    def check(self) -> CheckView:
        return check(self.database, self.storage, lambda _key: False)
