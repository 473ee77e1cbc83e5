"""The rows of the master data as administrators keep them: every kind listed, changed, ordered, imported one way.

A row names other rows by their codes, so that it reads the same in a form, in its history and in a workbook. Codes
are given once. Nothing is deleted: what is no longer wanted goes out of use, and is refused while others stand on it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.contract.organisation import Dictionary, MarkColour
from shared.domain.critical import CriticalLevel, CriticalRegion, Escalation, Weekday
from shared.domain.permissions import Permission
from shared.domain.states import PatientType


class MasterKind(StrEnum):
    """What kind of row; the tag of its entry."""

    CAMPUS = "campus"  # 院区
    DEPARTMENT = "department"  # 科室
    ROOM = "room"  # 检查室
    DEVICE = "device"  # 设备
    EXAM_TYPE = "exam_type"  # 检查类型
    BODY_PART = "body_part"  # 检查部位
    EXAM_ITEM = "exam_item"  # 检查项目
    PATIENT_TYPE = "patient_type"  # 患者类型
    WORD = "word"  # 常用词
    STAFF = "staff"  # 人员
    ROLE = "role"  # 角色
    CRITICAL_VALUE = "critical_value"  # 危急值
    DUTY = "duty"  # 值班


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """What is typed of a row."""

    code: str
    name: str


class CampusEntry(Entry, frozen=True, kw_only=True, tag="campus"):
    """院区."""

    name_en: str = ""


class DepartmentEntry(Entry, frozen=True, kw_only=True, tag="department"):
    """科室."""

    name_en: str = ""
    campus: str
    performs: bool = False  # has exam rooms


class RoomEntry(Entry, frozen=True, kw_only=True, tag="room"):
    """检查室. Empty spoken names are taken from the names, an empty letter is given."""

    name_en: str = ""
    campus: str
    department: str = ""
    exam_types: tuple[str, ...]
    location: str = ""
    spoken_name: str = ""
    spoken_name_en: str = ""
    queue_letter: str = ""


class DeviceEntry(Entry, frozen=True, kw_only=True, tag="device"):
    """设备."""

    room: str
    modality: str  # DICOM (0008,0060)
    ae_title: str


class ExamTypeEntry(Entry, frozen=True, kw_only=True, tag="exam_type"):
    """检查类型. The code begins accession numbers: at most four characters."""

    name_en: str = ""
    slot_minutes: int = 10
    hp_required: bool = False
    choices: str = ""  # 报告必选项, as shared.domain.report_choices reads it


class BodyPartEntry(Entry, frozen=True, kw_only=True, tag="body_part"):
    """检查部位."""

    name_en: str = ""
    dicom: str = ""  # (0018,0015), PS3.16 annex L


class ExamItemEntry(Entry, frozen=True, kw_only=True, tag="exam_item"):
    """检查项目. Price in fen (1/100 yuan)."""

    name_en: str = ""
    exam_type: str
    body_part: str
    price_fen: int = 0
    duration_minutes: int = 0  # 0: as the exam type
    preparation: str = ""
    preparation_en: str = ""


class PatientTypeEntry(Entry, frozen=True, kw_only=True, tag="patient_type"):
    """患者类型 (RIS-REG-26)."""

    name_en: str = ""
    priority: PatientType = PatientType.ORDINARY
    colour: MarkColour = MarkColour.BLUE


class WordEntry(Entry, frozen=True, kw_only=True, tag="word"):
    """常用词 of a dictionary; without a code one is given."""

    code: str = ""
    name_en: str = ""
    dictionary: Dictionary


class StaffEntry(Entry, frozen=True, kw_only=True, tag="staff"):
    """人员: an account; the code is its login. Empty lists of campuses and departments limit nothing (RIS-EX-12)."""

    title: str = ""
    phone: str = ""
    roles: tuple[str, ...]
    campuses: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()


class RoleEntry(Entry, frozen=True, kw_only=True, tag="role"):
    """角色 (RIS-PRM-04)."""

    name_en: str = ""
    permissions: tuple[Permission, ...] = ()


class CriticalValueEntry(Entry, frozen=True, kw_only=True, tag="critical_value"):
    """危急值 of the library. A keyword "A+B" is found where a sentence states both; no exam types mean all."""

    name_en: str = ""
    region: CriticalRegion
    exam_types: tuple[str, ...] = ()
    criterion: str = ""
    keywords: tuple[str, ...]
    level: CriticalLevel = CriticalLevel.ONE
    minutes: int = 10  # within which the ward must be told


class DutyEntry(Entry, frozen=True, kw_only=True, tag="duty"):
    """值班: who answers for a level of a department at which hours. A shift that ends before it begins ends next day.

    Without a code one is given. An empty department means every department; empty days of validity limit nothing.
    """

    code: str = ""
    level: Escalation
    department: str = ""
    phone: str = ""
    days: tuple[Weekday, ...] = tuple(Weekday)  # on which the shift begins
    begins: str = "00:00"
    ends: str = "24:00"
    valid_from: str = ""  # 2026-03-01
    valid_to: str = ""


MasterEntry = (
    CampusEntry
    | DepartmentEntry
    | RoomEntry
    | DeviceEntry
    | ExamTypeEntry
    | BodyPartEntry
    | ExamItemEntry
    | PatientTypeEntry
    | WordEntry
    | StaffEntry
    | RoleEntry
    | CriticalValueEntry
    | DutyEntry
)


class MasterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it stands. `is_fixed`: the program needs it as it is, it can be read only."""

    id: int
    version: int
    position: int
    is_active: bool
    pinyin: str
    entry: MasterEntry
    is_fixed: bool = False
    names: dict[str, str] = {}


class MasterChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A row that rows of this kind may name."""

    kind: MasterKind
    code: str
    name: str
    name_en: str = ""


class MasterList(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of a kind in the hospital's order, those out of use too, and what they may name."""

    rows: tuple[MasterRow, ...]
    choices: tuple[MasterChoice, ...] = ()


class ListRows(Query[MasterList], frozen=True, kw_only=True):
    """The rows of one kind."""

    method = "master.list_rows"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE

    kind: MasterKind


class SaveRow(Command[MasterRow], frozen=True, kw_only=True):
    """Add a row, or change the one with `row_id`.

    Refusals: INVALID (field named), DUPLICATE (code, name, AE title …; `existing_id`), CONFLICT (`version` is not the
    present one), NOT_FOUND, ILLEGAL_ACTION (the program needs the row as it is; the last administrator).
    """

    method = "master.save_row"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    entry: MasterEntry
    row_id: int | None = None
    version: int = 0


class SetActive(Command[MasterRow], frozen=True, kw_only=True):
    """停用 or 启用. Refusals: CONFLICT, NOT_FOUND, ILLEGAL_ACTION (others stand on it: the sentence says which)."""

    method = "master.set_active"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    kind: MasterKind
    row_id: int
    version: int
    is_active: bool


class MoveRow(Command[MasterRow], frozen=True, kw_only=True):
    """Move a row by so many places (up is negative) among those of its group; the ends stop it.

    Refusals: CONFLICT, NOT_FOUND.
    """

    method = "master.move_row"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    kind: MasterKind
    row_id: int
    version: int
    places: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a row before and after, as a workbook writes it. `title` is the column's Chinese heading."""

    field: str
    title: str
    before: str
    after: str


class MasterAction(StrEnum):
    """What was done to a row."""

    ADDED = "added"
    CHANGED = "changed"
    ACTIVATED = "activated"
    DEACTIVATED = "deactivated"
    MOVED = "moved"
    PASSWORD = "password"  # 重设密码


class MasterChange(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a row's history."""

    at: datetime
    user_name: str
    action: MasterAction
    differences: tuple[Difference, ...]


class GetHistory(Query[tuple[MasterChange, ...]], frozen=True, kw_only=True):
    """What became of a row, newest first, at most 200 changes."""

    method = "master.get_history"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE

    kind: MasterKind
    row_id: int


class PlanAction(StrEnum):
    """What an import does with a line."""

    ADD = "add"
    CHANGE = "change"
    SAME = "same"
    REFUSE = "refuse"


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the file. `sentence` says why it is refused."""

    line: int
    action: PlanAction
    code: str
    name: str
    differences: tuple[Difference, ...] = ()
    sentence: str = ""


class ImportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an import does, line by line. With `digest` exactly this may be carried out while nothing else changed."""

    digest: str
    added: int
    changed: int
    same: int
    refused: int
    rows: tuple[PlanRow, ...]
    is_done: bool = False


MAX_FILE_BYTES = 6 * 1024 * 1024


class CheckImport(Query[ImportPlan], frozen=True, kw_only=True):
    """Read a workbook (.xlsx) or CSV file and say what importing it would do; nothing is written.

    Refusals: INVALID (no such file, too large, unknown columns, hostile), TOO_LARGE.
    """

    method = "master.check_import"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    kind: MasterKind
    file_name: str
    content: bytes


class ApplyImport(Command[ImportPlan], frozen=True, kw_only=True):
    """Carry out what CheckImport said, all lines in one transaction; refused lines are left out only if asked.

    Refusals: as CheckImport; CONFLICT (the rows or the file are not those of `digest` any more); ILLEGAL_ACTION
    (lines are refused and `skip_refused` is not set).
    """

    method = "master.apply_import"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    kind: MasterKind
    file_name: str
    content: bytes
    digest: str
    skip_refused: bool = False


class SheetFormat(StrEnum):
    """Format of an exported table."""

    XLSX = "xlsx"
    CSV = "csv"


class SheetView(msgspec.Struct, frozen=True, kw_only=True):
    """A file to be kept."""

    file_name: str
    content: bytes


class ExportRows(Query[SheetView], frozen=True, kw_only=True):
    """All rows of a kind as a table that CheckImport reads again; `empty` gives the headings only, to be filled in."""

    method = "master.export_rows"
    permission = Permission.ADMINISTER
    audit = AuditClass.EXPORT

    kind: MasterKind
    format: SheetFormat = SheetFormat.XLSX
    empty: bool = False
