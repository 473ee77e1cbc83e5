"""Safety questions at registration: what is asked for which exams, and which answers alarm (RIS-EX-11)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from clients.administration.table.spec import Asking, Call, TableSpec, Unclear, Values
from clients.kit.fields import Choice as Option
from clients.kit.fields import ChoiceField, NumberField, Section, SwitchField, TextField, TicksField
from clients.kit.paging import Column, EmptyWords
from clients.kit.translations import tr
from shared.contract.organisation import ExamTypeView, GetHospital
from shared.contract.safety import GetSafetyQuestions, SafetyQuestions, SaveSafetyQuestions
from shared.domain.safety import SafetyKind, SafetyQuestion, SafetyValue
from shared.domain.states import Sex

_SEXES = {Sex.UNKNOWN: "不限", Sex.FEMALE: "女", Sex.MALE: "男"}
_KINDS = {SafetyKind.YES_NO: "是 / 否 / 不详", SafetyKind.NUMBER: "数值和日期"}
_ALARMS = {SafetyValue.YES: "是", SafetyValue.UNKNOWN: "不详", SafetyValue.NO: "否"}
_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")


class Found(msgspec.Struct, frozen=True):
    """The questions, and the exam types that they can be asked for."""

    questions: tuple[SafetyQuestion, ...]
    exam_types: tuple[ExamTypeView, ...]


def _load(call: Call) -> Found:
    kept: SafetyQuestions = call(GetSafetyQuestions())
    return Found(kept.questions, call(GetHospital()).exam_types)


def _changing(
    change: Callable[[list[SafetyQuestion], Call], SafetyQuestion],
) -> Callable[[Call], SafetyQuestion]:
    """Fetch the set, change it and save it whole; somebody else's change in between is a conflict, not lost."""

    def ask(call: Call) -> SafetyQuestion:
        kept: SafetyQuestions = call(GetSafetyQuestions())
        questions = list(kept.questions)
        row = change(questions, call)
        call(SaveSafetyQuestions(version=kept.version, questions=tuple(questions)))
        return row

    return ask


def _question(values: Values) -> SafetyQuestion:
    code = values["code"].strip()
    if not _CODE.match(code):
        raise Unclear(tr("编码由小写字母开头，只有小写字母、数字和下划线。"))
    limit, low, high = values["alarm_below"], values["age_from"], values["age_to"]
    return SafetyQuestion(
        code=code,
        text=values["text"].strip(),
        text_en=values["text_en"].strip(),
        kind=SafetyKind(values["kind"]),
        exam_types=tuple(values["exam_types"]),
        only_contrast=values["only_contrast"],
        sex=Sex(values["sex"]),
        age_from=None if low is None else int(low),
        age_to=None if high is None else int(high),
        alarm_on=tuple(SafetyValue(one) for one in values["alarm_on"]),
        alarm_below=None if limit is None else float(limit),
        unit=values["unit"].strip(),
        max_age_days=int(values["max_age_days"] or 0),
        is_active=values["is_active"],
    )


def _save(values: Values, row: SafetyQuestion | None) -> Asking:
    typed = _question(values)

    def change(questions: list[SafetyQuestion], call: Call) -> SafetyQuestion:
        question = typed if row is None else _with_types_not_offered(typed, row, call)
        place = next((at for at, known in enumerate(questions) if known.code == question.code), None)
        if place is None:
            questions.append(question)
        elif row is None:
            raise Unclear(tr("已有编码为 {code} 的问题。", code=question.code))
        else:
            questions[place] = question
        return question

    return _changing(change)


def _with_types_not_offered(typed: SafetyQuestion, row: SafetyQuestion, call: Call) -> SafetyQuestion:
    """Exam types that the hospital does not do now stay in the question: the form cannot show them."""
    offered = {kind.code for kind in call(GetHospital()).exam_types}
    hidden = [code for code in row.exam_types if code not in offered and code not in typed.exam_types]
    if not hidden or not typed.exam_types:
        return typed
    return msgspec.structs.replace(typed, exam_types=(*typed.exam_types, *hidden))


def _remove(row: SafetyQuestion) -> Asking:
    def change(questions: list[SafetyQuestion], _call: Call) -> SafetyQuestion:
        questions[:] = [question for question in questions if question.code != row.code]
        return row

    return _changing(change)


def _bring_back(row: SafetyQuestion) -> Asking:
    def change(questions: list[SafetyQuestion], _call: Call) -> SafetyQuestion:
        if all(question.code != row.code for question in questions):
            questions.append(row)
        return row

    return _changing(change)


def _values(row: SafetyQuestion) -> dict[str, Any]:
    values = msgspec.structs.asdict(row)
    values["kind"], values["sex"] = row.kind.value, row.sex.value
    values["alarm_on"] = tuple(one.value for one in row.alarm_on)
    return values


def _whom(row: SafetyQuestion) -> str:
    parts = [tr(_SEXES[row.sex])] if row.sex is not Sex.UNKNOWN else []
    if row.age_from is not None or row.age_to is not None:
        low = "" if row.age_from is None else str(row.age_from)
        high = "" if row.age_to is None else str(row.age_to)
        parts.append(tr("{low}–{high} 岁", low=low, high=high))
    if row.only_contrast:
        parts.append(tr("用造影剂"))
    return "　".join(parts) or tr("不限")


QUESTIONS = TableSpec(
    id="safety_questions",
    columns=(
        Column("text", "问题", 0, strong=True, value=lambda row: row.text),
        Column("exam_types", "检查类型", 150, value=lambda row: "、".join(row.exam_types) or tr("全部")),
        Column("whom", "询问对象", 160, value=_whom),
        Column("is_active", "启用", 60, value=lambda row: tr("是") if row.is_active else tr("否")),
    ),
    empty=EmptyWords("没有安全问题", "登记时不询问安全问题。", "alert"),
    load=lambda _values: _load,
    rows=lambda reply: reply.questions,
    choices={
        "exam_types": lambda found: [
            Option(kind.code, f"{kind.code} {kind.name}", translate=False) for kind in found.exam_types
        ]
    },
    row_id=lambda row: row.code,
    intro="登记时按检查类型、项目、性别和年龄询问；需注意的回答要确认后才能提交，并显示给技师。",
    form=(
        Section(
            "",
            (
                TextField(key="code", label="编码", required=True, max_length=32),
                SwitchField(key="is_active", label="启用", initial=True),
                TextField(key="text", label="问题", required=True, max_length=200, span=2),
                TextField(key="text_en", label="英文", required=True, max_length=200, span=2),
                ChoiceField(
                    key="kind",
                    label="回答方式",
                    choices=[Option(kind.value, words) for kind, words in _KINDS.items()],
                    initial=SafetyKind.YES_NO.value,
                    required=True,
                ),
                TextField(key="unit", label="单位", max_length=32),
            ),
        ),
        Section(
            "询问对象",
            (
                TicksField(key="exam_types", label="检查类型", hint="不选为全部", columns=2),
                ChoiceField(
                    key="sex",
                    label="性别",
                    choices=[Option(sex.value, words) for sex, words in _SEXES.items()],
                    initial=Sex.UNKNOWN.value,
                    required=True,
                ),
                SwitchField(key="only_contrast", label="只在用造影剂时"),
                NumberField(key="age_from", label="年龄从", unit="岁", maximum=150),
                NumberField(key="age_to", label="年龄到", unit="岁", maximum=150),
            ),
        ),
        Section(
            "需注意的回答",
            (
                TicksField(
                    key="alarm_on",
                    label="回答",
                    choices=[Option(value.value, words) for value, words in _ALARMS.items()],
                    initial=(SafetyValue.YES.value, SafetyValue.UNKNOWN.value),
                    columns=3,
                ),
                NumberField(key="alarm_below", label="数值低于", maximum=10_000, decimals=1),
                NumberField(key="max_age_days", label="化验早于", unit="天", maximum=3650, initial=0, hint="0：不限"),
            ),
        ),
    ),
    fixed_keys=("code",),
    values=_values,
    save=_save,
    remove=_remove,
    removed_words=lambda row: tr("已删除安全问题“{text}”。", text=row.text),
    undo_remove=_bring_back,
    named=lambda row: row.text,
    search=lambda row: f"{row.text} {row.text_en} {row.code}",
    entities=("safety",),
    new_text="新建问题",
)
