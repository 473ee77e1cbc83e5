"""Puts results together: what they take from reporting, printing, signing, the archive and the interfaces."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import func, select

from server.archive.objects import ArchiveObjects
from server.archive.receive import ObjectName, StoreRefused
from server.archive.tables import Instance, Study
from server.interfaces.connections import Connections
from server.interfaces.tables import InterfaceConnection, InterfaceMessage
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import Refusal, illegal_action
from server.results.exporting import Exporting
from server.results.making import SCHEDULES, ResultMaker
from server.results.ports import Connection, Letter, NotYet, Sent, StudyOfReport
from server.results.rpc import ResultsRpc
from server.results.rules import APPROVED
from server.results.service import ResultService
from shared.contract.interfaces import InterfaceKind
from shared.contract.printing import DocumentView
from shared.contract.reporting import ReportView
from shared.contract.structured import CodedReport
from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts
from shared.dicomkit.names import pn_value
from shared.domain.ecg_reports import FIRST_ECG_REPORT_ID
from shared.domain.pathology_reports import FIRST_REPORT_ID
from shared.domain.structured import CodedValue

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from server.bootstrap.hl7 import Interfaces
    from server.bootstrap.jobs import JobsHouse
    from server.exams.service import ExamService
    from server.interfaces.outgoing import Outgoing
    from server.kernel.jobs import JobKind
    from server.organisation.service import OrganisationService
    from server.printing.documents import DocumentStore
    from server.reporting.service import ReportService
    from shared.contract.exams import ExamView

__all__ = ["SCHEDULES", "Results", "build_results", "job_kinds"]

_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_NO_IMAGES = ("1.2.840.10008.5.1.4.1.1.88.", "1.2.840.10008.5.1.4.1.1.104.", "1.2.840.10008.5.1.4.1.1.11.")
_MOST_IMAGES = 20_000


@dataclass(frozen=True, slots=True)
class Results:
    """The area, put together."""

    service: ResultService
    sources: SourcesOfResults
    paper: PaperOfReports
    documents: DocumentStore
    handlers: ResultsRpc


class Printer(Protocol):
    """Printing, as far as an unsigned paper is concerned."""

    def preview_report(self, caller: Caller, report_id: int, language: str = "zh") -> DocumentView: ...


class SignedPapers(Protocol):
    """The signed PDF of a report's present edition."""

    def paper(self, caller: Caller, report_id: int, language: str = "zh") -> int | None: ...

    def kept(self, uow: UnitOfWork, report_id: int, edition: int, language: str = "zh") -> int: ...


class CodedValuesOfForms(Protocol):
    """What structured forms say in codes."""

    def of_view(self, uow: UnitOfWork, report: ReportView) -> CodedReport: ...


class Source(Protocol):
    """Another area whose reports go out: its ids lie above those of imaging reports."""

    def get(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView: ...

    def exam(self, uow: UnitOfWork, exam_id: int) -> ExamView: ...

    def pdf(self, view: ReportView, edition: int, language: str = "zh") -> bytes: ...


class SourcesOfResults:
    """results.ports.Reports over imaging and, once they are there, pathology and the ECG network."""

    def __init__(self, imaging: ReportService) -> None:
        self._imaging = imaging
        self.pathology: Source | None = None
        self.ecg: Source | None = None

    def of(self, report_id: int) -> Source | None:
        """Return the other area that a report is of; None for imaging."""
        if report_id >= FIRST_ECG_REPORT_ID:
            return self.ecg
        return self.pathology if report_id >= FIRST_REPORT_ID else None

    def get(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        other = self.of(report_id)
        return self._imaging.get(uow, caller, report_id) if other is None else other.get(uow, caller, report_id)


class ExamsOfResults:
    """Exams of imaging, and what stands for them in other areas."""

    def __init__(self, exams: ExamService, sources: SourcesOfResults) -> None:
        self._exams = exams
        self._sources = sources

    def view(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ExamView:
        other = self._sources.of(exam_id)
        return self._exams.view(uow, caller, exam_id) if other is None else other.exam(uow, exam_id)


class PaperOfReports:
    """results.ports.Paper: the signed paper of that edition, else, where nothing is signed, what would be printed.

    Only the present edition can still be drawn: one that was replaced before its paper was made has none.
    """

    def __init__(
        self,
        database: Database,
        documents: DocumentStore,
        printer: Printer,
        signed: SignedPapers | None,
        reports: ReportService,
        sources: SourcesOfResults,
    ) -> None:
        self._sources = sources
        self._database = database
        self._documents = documents
        self._printer = printer
        self._signed = signed
        self._reports = reports

    def pdf(self, view: ReportView, edition: int, language: str = "zh") -> bytes:
        report_id = view.row.id
        other = self._sources.of(report_id)
        if other is not None:
            return other.pdf(view, edition, language)
        document_id = self._kept(report_id, edition, language)
        if document_id is None:
            self._demand_present(report_id, edition)
            made = None if self._signed is None else self._signed.paper(SYSTEM, report_id, language)
            document_id = self._kept(report_id, edition, language)
            if made is not None and document_id is None:
                raise NotYet("报告正在更正，稍后再试。")
        if document_id is None:
            document_id = self._printer.preview_report(SYSTEM, report_id, language).id
        with self._database.read() as uow:
            return self._documents.open_document(uow, SYSTEM, document_id)

    def _kept(self, report_id: int, edition: int, language: str) -> int | None:
        if self._signed is None:
            return None
        try:
            with self._database.read() as uow:
                return self._signed.kept(uow, report_id, edition, language)
        except Refusal:
            return None

    def _demand_present(self, report_id: int, edition: int) -> None:
        with self._database.read() as uow:
            present = self._reports.get(uow, SYSTEM, report_id)
        if present.row.state not in APPROVED or max(present.edition, 1) != edition:
            raise illegal_action(present.row.state, "该版本已被更正，当时没有生成纸质报告。")


class FormsOfReports:
    """results.ports.Forms over the area of structured reports."""

    def __init__(self, values: CodedValuesOfForms) -> None:
        self._values = values

    def coded(self, uow: UnitOfWork, report: ReportView) -> tuple[CodedValue, ...]:
        return self._values.of_view(uow, report).values


Receive = Callable[[ObjectName, str, memoryview], None]


def _nowhere(_what: ObjectName, _sender: str, _data: memoryview) -> None:
    raise RuntimeError("only the process of jobs stores results")


class ArchiveOfResults:
    """results.ports.Archive over the index and the receiver."""

    def __init__(
        self, database: Database, objects: ArchiveObjects, receive: Receive = _nowhere, ae_title: str = ""
    ) -> None:
        self._database = database
        self._objects = objects
        self._receive = receive
        self._ae_title = ae_title

    def study(self, view: ReportView) -> StudyOfReport:
        uids = view.row.study_uids or (view.exam.row.study_uid,)
        images: list[InstanceReference] = []
        for uid in uids:
            for one in self._objects.below(uid):
                if not one.sop_class_uid.startswith(_NO_IMAGES) and len(images) < _MOST_IMAGES:
                    images.append(
                        InstanceReference(one.study_uid, one.series_uid, one.sop_class_uid, one.sop_instance_uid)
                    )
        with self._database.read() as uow:
            found = {row.uid: row for row in uow.session.scalars(select(Study).where(Study.uid.in_(uids)))}
            there = next((found[uid] for uid in uids if uid in found), None)
            if there is None:
                return _registered(view, tuple(images))
            return _as_archived(there, view, tuple(images))

    def store(self, made: Dataset) -> None:
        from pydicom.filebase import DicomBytesIO
        from pydicom.filewriter import write_dataset

        out = DicomBytesIO()
        out.is_little_endian, out.is_implicit_VR = True, False
        write_dataset(out, made)
        what = ObjectName(str(made.SOPClassUID), str(made.SOPInstanceUID), _EXPLICIT_LITTLE)
        try:
            self._receive(what, self._ae_title, memoryview(out.getvalue()))
        except StoreRefused as refused:
            raise NotYet(f"存档没有接收：{refused.sentence}") from None

    def holds(self, sop_uids: Sequence[str]) -> bool:
        counted = select(func.count()).select_from(Instance).where(Instance.uid.in_(sop_uids))
        with self._database.read() as uow:
            return int(uow.session.execute(counted).scalar_one()) >= len(set(sop_uids))


def _registered(view: ReportView, images: tuple[InstanceReference, ...]) -> StudyOfReport:
    """A study that is not in the archive: as the exam was registered."""
    exam, patient = view.exam, view.exam.patient
    return StudyOfReport(
        StudyFacts(
            exam.row.study_uid,
            exam.row.accession_number,
            exam.row.accession_number[:16],
            exam.started_at,
            exam.row.items[:64],
        ),
        PatientFacts(
            patient.patient_number,
            pn_value(patient.name, patient.pinyin),
            patient.birth_date,
            patient.sex.value if patient.sex.value in ("M", "F", "O") else "",
        ),
        {},
        images,
    )


def _as_archived(study: Study, view: ReportView, images: tuple[InstanceReference, ...]) -> StudyOfReport:
    return StudyOfReport(
        StudyFacts(
            study.uid,
            study.accession or view.row.accession_number,
            study.study_id,
            None,
            study.description,
            study.referring_name,
        ),
        PatientFacts(study.patient_id, study.patient_name, sex=study.sex, issuer=study.issuer),
        {"PatientBirthDate": study.birth_date, "StudyDate": study.study_date, "StudyTime": study.study_time},
        images,
    )


class PostOfResults:
    """results.ports.Post over the interfaces' durable queue."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self._connections = Connections()

    def connections(self, uow: UnitOfWork) -> Mapping[int, Connection]:
        return {
            row.id: Connection(
                id=row.id,
                name=row.name,
                is_fhir=row.kind == InterfaceKind.FHIR_OUT.value,
                character_set=row.character_set,
                hl7_version=row.hl7_version,
                own_application=row.own_application,
                own_facility=row.own_facility,
                application=row.application,
                facility=row.facility,
                identifier_system=row.identifier_system,
                patient_system=row.patient_system,
            )
            for row in self._connections.outgoing(uow)
        }

    def put(self, uow: UnitOfWork, letter: Letter) -> int:
        connection: InterfaceConnection = self._connections.get(uow, letter.connection_id)
        return self._outgoing.put(
            uow,
            connection,
            exam_id=letter.exam_id,
            message_type=letter.message_type,
            write=letter.write,
            character_set=letter.character_set,
            order_number=letter.order_number,
            accession_number=letter.accession_number,
            patient_name=letter.patient_name,
            identity=letter.identity,
        )

    def states(self, uow: UnitOfWork, message_ids: Collection[int]) -> Mapping[int, Sent]:
        if not message_ids:
            return {}
        rows = uow.session.scalars(select(InterfaceMessage).where(InterfaceMessage.id.in_(message_ids)))
        return {row.id: Sent(row.state, row.attempts, row.sentence, row.ack_code, row.finished_at) for row in rows}

    def resend(self, uow: UnitOfWork, message_id: int) -> None:
        self._outgoing.resend(uow, message_id)

    def give_up(self, uow: UnitOfWork, message_id: int) -> None:
        self._outgoing.give_up(uow, message_id)


def build_results(
    database: Database,
    objects: ArchiveObjects,
    organisation: OrganisationService,
    reports: ReportService,
    printer: Printer,
    signed: SignedPapers | None,
    documents: DocumentStore,
    interfaces: Interfaces,
    time: HospitalTime,
    values: CodedValuesOfForms | None = None,
) -> Results:
    """Build the area and let it follow the reports and the messages that carry results."""
    forms = None if values is None else FormsOfReports(values)
    sources = SourcesOfResults(reports)
    service = ResultService(sources, organisation, PostOfResults(interfaces.outgoing), time, forms=forms)
    reports.follow(service.report_stepped)

    def settled(uow: UnitOfWork, message: InterfaceMessage) -> None:
        service.message_settled(uow, message.id, message.state, message.sentence, message.ack_code)

    interfaces.outgoing.watchers.append(settled)
    interfaces.sending.watchers.append(settled)
    paper = PaperOfReports(database, documents, printer, signed, reports, sources)
    exporting = Exporting(database, service, ArchiveOfResults(database, objects), paper, time)
    return Results(service, sources, paper, documents, ResultsRpc(service, exporting))


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Making results."""
    from server.bootstrap.indexing import receiver_of  # it imports the areas, which import this module

    areas = house.areas
    receiver = receiver_of(house.settings, house.relay_address, house.relay_token, areas)
    archive = ArchiveOfResults(house.database, areas.archive.objects, receiver.receive, house.settings.ae_title)
    results = areas.results
    return ResultMaker(
        house.database,
        archive,
        results.paper,
        PostOfResults(areas.interfaces.outgoing),
        results.documents,
        areas.time,
    ).kinds()
