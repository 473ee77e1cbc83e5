"""Puts the areas together over one database; used by the server's process and by each DICOM worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import tzlocal

from server.access.rpc import AccessRpc
from server.access.service import AccessService
from server.archive.corrections.rejection import Rejection
from server.archive.corrections.rpc import CorrectionsRpc
from server.archive.corrections.service import CorrectionService
from server.archive.exchange.rpc import ExchangeRpc
from server.archive.exchange.service import ExchangeService
from server.archive.exchange.uploads import Uploads
from server.archive.keeping.rpc import KeepingRpc
from server.archive.keeping.service import KeepingService
from server.archive.routing.rpc import RoutingRpc
from server.archive.routing.service import RoutingService
from server.archive.rpc import ArchiveHandlers
from server.archive.service import ArchiveService
from server.attachments.rpc import AttachmentsRpc
from server.attachments.service import AttachmentService
from server.bootstrap.checking import build_checking
from server.bootstrap.collections import collections_of, follow_the_clock
from server.bootstrap.corrections import BinOfRejected, RegistrationOfPatients
from server.bootstrap.critical import Critical, build_critical, critical_kinds
from server.bootstrap.critical_results import CriticalToHospital
from server.bootstrap.films import Films, build_films
from server.bootstrap.folders import Folders
from server.bootstrap.hanging import build_hanging
from server.bootstrap.hl7 import Interfaces, build_interfaces
from server.bootstrap.keeping import KeepingExams, StoredCopies, backup_folder
from server.bootstrap.marks import Marks, build_marks
from server.bootstrap.master import tell_master_of_exams
from server.bootstrap.pathology import Pathology, PathologyHouse, build_pathology
from server.bootstrap.printing import TicketForecast
from server.bootstrap.quality import build_quality
from server.bootstrap.registrations import build_registrations
from server.bootstrap.report_paper import ApplicationPhotographs, KioskPatients
from server.bootstrap.reporting import PatientsOfReports
from server.bootstrap.results import PostOfResults, Results, build_results
from server.bootstrap.routing import routing_service
from server.bootstrap.sharing import build_sharing
from server.bootstrap.signing import Signing, build_signing, signed_papers
from server.bootstrap.storage import Stores, build_stores
from server.bootstrap.structured import Structured, build_structured
from server.exams.applications import ApplicationDesk
from server.exams.rpc import ExamsRpc
from server.exams.scheduling.rpc import SchedulingRpc
from server.exams.scheduling.search import SlotSearch
from server.exams.scheduling.service import SchedulingService
from server.exams.service import ExamService
from server.exams.slots import SlotBook
from server.halls.rpc import HallsRpc
from server.halls.service import HallService
from server.identity.kinds import RoleKind, StaffKind
from server.identity.service import IdentityService
from server.jobs.rpc import JobsRpc
from server.kernel import secretfiles
from server.kernel.clock import HospitalTime, SystemClock
from server.kernel.database import Database
from server.kernel.storage.durability import Durability
from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.tiers import TieredStorage
from server.organisation.catalogue import organisation_kinds
from server.organisation.importing import Tables
from server.organisation.master import MasterService
from server.organisation.rpc import MasterRpc, OrganisationRpc
from server.organisation.service import OrganisationService
from server.patients.rpc import PatientsRpc
from server.patients.service import PatientService
from server.printing.documents import DocumentStore
from server.printing.report_rpc import ReportPaperRpc
from server.printing.rpc import PrintingRpc
from server.printing.service import PrintingService
from server.queueing.kiosk import Kiosk
from server.queueing.rpc import QueueingRpc
from server.queueing.service import QueueService
from server.referrals.network import Network
from server.referrals.rpc import ReferralsRpc
from server.referrals.service import ReferralService
from server.reporting.auditing_rpc import AuditingRpc
from server.reporting.rpc import ReportingRpc
from server.reporting.service import ReportService
from server.reporting.settings import ReportingSettings, duty_hours
from server.reporting.templates import Templates
from server.reporting.worklist import Worklist
from server.safety.rpc import SafetyRpc
from server.safety.service import SafetyService
from server.settings import Settings
from server.sharing.rpc import SharingRpc
from server.sharing.service import SharingService
from server.signing.papers import SignedPapers
from server.statistics.rpc import StatisticsRpc
from server.statistics.service import StatisticsService


@dataclass(frozen=True, slots=True)
class Areas:
    """The services of all areas, and the handlers they offer to doors."""

    time: HospitalTime
    identity: IdentityService
    access: AccessService
    organisation: OrganisationService
    patients: PatientService
    exams: ExamService
    queue: QueueService
    scheduling: SchedulingService
    referrals: ReferralService
    reports: ReportService
    templates: Templates
    printing: PrintingService
    archive: ArchiveService
    exchange: ExchangeService
    keeping: KeepingService
    rejection: Rejection
    routing: RoutingService
    interfaces: Interfaces
    storage: TieredStorage
    stores: Stores
    structured: Structured
    attachments: AttachmentService
    critical: Critical
    signing: Signing
    signed_papers: SignedPapers
    results: Results
    marks: Marks
    films: Films
    sharing: SharingService
    pathology: Pathology
    handlers: tuple[object, ...]


def build_areas(settings: Settings, database: Database) -> Areas:
    """Construct every service once. The data folder's secrets must exist or be writable."""
    folders = Folders(settings.data)
    clock = SystemClock()
    time = HospitalTime(clock, settings.time_zone or tzlocal.get_localzone_name())
    organisation = OrganisationService()
    patients = PatientService(time)
    slots = SlotBook(time, organisation)
    applications = ApplicationDesk(time, patients, organisation)
    exams = ExamService(time, patients, organisation, slots, applications)
    queue = QueueService(time, organisation, exams)
    scheduling = SchedulingService(time, organisation, slots)
    referrals = ReferralService(time, organisation, exams, slots, Network(organisation))
    reserve_bytes = settings.reserve_mb << 20
    stores = build_stores(settings, database, folders, organisation, time)
    storage = stores.storage
    archive = ArchiveService(database, storage, folders.inbox, exams, zone=time.zone, reserve_bytes=reserve_bytes)
    archive.objects.on_use = stores.use.opened
    rules = ReportingSettings(
        lock_idle=timedelta(minutes=settings.lock_idle_minutes),
        may_audit_own=settings.may_audit_own_report,
        own_audit_hours=duty_hours(settings.night_duty),
        score_scale=settings.score_scale,
        medical_record_url=settings.medical_record_url,
    )
    worklist = Worklist(time, rules, archive)
    templates = Templates()
    exchange = ExchangeService(
        database,
        Uploads(database, folders.uploads, reserve_bytes),
        exams,
        patients,
        export_folder=folders.exports,
        import_folders=settings.import_folders,
        export_folders=settings.export_folders,
    )
    keeping = KeepingService(
        database, storage, folders.workshop, KeepingExams(exams), StoredCopies(), backup_folder(settings)
    )
    routing = routing_service(database, settings, folders, organisation, exams, time.zone)
    rejection = Rejection(database, archive.objects, BinOfRejected(keeping.bin))
    # A store of its own: the archive's proof calls every object an orphan that no image owns.
    kept = FolderStorage(folders.documents, durability=Durability.OBJECT, reserve_bytes=0)
    documents = DocumentStore(kept, clock)
    reports = ReportService(exams, archive, organisation, documents, worklist, time, rules)
    structured = build_structured(reports, time)
    identity = IdentityService(database, clock, _notice_topic(folders))
    signing = build_signing(folders, database, time, organisation, identity, reports)
    reports.surroundings.patients = PatientsOfReports(patients, exams, applications)
    printing = PrintingService(
        database,
        exams,
        reports,
        organisation,
        documents,
        time,
        settings.verify_url,
        referrals=referrals,
        waiting=TicketForecast(queue, time),
    )
    safety = SafetyService(time)
    attachments = AttachmentService(kept, exams, clock)
    printing.reports.bind(worklist, KioskPatients(exams, reports))
    papers = signed_papers(signing, database, time, organisation, reports, printing, documents)
    printing.reports.paper.bind(photographs=ApplicationPhotographs(attachments))
    interfaces = build_interfaces(settings, database, folders, time, organisation, patients, applications, exams)
    exams.bind(queue=queue, reports=reports, safety=safety, papers=attachments, watcher=interfaces.outgoing)
    access = AccessService(database, identity, clock)
    master = MasterService(
        organisation, clock, (*organisation_kinds(), StaffKind(identity), RoleKind(identity), *critical_kinds())
    )
    tell_master_of_exams(master)
    critical = build_critical(time, exams, reports)
    results = build_results(
        database,
        archive.objects,
        organisation,
        reports,
        printing,
        papers,
        documents,
        interfaces,
        time,
        structured.values,
    )
    critical.service.follow(CriticalToHospital(results.service, exams, PostOfResults(interfaces.outgoing), time))
    marks = build_marks(database, archive, time)
    films = build_films(settings, folders, time)
    sharing = build_sharing(settings, time)
    pathology = build_pathology(
        PathologyHouse(
            settings=settings,
            database=database,
            folders=folders,
            time=time,
            identity=identity,
            organisation=organisation,
            patients=patients,
            applications=applications,
            exams=exams,
            archive=archive,
            documents=documents,
            signing=signing,
        )
    )
    return Areas(
        time=time,
        identity=identity,
        access=access,
        organisation=organisation,
        patients=patients,
        exams=exams,
        queue=queue,
        scheduling=scheduling,
        referrals=referrals,
        reports=reports,
        templates=templates,
        printing=printing,
        archive=archive,
        exchange=exchange,
        keeping=keeping,
        rejection=rejection,
        routing=routing,
        interfaces=interfaces,
        storage=storage,
        stores=stores,
        structured=structured,
        attachments=attachments,
        critical=critical,
        signing=signing,
        signed_papers=papers,
        results=results,
        marks=marks,
        films=films,
        sharing=sharing,
        pathology=pathology,
        handlers=(
            OrganisationRpc(organisation),
            MasterRpc(master, Tables(database, master)),
            PatientsRpc(patients),
            ExamsRpc(database, exams, applications, slots, interfaces.asking),
            interfaces.handlers,
            SchedulingRpc(
                database,
                scheduling,
                exams.appointments,
                SlotSearch(time, organisation, slots),
                slots,
                exams,
            ),
            ReferralsRpc(referrals),
            QueueingRpc(database, time, queue, exams, Kiosk(time, organisation, patients, exams, queue)),
            HallsRpc(HallService(time, organisation)),
            ReportingRpc(reports, worklist, templates),
            AuditingRpc(database, reports, papers.bytes_of),
            signing.handlers,
            follow_the_clock(reports, time),
            collections_of(reports, worklist, templates, documents, time),
            PrintingRpc(printing),
            ReportPaperRpc(printing.reports),
            SafetyRpc(safety, exams),
            AttachmentsRpc(attachments),
            critical.handlers,
            StatisticsRpc(StatisticsService(time, organisation)),
            build_checking(time, reports, structured.values.missing),
            build_quality(time),
            results.handlers,
            marks.handlers,
            build_hanging(database, archive, time),
            build_registrations(database, archive, time),
            films.handlers,
            SharingRpc(sharing),
            stores.handlers,
            ArchiveHandlers(archive),
            ExchangeRpc(exchange),
            KeepingRpc(database, keeping),
            RoutingRpc(routing),
            CorrectionsRpc(
                CorrectionService(exams, BinOfRejected(keeping.bin)),
                rejection,
                archive.objects,
                RegistrationOfPatients(patients, exams),
                time.zone,
                routing.corrected,
            ),
            AccessRpc(access),
            JobsRpc(),
            structured.handlers,
            *pathology.handlers,
        ),
    )


def _notice_topic(folders: Folders) -> str:
    import secrets

    return secretfiles.read_or_make(folders.notice_topic_file, secrets.token_hex(8).encode()).decode()
