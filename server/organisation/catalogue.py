"""The kinds of master data that this area keeps: their fields, and how each stands in its table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update

from server.kernel.database import UnitOfWork, next_number
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid
from server.kernel.rows.fields import FieldSpec, Form, pattern, words_of
from server.kernel.rows.kinds import Kind, References, Uses
from server.organisation.rules import fault_of_ae_title
from server.organisation.tables import (
    BodyPartRow,
    CampusRow,
    DepartmentRow,
    DeviceRow,
    ExamItemRow,
    ExamTypeRow,
    PatientTypeRow,
    RoomRow,
    WordRow,
)
from shared.contract.master import (
    BodyPartEntry,
    CampusEntry,
    DepartmentEntry,
    DeviceEntry,
    ExamItemEntry,
    ExamTypeEntry,
    MasterKind,
    PatientTypeEntry,
    RoomEntry,
    WordEntry,
)
from shared.contract.organisation import Dictionary, MarkColour
from shared.domain.report_choices import ChoiceError, choices_of
from shared.domain.states import PatientType

_CODE = pattern(r"[A-Za-z0-9][A-Za-z0-9_.\-/]*", "编码只能用字母、数字和 _ . - /，以字母或数字开头。")
_CS = pattern(r"[A-Z0-9_ ]+", "只能用大写字母、数字、空格和下划线（DICOM CS）。")
_MAX_MINUTES = 24 * 60
_MAX_YUAN = 1_000_000
_BUILT_IN_TYPES = frozenset(kind.value for kind in PatientType)


def code_field(length: int = 20, **more: Any) -> FieldSpec:
    values: dict[str, Any] = {"required": True, "fault": _CODE, "width": 14, **more}
    return FieldSpec(key="code", title="编码", title_en="Code", length=length, **values)


def name_field(length: int = 100, title: str = "名称", title_en: str = "Name") -> FieldSpec:
    return FieldSpec(key="name", title=title, title_en=title_en, required=True, length=length, width=26)


def english_field(length: int = 100) -> FieldSpec:
    return FieldSpec(key="name_en", title="英文名称", title_en="English name", length=length, width=30)


def _fault_of_choices(text: str) -> str | None:
    try:
        choices_of(text)
    except ChoiceError as error:
        return str(error)
    return None


_CAMPUS = FieldSpec(
    key="campus", title="院区", title_en="Campus", required=True, length=20, refers=MasterKind.CAMPUS, width=12
)
_TYPES = FieldSpec(
    key="exam_types",
    title="检查类型",
    title_en="Exam types",
    form=Form.LIST,
    required=True,
    refers=MasterKind.EXAM_TYPE,
)


def count_of(table: Any, column: Any, words: str, *, key: str = "id") -> Uses:
    """Return the check that no active row names this one in `column`; `words` as "个检查室"."""

    def uses(uow: UnitOfWork, row: Any) -> str:
        statement = select(func.count()).select_from(table).where(column == getattr(row, key), table.is_active)
        number = uow.session.execute(statement).scalar_one()
        return f"{number} {words}" if number else ""

    return uses


class CampusKind(Kind):
    kind, word, table, entry_type = MasterKind.CAMPUS, "院区", CampusRow, CampusEntry
    fields = (code_field(), name_field(), english_field())

    def __init__(self) -> None:
        super().__init__()
        self.uses += [
            count_of(RoomRow, RoomRow.campus_id, "个检查室"),
            count_of(DepartmentRow, DepartmentRow.campus_id, "个科室"),
        ]

    def entry(self, row: Any, refs: References) -> CampusEntry:
        return CampusEntry(code=row.code, name=row.name, name_en=row.name_en)

    def columns(self, entry: CampusEntry, refs: References) -> dict[str, Any]:
        return {"name": entry.name, "name_en": entry.name_en}


class DepartmentKind(Kind):
    kind, word, table, entry_type = MasterKind.DEPARTMENT, "科室", DepartmentRow, DepartmentEntry
    group_field = "campus"
    fields = (
        code_field(),
        name_field(),
        english_field(),
        _CAMPUS,
        FieldSpec(key="performs", title="执行检查", title_en="Performs exams", form=Form.SWITCH, width=10),
    )

    def __init__(self) -> None:
        super().__init__()
        self.uses.append(count_of(RoomRow, RoomRow.department_id, "个检查室"))

    def entry(self, row: Any, refs: References) -> DepartmentEntry:
        return DepartmentEntry(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            campus=refs.code_of(MasterKind.CAMPUS, row.campus_id),
            performs=row.performs,
        )

    def columns(self, entry: DepartmentEntry, refs: References) -> dict[str, Any]:
        return {
            "name": entry.name,
            "name_en": entry.name_en,
            "campus_id": refs.id_of(MasterKind.CAMPUS, entry.campus),
            "performs": entry.performs,
        }

    def check(self, entry: DepartmentEntry, row: Any | None, refs: References) -> None:
        if row is not None and row.campus_id != refs.id_of(MasterKind.CAMPUS, entry.campus):
            raise invalid("campus", "科室建立后不能改院区，请在另一院区新建科室。")


class RoomKind(Kind):
    kind, word, table, entry_type = MasterKind.ROOM, "检查室", RoomRow, RoomEntry
    group_field = "campus"
    fields = (
        code_field(),
        name_field(),
        english_field(),
        _CAMPUS,
        FieldSpec(
            key="department", title="科室", title_en="Department", length=20, refers=MasterKind.DEPARTMENT, width=14
        ),
        _TYPES,
        FieldSpec(key="location", title="位置", title_en="Location", width=20),
        FieldSpec(key="spoken_name", title="播报名称", title_en="Spoken name", width=18),
        FieldSpec(key="spoken_name_en", title="英文播报名称", title_en="Spoken English name", width=22),
        FieldSpec(
            key="queue_letter",
            title="排队号字母",
            title_en="Queue letter",
            length=4,
            fault=pattern(r"[A-Z]{1,4}", "排队号字母为 1–4 个大写字母。"),
            width=12,
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self.uses.append(count_of(DeviceRow, DeviceRow.room_id, "台设备"))

    def entry(self, row: Any, refs: References) -> RoomEntry:
        return RoomEntry(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            campus=refs.code_of(MasterKind.CAMPUS, row.campus_id),
            department=refs.code_of(MasterKind.DEPARTMENT, row.department_id),
            exam_types=tuple(row.exam_types),
            location=row.location,
            spoken_name=row.spoken_name,
            spoken_name_en=row.spoken_name_en,
            queue_letter=row.queue_letter,
        )

    def columns(self, entry: RoomEntry, refs: References) -> dict[str, Any]:
        return {
            "name": entry.name,
            "name_en": entry.name_en,
            "campus_id": refs.id_of(MasterKind.CAMPUS, entry.campus),
            "department_id": refs.id_of(MasterKind.DEPARTMENT, entry.department) if entry.department else None,
            "exam_types": list(entry.exam_types),
            "location": entry.location,
            "spoken_name": entry.spoken_name,
            "spoken_name_en": entry.spoken_name_en,
            "queue_letter": entry.queue_letter,
        }

    def completed(self, entry: RoomEntry, uow: UnitOfWork, row: Any | None) -> RoomEntry:
        letter = entry.queue_letter or (_free_letter(uow) if row is None else row.queue_letter)
        return RoomEntry(
            code=entry.code,
            name=entry.name,
            name_en=entry.name_en,
            campus=entry.campus,
            department=entry.department,
            exam_types=entry.exam_types,
            location=entry.location,
            spoken_name=entry.spoken_name or entry.name,
            spoken_name_en=entry.spoken_name_en or entry.name_en,
            queue_letter=letter,
        )

    def check(self, entry: RoomEntry, row: Any | None, refs: References) -> None:
        if row is not None and row.campus_id != refs.id_of(MasterKind.CAMPUS, entry.campus):
            raise invalid("campus", "检查室建立后不能改院区，请在另一院区新建检查室。")


def _free_letter(uow: UnitOfWork) -> str:
    """The next unused letter: A to Z, then AA, AB …"""
    taken = set(uow.session.scalars(select(RoomRow.queue_letter)))
    letters = [chr(ord("A") + place) for place in range(26)]
    return next(one for one in (*letters, *(a + b for a in letters for b in letters)) if one not in taken)


class DeviceKind(Kind):
    kind, word, table, entry_type = MasterKind.DEVICE, "设备", DeviceRow, DeviceEntry
    unique_field = "ae_title"
    fields = (
        code_field(),
        name_field(),
        FieldSpec(
            key="room", title="检查室", title_en="Room", required=True, length=20, refers=MasterKind.ROOM, width=12
        ),
        FieldSpec(key="modality", title="设备类型", title_en="Modality", required=True, length=16, fault=_CS, width=10),
        FieldSpec(
            key="ae_title",
            title="AE 名称",
            title_en="AE title",
            required=True,
            length=16,
            fault=fault_of_ae_title,
            width=18,
        ),
    )

    def entry(self, row: Any, refs: References) -> DeviceEntry:
        return DeviceEntry(
            code=row.code,
            name=row.name,
            room=refs.code_of(MasterKind.ROOM, row.room_id),
            modality=row.modality,
            ae_title=row.ae_title,
        )

    def columns(self, entry: DeviceEntry, refs: References) -> dict[str, Any]:
        return {
            "name": entry.name,
            "room_id": refs.id_of(MasterKind.ROOM, entry.room),
            "modality": entry.modality,
            "ae_title": entry.ae_title,
        }


class ExamTypeKind(Kind):
    kind, word, table, entry_type = MasterKind.EXAM_TYPE, "检查类型", ExamTypeRow, ExamTypeEntry
    fields = (
        code_field(4, fault=pattern(r"[A-Z0-9]{1,4}", "检查类型编码为 1–4 个大写字母或数字，如 CT。")),
        name_field(),
        english_field(),
        FieldSpec(
            key="slot_minutes",
            title="检查时长",
            title_en="Duration",
            form=Form.NUMBER,
            required=True,
            maximum=_MAX_MINUTES,
            width=10,
        ),
        FieldSpec(key="hp_required", title="HP 必填", title_en="HP required", form=Form.SWITCH, width=10),
        FieldSpec(
            key="choices", title="报告必选项", title_en="Report choices", length=1000, fault=_fault_of_choices, width=40
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self.uses += [
            count_of(ExamItemRow, ExamItemRow.exam_type, "个检查项目", key="code"),
            _rooms_of_type,
        ]

    def entry(self, row: Any, refs: References) -> ExamTypeEntry:
        return ExamTypeEntry(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            slot_minutes=row.slot_minutes,
            hp_required=row.hp_required,
            choices=row.choices,
        )

    def columns(self, entry: ExamTypeEntry, refs: References) -> dict[str, Any]:
        return {
            "name": entry.name,
            "name_en": entry.name_en,
            "slot_minutes": entry.slot_minutes,
            "hp_required": entry.hp_required,
            "choices": entry.choices,
        }

    def new_id(self, uow: UnitOfWork) -> int:
        return int(uow.session.execute(select(func.coalesce(func.max(ExamTypeRow.id), 0))).scalar_one()) + 1


def _rooms_of_type(uow: UnitOfWork, row: Any) -> str:
    rooms = uow.session.scalars(select(RoomRow.exam_types).where(RoomRow.is_active))
    number = sum(1 for types in rooms if row.code in types)
    return f"{number} 个检查室" if number else ""


class BodyPartKind(Kind):
    kind, word, table, entry_type = MasterKind.BODY_PART, "检查部位", BodyPartRow, BodyPartEntry
    group_field = "dicom"
    fields = (
        code_field(),
        name_field(50),
        english_field(),
        FieldSpec(key="dicom", title="DICOM 部位", title_en="DICOM body part", length=16, fault=_CS, width=18),
    )

    def __init__(self) -> None:
        super().__init__()
        self.uses.append(count_of(ExamItemRow, ExamItemRow.body_part_code, "个检查项目", key="code"))

    def entry(self, row: Any, refs: References) -> BodyPartEntry:
        return BodyPartEntry(code=row.code, name=row.name, name_en=row.name_en, dicom=row.dicom)

    def columns(self, entry: BodyPartEntry, refs: References) -> dict[str, Any]:
        return {"name": entry.name, "name_en": entry.name_en, "dicom": entry.dicom}

    def written(self, uow: UnitOfWork, caller: Caller, row: Any, entry: BodyPartEntry, *, is_new: bool) -> None:
        if not is_new:
            uow.session.execute(
                update(ExamItemRow)
                .where(ExamItemRow.body_part_code == row.code)
                .values(body_part=entry.name, body_part_dicom=entry.dicom)
            )


class ExamItemKind(Kind):
    kind, word, table, entry_type = MasterKind.EXAM_ITEM, "检查项目", ExamItemRow, ExamItemEntry
    group_field = "exam_type"
    fields = (
        code_field(16),
        name_field(),
        english_field(),
        FieldSpec(
            key="exam_type",
            title="检查类型",
            title_en="Exam type",
            required=True,
            length=8,
            refers=MasterKind.EXAM_TYPE,
            width=10,
        ),
        FieldSpec(
            key="body_part",
            title="检查部位",
            title_en="Body part",
            required=True,
            length=20,
            refers=MasterKind.BODY_PART,
            width=14,
        ),
        FieldSpec(
            key="price_fen", title="价格（元）", title_en="Price (yuan)", form=Form.YUAN, maximum=_MAX_YUAN, width=12
        ),
        FieldSpec(
            key="duration_minutes",
            title="时长（分钟）",
            title_en="Duration (min)",
            form=Form.NUMBER,
            maximum=_MAX_MINUTES,
            width=12,
        ),
        FieldSpec(key="preparation", title="检查前准备", title_en="Preparation", form=Form.LONG, length=1000, width=40),
        FieldSpec(
            key="preparation_en",
            title="英文检查前准备",
            title_en="English preparation",
            form=Form.LONG,
            length=1000,
            width=40,
        ),
    )

    def entry(self, row: Any, refs: References) -> ExamItemEntry:
        return ExamItemEntry(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            exam_type=row.exam_type,
            body_part=row.body_part_code,
            price_fen=row.price_fen,
            duration_minutes=row.duration_minutes,
            preparation=row.preparation,
            preparation_en=row.preparation_en,
        )

    def columns(self, entry: ExamItemEntry, refs: References) -> dict[str, Any]:
        return {
            "name": entry.name,
            "name_en": entry.name_en,
            "exam_type": entry.exam_type,
            "body_part_code": entry.body_part,
            "body_part": refs.name_of(MasterKind.BODY_PART, entry.body_part),
            "body_part_dicom": refs.dicom_of(entry.body_part),
            "price_fen": entry.price_fen,
            "duration_minutes": entry.duration_minutes,
            "preparation": entry.preparation,
            "preparation_en": entry.preparation_en,
        }

    def check(self, entry: ExamItemEntry, row: Any | None, refs: References) -> None:
        if row is not None and row.exam_type != entry.exam_type:
            raise invalid("exam_type", "检查项目建立后不能改检查类型，请停用它并新建项目。")


class PatientTypeKind(Kind):
    kind, word, table, entry_type = MasterKind.PATIENT_TYPE, "患者类型", PatientTypeRow, PatientTypeEntry
    fields = (
        code_field(16),
        name_field(50),
        english_field(),
        FieldSpec(
            key="priority",
            title="优先级",
            title_en="Priority",
            form=Form.WORD,
            words=words_of(PatientType, "急诊", "优先", "普通"),
            width=10,
        ),
        FieldSpec(
            key="colour",
            title="颜色",
            title_en="Colour",
            form=Form.WORD,
            words=words_of(MarkColour, "红", "橙", "蓝", "青", "绿", "灰"),
            width=8,
        ),
    )

    def entry(self, row: Any, refs: References) -> PatientTypeEntry:
        return PatientTypeEntry(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            priority=PatientType(row.priority),
            colour=MarkColour(row.colour),
        )

    def columns(self, entry: PatientTypeEntry, refs: References) -> dict[str, Any]:
        return {
            "name": entry.name,
            "name_en": entry.name_en,
            "priority": entry.priority.value,
            "colour": entry.colour.value,
        }

    def check(self, entry: PatientTypeEntry, row: Any | None, refs: References) -> None:
        if entry.code in _BUILT_IN_TYPES and entry.priority.value != entry.code:
            raise invalid("priority", "急诊、贵宾、普通三种基本类型的优先级不能改，请新建患者类型。")

    def check_in_use(self, uow: UnitOfWork, caller: Caller, row: Any) -> None:
        if row.code == PatientType.ORDINARY.value:
            raise illegal_action("in_use", f"“{row.name}”是登记时的默认患者类型，不能停用。")
        super().check_in_use(uow, caller, row)


class WordKind(Kind):
    kind, word, table, entry_type = MasterKind.WORD, "常用词", WordRow, WordEntry
    group_field = "dictionary"
    fields = (
        code_field(required=False),
        name_field(200, "内容", "Text"),
        english_field(200),
        FieldSpec(
            key="dictionary",
            title="词典",
            title_en="Dictionary",
            form=Form.WORD,
            words=words_of(
                Dictionary, "请检医生", "临床诊断", "检查目的", "病史摘要", "患者体征", "取消原因", "退回理由"
            ),
            width=12,
        ),
    )

    def entry(self, row: Any, refs: References) -> WordEntry:
        return WordEntry(code=row.code, name=row.text, name_en=row.text_en, dictionary=Dictionary(row.dictionary))

    def columns(self, entry: WordEntry, refs: References) -> dict[str, Any]:
        return {"text": entry.name, "text_en": entry.name_en, "dictionary": entry.dictionary.value}

    def completed(self, entry: WordEntry, uow: UnitOfWork, row: Any | None) -> WordEntry:
        if entry.code:
            return entry
        code = row.code if row is not None else _free_word_code(uow)
        return WordEntry(code=code, name=entry.name, name_en=entry.name_en, dictionary=entry.dictionary)


def _free_word_code(uow: UnitOfWork) -> str:
    while True:
        code = f"W{next_number(uow.session, 'word') + 999:05d}"
        if uow.session.scalar(select(WordRow.id).where(WordRow.code == code)) is None:
            return code


def organisation_kinds() -> tuple[Kind, ...]:
    """Return the kinds of this area."""
    return (
        CampusKind(),
        DepartmentKind(),
        RoomKind(),
        DeviceKind(),
        ExamTypeKind(),
        BodyPartKind(),
        ExamItemKind(),
        PatientTypeKind(),
        WordKind(),
    )
