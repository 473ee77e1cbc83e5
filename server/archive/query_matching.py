"""Matching by PS3.4 C.2.2.2 as conditions of SQL and as comparisons in Python; knows no level and no session."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, or_

from server.archive.rules import search_key
from shared.dicomkit.names import is_chinese

Check: TypeAlias = Callable[[Any], bool]
SqlText: TypeAlias = Any

_ORDERED = frozenset(
    "uid patient_id name_key ideographic_key phonetic_key accession study_date study_time value infix".split()
)
"""Columns in the order of code points on both databases: only there is a beginning a range."""
MAX_UIDS = 2000
MAX_TEXT = 1000
LAST = "\U0010ffff"


class UnanswerableQuery(Exception):
    """The query contradicts PS3.4; the text says how."""


def matches_wildcards(pattern: str, text: str) -> bool:
    """Compare with ``*`` and ``?``, in time proportional to the product of the lengths whatever the pattern is.

    A regular expression would need exponential time for ``*a*a*a*a*a*b``, which is an attack.
    """
    at = star = mark = 0
    after_star = -1
    while mark < len(text):
        if at < len(pattern) and pattern[at] == "*":
            after_star = at = at + 1
            star = mark
        elif at < len(pattern) and pattern[at] in ("?", text[mark]):
            at += 1
            mark += 1
        elif after_star >= 0:
            star += 1
            at, mark = after_star, star
        else:
            return False
    return not pattern[at:].strip("*")


def is_pattern(value: str) -> bool:
    """Tell whether a value has wildcards."""
    return "*" in value or "?" in value


def head_of(pattern: str) -> str:
    """The literal beginning of a pattern."""
    return re.split(r"[*?]", pattern, maxsplit=1)[0]


def longest_literal(pattern: str) -> str:
    """The longest literal part of a pattern."""
    return max(re.split(r"[*?]", pattern), key=len)


def text_check(value: str) -> Check:
    """Single value, list of values and wildcard matching of one text, case kept (PS3.4 C.2.2.2.1, .4, .8)."""
    parts = [part.strip() for part in value.split("\\")]
    if any(map(is_pattern, parts)):
        return lambda text: any(matches_wildcards(part, str(text or "")) for part in parts)
    return lambda text: str(text or "") in parts


def like(column: SqlText, pattern: str) -> ColumnElement[bool]:
    """A wildcard comparison that an index of the column serves as far as the pattern begins with letters."""
    found: ColumnElement[bool] = column.like(_escaped(pattern), escape="/")
    head = head_of(pattern)
    if not head or getattr(column, "key", "") not in _ORDERED:
        return found
    if pattern == head + "*":
        return and_(column >= head, column < head + LAST)
    return and_(column >= head, column < head + LAST, found)


def _escaped(pattern: str) -> str:
    for sign, written in (("/", "//"), ("%", "/%"), ("_", "/_"), ("*", "%"), ("?", "_")):
        pattern = pattern.replace(sign, written)
    return pattern


def text_condition(column: SqlText, value: str) -> ColumnElement[bool]:
    """Single value, list of values and wildcard matching; SQLite ignores the case of wildcards: check again."""
    parts = [part.strip() for part in value.split("\\")[:MAX_UIDS]]
    patterns = [part for part in parts if is_pattern(part)]
    if not patterns:
        return _equals_one_of(column, parts)
    plain = [part for part in parts if not is_pattern(part)]
    conditions = [like(column, pattern) for pattern in patterns]
    return or_(*conditions, column.in_(plain)) if plain else or_(*conditions)


def _equals_one_of(column: SqlText, values: list[str]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == values[0] if len(values) == 1 else column.in_(values)
    return found


def uids_of(value: str) -> list[str]:
    """The UIDs of a list (PS3.4 C.2.2.2.2). Raises UnanswerableQuery."""
    uids = [uid.strip() for uid in value.split("\\") if uid.strip()]
    if len(uids) > MAX_UIDS:
        raise UnanswerableQuery(f"The query lists {len(uids)} UIDs; ask for at most {MAX_UIDS} at once.")
    return uids


def uid_condition(column: SqlText, value: str) -> ColumnElement[bool]:
    """Single value or list of UID matching (PS3.4 C.2.2.2.1, C.2.2.2.2)."""
    uids = uids_of(value)
    return _equals_one_of(column, uids)


def range_of(value: str, kind: str) -> tuple[str, str, bool]:
    """First and last value of a range and whether it is a single value (PS3.4 C.2.2.2.5). Raises UnanswerableQuery."""
    value = value.replace("." if kind == "date" else ":", "").replace("*", "").replace(" ", "")
    first, dash, last = value.partition("-")
    if not re.fullmatch(r"[0-9.]*", first) or not re.fullmatch(r"[0-9.]*", last):
        raise UnanswerableQuery(f"A {kind} is written in digits, a range as A-B.")
    return (first, last, False) if dash else (first, first, True)


def range_condition(column: SqlText, value: str, kind: str) -> ColumnElement[bool]:
    """Range matching: A-B, A-, -B, or one value; the end counts to its own precision."""
    first, last, single = range_of(value, kind)
    if single and kind == "date" and len(first) == 8:
        return _equals_one_of(column, [first])
    parts: list[ColumnElement[bool]] = [column != ""]
    if first:
        parts.append(column >= first)
    if last:
        parts.append(column <= _end_of(last, kind))
    return and_(*parts)


def _end_of(last: str, kind: str) -> str:
    """The last value that counts to the end of a range: nines, which every database puts where they belong."""
    if kind == "date":
        return last.ljust(8, "9")
    whole, _, fraction = last.partition(".")
    return f"{whole.ljust(6, '9')}.{fraction.ljust(6, '9')}"


def range_check(value: str, kind: str) -> Check:
    """The same as a comparison of texts."""
    first, last, _ = range_of(value, kind)

    def check(text: Any) -> bool:
        plain = str(text or "").replace("." if kind == "date" else ":", "").strip()
        return bool(plain) and plain >= first and (not last or plain < last + LAST)

    return check


def set_condition(column: SqlText, value: str) -> ColumnElement[bool]:
    """One of the values is in a column of values separated by backslashes (Modalities in Study)."""
    found: list[ColumnElement[bool]] = []
    padded = "\\" + column + "\\"
    for part in value.split("\\")[:50]:
        found.append(or_(column == part.strip(), padded.like(f"%\\{_escaped(part.strip())}\\%", escape="/")))
    return or_(*found)


def set_check(value: str) -> Check:
    """The same as a comparison of texts, which knows wildcards and upper case (PS3.4 C.2.2.2.1)."""
    wanted = [part.strip() for part in value.split("\\")[:50]]

    def check(text: Any) -> bool:
        members = str(text or "").split("\\")
        return any(matches_wildcards(one, member) for one in wanted for member in members)

    return check


# names


def name_patterns(group: str) -> list[str]:
    """How a component group may be written in the index, folded.

    Chinese names are typed with and without the caret between family and given name: both are meant.
    """
    pattern = search_key(group)
    literal = head_of(pattern) or longest_literal(pattern)
    if not is_chinese(literal):
        return [pattern]
    if "^" in pattern:
        return [pattern, pattern.replace("^", "", 1)]
    found = [pattern]
    start = pattern.index(literal)
    if start == 0:
        found += [pattern[:cut] + "^" + pattern[cut:] for cut in (1, 2) if cut < len(literal)]
    else:
        found += [pattern[: start + cut] + "^" + pattern[start + cut :] for cut in range(1, min(len(literal), 4))]
    return found


# dates and times together, time zones


def offset_zone(offset: str) -> tzinfo | None:
    """A Timezone Offset From UTC (0008,0201) such as ``+0800``; None if it is none."""
    if len(offset) != 5 or offset[0] not in "+-" or not offset[1:].isdecimal():
        return None
    minutes = int(offset[1:3]) * 60 + int(offset[3:])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes)) if minutes < 24 * 60 else None


def in_zone(date: str, time: str, own: tzinfo, wanted: tzinfo) -> tuple[str, str]:
    """A DICOM date and time in another zone, with the precision that they had; as they are if there is no time."""
    digits, clock = date.replace(".", "").strip(), time.replace(":", "").strip()
    whole, point, fraction = clock.partition(".")
    if len(digits) != 8 or len(whole) not in (2, 4, 6):
        return date, time
    try:
        moment = datetime.strptime(digits + whole.ljust(6, "0"), "%Y%m%d%H%M%S").replace(tzinfo=own)
        shifted = moment.astimezone(wanted)
    except (ValueError, OverflowError):
        return date, time
    return f"{shifted:%Y%m%d}", f"{shifted:%H%M%S}"[: len(whole)] + point + fraction


def widened(value: str) -> str:
    """A date or range of dates with a day more at both ends: what may lie in it in any zone."""
    first, last, _ = range_of(value, "date")

    def moved(day: str, days: int) -> str:
        try:
            return f"{datetime.strptime(day, '%Y%m%d').replace(tzinfo=UTC) + timedelta(days=days):%Y%m%d}"
        except (ValueError, OverflowError):
            return ""

    return f"{moved(first, -1)}-{moved(last, 1)}"


def combined_check(dates: str, times: str) -> Callable[[str, str], bool]:
    """Date and time ranges as one range of moments (PS3.4 C.2.2.2.5, combined date-time matching)."""
    (first_day, last_day, _), (first_time, last_time, _) = range_of(dates, "date"), range_of(times, "time")

    def check(date: str, time: str) -> bool:
        day, clock = date.replace(".", "").strip(), time.replace(":", "").strip()
        if not day:
            return False
        after = not first_day or day > first_day or (day == first_day and clock >= first_time)
        before = not last_day or day < last_day or (day == last_day and (not last_time or clock < last_time + LAST))
        return after and before

    return check


def matches_items(wanted: Sequence[Any], items: Sequence[Any]) -> bool:
    """Sequence matching: one item fits every key of the wanted item (PS3.4 C.2.2.2.6)."""
    keys = {tag: value for tag, value in (wanted[0] if wanted else {}).items() if value not in ("", "*", None, [])}
    return not keys or any(_fits(keys, item) for item in items)


def _fits(keys: dict[int, Any], item: Any) -> bool:
    for tag, value in keys.items():
        own = item.get(tag)
        if isinstance(value, list | tuple):
            if not matches_items(value, own or ()):
                return False
        elif not text_check(str(value))(own):
            return False
    return True
