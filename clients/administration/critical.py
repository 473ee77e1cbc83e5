"""Critical values in the administration: the library, who is on duty, and when the next level is called."""

from __future__ import annotations

from typing import Any

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
)
from clients.administration.table.spec import Asking, Call, TableSpec, Values
from clients.kit.fields import Choice, ChoiceField, LongTextField, NumberField, Section, TextField, TicksField
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.translations import tr
from shared.contract.critical import CriticalSettings, GetCriticalSettings, SaveCriticalSettings
from shared.contract.master import CriticalValueEntry, DutyEntry, MasterKind
from shared.contract.statistics import GetStepLimits, SaveStepLimits, StepLimits
from shared.domain.critical import CriticalLevel, CriticalRegion, Escalation, Weekday

REGIONS = {
    CriticalRegion.HEAD: "头颅",
    CriticalRegion.NECK: "头颈",
    CriticalRegion.CHEST: "胸部",
    CriticalRegion.HEART: "心脏大血管",
    CriticalRegion.ABDOMEN: "腹部",
    CriticalRegion.PELVIS: "盆腔与妇产",
    CriticalRegion.SPINE: "脊柱",
    CriticalRegion.LIMBS: "四肢与外周血管",
    CriticalRegion.ANY: "全身与检查中",
}
LEVELS = {CriticalLevel.ONE: "一级", CriticalLevel.TWO: "二级"}
ESCALATIONS = {
    Escalation.DOCTOR: "请检医生",
    Escalation.WARD: "病区值班",
    Escalation.HEAD: "科主任",
    Escalation.OFFICE: "医务处",
}
DAYS = {
    Weekday.MON: "周一",
    Weekday.TUE: "周二",
    Weekday.WED: "周三",
    Weekday.THU: "周四",
    Weekday.FRI: "周五",
    Weekday.SAT: "周六",
    Weekday.SUN: "周日",
}
_MINUTES = {"minimum": 1, "maximum": 1440, "unit": "分钟"}


def _minutes(value: int) -> str:
    return tr("{count} 分钟", count=value)


def _days(days: tuple[Weekday, ...]) -> str:
    return tr("每天") if len(days) == len(Weekday) else "、".join(tr(DAYS[day]) for day in days)


def _keywords(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for line in text.replace("，", " ").replace("、", " ").split() for word in (line,)))


LIBRARY = master_spec(
    MasterKind.CRITICAL_VALUE,
    columns=(
        code_column(80),
        name_column(220),
        column("region", "部位", 120, format=lambda one: tr(REGIONS[one])),
        column("exam_types", "检查类型", 120, format=lambda types: ", ".join(types) or tr("全部")),
        column("level", "级别", 70, format=lambda one: tr(LEVELS[one])),
        column("minutes", "通知时限", 90, align=NUMBER, format=_minutes),
        column("keywords", "关键词", 0, quiet=True, format="、".join),
    ),
    form=(
        Section(
            "",
            (
                code_field(),
                name_field(),
                english_field(span=2),
                ChoiceField(
                    key="region",
                    label="部位",
                    required=True,
                    choices=[Choice(one, text) for one, text in REGIONS.items()],
                ),
                ChoiceField(
                    key="level",
                    label="级别",
                    required=True,
                    choices=[Choice(one, text) for one, text in LEVELS.items()],
                    initial=CriticalLevel.ONE,
                ),
                NumberField(key="minutes", label="通知时限", required=True, initial=10, **_MINUTES),  # type: ignore[arg-type]
                TicksField(
                    key="exam_types", label="检查类型", columns=3, hint="不选为全部", nothing="请先新建检查类型", span=2
                ),
                LongTextField(key="criterion", label="判据", lines=2, max_length=500),
                LongTextField(
                    key="keywords",
                    label="关键词",
                    required=True,
                    lines=5,
                    max_length=2000,
                    hint="用空格分开；气胸+移位：同句都有；急性..梗死：依次出现；移位>=5mm：数值；气体!术后：排除",
                ),
            ),
        ),
    ),
    values=lambda entry: {
        "code": entry.code,
        "name": entry.name,
        "name_en": entry.name_en,
        "region": entry.region,
        "level": entry.level,
        "minutes": entry.minutes,
        "exam_types": entry.exam_types,
        "criterion": entry.criterion,
        "keywords": " ".join(entry.keywords),
    },
    entry=lambda typed: CriticalValueEntry(
        code=typed["code"],
        name=typed["name"],
        name_en=typed["name_en"],
        region=CriticalRegion(typed["region"]),
        level=CriticalLevel(typed["level"]),
        minutes=number(typed["minutes"], 10),
        exam_types=tuple(typed["exam_types"]),
        criterion=typed["criterion"],
        keywords=_keywords(typed["keywords"]),
    ),
    group=ChoiceField(
        key="region",
        label="部位",
        placeholder="全部部位",
        choices=[Choice("", "全部部位"), *(Choice(one, text) for one, text in REGIONS.items())],
    ),
    choices={"exam_types": choices_of(MasterKind.EXAM_TYPE)},
    empty=EmptyWords("没有危急值", "请新建，或在“基础数据 - 导入导出”中从工作簿导入。", "bell"),
    intro="书写和提交时按关键词在报告中查找；否定、陈旧、术后、好转的描述不提示。",
    new_text="新建危急值",
    side_width=440,
)

DUTY = master_spec(
    MasterKind.DUTY,
    columns=(
        column("level", "级别", 100, format=lambda one: tr(ESCALATIONS[one])),
        column("department", "科室", 130, format=lambda name: name or tr("全部科室")),
        name_column(120, "值班人"),
        column("phone", "电话", 120),
        column("days", "星期", 0, format=_days),
        column("begins", "开始", 70, align=Align.CENTRE),
        column("ends", "结束", 70, align=Align.CENTRE),
        column("valid_from", "起始日期", 100),
        column("valid_to", "截止日期", 100),
    ),
    form=(
        Section(
            "",
            (
                ChoiceField(
                    key="level",
                    label="级别",
                    required=True,
                    choices=[Choice(one, text) for one, text in ESCALATIONS.items()],
                    initial=Escalation.WARD,
                ),
                TextField(key="department", label="科室", max_length=120, hint="与请检科室同名；空为全部科室"),
                name_field(60, "值班人"),
                TextField(key="phone", label="电话", max_length=32),
                TicksField(
                    key="days",
                    label="星期",
                    required=True,
                    columns=4,
                    choices=[Choice(one, text) for one, text in DAYS.items()],
                    initial=tuple(Weekday),
                    hint="班次开始的那一天",
                ),
                TextField(key="begins", label="开始", required=True, max_length=5, initial="08:00", hint="如 08:00"),
                TextField(
                    key="ends",
                    label="结束",
                    required=True,
                    max_length=5,
                    initial="18:00",
                    hint="早于开始为次日",
                ),
                TextField(key="valid_from", label="起始日期", max_length=10, hint="如 2026-03-01；空为不限"),
                TextField(key="valid_to", label="截止日期", max_length=10, hint="空为不限"),
                TextField(key="code", label="编码", max_length=20, hint="空为自动"),
            ),
        ),
    ),
    entry=lambda typed: DutyEntry(
        code=typed["code"],
        name=typed["name"],
        level=Escalation(typed["level"]),
        department=typed["department"],
        phone=typed["phone"],
        days=tuple(Weekday(one) for one in typed["days"]),
        begins=typed["begins"],
        ends=typed["ends"],
        valid_from=typed["valid_from"],
        valid_to=typed["valid_to"],
    ),
    group=ChoiceField(
        key="level",
        label="级别",
        placeholder="全部级别",
        choices=[Choice("", "全部级别"), *(Choice(one, text) for one, text in ESCALATIONS.items())],
    ),
    empty=EmptyWords("没有值班", "没有值班表时，危急值仍按时升级，但不知道该找谁。", "calendar"),
    intro="危急值没有确认时，依次找请检医生、病区值班、科主任、医务处；夜班写作 18:00 到 08:00。",
    new_text="新建班次",
    side_width=440,
)


def _save(typed: Values, _row: Any | None) -> Asking:
    """The limits are one row: whatever stands at the server now is changed."""

    def ask(call: Call) -> CriticalSettings:
        present: CriticalSettings = call(GetCriticalSettings())
        settings = CriticalSettings(
            version=present.version,
            ward_minutes=number(typed["ward_minutes"], 10),
            head_minutes=number(typed["head_minutes"], 20),
            office_minutes=number(typed["office_minutes"], 30),
        )
        saved: CriticalSettings = call(SaveCriticalSettings(settings=settings))
        return saved

    return ask


LIMITS = TableSpec(
    id="critical_limits",
    columns=(
        Column("ward_minutes", "病区值班", 140, format=_minutes),
        Column("head_minutes", "科主任", 140, format=_minutes),
        Column("office_minutes", "医务处", 140, format=_minutes),
        Column("rest", "", 0, value=lambda _row: ""),
    ),
    empty=EmptyWords("没有时限", "", "clock"),
    load=lambda _wanted: GetCriticalSettings(),
    rows=lambda settings: (settings,),
    row_id=lambda _settings: 1,
    form=(
        Section(
            "",
            (
                NumberField(key="ward_minutes", label="病区值班", required=True, initial=10, **_MINUTES),  # type: ignore[arg-type]
                NumberField(key="head_minutes", label="科主任", required=True, initial=20, **_MINUTES),  # type: ignore[arg-type]
                NumberField(key="office_minutes", label="医务处", required=True, initial=30, **_MINUTES),  # type: ignore[arg-type]
            ),
        ),
    ),
    form_columns=1,
    form_for_new_only=False,
    values=lambda row: {
        "ward_minutes": row.ward_minutes,
        "head_minutes": row.head_minutes,
        "office_minutes": row.office_minutes,
    },
    save=_save,
    saved_id=lambda _reply: 1,
    intro="危急值上报后这么多分钟还没有确认，就通知下一级。修改后对新的危急值有效。",
    entities=("critical_settings",),
    new_text="修改",
)


def _step_minutes(value: int) -> str:
    return tr("{count} 分钟", count=value) if value else tr("不限")


def _save_steps(typed: Values, _row: Any | None) -> Asking:
    def ask(call: Call) -> StepLimits:
        present: StepLimits = call(GetStepLimits())
        limits = StepLimits(version=present.version, **{key: number(typed[key]) for key in STEPS})
        saved: StepLimits = call(SaveStepLimits(limits=limits))
        return saved

    return ask


STEPS = {
    "exam": "登记到检查结束",
    "images": "检查结束到影像到达",
    "report": "检查结束到提交报告",
    "audit": "提交到审核",
    "print": "审核到打印",
}
STEP_LIMITS = TableSpec(
    id="statistics_limits",
    columns=(
        *(Column(key, title, 160, format=_step_minutes) for key, title in STEPS.items()),
        Column("rest", "", 0, value=lambda _row: ""),
    ),
    empty=EmptyWords("没有时限", "", "clock"),
    load=lambda _wanted: GetStepLimits(),
    rows=lambda limits: (limits,),
    row_id=lambda _limits: 1,
    form=(
        Section(
            "",
            [NumberField(key=key, label=title, unit="分钟", maximum=43_200, initial=0) for key, title in STEPS.items()],
        ),
    ),
    form_columns=1,
    values=lambda row: {key: getattr(row, key) for key in STEPS},
    save=_save_steps,
    saved_id=lambda _reply: 1,
    intro="统计周转时间时，超过这些分钟的算超时；0 为不限。检查结束到审核按报告时限统计。",
    entities=("statistics_limits",),
    new_text="修改",
)

TABS: tuple[tuple[str, TableSpec], ...] = (
    ("危急值库", LIBRARY),
    ("值班表", DUTY),
    ("升级时限", LIMITS),
    ("统计时限", STEP_LIMITS),
)
