"""The archive's tests run on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.kernel.database import Database
from tests.databases import KINDS, a_database
from tests.server.archive.archive_house import House


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables."""
    with a_database(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    """A running archive on either database."""
    made = House(tmp_path, database).start()
    yield made
    made.stop()


@pytest.fixture(scope="module", params=KINDS)
def shared_house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running archive for all tests of a module: fill it once, then only read."""
    folder = tmp_path_factory.mktemp("archive")
    with a_database(request.param, folder) as database:
        made = House(folder, database).start()
        yield made
        made.stop()


@pytest.fixture
def quick_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Archives on SQLite with indexers of one's own settings."""
    made: list[House] = []

    def make(**indexer: object) -> House:
        made.append(House(tmp_path, **indexer).start())
        return made[-1]

    yield make
    for house in made:
        house.stop()
