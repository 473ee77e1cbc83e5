"""Person names of a query: which distinct names they mean, and how to find their studies (PS3.4 C.2.2.2.1, .4)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true, union
from sqlalchemy.orm import Session

from server.archive.name_index import bare, names_with
from server.archive.query_matching import (
    head_of,
    is_pattern,
    like,
    longest_literal,
    matches_wildcards,
    name_patterns,
)
from server.archive.rules import search_key
from shared.dicomkit.names import is_chinese

_MANY_NAMES = 500


class NameKey:
    """A key of VR PN against the three folded columns of patients or studies.

    Each component group goes against its own column, a lone group against all three; `fuzzy` finds a name by any
    part of it, by full pinyin and by initials.
    """

    def __init__(self, table: Any, value: str, *, fuzzy: bool = False) -> None:
        self._table = table
        self._columns = (table.name_key, table.ideographic_key, table.phonetic_key)
        self._fuzzy = fuzzy and not is_pattern(value)
        self._groups = self._groups_of(value)
        self._names: list[list[str] | None] = [None] * len(self._groups)

    def _groups_of(self, value: str) -> list[tuple[tuple[Any, ...], list[str]]]:
        groups = value.split("=")[:3]
        if self._fuzzy:
            return [(self._columns, [bare(search_key(group))]) for group in groups if group.strip("*^ ")]
        if len(groups) == 1:
            columns = (self._columns[1],) if is_chinese(value) else self._columns
            return [(columns, name_patterns(value))]
        return [
            ((self._columns[1] if is_chinese(group) else column,), name_patterns(group))
            for column, group in zip(self._columns, groups, strict=False)
            if group.strip("*^ ")
        ]

    @property
    def is_compound(self) -> bool:
        """Whether several component groups are asked for: the index then answers for one of them only."""
        return len(self._groups) > 1

    def resolve(self, session: Session) -> None:
        """Look up the distinct names that patterns with an open beginning mean."""
        for position, (_, patterns) in enumerate(self._groups):
            if self._fuzzy:
                found = names_with(session, patterns[0], _MANY_NAMES)
                self._names[position] = None if found is None else sorted(found)
                continue
            if not all(is_pattern(one) for one in patterns) or any(head_of(one) for one in patterns):
                continue
            literal = bare(longest_literal(min(patterns, key=len)))
            candidates = names_with(session, literal, _MANY_NAMES * 4) if literal else None
            if candidates is not None:
                names = sorted(n for n in candidates if any(matches_wildcards(one, n) for one in patterns))
                self._names[position] = names if len(names) <= _MANY_NAMES else None

    def by_index(self) -> Select[Any] | None:
        """The ids of the rows by the indexes of the columns; None if no index serves this key."""
        if not self._groups:
            return None
        for position, (columns, patterns) in enumerate(self._groups):
            conditions = [self._indexed(column, patterns, self._names[position]) for column in columns]
            if all(one is not None for one in conditions):
                found = [select(self._table.id).where(one) for one in conditions if one is not None]
                ids = union(*found).subquery() if len(found) > 1 else found[0].subquery()
                return select(ids.c.id)
        return None

    def _indexed(self, column: Any, patterns: list[str], names: list[str] | None) -> ColumnElement[bool] | None:
        if names is not None:
            found: ColumnElement[bool] = column.in_(names)
            return found
        if self._fuzzy:
            return None
        if not all(head_of(one) for one in patterns):
            return None
        plain = [one for one in patterns if not is_pattern(one)]
        parts = [like(column, one) for one in patterns if is_pattern(one)]
        if plain:
            parts.append(column == plain[0] if len(plain) == 1 else column.in_(plain))
        return or_(*parts)

    def as_filter(self) -> ColumnElement[bool]:
        """The whole key as a condition on rows that are found otherwise."""
        parts: list[ColumnElement[bool]] = []
        for position, (columns, patterns) in enumerate(self._groups):
            names = self._names[position]
            if names is not None:
                parts.append(or_(*(column.in_(names) for column in columns)))
            elif self._fuzzy:
                literal = _escaped(patterns[0])
                parts.append(or_(*(_bare_column(column).like(f"%{literal}%", escape="/") for column in columns)))
            else:
                parts.append(or_(*(like(c, p) if is_pattern(p) else c == p for c in columns for p in patterns)))
        return and_(true(), *parts)


def _bare_column(column: Any) -> Any:
    from sqlalchemy import func

    return func.replace(func.replace(column, "^", ""), " ", "")


def _escaped(text: str) -> str:
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")
