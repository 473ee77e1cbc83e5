"""For which campus an order is: what HL7 messages and FHIR requests say of the hospital."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import msgspec
import pytest

from server.interfaces import fhir
from server.interfaces.orders import CodeBook, NewOrder, orders_of
from server.interfaces.people import Person
from shared.contract.exams import PatientEntry
from shared.contract.organisation import CampusView, DepartmentView
from shared.hl7.message import parse
from tests.fakes.hospital_system import an_order
from tests.server.interfaces.test_fhir import HOSPITAL

MAIN, CLINIC = 1, 2
_VIEW = msgspec.structs.replace(
    HOSPITAL.view,
    campuses=(
        CampusView(id=MAIN, code="MAIN", name="县人民医院", name_en=""),
        CampusView(id=CLINIC, code="DS-01", name="东山镇卫生院", name_en=""),
    ),
    departments=(DepartmentView(id=9, campus_id=CLINIC, code="D77", name="内科", name_en="", performs=False),),
)
BOOK = CodeBook(
    type(HOSPITAL)(_VIEW, {}, {}, {}, HOSPITAL.exam_types, HOSPITAL.items, {}), {"CT-77": "CT001", "东山": "DS-01"}
)
PERSON = Person("C1", PatientEntry(name="王小明"))


def of_message(facility: str, orc_21: str = "", location: str = "", department: str = "") -> int | None:
    """The campus of an order."""
    text = "\r".join(
        (
            f"MSH|^~\\&|HIS|{facility}|MINGJING|RIS|20261121||ORM^O01|1|P|2.5.1",
            "PID|1||C1^^^HIS^PI||王^小明",
            f"PV1|1|O|{location}",
            f"ORC|NW|REQ1|||||||||||||||{department}||||{orc_21}",
            "OBR|1|REQ1||CT001^颅脑平扫",
        )
    )
    [order] = orders_of(parse(text.encode()), PERSON, BOOK, UTC)
    assert isinstance(order, NewOrder)
    return order.request.campus_id


@pytest.mark.parametrize(
    ("said", "campus"),
    [
        ({"facility": "DS-01"}, CLINIC),
        ({"facility": "ds-01"}, CLINIC),
        ({"facility": "HIS^东山镇卫生院"}, CLINIC),
        ({"facility": "东山"}, CLINIC),  # by the connection's codes
        ({"facility": "MAIN", "orc_21": "东山镇卫生院^L^DS-01"}, CLINIC),  # who orders goes before who sends
        ({"facility": "MAIN", "orc_21": "^^^^^^^^^DS-01"}, CLINIC),
        ({"facility": "MAIN", "location": "W3^2^12^DS-01"}, CLINIC),
        ({"facility": "MAIN", "department": "D77"}, MAIN),  # a department's code may be another hospital's too
        ({"facility": "HIS", "department": "D77"}, CLINIC),
        ({"facility": "HIS", "location": "D77^1^2"}, CLINIC),
        ({"facility": "HIS"}, None),
        ({"facility": ""}, None),
    ],
)
def test_a_message_says_for_which_campus_it_is(said: dict[str, str], campus: int | None) -> None:
    assert of_message(**said) == campus


def of_request(facility: str = "", **order: Any) -> int | None:
    """The campus of a ServiceRequest."""
    request = {"resourceType": "ServiceRequest", "id": "1", "code": {"coding": [{"code": "CT001"}]}, **order}
    clinic = {"resourceType": "Organization", "id": "o", "identifier": [{"value": "DS-01"}], "name": "x"}
    role = {"resourceType": "PractitionerRole", "id": "r", "organization": {"reference": "Organization/o"}}
    circle = {"resourceType": "PractitionerRole", "id": "c", "organization": {"reference": "PractitionerRole/c"}}
    bundle = {"entry": [{"resource": one} for one in (request, clinic, role, circle)]}
    return fhir.application_of(request, bundle, PERSON, BOOK, "", UTC, facility).campus_id


@pytest.mark.parametrize(
    ("order", "campus"),
    [
        ({"performer": [{"reference": "Organization/o"}]}, CLINIC),
        ({"performer": [{"identifier": {"value": "DS-01"}}]}, CLINIC),
        ({"performer": [{"reference": "PractitionerRole/r"}], "facility": "MAIN"}, CLINIC),
        ({"locationReference": [{"display": "东山镇卫生院"}]}, CLINIC),
        ({"requester": {"reference": "PractitionerRole/r"}}, CLINIC),
        ({"requester": {"reference": "PractitionerRole/c"}}, None),
        ({"facility": "MAIN"}, MAIN),
        ({}, None),
    ],
)
def test_a_request_says_for_which_campus_it_is(order: dict[str, Any], campus: int | None) -> None:
    assert of_request(**order) == campus


def test_the_usual_order_names_no_campus_of_ours() -> None:
    [order] = orders_of(parse(an_order().replace("\n", "\r").encode()), PERSON, BOOK, UTC)
    assert isinstance(order, NewOrder) and order.request.campus_id is None
