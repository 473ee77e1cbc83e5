"""Puts assisted reading together: the archive and routing as it sees them, and the job that carries requests out."""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from server.archive.tables import Instance, Series, Study
from server.bootstrap.remote import ReportsOfRemote
from server.kernel.errors import Refusal
from server.kernel.jobs import JobKind
from server.remote.services.http import HttpServices
from server.remote.services.rpc import RemoteServicesRpc
from server.remote.services.service import JOB, AssistedReading

if TYPE_CHECKING:
    from server.archive.routing.service import RoutingService
    from server.archive.service import ArchiveService
    from server.bootstrap.folders import Folders
    from server.bootstrap.jobs import JobsHouse
    from server.exams.service import ExamService
    from server.kernel.clock import HospitalTime
    from server.kernel.database import UnitOfWork
    from server.kernel.dispatch import Caller
    from server.reporting.service import ReportService

_REPORTS = "1.2.840.10008.5.1.4.1.1.88."  # SR document storage classes
_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"


class ImagesOfServices:
    """services.ports.Images."""

    def __init__(self, archive: ArchiveService, routing: RoutingService) -> None:
        self._archive = archive
        self._routing = routing

    def newest(self, uow: UnitOfWork) -> int:
        return int(uow.session.scalar(select(func.coalesce(func.max(Instance.id), 0))) or 0)

    def send(self, uow: UnitOfWork, study_uid: str, target_id: int) -> None:
        self._routing.send_study(uow, study_uid, target_id)

    def has_target(self, uow: UnitOfWork, target_id: int) -> bool:
        return any(one.id == target_id for one in self._routing.list_targets(uow))

    def answers(self, uow: UnitOfWork, study_uids: Collection[str], after_id: int) -> tuple[tuple[str, bool], ...]:
        is_report = Instance.sop_class_uid.startswith(_REPORTS)
        found = (
            select(Instance.uid, Instance.sop_class_uid)
            .join(Series, Series.id == Instance.series_pk)
            .join(Study, Study.id == Series.study_pk)
            .where(Study.uid.in_(list(study_uids)), Instance.id > after_id)
            .where(is_report | (Instance.sop_class_uid == _SEGMENTATION))
            .order_by(Instance.id)
            .limit(50)
        )
        return tuple((uid, kind.startswith(_REPORTS)) for uid, kind in uow.session.execute(found))

    def text(self, sop_instance_uid: str) -> str:
        import pydicom

        from shared.dicomkit.content_reading import report_of

        try:
            data = bytes(self._archive.objects.part10(sop_instance_uid))
            root = report_of(pydicom.dcmread(BytesIO(data))).root
        except (Refusal, ValueError, KeyError, AttributeError, pydicom.errors.InvalidDicomError):
            return ""
        said = (one for one in root.walk() if one.value and one.value_type in ("TEXT", "CODE", "NUM"))
        return "\n".join(f"{one.name}：{one.value}{one.unit}" if one.name else one.value for one in said)


class ExamsOfServices(ReportsOfRemote):
    """services.ports.Exams."""

    def demand(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        self.exam(uow, caller, exam_id)


def build_assisted_reading(
    exams: ExamService,
    reports: ReportService,
    archive: ArchiveService,
    routing: RoutingService,
    folders: Folders,
    time: HospitalTime,
) -> AssistedReading:
    """Build the room."""
    images = ImagesOfServices(archive, routing)
    return AssistedReading(ExamsOfServices(exams, reports), images, HttpServices(folders.secrets), time)


def handlers(service: AssistedReading) -> tuple[object, ...]:
    """What workstations call."""
    return (RemoteServicesRpc(service),)


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Carrying one request out; it is asked again every few seconds, so it may be begun often."""
    return [JobKind(JOB, house.areas.assisted.perform, lane="forward", max_attempts=100_000)]
