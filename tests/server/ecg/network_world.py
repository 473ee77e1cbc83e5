"""Two hospitals of the ECG network over the whole server's services, without sockets, with a clock that tests move."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from server.bootstrap.areas import build_areas
from server.bootstrap.folders import Folders
from server.identity.tables import UserRow
from server.kernel.dispatch import Caller, collect
from server.organisation.tables import CampusRow
from server.settings import load
from shared.contract import ecg
from shared.contract import ecg_acquisition as acquisition
from shared.contract import ecg_consultations as consultations
from shared.contract import ecg_reports as reports
from shared.contract.base import Request
from shared.contract.referrals import OrganisationView
from shared.domain.permissions import ROLES
from shared.domain.states import Sex
from tests.databases import a_database
from tests.rpc_house import SettableClock
from tests.server.ecg.ecg_world import a_file, upload_facts

ReplyT = TypeVar("ReplyT")


class NetworkWorld:
    """A clinic (nurse, doctor), a county hospital (two consultants, a head); accounts are rows of the database."""

    def __init__(self, database: Any, folder: Path) -> None:
        settings = load(None, {"data": folder})
        Folders(folder).make()
        self.database = database
        self.areas = build_areas(settings, database)
        self.ecg = self.areas.ecg
        self.clock = SettableClock()
        self.areas.time._clock = self.clock
        self.handlers = collect(*self.ecg.handlers)
        with database.write() as uow:
            self.areas.organisation.seed_defaults(uow)
            self.ecg.seed(uow)
        self.clinic, self.county = self._hospital("CLINIC", "东山镇卫生院"), self._hospital("COUNTY", "县人民医院")
        self.nurse = self.account("nurse", "王护士", self.clinic, "ecg_operator", "ecg_registrar")
        self.local = self.account("local", "孙医生", self.clinic, "ecg_doctor")
        self.li = self.account("li", "李主治", self.county, "ecg_consultant")
        self.zhou = self.account("zhou", "周主治", self.county, "ecg_consultant")
        self.head = self.account("head", "何主任", self.county, "ecg_head")
        self.admin = self.account("boss", "管理员", 0, "ecg_admin")
        members = tuple(consultations.MemberView(user_id=one.user_id, name=one.name) for one in (self.li, self.zhou))
        team = consultations.TeamView(
            id=0, version=0, name="心电会诊中心", campus_id=self.county, hospital="", members=members
        )
        self.team: consultations.TeamView = self.ask(self.head, consultations.SaveTeam(team=team))

    def _hospital(self, code: str, name: str) -> int:
        with self.database.write() as uow:
            row = CampusRow(code=code, name=name, name_en=code, pinyin="", position=9)
            uow.session.add(row)
            uow.session.flush()
            self.areas.organisation.count_change(uow)
            view = OrganisationView(
                id=0, version=0, code=code, name=name, name_en="", group_ids=(), campus_ids=(row.id,)
            )
            self.ecg.house.network.save(uow, view)
            return row.id

    def account(self, login: str, name: str, campus_id: int, *roles: str) -> Caller:
        """An account in the database and the caller that it is."""
        campuses = [campus_id] if campus_id else []
        with self.database.write() as uow:
            row = UserRow(login=login, name=name, roles=",".join(roles), campus_ids=campuses, password_hash="-")
            uow.session.add(row)
            uow.session.flush()
            user_id = row.id
        rights = frozenset().union(*(ROLES[role] for role in roles))
        return Caller(
            user_id=user_id, login=login, name=name, permissions=rights, station="PC", campus_ids=frozenset(campuses)
        )

    def ask(self, who: Caller, request: Request[ReplyT]) -> ReplyT:
        """Answer a request as the router does, its permission included."""
        handler = self.handlers[request.method]
        assert who.may(request.permission), f"{who.name} may not {request.method}"
        if not handler.in_transaction:
            return handler.call(request, who)
        opened = self.database.write() if request.is_command else self.database.read()
        with opened as uow:
            return handler.call(request, who, uow)

    # ── steps that many tests begin with ─────────────────────────────────────────────────────────────

    def registered(self, name: str = "赵大爷", **entry: Any) -> int:
        """An exam of the clinic."""
        given: dict[str, Any] = {"sex": Sex.MALE, "age": "63", "campus_id": self.clinic, **entry}
        made = self.ask(self.nurse, ecg.RegisterEcg(entry=ecg.EcgEntry(patient_name=name, **given)))
        return made.exam.row.id

    def acquired(self, name: str = "赵大爷", data: bytes = b"", **entry: Any) -> int:
        """One with a trace."""
        exam_id = self.registered(name, **entry)
        self.upload(exam_id, data)
        return exam_id

    def upload(self, exam_id: int, data: bytes = b"") -> None:
        """A trace arrives."""
        data = data or a_file(seed=exam_id)
        facts = upload_facts("ecg.dcm", data, exam_id=exam_id)
        self.ask(self.nurse, acquisition.AddTrace(key=secrets.token_hex(16), facts=facts, data=data))

    def page(self, who: Caller, exam_id: int) -> reports.ReportPage:
        """The report's page."""
        return self.ask(who, reports.Open(exam_id=exam_id))

    def submitted(self, who: Caller, exam_id: int, diagnosis: str = "窦性心律") -> reports.ReportPage:
        """A report submitted by somebody."""
        page = self.page(who, exam_id)
        body = reports.ReportBody(parameters=page.body.parameters, diagnosis=diagnosis)
        return self.ask(who, reports.Submit(exam_id=exam_id, version=page.version, body=body))

    def applied(self, exam_id: int, **facts: Any) -> consultations.ConsultationView:
        """A consultation asked for by the clinic's doctor."""
        return self.ask(self.local, consultations.Apply(exam_id=exam_id, team_id=self.team.id, **facts))

    def notices(self, who: Caller) -> list[str]:
        """The kinds of what somebody has not read."""
        return [one.kind.value for one in self.ask(who, consultations.ListNotices())]


@contextmanager
def a_network(kind: str, folder: Path) -> Iterator[NetworkWorld]:
    """The world on a database of a kind."""
    with a_database(kind, folder) as database:
        yield NetworkWorld(database, folder / "data")
