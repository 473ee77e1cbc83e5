"""What is checked and what is found: a report with what is known of its patient, and alarms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.domain.states import Sex

_MOST_CHARACTERS = 200_000


class AlarmKind(StrEnum):
    """What an alarm is about; the words are those of `mingjing report check`."""

    SIDE = "side"
    SEX = "sex"
    REMOVED_ORGAN = "removed-organ"
    UNIT = "unit"
    MISSING = "missing"
    CONFLICT = "conflict"
    PRIOR = "prior"
    TEMPLATE = "template"
    TYPO = "typo"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One doubt: the words of the report that raise it, and why they do, as a sentence for the doctor."""

    kind: AlarmKind
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A report as the checker sees it.

    `side` is the one that was asked for: {"left"}, {"right"}, both, or empty when the exam has none. `age` is in years.
    `prior` holds the texts of earlier reports in one string; empty when there is none. `written` is `both` as it was
    typed, character for character; empty when it does not matter or cannot be.
    """

    findings: str
    impression: str
    exam_type: str = ""
    body_part: str = ""
    side: frozenset[str] = frozenset()
    sex: Sex = Sex.UNKNOWN
    age: float | None = None
    prior: str = ""
    written: str = ""

    @property
    def both(self) -> str:
        """Findings and impression, a line apart."""
        return f"{self.findings}\n{self.impression}"


class BadReport(ValueError):
    """What was given is no report; the text says what to change."""


def subject_of(fields: Mapping[str, Any]) -> Subject:
    """Read one object with `exam_type, body_part, side, sex, age, prior, findings, impression`; all may be absent.

    Raises BadReport when a field has a form that cannot be read.
    """
    findings, impression = _text(fields, "findings"), _text(fields, "impression")
    typed = f"{_typed(fields, 'findings')}\n{_typed(fields, 'impression')}"
    return Subject(
        findings=findings,
        impression=impression,
        exam_type=_text(fields, "exam_type").strip(),
        body_part=_text(fields, "body_part").strip(),
        side=_side(_text(fields, "side")),
        sex=_sex(_text(fields, "sex")),
        age=_age(fields.get("age")),
        prior=_text(fields, "prior"),
        written=typed if len(typed) == len(findings) + len(impression) + 1 else "",
    )


def _typed(fields: Mapping[str, Any], name: str) -> str:
    text = fields.get(name)
    return text if isinstance(text, str) else ""


def _text(fields: Mapping[str, Any], name: str) -> str:
    text = _flat(fields.get(name), name)
    if len(text) > _MOST_CHARACTERS:
        raise BadReport(f"{name} has more than {_MOST_CHARACTERS} characters; split the report")
    return _calm(text)


# One character for one: places in the text stay where they are.
_NARROW = {
    code: code - 0xFEE0
    for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF05, 0xFF0E)
} | {0x3000: 0x20}
# Marks of half width beside Chinese words are the full ones.
_WIDE = str.maketrans(",;:()", "，；：（）")
_HALF_MARK = re.compile(
    r"(?<=[一-鿿）)])[,;:()]|[,;:()](?=[一-鿿（(])|(?<=mm|cm|HU)[,;](?!\d)|(?<=[%°℃])[,;](?!\d)|(?<=\d)[,;](?=[A-Z])|\)(?=[,;，；。])"
)


# No person writes these; they would only cost time.
_RUN = re.compile(r"(.)\1{39,}", re.DOTALL)
_DIGITS = re.compile(r"\d{13,}")
_LONG_LINE = re.compile(r"[^。；;！!\n]{400}")
_MOST_READ = 20_000


def _calm(text: str) -> str:
    """A text whose endless runs of one character, numbers and sentences are cut; others are as they were."""
    if len(text) < 40:
        return text
    text = _DIGITS.sub(lambda match: match[0][:12], _RUN.sub(lambda match: match[1] * 39, text[:_MOST_READ]))
    return _LONG_LINE.sub(lambda match: match[0] + "\n", text)


def _flat(value: Any, name: str, depth: int = 0) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _HALF_MARK.sub(lambda match: match[0].translate(_WIDE), value.translate(_NARROW))
    if isinstance(value, int | float):
        return str(value)
    if depth > 4:
        raise BadReport(f"{name} is nested too deeply; give a text")
    if isinstance(value, Mapping):
        return "\n".join(_flat(one, name, depth + 1) for one in value.values())
    if isinstance(value, list | tuple):
        return "\n".join(_flat(one, name, depth + 1) for one in value)
    raise BadReport(f"{name} must be a text")


def _side(text: str) -> frozenset[str]:
    word = text.strip().lower()
    if not word:
        return frozenset()
    if word in {"b", "r/l", "l/r"} or re.search(r"双|两|左右|both|bilat", word):
        return frozenset({"left", "right"})
    left = word in {"l", "lt"} or "左" in word or "left" in word
    right = word in {"r", "rt"} or "右" in word or "right" in word
    return frozenset(side for side, there in (("left", left), ("right", right)) if there)


def _sex(text: str) -> Sex:
    word = text.strip().lower()
    if word in {"m", "male", "1", "man", "boy"} or word.startswith("男"):
        return Sex.MALE
    if word in {"f", "female", "2", "woman", "girl"} or word.startswith("女"):
        return Sex.FEMALE
    return Sex.UNKNOWN


def _age(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    match = re.match(r"\s*(\d{1,4}(?:\.\d+)?)\s*(\D*)", str(value))
    if not match:
        return None
    number, unit = float(match[1]), match[2].strip().lower()
    if unit[:1] in {"月", "个", "m"}:
        return number / 12
    if unit[:1] in {"周", "w"}:
        return number / 52
    if unit[:1] in {"天", "日", "d"}:
        return number / 365
    return number
