"""The reporting area on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.kernel.database import Database
from tests.server.reporting.reporting_world import World


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.in_folder(tmp_path)
    database.create_schema()
    yield database
    database.close()


@pytest.fixture
def world(database: Database) -> World:
    return World(database)
