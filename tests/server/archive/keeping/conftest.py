"""Keeping, on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.archive.archive_house import House
from tests.server.archive.keeping.keeping_house import Keeping


@pytest.fixture
def keeping(house: House, tmp_path: Path) -> Keeping:
    """An archive that keeps, on either database."""
    return Keeping(house, tmp_path)
