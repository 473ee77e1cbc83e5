"""A world of ECGs on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import KINDS, a_database
from tests.server.ecg.ecg_world import EcgWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EcgWorld]:
    """Exams, traces and acquisition on the embedded database."""
    with a_database("sqlite", tmp_path) as database:
        yield EcgWorld(database, tmp_path)


@pytest.fixture(params=KINDS)
def world_of_kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EcgWorld]:
    """The same on each database."""
    with a_database(request.param, tmp_path) as database:
        yield EcgWorld(database, tmp_path)
