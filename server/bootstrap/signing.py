"""Puts signatures together: the key ring in the secrets, a signature at each approval, the job that makes the PDF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.bootstrap.folders import Folders
from server.identity.roles import permissions_of_roles
from server.identity.service import IdentityService
from server.kernel import secretfiles
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.jobs import JobContext, JobKind, enqueue
from server.organisation.service import OrganisationService
from server.printing.documents import DocumentStore
from server.printing.drawing import DrawingOrder
from server.printing.layout.sheet import MM
from server.printing.report_service import missing_words, spoken_language
from server.reporting.ports import ReportStep
from server.signing.key_ring import KeyRing, new_master_key
from server.signing.keys import Keys
from server.signing.paper import Box
from server.signing.papers import SignedPapers
from server.signing.ports import Doctor, DrawnPaper, Edition, Editions
from server.signing.rpc import SigningRpc
from server.signing.service import SigningService
from shared.domain.ecg_reports import FIRST_ECG_REPORT_ID
from shared.domain.pathology_reports import FIRST_REPORT_ID
from shared.domain.permissions import Permission
from shared.domain.states import ReportAction
from shared.paper.layout import lay_out
from shared.paper.marks import ImageMark

if TYPE_CHECKING:
    from server.bootstrap.jobs import JobsHouse
    from server.printing.service import PrintingService
    from server.reporting.service import ReportService

MAKE_PAPER = "signing.make_paper"
_SIGNED = frozenset({ReportAction.APPROVE, ReportAction.ADD})


@dataclass(frozen=True, slots=True)
class Signing:
    """The area, put together."""

    keys: Keys
    service: SigningService
    editions: EditionsOfReports
    handlers: SigningRpc


class EditionsOfReports:
    """signing.ports.Editions over imaging and, once they are there, pathology and ECG, whose ids lie above."""

    def __init__(self, imaging: Editions) -> None:
        self._imaging = imaging
        self.pathology: Editions | None = None
        self.ecg: Editions | None = None

    def _of(self, report_id: int) -> Editions:
        if self.ecg is not None and report_id >= FIRST_ECG_REPORT_ID:
            return self.ecg
        return self.pathology if self.pathology is not None and report_id >= FIRST_REPORT_ID else self._imaging

    def editions(self, uow: UnitOfWork, report_id: int) -> tuple[Edition, ...]:
        return self._of(report_id).editions(uow, report_id)

    def edition(self, uow: UnitOfWork, report_id: int, number: int = 0) -> Edition:
        return self._of(report_id).edition(uow, report_id, number)

    def is_as_sealed(self, uow: UnitOfWork, report_id: int, number: int) -> bool:
        return self._of(report_id).is_as_sealed(uow, report_id, number)


class _Hospital:
    """signing.ports.Hospital over the master data."""

    def __init__(self, organisation: OrganisationService) -> None:
        self._organisation = organisation

    def name(self, uow: UnitOfWork) -> str:
        return self._organisation.hospital(uow).view.name


class _Accounts:
    """signing.ports.Accounts over the accounts; whoever only administers is no doctor."""

    def __init__(self, identity: IdentityService) -> None:
        self._identity = identity

    def person(self, uow: UnitOfWork, account_id: int) -> tuple[str, str]:
        return self._identity.person(uow, account_id)

    def doctors(self, uow: UnitOfWork) -> tuple[Doctor, ...]:
        return tuple(
            Doctor(
                account_id=one.id,
                login=one.login,
                name=one.name,
                is_active=one.is_active,
                may_report=one.roles != ("administrator",)
                and Permission.REPORT in permissions_of_roles(uow, one.roles),
            )
            for one in self._identity.list_users(uow)
        )


class _Drawing:
    """signing.ports.Papers over printing: the first copy by the template that the exam chooses."""

    def __init__(self, database: Database, reports: ReportService, printing: PrintingService) -> None:
        self._database = database
        self._reports = reports
        self._printing = printing

    def draw_approved(self, caller: Caller, report_id: int, language: str) -> DrawnPaper:
        spoken, paper = spoken_language(language), self._printing.reports.paper
        with self._database.read() as uow:
            view = self._reports.get(uow, caller, report_id)
            # Whoever asks first is not on it: the paper is the approving doctor's.
            order = paper.order(uow, replace(caller, name=view.row.auditing_doctor), view, spoken)
        drawn = paper.render(order)
        return DrawnPaper(drawn.pdf, missing_words(drawn.missing_glyphs), _signature_box(order.drawing))


def _signature_box(drawing: DrawingOrder) -> Box | None:
    """Where the approving doctor's picture stands: viewers offer the signature there. None without a picture."""
    laid_out = lay_out(drawing.template, drawing.facts, drawing.language)
    for number, page in enumerate(laid_out.pages):
        for mark in page.marks:
            if isinstance(mark, ImageMark) and mark.image == "@auditor_signature" and not mark.turn:
                left, top = mark.x_mm * MM, (page.height_mm - mark.y_mm) * MM
                return Box(number, left, top - mark.height_mm * MM, left + mark.width_mm * MM, top)
    return None


def build_signing(
    folders: Folders,
    database: Database,
    time: HospitalTime,
    organisation: OrganisationService,
    identity: IdentityService,
    reports: ReportService,
) -> Signing:
    """Build the area and let it sign whatever is approved."""
    editions = EditionsOfReports(reports.corrections)
    keys = Keys(_ring(folders), _Hospital(organisation), time)
    service = SigningService(keys, editions, _Accounts(identity), time)

    def stepped(uow: UnitOfWork, caller: Caller, step: ReportStep) -> None:
        if step.action in _SIGNED:
            service.sign_edition(uow, caller, step.report_id)
            enqueue(uow, MAKE_PAPER, {"report_id": step.report_id}, key=str(step.report_id), priority=50)

    reports.follow(stepped)
    return Signing(keys, service, editions, SigningRpc(database, service))


def signed_papers(
    signing: Signing,
    database: Database,
    time: HospitalTime,
    organisation: OrganisationService,
    reports: ReportService,
    printing: PrintingService,
    documents: DocumentStore,
) -> SignedPapers:
    """What draws by printing, signs and keeps; printing takes its papers from there."""
    editions, drawing = reports.corrections, _Drawing(database, reports, printing)
    papers = SignedPapers(database, signing.keys, editions, drawing, documents, _Hospital(organisation), time)
    printing.reports.paper.bind(signatures=signing.service)
    printing.reports.signed = papers
    return papers


def _ring(folders: Folders) -> Callable[[], KeyRing]:
    return lambda: KeyRing(secretfiles.read_or_make(folders.signing_key_file, new_master_key()))


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Drawing and signing the PDF of an edition right after its approval."""
    papers = house.areas.signed_papers

    def make(context: JobContext) -> str:
        document_id = papers.paper(SYSTEM, int(context.payload["report_id"]))
        return f"Document {document_id}." if document_id else "The report was corrected meanwhile."

    return [JobKind(MAKE_PAPER, make, lane="files")]


class SignerOfEditions:
    """The port Signer of a department's reports, over signing."""

    def __init__(self, service: SigningService) -> None:
        self._service = service

    def sign(self, uow: UnitOfWork, caller: Caller, report_id: int) -> None:
        """Sign the newest edition."""
        self._service.sign_edition(uow, caller, report_id)
