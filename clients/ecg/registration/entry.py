"""The registration form as values: fields of the dialog, its checks, and `EcgEntry` both ways; knows no Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from clients.ecg.looks import SEX_WORDS, choices
from clients.kit.fields import ChoiceField, Field, LongTextField, Section, TextField
from clients.kit.translations import tr, verbatim
from shared.contract.ecg import EcgEntry
from shared.domain.ecg import ECG_KINDS, URGENCIES, VISIT_WORDS, EcgKind, Urgency
from shared.domain.states import Sex, VisitKind

_AGE = re.compile(verbatim(r"(\d{1,3})\s*(岁|月|周|天|小时|[yYmMwWdDhH])?"))
_YEARS = verbatim("岁")
_UNITS = dict(zip("ymwdh", verbatim("岁 月 周 天 小时").split(), strict=True))
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def age_problem(typed: str) -> str:
    """A sentence when an age cannot be read: a number of years, or with 岁, 月, 周, 天, 小时."""
    found = _AGE.fullmatch(typed.strip())
    if not typed.strip():
        return ""
    if found is None or (found[2] in (None, _YEARS, "y", "Y") and int(found[1]) > 150):
        return tr("年龄请填写数字，可带单位：45、3月、12天。")
    return ""


def age_of(typed: str) -> str:
    """An age as the server keeps it: "45" becomes "45岁", "3m" becomes "3月"."""
    found = _AGE.fullmatch(typed.strip())
    if found is None:
        return typed.strip()
    unit = found[2] or _YEARS
    return f"{int(found[1])}{_UNITS.get(unit.lower(), unit)}"


def id_problem(typed: str) -> str:
    """A sentence when an identity number of 18 figures does not fit its check digit (GB 11643); others pass."""
    number = typed.strip().upper()
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return ""
    total = sum(int(figure) * weight for figure, weight in zip(number[:17], _WEIGHTS, strict=True))
    return "" if _CHECKS[total % 11] == number[17] else tr("身份证号校验位不符，请核对。")


def _person() -> list[Field]:
    return [
        TextField(key="patient_name", label="病人姓名", required=True, max_length=64),
        ChoiceField(key="sex", label="性别", required=True, choices=choices(SEX_WORDS)),
        TextField(
            key="age",
            label="年龄",
            required=True,
            max_length=10,
            placeholder="45、3月、12天",
            check=lambda value: age_problem(str(value)),
        ),
        TextField(key="id_number", label="身份证号", max_length=32, check=lambda value: id_problem(str(value))),
        TextField(key="patient_number", label="病人编号", max_length=64),
        TextField(key="phone", label="联系电话", max_length=32),
    ]


def _visit() -> list[Field]:
    return [
        ChoiceField(
            key="visit_kind",
            label="就诊类型",
            required=True,
            choices=choices(VISIT_WORDS),
            initial=VisitKind.OUTPATIENT,
        ),
        TextField(key="outpatient_number", label="门诊号", max_length=64),
        TextField(key="inpatient_number", label="住院号", max_length=64),
        TextField(key="health_check_number", label="体检号", max_length=64),
        TextField(key="request_number", label="申请单号", max_length=64),
        TextField(key="department", label="申请科室", max_length=64),
        TextField(key="ward", label="病区", max_length=64),
        TextField(key="bed", label="床号", max_length=32),
    ]


def _exam() -> list[Field]:
    return [
        ChoiceField(
            key="kind", label="检查种类", choices=choices(ECG_KINDS), initial=EcgKind.TWELVE_LEAD, required=True
        ),
        TextField(key="exam_item", label="检查项目", max_length=128),
        TextField(key="doctor", label="申请医生", max_length=64),
        ChoiceField(key="urgency", label="紧急程度", choices=choices(URGENCIES), initial=Urgency.ROUTINE),
        LongTextField(key="complaint", label="主诉", lines=2, max_length=1000),
        LongTextField(key="history", label="病史", lines=2, max_length=1000),
        LongTextField(key="clinical_diagnosis", label="临床诊断", lines=2, max_length=1000),
        LongTextField(key="remark", label="备注", lines=2, max_length=500),
    ]


def sections() -> list[Section]:
    """All fields of the registration dialog (ECG-HIS-07)."""
    return [Section("病人", _person()), Section("就诊", _visit()), Section("检查", _exam())]


def short_sections() -> list[Section]:
    """Basic patient data of 快速登记会诊: name, sex and age are mandatory, the rest is not (ECG-QREG-04)."""
    person = _person()
    visit = [field for field in _visit() if field.key in ("visit_kind", "department", "bed")]
    exam = [replace(field, span=1) for field in _exam() if field.key in ("complaint", "history", "clinical_diagnosis")]
    return [Section("病人", person), Section("就诊", [*visit, *exam])]


KEYS = tuple(field.key for section in sections() for field in section.fields)
OF_THE_REQUEST = ("patient_number", "outpatient_number", "inpatient_number", "health_check_number", "request_number")
"""Numbers of the other system: shown to be compared with the paper, never changed here (ECG-AMB-05)."""


def to_values(entry: EcgEntry) -> dict[str, Any]:
    """What the form shows of an entry."""
    values = {key: getattr(entry, key) for key in KEYS}
    values["sex"] = entry.sex if entry.sex in SEX_WORDS else None
    return values


def to_entry(values: Mapping[str, Any], base: EcgEntry | None = None) -> EcgEntry:
    """The entry of a form; what the form does not ask stays as `base` has it."""
    import msgspec

    typed = {key: value.strip() if isinstance(value, str) else value for key, value in values.items() if key in KEYS}
    typed["age"] = age_of(typed.get("age") or "")
    typed["sex"] = typed.get("sex") or Sex.UNKNOWN
    typed = {key: value for key, value in typed.items() if value is not None}
    return msgspec.structs.replace(base or EcgEntry(), **typed)
