"""Counts the moments at which rows of studies and series went away or came back.

Whoever remembers ids of such rows (the indexer) compares the count inside of its own transaction and forgets them when
it has changed: an id may mean another row by then.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel.database.base import counters, next_number

_NAME = "archive.rows_removed"


def bump(session: Session) -> None:
    """Call in the transaction that removes, moves or restores rows of studies or series."""
    next_number(session, _NAME)


def present(session: Session) -> int:
    """The present count."""
    return int(session.execute(select(counters.c.value).where(counters.c.name == _NAME)).scalar_one_or_none() or 0)
