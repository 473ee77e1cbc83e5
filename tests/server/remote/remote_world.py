"""Two hospitals over the whole server's services and its real router, without sockets, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server.archive.tables import ImagePatient, Instance, Series, Study
from server.audit.service import AuditService
from server.bootstrap.areas import build_areas
from server.bootstrap.folders import Folders
from server.bootstrap.running import _bulk_sources, _limits, all_handlers
from server.doors.rpc.router import Router
from server.identity.tables import UserRow
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import Refusal
from server.organisation.tables import CampusRow, RoomRow
from server.settings import load
from shared.contract import remote as contract
from shared.contract import reporting
from shared.contract.base import Channel, Request, reply_type
from shared.contract.errors import ErrorBody, ErrorCode
from shared.contract.exams import ItemEntry, PatientEntry, RegisterExam
from shared.contract.referrals import OrganisationView
from shared.domain.permissions import ROLES
from shared.domain.remote import RemoteKind, RemoteNotice, RemoteState
from shared.domain.states import CriticalValue, Sex
from shared.rpc import envelope
from tests.databases import a_database
from tests.rpc_house import SettableClock

CHEST = ItemEntry(code="CT005", name="胸部平扫+增强", body_part="胸部", price_fen=28000)
OPINION = contract.OpinionContent(findings="<p>右肺上叶结节。</p>", impression="<p>建议随访。</p>")
FULL = reporting.ReportContent(
    findings="<p>双肺纹理清晰。</p>", impression="<p>未见明显异常。</p>", critical_value=CriticalValue.NO
)


class Sessions:
    """Tokens are logins; callers are the accounts of the world."""

    def __init__(self) -> None:
        self.callers: dict[str, Caller] = {}

    def authenticate(self, token: str) -> Caller:
        if token not in self.callers:
            raise Refusal(ErrorCode.NOT_SIGNED_IN, "请登录。")
        return self.callers[token]


class RemoteWorld:
    """县医院 asks; 市医院 answers, with a team of two doctors and an auditor."""

    def __init__(self, database: Any, folder: Path) -> None:
        settings = load(None, {"data": folder})
        Folders(folder).make()
        self.database = database
        self.areas = build_areas(settings, database)
        self.clock = SettableClock()
        self.areas.time._clock = self.clock
        self.sessions = Sessions()
        audit = AuditService(database)
        handlers = all_handlers(self.areas, audit, lambda: pytest.fail("not asked"))
        self.router = Router(handlers, database, self.sessions, audit, self.clock, _limits(self.areas))
        self.bulk = _bulk_sources(self.areas, database)
        self._keys = self._exams = 0
        with database.write() as uow:
            self.areas.organisation.seed_defaults(uow)
            self.areas.scheduling.seed_defaults(uow)
        self.county, self.county_room = self._hospital("COUNTY", "县人民医院")
        self.city, self.city_room = self._hospital("CITY", "市中心医院")
        self.asker = self.account("asker", "孙医生", self.county, "doctor", "clerk")
        self.colleague = self.account("colleague", "吴医生", self.county, "doctor")
        self.chief = self.account("chief", "郑主任", self.county, "auditor")
        self.expert = self.account("expert", "李教授", self.city, "doctor")
        self.second = self.account("second", "周教授", self.city, "doctor")
        self.head = self.account("head", "何主任", self.city, "auditor")
        self.outsider = self.account("outsider", "冯医生", self.city, "doctor")
        self.team = self._team()

    def _hospital(self, code: str, name: str) -> tuple[int, int]:
        with self.database.write() as uow:
            row = CampusRow(code=code, name=name, name_en=code, pinyin="", position=9)
            uow.session.add(row)
            uow.session.flush()
            room = RoomRow(
                code=f"{code}1",
                name=f"{name}CT室",
                name_en=code,
                spoken_name="CT室",
                spoken_name_en="CT",
                queue_letter=code[0],
                campus_id=row.id,
                exam_types=["CT"],
                pinyin="",
                position=9,
            )
            uow.session.add(room)
            uow.session.flush()
            self.areas.organisation.count_change(uow)
            view = OrganisationView(
                id=0, version=0, code=code, name=name, name_en="", group_ids=(), campus_ids=(row.id,)
            )
            self.areas.ecg.house.network.save(uow, view)
            return row.id, room.id

    def account(self, login: str, name: str, campus_id: int, *roles: str) -> str:
        """An account in the database; its token is its login."""
        campuses = [campus_id] if campus_id else []
        with self.database.write() as uow:
            row = UserRow(login=login, name=name, roles=",".join(roles), campus_ids=campuses, password_hash="-")
            uow.session.add(row)
            uow.session.flush()
            user_id = row.id
        rights = frozenset().union(*(ROLES[role] for role in roles))
        self.sessions.callers[login] = Caller(
            user_id=user_id, login=login, name=name, permissions=rights, station="PC", campus_ids=frozenset(campuses)
        )
        return login

    def areas_campus(self) -> int:
        """A campus of neither side."""
        with self.database.read() as uow:
            return self.areas.organisation.hospital(uow).view.campuses[0].id

    def id_of(self, token: str) -> int:
        return self.sessions.callers[token].user_id

    def _team(self) -> contract.RemoteTeam:
        members = tuple(
            contract.RemoteMember(user_id=self.id_of(one), name="") for one in (self.expert, self.second, self.head)
        )
        team = contract.RemoteTeam(
            id=0, version=0, name="胸部影像组", campus_id=self.city, hospital="", members=members
        )
        saved: contract.RemoteTeam = self.ask(self.head, contract.SaveTeam(team=team))
        return saved

    def change_team(self, **parts: Any) -> None:
        """Change how the team works."""
        import msgspec

        self.team = self.ask(self.head, contract.SaveTeam(team=msgspec.structs.replace(self.team, **parts)))

    # ── the router ───────────────────────────────────────────────────────────────────────────────────

    def reply(self, token: str, request: Request[Any]) -> Any:
        """The reply, or the error's body, as a workstation gets it."""
        self._keys += 1
        header = envelope.request_header(self._keys, request, token, f"k{self._keys}")
        head, reply = self.router.answer(header, envelope.encode(request), Channel.REQUESTS, "10.1.1.1")
        if envelope.decode_reply_header(head).ok:
            return envelope.decode(reply_type(type(request)), reply)
        return envelope.decode_error(reply)

    def ask(self, token: str, request: Request[Any]) -> Any:
        """The reply; a refusal fails the test."""
        found = self.reply(token, request)
        assert not isinstance(found, ErrorBody), (request.method, found)
        return found

    def code(self, token: str, request: Request[Any]) -> ErrorCode | None:
        """The code of a refusal, None where there was none."""
        found = self.reply(token, request)
        return found.code if isinstance(found, ErrorBody) else None

    def sees_pixels(self, token: str, exam_id: int) -> bool:
        """Whether the bulk channel would read an object of an exam for an account."""
        try:
            self.bulk["header"].read(self.sessions.callers[token], f"{uid_of(exam_id)}.1.1", 0)
        except Refusal as refusal:
            return refusal.body.code is not ErrorCode.PERMISSION_MISSING
        return True

    # ── exams, requests ──────────────────────────────────────────────────────────────────────────────

    def examined(self, name: str = "赵大爷", **patient: Any) -> reporting.ReportView:
        """A finished CT of the county hospital with images: its report waits."""
        entry = PatientEntry(name=name, sex=Sex.MALE, **patient)
        exam = self.ask(
            self.asker,
            RegisterExam(
                patient=entry, exam_type="CT", items=(CHEST,), campus_id=self.county, room_id=self.county_room
            ),
        )
        exam_id = exam.row.id
        with self.database.write() as uow:
            self._images(uow, exam_id)
            self.areas.exams.begin(uow, SYSTEM, exam_id)
            self.areas.exams.images_arrived(uow, exam_id, uid_of(exam_id), 1, 1)
            self.areas.exams.finish(uow, SYSTEM, exam_id)
            report_id = self.areas.reports.report_of(uow, exam_id)
        assert report_id is not None
        view: reporting.ReportView = self.ask(self.asker, reporting.GetReport(report_id=report_id))
        return view

    def _images(self, uow: Any, exam_id: int) -> None:
        now = self.clock.now()
        patient = ImagePatient(patient_id=f"P{exam_id}", identity=f"P{exam_id}")
        uow.session.add(patient)
        uow.session.flush()
        study = Study(
            uid=uid_of(exam_id), image_patient_id=patient.id, patient_id=f"P{exam_id}", received_at=now, changed_at=now
        )
        study.exam_id, study.series_count, study.instance_count = exam_id, 1, 1
        uow.session.add(study)
        uow.session.flush()
        series = Series(uid=f"{uid_of(exam_id)}.1", study_pk=study.id, modality="CT")
        uow.session.add(series)
        uow.session.flush()
        uow.session.add(
            Instance(
                uid=f"{uid_of(exam_id)}.1.1",
                series_pk=series.id,
                sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
                transfer_syntax_uid="1.2.840.10008.1.2.1",
                object_key=f"{exam_id:064x}",
                size_bytes=1,
                data_offset=0,
            )
        )
        uow.session.flush()

    def asked(self, report: reporting.ReportView | None = None, **parts: Any) -> contract.RemoteView:
        """A request of the county hospital's doctor."""
        report = report or self.examined()
        values: dict[str, Any] = {"kind": RemoteKind.OPINION, "history": "咳嗽两周"}
        view: contract.RemoteView = self.ask(
            self.asker, contract.Ask(exam_id=report.row.exam_id, team_id=self.team.id, **(values | parts))
        )
        return view

    def in_state(self, state: RemoteState, **parts: Any) -> contract.RemoteView:
        """An opinion that was led to a state by the usual people; the team's levels are as they are."""
        view = self.asked(**parts)
        number = view.row.id

        def step(token: str, request: Request[Any]) -> None:
            nonlocal view
            view = self.ask(token, request)

        if state is RemoteState.PENDING:
            return view
        if state is RemoteState.WITHDRAWN:
            step(self.asker, contract.Withdraw(request_id=number, version=view.row.version))
            return view
        if state is RemoteState.RETURNED:
            step(self.expert, contract.Return(request_id=number, version=view.row.version, reason="影像不全"))
            return view
        step(self.expert, contract.Accept(request_id=number))
        if state is RemoteState.ACCEPTED:
            return view
        step(self.expert, contract.Write(request_id=number))
        if state is RemoteState.WRITING:
            return view
        step(self.expert, contract.Submit(request_id=number, version=view.row.version, content=OPINION))
        if state is RemoteState.SUBMITTED:
            return view
        if self.team.two_level:
            step(self.head, contract.Audit(request_id=number))
            if state is RemoteState.AUDITING:
                return view
            if state is RemoteState.REJECTED:
                step(self.head, contract.Reject(request_id=number, version=view.row.version, reason="请描述大小"))
                return view
            step(self.head, contract.Pass(request_id=number, version=view.row.version, content=OPINION))
        if state is RemoteState.APPROVED:
            return view
        if state is RemoteState.SENT_BACK:
            step(self.asker, contract.SendBack(request_id=number, version=view.row.version, reason="侧别不清"))
            return view
        item = contract.ConfirmItem(request_id=number, version=view.row.version)
        [outcome] = self.ask(self.asker, contract.Confirm(requests=(item,)))
        assert outcome.is_confirmed and state is RemoteState.COMPLETED
        return self.seen(self.asker, number)

    def seen(self, token: str, request_id: int) -> contract.RemoteView:
        view: contract.RemoteView = self.ask(token, contract.Get(request_id=request_id))
        return view

    def notices(self, token: str) -> list[RemoteNotice]:
        """The kinds of what somebody has not read, newest first."""
        return [one.kind for one in self.ask(token, contract.ListNotices())]


def uid_of(exam_id: int) -> str:
    """The study of an exam."""
    return f"1.2.826.0.1.3680043.9.{exam_id}"


@contextmanager
def a_world(kind: str, folder: Path) -> Iterator[RemoteWorld]:
    """The world on a database of a kind."""
    with a_database(kind, folder) as database:
        yield RemoteWorld(database, folder / "data")
