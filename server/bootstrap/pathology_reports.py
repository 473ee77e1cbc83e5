"""Puts opinions and reports of pathology together: what they take from cases, captures, accounts, paper and signing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from server.bootstrap.signing import SignerOfEditions
from server.critical.reading import Reading as CriticalReading
from server.identity.personal import rights_of_users
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import Refusal, illegal_action
from server.pathology.cases.rules import CaseGuards
from server.pathology.reports.alarming import CriticalOfCases
from server.pathology.reports.auditing import Auditing
from server.pathology.reports.books import Books
from server.pathology.reports.checklists import Checklists
from server.pathology.reports.coding import Coding
from server.pathology.reports.collecting import Collecting
from server.pathology.reports.consulting import Consulting
from server.pathology.reports.copying import Copying
from server.pathology.reports.delivery import Outgoing
from server.pathology.reports.editions import PathologyEditions
from server.pathology.reports.frozen import Frozen
from server.pathology.reports.issuing import Issuing
from server.pathology.reports.opinions import Opinions
from server.pathology.reports.paper import PathologyPaper
from server.pathology.reports.ports import CaseFacts, ImageOfCase, NoDelivery, NoSigner, Person
from server.pathology.reports.rpc import Parts, PathologyReportsRpc
from server.pathology.reports.tables import CasePerson, NamedDoctorRow
from server.pathology.reports.views import Pages
from server.pathology.reports.worklists import Worklists
from server.pathology.study import study_of, study_uid
from server.pathology.technique.tables import BlockRow, SpecimenRow
from server.printing.report_service import missing_words, spoken_language
from server.printing.templates import PaperTemplates
from server.signing.papers import SignedPapers
from server.signing.ports import DrawnPaper
from shared.domain.pathology import CaseAction, CaseFlag, DoctorRole
from shared.domain.pathology_media import MediaKind, MediaSubject
from shared.domain.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from server.bootstrap.pathology import PathologyHouse
    from server.bootstrap.results import Results
    from server.bootstrap.signing import Signing
    from server.identity.service import IdentityService
    from server.kernel.clock import HospitalTime
    from server.organisation.service import OrganisationService
    from server.pathology.cases.facts import CaseFacts as KeptCase
    from server.pathology.cases.service import CaseService
    from server.pathology.media.service import MediaService
    from server.printing.documents import DocumentStore
    from shared.contract.exams import ExamView
    from shared.contract.organisation import HospitalView
    from shared.contract.reporting import ReportView
    from shared.dicomkit.headers import PatientFacts


@dataclass(frozen=True, slots=True)
class PathologyReports:
    """The room, put together."""

    parts: Parts
    handlers: PathologyReportsRpc
    paper: PathologyPaper
    editions: PathologyEditions


class CasesOfReports:
    """pathology.reports.ports.Cases over the rooms of cases and technique."""

    def __init__(self, cases: CaseService) -> None:
        self._cases = cases

    def lock(self, uow: UnitOfWork, case_id: int) -> None:
        self._cases.lock(uow, (case_id,))

    def facts(self, uow: UnitOfWork, caller: Caller, case_id: int) -> CaseFacts:
        found = self._cases.demand(uow, caller, case_id)
        specimens = select(func.count()).where(SpecimenRow.case_id == case_id)
        blocks = select(func.count()).where(BlockRow.case_id == case_id)
        flags = self._cases.flags_of(uow, (case_id,))[case_id]
        return _facts(found, uow.session.scalar(specimens) or 0, uow.session.scalar(blocks) or 0, flags)

    def many(self, uow: UnitOfWork, case_ids: Collection[int]) -> Mapping[int, CaseFacts]:
        return {one.id: _facts(one) for one in self._cases.facts_of(uow, case_ids).values() if one.number}

    def allowed(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[CaseAction, ...]:
        return self._cases.allowed(caller, self._cases.facts(uow, case_id))

    def step(
        self,
        uow: UnitOfWork,
        caller: Caller,
        case_id: int,
        action: CaseAction,
        note: str = "",
        *,
        is_chief: bool = False,
        right_is_checked: bool = False,
    ) -> None:
        guards = CaseGuards(is_chief=is_chief)
        self._cases.step(uow, caller, case_id, action, guards, note=note, right_is_checked=right_is_checked)

    def flag(self, uow: UnitOfWork, caller: Caller, case_id: int, flag: CaseFlag, *, on: bool, note: str = "") -> None:
        self._cases.set_flag(uow, caller, case_id, flag, on, note)

    def name_doctor(self, uow: UnitOfWork, case_id: int, role: DoctorRole, name: str) -> None:
        self._cases.show_doctor(uow, case_id, role, name)

    def touch(self, uow: UnitOfWork, case_id: int) -> None:
        self._cases.touch(uow, case_id)


def _facts(found: KeptCase, specimens: int = 0, blocks: int = 0, flags: tuple[CaseFlag, ...] = ()) -> CaseFacts:
    return CaseFacts(
        id=found.id,
        version=found.version,
        number=found.number,
        state=found.state,
        library=found.library_kind,
        library_name=found.library_name,
        entry=found.entry,
        received_at=found.received_at,
        registered_by=found.registered_by,
        gross=found.gross_description,
        specimens=specimens,
        blocks=blocks,
        study_uid=study_uid(found),
        flags=flags,
    )


class ImagesOfReports:
    """pathology.reports.ports.Images over the captures."""

    def __init__(self, media: MediaService) -> None:
        self._media = media

    def of_case(self, uow: UnitOfWork, case_id: int) -> tuple[ImageOfCase, ...]:
        return tuple(
            ImageOfCase(
                id=one.id,
                is_marked=one.marked,
                is_gross=one.facts.subject is not MediaSubject.MICROSCOPE,
                caption=one.facts.caption,
                um_per_pixel=one.facts.um_per_pixel,
                objective=one.facts.objective,
                sop_uid=one.sop_uid,
            )
            for one in self._media.strip(uow, case_id)
            if one.kind is MediaKind.IMAGE
        )

    def data(self, uow: UnitOfWork, image_id: int) -> bytes:
        return self._media.read(uow, image_id)

    def copy(self, uow: UnitOfWork, caller: Caller, from_case: int, to_case: int, origin: str) -> int:
        return self._media.copy(uow, caller, from_case, to_case, origin)


class PeopleOfReports:
    """pathology.reports.ports.People over the accounts; whoever only administers is no doctor."""

    def __init__(self, identity: IdentityService) -> None:
        self._identity = identity

    def with_right(self, uow: UnitOfWork, permission: Permission) -> tuple[Person, ...]:
        rights = rights_of_users(uow)
        found = (
            Person(one.id, one.name)
            for one in self._identity.list_users(uow)
            if one.roles != ("administrator",) and permission in rights.get(one.id, frozenset())
        )
        return tuple(sorted(found, key=lambda one: one.name))


class DrawingOfReports:
    """signing.ports.Papers: the first copy in the report's own format, in the auditor's name."""

    def __init__(self, database: Database, books: Books, paper: PathologyPaper) -> None:
        self._database = database
        self._books = books
        self._paper = paper

    def draw_approved(self, caller: Caller, report_id: int, language: str) -> DrawnPaper:
        with self._database.read() as uow:
            report = self._books.report(uow, report_id)
            order = self._paper.order(uow, replace(caller, name=report.auditor), report, spoken_language(language))
        drawn = self._paper.render(order)
        return DrawnPaper(drawn.pdf, missing_words(drawn.missing_glyphs))


class _Hospital:
    """signing.ports.Hospital over the master data."""

    def __init__(self, organisation: OrganisationService) -> None:
        self._organisation = organisation

    def name(self, uow: UnitOfWork) -> str:
        return self._organisation.hospital(uow).view.name


def build_pathology_reports(house: PathologyHouse, cases: CaseService, media: MediaService) -> PathologyReports:
    """Build the room and let it follow the cases."""
    books = Books(CasesOfReports(cases), house.time)
    people, images = PeopleOfReports(house.identity), ImagesOfReports(media)
    checklists, coding, collecting = Checklists(books), Coding(books), Collecting(books)
    opinions, consulting, frozen = Opinions(books, people), Consulting(books, people), Frozen(books)
    auditing = Auditing(books, opinions, checklists, coding, images, NoSigner(), NoDelivery())
    paper = PathologyPaper(
        books,
        opinions,
        checklists,
        coding,
        consulting,
        frozen,
        images,
        house.organisation,
        PaperTemplates(house.time),
        house.settings.verify_url,
    )
    issuing = Issuing(house.database, books, auditing, paper, house.documents)
    parts = Parts(
        books=books,
        opinions=opinions,
        auditing=auditing,
        consulting=consulting,
        frozen=frozen,
        checklists=checklists,
        coding=coding,
        collecting=collecting,
        copying=Copying(books, opinions, checklists, coding, images),
        worklists=Worklists(books),
        critical=CriticalOfCases(books),
        issuing=issuing,
        pages=Pages(books, opinions, auditing, consulting, frozen, checklists, coding, collecting, images),
    )
    cases.takes_part = _takes_part
    cases.watchers.append(lambda uow, facts: books.case_stepped(uow, _facts(facts)))
    return PathologyReports(parts, PathologyReportsRpc(house.database, parts), paper, PathologyEditions(books))


def sign_pathology_reports(house: PathologyHouse, reports: PathologyReports, signing: Signing) -> None:
    """Let audits sign, and prints come from the signed paper."""
    signing.editions.pathology = reports.editions
    reports.parts.auditing.signer = SignerOfEditions(signing.service)
    reports.paper.signatures = signing.service
    reports.parts.issuing.signed = SignedPapers(
        house.database,
        signing.keys,
        reports.editions,
        DrawingOfReports(house.database, reports.parts.books, reports.paper),
        house.documents,
        _Hospital(house.organisation),
        house.time,
    )


class SourceOfResults:
    """bootstrap.results.Source: a report as results see it, and its paper."""

    def __init__(
        self, database: Database, reports: PathologyReports, outgoing: Outgoing, documents: DocumentStore
    ) -> None:
        self._database = database
        self._reports = reports
        self._outgoing = outgoing
        self._documents = documents

    def get(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        return self._outgoing.get(uow, caller, report_id)

    def exam(self, uow: UnitOfWork, exam_id: int) -> ExamView:
        return self._outgoing.exam(uow, exam_id)

    def pdf(self, view: ReportView, edition: int, language: str = "zh") -> bytes:
        """The signed paper of the edition, else what would print now; raises NotYet while it is corrected."""
        signed, report_id = self._reports.parts.issuing.signed, view.row.id
        assert isinstance(signed, SignedPapers)
        document_id: int | None = None
        with suppress(Refusal), self._database.read() as uow:
            document_id = signed.kept(uow, report_id, edition, language)
        if document_id is None:
            with self._database.read() as uow:
                present = self._reports.parts.books.report(uow, report_id)
                order = self._reports.paper.order(uow, SYSTEM, present, spoken_language(language))
            if max(1, present.edition) != edition:
                raise illegal_action("revised", "该版本已被更正，当时没有生成纸质报告。")
            document_id = signed.paper(SYSTEM, report_id, language)
            if document_id is None:
                return self._reports.paper.render(order).pdf
        with self._database.read() as uow:
            return self._documents.open_document(uow, SYSTEM, document_id)


class _Master:
    """pathology.reports.delivery.Hospital and Patients."""

    def __init__(self, organisation: OrganisationService, cases: CaseService, time: HospitalTime) -> None:
        self._organisation = organisation
        self._cases = cases
        self._time = time

    def hospital_view(self, uow: UnitOfWork) -> HospitalView:
        return self._organisation.hospital(uow).view

    def patient(self, uow: UnitOfWork, case_id: int) -> PatientFacts:
        return study_of(self._cases.facts(uow, case_id), self._time)[0]


def deliver_pathology_reports(
    house: PathologyHouse, cases: CaseService, reports: PathologyReports, results: Results
) -> None:
    """Let reports go out by HL7, FHIR and DICOM as those of imaging do."""
    parts = reports.parts
    master = _Master(house.organisation, cases, house.time)
    outgoing = Outgoing(parts.books, parts.checklists, parts.coding, master, master)
    outgoing.results = results.service
    parts.auditing.delivery = outgoing
    house.critical.service.outside = outgoing
    parts.critical.bind(house.critical.service, CriticalReading(house.time))
    results.sources.pathology = SourceOfResults(house.database, reports, outgoing, house.documents)


def _takes_part(uow: UnitOfWork, case_id: int, user_id: int) -> bool:
    """Whether a user was named to a case or wrote in it."""
    named = select(NamedDoctorRow.case_id).where(NamedDoctorRow.case_id == case_id, NamedDoctorRow.doctor_id == user_id)
    wrote = select(CasePerson.case_id).where(CasePerson.case_id == case_id, CasePerson.doctor_id == user_id)
    return uow.session.scalar(select(func.count()).where(or_(named.exists(), wrote.exists()))) == 1
