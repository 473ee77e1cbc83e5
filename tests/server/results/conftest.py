"""The area of results on SQLite and PostgreSQL; the schema of CDA where it is at hand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from server.kernel.database import Database
from tests.databases import KINDS, a_database
from tests.server.reporting.reporting_world import World
from tests.server.results.results_world import ResultsWorld


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with a_database(request.param, tmp_path) as database:
        yield database


@pytest.fixture
def world(database: Database) -> ResultsWorld:
    return ResultsWorld(database)


@pytest.fixture
def reporting(tmp_path: Path) -> Iterator[World]:
    """Reports on the embedded database, where the database is not what a test is about."""
    with a_database("sqlite", tmp_path) as database:
        yield World(database)


@pytest.fixture(scope="session")
def schema_faults() -> Callable[[bytes], list[str]]:
    """What HL7's schema of CDA R2 finds wrong. It may not be shipped here: $MINGJING_CDA_XSD names CDA.xsd."""
    place = os.environ.get("MINGJING_CDA_XSD", "")
    if not place or not Path(place).is_file():
        pytest.skip("HL7's CDA.xsd is not at hand: set MINGJING_CDA_XSD to infrastructure/cda/CDA.xsd of CDA R2")
    schema: Any = etree.XMLSchema(etree.parse(place))

    def faults(document: bytes) -> list[str]:
        schema.validate(etree.fromstring(document))
        return [f"{one.line}: {one.message}" for one in schema.error_log]

    return faults
