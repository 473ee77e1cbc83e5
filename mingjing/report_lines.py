"""Lines of reports as other programs write them, in the forms that the checker reads.

`mingjing report check` takes what a department's script gives: codes of DICOM, HL7 and GB/T 2261, words in Chinese and
English, GB18030, texts with HTML. What is not understood is told: a sex or side that nobody read is not checked.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from shared.domain.rich_text import sanitised, spelled

FIELDS = ("id", "exam_type", "body_part", "side", "sex", "age", "prior", "findings", "impression")
_OLDEST = 150  # years
_HTML = re.compile(
    r"</?(?:p|br|div|span|b|i|u|strong|em|sup|sub|table|tr|td|ul|ol|li|font)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_AGE = re.compile(r"(?:约|P)?\s*(?P<number>\d{1,4}(?:\.\d+)?)\s*(?P<unit>\D.*)?", re.IGNORECASE)
_NO_AGE = re.compile(r"\[\]|[-/]|不详|未知|unknown|null|n/?a|成人|新生儿|婴儿", re.IGNORECASE)
_SHORTER = re.compile(r"[天日月周个小时]|[dmwh]", re.IGNORECASE)
_RTF = re.compile(r"\s*\{\\rtf\d")
_NAMES = {
    "findings": ("finding", "影像所见", "检查所见", "所见"),
    "impression": ("impressions", "conclusion", "诊断意见", "诊断结论", "影像诊断", "诊断"),
    "exam_type": ("examtype", "modality", "检查类型", "检查类别"),
    "body_part": ("bodypart", "检查部位", "部位"),
    "side": ("laterality", "侧别"),
    "sex": ("gender", "patient_sex", "性别"),
    "age": ("patient_age", "年龄"),
    "prior": ("priors", "prior_report", "既往报告", "前次报告"),
    "id": ("report_id", "accession_number", "检查号", "报告号", "编号"),
}
"""What others call the fields."""
_SEXES = {
    "male": "m male 1 man boy mr mr. ♂ 先生",
    "female": "f female 2 woman girl mrs mrs. ms ms. miss ♀ 女士 小姐",
    "": "0 9 o other u unk unknown a n na n/a none null - / 未知 不详 其他 其它 保密 未说明 未说明的性别 无 不明",
}
"""What is read of a sex: DICOM PS3.3 C.7.1.1 (M F O), HL7 table 0001 (M F O U A N), GB/T 2261.1 (0 1 2 9)."""
_SIDES = {
    "left": "l lt lft left 左 7771000 os",
    "right": "r rt rgt right 右 24028007 od",
    "both": "b bi bil bilat bilateral both rl lr r/l l/r 双 两 51440002 ou",
    "": "u un unpaired unknown none na n/a null - / 0 m mid middle midline median whole"
    " 无 不分侧 未知 不详 中 正中 中线 不适用 全",
}
"""What is read of a side: DICOM laterality (R L U B), HL7 table 0163, SNOMED CT, of the eyes OD OS OU."""
_WORD = {
    kind: {word: name for name, words in table.items() for word in words.split()}
    for kind, table in (("sex", _SEXES), ("side", _SIDES))
}
_BETWEEN = re.compile(r"[\s,，、;；/&+和及与-]+")


class NotALine(ValueError):
    """The line holds no report; the English sentence says what it is."""


def decoded(line: bytes) -> tuple[str, bool]:
    """Return a line's text and whether it was GB18030 instead of UTF-8. Raises NotALine."""
    if line[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise NotALine("the file is UTF-16; save it as UTF-8")
    if b"\0" in line:
        raise NotALine("there are zero bytes in it; save the file as UTF-8 text")
    try:
        return line.decode("utf-8-sig"), False
    except UnicodeDecodeError as error:
        place = error.start + 1
    try:
        return line.decode("gb18030"), True
    except UnicodeDecodeError:
        raise NotALine(f"byte {place} is neither UTF-8 nor GB18030") from None


def parsed(text: str) -> dict[str, Any]:
    """Return the object that a line holds. Raises NotALine."""
    try:
        found = json.loads(text, parse_constant=lambda _word: None)
    except RecursionError:
        raise NotALine("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        if text.lstrip().startswith("["):
            raise NotALine("a list; write one object a line, without [ ] around them and commas between them") from None
        if text.strip() in ("{", "}", "},", "]") or re.match(r'\s*"\w+"\s*:', text):
            raise NotALine("an object over several lines; write each object in one line") from None
        raise NotALine(f"no JSON at column {error.colno}: {error.msg}") from None
    except ValueError:  # a number of more digits than Python reads
        raise NotALine("a number in it is too long") from None
    if not isinstance(found, dict):
        raise NotALine("not a JSON object; one object a line")
    return found


def understood(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the report's fields in the forms that the checker reads, and sentences about what was not understood."""
    named = {str(name).strip().lower().replace("-", "_").replace(" ", "_"): value for name, value in given.items()}
    fields = {name: _first(named, name, *_NAMES[name]) for name in FIELDS}
    doubts: list[str] = []
    for name in ("findings", "impression", "prior"):
        fields[name] = _text(fields[name], name, doubts)
    for name in ("sex", "side"):
        fields[name] = _coded(fields[name], name, doubts)
    fields["age"] = _age(fields["age"], doubts)
    if not fields["findings"] and not fields["impression"]:
        others = ", ".join(sorted(set(named) - {*FIELDS, *(one for names in _NAMES.values() for one in names)})[:6])
        doubts.append("neither findings nor impression" + (f"; unknown names: {others}" if others else ""))
    return fields, doubts


def reply_id(given: Mapping[str, Any]) -> Any:
    """Return the report's id as it may be written out: a number that JSON does not know is left out."""
    found = _first({str(name).strip().lower(): value for name, value in given.items()}, "id", *_NAMES["id"])
    return None if isinstance(found, float) and not math.isfinite(found) else found


def _first(named: Mapping[str, Any], *names: str) -> Any:
    return next((named[name] for name in names if name in named), None)


def _text(value: Any, name: str, doubts: list[str]) -> Any:
    if isinstance(value, str):
        if _RTF.match(value):
            doubts.append(f"{name} is RTF; give its words")
        return spelled(sanitised(value)) if _HTML.search(value) else _entities(value)
    if isinstance(value, list):
        return [_text(one, name, doubts) for one in value]
    if isinstance(value, dict):
        return {key: _text(one, name, doubts) for key, one in value.items()}
    if value is not None:
        doubts.append(f"{name} is {json.dumps(value)[:40]} and no text")
    return value


def _entities(text: str) -> str:
    return unescape(text) if re.search(r"&(?:nbsp|lt|gt|amp|quot|#\d+);", text) else text


def _coded(value: Any, name: str, doubts: list[str]) -> str:
    """Return a side or sex in the checker's words, empty where it is unknown or has none."""
    table, found, is_doubted = _WORD[name], set(), False
    for whole in _flat(value):
        words = [whole] if whole in table else [word for word in _BETWEEN.split(whole) if word]
        senses = {table[word] for word in words if word in table} or set(_spelled_out(whole, name))
        is_doubted |= bool(words) and not senses
        found |= senses
    found.discard("")
    shown = json.dumps(value, ensure_ascii=False)[:40]
    if len(found) > 1 and name == "side":
        return "both"
    if len(found) > 1:
        doubts.append(f"{name} {shown} says both; it is not checked")
        return ""
    if not found and is_doubted:
        doubts.append(f"{name} {shown} is not understood; it is not checked")
    return next(iter(found), "")


def _flat(value: Any) -> list[str]:
    if isinstance(value, bool):
        return [str(value)]
    if isinstance(value, str | int | float):
        return [str(value).strip().lower()]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [word for one in parts if one is not None for word in _flat(one)]


def _spelled_out(word: str, name: str) -> list[str]:
    """Return the senses of longer words: 左侧膝关节, left knee, 男性."""
    if name == "sex":
        return [sense for sense, sign in (("male", "男"), ("female", "女")) if sign in word]
    if re.search(r"双|两侧|bilat|\bboth\b", word):
        return ["both"]
    return [sense for sense, sign in (("left", "左|\\bleft\\b"), ("right", "右|\\bright\\b")) if re.search(sign, word)]


def _age(value: Any, doubts: list[str]) -> Any:
    """Return an age as the checker reads it: years, or a number with its unit; None when unknown."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    text = "" if value is None else str(value).strip()
    if not text or _NO_AGE.fullmatch(text):
        return None
    match = None if isinstance(value, bool) else _AGE.fullmatch(text)
    if match and (float(match["number"]) <= _OLDEST or _SHORTER.match(match["unit"] or "")):
        return f"{match['number']}{match['unit'] or ''}"
    doubts.append(f"age {json.dumps(value, ensure_ascii=False)[:40]} is not understood; give years, or 3月, 12D")
    return None
