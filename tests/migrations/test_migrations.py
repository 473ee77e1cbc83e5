"""The schema: head equals the tables in the code; up and down, with data, on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from databases import KINDS, an_empty_database
from sqlalchemy import inspect, text

from server.bootstrap import load_tables
from server.kernel.database import Database, migrate

load_tables()


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path):  # type: ignore[no-untyped-def]
    with an_empty_database(request.param, tmp_path) as database:
        yield database


def test_head_equals_the_tables_in_the_code(empty: Database) -> None:
    migrate.upgrade(empty)
    assert migrate.differences(empty) == []


def test_every_step_goes_up_and_down_and_up_again(empty: Database) -> None:
    migrate.upgrade(empty)
    tables = set(inspect(empty.engine).get_table_names())
    migrate.downgrade(empty, "base")
    assert set(inspect(empty.engine).get_table_names()) <= {"alembic_version"}
    migrate.upgrade(empty)
    assert set(inspect(empty.engine).get_table_names()) == tables


def test_running_the_migrations_again_keeps_the_data(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.write() as uow:
        uow.session.execute(text("insert into counters (name, value) values ('kept', 7)"))
    migrate.upgrade(empty)
    with empty.read() as uow:
        assert uow.session.execute(text("select value from counters where name = 'kept'")).scalar_one() == 7


def test_a_database_of_a_newer_program_is_refused(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.write() as uow:
        uow.session.execute(text("update alembic_version set version_num = 'from_the_future'"))
    with pytest.raises(migrate.NewerDatabase, match="Install the newer version"):
        migrate.upgrade(empty)
