"""How long bookings take and what time exams of a patient need between them, as table pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from clients.administration.entering import number
from clients.administration.table.spec import Call, TableAction, TableSpec, Values
from clients.kit.fields import (
    Choice,
    ChoiceField,
    NumberField,
    Section,
    SwitchField,
    TextField,
)
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.translations import tr, verbatim
from shared.contract.base import Request
from shared.contract.organisation import GetHospital
from shared.contract.scheduling import (
    IntervalRuleView,
    ListIntervalRules,
    ListSlotRules,
    RemoveIntervalRule,
    SaveIntervalRule,
    SaveSlotRule,
    SlotRuleView,
)

# ── slot rules and intervals ─────────────────────────────────────────────────────────────────────────

_MINUTES = {
    "minutes": "每个项目",
    "contrast_minutes": "增强加时",
    "buffer_minutes": "准备与清洁",
    "lead_minutes": "截止提前",
}


def _save_rule(row: SlotRuleView, values: Values) -> Request[Any]:
    return SaveSlotRule(
        rule=SlotRuleView(
            exam_type=row.exam_type,
            version=row.version,
            contrast_words=str(values["contrast_words"] or ""),
            horizon_days=number(values["horizon_days"], 90),
            **{key: number(values[key]) for key in _MINUTES},
        )
    )


SLOT_RULES = TableSpec(
    id="slot-rules",
    columns=(
        Column("exam_type", "检查类型", 120, strong=True),
        *(Column(key, verbatim(f"{label}（分钟）"), 130, Align.RIGHT) for key, label in _MINUTES.items()),
        Column("horizon_days", "可约天数", 100, Align.RIGHT),
        Column("contrast_words", "增强关键字", 0, quiet=True),
    ),
    empty=EmptyWords("没有检查类型", "先在基础数据中建立检查类型。", "clock"),
    load=lambda _values: ListSlotRules(),
    row_id=lambda row: row.exam_type,
    intro="一次预约的时长：各项目相加（项目自己写明的时长优先），增强项目加时，再加一次准备与清洁。",
    named=lambda row: row.exam_type,
    actions=(
        TableAction(
            id="rule",
            text="设置",
            icon="gear",
            form=(
                Section(
                    "",
                    (
                        *(
                            NumberField(key=key, label=label, unit="分钟", minimum=0, maximum=600)
                            for key, label in _MINUTES.items()
                        ),
                        NumberField(key="horizon_days", label="可约天数", unit="天", minimum=1, maximum=365),
                        TextField(key="contrast_words", label="增强关键字", max_length=100, hint="用空格分开"),
                    ),
                ),
            ),
            form_values=lambda row, _found: {
                name: getattr(row, name) for name in (*_MINUTES, "horizon_days", "contrast_words")
            },
            submit=_save_rule,
            said=lambda _rule: tr("已保存"),
        ),
    ),
    entities=("schedule", "hospital"),
)


@dataclass(frozen=True)
class Intervals:
    """Interval rules, and exam types to choose from."""

    types: tuple[str, ...]
    rules: tuple[IntervalRuleView, ...]


def _load_intervals(call: Call) -> Intervals:
    return Intervals(tuple(kind.code for kind in call(GetHospital()).exam_types), call(ListIntervalRules()))


def _type_choices(found: Intervals) -> list[Choice]:
    return [Choice("", "任何类型"), *(Choice(code, code, translate=False) for code in found.types)]


_INTERVAL_TEXTS = ("first_type", "first_words", "then_type", "then_words", "advice")


def _save_interval(values: Values, row: IntervalRuleView | None) -> Request[Any]:
    return SaveIntervalRule(
        rule=IntervalRuleView(
            id=row.id if row is not None else 0,
            version=row.version if row is not None else 0,
            hours=number(values["hours"]),
            both_ways=bool(values["both_ways"]),
            **{key: str(values[key] or "") for key in _INTERVAL_TEXTS},
        )
    )


def _side(exam_type: str, words: str) -> str:
    return " ".join(part for part in (exam_type or tr("任何类型"), words) if part)


INTERVALS = TableSpec(
    id="intervals",
    columns=(
        Column("first", "先做", 180, value=lambda row: _side(row.first_type, row.first_words), strong=True),
        Column("then", "后做", 180, value=lambda row: _side(row.then_type, row.then_words), strong=True),
        Column("hours", "至少间隔（小时）", 140, Align.RIGHT),
        Column("both_ways", "不分先后", 90, Align.CENTRE, value=lambda row: tr("是") if row.both_ways else ""),
        Column("advice", "提示", 0, quiet=True),
    ),
    empty=EmptyWords("没有间隔规则", "例如钡剂检查后三天内不做 CT。登记时只提醒，不禁止。", "clock"),
    load=lambda _values: _load_intervals,
    rows=lambda found: found.rules,
    row_id=lambda row: row.id,
    choices={"first_type": _type_choices, "then_type": _type_choices},
    intro="同一患者的两项检查之间应有的间隔；登记和改约时提醒登记员，不禁止。",
    form=(
        Section(
            "先做的检查",
            (
                ChoiceField(key="first_type", label="检查类型", choices=[Choice("", "任何类型")], initial=""),
                TextField(key="first_words", label="项目关键字", max_length=100, hint="用空格分开，含其一即符合"),
            ),
        ),
        Section(
            "后做的检查",
            (
                ChoiceField(key="then_type", label="检查类型", choices=[Choice("", "任何类型")], initial=""),
                TextField(key="then_words", label="项目关键字", max_length=100),
            ),
        ),
        Section(
            "",
            (
                NumberField(key="hours", label="至少间隔", unit="小时", minimum=1, maximum=2160, initial=24),
                SwitchField(key="both_ways", label="不分先后"),
                TextField(key="advice", label="提示", max_length=200, span=2),
            ),
        ),
    ),
    values=lambda row: {name: getattr(row, name) for name in (*_INTERVAL_TEXTS, "hours", "both_ways")},
    save=_save_interval,
    remove=lambda row: RemoveIntervalRule(rule_id=row.id),
    removed_words=lambda _row: tr("已删除间隔规则"),
    undo_remove=lambda row: SaveIntervalRule(rule=msgspec.structs.replace(row, id=0, version=0)),
    new_text="新建规则",
)
