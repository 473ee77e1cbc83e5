"""Pure rules of routing: does a rule want a study now, and what becomes of attributes on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.archive.query_matching import matches_wildcards
from shared.contract.routing import Conditions, Moment, Operation, TagRule

MAX_PATTERNS = 100
MAX_CHANGES = 100
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_NUMBERED = re.compile(r"([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})")
_KEYWORD = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_TEXT_VRS = frozenset("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UR UT".split())
_DESCRIBES_PIXELS = frozenset(range(0x00280002, 0x00280108)) | {0x00282110, 0x00282112, 0x00282114}
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 600.0


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What rules look at. Texts as the index has them; `changed_at` is aware."""

    senders: frozenset[str]
    modalities: frozenset[str]
    body_parts: frozenset[str]
    descriptions: frozenset[str]
    institutions: frozenset[str]
    stations: frozenset[str]
    patient_id: str
    changed_at: datetime
    is_complete: bool
    is_matched: bool
    is_reported: bool


def fault_of(conditions: Conditions) -> tuple[str, str] | None:
    """The field that is wrong and a sentence; None when all is well."""
    for name in _PATTERNS:
        patterns = getattr(conditions, name)
        if len(patterns) > MAX_PATTERNS or any(not one.strip() or len(one) > 64 for one in patterns):
            return name, f"最多 {MAX_PATTERNS} 个条件，每个 1 到 64 个字符。"
    if not 0 <= conditions.quiet_s <= 7 * 86400:
        return "quiet_s", "静止时间须在 0 秒到 7 天之间。"
    if any(not 0 <= day <= 6 for day in conditions.weekdays):
        return "weekdays", "星期用 0（星期一）到 6（星期日）表示。"
    if bool(conditions.from_time) != bool(conditions.until_time):
        return "from_time", "请同时填写开始时间和结束时间。"
    for name in ("from_time", "until_time"):
        text = getattr(conditions, name)
        if text and not _CLOCK.fullmatch(text):
            return name, "时间请写成 HH:MM，例如 22:00。"
    return None


_PATTERNS = {
    "sender_aes": ("senders", "发送方不符"),
    "modalities": ("modalities", "设备类型不符"),
    "body_parts": ("body_parts", "检查部位不符"),
    "descriptions": ("descriptions", "描述不符"),
    "institutions": ("institutions", "机构不符"),
    "stations": ("stations", "设备站名不符"),
}


def objection(conditions: Conditions, facts: StudyFacts) -> str:
    """Why a rule can never want the study as it is now; empty when it may."""
    for name, (fact, sentence) in _PATTERNS.items():
        patterns = getattr(conditions, name)
        if patterns and not fits_any(patterns, getattr(facts, fact)):
            return f"{sentence}。"
    if conditions.patient_ids and not fits_any(conditions.patient_ids, {facts.patient_id}):
        return "患者编号不符。"
    return ""


def reason_to_wait(conditions: Conditions, facts: StudyFacts, now: datetime) -> str:
    """Why a rule does not want the study yet; empty when its moment has come. `now` in the hospital's time zone."""
    if conditions.moment is Moment.QUIET and facts.changed_at > now - timedelta(seconds=conditions.quiet_s):
        return "影像仍在接收。"
    if conditions.moment is Moment.COMPLETE and not facts.is_complete:
        return "影像尚未确认完整。"
    if conditions.moment is Moment.MATCHED and not facts.is_matched:
        return "尚未匹配到检查。"
    if conditions.moment is Moment.REPORTED and not facts.is_reported:
        return "报告尚未审核。"
    return "" if is_open(conditions, now) else "不在发送时段内。"


def is_open(conditions: Conditions, now: datetime) -> bool:
    """Whether days and hours allow it. A window over midnight belongs to the day on which it began."""
    start, end, clock = conditions.from_time, conditions.until_time, f"{now:%H:%M}"
    day = now.weekday()
    if start and start > end:
        if end <= clock < start:
            return False
        if clock < end:
            day = (day - 1) % 7
    elif start and not start <= clock < end:
        return False
    return not conditions.weekdays or day in conditions.weekdays


def fits_any(patterns: Sequence[str], values: frozenset[str] | set[str]) -> bool:
    """Whether one of the patterns (``*``, ``?``, no case) fits one of the values."""
    folded = [value.casefold().strip() for value in values]
    return any(matches_wildcards(pattern.casefold().strip(), value) for pattern in patterns for value in folded)


def tag_of(keyword: str) -> int | None:
    """The tag of a keyword of the DICOM dictionary, or of ``GGGG,EEEE``; None when there is none."""
    numbered = _NUMBERED.fullmatch(keyword.strip("() "))
    if numbered is not None:
        return int(numbered[1], 16) << 16 | int(numbered[2], 16)
    if not _KEYWORD.fullmatch(keyword):
        return None
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(keyword)


def fault_of_change(change: TagRule, only: frozenset[int] | None = None) -> str | None:
    """Why a change cannot be made, as a sentence; `only`: the tags that may be changed, where that is limited."""
    tag = tag_of(change.keyword)
    if tag is None:
        return f"没有名为 {change.keyword[:64]} 的 DICOM 属性，请填写关键字或“GGGG,EEEE”。"
    if only is not None and tag not in only:
        return f"接收时不能修改属性 {change.keyword}。"
    if len(change.value) > 200 or len(change.other) > 200:
        return "内容太长，最多 200 个字符。"
    if any(ord(character) < 32 or character == "\\" for character in change.value + change.other):
        return "内容中有不能保存的控制字符或反斜杠。"
    vr = _vr(tag)
    if tag >> 16 <= 2 or tag >> 16 >= 0x7FE0 or tag in _DESCRIBES_PIXELS or vr == "UI" or tag == 0x00080005:
        return f"属性 {change.keyword} 决定对象本身，不能修改。"
    if change.operation is Operation.REMOVE:
        return None
    if vr not in _TEXT_VRS:
        return f"属性 {change.keyword} 不是文本，只能删除。"
    if change.operation is Operation.COPY:
        source = tag_of(change.value)
        if source is None or _vr(source) not in _TEXT_VRS:
            return f"不能从 {change.value[:64]} 复制，请填写文本属性的关键字。"
    elif change.operation is not Operation.SET and not change.value:
        return "请填写内容。"
    return None


def _vr(tag: int) -> str:
    from pydicom.datadict import dictionary_VR

    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"


def needed(changes: Sequence[TagRule]) -> frozenset[int]:
    """The tags whose present values `applied` asks for."""
    tags = {tag_of(change.keyword) for change in changes}
    tags |= {tag_of(change.value) for change in changes if change.operation is Operation.COPY}
    return frozenset(tag for tag in tags if tag is not None)


def applied(changes: Sequence[TagRule], present: Mapping[int, str]) -> dict[int, str | None]:
    """The new values by tag, one change after the other; None: removed. Values too long for their VR are cut."""
    values: dict[int, str | None] = dict(present)
    touched: set[int] = set()
    for change in changes:
        tag = tag_of(change.keyword)
        if tag is None:
            continue
        value = values.get(tag)
        match change.operation:
            case Operation.SET:
                new: str | None = change.value
            case Operation.REMOVE:
                new = None
            case Operation.COPY:
                new = values.get(tag_of(change.value) or 0)
            case Operation.PREFIX:
                new = None if value is None else value if value.startswith(change.value) else change.value + value
            case Operation.SUFFIX:
                new = None if value is None else value if value.endswith(change.value) else value + change.value
            case Operation.REPLACE:
                new = None if value is None else value.replace(change.value, change.other)
        values[tag] = None if new is None else _cut(tag, new)
        touched.add(tag)
    return {tag: values[tag] for tag in touched if values[tag] != present.get(tag)}


_LIMITS = {"AE": 16, "CS": 16, "LO": 64, "SH": 16, "ST": 1024, "LT": 10240}


def _cut(tag: int, value: str) -> str:
    limit = _LIMITS.get(_vr(tag))
    return value if limit is None or "\\" in value else value[:limit]


def pause_after(failures: int) -> float:
    """Seconds before a target that did not answer so often in a row is tried again: 5, 10, 20 … 600."""
    return float(min(_FIRST_PAUSE_S * 2 ** min(max(failures - 1, 0), 20), _LONGEST_PAUSE_S))
