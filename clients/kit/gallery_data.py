"""Sample content of the gallery: invented people and exams, so that every part can be looked at in every state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from clients.kit.fields import (
    Choice,
    ChoiceField,
    DateField,
    DateTimeField,
    LongTextField,
    NumberField,
    Section,
    SwitchField,
    TextField,
)
from clients.kit.paging import Align, Column, RowAction, local_clock
from clients.kit.slots import Slot
from clients.kit.states import EXAM_LOOKS, PATIENT_TYPE_LOOKS, REPORT_LOOKS, StateLook
from clients.kit.tokens import Tone
from shared.domain.states import ExamState, PatientType, ReportState

ARREARS = StateLook("欠费", Tone.WARNING, "money")
MORNING = datetime(2026, 5, 18, 0, 30, tzinfo=UTC)

NAMES = (
    "张三丰",
    "欧阳明月",
    "李秀英",
    "王伟",
    "陈静怡",
    "刘洋",
    "诸葛思远",
    "赵敏",
    "孙丽华",
    "周建国",
    "吴桂芳",
    "郑小燕",
)
ITEMS = (
    ("CT", "胸部平扫", "胸部", 280.0),
    ("CT", "上腹部平扫+三期增强", "上腹部", 860.0),
    ("MR", "颅脑平扫+弥散", "颅脑", 620.0),
    ("DR", "右膝关节正侧位", "膝关节", 90.0),
    ("CT", "冠状动脉CTA", "心脏", 1280.0),
    ("MG", "双侧乳腺钼靶", "乳腺", 240.0),
)
DOCTORS = ("林主任", "何医生", "唐医生", "许医生")


@dataclass(frozen=True)
class SampleExam:
    """One row of the sample lists."""

    id: int
    name: str
    sex: str
    age: str
    exam_type: str
    items: str
    body_part: str
    price: float
    exam_number: str
    image_number: str
    state: ExamState
    report_state: ReportState
    patient_type: PatientType
    arrears: bool
    planned: datetime
    doctor: str
    auditor: str
    department: str
    allowed: frozenset[str] = field(default_factory=frozenset)


def sample_exams(count: int = 60) -> list[SampleExam]:
    """Exams with every state, mark and length of text."""
    rows = []
    for n in range(count):
        exam_type, item, part, price = ITEMS[n * 5 % len(ITEMS)]
        state = list(ExamState)[(n * 7 + n // 5) % 4]
        report = list(ReportState)[n % 6]
        kind = PatientType.EMERGENCY if n in (0, 1, 17) else PatientType.VIP if n in (2, 23) else PatientType.ORDINARY
        allowed = {"view_images", "details", "print_barcode"} if state is not ExamState.CANCELLED else {"details"}
        if state is ExamState.REGISTERED:
            allowed |= {"edit", "cancel", "push"}
        rows.append(
            SampleExam(
                id=n,
                name=NAMES[n * 5 % len(NAMES)],
                sex="男" if n % 3 else "女",
                age=f"{(n * 13) % 80 + 8}岁",
                exam_type=exam_type,
                items=item,
                body_part=part,
                price=price,
                exam_number=f"{exam_type}260518{n + 1:04}",
                image_number=f"P{10_240 + n * 37}",
                state=state,
                report_state=report,
                patient_type=kind,
                arrears=n in (5, 9),
                planned=MORNING + timedelta(minutes=10 * n),
                doctor=DOCTORS[n % 4] if report is not ReportState.AWAITING else "",
                auditor=DOCTORS[(n + 1) % 4] if report in (ReportState.APPROVED, ReportState.PRINTED) else "",
                department=("呼吸内科", "急诊科", "神经外科", "骨科")[n % 4],
                allowed=frozenset(allowed),
            )
        )
    return rows


def marks_of(row: SampleExam) -> list[StateLook]:
    """Small badges in front of a name."""
    marks = [] if row.patient_type is PatientType.ORDINARY else [PATIENT_TYPE_LOOKS[row.patient_type]]
    return [*marks, ARREARS] if row.arrears else marks


REGISTRATION_COLUMNS = (
    Column("name", "姓名", 136, strong=True, marks=marks_of),
    Column("state", "检查状态", 112, looks=EXAM_LOOKS),
    Column("exam_type", "检查类型", 72),
    Column("exam_number", "检查号", 120),
    Column("items", "检查项目", 0),
    Column("planned", "预检时间", 72, Align.RIGHT, format=local_clock, quiet=True),
)
WORKLIST_COLUMNS = (
    Column("name", "姓名", 148, strong=True, marks=marks_of),
    Column("sex", "性别", 56),
    Column("age", "年龄", 64, Align.RIGHT),
    Column("report_state", "报告状态", 112, looks=REPORT_LOOKS),
    Column("exam_type", "检查类型", 72),
    Column("items", "检查项目", 0),
    Column("image_number", "影像号", 88),
    Column("exam_number", "检查号", 120),
    Column("planned", "检查时间", 88, Align.RIGHT, format=local_clock, quiet=True),
    Column("doctor", "诊断医生", 88),
    Column("auditor", "审核医生", 88),
    Column("department", "请检科室", 96, quiet=True),
)
REGISTRATION_ACTIONS = (
    RowAction("print_barcode", "打印条码", "barcode"),
    RowAction("view_images", "查看影像", "viewer"),
    RowAction("details", "登记详情", "details"),
    RowAction("edit", "编辑登记", "edit"),
    RowAction("push", "推送登记信息", "send"),
    RowAction("cancel", "取消登记", "cross_circle", danger=True),
)
WORKLIST_ACTIONS = (RowAction("view_images", "查看影像", "viewer"), RowAction("details", "查看申请单", "clipboard"))

FORM = (
    Section(
        "患者信息",
        (
            TextField(key="name", label="姓名", required=True, max_length=32),
            ChoiceField(key="sex", label="性别", required=True, choices=(Choice("M", "男"), Choice("F", "女"))),
            DateField(key="birth", label="出生日期", latest=date(2026, 5, 18)),
            TextField(key="card", label="就诊卡号"),
            NumberField(key="height", label="身高", unit="cm", minimum=20, maximum=250),
            NumberField(key="weight", label="体重", unit="kg", minimum=0.3, maximum=400, decimals=1),
        ),
    ),
    Section(
        "请检信息",
        (
            ChoiceField(
                key="room",
                label="检查室",
                required=True,
                choices=(Choice(1, "CT 一室", translate=False), Choice(2, "CT 二室", translate=False)),
            ),
            DateTimeField(key="planned", label="预检时间", required=True),
            ChoiceField(
                key="type",
                label="患者类型",
                initial=PatientType.ORDINARY,
                choices=tuple(Choice(kind, look.text) for kind, look in PATIENT_TYPE_LOOKS.items()),
            ),
            SwitchField(key="arrears", label="欠费", hint="手工登记且尚未缴费时打开。"),
        ),
    ),
    Section("临床信息", (LongTextField(key="diagnosis", label="临床诊断", lines=3),)),
)
FORM_VALUES = {
    "name": "欧阳明月",
    "sex": "F",
    "birth": date(1984, 2, 29),
    "card": "6217000010042",
    "height": 165,
    "weight": 58.5,
    "room": 2,
    "planned": MORNING + timedelta(hours=2),
    "type": PatientType.EMERGENCY,
    "arrears": True,
    "diagnosis": "反复咳嗽、咳痰两周，伴右侧胸痛。",
}

SLOTS = tuple(
    Slot(f"s{n}", (MORNING + timedelta(minutes=30 * n)).astimezone(UTC).strftime("%H:%M"), (7 * n) % 9, 8, past=n < 2)
    for n in range(16)
)

ENGLISH = {
    "欠费": "Arrears",
    "姓名": "Name",
    "性别": "Sex",
    "男": "Male",
    "女": "Female",
    "年龄": "Age",
    "身高": "Height",
    "体重": "Weight",
    "患者信息": "Patient",
    "请检信息": "Request",
    "临床信息": "Clinical",
    "预检时间": "Planned",
    "患者类型": "Patient type",
    "临床诊断": "Clinical diagnosis",
    "检查状态": "Exam state",
    "检查类型": "Modality",
    "检查项目": "Exam items",
    "检查时间": "Exam time",
    "诊断医生": "Reporting",
    "审核医生": "Auditing doctor",
    "请检科室": "Department",
    "打印条码": "Print barcode",
    "查看影像": "View images",
    "编辑登记": "Edit",
    "推送登记信息": "Push to room",
    "取消登记": "Cancel registration",
    "查看申请单": "Application form",
    "检查登记": "Registration",
    "登记管理": "Management",
    "叫号": "Calling",
    "诊断": "Diagnosis",
    "患者姓名": "Patient name",
    "提交登记": "Submit",
    "清空": "Clear",
    "新建预约登记": "New booking",
    "今日登记": "Today",
    "预约选号": "Slots",
    "列表": "List",
    "登记工作站": "Registration workstation",
    "今日暂无登记": "No registrations today",
    "在右侧新建预约登记，或扫描就诊卡。": "Make a new booking at the right, or scan a visit card.",
    "手工登记且尚未缴费时打开。": "On for a patient registered by hand who has not paid yet.",
    "正在导出影像": "Exporting images",
    "图文": "Cards",
}
