"""Checks what is typed about a case and writes it into its row."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from server.kernel.errors import invalid
from server.pathology.cases.tables import CaseRow, WordRow
from server.pathology.cases.words import words_of
from shared.contract.pathology import CaseEntry

_LENGTHS = {
    "patient_name": 120,
    "age": 16,
    "application_number": 64,
    "hospital_patient_id": 64,
    "outpatient_number": 64,
    "inpatient_number": 64,
    "id_number": 64,
    "occupation": 80,
    "ethnicity": 40,
    "marital_state": 20,
    "phone": 40,
    "address": 200,
    "department": 120,
    "ward": 80,
    "bed": 32,
    "sending_unit": 120,
    "sending_doctor": 80,
    "specimen_type": 80,
    "specimen_name": 200,
    "sampling_site": 200,
    "clinical_diagnosis": 500,
    "history": 4000,
    "operative_findings": 4000,
    "earlier_pathology": 4000,
    "menstruation": 80,
    "note": 1000,
}
_AGE = re.compile(r"([0-9]{1,3}(?:\.[0-9])?)\s*(岁|月|周|天|日|小时|Y|M|W|D|H)?", re.IGNORECASE)
_YEARS = {"岁": 1.0, "y": 1.0, "月": 1 / 12, "m": 1 / 12, "周": 7 / 365.25, "w": 7 / 365.25, "天": 1 / 365.25}
_YEARS |= {"日": 1 / 365.25, "d": 1 / 365.25, "小时": 1 / 8766, "h": 1 / 8766}
_COLUMNS = (
    "patient_id",
    "patient_name",
    "age",
    "birth_date",
    "application_number",
    "hospital_patient_id",
    "outpatient_number",
    "inpatient_number",
    "id_number",
    "department",
    "bed",
    "sending_unit",
    "sending_doctor",
    "specimen_type",
    "specimen_name",
    "clinical_diagnosis",
)


def checked(entry: CaseEntry, now: datetime) -> CaseEntry:
    """Return the entry without blanks at the ends and with a date of receipt. Raises INVALID."""
    changes = {name: getattr(entry, name).strip() for name in _LENGTHS}
    for name, text in changes.items():
        if len(text) > _LENGTHS[name]:
            raise invalid(f"entry.{name}", f"内容过长，最多 {_LENGTHS[name]} 个字。")
    if not changes["patient_name"]:
        raise invalid("entry.patient_name", "请填写姓名。")
    if changes["age"] and _AGE.fullmatch(changes["age"]) is None:
        raise invalid("entry.age", "年龄应为数字加单位，例如 45岁、3月、10天。")
    if entry.birth_date is not None and entry.birth_date > now.date() + timedelta(days=1):
        raise invalid("entry.birth_date", "出生日期不能晚于今天。")
    received = entry.received_at or now
    if received > now + timedelta(days=1):
        raise invalid("entry.received_at", "收到日期不能晚于现在。")
    if entry.sent_at is not None and entry.sent_at > received + timedelta(days=1):
        raise invalid("entry.sent_at", "送检日期不能晚于收到日期。")
    return msgspec.structs.replace(entry, **changes, received_at=received)


def write(session: Session, row: CaseRow, entry: CaseEntry) -> None:
    """Put a checked entry into a row that has its id, and make the case findable by it."""
    fill(row, entry)
    session.flush()
    session.execute(delete(WordRow).where(WordRow.case_id == row.id))
    session.execute(insert(WordRow), [{"word": word, "case_id": row.id} for word in sorted(words_of(entry))])


def fill(row: CaseRow, entry: CaseEntry) -> None:
    """Put a checked entry into a row's columns."""
    assert entry.received_at is not None
    row.entry = msgspec.to_builtins(entry)
    for name in _COLUMNS:
        setattr(row, name, getattr(entry, name))
    row.sex = entry.sex.value
    row.age_years = age_years(entry, entry.received_at)
    row.received_at = entry.received_at


def age_years(entry: CaseEntry, at: datetime) -> float | None:
    """Return the age as a number, by the birth date if it is known, for statistics."""
    if entry.birth_date is not None:
        return round((at.date() - entry.birth_date).days / 365.25, 2)
    found = _AGE.fullmatch(entry.age)
    return None if found is None else round(float(found[1]) * _YEARS[(found[2] or "岁").lower()], 2)
