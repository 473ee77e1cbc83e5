"""Puts pathology together: one `build_…` for each room; what a room needs of the house stands in `PathologyHouse`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from server.bootstrap.pathology_cases import PathologyCases, build_pathology_cases
from server.bootstrap.pathology_exchange import build_pathology_exchange
from server.bootstrap.pathology_keeping import build_pathology_keeping
from server.bootstrap.pathology_media import PathologyMedia, build_pathology_media
from server.bootstrap.pathology_orders import build_pathology_orders
from server.bootstrap.pathology_papers import build_pathology_papers
from server.bootstrap.pathology_reports import (
    PathologyReports,
    build_pathology_reports,
    deliver_pathology_reports,
    sign_pathology_reports,
)
from server.bootstrap.pathology_settings import build_pathology_settings
from server.bootstrap.pathology_slides import PathologySlides, build_pathology_slides
from server.bootstrap.pathology_stations import build_pathology_stations
from server.bootstrap.pathology_statistics import build_pathology_statistics
from server.bootstrap.pathology_templates import PathologyTemplates, build_pathology_templates
from server.pathology.cases.service import CaseService
from server.pathology.study import study_uid

if TYPE_CHECKING:
    from server.archive.service import ArchiveService
    from server.bootstrap.critical import Critical
    from server.bootstrap.folders import Folders
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
    from server.settings import Settings


@dataclass(frozen=True, slots=True)
class PathologyHouse:
    """What the rooms take from the other areas."""

    settings: Settings
    database: Database
    folders: Folders
    time: HospitalTime
    identity: IdentityService
    organisation: OrganisationService
    patients: PatientService
    applications: ApplicationDesk
    exams: ExamService
    archive: ArchiveService
    documents: DocumentStore
    signing: Signing
    results: Results
    critical: Critical


@dataclass(frozen=True, slots=True)
class Pathology:
    """The area, put together."""

    house: PathologyHouse
    handlers: tuple[object, ...]
    core: PathologyCases
    templates: PathologyTemplates
    media: PathologyMedia
    reports: PathologyReports
    slides: PathologySlides

    def seed(self, uow: UnitOfWork) -> None:
        """Fill what an empty database lacks."""
        self.core.seed(uow)
        self.templates.seed(uow)


def is_of_a_case(cases: CaseService, uow: UnitOfWork, accession: str, uid: str) -> bool:
    """Whether a study is that of the case whose number it bears; our own UIDs begin like that."""
    if not accession or not uid.startswith("2.25."):
        return False
    facts = cases.by_number(uow, accession)
    return facts is not None and study_uid(facts) == uid


def build_pathology(house: PathologyHouse) -> Pathology:
    """Construct the rooms; each owner adds its lines."""
    templates = build_pathology_templates(house.time)
    cases = CaseService(house.time)
    house.archive.matching.others.append(partial(is_of_a_case, cases))
    core = build_pathology_cases(house, cases)
    media = build_pathology_media(house, cases)
    slides = build_pathology_slides(house, media.cases)
    reports = build_pathology_reports(house, cases, media.service)
    sign_pathology_reports(house, reports, house.signing)
    deliver_pathology_reports(house, cases, reports, house.results)
    stations = build_pathology_stations(house, core)
    papers = build_pathology_papers(house, core)
    orders = build_pathology_orders(house, core, templates.markers)
    keeping = build_pathology_keeping(house, core)
    return Pathology(
        house,
        handlers=(
            *core.handlers,
            stations,
            papers,
            *orders.handlers,
            templates.handlers,
            media.handlers,
            slides.handlers,
            reports.handlers,
            keeping.handlers,
            *build_pathology_settings(house, media),
            *build_pathology_statistics(house, cases),
            build_pathology_exchange(house, cases, media),
        ),
        core=core,
        templates=templates,
        media=media,
        slides=slides,
        reports=reports,
    )
