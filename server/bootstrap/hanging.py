"""Puts hanging together: what it takes from the archive."""

from __future__ import annotations

from collections.abc import Sequence

from server.archive.service import ArchiveService
from server.hanging.describing import Describing
from server.hanging.rpc import HangingRpc
from server.hanging.service import HangingService
from server.kernel.clock import HospitalTime
from server.kernel.database import Database
from server.kernel.errors import Refusal
from shared.contract.archive import ListStudies, StudyRow, StudyView


class ArchiveOfHanging:
    """hanging.ports.Archive over the index and the files."""

    def __init__(self, database: Database, archive: ArchiveService) -> None:
        self._database = database
        self._archive = archive

    def study(self, study_uid: str) -> StudyView | None:
        with self._database.read() as uow:
            try:
                return self._archive.get_study(uow, study_uid)
            except Refusal:
                return None

    def newest(self, count: int, modality: str) -> Sequence[StudyRow]:
        return self._archive.list_studies(ListStudies(modality=modality, limit=count)).rows

    def header(self, sop_instance_uid: str) -> bytes | None:
        try:
            return self._archive.objects.header(sop_instance_uid)
        except Refusal:
            return None


def build_hanging(database: Database, archive: ArchiveService, time: HospitalTime) -> HangingRpc:
    """The handlers."""
    return HangingRpc(HangingService(time), Describing(ArchiveOfHanging(database, archive)))
