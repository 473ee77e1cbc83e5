"""Puts reports, terms, critical ECGs and figures of the ECG network together: paper, signing, results, alarm loops."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from server.bootstrap.ecg_orders import OrdersOfExams, follow_orders
from server.bootstrap.signing import SignerOfEditions
from server.critical.reading import Reading as CriticalReading
from server.ecg.consultations.ports import ReportOfExam
from server.ecg.critical.rpc import CriticalEcgsRpc
from server.ecg.critical.service import CriticalEcgs
from server.ecg.reports.books import Books, unpacked
from server.ecg.reports.delivery import Outgoing
from server.ecg.reports.editions import EcgEditions
from server.ecg.reports.issuing import Issuing
from server.ecg.reports.pages import Pages
from server.ecg.reports.paper import EcgPaper, render
from server.ecg.reports.rpc import EcgReportsRpc, Parts
from server.ecg.reports.tables import EcgEditionRow, EcgReportRow
from server.ecg.reports.writing import Writing
from server.ecg.terms.rpc import EcgTermsRpc
from server.ecg.terms.service import Terms
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import Refusal, illegal_action
from server.printing.report_service import spoken_language
from server.signing.papers import SignedPapers
from server.signing.ports import DrawnPaper
from shared.contract.ecg_reports import BatchRow
from shared.domain.ecg import ReportState
from shared.domain.ecg_reports import FIRST_ECG_REPORT_ID, exam_id_of, report_id_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from server.bootstrap.ecg import EcgHouse
    from server.critical.ports import Outside, Subject
    from server.ecg.exams.service import ExamService
    from server.ecg.traces.service import TraceService
    from server.kernel.database import Database, UnitOfWork
    from server.organisation.service import OrganisationService
    from server.printing.documents import DocumentStore
    from server.referrals.network import Network
    from shared.contract.exams import ExamView
    from shared.contract.reporting import ReportView


@dataclass(frozen=True, slots=True)
class EcgReports:
    """The rooms, put together."""

    parts: Parts
    terms: Terms
    critical: CriticalEcgs
    editions: EcgEditions
    hospitals: HospitalsOfNetwork
    of_consultations: ReportsOfConsultations
    handlers: tuple[object, ...]

    def seed(self, uow: UnitOfWork) -> None:
        """Fill an empty dictionary."""
        self.terms.seed(uow)

    def sees(self, uow: UnitOfWork, caller: Caller, report_id: int) -> bool:
        """Whether an account sees the exam that a report is about; for documents on the bulk channel."""
        with suppress(Refusal):
            self.parts.books.exams.demand(uow, caller, exam_id_of(report_id))
            return True
        return False


class HospitalsOfNetwork:
    """What a campus's hospital is called: its organisation of the network, else house and campus."""

    def __init__(self, organisation: OrganisationService, network: Network) -> None:
        self._organisation = organisation
        self._network = network

    def name(self, uow: UnitOfWork, campus_id: int) -> str:
        """Return the name in Chinese."""
        hospital = self._organisation.hospital(uow).view
        named = next((one for one in self._network.view(uow).organisations if campus_id in one.campus_ids), None)
        if named is not None and named.id:
            return named.name
        campus = next((one.name for one in hospital.campuses if one.id == campus_id), "")
        if not campus or len(hospital.campuses) < 2 or campus in hospital.name:
            return hospital.name
        return campus if hospital.name in campus else f"{hospital.name}{campus}"

    def exists(self, uow: UnitOfWork, campus_id: int) -> bool:
        """Whether there is such a campus."""
        return any(one.id == campus_id for one in self._organisation.hospital(uow).view.campuses)


class DrawingOfEcg:
    """signing.ports.Papers: the edition in the template that it was submitted with."""

    def __init__(self, database: Database, books: Books, paper: EcgPaper) -> None:
        self._database = database
        self._books = books
        self._paper = paper

    def draw_approved(self, caller: Caller, report_id: int, language: str) -> DrawnPaper:
        with self._database.read() as uow:
            report = self._books.report(uow, report_id)
            edition = self._books.edition(uow, report_id, report.edition)
            order = self._paper.of_edition(uow, edition, "", spoken_language(language))
        return DrawnPaper(render(order))


class _Hospital:
    """signing.ports.Hospital over the master data."""

    def __init__(self, organisation: OrganisationService) -> None:
        self._organisation = organisation

    def name(self, uow: UnitOfWork) -> str:
        return self._organisation.hospital(uow).view.name


class SourceOfResults:
    """bootstrap.results.Source: a report as results see it, and its paper."""

    def __init__(self, database: Database, outgoing: Outgoing, signed: SignedPapers, documents: DocumentStore) -> None:
        self._database = database
        self._outgoing = outgoing
        self._signed = signed
        self._documents = documents

    def get(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        return self._outgoing.get(uow, caller, report_id)

    def exam(self, uow: UnitOfWork, exam_id: int) -> ExamView:
        return self._outgoing.exam(uow, exam_id)

    def pdf(self, view: ReportView, edition: int, language: str = "zh") -> bytes:
        """The signed paper of the edition. Raises ILLEGAL_ACTION where it was withdrawn before one was made."""
        report_id = view.row.id
        document_id: int | None = None
        with suppress(Refusal), self._database.read() as uow:
            document_id = self._signed.kept(uow, report_id, edition, language)
        if document_id is None:
            with self._database.read() as uow:
                present = uow.session.get_one(EcgReportRow, report_id)
                if present.edition != edition or present.state != ReportState.SUBMITTED.value:
                    raise illegal_action("revised", "该版本已被撤回，当时没有生成纸质报告。")
            document_id = self._signed.paper(SYSTEM, report_id, language)
        if document_id is None:
            raise illegal_action("revised", "该版本已被撤回，当时没有生成纸质报告。")
        with self._database.read() as uow:
            return self._documents.open_document(uow, SYSTEM, document_id)


class OutsideOfHouse:
    """server.critical.ports.Outside over pathology and the ECG network, by the report's id."""

    def __init__(self, ecg: Outside, other: Outside | None) -> None:
        self._ecg = ecg
        self._other = other

    def subject(self, uow: UnitOfWork, caller: Caller, report_id: int) -> Subject:
        if report_id >= FIRST_ECG_REPORT_ID or self._other is None:
            return self._ecg.subject(uow, caller, report_id)
        return self._other.subject(uow, caller, report_id)


class ReportsOfConsultations:
    """ecg.consultations.ports.Reports over the room of reports."""

    def __init__(self, books: Books, issuing: Issuing) -> None:
        self._books = books
        self._issuing = issuing

    def first_opinion(self, uow: UnitOfWork, exam_id: int) -> str:
        draft = self._books.draft(uow, report_id_of(exam_id), 0)
        return "" if draft is None else unpacked(draft.body).diagnosis

    def waits_for_audit(self, uow: UnitOfWork, exam_id: int) -> bool:
        report = self._books.find(uow, exam_id)
        return report is not None and report.state == ReportState.PENDING.value

    def of_exams(self, uow: UnitOfWork, exam_ids: Collection[int]) -> Mapping[int, ReportOfExam]:
        found = (
            select(EcgReportRow.exam_id, EcgReportRow.print_count, EcgEditionRow.document_id)
            .join(
                EcgEditionRow,
                (EcgEditionRow.report_id == EcgReportRow.id) & (EcgEditionRow.number == EcgReportRow.edition),
            )
            .where(EcgReportRow.exam_id.in_(sorted(exam_ids)), EcgReportRow.state == ReportState.SUBMITTED.value)
        )
        return {row[0]: ReportOfExam(row[2], row[1]) for row in uow.session.execute(found)}

    def batch_print(
        self, caller: Caller, exam_ids: tuple[int, ...], template: str, language: str
    ) -> tuple[BatchRow, ...]:
        return self._issuing.batch_print(caller, exam_ids, template, language)


def build_ecg_reports(house: EcgHouse, exams: ExamService, traces: TraceService) -> EcgReports:
    """Build the rooms; signatures, results and alarm loops are bound here too."""
    hospitals = HospitalsOfNetwork(house.organisation, house.network)
    books = Books(exams, traces, hospitals, house.time)
    writing = Writing(books)
    paper = EcgPaper(books, house.time)
    issuing = Issuing(house.database, books, paper, house.documents)
    pages = Pages(books, writing)
    parts = Parts(books, writing, pages, issuing)
    editions, terms = EcgEditions(books), Terms()
    critical = CriticalEcgs(exams, traces, house.critical.service, CriticalReading(house.time), hospitals, house.time)
    pages.dangers, pages.terms = critical, terms
    traces.watchers.append(critical.arrived)
    house.critical.service.follow(critical.loop_stepped)
    _sign(house, parts, paper, editions)
    follow_orders(house, exams, _deliver(house, parts))
    return EcgReports(
        parts=parts,
        terms=terms,
        critical=critical,
        editions=editions,
        hospitals=hospitals,
        of_consultations=ReportsOfConsultations(books, issuing),
        handlers=(EcgReportsRpc(house.database, parts), EcgTermsRpc(terms), CriticalEcgsRpc(critical)),
    )


def _sign(house: EcgHouse, parts: Parts, paper: EcgPaper, editions: EcgEditions) -> None:
    """Let submissions sign, and prints come from the signed paper."""
    house.signing.editions.ecg = editions
    parts.writing.signer = SignerOfEditions(house.signing.service)
    paper.signatures = house.signing.service
    parts.issuing.signed = SignedPapers(
        house.database,
        house.signing.keys,
        editions,
        DrawingOfEcg(house.database, parts.books, paper),
        house.documents,
        _Hospital(house.organisation),
        house.time,
    )


def _deliver(house: EcgHouse, parts: Parts) -> Outgoing:
    """Let reports go out by HL7, FHIR and DICOM as those of imaging do."""
    outgoing = Outgoing(parts.books, house.patients, OrdersOfExams(house.applications))
    outgoing.results = house.results.service
    parts.writing.delivery = outgoing
    house.critical.service.outside = OutsideOfHouse(outgoing, house.critical.service.outside)
    signed = parts.issuing.signed
    assert isinstance(signed, SignedPapers)
    house.results.sources.ecg = SourceOfResults(house.database, outgoing, signed, house.documents)
    return outgoing
