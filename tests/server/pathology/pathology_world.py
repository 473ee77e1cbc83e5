"""Cases and the technical room of pathology over a real database, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar

from server.bootstrap.pathology_cases import build_pathology_cases
from server.bootstrap.pathology_orders import build_pathology_orders
from server.bootstrap.pathology_templates import build_pathology_templates
from server.exams.applications import ApplicationDesk
from server.identity.service import IdentityService
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, collect
from server.organisation.service import OrganisationService
from server.pathology.cases.service import CaseService
from server.patients.service import PatientService
from shared.contract import pathology as contract
from shared.contract import pathology_preparation as preparation
from shared.contract import pathology_technique as technique
from shared.contract.base import Request
from shared.domain.permissions import ROLES
from tests.rpc_house import SettableClock

ReplyT = TypeVar("ReplyT")


def _caller(user_id: int, login: str, name: str, *roles: str) -> Caller:
    rights = frozenset().union(*(ROLES[role] for role in roles))
    return Caller(user_id=user_id, login=login, name=name, permissions=rights)


CLERK = _caller(1, "djy", "登记员", "pathology_registrar")
GROSSER = _caller(2, "qc", "取材医生", "pathology_grosser")
TECHNICIAN = _caller(3, "js", "技术员", "pathology_technician")
OTHER_TECHNICIAN = _caller(4, "js2", "技术员乙", "pathology_technician")
CHIEF = _caller(5, "zz", "主诊", "pathology_chief")
AUDITOR = _caller(6, "sh", "审核", "pathology_auditor")
ARCHIVIST = _caller(7, "gd", "档案员", "pathology_archivist")
ADMIN = _caller(8, "admin2", "病理管理员", "pathology_admin")
BOSS = _caller(9, "boss", "管理员", "administrator")


@dataclass
class Prepared:
    """A case with one specimen, and its blocks and slides as far as they were asked for."""

    case_id: int
    number: str
    specimen_id: int
    blocks: tuple[technique.BlockView, ...] = ()
    slides: tuple[preparation.SlideView, ...] = ()


class PathologyWorld:
    """The rooms, called through their handlers: what the router would do, without sockets."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = SettableClock()
        self.time = HospitalTime(self.clock, "Asia/Shanghai")
        self.identity = IdentityService(database, self.clock, "topic")
        self.organisation = OrganisationService()
        self.patients = PatientService(self.time)
        self.applications = ApplicationDesk(self.time, self.patients, self.organisation)
        self.templates = build_pathology_templates(self.time)
        house: Any = SimpleNamespace(
            database=database,
            organisation=self.organisation,
            documents=None,  # papers are drawn in the tests of a whole server
            time=self.time,
            identity=self.identity,
            patients=self.patients,
            applications=self.applications,
        )
        self.core = build_pathology_cases(house, CaseService(self.time))
        self.cases, self.technique = self.core.cases, self.core.technique
        self.orders = build_pathology_orders(house, self.core, self.templates.markers)
        self.handlers = collect(*self.core.handlers, *self.orders.handlers)
        with database.write() as uow:
            self.core.seed(uow)
        self.libraries = {view.entry.name: view.id for view in self.ask(BOSS, contract.ListLibraries())}

    def ask(self, caller: Caller, request: Request[ReplyT]) -> ReplyT:
        """Answer a request as the router does, its permission included."""
        handler = self.handlers[request.method]
        assert caller.may(request.permission), f"{caller.name} may not {request.method}"
        if not handler.in_transaction:
            return handler.call(request, caller)
        opened = self.database.write() if request.is_command else self.database.read()
        with opened as uow:
            return handler.call(request, caller, uow)

    def write(self, act: Callable[[UnitOfWork], ReplyT]) -> ReplyT:
        """Do something in a transaction."""
        with self.database.write() as uow:
            return act(uow)

    def register(
        self, library: str = "常规", name: str = "张三", number: str = "", **more: Any
    ) -> contract.CaseDetails:
        """Register a case with one specimen."""
        request = contract.RegisterCase(
            library_id=self.libraries[library],
            entry=contract.CaseEntry(patient_name=name, **more),
            number=number,
            specimens=(technique.SpecimenEntry(name="胃窦黏膜"),),
        )
        return self.ask(CLERK, request)

    def received(self, library: str = "常规", name: str = "张三", **more: Any) -> Prepared:
        """Register a case and accept its specimen."""
        case = self.register(library, name, **more)
        specimen = case.specimens[0].id
        report = self.ask(CLERK, technique.AcceptSpecimens(specimen_ids=(specimen,)))
        assert report.done == 1
        return Prepared(case.case.id, case.case.number, specimen)

    def grossed(self, *serials: str, **more: Any) -> Prepared:
        """A case with blocks that wait for verification."""
        case = self.received(**more)
        rows = tuple(
            technique.BlockEntry(serial=serial, site=f"部位{serial}", pieces=2) for serial in serials or ("A",)
        )
        case.blocks = self.ask(GROSSER, technique.AddBlocks(case_id=case.case_id, rows=rows)).blocks
        return case

    def embedded(self, *serials: str, **more: Any) -> Prepared:
        """A case with blocks that wait for sectioning."""
        case = self.grossed(*serials, **more)
        ids = tuple(block.id for block in case.blocks)
        checks = tuple(technique.PieceCheck(block_id=one) for one in ids)
        assert self.ask(TECHNICIAN, technique.VerifyBlocks(checks=checks)).done == len(ids)
        assert self.ask(TECHNICIAN, technique.EmbedBlocks(block_ids=ids)).done == len(ids)
        case.blocks = self.details(case.case_id).grossing.blocks
        return case

    def cut(self, *serials: str, sections: int = 1, **more: Any) -> Prepared:
        """A case with slides that have no labels yet."""
        case = self.embedded(*serials, **more)
        plans = tuple(preparation.SectionPlan(block_id=block.id, sections=sections) for block in case.blocks)
        case.slides = self.ask(TECHNICIAN, preparation.SectionBlocks(plans=plans)).slides
        case.blocks = self.details(case.case_id).grossing.blocks
        return case

    def labelled(self, *serials: str, sections: int = 1, **more: Any) -> Prepared:
        """A case with slides whose labels are printed."""
        case = self.cut(*serials, sections=sections, **more)
        report = self.ask(
            TECHNICIAN,
            preparation.ReleaseLabels(
                slide_ids=tuple(slide.id for slide in case.slides),
                block_codes=tuple(block.code for block in case.blocks),
            ),
        )
        assert report.done == len(case.slides)
        case.slides = self.details(case.case_id).slides
        return case

    def handed_over(self, *serials: str, sections: int = 1, **more: Any) -> Prepared:
        """A case with slides in the diagnosis room."""
        case = self.labelled(*serials, sections=sections, **more)
        for slide in case.slides:
            self.ask(TECHNICIAN, preparation.CheckSlide(slide_code=slide.code))
        ids = tuple(slide.id for slide in case.slides)
        self.ask(TECHNICIAN, preparation.HandSlidesOver(slide_ids=ids, receiver="诊断室"))
        case.slides = self.details(case.case_id).slides
        return case

    def details(self, case_id: int, caller: Caller = ADMIN) -> contract.CaseDetails:
        return self.ask(caller, contract.OpenCase(case_id=case_id))
