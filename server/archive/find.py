"""Answers queries at patient, study, series and image level by PS3.4 C.2.2.2; knows no network and no RPC.

No query scans everything. A key that few studies have (a UID, an accession number, a patient, a rare name) is looked
up by its index and the answers are sorted; whatever is left goes through the studies from the newest on, a window at
a time, up to a budget. Wildcards and names are compared exactly here after SQL narrowed them down.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from server.archive import attributes
from server.archive.custom import asked_tags, custom_condition, value_column
from server.archive.query_keys import (
    DATE_TIME_PAIRS,
    FROM_BLOB,
    KEYS,
    LEVELS,
    PATIENT_COUNTS,
    STUDY_DETAILS,
    UNIQUE,
    details_of,
)
from server.archive.query_matching import (
    MAX_TEXT,
    UnanswerableQuery,
    combined_check,
    head_of,
    in_zone,
    is_pattern,
    matches_items,
    matches_wildcards,
    offset_zone,
    range_check,
    range_condition,
    set_check,
    set_condition,
    text_check,
    text_condition,
    uid_condition,
    widened,
)
from server.archive.query_names import NameKey
from server.archive.tables import ImagePatient, Instance, Series, Study
from server.kernel.database import Database

__all__ = [
    "LEVELS",
    "Answer",
    "BudgetSpent",
    "FindOptions",
    "UnanswerableQuery",
    "find",
    "ignored_keys",
    "ignores_keys",
    "matches_wildcards",
]

Answer: TypeAlias = dict[int, Any]
"""Texts as DICOM writes them, numbers, None; sequences as lists of dictionaries."""
Keys: TypeAlias = Mapping[int, object]

MAX_UNKEYED = 5_000
"""Answers to a query that names nothing to look for: the newest so many."""
MAX_ANSWERS = 50_000
MAX_EXAMINED = 200_000
"""Studies that are looked at for a query whose keys no index serves."""
_FEW = 2_000  # so many are fetched and sorted; more are found by going through the studies by date
_FIRST_WINDOW, _LARGEST_WINDOW = 500, 16_000
_STUDIES_AT_ONCE = 50
_FETCH = 200

_details = msgspec.msgpack.Decoder(dict[int, Any], strict=False).decode


class BudgetSpent(Exception):
    """Raised after the answers that were found: there may be more. The text says how to ask for less."""


@dataclass(frozen=True, slots=True)
class FindOptions:
    """What was negotiated, or asked for (PS3.4 C.5.1.1).

    `combined_datetime`: ranges of date and time are one range of moments. `fuzzy_names`: a name is found by any part,
    by full pinyin or by initials. `zone` is the hospital's, for studies that state none.
    """

    combined_datetime: bool = False
    fuzzy_names: bool = False
    zone: tzinfo = UTC


_PLAIN = FindOptions()


def find(database: Database, level: str, keys: Keys, limit: int = 0, options: FindOptions = _PLAIN) -> Iterator[Answer]:
    """Answers one by one, in order of study date (newest first) or of number; closing the generator ends the query.

    `level` is PATIENT, STUDY, SERIES or IMAGE. An empty value or ``*`` matches all. `limit` 0 is none of the
    caller's. Raises UnanswerableQuery at once, BudgetSpent (from the iterator, at its end) when it stopped early.
    """
    if level not in KEYS:
        raise UnanswerableQuery(f"The query level {level[:16]!r} is none of {', '.join(LEVELS)}.")
    return _Query(level, keys, limit, options).run(database)


def ignores_keys(database: Database, level: str, keys: Keys) -> bool:
    """Whether a key has a value that `find` at this level does not compare: the answers are more than was asked for."""
    return bool(ignored_keys(database, level, keys))


def ignored_keys(database: Database, level: str, keys: Keys) -> list[int]:
    """The tags with a value that `find` at this level does not compare."""
    compared = {*KEYS[level], *details_of(level), *(FROM_BLOB if level == "IMAGE" else ()), 0x00080201}
    left = [tag for tag, raw in keys.items() if tag not in compared and _has_value(raw) and not _is_creator(tag)]
    if not left or level == "PATIENT":
        return left
    with database.read() as uow:
        custom = {tag for tag, _ in asked_tags(uow.session, level, left, keys)}
    return [tag for tag in left if tag not in custom]


class _Query:
    """One query: conditions for SQL, comparisons for what SQL cannot say, and columns to fetch."""

    def __init__(self, level: str, keys: Keys, limit: int, options: FindOptions) -> None:
        self.level = level
        self.keys = keys
        self.limit = limit
        self.options = options
        self.table: Any = ImagePatient if level == "PATIENT" else Study
        self.upper: list[ColumnElement[bool]] = []  # on patients or studies
        self.lower: list[ColumnElement[bool]] = []  # on series and instances
        self.checks: list[tuple[tuple[int, ...], Any]] = []  # tags of an answer, comparison of their values
        self.exact = False  # some key is served by an index that leads to few rows
        self.names: list[NameKey] = []
        self.dates: list[ColumnElement[bool]] = []  # on Study.study_date, for going through the studies
        self.prefixes: list[ColumnElement[bool]] = []  # patterns that an index serves, if few rows fit
        self.is_keyed = False
        given = keys.get(0x00080201)
        self.zone = offset_zone(given.strip()) if isinstance(given, str) else None
        self.custom: list[tuple[int, int, str]] = []  # tag as asked, custom tag's id, its level
        self.custom_keys: list[tuple[int, str]] = []  # custom tag's id, value
        self._read()

    # reading the keys

    def _read(self) -> None:
        known, details = KEYS[self.level], details_of(self.level)
        paired = self._moments()
        for tag, raw in self.keys.items():
            if tag in paired or (tag == 0x00080201 and self.zone is not None):
                continue
            if tag in details and isinstance(raw, list | tuple):
                if raw and raw[0]:
                    self.checks.append(((tag,), lambda items, raw=raw: matches_items(raw, items or ())))
                continue
            value = _text(raw)
            if not value.strip("*"):
                continue
            key = known.get(tag)
            if key is not None:
                if len(value) > MAX_TEXT and key.kind != "uid":
                    raise _too_long(value)
                self._match(tag, key.column, key.kind, value)
            elif tag in details or (tag in FROM_BLOB and self.level == "IMAGE"):
                kind = details.get(tag, "text")
                self.checks.append(
                    ((tag,), range_check(value, kind) if kind in ("date", "time") else text_check(value[:MAX_TEXT]))
                )
                self.is_keyed = True

    def _match(self, tag: int, column: Any, kind: str, value: str) -> None:
        self.is_keyed = True
        conditions = self.upper if column.class_ is self.table else self.lower
        if kind == "name":
            self.names.append(NameKey(self.table, value, fuzzy=self.options.fuzzy_names))
        elif kind == "uid":
            conditions.append(uid_condition(column, value))
            self.exact = self.exact or column.key == "uid"
        elif kind in ("date", "time"):
            condition = range_condition(column, value, kind)
            conditions.append(condition)
            if column is Study.study_date:
                self.dates.append(condition)
        elif kind == "number":
            if value.lstrip("+-").isdecimal():
                conditions.append(column == int(value))
        elif kind == "set":
            conditions.append(set_condition(column, value))
            self.checks.append(((tag,), set_check(value)))  # databases differ in the case of letters
        elif kind == "plain_name":
            self.checks.append(((tag,), _name_check(value)))
        else:
            condition = text_condition(column, value)
            conditions.append(condition)
            if is_pattern(value):
                self.checks.append(((tag,), text_check(value)))
            if column.key in ("patient_id", "accession"):
                if not is_pattern(value):
                    self.exact = True
                elif head_of(value) and "\\" not in value:
                    self.prefixes.append(condition)

    def _moments(self) -> set[int]:
        """Dates with their times, where they are compared as moments or in another zone; the tags done with."""
        done: set[int] = set()
        if self.level == "PATIENT":
            return done
        known = KEYS[self.level]
        for date_tag, time_tag in DATE_TIME_PAIRS.items():
            dates, times = _text(self.keys.get(date_tag)), _text(self.keys.get(time_tag))
            together = self.options.combined_datetime and dates.strip("*") and times.strip("*")
            if date_tag not in known or not (dates.strip("*") or times.strip("*")) or not (self.zone or together):
                continue
            done |= {date_tag, time_tag}
            self.is_keyed = True
            if dates.strip("*"):
                column = known[date_tag].column
                bounds = range_condition(column, widened(dates) if self.zone else dates, "date")
                (self.upper if column.class_ is self.table else self.lower).append(bounds)
                if column is Study.study_date:
                    self.dates.append(bounds)
            if together:
                self.checks.append(((date_tag, time_tag), combined_check(dates, times)))
                continue
            for tag, value, kind in ((date_tag, dates, "date"), (time_tag, times, "time")):
                if value.strip("*"):
                    self.checks.append(((tag,), range_check(value, kind)))
        return done

    # running

    def run(self, database: Database) -> Iterator[Answer]:
        """The answers, within the budget."""
        with database.read() as uow:
            session = uow.session
            self._ask_custom(session)
            for name in self.names:
                name.resolve(session)
            self._columns()
            most = MAX_ANSWERS if self.is_keyed else MAX_UNKEYED
            given = 0
            with contextlib.closing(self._rows(session)) as rows:
                for row in rows:
                    answer = self._answer(row)
                    if answer is None:
                        continue
                    if given >= most:
                        raise BudgetSpent(f"More than {most} matches; the newest are given. Narrow the query.")
                    yield self._shown(answer)
                    given += 1
                    if self.limit and given >= self.limit:
                        return

    def _ask_custom(self, session: Session) -> None:
        if self.level == "PATIENT":
            return
        known = {*KEYS[self.level], *details_of(self.level), *PATIENT_COUNTS, *FROM_BLOB}
        for tag, custom in asked_tags(session, self.level, [tag for tag in self.keys if tag not in known], self.keys):
            self.custom.append((tag, custom.id, custom.level))
            value = _text(self.keys[tag])
            if value.strip("*"):
                self.is_keyed = True
                self.custom_keys.append((custom.id, value))
                owner = {"STUDY": Study.id, "SERIES": Series.id, "IMAGE": Instance.id}[custom.level]
                condition = custom_condition(owner, custom.id, value)
                (self.upper if custom.level == "STUDY" else self.lower).append(condition)
                if is_pattern(value):
                    self.checks.append(((tag,), text_check(value)))
                else:
                    self.exact = True

    def _columns(self) -> None:
        """What to fetch: asked for, needed to compare, or needed to work out others."""
        known, details = KEYS[self.level], details_of(self.level)
        compared = {tag for tags, _ in self.checks for tag in tags}
        self.wanted = [tag for tag in known if tag in self.keys or tag in compared or tag == UNIQUE[self.level]]
        if self.zone is not None or any(tag in compared for tag in DATE_TIME_PAIRS):
            for date_tag, time_tag in DATE_TIME_PAIRS.items():
                if date_tag in self.wanted or time_tag in self.wanted:
                    self.wanted += [t for t in (date_tag, time_tag) if t in known and t not in self.wanted]
            if 0x00080201 in known and 0x00080201 not in self.wanted:
                self.wanted.append(0x00080201)
        self.detailed = [tag for tag in details if tag in self.keys or tag in compared]
        self.blob = [tag for tag in FROM_BLOB if self.level == "IMAGE" and (tag in self.keys or tag in compared)]
        columns: list[Any] = [known[tag].column for tag in self.wanted]
        columns += [value_column(self._owner(level), number) for _, number, level in self.custom]
        self.counted = [tag for tag in PATIENT_COUNTS if tag in self.keys and self.level in ("PATIENT", "STUDY")]
        columns += [_count_column(tag, self.level) for tag in self.counted]
        if self.detailed:
            columns.append(Study.details.label("study_details"))
            if self.level != "STUDY":
                columns.append(Series.details.label("series_details"))
        if self.blob:
            columns += [Series.attributes.label("series_attributes"), Instance.attributes.label("own_attributes")]
        self.columns = columns
        self._bases: dict[bytes, attributes.Attributes] = {}

    @staticmethod
    def _owner(level: str) -> Any:
        return {"STUDY": Study.id, "SERIES": Series.id, "IMAGE": Instance.id}[level]

    def _rows(self, session: Session) -> Generator[Any, None, None]:
        if self.level in ("SERIES", "IMAGE"):
            return self._lower_rows(session)
        order = () if self.level == "PATIENT" else (Study.study_date, Study.study_time)
        return self._upper_rows(session, self.columns, (*order, self.table.id))

    def _lower_rows(self, session: Session) -> Generator[Any, None, None]:
        """Series or instances in order of number; those of the newest studies first when no study is named."""
        statement = select(*self.columns)
        if self.level == "SERIES":
            statement = statement.select_from(Series).join(Study, Study.id == Series.study_pk)
            order = [Series.number, Series.id]
        else:
            statement = statement.select_from(Instance).join(Series, Series.id == Instance.series_pk)
            statement = statement.join(Study, Study.id == Series.study_pk)
            order = [Instance.number, Instance.id]
        statement = statement.where(*self.lower)
        if self.exact and not self.names:
            yield from _streamed(session, statement.where(*self.upper).order_by(*order))
            return
        order_of_studies = (Study.study_date, Study.study_time, Study.id)
        chunk: list[int] = []
        for row in self._upper_rows(session, [Study.id], order_of_studies):
            chunk.append(row[0])
            if len(chunk) >= _STUDIES_AT_ONCE:
                yield from _streamed(session, statement.where(Study.id.in_(chunk)).order_by(*order))
                chunk = []
        if chunk:
            yield from _streamed(session, statement.where(Study.id.in_(chunk)).order_by(*order))

    def _upper_rows(self, session: Session, columns: list[Any], order: tuple[Any, ...]) -> Generator[Any, None, None]:
        """Patients or studies, the last in `order` first. The columns of the order follow those asked for."""
        statement = select(*columns, *order).select_from(self.table)
        by_index = self._by_index(session)
        if by_index is not None:
            rows = list(session.execute(statement.where(*by_index).limit(_FEW + 1)))
            if len(rows) <= _FEW:
                width = len(order)
                yield from sorted(rows, key=lambda row: tuple(row[-width:]), reverse=True)
                return
        yield from self._by_date(session, statement, order)

    def _by_index(self, session: Session) -> list[ColumnElement[bool]] | None:
        """Conditions that lead to few rows by an index, or None."""
        names = [name.by_index() for name in self.names]
        if self.exact:
            return [*self.upper, *(name.as_filter() for name in self.names)]
        for prefix in self.prefixes:
            ids = select(self.table.id).where(prefix)
            if _at_most(session, ids, _FEW):
                others = [*(one for one in self.upper if one is not prefix), *(n.as_filter() for n in self.names)]
                return [prefix, *(_unindexed(one) for one in others)]
        for position, by_name in enumerate(names):
            if by_name is not None and _at_most(session, by_name, _FEW):
                others = [n.as_filter() for at, n in enumerate(self.names) if at != position or n.is_compound]
                return [self.table.id.in_(by_name), *(_unindexed(one) for one in (*self.upper, *others))]
        return None

    def _by_date(self, session: Session, statement: Select[Any], order: tuple[Any, ...]) -> Generator[Any, None, None]:
        """Go through the rows by the order's index, a window at a time, up to the budget."""
        filters = [*(one for one in self.upper if one not in self.dates), *(name.as_filter() for name in self.names)]
        filters = [_unindexed(one) for one in filters]
        bounds = list(self.dates) if self.table is Study else []
        backwards = [column.desc() for column in order]
        after: ColumnElement[bool] | None = None
        window, examined = _FIRST_WINDOW, 0
        width = len(order)
        while True:
            here = [*bounds] if after is None else [*bounds, after]
            if not filters:
                rows = list(session.execute(statement.where(*here).order_by(*backwards).limit(window)))
                yield from rows
                if len(rows) < window:
                    return
                last = tuple(rows[-1][-width:])
            else:
                edge = select(*order).where(*here).order_by(*backwards).offset(window - 1).limit(1)
                found = session.execute(edge).first()
                if found is not None:
                    last = tuple(found)
                    here.append(_row_of(order) >= _values(order, last))
                yield from session.execute(statement.where(*here, *filters).order_by(*backwards)).all()
                if found is None:
                    return
            examined += window
            if examined >= MAX_EXAMINED and filters:
                raise BudgetSpent(
                    f"Only the newest {examined} were searched; add a date, a patient ID or an accession number."
                )
            after = _row_of(order) < _values(order, last)
            window = min(window * 2, _LARGEST_WINDOW)

    # answers

    def _answer(self, row: Any) -> Answer | None:
        answer: Answer = dict(zip(self.wanted, row, strict=False))
        position = len(self.wanted)
        for tag, _, _ in self.custom:
            answer[tag] = row[position]
            position += 1
        for tag in self.counted:
            answer[tag] = row[position]
            position += 1
        if self.detailed:
            self._add_details(answer, row)
        if self.blob:
            base = self._bases.get(row.series_attributes)
            if base is None:
                base = self._bases[row.series_attributes] = attributes.unpacked(row.series_attributes)
            own = attributes.merged(base, row.own_attributes)
            answer.update({tag: own.get(tag) for tag in self.blob})
        if self.zone is not None:
            self._into_zone(answer)
        for tags, check in self.checks:
            if not check(*(answer.get(tag) for tag in tags)):
                return None
        return answer

    def _add_details(self, answer: Answer, row: Any) -> None:
        study = _details(row.study_details) if row.study_details else {}
        series = _details(row.series_details) if self.level != "STUDY" and row.series_details else {}
        for tag in self.detailed:
            answer[tag] = (study if tag in STUDY_DETAILS else series).get(tag)

    def _into_zone(self, answer: Answer) -> None:
        """Dates and times in the zone of the query (PS3.4 C.4.1.1.3.1)."""
        assert self.zone is not None
        own = offset_zone(str(answer.get(0x00080201) or "")) or self.options.zone
        for date_tag, time_tag in DATE_TIME_PAIRS.items():
            date, time = answer.get(date_tag), answer.get(time_tag)
            if isinstance(date, str) and isinstance(time, str):
                answer[date_tag], answer[time_tag] = in_zone(date, time, own, self.zone)
        answer[0x00080201] = _text(self.keys[0x00080201])

    def _shown(self, answer: Answer) -> Answer:
        unique = UNIQUE[self.level]
        return {tag: value for tag, value in answer.items() if tag in self.keys or tag == unique}


def _text(raw: object) -> str:
    return str(raw).replace("\0", "").strip() if isinstance(raw, str | int | float) else ""


def _has_value(raw: object) -> bool:
    if isinstance(raw, list | tuple):
        return any(_has_value(value) for item in raw if isinstance(item, Mapping) for value in item.values())
    return bool(_text(raw).strip("*")) or (isinstance(raw, bytes) and bool(raw))


def _is_creator(tag: int) -> bool:
    """Private creators say whose a private tag is; they are no keys of their own."""
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF


def _too_long(value: str) -> UnanswerableQuery:
    return UnanswerableQuery(f"A value to match has {len(value)} characters; at most {MAX_TEXT} are compared.")


def _name_check(value: str) -> Any:
    """A person name that no index serves, letters of either case."""
    from server.archive.rules import search_key

    wanted = [search_key(group) for group in value.split("=") if group.strip("*^ ")]

    def check(text: Any) -> bool:
        groups = [search_key(group) for group in str(text or "").split("=")]
        return all(any(matches_wildcards(one, group) for group in groups) for one in wanted)

    return check


def _count_column(tag: int, level: str) -> Any:
    """Studies, series or instances of the patient of a row (PS3.4 C.6.1.1.2)."""
    from sqlalchemy.orm import aliased

    other = aliased(Study)
    of_patient = other.image_patient_id == (ImagePatient.id if level == "PATIENT" else Study.image_patient_id)
    counted: Any = {
        0x00201200: func.count(),
        0x00201202: func.coalesce(func.sum(other.series_count), 0),
        0x00201204: func.coalesce(func.sum(other.instance_count), 0),
    }[tag]
    outer = ImagePatient if level == "PATIENT" else Study
    return select(counted).select_from(other).where(of_patient).correlate(outer).scalar_subquery()


def _at_most(session: Session, ids: Select[Any], most: int) -> bool:
    """Tell whether an index leads to at most so many rows; looks at no more than that."""
    counted = select(func.count()).select_from(ids.limit(most + 1).subquery())
    return int(session.execute(counted).scalar_one()) <= most


def _unindexed(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition as a filter on rows that are already found, which must not lead the database to another index."""
    from sqlalchemy import case, literal

    return case((condition, literal(1)), else_=literal(0)) == 1


def _row_of(order: tuple[Any, ...]) -> Any:
    return tuple_(*order) if len(order) > 1 else order[0]


def _values(order: tuple[Any, ...], values: tuple[Any, ...]) -> Any:
    return tuple_(*values) if len(order) > 1 else values[0]


def _streamed(session: Session, statement: Select[Any]) -> Iterator[Any]:
    with contextlib.closing(session.execute(statement.execution_options(yield_per=_FETCH))) as rows:
        yield from rows
