"""Puts traces and acquisition of the ECG network together: what they take from exams, archive and disk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from server.archive.tables import Instance, Series, Study
from server.doors.rpc.bulk import BulkItem, BulkSource
from server.ecg.acquisition.arrivals import INTAKE_JOB, SOP_CLASSES, ArrivalsIntake, is_of_an_exam
from server.ecg.acquisition.devices import Devices
from server.ecg.acquisition.orphans import Orphans
from server.ecg.acquisition.receiving import Receiving
from server.ecg.acquisition.rpc import AcquisitionRpc, OrphansRpc, UploadsRpc
from server.ecg.acquisition.tasks import Tasks
from server.ecg.acquisition.uploads import FORGET_JOB, Uploads
from server.ecg.study import study_of
from server.ecg.traces.archiving import TraceMaker
from server.ecg.traces.documents import Documents
from server.ecg.traces.keeping import TraceKeeping
from server.ecg.traces.ports import ArrivedObject, NotYet
from server.ecg.traces.rpc import TracesRpc
from server.ecg.traces.service import TraceService
from server.kernel.errors import not_found
from server.kernel.jobs import JobKind, Schedule, enqueue
from server.kernel.storage.durability import Durability
from server.kernel.storage.folder import FolderStorage
from server.pathology.media.uploads import UploadFolder
from shared.contract.base import AuditClass
from shared.domain.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from pydicom.dataset import Dataset

    from server.archive.objects import ArchiveObjects
    from server.bootstrap.ecg import EcgHouse
    from server.bootstrap.ecg_exams import EcgExams
    from server.bootstrap.jobs import JobsHouse
    from server.bootstrap.results import ArchiveOfResults
    from server.ecg.exams.service import ExamService
    from server.kernel.clock import HospitalTime
    from server.kernel.database import Database, UnitOfWork
    from server.kernel.dispatch import Caller
    from server.patients.service import PatientService
    from shared.dicomkit.headers import PatientFacts, StudyFacts

SWEEP_JOB = "ecg_acquisition.sweep"
SCHEDULES = (Schedule(FORGET_JOB, timedelta(days=1)), Schedule(SWEEP_JOB, timedelta(hours=1)))
_LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class EcgTraces:
    """The rooms of traces and acquisition, put together."""

    service: TraceService
    keeping: TraceKeeping
    documents: Documents
    devices: Devices
    tasks: Tasks
    orphans: Orphans
    receiving: Receiving
    uploads: Uploads
    studies: StudiesOfExams
    intake: ArrivalsIntake
    rpc: TracesRpc
    handlers: tuple[object, ...]


class StudiesOfExams:
    """ecg.traces.ports.Studies over exams and patients."""

    def __init__(self, exams: ExamService, patients: PatientService, time: HospitalTime) -> None:
        self._exams = exams
        self._patients = patients
        self._time = time

    def patient_and_study(self, uow: UnitOfWork, exam_id: int) -> tuple[PatientFacts, StudyFacts]:
        facts = self._exams.facts(uow, exam_id)
        return study_of(facts, self._patients.get(uow, facts.filed_under_id), self._time)


class ArrivalsOfArchive:
    """ecg.traces.ports.Arrivals over the archive's index."""

    def __init__(self, database: Database, objects: ArchiveObjects) -> None:
        self._database = database
        self._objects = objects

    def of_study(self, study_id: int) -> Iterator[ArrivedObject]:
        statement = (
            select(Instance.uid, Instance.sop_class_uid, Study.uid, Study.accession)
            .join(Series, Series.id == Instance.series_pk)
            .join(Study, Study.id == Series.study_pk)
            .where(Study.id == study_id, Instance.sop_class_uid.in_(SOP_CLASSES))
            .order_by(Instance.id)
        )
        with self._database.read() as uow:
            rows = uow.session.execute(statement).all()
        for uid, sop_class, study_uid, accession in rows:
            yield ArrivedObject(uid, sop_class, study_uid, accession or "")

    def data(self, sop_uid: str) -> bytes:
        return bytes(self._objects.part10(sop_uid))


class ArchiveOfTraces:
    """ecg.traces.ports.Archive over the receiver and the index."""

    def __init__(self, results: ArchiveOfResults) -> None:
        self._results = results

    def store(self, made: Dataset) -> None:
        from server.results.ports import NotYet as ResultsNotYet

        try:
            self._results.store(made)
        except ResultsNotYet as waits:
            raise NotYet(str(waits)) from waits

    def holds(self, sop_uids: Sequence[str]) -> bool:
        return self._results.holds(sop_uids)


def trace_service(house: EcgHouse, exams: ExamService) -> TraceService:
    """The service, which exams need for their details. Bytes lie beside the documents, as pathology's do."""
    storage = FolderStorage(house.folders.documents, durability=Durability.OBJECT, reserve_bytes=0)
    return TraceService(storage, exams, house.time)


def build_ecg_traces(house: EcgHouse, exams: EcgExams, service: TraceService) -> EcgTraces:
    """Construct services and handlers."""
    keeping = TraceKeeping(service.storage, service, exams.service, house.time)
    documents = Documents(service, exams.service, house.time)
    devices = Devices(exams.campuses, house.time)
    tasks = Tasks(devices, exams.service, exams.campuses, house.time)
    exams.service.cancelling.append(tasks.stop_of_exam)
    orphans = Orphans(service, keeping, exams.service, exams.views, house.time)
    receiving = Receiving(exams.service, service, keeping, devices, tasks, orphans)
    folder = UploadFolder(house.folders.documents / "ecg_uploads", house.settings.reserve_mb << 20)
    uploads = Uploads(house.database, folder, service, keeping, receiving, house.time)
    arrivals = ArrivalsOfArchive(house.database, house.archive.objects)
    intake = ArrivalsIntake(house.database, exams.service, keeping, receiving, arrivals, house.time)
    house.archive.matching.others.append(partial(is_of_an_exam, exams.service))
    rpc = TracesRpc(service, keeping, documents, exams.service, exams.views)
    rpc.sees_orphan = orphans.sees
    return EcgTraces(
        service=service,
        keeping=keeping,
        documents=documents,
        devices=devices,
        tasks=tasks,
        orphans=orphans,
        receiving=receiving,
        uploads=uploads,
        studies=StudiesOfExams(exams.service, house.patients, house.time),
        intake=intake,
        rpc=rpc,
        handlers=(rpc, AcquisitionRpc(devices, tasks), UploadsRpc(uploads), OrphansRpc(orphans, receiving)),
    )


def settle(database: Database, studies: Collection[int]) -> None:
    """Studies got instances: those with ECGs are looked at by a job. Called where the index is written."""
    wanted = sorted(set(studies))
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        statement = select(Series.study_pk).where(Series.study_pk.in_(some), Series.modality == "ECG").distinct()
        with database.read() as uow:
            found = list(uow.session.scalars(statement))
        if found:
            with database.write() as uow:
                for study_id in found:
                    enqueue(uow, INTAKE_JOB, {"study": study_id}, key=str(study_id), title="DICOM 心电图接收")


def bulk_sources(traces: EcgTraces, database: Database) -> Mapping[str, BulkSource]:
    """Long records by the bulk channel: `ecg_trace` the compact record, `ecg_analysis` what was measured."""

    def reading(read: Callable[[UnitOfWork, Caller, int], bytes]) -> Callable[[Caller, str, int], BulkItem]:
        def item(caller: Caller, name: str, _number: int) -> BulkItem:
            if not name.isdecimal() or len(name) > 12:
                raise not_found("心电图")
            with database.read() as uow:
                return BulkItem(read(uow, caller, int(name)))

        return item

    return {
        "ecg_trace": BulkSource(Permission.ECG_VIEW, AuditClass.IMAGES, reading(traces.rpc.packed)),
        "ecg_analysis": BulkSource(Permission.ECG_VIEW, AuditClass.ROUTINE, reading(traces.rpc.analysis)),
    }


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Making objects, measuring long records, taking in what modalities stored."""
    from server.bootstrap.made_objects import receiving  # it imports the areas, which import this module
    from server.bootstrap.results import ArchiveOfResults

    database, archive, receive, title = receiving(house)
    traces = house.areas.ecg.traces
    maker = TraceMaker(
        database,
        traces.service,
        traces.keeping,
        traces.documents,
        house.areas.ecg.exams.service,
        traces.studies,
        ArchiveOfTraces(ArchiveOfResults(database, archive.objects, receive, title)),
        house.areas.time,
    )

    def sweep(_context: object) -> str:
        since = house.areas.time.now() - _LOOK_BACK
        statement = (
            select(Study.id)
            .join(Series, Series.study_pk == Study.id)
            .where(Study.received_at >= since, Series.modality == "ECG")
            .distinct()
        )
        with database.read() as uow:
            found = list(uow.session.scalars(statement))
        settle(database, found)
        return f"{len(found)} studies."

    return [
        *maker.kinds(),
        *traces.intake.kinds(),
        JobKind(FORGET_JOB, traces.uploads.forget_old, lane="house"),
        JobKind(SWEEP_JOB, sweep, lane="house"),
    ]
