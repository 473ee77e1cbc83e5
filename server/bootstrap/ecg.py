"""Puts the ECG network together: one `build_ecg_…` for each room; what a room needs of the house is in `EcgHouse`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.bootstrap.ecg_consultations import EcgConsultations, build_ecg_consultations
from server.bootstrap.ecg_exams import EcgExams, build_ecg_exams
from server.bootstrap.ecg_lines import EcgLines, build_ecg_lines
from server.bootstrap.ecg_reports import EcgReports, build_ecg_reports
from server.bootstrap.ecg_traces import EcgTraces, build_ecg_traces, trace_service
from server.ecg.exams.service import ExamService as EcgExamService

if TYPE_CHECKING:
    from server.archive.service import ArchiveService
    from server.bootstrap.critical import Critical
    from server.bootstrap.folders import Folders
    from server.bootstrap.hl7 import Interfaces
    from server.bootstrap.results import Results
    from server.bootstrap.signing import Signing
    from server.exams.applications import ApplicationDesk
    from server.exams.service import ExamService
    from server.identity.service import IdentityService
    from server.kernel.clock import HospitalTime
    from server.kernel.database import Database, UnitOfWork
    from server.organisation.service import OrganisationService
    from server.patients.service import PatientService
    from server.printing.documents import DocumentStore
    from server.referrals.network import Network
    from server.settings import Settings


@dataclass(frozen=True, slots=True)
class EcgHouse:
    """What the rooms take from the other areas."""

    settings: Settings
    database: Database
    folders: Folders
    time: HospitalTime
    identity: IdentityService
    organisation: OrganisationService
    network: Network
    patients: PatientService
    applications: ApplicationDesk
    imaging_exams: ExamService  # server.exams: the radiology exams, not ours
    archive: ArchiveService
    documents: DocumentStore
    signing: Signing
    results: Results
    critical: Critical
    interfaces: Interfaces


@dataclass(frozen=True, slots=True)
class Ecg:
    """The area, put together."""

    house: EcgHouse
    handlers: tuple[object, ...]
    exams: EcgExams
    traces: EcgTraces
    reports: EcgReports
    consultations: EcgConsultations
    lines: EcgLines

    def seed(self, uow: UnitOfWork) -> None:
        """Fill what an empty database lacks."""
        self.exams.seed(uow)
        self.reports.seed(uow)


def build_ecg(house: EcgHouse) -> Ecg:
    """Construct the rooms; each owner adds its lines."""
    service = EcgExamService(house.time)
    kept = trace_service(house, service)
    exams = build_ecg_exams(house, service, kept)
    traces = build_ecg_traces(house, exams, kept)
    lines = build_ecg_lines(house, traces)
    reports = build_ecg_reports(house, service, kept)
    consultations = build_ecg_consultations(house, service, kept, reports)
    return Ecg(
        house,
        handlers=(
            *exams.handlers,
            *traces.handlers,
            *reports.handlers,
            *consultations.handlers,
            *lines.handlers,
        ),
        exams=exams,
        traces=traces,
        reports=reports,
        consultations=consultations,
        lines=lines,
    )
