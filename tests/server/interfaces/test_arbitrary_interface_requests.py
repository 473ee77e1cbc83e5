"""Whatever an administrator's program sends within the types, the exchange answers or refuses; it never breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.kernel.errors import Refusal
from shared.contract.base import Request, all_requests
from shared.contract.interfaces import InterfaceKind
from tests.arbitrary import values_of
from tests.databases import KINDS
from tests.fakes.hospital_system import an_order
from tests.interface_house import InterfaceHouse, an_interface_house

REQUESTS = {name: request for name, request in all_requests().items() if name.startswith("interfaces.")}


@pytest.fixture(scope="module", params=KINDS)
def bystander(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InterfaceHouse]:
    with an_interface_house(request.param, tmp_path_factory.mktemp("bystander")) as house:
        house.connection()
        house.connection(InterfaceKind.HL7_OUT, port=9, timeout_s=0.5)
        house.code(an_order())
        house.code(an_order(items=(("NOPE", "?"),), control_id="M2"))
        yield house


@pytest.mark.parametrize("method", [name for name in REQUESTS if name != "interfaces.test_connection"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_request_is_answered_or_refused(bystander: InterfaceHouse, method: str, data: st.DataObject) -> None:
    request: Request[Any] = data.draw(values_of(REQUESTS[method]))
    try:
        bystander.call(request)
    except Refusal as refusal:
        assert refusal.body.message
