"""Answers queries at patient, study, series and image level by PS3.4 C.2.2.2; knows no network and no RPC.

The index narrows a query down by what it has indexes for; wildcards and names are then compared exactly here.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute

from server.archive import attributes
from server.archive.charset import has_ideographs
from server.archive.rules import search_key
from server.archive.tables import ImagePatient, Instance, Series, Study
from server.kernel.database import Database

Answer: TypeAlias = dict[int, str | int | None]
Keys: TypeAlias = Mapping[int, object]
_Column: TypeAlias = InstrumentedAttribute[Any]

LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")
MAX_UIDS = 2000
MAX_TEXT = 1000

_LAST = "\U0010ffff"
_FETCH = 200


class UnanswerableQuery(Exception):
    """The query contradicts PS3.4; the text says how."""


@dataclass(frozen=True)
class _Key:
    """A tag that can be matched and returned. Kinds: text, uid, date, time, name, number, set."""

    column: _Column
    kind: str = "text"


_PATIENT_OF_STUDY = {
    0x00100010: _Key(Study.patient_name, "name"),
    0x00100020: _Key(Study.patient_id),
    0x00100021: _Key(Study.issuer),
    0x00100030: _Key(Study.birth_date, "date"),
    0x00100040: _Key(Study.sex),
}
_PATIENT = {
    0x00100010: _Key(ImagePatient.name, "name"),
    0x00100020: _Key(ImagePatient.patient_id),
    0x00100021: _Key(ImagePatient.issuer),
    0x00100030: _Key(ImagePatient.birth_date, "date"),
    0x00100040: _Key(ImagePatient.sex),
}
_STUDY = {
    **_PATIENT_OF_STUDY,
    0x0020000D: _Key(Study.uid, "uid"),
    0x00080020: _Key(Study.study_date, "date"),
    0x00080030: _Key(Study.study_time, "time"),
    0x00080050: _Key(Study.accession),
    0x00080061: _Key(Study.modalities, "set"),
    0x00080062: _Key(Study.sop_classes, "set"),
    0x00080090: _Key(Study.referring_name, "text"),
    0x00080201: _Key(Study.timezone),
    0x00081030: _Key(Study.description),
    0x00101010: _Key(Study.age),
    0x00200010: _Key(Study.study_id),
    0x00201206: _Key(Study.series_count, "number"),
    0x00201208: _Key(Study.instance_count, "number"),
}
_SERIES = {
    **_STUDY,
    0x0020000E: _Key(Series.uid, "uid"),
    0x00080021: _Key(Series.series_date, "date"),
    0x00080031: _Key(Series.series_time, "time"),
    0x00080060: _Key(Series.modality),
    0x00080070: _Key(Series.manufacturer),
    0x00080080: _Key(Series.institution),
    0x00081010: _Key(Series.station),
    0x0008103E: _Key(Series.description),
    0x00081090: _Key(Series.model),
    0x00180015: _Key(Series.body_part),
    0x00181030: _Key(Series.protocol),
    0x00200011: _Key(Series.number, "number"),
    0x00200052: _Key(Series.frame_of_reference_uid, "uid"),
    0x00200060: _Key(Series.laterality),
    0x00201209: _Key(Series.instance_count, "number"),
}
_IMAGE = {
    **_SERIES,
    0x00080016: _Key(Instance.sop_class_uid, "uid"),
    0x00080018: _Key(Instance.uid, "uid"),
    0x00083002: _Key(Instance.transfer_syntax_uid, "uid"),
    0x00200013: _Key(Instance.number, "number"),
}
_KEYS = {"PATIENT": _PATIENT, "STUDY": _STUDY, "SERIES": _SERIES, "IMAGE": _IMAGE}
_UNIQUE = {"PATIENT": 0x00100020, "STUDY": 0x0020000D, "SERIES": 0x0020000E, "IMAGE": 0x00080018}
_PATIENT_COUNTS = {0x00201200: "studies", 0x00201202: "series", 0x00201204: "instances"}
_FROM_BLOB = frozenset(
    {0x00080008, 0x00080022, 0x00080023, 0x00080032, 0x00080033, 0x00200012, 0x00200032, 0x00200037, 0x00201041}
    | {0x00280008, 0x00280010, 0x00280011, 0x00280100}
)


def find(database: Database, level: str, keys: Keys, limit: int = 0) -> Iterator[Answer]:
    """Answers one by one, in order of study date (newest first) or of number; closing the generator ends the query.

    `level` is PATIENT, STUDY, SERIES or IMAGE. An empty value or ``*`` matches all. `limit` 0 is none.
    Raises UnanswerableQuery.
    """
    if level not in _KEYS:
        raise UnanswerableQuery(f"The query level {level[:16]!r} is none of {', '.join(LEVELS)}.")
    conditions, checks = _conditions(level, keys)
    wanted = [(tag, key) for tag, key in _KEYS[level].items() if tag in keys or tag == _UNIQUE[level]]
    statement = _statement(level, keys, wanted, conditions)
    if limit and not checks:
        statement = statement.limit(limit)
    return _run(database, statement, level, keys, (wanted, checks, limit))


_Check: TypeAlias = Callable[[Any], bool]
_Wanted: TypeAlias = list[tuple[int, _Key]]


def _run(
    database: Database,
    statement: Select[Any],
    level: str,
    keys: Keys,
    plan: tuple[_Wanted, list[tuple[str, _Check]], int],
) -> Iterator[Answer]:
    wanted, checks, limit = plan
    counts = {tag: name for tag, name in _PATIENT_COUNTS.items() if tag in keys} if level == "PATIENT" else {}
    blob_tags = [tag for tag in keys if tag in _FROM_BLOB] if level == "IMAGE" else []
    bases: dict[bytes, attributes.Attributes] = {}
    given = 0
    with (
        database.read() as uow,
        contextlib.closing(uow.session.execute(statement.execution_options(yield_per=_FETCH))) as rows,
    ):
        for row in rows:
            if not all(check(getattr(row, name)) for name, check in checks):
                continue
            answer: Answer = {tag: row[position] for position, (tag, _) in enumerate(wanted)}
            for tag, name in counts.items():
                answer[tag] = getattr(row, name)
            if blob_tags:
                base = bases.get(row.series_attributes)
                if base is None:
                    base = bases[row.series_attributes] = attributes.unpacked(row.series_attributes)
                own = attributes.merged(base, row.own_attributes)
                answer.update({tag: own.get(tag) for tag in blob_tags})
            yield answer
            given += 1
            if limit and given >= limit:
                return


def _statement(level: str, keys: Keys, wanted: _Wanted, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    columns: list[Any] = [key.column for _, key in wanted]
    if level == "PATIENT":
        columns += [ImagePatient.name_key, ImagePatient.ideographic_key, ImagePatient.phonetic_key]
        if any(tag in keys for tag in _PATIENT_COUNTS):
            of_patient = Study.image_patient_id == ImagePatient.id
            columns += [
                select(func.count()).where(of_patient).correlate(ImagePatient).scalar_subquery().label("studies"),
                select(func.coalesce(func.sum(Study.series_count), 0))
                .where(of_patient)
                .scalar_subquery()
                .label("series"),
                select(func.coalesce(func.sum(Study.instance_count), 0))
                .where(of_patient)
                .scalar_subquery()
                .label("instances"),
            ]
        return select(*columns).select_from(ImagePatient).where(*conditions).order_by(ImagePatient.patient_id)
    columns += [Study.name_key, Study.ideographic_key, Study.phonetic_key]
    if level == "STUDY":
        return (
            select(*columns)
            .select_from(Study)
            .where(*conditions)
            .order_by(Study.study_date.desc(), Study.study_time.desc())
        )
    if level == "SERIES":
        return (
            select(*columns)
            .select_from(Series)
            .join(Study, Study.id == Series.study_pk)
            .where(*conditions)
            .order_by(Series.number, Series.id)
        )
    columns += [Series.attributes.label("series_attributes"), Instance.attributes.label("own_attributes")]
    return (
        select(*columns)
        .select_from(Instance)
        .join(Series, Series.id == Instance.series_pk)
        .join(Study, Study.id == Series.study_pk)
        .where(*conditions)
        .order_by(Instance.number, Instance.id)
    )


def _conditions(level: str, keys: Keys) -> tuple[list[ColumnElement[bool]], list[tuple[str, _Check]]]:
    """SQL that narrows down, and checks by column name that decide."""
    conditions: list[ColumnElement[bool]] = []
    checks: list[tuple[str, _Check]] = []
    for tag, raw in keys.items():
        key = _KEYS[level].get(tag)
        if key is None or not isinstance(raw, str | int | float):
            continue
        value = str(raw).replace("\0", "").strip()
        if not value.strip("*"):
            continue
        if len(value) > MAX_TEXT and key.kind != "uid":
            raise UnanswerableQuery(f"A value to match has {len(value)} characters; at most {MAX_TEXT} are compared.")
        if key.kind == "name":
            conditions.append(_name(level, value))
        elif key.kind == "uid":
            conditions.append(_uids(key.column, value))
        elif key.kind in ("date", "time"):
            conditions.append(_range(key.column, value, key.kind))
        elif key.kind == "number":
            if value.lstrip("+-").isdecimal():
                conditions.append(key.column == int(value))
        elif key.kind == "set":
            conditions.append(_any_of(key.column, value))
        elif "*" in value or "?" in value:
            conditions.append(_like(key.column, value))
            checks.append((key.column.key, _exactly(value)))
        elif "\\" in value:
            conditions.append(key.column.in_([part.strip() for part in value.split("\\")]))
        else:
            conditions.append(key.column == value)
    selected = {key.column.key for tag, key in _KEYS[level].items() if tag in keys}
    return conditions, [(name, check) for name, check in checks if name in selected]


def _exactly(pattern: str) -> _Check:
    """Wildcards of PS3.4 C.2.2.2.4, case kept: SQLite's LIKE ignores the case of ASCII letters."""
    return lambda text: matches_wildcards(pattern, str(text or ""))


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


def _like(column: _Column, pattern: str) -> ColumnElement[bool]:
    """A wildcard comparison that uses the index of the column as far as the pattern begins with letters."""
    escaped = pattern.replace("/", "//").replace("%", "/%").replace("_", "/_")
    like = column.like(escaped.replace("*", "%").replace("?", "_"), escape="/")
    head = re.split(r"[*?]", pattern, maxsplit=1)[0]
    if not head:
        return like
    if pattern == head + "*":
        return and_(column >= head, column < head + _LAST)
    return and_(column >= head, column < head + _LAST, like)


def _uids(column: _Column, value: str) -> ColumnElement[bool]:
    """Single value or list of UID matching (PS3.4 C.2.2.2.1, C.2.2.2.2)."""
    uids = [uid.strip() for uid in value.split("\\") if uid.strip()]
    if len(uids) > MAX_UIDS:
        raise UnanswerableQuery(f"The query lists {len(uids)} UIDs; ask for at most {MAX_UIDS} at once.")
    return column == uids[0] if len(uids) == 1 else column.in_(uids)


def _range(column: _Column, value: str, kind: str) -> ColumnElement[bool]:
    """Range matching (PS3.4 C.2.2.2.5): A-B, A-, -B, or one value; the end counts to its own precision."""
    value = value.replace("." if kind == "date" else ":", "").replace("*", "")
    first, dash, last = value.partition("-")
    if not re.fullmatch(r"[0-9.]*", first) or not re.fullmatch(r"[0-9.]*", last):
        raise UnanswerableQuery(f"A {kind} is written in digits, a range as A-B.")
    if not dash:
        return column == first if kind == "date" and len(first) == 8 else and_(column >= first, column < first + _LAST)
    parts: list[ColumnElement[bool]] = []
    if first:
        parts.append(column >= first)
    if last:
        parts.append(column < last + _LAST)
    parts.append(column != "")
    return and_(*parts)


def _any_of(column: _Column, value: str) -> ColumnElement[bool]:
    """One of the values is in a column of values separated by backslashes (Modalities in Study)."""
    found: list[ColumnElement[bool]] = []
    for part in value.split("\\")[:50]:
        pattern = (
            part.strip().replace("/", "//").replace("%", "/%").replace("_", "/_").replace("*", "%").replace("?", "_")
        )
        padded = "\\" + column + "\\"
        found.append(or_(column == part.strip(), padded.like(f"%\\{pattern}\\%", escape="/")))
    return or_(*found)


def _name(level: str, value: str) -> ColumnElement[bool]:
    """A person name: each component group against its own column; a lone group against all three."""
    table: Any = ImagePatient if level == "PATIENT" else Study
    columns = (table.name_key, table.ideographic_key, table.phonetic_key)
    groups = value.split("=")[:3]
    if len(groups) > 1:
        pairs = [
            (table.ideographic_key if has_ideographs(group) else column, group)
            for column, group in zip(columns, groups, strict=False)
            if group.strip("*^ ")
        ]
        return and_(True, *(_name_group(column, group) for column, group in pairs))
    if has_ideographs(value):
        return _name_group(table.ideographic_key, value)
    # a union of three look-ups: both databases scan the whole table for an OR over three columns
    found: ColumnElement[bool] = table.id.in_(
        union(*(select(table.id).where(_name_group(column, value)) for column in columns))
    )
    return found


def _name_group(column: _Column, group: str) -> ColumnElement[bool]:
    patterns = _spellings(search_key(group))
    return or_(*(_like(column, p) if "*" in p or "?" in p else column == p for p in patterns))


def _spellings(pattern: str) -> list[str]:
    """Chinese names are typed with and without the caret between family and given name: both are meant."""
    head = re.split(r"[*?]", pattern, maxsplit=1)[0]
    if not has_ideographs(head):
        return [pattern]
    if "^" in pattern:
        return [pattern, pattern.replace("^", "", 1)]
    found = [pattern]
    found += [pattern[:cut] + "^" + pattern[cut:] for cut in (1, 2) if cut < len(head)]
    return found
