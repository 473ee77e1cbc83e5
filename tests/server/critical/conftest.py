"""Critical values on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import KINDS, a_database
from tests.server.critical.critical_world import CriticalWorld


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CriticalWorld]:
    with a_database(request.param, tmp_path) as database:
        yield CriticalWorld(database)
