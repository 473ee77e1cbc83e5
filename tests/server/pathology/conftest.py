"""A world of pathology on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.kernel.database import Database
from tests.databases import KINDS, a_database
from tests.server.pathology.pathology_world import PathologyWorld


@pytest.fixture(params=KINDS)
def database_of_kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind."""
    with a_database(request.param, tmp_path) as database:
        yield database


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PathologyWorld]:
    """Cases and the technical room on the embedded database."""
    with a_database("sqlite", tmp_path) as database:
        yield PathologyWorld(database)


@pytest.fixture
def world_of_kind(database_of_kind: Database) -> PathologyWorld:
    """Cases and the technical room on each database."""
    return PathologyWorld(database_of_kind)
