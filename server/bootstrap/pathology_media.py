"""Puts pictures, video and voice of cases together: what they take from cases, from the archive, from the disk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from server.archive.receive import ObjectName, StoreRefused
from server.archive.tables import Instance
from server.doors.rpc.bulk import BulkItem, BulkSource
from server.kernel.errors import not_found
from server.kernel.jobs import JobKind, Schedule
from server.kernel.storage.durability import Durability
from server.kernel.storage.folder import FolderStorage
from server.pathology.media.calibrations import Calibrations
from server.pathology.media.keeping import FORGET_JOB, MediaKeeping
from server.pathology.media.making import MediaMaker
from server.pathology.media.ports import NotYet, PieceFacts
from server.pathology.media.rpc import MediaRpc
from server.pathology.media.service import MediaService
from server.pathology.media.uploads import UploadFolder
from server.pathology.study import piece_uid, study_of
from server.pathology.technique.tables import BlockRow, SlideRow, SpecimenRow
from shared.contract.base import AuditClass
from shared.contract.corrections import RejectInstances
from shared.domain.pathology import BlockState
from shared.domain.permissions import Permission

SCHEDULES = (Schedule(FORGET_JOB, timedelta(days=1)),)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pydicom.dataset import Dataset

    from server.archive.corrections.rejection import Rejection
    from server.bootstrap.jobs import JobsHouse
    from server.bootstrap.pathology import PathologyHouse
    from server.bootstrap.results import Receive
    from server.kernel.clock import HospitalTime
    from server.kernel.database import Database, UnitOfWork
    from server.kernel.dispatch import Caller
    from server.kernel.storage.port import ObjectStorage
    from server.pathology.cases.service import CaseService
    from shared.dicomkit.headers import PatientFacts, StudyFacts


@dataclass(frozen=True, slots=True)
class PathologyMedia:
    """The room, put together."""

    service: MediaService
    handlers: MediaRpc
    keeping: MediaKeeping
    storage: ObjectStorage
    cases: CasesOfMedia


class CasesOfMedia:
    """pathology.media.ports.Cases over the rooms of cases and technique."""

    def __init__(self, cases: CaseService, time: HospitalTime) -> None:
        self._cases = cases
        self._time = time

    def demand(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        self._cases.demand(uow, caller, case_id)

    def demand_open(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        self._cases.demand_open(uow, caller, case_id)

    def owns(
        self, uow: UnitOfWork, case_id: int, specimen_id: int | None, block_id: int | None, slide_id: int | None
    ) -> bool:
        rows: list[SpecimenRow | BlockRow | SlideRow | None] = []
        if specimen_id is not None:
            rows.append(uow.session.get(SpecimenRow, specimen_id))
        if block_id is not None:
            rows.append(uow.session.get(BlockRow, block_id))
        if slide_id is not None:
            rows.append(uow.session.get(SlideRow, slide_id))
        return all(row is not None and row.case_id == case_id and row.state != BlockState.DELETED.value for row in rows)

    def patient_and_study(self, uow: UnitOfWork, case_id: int) -> tuple[PatientFacts, StudyFacts]:
        return study_of(self._cases.facts(uow, case_id), self._time)

    def piece(
        self, uow: UnitOfWork, case_id: int, specimen_id: int | None, block_id: int | None, slide_id: int | None
    ) -> PieceFacts:
        facts = self._cases.facts(uow, case_id)
        slide = uow.session.get(SlideRow, slide_id) if slide_id is not None else None
        if slide is not None:
            return PieceFacts(slide.number, piece_uid(facts, "slide", slide.id), slide.stain)
        block = uow.session.get(BlockRow, block_id) if block_id is not None else None
        if block is not None:
            return PieceFacts(block.number or block.label, piece_uid(facts, "block", block.id), block.site)
        specimen = uow.session.get(SpecimenRow, specimen_id) if specimen_id is not None else None
        if specimen is not None:
            return PieceFacts(specimen.number, piece_uid(facts, "specimen", specimen.id), specimen.name)
        return PieceFacts(facts.number or str(case_id), piece_uid(facts, "case", case_id), facts.specimen_name)


class ArchiveOfMedia:
    """pathology.media.ports.Archive over the receiver and the index."""

    def __init__(self, database: Database, receive: Receive, ae_title: str) -> None:
        self._database = database
        self._receive = receive
        self._ae_title = ae_title

    def store(self, made: Dataset) -> None:
        from pydicom.filebase import DicomBytesIO
        from pydicom.filewriter import write_dataset

        out = DicomBytesIO()
        out.is_little_endian, out.is_implicit_VR = True, False
        write_dataset(out, made)
        what = ObjectName(str(made.SOPClassUID), str(made.SOPInstanceUID), str(made.file_meta.TransferSyntaxUID))
        try:
            self._receive(what, self._ae_title, memoryview(out.getvalue()))
        except StoreRefused as refused:
            raise NotYet(f"存档没有接收：{refused.sentence}") from None

    def holds(self, sop_uids: Sequence[str]) -> bool:
        counted = select(func.count()).select_from(Instance).where(Instance.uid.in_(sop_uids))
        with self._database.read() as uow:
            return int(uow.session.execute(counted).scalar_one()) >= len(set(sop_uids))


def build_pathology_media(house: PathologyHouse, cases: CaseService) -> PathologyMedia:
    """The services and handlers. Bytes lie beside the documents: the archive's proof must not call them orphans."""
    storage = FolderStorage(house.folders.documents, durability=Durability.OBJECT, reserve_bytes=0)
    of_media = CasesOfMedia(cases, house.time)
    service = MediaService(storage, of_media, house.time)
    uploads = UploadFolder(house.folders.documents / "uploads", house.settings.reserve_mb << 20)
    keeping = MediaKeeping(house.database, storage, uploads, of_media, house.time)
    return PathologyMedia(service, MediaRpc(service, keeping, Calibrations(house.time)), keeping, storage, of_media)


def bulk_sources(media: PathologyMedia, database: Database) -> Mapping[str, BulkSource]:
    """Bytes and thumbnails by the bulk channel."""

    def reading(read: Callable[[UnitOfWork, Caller, int], bytes]) -> Callable[[Caller, str, int], BulkItem]:
        def item(caller: Caller, name: str, _number: int) -> BulkItem:
            if not name.isdecimal() or len(name) > 12:
                raise not_found("影像")
            with database.read() as uow:
                return BulkItem(read(uow, caller, int(name)))

        return item

    may, audit = Permission.PATHOLOGY_VIEW, AuditClass.PATIENT_RECORD
    return {
        "pathology_media": BulkSource(may, audit, reading(media.service.open)),
        "pathology_thumbnail": BulkSource(may, AuditClass.ROUTINE, reading(media.service.thumbnail)),
    }


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Making objects of captures, and rejecting those of deleted ones."""
    from server.bootstrap.indexing import receiver_of  # it imports the areas, which import this module

    areas = house.areas
    receiver = receiver_of(house.settings, house.relay_address, house.relay_token, areas)
    archive = ArchiveOfMedia(house.database, receiver.receive, house.settings.ae_title)
    media = areas.pathology.media
    maker = MediaMaker(house.database, media.storage, media.cases, archive, _rejecting(areas.rejection), areas.time)
    return [*maker.kinds(), JobKind(FORGET_JOB, media.keeping.forget_old, lane="house")]


def _rejecting(rejection: Rejection) -> Callable[[UnitOfWork, str, str, str], None]:
    def reject(uow: UnitOfWork, study_uid: str, sop_uid: str, by: str) -> None:
        rejection.reject(
            uow,
            by,
            RejectInstances(
                study_uid=study_uid, instance_uids=(sop_uid,), code="113001", reason="病理影像已由使用者删除"
            ),
        )

    return reject
