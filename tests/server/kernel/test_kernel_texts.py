"""Conditions for many ids: both databases answer them, whatever their number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select

from server.kernel.database import Database
from server.kernel.database.text import one_of
from server.reporting.checking.tables import WordRow
from tests.databases import KINDS, a_database

IDS = (1, 2, 3, 4)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with a_database(request.param, tmp_path) as found:
        with found.write() as uow:
            rows = [{"id": one, "word": str(one), "right": "", "added_by": ""} for one in IDS]
            uow.session.execute(insert(WordRow), rows)
        yield found


def test_ids_are_written_into_the_statement(database: Database) -> None:
    given: list[object] = []

    def look(*facts: object) -> None:
        given.append(facts[3])

    event.listen(database.engine, "before_cursor_execute", look)
    with database.read() as uow:
        for wanted in ([], [1], [2, 3], [*range(-9000, 0), *IDS]):
            chosen = select(WordRow.id).where(one_of(WordRow.id, wanted)).order_by(WordRow.id)
            assert list(uow.session.scalars(chosen)) == [one for one in IDS if one in wanted]
    assert given and not any(given)  # no parameter beside them


def test_two_lists_of_ids_stand_in_one_statement(database: Database) -> None:
    both = select(WordRow.id).where(one_of(WordRow.id, (1, 2)), one_of(WordRow.id, (2, 3)))
    with database.read() as uow:
        assert list(uow.session.scalars(both)) == [2]
