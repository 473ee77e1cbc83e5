"""Whatever a program sends within the types, the area of results answers or refuses; it never breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.kernel.dispatch import collect
from server.kernel.errors import Refusal
from server.results.exporting import Exporting
from server.results.rpc import ResultsRpc
from shared.contract.base import Request, all_requests
from tests.arbitrary import values_of
from tests.databases import KINDS, a_database
from tests.server.reporting.reporting_world import ZHAO
from tests.server.results.results_world import ResultsWorld

REQUESTS = {name: request for name, request in all_requests().items() if name.startswith("results.")}


@pytest.fixture(scope="module", params=KINDS)
def bystander(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResultsWorld]:
    with a_database(request.param, tmp_path_factory.mktemp("bystander")) as database:
        world = ResultsWorld(database)
        world.approved()
        world.work()
        yield world


@pytest.mark.parametrize("method", list(REQUESTS))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_request_is_answered_or_refused(bystander: ResultsWorld, method: str, data: st.DataObject) -> None:
    exporting = Exporting(
        bystander.database, bystander.results, bystander.archive, bystander.paper, bystander.reporting.time
    )
    handler = collect(ResultsRpc(bystander.results, exporting))[method]
    request: Request[Any] = data.draw(values_of(REQUESTS[method]))
    try:
        if not handler.in_transaction:
            handler.call(request, ZHAO)
            return
        with bystander.database.write() if request.is_command else bystander.database.read() as uow:
            handler.call(request, ZHAO, uow)
    except Refusal as refusal:
        assert refusal.body.message
