"""A clerk's query that finds nothing here asks the hospital system."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from server.exams.rpc import ExamsRpc
from server.kernel.dispatch import collect
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.exams import ApplicationView, FindApplications
from shared.contract.interfaces import InterfaceKind, MessageState
from shared.domain.states import PatientType, Sex
from tests.fakes.hospital_system import ORDER_SYSTEM, PATIENT_SYSTEM, FhirServer, a_fhir_server
from tests.hospital import CLERK
from tests.interface_house import InterfaceHouse


def find(house: InterfaceHouse, number: str) -> tuple[ApplicationView, ...]:
    """Ask as a clerk does, with the exchange behind the query."""
    hospital = house.hospital
    asks = ExamsRpc(house.database, hospital.exams, hospital.applications, hospital.slots, house.asking)
    found: tuple[ApplicationView, ...] = collect(asks)[FindApplications.method].call(
        FindApplications(number=number), CLERK
    )
    return found


def connect(house: InterfaceHouse, fhir: FhirServer, **changes: Any) -> None:
    values = {"identifier_system": ORDER_SYSTEM, "patient_system": PATIENT_SYSTEM, "timeout_s": 1.0} | changes
    house.connection(InterfaceKind.FHIR_QUERY, url=fhir.url, **values)


def requests(fhir: FhirServer) -> int:
    return len([one for one in fhir.seen if "ServiceRequest" in one[1]])


def test_an_order_is_fetched_kept_and_answered_in_one_call(house: InterfaceHouse) -> None:
    with a_fhir_server() as fhir:
        connect(house, fhir)
        national = {"type": {"coding": [{"code": "NI"}]}, "value": "11010519491231002X"}
        card = {"system": PATIENT_SYSTEM, "value": "F1"}
        patient = fhir.add_patient(
            "F1",
            "李小红",
            identifier=[card, national],
            birthDate="1949-12-31",
            telecom=[{"system": "phone", "value": "13800138000"}],
            address=[{"text": "北京市朝阳路1号"}],
        )
        fhir.add_order(
            "R1",
            patient,
            "CT001",
            priority="stat",
            reasonCode=[{"text": "除外出血"}],
            note=[{"text": "对碘过敏"}],
            reasonReference=[{"display": "头痛"}],
            requester={"display": "李医生"},
        )
        for number in ("F1", "11010519491231002X"):
            (found,) = find(house, number)
            assert (found.patient.name, found.patient.sex, found.patient.card_number) == ("李小红", Sex.FEMALE, "F1")
            assert found.patient.id_number == "11010519491231002X"
            assert (found.patient.phone, found.patient.address) == ("13800138000", "北京市朝阳路1号")
            assert found.items[0].name == "颅脑平扫" and found.exam_type == "CT"
            assert (found.clinical.diagnosis, found.clinical.purpose) == ("头痛", "除外出血\n对碘过敏")
            assert (found.requester.his_number, found.requester.doctor) == ("R1", "李医生")
            assert found.patient_type is PatientType.EMERGENCY
        assert requests(fhir) == 1, "what waits here is not asked for"
        (row,) = house.journal()
        assert (row.state, row.message_type, row.patient_name) == (MessageState.ACCEPTED, "ServiceRequest", "李小红")


def test_nothing_there_is_an_empty_answer(small_house: InterfaceHouse) -> None:
    with a_fhir_server() as fhir:
        connect(small_house, fhir)
        assert find(small_house, "F404") == ()
        patient = fhir.add_patient("F1", "李小红")
        fhir.add_order("R1", patient, "CT001", status="revoked")
        assert find(small_house, "F1") == ()


def test_without_a_hospital_system_only_what_is_here_is_found(small_house: InterfaceHouse) -> None:
    assert find(small_house, "F1") == ()


def test_an_order_with_an_unknown_item_is_kept_in_the_journal_with_the_reason(small_house: InterfaceHouse) -> None:
    with a_fhir_server() as fhir:
        connect(small_house, fhir)
        patient = fhir.add_patient("F1", "李小红")
        fhir.add_order("R1", patient, "NOPE")
        fhir.add_order("R2", patient, "CT005")
        (found,) = find(small_house, "F1")
        assert found.requester.his_number == "R2"
        states = {row.order_number: row.state for row in small_house.journal()}
        assert states == {"R1": MessageState.REFUSED, "R2": MessageState.ACCEPTED}


@pytest.mark.parametrize("fault", ["down", "late", "500", "401", "garbage", "no bundle"])
def test_a_hospital_system_that_fails_is_told_to_the_clerk(small_house: InterfaceHouse, fault: str) -> None:
    with a_fhir_server() as fhir:
        connect(small_house, fhir, timeout_s=0.5, token_file="" if fault == "401" else "hospital")
        fhir.add_order("R1", fhir.add_patient("F1", "李小红"), "CT001")
        fhir.status = 500 if fault == "500" else 0
        fhir.delay_s = 2.0 if fault == "late" else 0.0
        fhir.raw = {"garbage": b"<html>", "no bundle": b"[1]"}.get(fault)
        if fault == "down":
            fhir.stop()
        with pytest.raises(Refusal) as refused:
            find(small_house, "F1")
        assert refused.value.body.code is ErrorCode.UNAVAILABLE
        assert "没有应答" in refused.value.body.message
        fhir.delay_s = 0.0


def test_one_that_does_not_answer_is_left_alone_for_a_while(small_house: InterfaceHouse) -> None:
    with a_fhir_server() as fhir:
        connect(small_house, fhir)
        fhir.add_order("R1", fhir.add_patient("F1", "李小红"), "CT001")
        fhir.status = 500
        for _ in range(6):
            with pytest.raises(Refusal):
                find(small_house, "F1")
        assert requests(fhir) == 3
        fhir.status = 0
        small_house.seconds += 31
        assert len(find(small_house, "F1")) == 1
        assert len(find(small_house, "F1")) == 1


def test_a_slow_hospital_system_holds_up_only_two_clerks(small_house: InterfaceHouse) -> None:
    with a_fhir_server() as fhir:
        connect(small_house, fhir, timeout_s=10.0)
        go_on = threading.Event()
        fhir.wait = lambda: go_on.wait(20)
        outcomes: list[object] = []
        threads = [threading.Thread(target=lambda: outcomes.append(find(small_house, "F1"))) for _ in range(2)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 40
        while requests(fhir) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with pytest.raises(Refusal, match="太多"):
            find(small_house, "F1")
        go_on.set()
        for thread in threads:
            thread.join(20)
        assert outcomes == [(), ()]


def test_what_is_here_is_answered_even_when_the_other_side_is_away(small_house: InterfaceHouse) -> None:
    with a_fhir_server() as fhir:
        connect(small_house, fhir)
        fhir.add_order("R1", fhir.add_patient("F1", "李小红"), "CT001")
        (found,) = find(small_house, "F1")
        small_house.hospital.registered(
            "李小红", patient=found.patient, requester=found.requester, application_id=found.id
        )
        fhir.status = 500
        assert [one.id for one in find(small_house, "F1")] == [found.id]
