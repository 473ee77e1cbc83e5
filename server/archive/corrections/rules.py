"""Overlays: which attributes may be corrected, how an overlay is kept, and what two of them say together. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from server.archive.corrections.rewriting import Mark

SYSTEM = "MINGJING"
REFERENCES = 0
"""Pseudo tag of an overlay: references to other objects are resolved by where the index has those objects now."""

_AT, _SYSTEM, _SOURCE, _REASON = 0x04000562, 0x04000563, 0x04000564, 0x04000565
_MARK_TAGS = frozenset({_AT, _SYSTEM, _SOURCE, _REASON})

STUDY_UID, SERIES_UID = 0x0020000D, 0x0020000E


@dataclass(frozen=True, slots=True)
class Correctable:
    """An attribute that a person may correct: its column in the index, empty where it has none."""

    tag: int
    vr: str
    column: str = ""


PATIENT = {
    "PatientName": Correctable(0x00100010, "PN", "patient_name"),
    "PatientID": Correctable(0x00100020, "LO", "patient_id"),
    "IssuerOfPatientID": Correctable(0x00100021, "LO", "issuer"),
    "PatientBirthDate": Correctable(0x00100030, "DA", "birth_date"),
    "PatientSex": Correctable(0x00100040, "CS", "sex"),
}
STUDY = {
    **PATIENT,
    "PatientAge": Correctable(0x00101010, "AS", "age"),
    "AccessionNumber": Correctable(0x00080050, "SH", "accession"),
    "StudyDate": Correctable(0x00080020, "DA", "study_date"),
    "StudyTime": Correctable(0x00080030, "TM", "study_time"),
    "StudyID": Correctable(0x00200010, "SH", "study_id"),
    "StudyDescription": Correctable(0x00081030, "LO", "description"),
    "ReferringPhysicianName": Correctable(0x00080090, "PN", "referring_name"),
}
SERIES = {
    "SeriesDescription": Correctable(0x0008103E, "LO", "description"),
    "BodyPartExamined": Correctable(0x00180015, "CS", "body_part"),
    "Laterality": Correctable(0x00200060, "CS", "laterality"),
    "ProtocolName": Correctable(0x00181030, "LO", "protocol"),
    "SeriesNumber": Correctable(0x00200011, "IS", "number"),
    "SeriesDate": Correctable(0x00080021, "DA", "series_date"),
    "SeriesTime": Correctable(0x00080031, "TM", "series_time"),
    "InstitutionName": Correctable(0x00080080, "LO", "institution"),
    "StationName": Correctable(0x00081010, "SH", "station"),
}
KEYWORDS = {one.tag: keyword for keyword, one in {**STUDY, **SERIES}.items()} | {
    STUDY_UID: "StudyInstanceUID",
    SERIES_UID: "SeriesInstanceUID",
}
STUDY_COLUMNS = {one.tag: one.column for one in STUDY.values()}
SERIES_COLUMNS = {one.tag: one.column for one in SERIES.values()}
PATIENT_TAGS = frozenset(one.tag for one in PATIENT.values())

_LENGTHS = {"LO": 64, "SH": 16, "CS": 16, "PN": 200, "IS": 12}
_FORMS = {
    "DA": (re.compile(r"\d{8}"), "日期请写成八位数字，例如 19800131。"),
    "TM": (re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?"), "时间请写成 HHMMSS，例如 093000。"),
    "CS": (re.compile(r"[A-Z0-9 _]{1,16}"), "只能用大写字母、数字、空格和下划线，最多 16 个字符。"),
    "AS": (re.compile(r"\d{3}[DWMY]"), "年龄请写成三位数字加 D、W、M 或 Y，例如 045Y。"),
    "IS": (re.compile(r"[+-]?\d{1,10}"), "请填写整数。"),
}

Values = dict[int, str | None]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[int, str | None]).decode


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is changed in an object as it leaves."""

    changes: Mapping[int, str | None]
    mark: Mark
    resolves_references: bool = False


def fault_of(keyword: str, value: str, table: Mapping[str, Correctable]) -> str | None:
    """Why a value cannot be taken, as a sentence; None when it can."""
    one = table.get(keyword)
    if one is None:
        return f"不能更正属性 {keyword[:64]}，可更正的有：{'、'.join(table)}。"
    if any(ord(character) < 32 or character == "\\" for character in value):
        return "内容中有不能保存的控制字符或反斜杠，请重新输入。"
    if not value:
        return "检查必须有患者编号，请填写。" if keyword == "PatientID" else None
    if one.vr in _FORMS:
        form, sentence = _FORMS[one.vr]
        if not form.fullmatch(value):
            return sentence
        return "没有这一天，请核对日期。" if one.vr == "DA" and not _is_day(value) else None
    if one.vr == "PN" and (value.count("=") > 2 or any(len(group) > 64 for group in value.split("="))):
        return "姓名最多三组（用 = 分隔），每组最多 64 个字符。"
    limit = _LENGTHS[one.vr]
    return f"内容太长，最多 {limit} 个字符。" if len(value) > limit else None


def _is_day(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return True


def packed(values: Values) -> bytes | None:
    """An overlay for its column; None when there is nothing in it but the mark."""
    return _encode(dict(sorted(values.items()))) if set(values) - _MARK_TAGS else None


def unpacked(blob: bytes | None) -> Values:
    """What `packed` made."""
    return dict(_decode(blob)) if blob else {}


def marked(values: Values, at: datetime, source: str, *, reason: str = "CORRECT") -> Values:
    """The values with who changed them when: becomes an item of Original Attributes Sequence (PS3.3 C.12.1)."""
    return {
        **values,
        _AT: at.astimezone(UTC).strftime("%Y%m%d%H%M%S.%f") + "+0000",
        _SYSTEM: SYSTEM,
        _SOURCE: source[:64],
        _REASON: reason,
    }


def mark_now() -> Values:
    """The mark of a correction that a person makes now."""
    return marked({}, datetime.now(UTC), "")


def unmarked(values: Values) -> Values:
    """The values without who changed them."""
    return {tag: value for tag, value in values.items() if tag not in _MARK_TAGS}


@lru_cache(maxsize=4096)
def overlay_of(study: bytes | None, series: bytes | None) -> Overlay | None:
    """What both columns say together: the series goes before its study. None when neither changes anything."""
    both = {**unpacked(study), **unpacked(series)}
    if not both:
        return None
    at = max(values.get(_AT) or "" for values in (unpacked(study), unpacked(series)))
    mark = Mark(at, both.get(_SYSTEM) or SYSTEM, both.get(_SOURCE) or "", both.get(_REASON) or "CORRECT")
    changes = {tag: value for tag, value in both.items() if tag not in _MARK_TAGS and tag != REFERENCES}
    return Overlay(changes, mark, REFERENCES in both)
