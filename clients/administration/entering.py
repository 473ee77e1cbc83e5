"""What is typed as text and means more: lists, numbers of days, changes of attributes; knows no Qt."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clients.kit.translations import tr
from shared.contract.routing import Operation, TagRule

_SEPARATORS = re.compile(r"[,，;；、\s]+")


def listed(text: object) -> tuple[str, ...]:
    """Names typed one after the other, separated by commas or spaces, each once."""
    return tuple(dict.fromkeys(part for part in _SEPARATORS.split(str(text or "").strip()) if part))


def phrases(text: object) -> tuple[str, ...]:
    """Names that may hold spaces, separated by commas only."""
    parts = re.split(r"[,，;；、]", str(text or ""))
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def joined(values: Sequence[str]) -> str:
    """The other way round."""
    return ", ".join(values)


def number(value: object, default: int = 0) -> int:
    """A number field's value."""
    return default if value is None or value == "" else int(float(str(value)))


_WORDS = {
    Operation.SET: "set",
    Operation.REMOVE: "remove",
    Operation.COPY: "copy",
    Operation.PREFIX: "prefix",
    Operation.SUFFIX: "suffix",
    Operation.REPLACE: "replace",
}

CHANGES_HINT = (
    "每行一项：set InstitutionName 第一医院；remove PatientComments；copy AccessionNumber StudyID；"
    "prefix PatientID ZY-；replace StudyDescription 旧 => 新"
)


def changes_of(text: object) -> tuple[TagRule, ...]:
    """Lines like ``set InstitutionName 第一医院``. Raises ValueError with a finished sentence that names the line."""
    found = []
    for number_, line in enumerate(str(text or "").splitlines(), 1):
        if line.strip():
            found.append(_change_of(line.strip(), number_))
    return tuple(found)


def _change_of(line: str, number_: int) -> TagRule:
    words = line.split(maxsplit=2)
    operation = next((key for key, word in _WORDS.items() if word == words[0].lower()), None)
    if operation is None or len(words) < 2:
        raise ValueError(tr("第 {number} 行无法识别，请按示例书写：set InstitutionName 第一医院", number=number_))
    value = words[2] if len(words) > 2 else ""
    other = ""
    if operation is Operation.REPLACE:
        value, arrow, other = (part.strip() for part in value.partition("=>"))
        if not arrow or not value:
            raise ValueError(tr("第 {number} 行应写成：replace 属性 旧内容 => 新内容", number=number_))
    elif operation is not Operation.REMOVE and not value:
        raise ValueError(tr("第 {number} 行缺少内容。", number=number_))
    return TagRule(operation=operation, keyword=words[1], value=value, other=other)


def lines_of(changes: Sequence[TagRule]) -> str:
    """The other way round."""
    return "\n".join(_line_of(change) for change in changes)


def _line_of(change: TagRule) -> str:
    start = f"{_WORDS[change.operation]} {change.keyword}"
    if change.operation is Operation.REMOVE:
        return start
    if change.operation is Operation.REPLACE:
        return f"{start} {change.value} => {change.other}"
    return f"{start} {change.value}"
