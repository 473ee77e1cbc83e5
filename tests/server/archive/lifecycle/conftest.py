"""The life cycle, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.archive.archive_house import House
from tests.server.archive.lifecycle.lifecycle_house import Lifecycle


@pytest.fixture
def cycle(house: House, tmp_path: Path) -> Lifecycle:
    """An archive with stores, on either database."""
    return Lifecycle(house, tmp_path)


@pytest.fixture
def small_cycle(quick_house: Callable[..., House], tmp_path: Path) -> Lifecycle:
    """The same on the embedded database only, where a test has many turns."""
    return Lifecycle(quick_house(), tmp_path)
