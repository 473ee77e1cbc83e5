"""Safety questions before an exam: what is asked of whom, and which answers alarm; the same rules on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

import msgspec

from shared.domain.states import Sex


class SafetyKind(StrEnum):
    """How a question is answered."""

    YES_NO = "yes_no"  # 是 / 否 / 不详
    NUMBER = "number"  # a measured value with its date, such as eGFR


class SafetyValue(StrEnum):
    """The answer to a question of yes or no; NUMBER questions use MEASURED or UNKNOWN."""

    OPEN = ""  # nobody asked yet
    YES = "yes"  # 是
    NO = "no"  # 否
    UNKNOWN = "unknown"  # 不详
    MEASURED = "measured"


class SafetyQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question and whom it is asked. Empty `exam_types` mean every type, Sex.UNKNOWN everybody; ages in years."""

    code: str
    text: str
    text_en: str
    kind: SafetyKind = SafetyKind.YES_NO
    exam_types: tuple[str, ...] = ()
    only_contrast: bool = False  # asked only when an item uses a contrast medium
    sex: Sex = Sex.UNKNOWN
    age_from: int | None = None
    age_to: int | None = None
    alarm_on: tuple[SafetyValue, ...] = (SafetyValue.YES, SafetyValue.UNKNOWN)
    alarm_below: float | None = None  # a NUMBER below this alarms
    unit: str = ""
    max_age_days: int = 0  # a NUMBER measured longer ago alarms; 0: its age does not matter
    is_active: bool = True


class SafetyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the patient answered. `acknowledged`: the one who asked saw that the answer alarms and goes on."""

    code: str
    value: SafetyValue = SafetyValue.OPEN
    number: float | None = None
    measured_on: date | None = None
    detail: str = ""
    acknowledged: bool = False


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of an exam that decide which questions are asked."""

    exam_type: str
    sex: Sex
    age_years: int | None
    uses_contrast: bool


_CONTRAST = (
    "增强",
    "造影",
    "灌注",
    "CTA",
    "CTV",
    "CTU",
    "CE-MRA",
    "ERCP",
    "HSG",
    "CONTRAST",
    "PERFUSION",
    "ANGIOGRAPHY",
)


def uses_contrast(item_names: Iterable[str]) -> bool:
    """Tell whether an exam item uses a contrast medium, by the words of its name."""
    return any(word in name.upper() for name in item_names for word in _CONTRAST)


def age_in_years(born: date | None, on: date) -> int | None:
    """Completed years on a day; None when the birth date is unknown."""
    if born is None or born > on:
        return None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def questions_for(questions: Sequence[SafetyQuestion], asked: Asked) -> tuple[SafetyQuestion, ...]:
    """The questions that this exam of this patient needs, in their order. Unknown age or sex: asked, not spared."""
    return tuple(question for question in questions if _concerns(question, asked))


def _concerns(question: SafetyQuestion, asked: Asked) -> bool:
    if not question.is_active or (question.exam_types and asked.exam_type not in question.exam_types):
        return False
    if question.only_contrast and not asked.uses_contrast:
        return False
    if question.sex is not Sex.UNKNOWN and asked.sex not in (question.sex, Sex.UNKNOWN, Sex.OTHER):
        return False
    if asked.age_years is None:
        return True
    too_young = question.age_from is not None and asked.age_years < question.age_from
    too_old = question.age_to is not None and asked.age_years > question.age_to
    return not (too_young or too_old)


class Alarm(StrEnum):
    """Why an answer alarms."""

    ANSWER = "answer"  # 是, or 不详 where that alarms
    TOO_LOW = "too_low"
    TOO_OLD = "too_old"


def alarm_of(question: SafetyQuestion, answer: SafetyAnswer, today: date) -> Alarm | None:
    """Say why an answer alarms, or None."""
    if question.kind is SafetyKind.NUMBER and answer.value is SafetyValue.MEASURED:
        if answer.number is not None and question.alarm_below is not None and answer.number < question.alarm_below:
            return Alarm.TOO_LOW
        measured = answer.measured_on
        if question.max_age_days and measured is not None and (today - measured).days > question.max_age_days:
            return Alarm.TOO_OLD
        return None
    return Alarm.ANSWER if answer.value in question.alarm_on else None


def fault_of_answer(question: SafetyQuestion, answer: SafetyAnswer, today: date) -> str:
    """What is wrong with an answer, as a Chinese sentence; empty when it can be kept."""
    if answer.value is SafetyValue.OPEN:
        return ""
    if question.kind is SafetyKind.NUMBER:
        if answer.value not in (SafetyValue.MEASURED, SafetyValue.UNKNOWN):
            return "请填写数值，或选择“不详”。"
        if answer.value is SafetyValue.MEASURED:
            if answer.number is None or not 0 <= answer.number <= 10_000:
                return "请填写 0 至 10000 之间的数值。"
            if answer.measured_on is None:
                return "请填写化验日期。"
            if answer.measured_on > today:
                return "化验日期不能晚于今天。"
    elif answer.value is SafetyValue.MEASURED:
        return "请选择“是”“否”或“不详”。"
    if len(answer.detail) > 200:
        return "说明最多 200 个字符。"
    if any(ord(character) < 32 for character in answer.detail):
        return "说明中有不能保存的控制字符，请重新输入。"
    return ""


_RADIATION = ("CT", "DR", "CR", "MG", "DX", "RF", "XA", "NM", "PT", "PET")

DEFAULT_QUESTIONS: tuple[SafetyQuestion, ...] = (
    SafetyQuestion(
        code="pregnancy",
        text="是否怀孕或可能怀孕",
        text_en="Pregnant, or possibly pregnant",
        exam_types=(*_RADIATION, "MR"),
        sex=Sex.FEMALE,
        age_from=12,
        age_to=55,
    ),
    SafetyQuestion(
        code="contrast_allergy",
        text="是否对造影剂过敏或有严重过敏史",
        text_en="Allergic to contrast media, or a severe allergy before",
        exam_types=("CT", "MR", "XA", "RF"),
        only_contrast=True,
    ),
    SafetyQuestion(
        code="egfr",
        text="肾功能 eGFR",
        text_en="Renal function, eGFR",
        kind=SafetyKind.NUMBER,
        exam_types=("CT", "MR", "XA"),
        only_contrast=True,
        alarm_below=30.0,
        alarm_on=(SafetyValue.UNKNOWN,),
        unit="mL/min/1.73m²",
        max_age_days=90,
    ),
    SafetyQuestion(
        code="pacemaker",
        text="是否有心脏起搏器、除颤器或神经刺激器",
        text_en="Pacemaker, defibrillator or neurostimulator",
        exam_types=("MR",),
    ),
    SafetyQuestion(
        code="implant",
        text="是否有动脉瘤夹、支架、人工耳蜗或其他金属植入物",
        text_en="Aneurysm clip, stent, cochlear or other metal implant",
        exam_types=("MR",),
    ),
    SafetyQuestion(
        code="metal",
        text="体内或眼内是否有金属异物",
        text_en="Metal fragments in the body or the eyes",
        exam_types=("MR",),
    ),
)
"""What is asked until the hospital changes it: after ESUR contrast guidelines and ACR MR screening."""
