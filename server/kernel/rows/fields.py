"""Fields of the rows as data: heading, kind of value, limits; checking them, and writing them as text. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from shared.contract.master import Difference, MasterKind

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SEPARATORS = re.compile(r"[,，;；、\s]+")
YES, NO = "是", "否"
_YES = frozenset({"是", "y", "yes", "true", "1", "启用", "√"})
_NO = frozenset({"否", "n", "no", "false", "0", "停用", ""})


class Form(Enum):
    """How a value is written."""

    TEXT = "text"
    LONG = "long"  # several lines
    NUMBER = "number"
    YUAN = "yuan"  # kept in fen
    SWITCH = "switch"
    WORD = "word"  # one of `words`
    LIST = "list"  # codes with commas between


@dataclass(frozen=True, kw_only=True)
class FieldSpec:
    """One field of a kind. `words` are what may be written for each value; `fault` finds what else may be wrong."""

    key: str
    title: str
    title_en: str
    form: Form = Form.TEXT
    required: bool = False
    length: int = 100
    maximum: int = 0
    refers: MasterKind | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    fault: Callable[[str], str | None] = lambda _text: None
    width: int = 16  # of the column in a workbook, in characters


class Unreadable(ValueError):
    """A cell cannot be read; the text is a finished sentence."""


def text_of(spec: FieldSpec, value: Any) -> str:
    """Return a value as a workbook writes it."""
    if spec.form is Form.SWITCH:
        return YES if value else NO
    if spec.form is Form.YUAN:
        whole, rest = divmod(int(value), 100)
        return f"{whole}.{rest:02d}" if rest else str(whole)
    if spec.form is Form.LIST:
        return ", ".join(str(spec.words.get(str(one), str(one))) for one in value)
    if spec.form is Form.WORD:
        return spec.words.get(str(value), str(value))
    return str(value)


def value_of(spec: FieldSpec, cell: object) -> Any:
    """Read a cell of a workbook or of a CSV file. Raises Unreadable."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = "" if cell is None else str(cell).strip()
    if spec.form is Form.SWITCH:
        return _switch(spec, text)
    if spec.form is Form.NUMBER:
        if not text:
            return 0
        if not re.fullmatch(r"\d{1,9}", text):
            raise Unreadable(f"“{spec.title}”应是整数，现在是“{text[:20]}”。")
        return int(text)
    if spec.form is Form.YUAN:
        return _fen(spec, text)
    if spec.form is Form.WORD:
        return _word(spec, text)
    if spec.form is Form.LIST:
        parts = dict.fromkeys(part for part in _SEPARATORS.split(text) if part)
        return tuple(_word(spec, part) if spec.words else part for part in parts)
    return text


def _switch(spec: FieldSpec, text: str) -> bool:
    folded = text.casefold()
    if folded in _YES:
        return True
    if folded in _NO:
        return False
    raise Unreadable(f"“{spec.title}”请填写 {YES} 或 {NO}，现在是“{text[:20]}”。")


def _fen(spec: FieldSpec, text: str) -> int:
    found = re.fullmatch(r"(\d{1,7})(?:\.(\d{1,2})0*)?", text.removeprefix("¥").replace(",", "") or "0")
    if found is None:
        raise Unreadable(f"“{spec.title}”应是以元为单位的金额，例如 240 或 85.50，现在是“{text[:20]}”。")
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def _word(spec: FieldSpec, text: str) -> str:
    for value, word in spec.words.items():
        if text.casefold() in (value.casefold(), word.casefold()):
            return value
    allowed = "、".join(spec.words.values())
    raise Unreadable(f"“{spec.title}”只能是：{allowed}，现在是“{text[:20]}”。")


def fault_of(spec: FieldSpec, value: Any) -> str | None:
    """Say what is wrong with a value, or None."""
    if spec.form in (Form.NUMBER, Form.YUAN):
        most = spec.maximum if spec.form is Form.NUMBER else spec.maximum * 100
        if not (1 if spec.required else 0) <= value <= most:
            least = 1 if spec.required else 0
            return f"“{spec.title}”应在 {least} 到 {spec.maximum} 之间。"
        return None
    if spec.form is Form.LIST:
        return f"请选择“{spec.title}”。" if spec.required and not value else None
    if spec.form in (Form.SWITCH, Form.WORD):
        return None
    text = str(value)
    if spec.required and not text.strip():
        return f"请填写“{spec.title}”。"
    if len(text) > spec.length:
        return f"“{spec.title}”最多 {spec.length} 个字符。"
    if _CONTROL.search(text) or (spec.form is Form.TEXT and ("\n" in text or "\r" in text or "\t" in text)):
        return f"“{spec.title}”含有不能使用的控制字符，请重新填写。"
    return spec.fault(text) if text else None


def differences(specs: tuple[FieldSpec, ...], before: Any | None, after: Any | None) -> tuple[Difference, ...]:
    """Return the fields that differ between two entries; None stands for a row that was not there."""
    found = []
    for spec in specs:
        old = "" if before is None else text_of(spec, getattr(before, spec.key))
        new = "" if after is None else text_of(spec, getattr(after, spec.key))
        if old != new:
            found.append(Difference(field=spec.key, title=spec.title, before=old, after=new))
    return tuple(found)


def pattern(expression: str, sentence: str) -> Callable[[str], str | None]:
    """Return a check that the whole text matches."""
    compiled = re.compile(expression)
    return lambda text: None if compiled.fullmatch(text) else sentence


def words_of(values: type[StrEnum], *words: str) -> dict[str, str]:
    """Return value → word of an enumeration, in its order."""
    return {value.value: word for value, word in zip(values, words, strict=True)}
