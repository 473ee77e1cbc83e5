"""An account of one campus sees and acts only there: refused by the server, through the whole router (RIS-EX-12)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.audit.service import AuditService
from server.bootstrap.areas import Areas, build_areas
from server.bootstrap.folders import Folders
from server.bootstrap.limits import CampusLimits
from server.bootstrap.running import _bulk_sources, all_handlers
from server.doors.rpc.router import Router
from server.kernel.clock import SystemClock
from server.kernel.database import Database
from server.kernel.errors import Refusal
from server.settings import load
from shared.contract.archive import ListStudies
from shared.contract.base import Channel, Request, reply_type
from shared.contract.ecg import EcgEntry, RegisterEcg
from shared.contract.errors import ErrorBody, ErrorCode
from shared.contract.exams import (
    CancelExam,
    ExamView,
    GetExam,
    ItemEntry,
    ListExams,
    ListSlots,
    PatientEntry,
    RegisterExam,
    UpdateExam,
)
from shared.contract.identity import ResetPassword
from shared.contract.master import (
    CampusEntry,
    DepartmentEntry,
    DeviceEntry,
    ListRows,
    MasterKind,
    RoomEntry,
    SaveRow,
    StaffEntry,
)
from shared.contract.organisation import GetHospital
from shared.contract.patients import GetPatient, GetRecords, LinkPatient, ListLinks, SearchPatients
from shared.contract.printing import PrintRegistrationForm
from shared.contract.queueing import CallNext, CallTicket, GetBoard, GetQueue, ListFinished
from shared.contract.referrals import OrganisationView, SaveOrganisation, SubmitReferral
from shared.contract.reporting import ListReports
from shared.domain.states import Sex
from shared.rpc import envelope

HEAD = ItemEntry(code="CT001", name="颅脑平扫", body_part="颅脑", price_fen=24000)


class House:
    """Two campuses, an account in each, one without limits, and the router of the server."""

    def __init__(self, database: Database, areas: Areas) -> None:
        database.create_schema()
        password = areas.identity.ensure_administrator()
        with database.write() as uow:
            areas.organisation.seed_defaults(uow)
            areas.scheduling.seed_defaults(uow)
        audit = AuditService(database)
        handlers = all_handlers(areas, audit, lambda: pytest.fail("not asked"))
        limits = CampusLimits(areas.organisation)
        self.router = Router(handlers, database, areas.identity, audit, SystemClock(), limits)
        self._identity = self.identity = areas.identity
        self.areas, self.database = areas, database
        self._keys = 0
        self.admin = areas.identity.login("admin", password, "", "").token
        for entry in (
            CampusEntry(code="EAST", name="东院区"),
            DepartmentEntry(code="EASTRAD", name="东院放射科", campus="EAST", performs=True),
            RoomEntry(code="E1", name="东院 CT 室", campus="EAST", department="EASTRAD", exam_types=("CT",)),
            RoomEntry(code="E2", name="东院 CT 二室", campus="EAST", exam_types=("CT",)),
            DeviceEntry(code="ECT", name="东院 CT", room="E1", modality="CT", ae_title="ECT1"),
        ):
            self.ask(SaveRow(entry=entry))
        view = self.ask(GetHospital())
        self.campuses = {campus.code: campus.id for campus in view.campuses}
        self.rooms = {room.code: room.id for room in view.rooms}
        roles = ("clerk", "technician", "doctor", "display")
        self.east = self._account("east", roles, campuses=("EAST",))
        self.main = self._account("main", roles, campuses=("RAD",))
        self.department = self._account("dept", roles, departments=("EASTRAD",))
        self.anybody = self._account("all", roles)

    def _account(self, login: str, roles: tuple[str, ...], **limits: Any) -> str:
        row = self.ask(SaveRow(entry=StaffEntry(code=login, name=login, roles=roles, **limits)))
        secret = self.ask(ResetPassword(user_id=row.id)).secret
        return self._identity.login(login, secret, "", "").token

    def ask(self, request: Request[Any], token: str = "") -> Any:
        """Return the reply or the error body."""
        self._keys += 1
        header = envelope.request_header(self._keys, request, token or self.admin, f"k{self._keys}")
        head, reply = self.router.answer(header, envelope.encode(request), Channel.REQUESTS, "10.1.1.1")
        if envelope.decode_reply_header(head).ok:
            return envelope.decode(reply_type(type(request)), reply)
        return envelope.decode_error(reply)

    def register(self, name: str, campus: str, room: str, token: str = "") -> Any:
        return self.ask(
            RegisterExam(
                patient=PatientEntry(name=name),
                exam_type="CT",
                items=(HEAD,),
                campus_id=self.campuses[campus],
                room_id=self.rooms[room],
            ),
            token or self.anybody,
        )

    def is_refused(self, request: Request[Any], token: str) -> bool:
        reply = self.ask(request, token)
        return isinstance(reply, ErrorBody) and reply.code is ErrorCode.PERMISSION_MISSING


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    settings = load(None, {"data": tmp_path})
    Folders(tmp_path).make()
    database = Database.in_folder(tmp_path)
    yield House(database, build_areas(settings, database))
    database.close()


def test_an_account_sees_only_its_campus(house: House) -> None:
    here, there = house.register("张三", "EAST", "E1"), house.register("李四", "RAD", "CT1")
    assert isinstance(here, ExamView) and isinstance(there, ExamView)
    assert [row.id for row in house.ask(ListExams(), house.east).rows] == [here.row.id]
    assert [row.id for row in house.ask(ListExams(), house.main).rows] == [there.row.id]
    assert house.ask(ListExams(), house.anybody).total == 2
    assert [ticket.exam_id for ticket in house.ask(GetQueue(), house.east).tickets] == [here.row.id]
    assert {room.room_id for room in house.ask(GetBoard(), house.east).rooms} == {house.rooms["E1"], house.rooms["E2"]}
    assert house.ask(ListFinished(), house.east) == ()
    assert house.ask(ListReports(), house.east).total == 0
    view = house.ask(GetHospital(), house.east)
    assert [campus.code for campus in view.campuses] == ["EAST"]
    assert {room.code for room in view.rooms} == {"E1", "E2"}
    assert [device.ae_title for device in view.devices] == ["ECT1"]


def test_patients_of_other_campuses_are_found_by_their_exact_number_only(house: House) -> None:
    here, there = house.register("张三", "EAST", "E1"), house.register("张三丰", "RAD", "CT1")
    number = house.ask(GetPatient(patient_id=there.row.patient_id), house.main).patient_number

    def found(text: str, token: str) -> list[str]:
        reply = house.ask(SearchPatients(text=text), token)
        assert reply.total == len(reply.rows)
        return [row.name for row in reply.rows]

    assert found("张三", house.east) == found("", house.east) == found("zhangsan", house.east) == ["张三"]
    assert found("三丰", house.east) == []
    assert found("张", house.anybody) == ["张三丰", "张三"]
    assert found(number, house.east) == ["张三丰"]
    assert found(number[:-1], house.east) == []
    assert house.is_refused(GetPatient(patient_id=there.row.patient_id), house.east)
    assert house.is_refused(GetRecords(patient_id=there.row.patient_id), house.east)
    pair = LinkPatient(patient_id=there.row.patient_id, version=1, into_id=here.row.patient_id, reason="同一人")
    assert house.is_refused(pair, house.east)
    assert house.ask(GetPatient(patient_id=here.row.patient_id), house.east).name == "张三"
    assert house.ask(GetPatient(patient_id=10**6), house.east).code is ErrorCode.NOT_FOUND


def test_a_linked_record_is_seen_with_the_person(house: House) -> None:
    here, there = house.register("张三", "EAST", "E1"), house.register("张叁", "RAD", "CT1")
    version = house.ask(GetPatient(patient_id=here.row.patient_id), house.anybody).version
    link = LinkPatient(patient_id=here.row.patient_id, version=version, into_id=there.row.patient_id, reason="同一人")
    assert not isinstance(house.ask(link, house.anybody), ErrorBody)
    rows = house.ask(SearchPatients(text="张叁"), house.east).rows
    assert [row.id for row in rows] == [there.row.patient_id]
    assert len(house.ask(GetRecords(patient_id=here.row.patient_id), house.east).records) == 2
    assert len(house.ask(ListLinks(), house.east)) == 1
    assert house.ask(ListLinks(), house.department) != ()


def test_an_ecg_exam_makes_a_patient_ones_own(house: House) -> None:
    registrar = house._account("ecg", ("ecg_registrar",), campuses=("EAST",))
    there = house.register("李四", "RAD", "CT1")
    assert house.is_refused(GetPatient(patient_id=there.row.patient_id), house.east)
    entry = EcgEntry(patient_id=there.row.patient_id, patient_name="李四", sex=Sex.MALE, age="45岁")
    made = house.ask(RegisterEcg(entry=entry), registrar)
    assert not isinstance(made, ErrorBody), made
    assert house.ask(GetPatient(patient_id=there.row.patient_id), house.east).name == "李四"
    assert house.is_refused(GetExam(exam_id=there.row.id), house.east)


def test_what_lies_elsewhere_is_refused(house: House) -> None:
    exam = house.register("李四", "RAD", "CT1")
    ticket = house.ask(GetQueue(), house.main).tickets[0]
    update = UpdateExam(
        exam_id=exam.row.id,
        version=exam.version,
        patient=exam.patient_entry,
        items=exam.items,
        room_id=house.rooms["E1"],
        planned_at=exam.row.planned_at,
        patient_type=exam.row.patient_type,
        is_in_arrears=False,
        clinical=exam.clinical,
        requester=exam.requester,
    )
    for request in (
        GetExam(exam_id=exam.row.id),
        CancelExam(exam_id=exam.row.id, version=exam.version),
        update,
        CallTicket(ticket_id=ticket.id, version=ticket.version),
        CallNext(room_id=house.rooms["CT1"]),
        ListExams(campus_id=house.campuses["RAD"]),
        GetQueue(room_id=house.rooms["CT1"]),
        GetBoard(room_ids=(house.rooms["CT1"],)),
        ListSlots(room_id=house.rooms["CT1"], day=exam.row.planned_at.date()),
        ListStudies(),
    ):
        assert house.is_refused(request, house.east), request
    assert isinstance(house.ask(GetExam(exam_id=exam.row.id), house.main), ExamView)
    refused = house.register("王五", "RAD", "CT1", house.east)
    assert refused.code is ErrorCode.PERMISSION_MISSING and "院区" in refused.message
    assert isinstance(house.register("王五", "EAST", "E1", house.east), ExamView)


def test_the_receiver_of_a_referral_sees_it_before_it_has_a_room(house: House) -> None:
    for code, campus in (("OUR", "RAD"), ("XIAN", "EAST")):
        campuses = (house.campuses[campus],)
        view = OrganisationView(id=0, version=0, code=code, name=code, name_en=code, group_ids=(), campus_ids=campuses)
        organisation = house.ask(SaveOrganisation(organisation=view))
    sent = house.ask(
        SubmitReferral(
            patient=PatientEntry(name="孙桂兰"),
            exam_type="CT",
            items=(HEAD,),
            to_organisation_id=organisation.id,
            to_campus_id=house.campuses["EAST"],
            from_campus_id=house.campuses["RAD"],
        ),
        house.main,
    )
    for token in (house.main, house.east):
        assert isinstance(house.ask(GetExam(exam_id=sent.exam.id), token), ExamView)
    house.ask(SaveRow(entry=CampusEntry(code="WEST", name="西院区")))
    house.ask(SaveRow(entry=RoomEntry(code="W1", name="西院 CT 室", campus="WEST", exam_types=("CT",))))
    west = house._account("west", ("clerk",), campuses=("WEST",))
    assert house.is_refused(GetExam(exam_id=sent.exam.id), west)


def test_a_department_narrows_to_its_rooms(house: House) -> None:
    in_room, beside = house.register("张三", "EAST", "E1"), house.register("李四", "EAST", "E2")
    assert [row.id for row in house.ask(ListExams(), house.department).rows] == [in_room.row.id]
    assert house.is_refused(GetExam(exam_id=beside.row.id), house.department)
    assert {room.code for room in house.ask(GetHospital(), house.department).rooms} == {"E1"}


def test_limits_count_at_once_and_administering_is_not_limited(house: House) -> None:
    exam = house.register("李四", "RAD", "CT1")
    row = next(one for one in house.ask(ListRows(kind=MasterKind.STAFF)).rows if one.entry.code == "all")
    entry = StaffEntry(code="all", name="all", roles=row.entry.roles, campuses=("EAST",))
    assert isinstance(house.ask(GetExam(exam_id=exam.row.id), house.anybody), ExamView)
    house.ask(SaveRow(entry=entry, row_id=row.id, version=row.version))
    assert house.is_refused(GetExam(exam_id=exam.row.id), house.anybody)
    assert house.is_refused(ListRows(kind=MasterKind.STAFF), house.east)


def test_papers_of_other_campuses_are_not_handed_out(house: House) -> None:
    exam = house.register("李四", "RAD", "CT1")
    paper = house.ask(PrintRegistrationForm(exam_id=exam.row.id), house.main)
    assert house.is_refused(PrintRegistrationForm(exam_id=exam.row.id), house.east)
    sources = _bulk_sources(house.areas, house.database)
    east, main = house.identity.authenticate(house.east), house.identity.authenticate(house.main)
    assert bytes(sources["document"].read(main, str(paper.id), 0).data).startswith(b"%PDF")
    with pytest.raises(Refusal) as caught:
        sources["document"].read(east, str(paper.id), 0)
    assert caught.value.body.code is ErrorCode.PERMISSION_MISSING
