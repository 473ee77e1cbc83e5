"""Puts marks together: what they take from the archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from server.archive.service import ArchiveService
from server.archive.tables import Study
from server.bootstrap.results import ArchiveOfResults, Receive
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal
from server.marks.making import MarksMaker
from server.marks.ports import MarkedStudy, NotYet
from server.marks.rpc import MarksRpc
from server.marks.service import MarksService
from server.results import ports as results_ports
from shared.contract.archive import InstanceView, SeriesView
from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts
from shared.dicomkit.marks import ImageFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset

    from server.bootstrap.jobs import JobsHouse
    from server.kernel.jobs import JobKind


@dataclass(frozen=True, slots=True)
class Marks:
    """The area, put together."""

    service: MarksService
    handlers: MarksRpc


class ArchiveOfMarks:
    """marks.ports.Archive over the index and the receiver."""

    def __init__(self, database: Database, archive: ArchiveService, receive: Receive | None = None, title: str = ""):
        self._database = database
        self._archive = archive
        given = () if receive is None else (receive, title)
        self._results = ArchiveOfResults(database, archive.objects, *given)

    def knows(self, uow: UnitOfWork, study_uid: str) -> bool:
        return uow.session.execute(select(Study.id).where(Study.uid == study_uid)).scalar_one_or_none() is not None

    def study(self, study_uid: str) -> MarkedStudy | None:
        with self._database.read() as uow:
            study = uow.session.scalars(select(Study).where(Study.uid == study_uid)).one_or_none()
            if study is None:
                return None
            try:
                view = self._archive.get_study(uow, study_uid)
            except Refusal:
                return None
            images = {
                one.sop_instance_uid: _image(study_uid, series, one)
                for series in view.series
                for one in series.instances
                if one.rows and one.columns
            }
            return MarkedStudy(
                StudyFacts(study.uid, study.accession, study.study_id, None, study.description, study.referring_name),
                PatientFacts(study.patient_id, study.patient_name, sex=study.sex, issuer=study.issuer),
                {"PatientBirthDate": study.birth_date, "StudyDate": study.study_date, "StudyTime": study.study_time},
                images,
            )

    def store(self, made: Dataset) -> None:
        try:
            self._results.store(made)
        except results_ports.NotYet as waits:
            raise NotYet(str(waits)) from waits

    def holds(self, sop_uids: Sequence[str]) -> bool:
        return self._results.holds(sop_uids)


def _image(study_uid: str, series: SeriesView, one: InstanceView) -> ImageFacts:
    colour = one.samples_per_pixel > 1 or one.photometric_interpretation == "PALETTE COLOR"
    unit = one.rescale_type or ("HU" if series.modality == "CT" else "US")
    return ImageFacts(
        InstanceReference(study_uid, series.series_uid, one.sop_class_uid, one.sop_instance_uid),
        one.rows,
        one.columns,
        frames=max(one.frames, 1),
        is_colour=colour,
        rescale=None if colour else (one.rescale_slope or 1.0, one.rescale_intercept, unit),
        spacing=one.pixel_spacing or one.imager_pixel_spacing,
        modality=series.modality,
    )


def build_marks(database: Database, archive: ArchiveService, time: HospitalTime) -> Marks:
    """The service and its handlers."""
    service = MarksService(ArchiveOfMarks(database, archive), time)
    return Marks(service, MarksRpc(service))


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Making objects of marks."""
    from server.bootstrap.indexing import receiver_of  # it imports the areas, which import this module

    areas = house.areas
    receiver = receiver_of(house.settings, house.relay_address, house.relay_token, areas)
    archive = ArchiveOfMarks(house.database, areas.archive, receiver.receive, house.settings.ae_title)
    return MarksMaker(house.database, archive, areas.time).kinds()
