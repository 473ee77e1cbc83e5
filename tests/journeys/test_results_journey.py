"""An approved report leaves a real server as SR, key objects, PDF, CDA, FHIR and HL7; outside programs read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.contract.results import ResultKind, ResultState
from tests.results_house import ResultsHouse, a_results_house
from tests.server_process import running_server


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResultsHouse]:
    with running_server(tmp_path_factory.mktemp("results")) as server, a_results_house(server) as house:
        yield house


def test_an_approved_report_is_in_the_archive(house: ResultsHouse, tmp_path: Path) -> None:
    exam, report_id = house.examined()
    house.approved(report_id)
    rows = house.settled(report_id, 4)
    assert {row.kind for row in rows} == {ResultKind.SR, ResultKind.KEY_OBJECTS, ResultKind.PDF, ResultKind.CDA}
    assert [row.sentence for row in rows if row.state is not ResultState.DONE] == []
