"""Import and export are tested on SQLite; the tables' portability is the migrations' business."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import a_database
from tests.server.archive.archive_house import House
from tests.server.archive.exchange.exchange_house import ExchangeHouse


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[ExchangeHouse]:
    """A running archive with import and export."""
    with a_database("sqlite", tmp_path) as database:
        house = House(tmp_path, database).start()
        yield ExchangeHouse(
            house, tmp_path / "exchange", import_folders=str(tmp_path / "in"), export_folders=str(tmp_path / "out")
        )
        house.stop()


@pytest.fixture(autouse=True, scope="module")
def _decoders_end() -> Iterator[None]:
    """End the child processes that decoded something."""
    yield
    from server.bootstrap import exchange

    exchange.end_decoders()
