from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import KINDS
from tests.interface_house import InterfaceHouse, an_interface_house


@pytest.fixture(params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InterfaceHouse]:
    """The exchange, once on each database."""
    with an_interface_house(request.param, tmp_path) as house:
        yield house


@pytest.fixture
def small_house(tmp_path: Path) -> Iterator[InterfaceHouse]:
    """The exchange on the embedded database, where the database is not what a test is about."""
    with an_interface_house("sqlite", tmp_path) as house:
        yield house
