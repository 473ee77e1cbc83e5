"""The small hospital system keeps to its protocols: another program's client and validator agree with it."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from typing import Any

import hl7
import hl7.client
import pytest

from tests.fakes.hospital_system import (
    ORDER_SYSTEM,
    TOKEN,
    FhirServer,
    a_fhir_server,
    a_listener,
    an_order,
    validated,
)


def get(fhir: FhirServer, path: str, token: str = TOKEN) -> dict[str, Any]:
    request = urllib.request.Request(f"{fhir.url}/{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def put(fhir: FhirServer, path: str, resource: dict[str, Any], **headers: str) -> int:
    data = json.dumps(resource).encode()
    request = urllib.request.Request(f"{fhir.url}/{path}", data, {"Authorization": f"Bearer {TOKEN}"} | headers)
    request.method = "PUT"
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


def test_the_listener_acknowledges_and_keeps_what_came() -> None:
    with a_listener() as listener, hl7.client.MLLPClient("127.0.0.1", listener.port) as client:
        assert b"MSA|AA|M1" in client.send_message(an_order().replace("\n", "\r"))
        listener.answer = lambda _message: "AE"
        assert b"MSA|AE|M2" in client.send_message(an_order(control_id="M2").replace("\n", "\r"))
        assert [str(message.segment("MSH")[10]) for message in listener.wait_for(2)] == ["M1", "M2"]


def test_a_stopped_listener_is_gone_and_comes_back_on_its_port() -> None:
    with a_listener() as listener:
        port = listener.port
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), 1)
    with a_listener(port) as again:
        assert again.port == port


def test_orders_are_searched_with_their_patients() -> None:
    with a_fhir_server() as fhir:
        fhir.add_order("R1", fhir.add_patient("C1", "李小红"), "CT001")
        fhir.add_order("R2", fhir.add_patient("C2", "王小明"), "CT001")
        found = get(fhir, "ServiceRequest?patient.identifier=C1&status=active&_include=ServiceRequest:subject")
        validated(found)
        assert [one["resource"]["resourceType"] for one in found["entry"]] == ["ServiceRequest", "Patient"]
        assert get(fhir, f"ServiceRequest?identifier={ORDER_SYSTEM}|R2")["total"] == 1
        assert get(fhir, "ServiceRequest?patient.identifier=C1&status=completed")["total"] == 0


def test_writing_is_checked_versioned_and_needs_the_token() -> None:
    with a_fhir_server() as fhir:
        order = fhir.add_order("R1", fhir.add_patient("C1", "李小红"), "CT001")
        changed = order | {"status": "completed"}
        assert put(fhir, f"ServiceRequest/{order['id']}", changed, **{"If-Match": 'W/"9"'}) == 412
        assert put(fhir, f"ServiceRequest/{order['id']}", changed, **{"If-Match": 'W/"1"'}) == 200
        with pytest.raises(urllib.error.HTTPError, match="401"):
            get(fhir, "ServiceRequest?identifier=R1", token="wrong")
        with pytest.raises(ValueError):
            validated({"resourceType": "Task", "status": "done"})
