"""Whatever a client sends within the types, registration and queue answer or refuse; they never break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.kernel.errors import Refusal
from shared.contract.base import Request, all_requests
from tests.arbitrary import values_of
from tests.databases import KINDS, a_database
from tests.hospital import Hospital

AREAS = ("organisation", "patients", "exams", "queueing", "scheduling", "referrals")
REQUESTS = {name: request for name, request in all_requests().items() if name.split(".")[0] in AREAS}


@pytest.fixture(scope="module", params=KINDS)
def bystander(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with a_database(request.param, tmp_path_factory.mktemp("bystander")) as database:
        hospital = Hospital(database)
        for number in range(3):
            hospital.registered(f"患者{number}", of_patient={"card_number": f"K{number}"})
        yield hospital


@pytest.mark.parametrize("method", REQUESTS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_request_is_answered_or_refused(bystander: Hospital, method: str, data: st.DataObject) -> None:
    request: Request[Any] = data.draw(values_of(REQUESTS[method]))
    try:
        bystander.call(request)
    except Refusal as refusal:
        assert refusal.body.message
