"""One row of every kind of master data, as the server would list it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from shared.contract.master import (
    BodyPartEntry,
    CampusEntry,
    CriticalValueEntry,
    DepartmentEntry,
    DeviceEntry,
    Difference,
    DutyEntry,
    ExamItemEntry,
    ExamTypeEntry,
    GetHistory,
    ListRows,
    MasterAction,
    MasterChange,
    MasterChoice,
    MasterEntry,
    MasterKind,
    MasterList,
    MasterRow,
    PatientTypeEntry,
    RoleEntry,
    RoomEntry,
    StaffEntry,
    WordEntry,
)
from shared.contract.organisation import Dictionary, MarkColour
from shared.domain.critical import CriticalRegion, Escalation
from shared.domain.permissions import ROLES, Permission
from shared.domain.states import PatientType

_NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
_NAMES = {"RAD": "放射科", "RADIOLOGY": "放射科", "CT": "CT", "CT1": "CT 一室", "CHEST": "胸部", "clerk": "登记员"}

ENTRIES: dict[MasterKind, MasterEntry] = {
    MasterKind.CAMPUS: CampusEntry(code="RAD", name="放射科", name_en="Radiology"),
    MasterKind.DEPARTMENT: DepartmentEntry(code="RADIOLOGY", name="放射科", name_en="Radiology", campus="RAD"),
    MasterKind.ROOM: RoomEntry(
        code="CT1", name="CT 一室", name_en="CT Room 1", campus="RAD", department="RADIOLOGY", exam_types=("CT",)
    ),
    MasterKind.DEVICE: DeviceEntry(code="CT1", name="CT 一号机", room="CT1", modality="CT", ae_title="CT1"),
    MasterKind.EXAM_TYPE: ExamTypeEntry(code="CT", name="CT", name_en="CT", slot_minutes=10),
    MasterKind.BODY_PART: BodyPartEntry(code="CHEST", name="胸部", name_en="Chest", dicom="CHEST"),
    MasterKind.EXAM_ITEM: ExamItemEntry(
        code="CT005", name="胸部平扫", exam_type="CT", body_part="CHEST", price_fen=28000, preparation="去除金属物品"
    ),
    MasterKind.PATIENT_TYPE: PatientTypeEntry(
        code="green", name="绿色通道", priority=PatientType.EMERGENCY, colour=MarkColour.GREEN
    ),
    MasterKind.WORD: WordEntry(code="W0001", name="术前检查", dictionary=Dictionary.PURPOSE),
    MasterKind.CRITICAL_VALUE: CriticalValueEntry(
        code="BLEEDING", name="脑出血", name_en="Cerebral haemorrhage", region=CriticalRegion.HEAD, keywords=("脑出血",)
    ),
    MasterKind.DUTY: DutyEntry(code="NIGHT", name="李护士", level=Escalation.WARD, begins="20:00", ends="08:00"),
    MasterKind.STAFF: StaffEntry(code="wang", name="王芳", title="护师", roles=("clerk",), campuses=("RAD",)),
    MasterKind.ROLE: RoleEntry(
        code="clerk", name="登记员", permissions=tuple(one for one in Permission if one in ROLES["clerk"])
    ),
}
_CHOICES = tuple(
    MasterChoice(kind=kind, code=entry.code, name=entry.name, name_en=getattr(entry, "name_en", ""))
    for kind, entry in ENTRIES.items()
)


def _list(request: ListRows) -> MasterList:
    entry = ENTRIES[request.kind]
    names = {
        field: "、".join(_NAMES.get(code, code) for code in ((value,) if isinstance(value, str) else value))
        for field, value in ((name, getattr(entry, name)) for name in entry.__struct_fields__)
        if isinstance(value, (str, tuple))
    }
    row = MasterRow(id=1, version=1, position=1, is_active=True, pinyin="", entry=entry, names=names)
    return MasterList(rows=(row,), choices=_CHOICES)


def _history(_request: GetHistory) -> tuple[MasterChange, ...]:
    changed = (Difference(field="name", title="名称", before="甲", after="乙"),)
    return (MasterChange(at=_NOW, user_name="管理员", action=MasterAction.CHANGED, differences=changed),)


def master_replies() -> dict[type[Any], Callable[[Any], Any]]:
    """What the administration asks about the master data."""
    return {ListRows: _list, GetHistory: _history}
