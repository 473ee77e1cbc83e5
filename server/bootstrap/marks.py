"""Puts marks together: what they take from the archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from server.archive.service import ArchiveService
from server.archive.tables import Study
from server.bootstrap.made_objects import ArchiveOfMadeObjects, receiving
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.marks.making import MarksMaker
from server.marks.ports import MarkedStudy, NotYet
from server.marks.rpc import MarksRpc
from server.marks.service import MarksService
from shared.contract.archive import InstanceView, SeriesView
from shared.dicomkit.headers import InstanceReference
from shared.dicomkit.marks import ImageFacts

if TYPE_CHECKING:
    from server.bootstrap.jobs import JobsHouse
    from server.kernel.jobs import JobKind


@dataclass(frozen=True, slots=True)
class Marks:
    """The area, put together."""

    service: MarksService
    handlers: MarksRpc


class ArchiveOfMarks(ArchiveOfMadeObjects):
    """marks.ports.Archive over the index and the receiver."""

    not_yet = NotYet

    def knows(self, uow: UnitOfWork, study_uid: str) -> bool:
        return uow.session.execute(select(Study.id).where(Study.uid == study_uid)).scalar_one_or_none() is not None

    def study(self, study_uid: str) -> MarkedStudy | None:
        found = self._found(study_uid)
        if found is None:
            return None
        images = {one.sop_instance_uid: _image(study_uid, series, one) for series, one in found.images()}
        return MarkedStudy(found.study, found.patient, found.fixed, images)


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
    return MarksMaker(house.database, ArchiveOfMarks(*receiving(house)), house.areas.time).kinds()
