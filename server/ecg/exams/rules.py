"""What is true of ECG exams without any database: mandatory fields, ages, kinds, what may be changed."""

from __future__ import annotations

import re
from datetime import date

import msgspec

from server.patients.rules import age_text
from shared.contract.ecg import EcgChange, EcgEntry
from shared.domain.ecg import ECG_KINDS, EcgKind
from shared.domain.states import Sex

ECG_EXAM_TYPES = ("ECG", "EKG")
"""Exam types whose requests are registered here; HL7 and FHIR orders name them."""

CHANGEABLE = ("complaint", "history", "clinical_diagnosis", "phone", "bed", "remark")
"""What 详情 lets be changed (ECG-AMB-05)."""
FROM_DIALOG = (*CHANGEABLE, "ward", "department", "doctor", "urgency", "kind", "height_cm", "weight_kg")
"""What the dialog adds to a request; identity and numbers of the other system stand as they came."""

LENGTHS = {
    "patient_name": 64,
    "age": 16,
    "id_number": 32,
    "patient_number": 64,
    "outpatient_number": 32,
    "inpatient_number": 32,
    "health_check_number": 32,
    "request_number": 64,
    "department": 64,
    "ward": 64,
    "bed": 32,
    "exam_item": 100,
    "doctor": 64,
    "complaint": 1000,
    "history": 2000,
    "clinical_diagnosis": 500,
    "phone": 32,
    "remark": 500,
}
_LONG_TEXTS = ("complaint", "history", "clinical_diagnosis", "remark")
OLDEST_YEARS = 150
_AGE = re.compile(r"(\d{1,3})\s*(岁|个月|月|周|天|日|[yY]|[mM]|[wW]|[dD])?")
_UNITS = {"": "岁", "y": "岁", "岁": "岁", "个月": "月", "月": "月", "m": "月", "天": "天", "日": "天", "d": "天"}
_DICOM_UNITS = {"岁": "Y", "月": "M", "天": "D"}


class Wrong(ValueError):
    """A field is wrong; the sentence says what to do."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


def age_of(text: str) -> str:
    """Return an age as the suite writes it: "45" → "45岁", "3个月" → "3月", "2周" → "14天". Raises Wrong.

    >>> age_of("045Y")
    '45岁'
    """
    found = _AGE.fullmatch(text.strip())
    if found is None:
        raise Wrong("age", "年龄请填数字，可带单位，例如 45、45岁、3月、12天。")
    number, unit = int(found[1]), (found[2] or "").lower()
    if unit in ("周", "w"):
        number, unit = number * 7, "天"
    if (shown := _UNITS[unit]) == "岁" and number > OLDEST_YEARS:
        raise Wrong("age", f"年龄不能超过 {OLDEST_YEARS} 岁，请核对。")
    return f"{number}{shown}"


def dicom_age(age: str) -> str:
    """Return an age as DICOM VR AS (PS3.5 6.2), e.g. "045Y"; empty for none."""
    found = re.fullmatch(r"(\d{1,3})(岁|月|天)", age)
    return f"{int(found[1]):03d}{_DICOM_UNITS[found[2]]}" if found else ""


def years_of(age: str) -> float | None:
    """Return an age in years, None for none."""
    found = re.fullmatch(r"(\d{1,4})(岁|月|天)", age)
    return None if found is None else int(found[1]) / {"岁": 1, "月": 12, "天": 365.25}[found[2]]


def checked(entry: EcgEntry, today: date) -> EcgEntry:
    """Return a registration with texts trimmed, age written out and item named. Raises Wrong (ECG-QREG-05)."""
    texts = {name: str(getattr(entry, name)).strip() for name in LENGTHS}
    for name, text in texts.items():
        check_text(name, text)
    if not texts["patient_name"]:
        raise Wrong("patient_name", "请填写病人姓名。")
    if entry.sex is Sex.UNKNOWN:
        raise Wrong("sex", "请选择性别。")
    if texts["age"]:
        texts["age"] = age_of(texts["age"])
    elif entry.birth_date is None:
        raise Wrong("age", "请填写年龄或出生日期。")
    if entry.birth_date is not None:
        if entry.birth_date > today or today.year - entry.birth_date.year > OLDEST_YEARS:
            raise Wrong("birth_date", "出生日期不对，请核对。")
        texts["age"] = age_text(entry.birth_date, today)
    if entry.height_cm is not None and not 20 <= entry.height_cm <= 260:
        raise Wrong("height_cm", "身高请填 20 到 260 厘米。")
    if entry.weight_kg is not None and not 0.2 <= entry.weight_kg <= 500:
        raise Wrong("weight_kg", "体重请填 0.2 到 500 千克。")
    if entry.requested_at is not None and entry.requested_at.tzinfo is None:
        raise Wrong("requested_at", "申请时间必须带时区。")
    texts["exam_item"] = texts["exam_item"] or ECG_KINDS[entry.kind].zh
    return msgspec.structs.replace(entry, **texts)


def check_text(name: str, text: str) -> None:
    """Raise Wrong for a text that is too long or holds control characters."""
    if len(text) > LENGTHS[name]:
        raise Wrong(name, f"内容太长，最多 {LENGTHS[name]} 个字符。")
    allowed = "\n\r\t" if name in _LONG_TEXTS else ""
    if any(ord(character) < 32 and character not in allowed for character in text):
        raise Wrong(name, "内容中有不能保存的控制字符，请重新输入。")


def kind_of_item(name: str, code: str = "") -> EcgKind:
    """Return what an exam item asks to be recorded, by its words."""
    words = f"{name} {code}".casefold()
    for kind, marks in (
        (EcgKind.HOLTER, ("动态", "holter", "24小时", "24h")),
        (EcgKind.STRESS, ("运动", "平板", "负荷", "stress", "exercise")),
        (EcgKind.EIGHTEEN_LEAD, ("18", "十八")),
        (EcgKind.RHYTHM, ("节律", "rhythm")),
    ):
        if any(mark in words for mark in marks):
            return kind
    return EcgKind.TWELVE_LEAD


def with_dialog(request: EcgEntry, dialog: EcgEntry) -> EcgEntry:
    """Return a request with what the dialog adds; what the other system left open may be filled in."""
    added = {name: getattr(dialog, name) for name in FROM_DIALOG}
    if request.sex is Sex.UNKNOWN:
        added["sex"] = dialog.sex
    if request.birth_date is None:
        added["birth_date"], added["age"] = dialog.birth_date, dialog.age
    if not request.id_number:
        added["id_number"] = dialog.id_number
    if request.campus_id is None:
        added["campus_id"] = dialog.campus_id
    if dialog.patient_id is not None:
        added["patient_id"] = dialog.patient_id
    return msgspec.structs.replace(request, **added)


def changes_of(entry: EcgEntry, change: EcgChange) -> dict[str, tuple[str, str]]:
    """Return field → (old, new) of what really changes. Raises Wrong."""
    found: dict[str, tuple[str, str]] = {}
    for name in CHANGEABLE:
        wanted = getattr(change, name)
        if wanted is None:
            continue
        text = str(wanted).strip()
        check_text(name, text)
        old = str(getattr(entry, name))
        if text != old:
            found[name] = (old, text)
    return found
