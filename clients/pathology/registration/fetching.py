"""提取: what the hospital system knows, merged into what is typed; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.contract.pathology import FetchPatient
from shared.domain.pathology import FetchBy

_LABELS = {
    "patient_name": "姓名",
    "sex": "性别",
    "age": "年龄",
    "birth_date": "出生日期",
    "id_number": "身份证号",
    "phone": "联系电话",
    "department": "送检科室",
    "sending_doctor": "送检医生",
    "clinical_diagnosis": "临床诊断",
    "bed": "床号",
    "ward": "病区",
    "address": "地址",
}


def request(by: FetchBy, number: str) -> FetchPatient:
    """The question to the server."""
    return FetchPatient(by=by, number=number.strip())


def merge(
    shown: Mapping[str, Any], typed: Mapping[str, Any], found: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """What to put into the fields, and keys where something typed differs and therefore stays (PA-REG-13)."""
    new: dict[str, Any] = {}
    kept: list[str] = []
    for key, value in found.items():
        if value in (None, "", "U", False) or key in ("sent_at", "received_at", "age_unit") or value == shown.get(key):
            continue
        if key in typed and typed[key] not in (None, "", "U"):
            kept.append(key)
            continue
        new[key] = value
        if key == "age":
            new["age_unit"] = found.get("age_unit")
    return new, kept


def labels(keys: list[str]) -> list[str]:
    """Chinese labels of the fields that matter most."""
    return [_LABELS[key] for key in keys if key in _LABELS] or ["部分栏目"]
