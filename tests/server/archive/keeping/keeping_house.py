"""Keeping over the small archive of the tests: exams and copies that a test sets, a policy that a test saves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, select, update

from server.archive.keeping import discards, policy
from server.archive.keeping.ports import ExamFacts
from server.archive.keeping.service import KeepingService
from server.archive.keeping.tables import BinEntry
from server.archive.keeping.worker import Order, Result, Workshop, done
from server.archive.tables import Instance, Series, Study
from server.kernel.database import UnitOfWork
from server.kernel.errors import illegal_action
from shared.contract.keeping import DeleteImages, KeepingPolicy
from tests.server.archive.archive_house import House


class FakeExams:
    """Exams by id; remembers what it is told."""

    def __init__(self) -> None:
        self.by_id: dict[int, ExamFacts] = {}
        self.told: list[tuple[str, int, str]] = []

    def facts(self, uow: UnitOfWork, exam_id: int) -> ExamFacts | None:
        return self.by_id.get(exam_id)

    def images_arrived(
        self, uow: UnitOfWork, exam_id: int, study_uid: str, series_count: int, instance_count: int
    ) -> None:
        self.told.append(("arrived", exam_id, f"{series_count}/{instance_count}"))

    def images_withdrawn(self, uow: UnitOfWork, exam_id: int, study_uid: str) -> None:
        if self.by_id[exam_id].is_report_approved:
            raise illegal_action("approved", "报告已审核。")
        self.told.append(("withdrawn", exam_id, study_uid))


class FakeCopies:
    """Verified copies by study UID."""

    def __init__(self) -> None:
        self.by_uid: dict[str, int] = {}

    def verified(self, uow: UnitOfWork, study_uid: str) -> int:
        return self.by_uid.get(study_uid, 0)


class HereWorkshop(Workshop):
    """Does orders in the test's own process: the child is tested by itself."""

    def compress(self, order: Order) -> Result:
        return done(order)


class Keeping:
    """The archive of the tests with everything that keeps."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.database = house.database
        self.exams = FakeExams()
        self.copies = FakeCopies()
        self.service = KeepingService(
            house.database, house.storage, folder / "workshop", self.exams, self.copies, folder / "backup"
        )
        self.policy(compress_after_hours=0, compress_grace_minutes=0)

    def policy(self, **values: Any) -> KeepingPolicy:
        """Save the present policy with other values."""
        with self.database.write() as uow:
            present, row = policy.load(uow.session)
            wanted = msgspec.structs.replace(present, **values)
            policy.save(uow.session, row.version if row else 0, wanted, "test")
        return wanted

    def delete(self, study_uid: str, *, by: str = "wang", **where: Any) -> int:
        """Move images into the bin; the entry's id."""
        asked = DeleteImages(study_uid=study_uid, **{"reason": "拍错了病人", **where})
        with self.database.write() as uow:
            return self.service.delete_images(uow, asked, by).id

    def restore(self, entry_id: int) -> None:
        with self.database.write() as uow:
            self.service.restore(uow, entry_id)

    def purge(self, entry_id: int, by: str = "li", reason: str = "两人确认") -> int:
        """Purge by hand; how many instances the entry holds then."""
        with self.database.write() as uow:
            return self.service.purge_images(uow, entry_id, reason, by).instance_count

    def sweep(self) -> int:
        return discards.sweep(self.database, self.house.storage)

    def files(self) -> set[str]:
        return set(self.house.storage.keys())

    def findings(self) -> list[str]:
        """What a check of everything finds."""
        found = self.house.service.check(hashes=True)
        return [f"{one.kind}: {one.sentence}" for one in found.findings]

    def instances(self) -> list[Any]:
        """All instances in order of their ids."""
        with self.database.read() as uow:
            return list(uow.session.execute(select(Instance).order_by(Instance.id)).scalars())

    def study(self, uid: str) -> Study | None:
        with self.database.read() as uow:
            return uow.session.execute(select(Study).where(Study.uid == uid)).scalar_one_or_none()

    def counts(self) -> tuple[int, int, int]:
        """Studies, series and instances in the index."""
        with self.database.read() as uow:
            return tuple(  # type: ignore[return-value]
                uow.session.execute(select(func.count()).select_from(one)).scalar_one()
                for one in (Study, Series, Instance)
            )

    def entry(self, entry_id: int) -> BinEntry:
        with self.database.read() as uow:
            return uow.session.get_one(BinEntry, entry_id)

    def give_exam(self, study_uid: str, exam_id: int, **facts: Any) -> None:
        """Match a study to an exam."""
        self.exams.by_id[exam_id] = ExamFacts(**{"patient_kind": "ordinary", "is_report_approved": False, **facts})
        with self.database.write() as uow:
            uow.session.execute(
                update(Study).where(Study.uid == study_uid).values(exam_id=exam_id, match_state="matched")
            )
