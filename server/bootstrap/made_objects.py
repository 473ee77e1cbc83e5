"""What areas take from the archive that make DICOM objects of studies: the study, where objects go, what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from server.archive.service import ArchiveService
from server.archive.tables import Study
from server.bootstrap.results import ArchiveOfResults, Receive
from server.kernel.database import Database
from server.kernel.errors import Refusal
from server.results import ports as results_ports
from shared.contract.archive import InstanceView, SeriesView
from shared.dicomkit.headers import PatientFacts, StudyFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydicom.dataset import Dataset

    from server.bootstrap.jobs import JobsHouse


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """A study of the archive with what objects in it must say alike."""

    study: StudyFacts
    patient: PatientFacts
    fixed: Mapping[str, str]  # keyword → value as the archive has it, also where it is empty
    series: Sequence[SeriesView]

    def images(self) -> Iterator[tuple[SeriesView, InstanceView]]:
        """Everything that has pixels."""
        return ((one, image) for one in self.series for image in one.instances if image.rows and image.columns)


class ArchiveOfMadeObjects:
    """Base of the areas' adapters over the index and the receiver."""

    not_yet: type[Exception]
    """What the area calls an archive that cannot take objects now."""

    def __init__(self, database: Database, archive: ArchiveService, receive: Receive | None = None, title: str = ""):
        self._database = database
        self._archive = archive
        given = () if receive is None else (receive, title)
        self._results = ArchiveOfResults(database, archive.objects, *given)

    def _found(self, study_uid: str) -> FoundStudy | None:
        """The study in a unit of work of its own; None when it is gone."""
        with self._database.read() as uow:
            study = uow.session.scalars(select(Study).where(Study.uid == study_uid)).one_or_none()
            if study is None:
                return None
            try:
                view = self._archive.get_study(uow, study_uid)
            except Refusal:
                return None
            return FoundStudy(
                StudyFacts(study.uid, study.accession, study.study_id, None, study.description, study.referring_name),
                PatientFacts(study.patient_id, study.patient_name, sex=study.sex, issuer=study.issuer),
                {"PatientBirthDate": study.birth_date, "StudyDate": study.study_date, "StudyTime": study.study_time},
                view.series,
            )

    def store(self, made: Dataset) -> None:
        """Hand an object to the receiver; the same object twice is kept once. Raises what the area calls not yet."""
        try:
            self._results.store(made)
        except results_ports.NotYet as waits:
            raise self.not_yet(str(waits)) from waits

    def holds(self, sop_uids: Sequence[str]) -> bool:
        """Whether all of these are in the index."""
        return self._results.holds(sop_uids)


def receiving(house: JobsHouse) -> tuple[Database, ArchiveService, Receive, str]:
    """What an adapter takes in the house of jobs, where objects can be stored."""
    from server.bootstrap.indexing import receiver_of  # it imports the areas, which import the adapters

    areas = house.areas
    receiver = receiver_of(house.settings, house.relay_address, house.relay_token, areas)
    return house.database, areas.archive, receiver.receive, house.settings.ae_title
