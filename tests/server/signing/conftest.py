"""Signing on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.kernel.database import Database
from tests.databases import KINDS, a_database
from tests.server.signing.signing_world import SigningWorld


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with a_database(request.param, tmp_path) as database:
        yield database


@pytest.fixture
def house(database: Database) -> SigningWorld:
    return SigningWorld(database)
