"""Puts keeping together: its ports over other areas, and its jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from server.archive.keeping import jobs
from server.archive.keeping.ports import ExamFacts
from server.archive.keeping.repair import Repair
from server.archive.keeping.vault import Vault
from server.archive.lifecycle import placing
from server.audit.service import AuditService
from server.kernel.dispatch import SYSTEM
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.storage import ONLINE
from shared.domain.states import ReportState

if TYPE_CHECKING:
    from server.bootstrap.jobs import JobsHouse
    from server.exams.service import ExamService
    from server.kernel.database import UnitOfWork
    from server.kernel.jobs import JobKind
    from server.settings import Settings

SCHEDULES = jobs.SCHEDULES
_APPROVED = (ReportState.APPROVED, ReportState.PRINTED)


class KeepingExams:
    """keeping.ports.Exams over the exams area."""

    def __init__(self, exams: ExamService) -> None:
        self._exams = exams

    def facts(self, uow: UnitOfWork, exam_id: int) -> ExamFacts | None:
        try:
            row = self._exams.view(uow, SYSTEM, exam_id).row
        except Refusal as refusal:
            if refusal.body.code is ErrorCode.NOT_FOUND:
                return None
            raise
        return ExamFacts(row.patient_type.value, row.report_state in _APPROVED)

    def images_arrived(
        self, uow: UnitOfWork, exam_id: int, study_uid: str, series_count: int, instance_count: int
    ) -> None:
        self._exams.images_arrived(uow, exam_id, study_uid, series_count, instance_count)

    def images_withdrawn(self, uow: UnitOfWork, exam_id: int, study_uid: str) -> None:
        self._exams.images_withdrawn(uow, exam_id, study_uid)


class StoredCopies:
    """keeping.ports.Copies over the life cycle's rows."""

    def verified(self, uow: UnitOfWork, study_uid: str) -> int:
        held = placing.contents(uow.session, study_uid)
        if held is None:
            return 0
        copies = placing.copies(uow.session, study_uid)
        return sum(placing.is_good(copy, held) for store, copy in copies.items() if store != ONLINE)


def backup_folder(settings: Settings) -> Path | None:
    """Where backups go; None when the hospital has not said."""
    return Path(settings.backup_folder) if settings.backup_folder else None


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """The jobs of keeping."""
    from server.bootstrap.restoring import sources_of

    areas, folders = house.areas, house.folders
    vaults = [Vault(folder).spare for folder in (backup_folder(house.settings),) if folder is not None]
    repair = Repair(house.database, areas.storage, folders.inbox, vaults)
    return jobs.job_kinds(
        jobs.House(
            service=areas.keeping,
            database=house.database,
            storage=areas.storage,
            record=AuditService(house.database).record_in,
            sources=sources_of(house.settings, house.database, areas.storage),
            examine=areas.archive.examine,
            repair=repair.all,
        )
    )
