"""Rows of the master data on both databases: added, changed, ordered, taken out of use, with history and versions."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from server.bootstrap.critical import critical_kinds
from server.bootstrap.master import tell_master_of_exams
from server.identity.kinds import RoleKind, StaffKind
from server.identity.rpc import IdentityHandlers
from server.identity.service import IdentityService
from server.kernel.dispatch import Caller, collect
from server.kernel.errors import Refusal
from server.organisation.catalogue import organisation_kinds
from server.organisation.importing import Tables
from server.organisation.initials import initials
from server.organisation.master import MasterService
from server.organisation.rpc import MasterRpc
from shared.contract.errors import ErrorCode
from shared.contract.identity import ResetPassword
from shared.contract.master import (
    BodyPartEntry,
    CampusEntry,
    DepartmentEntry,
    DeviceEntry,
    ExamItemEntry,
    ExamTypeEntry,
    GetHistory,
    ListRows,
    MasterAction,
    MasterKind,
    MasterList,
    MasterRow,
    MoveRow,
    PatientTypeEntry,
    RoleEntry,
    RoomEntry,
    SaveRow,
    SetActive,
    StaffEntry,
    WordEntry,
)
from shared.contract.organisation import Dictionary, GetHospital, MarkColour
from shared.domain.permissions import ROLES, Permission
from shared.domain.states import PatientType
from tests.hospital import Hospital

NEW_ITEM = ExamItemEntry(
    code="CT100", name="胸部薄层", name_en="Chest, thin", exam_type="CT", body_part="CHEST", price_fen=32050
)


class House:
    """A hospital with accounts, whose administrator keeps the master data."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital = hospital
        self.identity = IdentityService(hospital.database, hospital.clock, "topic")
        self.password = self.identity.ensure_administrator()
        kinds = (*organisation_kinds(), StaffKind(self.identity), RoleKind(self.identity), *critical_kinds())
        self.master = MasterService(hospital.organisation, hospital.clock, kinds)
        tell_master_of_exams(self.master)
        self.tables = Tables(hospital.database, self.master)
        hospital.handlers |= collect(
            MasterRpc(self.master, self.tables), IdentityHandlers(self.identity, lambda: pytest.fail("not asked"))
        )
        token = self.identity.login("admin", self.password, "desk", "127.0.0.1").token
        self.admin = self.identity.authenticate(token)

    def call(self, request: Any, caller: Caller | None = None) -> Any:
        return self.hospital.call(request, caller or self.admin)

    def rows(self, kind: MasterKind) -> MasterList:
        found: MasterList = self.call(ListRows(kind=kind))
        return found

    def row(self, kind: MasterKind, code: str) -> MasterRow:
        return next(row for row in self.rows(kind).rows if row.entry.code == code)

    def add(self, entry: Any) -> MasterRow:
        row: MasterRow = self.call(SaveRow(entry=entry))
        return row

    def change(self, row: MasterRow, **changes: Any) -> MasterRow:
        entry = msgspec.structs.replace(row.entry, **changes)
        changed: MasterRow = self.call(SaveRow(entry=entry, row_id=row.id, version=row.version))
        return changed

    def switch(self, kind: MasterKind, code: str, *, is_active: bool) -> MasterRow:
        row = self.row(kind, code)
        switched: MasterRow = self.call(SetActive(kind=kind, row_id=row.id, version=row.version, is_active=is_active))
        return switched

    def refusal(self, request: Any, caller: Caller | None = None) -> Any:
        with pytest.raises(Refusal) as caught:
            self.call(request, caller)
        return caught.value.body


@pytest.fixture
def house(hospital: Hospital) -> House:
    return House(hospital)


def test_a_whole_department_is_set_up_and_workstations_see_it(house: House) -> None:
    house.add(CampusEntry(code="EAST", name="东院区", name_en="East campus"))
    house.add(DepartmentEntry(code="EASTRAD", name="东院放射科", campus="EAST", performs=True))
    house.add(ExamTypeEntry(code="PET", name="正电子扫描", slot_minutes=40))
    room = house.add(
        RoomEntry(code="PET1", name="PET 一室", campus="EAST", department="EASTRAD", exam_types=("PET", "CT"))
    )
    house.add(DeviceEntry(code="PET-1", name="PET 一号机", room="PET1", modality="PT", ae_title="PETCT1"))
    house.add(BodyPartEntry(code="WHOLEBODY", name="全身", dicom="WHOLEBODY"))
    item = house.add(
        ExamItemEntry(
            code="PET001",
            name="全身显像",
            exam_type="PET",
            body_part="WHOLEBODY",
            price_fen=700000,
            duration_minutes=60,
            preparation="空腹六小时",
        )
    )
    view = house.call(GetHospital())
    assert [campus.code for campus in view.campuses] == ["RAD", "EAST"]
    shown = next(one for one in view.rooms if one.code == "PET1")
    assert (shown.spoken_name, shown.exam_types, shown.pinyin) == ("PET 一室", ("PET", "CT"), "petys")
    assert room.entry.queue_letter == "H"  # the first letter that no room has
    assert next(one for one in view.departments if one.code == "EASTRAD").id == shown.department_id
    found = next(one for one in view.exam_items if one.code == "PET001")
    assert (found.body_part, found.body_part_dicom, found.pinyin) == ("全身", "WHOLEBODY", "qsxx")
    assert (found.duration_minutes, found.preparation) == (60, "空腹六小时")
    assert item.version == 1 and item.is_active
    with house.hospital.read() as uow:
        picture = house.hospital.organisation.hospital(uow)
    assert picture.device_of_ae["PETCT1"].room_id == shown.id
    assert picture.minutes_of("PET", ("PET001",)) == 60 and picture.minutes_of("CT", ("CT001",)) == 10


def test_two_administrators_do_not_overwrite_each_other(house: House) -> None:
    row = house.row(MasterKind.EXAM_ITEM, "CT001")
    house.change(row, price_fen=25000)
    body = house.refusal(
        SaveRow(entry=msgspec.structs.replace(row.entry, name="别的"), row_id=row.id, version=row.version)
    )
    assert (body.code, body.version) == (ErrorCode.CONFLICT, row.version + 1)
    assert house.row(MasterKind.EXAM_ITEM, "CT001").entry.price_fen == 25000


def test_saving_without_a_change_counts_no_version(house: House) -> None:
    row = house.row(MasterKind.ROOM, "CT1")
    assert house.change(row).version == row.version
    assert house.call(GetHistory(kind=MasterKind.ROOM, row_id=row.id)) == ()


def test_history_tells_who_changed_what(house: House) -> None:
    row = house.change(house.add(NEW_ITEM), price_fen=40000, name="胸部薄层扫描")
    house.call(SetActive(kind=MasterKind.EXAM_ITEM, row_id=row.id, version=row.version, is_active=False))
    found = house.call(GetHistory(kind=MasterKind.EXAM_ITEM, row_id=row.id))
    assert [one.action for one in found] == [MasterAction.DEACTIVATED, MasterAction.CHANGED, MasterAction.ADDED]
    assert {one.user_name for one in found} == {"管理员"}
    assert [(one.title, one.before, one.after) for one in found[1].differences] == [
        ("名称", "胸部薄层", "胸部薄层扫描"),
        ("价格（元）", "320.50", "400"),
    ]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"code": "ct001"}, "code", ErrorCode.DUPLICATE),
        ({"name": "颅脑平扫"}, "name", ErrorCode.DUPLICATE),
        ({"name": "颅脑平扫", "exam_type": "DR"}, "", None),  # another type's item may be called the same
        ({"code": ""}, "code", ErrorCode.INVALID),
        ({"code": "=cmd"}, "code", ErrorCode.INVALID),
        ({"code": "X" * 17}, "code", ErrorCode.INVALID),
        ({"name": "  "}, "name", ErrorCode.INVALID),
        ({"name": "a\x00b"}, "name", ErrorCode.INVALID),
        ({"exam_type": "XX"}, "exam_type", ErrorCode.INVALID),
        ({"body_part": "NOWHERE"}, "body_part", ErrorCode.INVALID),
        ({"price_fen": -1}, "price_fen", ErrorCode.INVALID),
        ({"duration_minutes": 5000}, "duration_minutes", ErrorCode.INVALID),
    ],
)
def test_wrong_items_are_refused_at_their_field(
    house: House, changes: dict[str, Any], field: str, code: ErrorCode | None
) -> None:
    request = SaveRow(entry=msgspec.structs.replace(NEW_ITEM, **changes))
    if code is None:
        assert house.call(request).id
        return
    body = house.refusal(request)
    assert (body.code, body.field) == (code, field)
    assert body.message.endswith("。")


def test_an_ae_title_belongs_to_one_device(house: House) -> None:
    body = house.refusal(
        SaveRow(entry=DeviceEntry(code="CT-9", name="新机", room="CT2", modality="CT", ae_title="CT1"))
    )
    assert (body.code, body.field) == (ErrorCode.DUPLICATE, "ae_title")
    assert "CT 一号机" in body.message


def test_what_others_stand_on_stays_in_use(house: House) -> None:
    house.hospital.registered()  # in a CT room
    for kind, code, words in (
        (MasterKind.CAMPUS, "RAD", "个检查室"),
        (MasterKind.EXAM_TYPE, "CT", "个检查项目"),
        (MasterKind.BODY_PART, "CHEST", "个检查项目"),
        (MasterKind.ROOM, "CT1", "1 台设备、1 个未完成的检查"),
        (MasterKind.PATIENT_TYPE, "ordinary", "默认"),
        (MasterKind.ROLE, "administrator", "程序规定"),
    ):
        row = house.row(kind, code)
        body = house.refusal(SetActive(kind=kind, row_id=row.id, version=row.version, is_active=False))
        assert body.code is ErrorCode.ILLEGAL_ACTION and words in body.message, body.message


def test_rows_out_of_use_are_offered_no_more_but_still_known(house: House) -> None:
    house.switch(MasterKind.DEVICE, "DR1", is_active=False)
    room = house.switch(MasterKind.ROOM, "DR1", is_active=False)
    view = house.call(GetHospital())
    assert "DR1" not in {one.code for one in view.rooms} | {one.ae_title for one in view.devices}
    with house.hospital.read() as uow:
        picture = house.hospital.organisation.hospital(uow)
        assert picture.rooms[room.id].name == "DR 一室"
        with pytest.raises(Refusal, match="已停用"):
            picture.room(room.id)
    device = house.row(MasterKind.DEVICE, "DR1")
    body = house.refusal(SetActive(kind=MasterKind.DEVICE, row_id=device.id, version=device.version, is_active=True))
    assert body.field == "room"  # the room must come back first
    house.switch(MasterKind.ROOM, "DR1", is_active=True)
    assert house.switch(MasterKind.DEVICE, "DR1", is_active=True).is_active


def test_the_order_is_the_hospitals(house: House) -> None:
    def codes() -> list[str]:
        return [one.code for one in house.call(GetHospital()).rooms]

    before = codes()
    row = house.row(MasterKind.ROOM, before[1])
    moved = house.call(MoveRow(kind=MasterKind.ROOM, row_id=row.id, version=row.version, places=-1))
    assert codes() == [before[1], before[0], *before[2:]]
    house.call(MoveRow(kind=MasterKind.ROOM, row_id=row.id, version=moved.version, places=1000))
    assert codes() == [before[0], *before[2:], before[1]]
    stale = MoveRow(kind=MasterKind.ROOM, row_id=row.id, version=row.version, places=-1)
    assert house.refusal(stale).code is ErrorCode.CONFLICT


def test_items_move_among_those_of_their_type(house: House) -> None:
    row = house.row(MasterKind.EXAM_ITEM, "MR001")
    house.call(MoveRow(kind=MasterKind.EXAM_ITEM, row_id=row.id, version=row.version, places=1))
    items = [one.code for one in house.call(GetHospital()).exam_items]
    assert [code for code in items if code.startswith("MR")][:2] == ["MR002", "MR001"]
    assert next(code for code in items if code.startswith("CT")) == "CT001"


def test_a_renamed_body_part_renames_it_in_its_items(house: House) -> None:
    house.change(house.row(MasterKind.BODY_PART, "CHEST"), name="胸廓")
    items = {one.code: one for one in house.call(GetHospital()).exam_items}
    assert items["CT005"].body_part == "胸廓" and items["CT005"].body_part_dicom == "CHEST"


def test_a_configured_patient_type_orders_lists_by_its_class(house: House) -> None:
    house.add(PatientTypeEntry(code="green", name="绿色通道", priority=PatientType.EMERGENCY, colour=MarkColour.GREEN))
    view = house.hospital.registered(patient_kind="green")
    assert (view.row.patient_kind, view.row.patient_type) == ("green", PatientType.EMERGENCY)
    with pytest.raises(Refusal) as caught:
        house.hospital.registered("李四", patient_kind="nobody")
    assert caught.value.body.field == "patient_kind"
    assert house.hospital.registered("王五", patient_type=PatientType.VIP).row.patient_kind == "vip"
    row = house.row(MasterKind.PATIENT_TYPE, "vip")
    entry = msgspec.structs.replace(row.entry, priority=PatientType.ORDINARY)
    assert house.refusal(SaveRow(entry=entry, row_id=row.id, version=row.version)).field == "priority"


def test_words_get_codes_and_stand_in_their_dictionary(house: House) -> None:
    one = house.add(WordEntry(name="突发胸痛", dictionary=Dictionary.HISTORY))
    two = house.add(WordEntry(name="反复咳嗽", dictionary=Dictionary.HISTORY))
    assert one.entry.code != two.entry.code
    words = [word.text for word in house.call(GetHospital()).words if word.dictionary is Dictionary.HISTORY]
    assert words == ["突发胸痛", "反复咳嗽"]


def test_codes_are_given_once(house: House) -> None:
    row = house.row(MasterKind.EXAM_ITEM, "CT001")
    entry = msgspec.structs.replace(row.entry, code="CT777")
    assert house.refusal(SaveRow(entry=entry, row_id=row.id, version=row.version)).field == "code"


@pytest.mark.parametrize("text", ["胸部CT平扫", "Chest", "重庆 一室"])
def test_initials_are_lower_case_letters(text: str) -> None:
    assert initials(text) == {"胸部CT平扫": "xbctps", "Chest": "chest", "重庆 一室": "cqys"}[text]


# ── staff and roles ──────────────────────────────────────────────────────────────────────────────────


def test_staff_get_a_password_that_is_shown_once_and_their_rights_at_once(house: House) -> None:
    row = house.add(StaffEntry(code="wang", name="王芳", roles=("clerk",)))
    with pytest.raises(Refusal, match="用户名或密码错误"):
        house.identity.login("wang", "", "desk", "")
    secret = house.call(ResetPassword(user_id=row.id)).secret
    session = house.identity.login("wang", secret, "desk", "")
    assert session.must_change_password and Permission.REGISTER in session.permissions
    assert Permission.CALL not in house.identity.authenticate(session.token).permissions
    house.change(house.row(MasterKind.STAFF, "wang"), roles=("clerk", "technician"))
    assert Permission.CALL in house.identity.authenticate(session.token).permissions
    house.switch(MasterKind.STAFF, "wang", is_active=False)
    with pytest.raises(Refusal):
        house.identity.authenticate(session.token)


def test_permissions_of_a_role_are_edited_and_count_at_once(house: House) -> None:
    row = house.add(StaffEntry(code="wang", name="王芳", roles=("clerk",)))
    token = house.identity.login("wang", house.call(ResetPassword(user_id=row.id)).secret, "", "").token
    clerk = house.row(MasterKind.ROLE, "clerk")
    assert set(clerk.entry.permissions) == ROLES["clerk"] - {
        Permission.ANYONE,
        Permission.SIGNED_IN,
        Permission.OWN_ACCOUNT,
    }
    house.change(clerk, permissions=(Permission.CALL,))
    assert house.identity.authenticate(token).permissions == {
        Permission.CALL,
        Permission.SIGNED_IN,
        Permission.OWN_ACCOUNT,
        Permission.ANYONE,
    }
    house.add(RoleEntry(code="front_desk", name="前台", permissions=(Permission.REGISTER, Permission.PRINT_REPORT)))
    house.change(house.row(MasterKind.STAFF, "wang"), roles=("front_desk",))
    assert Permission.REGISTER in house.identity.authenticate(token).permissions
    body = house.refusal(
        SetActive(kind=MasterKind.ROLE, row_id=house.row(MasterKind.ROLE, "front_desk").id, version=1, is_active=False)
    )
    assert "1 名人员" in body.message


def test_nobody_locks_the_administrators_out(house: House) -> None:
    admin = house.row(MasterKind.STAFF, "admin")
    off = SetActive(kind=MasterKind.STAFF, row_id=admin.id, version=admin.version, is_active=False)
    assert "自己" in house.refusal(off).message
    house.add(StaffEntry(code="chief", name="主任", roles=("administrator",)))  # has no password yet
    demoted = msgspec.structs.replace(admin.entry, roles=("clerk",))
    body = house.refusal(SaveRow(entry=demoted, row_id=admin.id, version=admin.version))
    assert body.code is ErrorCode.ILLEGAL_ACTION and "至少" in body.message
    role = house.row(MasterKind.ROLE, "administrator")
    assert role.is_fixed
    fixed = SaveRow(entry=msgspec.structs.replace(role.entry, permissions=()), row_id=role.id, version=role.version)
    assert house.refusal(fixed).code is ErrorCode.ILLEGAL_ACTION


def test_who_is_limited_does_not_administer(house: House) -> None:
    limited = StaffEntry(code="chief", name="主任", roles=("administrator",), campuses=("RAD",))
    assert house.refusal(SaveRow(entry=limited)).field == "campuses"


def test_a_password_is_never_reset_for_oneself(house: House) -> None:
    assert house.refusal(ResetPassword(user_id=house.admin.user_id)).code is ErrorCode.ILLEGAL_ACTION
