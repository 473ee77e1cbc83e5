"""Finds names by any part of them, by full pinyin and by initials; works alike on both databases.

Every end of every distinct folded name stands in `name_infixes`, so that "somewhere in the name" becomes a range of
an index, for one Chinese character as for a whole pinyin name. PS3.4 C.2.2.2.4.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.archive.tables import NameInfix

MAX_INFIX = 24
"""Characters of an end that are kept; longer parts are looked up by their first so many."""
_MAX_NAME = 80
_KNOWN = 50_000
_DROPPED = re.compile(r"[\^\s]+")


def bare(text: str) -> str:
    """A folded name or a part of one without carets and spaces, as infixes are written."""
    return _DROPPED.sub("", text)


def infixes_of(name: str) -> set[str]:
    """Everything by which a folded name is found: its ends; of a Chinese one pinyin and initials as well."""
    from shared.dicomkit.names import is_chinese, search_keys

    whole = bare(name)[:_MAX_NAME]
    found = {whole[start : start + MAX_INFIX] for start in range(len(whole))}
    if is_chinese(whole):
        full, initials = search_keys(whole)
        found |= {key[:MAX_INFIX] for key in (full, initials) if key and key.isascii()}
    elif "^" in name or " " in name:
        found.add("".join(part[0] for part in _DROPPED.split(name) if part)[:MAX_INFIX])
    return found


class NameIndex:
    """Adds names as their first study comes; remembers which it knows. Used by one thread."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def add(self, session: Session, names: Iterable[str]) -> None:
        """Make these folded names findable, in the caller's transaction. On a rollback call `forget`."""
        fresh = [name for name in dict.fromkeys(names) if name and name not in self._known]
        if not fresh:
            return
        if len(self._known) > _KNOWN:
            self._known.clear()
        heads = {bare(name)[:MAX_INFIX]: name for name in fresh}
        there = set(
            session.execute(
                select(NameInfix.name).where(NameInfix.infix.in_(list(heads)), NameInfix.name.in_(fresh))
            ).scalars()
        )
        rows = [{"infix": infix, "name": name} for name in fresh if name not in there for infix in infixes_of(name)]
        if rows:
            session.execute(_insert(session), rows)
        self._known.update(fresh)

    def forget(self) -> None:
        """The transaction was rolled back."""
        self._known.clear()


def _insert(session: Session):  # type: ignore[no-untyped-def]
    """An insert that passes over rows that are there."""
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(NameInfix).on_conflict_do_nothing()


def names_with(session: Session, part: str, most: int) -> Collection[str] | None:
    """The distinct folded names that hold `part` (or whose pinyin or initials begin with it); None: over `most`."""
    head = bare(part)[:MAX_INFIX]
    statement = (
        select(NameInfix.name).where(NameInfix.infix >= head, NameInfix.infix < head + "\U0010ffff").limit(most + 1)
    )
    found = session.execute(statement).scalars().all()
    return None if len(found) > most else set(found)
