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
from server.bootstrap.ecg import Ecg, EcgHouse, build_ecg
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
from server.bootstrap.remote import Remote, build_remote
from server.bootstrap.remote_services import build_assisted_reading
from server.bootstrap.remote_services import handlers as assisted_handlers
from server.bootstrap.report_paper import ApplicationPhotographs, KioskPatients
from server.bootstrap.reporting import PatientsOfReports, StudiesOfReports
from server.bootstrap.results import ExamsOfResults, PostOfResults, Results, build_results
from server.bootstrap.routing import routing_service
from server.bootstrap.sharing import build_sharing
from server.bootstrap.signing import Signing, build_signing, signed_papers
from server.bootstrap.storage import Stores, build_stores
from server.bootstrap.structured import Structured, build_structured
from server.ecg.exams.whereabouts import has_ecg_exam_within
from server.exams.applications import ApplicationDesk
from server.exams.rpc import ExamsRpc
from server.exams.scheduling.rpc import SchedulingRpc
from server.exams.scheduling.search import SlotSearch
from server.exams.scheduling.service import SchedulingService
from server.exams.service import ExamService
from server.exams.slots import SlotBook
from server.exams.whereabouts import has_exam_within
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
from server.remote.services.service import AssistedReading
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
    ecg: Ecg
    remote: Remote
    assisted: AssistedReading
    handlers: tuple[object, ...]


def build_areas(settings: Settings, database: Database) -> Areas:
    """Construct every service once. The data folder's secrets must exist or be writable."""
    building = _Building(settings, database)
    building.add_desks()
    building.add_archive()
    building.add_reports()
    building.add_paper()
    building.add_hospital()
    return building.areas()


class _Building:
    """The services as they come, each step upon those before it."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.folders = Folders(self.settings.data)
        self.clock = SystemClock()
        self.time = HospitalTime(self.clock, self.settings.time_zone or tzlocal.get_localzone_name())

    def add_desks(self) -> None:
        """Registration, queues and what they know of the hospital."""
        self.organisation = OrganisationService()
        self.patients = PatientService(self.time)
        self.slots = SlotBook(self.time, self.organisation)
        self.applications = ApplicationDesk(self.time, self.patients, self.organisation)
        self.exams = ExamService(self.time, self.patients, self.organisation, self.slots, self.applications)
        self.queue = QueueService(self.time, self.organisation, self.exams)
        self.scheduling = SchedulingService(self.time, self.organisation, self.slots)
        self.referrals = ReferralService(
            self.time, self.organisation, self.exams, self.slots, Network(self.organisation)
        )

    def add_archive(self) -> None:
        """Where images lie, come in, go out and end."""
        reserve_bytes = self.settings.reserve_mb << 20
        self.stores = build_stores(self.settings, self.database, self.folders, self.organisation, self.time)
        self.storage = self.stores.storage
        self.archive = ArchiveService(
            self.database,
            self.storage,
            self.folders.inbox,
            self.exams,
            zone=self.time.zone,
            reserve_bytes=reserve_bytes,
        )
        self.archive.objects.on_use = self.stores.use.opened
        self.exchange = ExchangeService(
            self.database,
            Uploads(self.database, self.folders.uploads, reserve_bytes),
            self.exams,
            self.patients,
            export_folder=self.folders.exports,
            import_folders=self.settings.import_folders,
            export_folders=self.settings.export_folders,
        )
        self.keeping = KeepingService(
            self.database,
            self.storage,
            self.folders.workshop,
            KeepingExams(self.exams),
            StoredCopies(),
            backup_folder(self.settings),
        )
        self.routing = routing_service(
            self.database, self.settings, self.folders, self.organisation, self.exams, self.time.zone
        )
        self.rejection = Rejection(self.database, self.archive.objects, BinOfRejected(self.keeping.bin))

    def add_reports(self) -> None:
        """Reports, who signs them and what they are made of."""
        rules = ReportingSettings(
            lock_idle=timedelta(minutes=self.settings.lock_idle_minutes),
            may_audit_own=self.settings.may_audit_own_report,
            own_audit_hours=duty_hours(self.settings.night_duty),
            score_scale=self.settings.score_scale,
            medical_record_url=self.settings.medical_record_url,
        )
        self.worklist = Worklist(self.time, rules, self.archive)
        self.templates = Templates()
        # A store of its own: the archive's proof calls every object an orphan that no image owns.
        self.kept = FolderStorage(self.folders.documents, durability=Durability.OBJECT, reserve_bytes=0)
        self.documents = DocumentStore(self.kept, self.clock)
        self.reports = ReportService(
            self.exams,
            StudiesOfReports(self.archive, self.settings.ae_title),
            self.organisation,
            self.documents,
            self.worklist,
            self.time,
            rules,
        )
        self.structured = build_structured(self.reports, self.time)
        self.identity = IdentityService(self.database, self.clock, _notice_topic(self.folders))
        self.signing = build_signing(
            self.folders, self.database, self.time, self.organisation, self.identity, self.reports
        )
        self.reports.surroundings.patients = PatientsOfReports(self.patients, self.exams, self.applications)

    def add_paper(self) -> None:
        """What is printed and attached, and who hears of exams."""
        self.printing = PrintingService(
            self.database,
            self.exams,
            self.reports,
            self.organisation,
            self.documents,
            self.time,
            self.settings.verify_url,
            referrals=self.referrals,
            waiting=TicketForecast(self.queue, self.time),
        )
        self.safety = SafetyService(self.time)
        self.attachments = AttachmentService(self.kept, self.exams, self.clock)
        self.printing.reports.bind(self.worklist, KioskPatients(self.exams, self.reports))
        self.papers = signed_papers(
            self.signing, self.database, self.time, self.organisation, self.reports, self.printing, self.documents
        )
        self.printing.reports.paper.bind(photographs=ApplicationPhotographs(self.attachments))
        self.interfaces = build_interfaces(
            self.settings,
            self.database,
            self.folders,
            self.time,
            self.organisation,
            self.patients,
            self.applications,
            self.exams,
        )
        self.exams.bind(
            queue=self.queue,
            reports=self.reports,
            safety=self.safety,
            papers=self.attachments,
            watcher=self.interfaces.outgoing,
        )

    def add_hospital(self) -> None:
        """What needs all the others."""
        self.access = AccessService(self.database, self.identity, self.clock)
        self.master = MasterService(
            self.organisation,
            self.clock,
            (*organisation_kinds(), StaffKind(self.identity), RoleKind(self.identity), *critical_kinds()),
        )
        tell_master_of_exams(self.master)
        self.critical = build_critical(self.time, self.exams, self.reports)
        self.results = build_results(
            self.database,
            self.archive.objects,
            self.organisation,
            self.reports,
            self.printing,
            self.papers,
            self.documents,
            self.interfaces,
            self.time,
            self.structured.values,
        )
        self.critical.service.follow(
            CriticalToHospital(
                self.results.service,
                ExamsOfResults(self.exams, self.results.sources),
                PostOfResults(self.interfaces.outgoing),
                self.time,
            )
        )
        self.marks = build_marks(self.database, self.archive, self.time)
        self.films = build_films(self.settings, self.folders, self.time)
        self.sharing = build_sharing(self.settings, self.time)
        self.pathology = build_pathology(
            PathologyHouse(
                settings=self.settings,
                database=self.database,
                folders=self.folders,
                time=self.time,
                identity=self.identity,
                organisation=self.organisation,
                patients=self.patients,
                applications=self.applications,
                exams=self.exams,
                archive=self.archive,
                documents=self.documents,
                signing=self.signing,
                results=self.results,
                critical=self.critical,
            )
        )
        self.ecg = build_ecg(
            EcgHouse(
                settings=self.settings,
                database=self.database,
                folders=self.folders,
                time=self.time,
                identity=self.identity,
                organisation=self.organisation,
                network=Network(self.organisation),
                patients=self.patients,
                applications=self.applications,
                imaging_exams=self.exams,
                archive=self.archive,
                documents=self.documents,
                signing=self.signing,
                results=self.results,
                critical=self.critical,
                interfaces=self.interfaces,
            )
        )
        self.patients.sight.areas += [has_exam_within, has_ecg_exam_within]
        self.remote = build_remote(self.exams, self.reports, self.ecg.reports.hospitals, self.time)
        self.assisted = build_assisted_reading(
            self.exams, self.reports, self.archive, self.routing, self.folders, self.time
        )

    def areas(self) -> Areas:
        """All that was built."""
        return Areas(
            time=self.time,
            identity=self.identity,
            access=self.access,
            organisation=self.organisation,
            patients=self.patients,
            exams=self.exams,
            queue=self.queue,
            scheduling=self.scheduling,
            referrals=self.referrals,
            reports=self.reports,
            templates=self.templates,
            printing=self.printing,
            archive=self.archive,
            exchange=self.exchange,
            keeping=self.keeping,
            rejection=self.rejection,
            routing=self.routing,
            interfaces=self.interfaces,
            storage=self.storage,
            stores=self.stores,
            structured=self.structured,
            attachments=self.attachments,
            critical=self.critical,
            signing=self.signing,
            signed_papers=self.papers,
            results=self.results,
            marks=self.marks,
            films=self.films,
            sharing=self.sharing,
            pathology=self.pathology,
            ecg=self.ecg,
            remote=self.remote,
            assisted=self.assisted,
            handlers=(*self._desk_handlers(), *self._report_handlers(), *self._image_handlers()),
        )

    def _desk_handlers(self) -> tuple[object, ...]:
        """What desks, queues and administration call."""
        return (
            OrganisationRpc(self.organisation),
            MasterRpc(self.master, Tables(self.database, self.master)),
            PatientsRpc(self.patients),
            ExamsRpc(self.database, self.exams, self.applications, self.slots, self.interfaces.asking),
            self.interfaces.handlers,
            SchedulingRpc(
                self.database,
                self.scheduling,
                self.exams.appointments,
                SlotSearch(self.time, self.organisation, self.slots),
                self.slots,
                self.exams,
            ),
            ReferralsRpc(self.referrals),
            QueueingRpc(
                self.database,
                self.time,
                self.queue,
                self.exams,
                Kiosk(self.time, self.organisation, self.patients, self.exams, self.queue),
            ),
            HallsRpc(HallService(self.time, self.organisation)),
            SafetyRpc(self.safety, self.exams),
            AttachmentsRpc(self.attachments),
            StatisticsRpc(StatisticsService(self.time, self.organisation)),
            AccessRpc(self.access),
            JobsRpc(),
        )

    def _report_handlers(self) -> tuple[object, ...]:
        """What those who report call."""
        return (
            ReportingRpc(self.reports, self.worklist, self.templates),
            AuditingRpc(self.database, self.reports, self.papers.bytes_of),
            self.signing.handlers,
            follow_the_clock(self.reports, self.time),
            collections_of(self.reports, self.worklist, self.templates, self.documents, self.time),
            PrintingRpc(self.printing),
            ReportPaperRpc(self.printing.reports),
            self.critical.handlers,
            build_checking(self.time, self.reports, self.structured.values.missing),
            build_quality(self.time),
            self.results.handlers,
            self.structured.handlers,
            *self.pathology.handlers,
            *self.ecg.handlers,
            *self.remote.handlers,
            *assisted_handlers(self.assisted),
        )

    def _image_handlers(self) -> tuple[object, ...]:
        """What viewers and keepers of images call."""
        return (
            self.marks.handlers,
            build_hanging(self.database, self.archive, self.time),
            build_registrations(self.database, self.archive, self.time),
            self.films.handlers,
            SharingRpc(self.sharing),
            self.stores.handlers,
            ArchiveHandlers(self.archive),
            ExchangeRpc(self.exchange),
            KeepingRpc(self.database, self.keeping),
            RoutingRpc(self.routing),
            CorrectionsRpc(
                CorrectionService(self.exams, BinOfRejected(self.keeping.bin)),
                self.rejection,
                self.archive.objects,
                RegistrationOfPatients(self.patients, self.exams),
                self.time.zone,
                self.routing.corrected,
            ),
        )


def _notice_topic(folders: Folders) -> str:
    import secrets

    return secretfiles.read_or_make(folders.notice_topic_file, secrets.token_hex(8).encode()).decode()
