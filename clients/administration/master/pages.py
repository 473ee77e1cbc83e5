"""The pages of the hospital's own rows: campuses to words."""

from __future__ import annotations

from clients.administration.entering import number
from clients.administration.master.spec import (
    NUMBER,
    choices_of,
    code_column,
    code_field,
    column,
    english_field,
    master_spec,
    name_column,
    name_field,
    named_column,
    of_entry,
    reference_field,
)
from clients.administration.master.words import COLOURS, DICTIONARIES, PRIORITIES
from clients.administration.words import yes_no
from clients.kit.fields import (
    Choice,
    ChoiceField,
    LongTextField,
    NumberField,
    Section,
    SwitchField,
    TextField,
    TicksField,
)
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.translations import tr
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
from shared.domain.states import PatientType

_MODALITIES = ("CT", "MR", "DX", "CR", "MG", "US", "RF", "XA", "PX", "NM", "PT", "ES", "OT")

CAMPUSES = master_spec(
    MasterKind.CAMPUS,
    columns=(code_column(), name_column(), column("name_en", "英文名称", 0, quiet=True)),
    form=(Section("", (code_field(), name_field(), english_field(span=2))),),
    entry=lambda typed: CampusEntry(code=typed["code"], name=typed["name"], name_en=typed["name_en"]),
    empty=EmptyWords("没有院区", "请新建院区，再建科室和检查室。", "home"),
    intro="执行检查的院区。人员可以限定在某些院区。",
    new_text="新建院区",
)

DEPARTMENTS = master_spec(
    MasterKind.DEPARTMENT,
    columns=(
        code_column(130),
        name_column(),
        named_column("campus", "院区", 110),
        column("performs", "执行检查", 80, align=Align.CENTRE, format=yes_no),
        column("name_en", "英文名称", 0, quiet=True),
    ),
    form=(
        Section(
            "",
            (
                code_field(),
                name_field(),
                english_field(),
                reference_field("campus", "院区", required=True),
                SwitchField(key="performs", label="执行检查", hint="有检查室的科室", span=2),
            ),
        ),
    ),
    entry=lambda typed: DepartmentEntry(
        code=typed["code"],
        name=typed["name"],
        name_en=typed["name_en"],
        campus=typed["campus"],
        performs=bool(typed["performs"]),
    ),
    choices={"campus": choices_of(MasterKind.CAMPUS)},
    empty=EmptyWords("没有科室", "科室供登记时选择请检科室，也可限定人员的范围。", "users"),
    intro="登记时可选的请检科室；其中执行检查的科室有检查室。",
    new_text="新建科室",
)

ROOMS = master_spec(
    MasterKind.ROOM,
    columns=(
        code_column(90),
        name_column(150),
        named_column("campus", "院区", 90),
        named_column("department", "科室", 110),
        column("exam_types", "检查类型", 110, format=", ".join),
        column("queue_letter", "排队字母", 80, align=Align.CENTRE),
        column("location", "位置", 0, quiet=True),
    ),
    form=(
        Section(
            "",
            (
                code_field(),
                name_field(),
                english_field(),
                TextField(key="location", label="位置", max_length=100, hint="印在排队单上，如 门诊楼一层"),
                reference_field("campus", "院区", required=True),
                reference_field("department", "科室"),
                TicksField(
                    key="exam_types", label="检查类型", required=True, columns=2, nothing="请先新建检查类型", span=2
                ),
            ),
        ),
        Section(
            "叫号",
            (
                TextField(key="spoken_name", label="播报名称", max_length=100, hint="空为名称"),
                TextField(key="spoken_name_en", label="英文播报名称", max_length=100, hint="空为英文名称"),
                TextField(key="queue_letter", label="排队字母", max_length=4, hint="如 A；空为自动"),
            ),
        ),
    ),
    entry=lambda typed: RoomEntry(
        code=typed["code"],
        name=typed["name"],
        name_en=typed["name_en"],
        campus=typed["campus"],
        department=typed["department"] or "",
        exam_types=tuple(typed["exam_types"]),
        location=typed["location"],
        spoken_name=typed["spoken_name"],
        spoken_name_en=typed["spoken_name_en"],
        queue_letter=typed["queue_letter"].upper(),
    ),
    choices={
        "campus": choices_of(MasterKind.CAMPUS),
        "department": choices_of(MasterKind.DEPARTMENT, none="不分科室"),
        "exam_types": choices_of(MasterKind.EXAM_TYPE),
    },
    empty=EmptyWords("没有检查室", "请新建检查室，登记时才能选择。", "room"),
    intro="登记、预约和叫号所用的检查室。",
    new_text="新建检查室",
    side_width=440,
)

DEVICES = master_spec(
    MasterKind.DEVICE,
    columns=(
        code_column(110),
        name_column(0),
        column("ae_title", "AE 名称", 150),
        column("modality", "设备类型", 90),
        named_column("room", "检查室", 130),
    ),
    form=(
        Section(
            "",
            (
                code_field(),
                name_field(),
                TextField(
                    key="ae_title", label="AE 名称", required=True, max_length=16, hint="设备查询工作列表时用的名称"
                ),
                ChoiceField(
                    key="modality",
                    label="设备类型",
                    required=True,
                    choices=[Choice(one, one, translate=False) for one in _MODALITIES],
                ),
                reference_field("room", "检查室", required=True, span=2),
            ),
        ),
    ),
    entry=lambda typed: DeviceEntry(
        code=typed["code"],
        name=typed["name"],
        ae_title=typed["ae_title"],
        modality=typed["modality"],
        room=typed["room"],
    ),
    choices={"room": choices_of(MasterKind.ROOM)},
    empty=EmptyWords("没有设备", "新建设备后，它能从工作列表得到所在检查室的检查。", "archive"),
    intro="工作列表按 AE 名称把检查室的检查交给设备。从其他机器连接的设备还须在“系统 - 节点”中允许。",
    new_text="新建设备",
)

EXAM_TYPES = master_spec(
    MasterKind.EXAM_TYPE,
    columns=(
        code_column(80),
        name_column(),
        column("slot_minutes", "时长", 90, align=NUMBER, format=lambda minutes: tr("{count} 分钟", count=minutes)),
        column("hp_required", "HP 必填", 80, align=Align.CENTRE, format=yes_no),
        column("name_en", "英文名称", 0, quiet=True),
    ),
    form=(
        Section(
            "",
            (
                code_field(4, hint="大写，如 CT；写入检查号"),
                name_field(),
                english_field(),
                NumberField(
                    key="slot_minutes", label="时长", unit="分钟", required=True, minimum=1, maximum=1440, initial=10
                ),
                SwitchField(key="hp_required", label="HP 必填", span=2),
                LongTextField(
                    key="choices",
                    label="报告必选项",
                    lines=3,
                    max_length=1000,
                    hint="一行一组：名称/英文: 选项/英文, 选项/英文；名称后加 ? 为选填",
                ),
            ),
        ),
    ),
    entry=lambda typed: ExamTypeEntry(
        code=typed["code"].upper(),
        name=typed["name"],
        name_en=typed["name_en"],
        slot_minutes=number(typed["slot_minutes"], 10),
        hp_required=bool(typed["hp_required"]),
        choices=typed["choices"],
    ),
    empty=EmptyWords("没有检查类型", "请新建检查类型，如 CT、磁共振。", "scan"),
    intro="检查类型决定检查号的开头、预约时长和可用的检查室。",
    new_text="新建检查类型",
)

BODY_PARTS = master_spec(
    MasterKind.BODY_PART,
    columns=(
        code_column(150),
        name_column(),
        column("dicom", "DICOM 部位", 150),
        column("name_en", "英文名称", 0, quiet=True),
    ),
    form=(
        Section(
            "",
            (
                code_field(),
                name_field(50),
                english_field(),
                TextField(key="dicom", label="DICOM 部位", max_length=16, hint="大写，如 CHEST"),
            ),
        ),
    ),
    entry=lambda typed: BodyPartEntry(
        code=typed["code"], name=typed["name"], name_en=typed["name_en"], dicom=typed["dicom"].upper()
    ),
    empty=EmptyWords("没有检查部位", "检查项目须指明检查部位。", "body"),
    intro="检查部位随检查项目送到设备（DICOM Body Part Examined）。",
    new_text="新建检查部位",
)

EXAM_ITEMS = master_spec(
    MasterKind.EXAM_ITEM,
    columns=(
        code_column(100),
        name_column(0),
        column("exam_type", "检查类型", 80),
        named_column("body_part", "检查部位", 110),
        column("price_fen", "价格（元）", 100, align=NUMBER, format=lambda fen: f"{fen / 100:,.2f}"),
        column("duration_minutes", "时长", 80, align=NUMBER, format=lambda minutes: str(minutes) if minutes else "–"),
    ),
    form=(
        Section(
            "",
            (
                code_field(16),
                name_field(),
                english_field(),
                reference_field("exam_type", "检查类型", required=True),
                reference_field("body_part", "检查部位", required=True),
                NumberField(key="price_fen", label="价格", unit="元", decimals=2, maximum=1_000_000, initial=0),
                NumberField(key="duration_minutes", label="时长", unit="分钟", maximum=1440, hint="空为检查类型的时长"),
            ),
        ),
        Section(
            "检查前准备",
            (
                LongTextField(key="preparation", label="中文", lines=3, max_length=1000),
                LongTextField(key="preparation_en", label="英文", lines=3, max_length=1000),
            ),
        ),
    ),
    values=lambda entry: {
        "code": entry.code,
        "name": entry.name,
        "name_en": entry.name_en,
        "exam_type": entry.exam_type,
        "body_part": entry.body_part,
        "price_fen": entry.price_fen / 100,
        "duration_minutes": entry.duration_minutes or None,
        "preparation": entry.preparation,
        "preparation_en": entry.preparation_en,
    },
    entry=lambda typed: ExamItemEntry(
        code=typed["code"],
        name=typed["name"],
        name_en=typed["name_en"],
        exam_type=typed["exam_type"],
        body_part=typed["body_part"],
        price_fen=round(float(typed["price_fen"] or 0) * 100),
        duration_minutes=number(typed["duration_minutes"]),
        preparation=typed["preparation"],
        preparation_en=typed["preparation_en"],
    ),
    group=ChoiceField(key="exam_type", label="检查类型", placeholder="全部类型"),
    choices={"exam_type": choices_of(MasterKind.EXAM_TYPE), "body_part": choices_of(MasterKind.BODY_PART)},
    filter_choices={"exam_type": choices_of(MasterKind.EXAM_TYPE, none="全部类型")},
    empty=EmptyWords("没有检查项目", "请新建，或在“导入导出”中从工作簿导入。", "list"),
    intro="登记时选择的检查项目；检查前准备印在排队单上。",
    new_text="新建检查项目",
    side_width=440,
)

PATIENT_TYPES = master_spec(
    MasterKind.PATIENT_TYPE,
    columns=(
        code_column(120),
        name_column(150),
        column("priority", "优先级", 90, format=lambda one: tr(PRIORITIES[one])),
        column("colour", "颜色", 80, looks=COLOURS),
        column("name_en", "英文名称", 0, quiet=True),
    ),
    form=(
        Section(
            "",
            (
                code_field(16),
                name_field(50),
                english_field(span=2),
                ChoiceField(
                    key="priority",
                    label="优先级",
                    required=True,
                    choices=[Choice(one, PRIORITIES[one]) for one in PatientType],
                    initial=PatientType.ORDINARY,
                ),
                ChoiceField(
                    key="colour",
                    label="颜色",
                    required=True,
                    choices=[Choice(one, COLOURS[one].text) for one in MarkColour],
                    initial=MarkColour.BLUE,
                ),
            ),
        ),
    ),
    entry=lambda typed: PatientTypeEntry(
        code=typed["code"],
        name=typed["name"],
        name_en=typed["name_en"],
        priority=PatientType(typed["priority"]),
        colour=MarkColour(typed["colour"]),
    ),
    empty=EmptyWords("没有患者类型", "请新建患者类型。", "patient"),
    intro="登记时选择的患者类型。优先级决定候诊次序：急诊、优先、普通。",
    new_text="新建患者类型",
)

WORDS = master_spec(
    MasterKind.WORD,
    columns=(
        Column("dictionary", "词典", 110, value=of_entry("dictionary"), format=lambda one: tr(DICTIONARIES[one])),
        name_column(260, "内容"),
        column("name_en", "英文", 0, quiet=True),
        code_column(90),
    ),
    form=(
        Section(
            "",
            (
                ChoiceField(
                    key="dictionary",
                    label="词典",
                    required=True,
                    choices=[Choice(one, text) for one, text in DICTIONARIES.items()],
                ),
                TextField(key="code", label="编码", max_length=20, hint="空为自动"),
                name_field(200, "内容", span=2),
                TextField(key="name_en", label="英文", max_length=200, span=2),
            ),
        ),
    ),
    entry=lambda typed: WordEntry(
        code=typed["code"], name=typed["name"], name_en=typed["name_en"], dictionary=Dictionary(typed["dictionary"])
    ),
    group=ChoiceField(
        key="dictionary",
        label="词典",
        placeholder="全部词典",
        choices=[Choice("", "全部词典"), *(Choice(one, text) for one, text in DICTIONARIES.items())],
    ),
    empty=EmptyWords("没有常用词", "登记时可以快速选用这些词句。", "text"),
    intro="登记表单中可以选用的词句。",
    new_text="新建常用词",
)
