"""Puts registrations together: what they take from the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from server.archive.service import ArchiveService
from server.archive.tables import Study
from server.bootstrap.results import ArchiveOfResults, Receive
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal
from server.registrations.making import RegistrationMaker
from server.registrations.ports import NotYet, StudyThere
from server.registrations.rpc import RegistrationsRpc
from server.registrations.service import RegistrationService
from server.results import ports as results_ports
from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset

    from server.bootstrap.jobs import JobsHouse
    from server.kernel.jobs import JobKind


class ArchiveOfRegistrations:
    """registrations.ports.Archive over the index and the receiver."""

    def __init__(self, database: Database, archive: ArchiveService, receive: Receive | None = None, title: str = ""):
        self._database = database
        self._archive = archive
        given = () if receive is None else (receive, title)
        self._results = ArchiveOfResults(database, archive.objects, *given)

    def patient_of(self, uow: UnitOfWork, study_uid: str) -> str | None:
        found: str | None = uow.session.execute(select(Study.patient_id).where(Study.uid == study_uid)).scalar()
        return found

    def study(self, study_uid: str) -> StudyThere | None:
        with self._database.read() as uow:
            study = uow.session.scalars(select(Study).where(Study.uid == study_uid)).one_or_none()
            if study is None:
                return None
            try:
                view = self._archive.get_study(uow, study_uid)
            except Refusal:
                return None
            images = {
                series.series_uid: tuple(
                    InstanceReference(study_uid, series.series_uid, one.sop_class_uid, one.sop_instance_uid)
                    for one in series.instances
                    if one.rows and one.columns
                )
                for series in view.series
            }
            return StudyThere(
                StudyFacts(study.uid, study.accession, study.study_id, None, study.description, study.referring_name),
                PatientFacts(study.patient_id, study.patient_name, sex=study.sex, issuer=study.issuer),
                {"PatientBirthDate": study.birth_date, "StudyDate": study.study_date, "StudyTime": study.study_time},
                images,
            )

    def file(self, sop_uid: str) -> bytes | None:
        try:
            return bytes(self._archive.objects.part10(sop_uid))
        except Refusal:
            return None

    def store(self, made: Dataset) -> None:
        try:
            self._results.store(made)
        except results_ports.NotYet as waits:
            raise NotYet(str(waits)) from waits

    def holds(self, sop_uids: Sequence[str]) -> bool:
        return self._results.holds(sop_uids)


def build_registrations(database: Database, archive: ArchiveService, time: HospitalTime) -> RegistrationsRpc:
    """The handlers."""
    return RegistrationsRpc(RegistrationService(ArchiveOfRegistrations(database, archive), time))


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Making objects of registrations and stitched pictures."""
    from server.bootstrap.indexing import receiver_of  # it imports the areas, which import this module

    areas = house.areas
    receiver = receiver_of(house.settings, house.relay_address, house.relay_token, areas)
    archive = ArchiveOfRegistrations(house.database, areas.archive, receiver.receive, house.settings.ae_title)
    return RegistrationMaker(house.database, archive, areas.time).kinds()
