"""Two hospitals on a database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import KINDS
from tests.server.remote.remote_world import RemoteWorld, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RemoteWorld]:
    """On the embedded database."""
    with a_world("sqlite", tmp_path) as made:
        yield made


@pytest.fixture(params=KINDS)
def world_of_kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RemoteWorld]:
    """On each database."""
    with a_world(request.param, tmp_path) as made:
        yield made
