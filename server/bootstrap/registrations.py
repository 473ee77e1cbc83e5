"""Puts registrations together: what they take from the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from server.archive.service import ArchiveService
from server.archive.tables import Study
from server.bootstrap.made_objects import ArchiveOfMadeObjects, receiving
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal
from server.registrations.making import RegistrationMaker
from server.registrations.ports import NotYet, StudyThere
from server.registrations.rpc import RegistrationsRpc
from server.registrations.service import RegistrationService
from shared.dicomkit.headers import InstanceReference

if TYPE_CHECKING:
    from server.bootstrap.jobs import JobsHouse
    from server.kernel.jobs import JobKind


class ArchiveOfRegistrations(ArchiveOfMadeObjects):
    """registrations.ports.Archive over the index and the receiver."""

    not_yet = NotYet

    def patient_of(self, uow: UnitOfWork, study_uid: str) -> str | None:
        found: str | None = uow.session.execute(select(Study.patient_id).where(Study.uid == study_uid)).scalar()
        return found

    def study(self, study_uid: str) -> StudyThere | None:
        found = self._found(study_uid)
        if found is None:
            return None
        images: dict[str, list[InstanceReference]] = {series.series_uid: [] for series in found.series}
        for series, one in found.images():
            reference = InstanceReference(study_uid, series.series_uid, one.sop_class_uid, one.sop_instance_uid)
            images[series.series_uid].append(reference)
        return StudyThere(found.study, found.patient, found.fixed, {uid: tuple(all_) for uid, all_ in images.items()})

    def file(self, sop_uid: str) -> bytes | None:
        try:
            return bytes(self._archive.objects.part10(sop_uid))
        except Refusal:
            return None


def build_registrations(database: Database, archive: ArchiveService, time: HospitalTime) -> RegistrationsRpc:
    """The handlers."""
    return RegistrationsRpc(RegistrationService(ArchiveOfRegistrations(database, archive), time))


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Making objects of registrations and stitched pictures."""
    return RegistrationMaker(house.database, ArchiveOfRegistrations(*receiving(house)), house.areas.time).kinds()
