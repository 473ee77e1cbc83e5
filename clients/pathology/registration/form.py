"""The patient information page as data (PA-REG-05): its fields, their prompts, and the way to and from a CaseEntry."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from clients.kit.fields import (
    Choice,
    ChoiceField,
    DateField,
    DateTimeField,
    Field,
    LongTextField,
    NumberField,
    Prompt,
    PromptField,
    Section,
    SwitchField,
    TextField,
)
from clients.kit.translations import verbatim
from shared.contract.pathology import CaseEntry
from shared.domain.states import Sex

Source = Callable[[str], Callable[[], Sequence[Prompt]]]
"""Key of a list of prompts → the callable that gives them."""

AGE_UNITS = ("岁", "月", "周", "天", "小时")
_AGE = re.compile(rf"\s*(\d{{1,3}})\s*({'|'.join(AGE_UNITS)})?\s*\Z")
_SEXES = (Choice(Sex.MALE, "男"), Choice(Sex.FEMALE, "女"), Choice(Sex.OTHER, "其他"))
SPECIMEN_TYPES = (
    Prompt(verbatim("手术标本")),
    Prompt(verbatim("活检组织")),
    Prompt(verbatim("穿刺组织")),
    Prompt(verbatim("妇科宫颈")),
    Prompt(verbatim("体液")),
    Prompt(verbatim("痰")),
    Prompt(verbatim("骨髓")),
    Prompt(verbatim("会诊切片")),
)
"""Words that are stored with the case; the descriptors of liquid-based cytology follow them."""
_MARRIAGE = ("未婚", "已婚", "离异", "丧偶", "未说明")


def sections(prompts: Source, now: Callable[[], datetime]) -> list[Section]:
    """Every field of the page in the order of the eye; `prompts` gives the source of each prompted field."""

    def prompted(key: str, label: str, book: str = "", span: int = 1, max_length: int = 100) -> PromptField:
        return PromptField(key=key, label=label, source=prompts(book or key), span=span, max_length=max_length)

    return [
        Section(
            "病人",
            [
                TextField(key="patient_name", label="姓名", required=True, max_length=60),
                ChoiceField(key="sex", label="性别", choices=_SEXES),
                NumberField(key="age", label="年龄", maximum=150),
                ChoiceField(
                    key="age_unit", label="年龄单位", choices=[Choice(unit, unit) for unit in AGE_UNITS], initial="岁"
                ),
                TextField(key="id_number", label="身份证号", max_length=30),
                DateField(key="birth_date", label="出生日期", latest=now().date()),
                TextField(key="phone", label="联系电话", max_length=32),
                TextField(key="hospital_patient_id", label="病人ID", max_length=40),
                TextField(key="application_number", label="申请号", max_length=40),
                TextField(key="outpatient_number", label="门诊号", max_length=40),
                TextField(key="inpatient_number", label="住院号", max_length=40),
                TextField(key="bed", label="床号", max_length=20),
            ],
        ),
        Section(
            "送检",
            [
                prompted("department", "送检科室"),
                prompted("ward", "病区"),
                prompted("sending_doctor", "送检医生"),
                prompted("sending_unit", "送检单位"),
                DateTimeField(key="sent_at", label="送检日期"),
                DateTimeField(key="received_at", label="收到日期"),
                SwitchField(key="is_urgent", label="急诊"),
                SwitchField(key="is_infectious", label="传染"),
                PromptField(key="specimen_type", label="标本类型", source=lambda: SPECIMEN_TYPES, max_length=40),
                prompted("specimen_name", "标本名称"),
                prompted("sampling_site", "取材部位", "specimen_site"),
                TextField(key="menstruation", label="末次月经 / 绝经", max_length=60),
            ],
        ),
        Section(
            "临床",
            [
                prompted("clinical_diagnosis", "临床诊断", span=6, max_length=500),
                LongTextField(key="history", span=3, label="病史", lines=2, max_length=2000),
                LongTextField(key="operative_findings", span=3, label="手术所见", lines=2, max_length=2000),
                LongTextField(key="earlier_pathology", span=3, label="既往病理", lines=2, max_length=2000),
                LongTextField(key="note", span=3, label="备注", lines=2, max_length=2000),
            ],
        ),
        Section(
            "更多",
            [
                prompted("occupation", "职业"),
                prompted("ethnicity", "民族", "nationality"),
                ChoiceField(key="marital_state", label="婚姻", choices=[Choice(word, word) for word in _MARRIAGE]),
                SwitchField(key="is_in_arrears", label="欠费"),
                TextField(key="address", label="地址", span=2, max_length=200),
            ],
        ),
    ]


PROMPT_KEYS = (
    "department",
    "ward",
    "sending_doctor",
    "sending_unit",
    "specimen_name",
    "specimen_site",
    "clinical_diagnosis",
    "occupation",
    "nationality",
    "rejection_reason",
    "charge_item",
)
"""Lists of prompts that this page uses."""


def quick_sections(keys: Sequence[str], prompts: Source, now: Callable[[], datetime]) -> list[Section]:
    """The page with only the configured fields (PA-REG-15); the unit stays beside the age, the name always."""
    wanted = {"patient_name", *keys, *(("age_unit",) if "age" in keys else ())}
    fields: list[Field] = [field for part in sections(prompts, now) for field in part.fields if field.key in wanted]
    return [Section("快速登记", fields)]


def values_of(entry: CaseEntry) -> dict[str, Any]:
    """What the fields show of an entry."""
    values = {name: getattr(entry, name) for name in entry.__struct_fields__ if name != "patient_id"}
    age, unit = split_age(entry.age)
    values["age"], values["age_unit"] = age, unit
    values["marital_state"] = entry.marital_state or None
    values["sex"] = None if entry.sex is Sex.UNKNOWN else entry.sex
    return values


def entry_of(values: Mapping[str, Any], kept: CaseEntry | None = None) -> CaseEntry:
    """The entry behind the fields; what has no field stays as in `kept`."""
    given: dict[str, Any] = {name: getattr(kept, name) for name in kept.__struct_fields__} if kept is not None else {}
    for name in CaseEntry.__struct_fields__:
        if name in values and name != "age":
            value = values[name]
            given[name] = "" if value is None and name in _TEXTS else value
    if "age" in values:
        age = values["age"]
        given["age"] = f"{age}{values.get('age_unit') or '岁'}" if age not in (None, "") else ""
    given["patient_name"] = str(given.get("patient_name") or "").strip()
    given["sex"] = given.get("sex") or Sex.UNKNOWN
    return CaseEntry(**given)


def split_age(age: str) -> tuple[int | None, str]:
    """ "45岁" → (45, "岁"); what cannot be read gives no number."""
    found = _AGE.match(age)
    return (int(found.group(1)), found.group(2) or "岁") if found else (None, "岁")


def age_on(day: date, born: date) -> tuple[int, str]:
    """Age in full years, months up to two years, days up to a month."""
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
    if months >= 24:
        return months // 12, "岁"
    if months >= 1:
        return months, "月"
    return max(0, (day - born).days), "天"


_TEXTS = frozenset(
    name
    for name in CaseEntry.__struct_fields__
    if name not in {"patient_id", "sex", "birth_date", "sent_at", "received_at"} and not name.startswith("is_")
)


def to_draft(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON can hold them."""
    return {key: value.isoformat() if isinstance(value, date | datetime) else value for key, value in values.items()}


def from_draft(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a draft; what another version wrote and this one cannot read is left out."""
    values: dict[str, Any] = {}
    for key, value in kept.items():
        if key in ("sent_at", "received_at") and isinstance(value, str) and value:
            values[key] = _read(datetime.fromisoformat, value)
        elif key == "birth_date" and isinstance(value, str) and value:
            values[key] = _read(date.fromisoformat, value)
        elif key == "sex" and value is not None:
            values[key] = Sex(value) if value in set(Sex) else Sex.UNKNOWN
        else:
            values[key] = value
    return values


def _read(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        return None
