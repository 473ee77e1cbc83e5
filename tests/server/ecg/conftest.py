"""A world of ECGs on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import KINDS, a_database
from tests.server.ecg.ecg_world import EcgWorld
from tests.server.ecg.network_world import NetworkWorld, a_network


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


@pytest.fixture
def network(tmp_path: Path) -> Iterator[NetworkWorld]:
    """Two hospitals on the embedded database."""
    with a_network("sqlite", tmp_path) as network:
        yield network


@pytest.fixture(params=KINDS)
def network_of_kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NetworkWorld]:
    """The same on each database."""
    with a_network(request.param, tmp_path) as network:
        yield network
