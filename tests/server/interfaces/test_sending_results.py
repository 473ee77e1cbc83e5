"""Reports over the durable queue to difficult peers: silent, slow, cut off, refusing; each arrives once in the end."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from shared.contract.interfaces import InterfaceKind, ListMessages, MessageState, StatusForm
from tests.fakes.hospital_system import MllpListener, a_fhir_server, a_listener
from tests.interface_house import InterfaceHouse

BUNDLE = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "fullUrl": "urn:uuid:1",
            "resource": {
                "resourceType": "Patient",
                "identifier": [{"system": "urn:x", "value": "P1"}],
                "name": [{"text": "单田芳"}],
            },
            "request": {"method": "PUT", "url": "Patient?identifier=urn:x|P1"},
        }
    ],
}


def put(house: InterfaceHouse, connection_id: int, exam_id: int, body: bytes = b"", kind: str = "ORU^R01") -> int:
    def write(control_id: str) -> bytes:
        return (
            body or f"MSH|^~\\&|MINGJING||HIS||20261122||ORU^R01|{control_id}|P|2.5.1\rOBX|1|FT|x||{exam_id}\r".encode()
        )

    with house.database.write() as uow:
        connection = house.connections.get(uow, connection_id)
        number: int = house.outgoing.put(
            uow, connection, exam_id=exam_id, message_type=kind, write=write, character_set="utf-8"
        )
    return number


def states(house: InterfaceHouse) -> list[MessageState]:
    return [row.state for row in house.journal()]


def test_a_connection_for_reports_hears_nothing_of_exams(small_house: InterfaceHouse) -> None:
    with a_listener() as listener:
        small_house.connection(InterfaceKind.HL7_OUT, port=listener.port, form=StatusForm.RESULTS)
        small_house.hospital.registered()
        small_house.work()
        assert listener.messages == [] and small_house.journal() == ()


@pytest.mark.parametrize("trouble", ["silent", "closed", "AE"])
def test_a_difficult_peer_gets_the_message_in_the_end(small_house: InterfaceHouse, trouble: str) -> None:
    with a_listener() as listener:
        connection = small_house.connection(
            InterfaceKind.HL7_OUT, port=listener.port, form=StatusForm.RESULTS, timeout_s=0.5
        )
        answers: list[str | None] = [None if trouble in ("silent", "closed") else trouble]
        listener.answer = lambda _message: answers.pop() if answers else "AA"
        if trouble == "closed":
            listener.stop()
        put(small_house, connection.id, 1)
        small_house.work(1)
        assert states(small_house) == [MessageState.WAITING]
        again = MllpListener(listener.port) if trouble == "closed" else listener
        small_house.pause_is_over()
        small_house.work()
        assert states(small_house) == [MessageState.SENT]
        assert {str(one.segment("MSH")[10]) for one in again.messages} == {small_house.journal()[0].control_id}
        if trouble == "closed":
            again.stop()


def test_watchers_hear_of_every_new_state_in_its_transaction(small_house: InterfaceHouse) -> None:
    heard: list[tuple[int, str]] = []
    small_house.sending.watchers.append(lambda _uow, row: heard.append((row.id, row.state)))
    small_house.outgoing.watchers.append(lambda _uow, row: heard.append((row.id, row.state)))
    with a_listener() as listener:
        listener.answer = lambda _message: "AR"
        connection = small_house.connection(InterfaceKind.HL7_OUT, port=listener.port, form=StatusForm.RESULTS)
        number = put(small_house, connection.id, 5)
        small_house.work()
        with small_house.database.write() as uow:
            small_house.outgoing.resend(uow, number)
        with small_house.database.write() as uow:
            row = small_house.outgoing.give_up(uow, number, "对方停用")
            assert row.sentence == "放弃理由：对方停用"
    assert heard == [(number, "dead"), (number, "waiting"), (number, "cancelled")]
    assert small_house.call(ListMessages(exam_id=5)).total == 1
    assert small_house.call(ListMessages(exam_id=6)).total == 0


def test_a_transaction_is_posted_to_the_base_and_repeated_after_an_error(small_house: InterfaceHouse) -> None:
    with a_fhir_server() as fhir:
        connection = small_house.connection(
            InterfaceKind.FHIR_OUT, url=fhir.url, form=StatusForm.RESULTS, port=0, timeout_s=2.0
        )
        fhir.status = 500
        put(small_house, connection.id, 1, json.dumps(BUNDLE).encode(), "Bundle")
        small_house.work(1)
        assert states(small_house) == [MessageState.WAITING] and fhir.store["Patient"] == {}
        fhir.status = 0
        small_house.pause_is_over()
        small_house.work()
        assert states(small_house) == [MessageState.SENT]
        assert [path for method, path in fhir.seen if method == "POST"] == ["/fhir", "/fhir"]
        assert len(fhir.store["Patient"]) == 1
        fhir.status = 422
        put(small_house, connection.id, 2, json.dumps(BUNDLE).encode(), "Bundle")
        small_house.work()
        assert states(small_house)[1] is MessageState.DEAD


def test_a_slow_answer_is_waited_for_no_longer_than_the_limit(small_house: InterfaceHouse) -> None:
    released = threading.Event()
    with a_fhir_server() as fhir:
        connection = small_house.connection(
            InterfaceKind.FHIR_OUT, url=fhir.url, form=StatusForm.RESULTS, port=0, timeout_s=0.5
        )

        def wait() -> Any:
            return released.wait(20)

        fhir.wait = wait
        put(small_house, connection.id, 1, json.dumps(BUNDLE).encode(), "Bundle")
        small_house.work(1)
        [row] = small_house.journal()
        assert row.state is MessageState.WAITING and "没有应答" in row.sentence
        released.set()
        small_house.pause_is_over()
        small_house.work()
        assert states(small_house) == [MessageState.SENT]
        assert len(fhir.store["Patient"]) == 1
