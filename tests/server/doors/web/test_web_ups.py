"""UPS-RS on a real socket: a workitem from creation to completion, and everything that is not allowed."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from server.doors.web.dicomweb.xml_model import to_xml
from tests.web_house import WebHouse

KIND = {"Content-Type": "application/dicom+json", "Accept": "application/dicom+json"}
LOCK = "1.2.3.4.5"


def item(label: str = "Lung nodules", **more: Any) -> dict[str, Any]:
    return {
        "00404005": {"vr": "DT", "Value": ["20260302101500"]},
        "00404041": {"vr": "CS", "Value": ["READY"]},
        "00741200": {"vr": "CS", "Value": ["MEDIUM"]},
        "00741204": {"vr": "LO", "Value": [label]},
        "00100020": {"vr": "LO", "Value": ["P1001"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Wang^Xiaodong"}]},
        **more,
    }


def state(name: str, lock: str = LOCK) -> dict[str, Any]:
    return {"00741000": {"vr": "CS", "Value": [name]}, "00081195": {"vr": "UI", "Value": [lock]}}


@pytest.fixture
def made(house: WebHouse, web: requests.Session) -> str:
    answer = web.post(f"{house.base}/workitems", json=item(), headers=KIND)
    assert answer.status_code == 201
    return str(answer.headers["location"])


def test_from_creation_to_completion(house: WebHouse, web: requests.Session, made: str) -> None:
    first = web.get(made, headers=KIND).json()
    assert first["00741000"]["Value"] == ["SCHEDULED"]
    assert web.put(made + "/state", json=state("IN PROGRESS"), headers=KIND).status_code == 200
    taken = web.get(made, headers=KIND).json()
    assert taken["00741000"]["Value"] == ["IN PROGRESS"]
    assert "00081195" not in taken
    other = state("COMPLETED", "9.9.9")
    assert web.put(made + "/state", json=other, headers=KIND).status_code == 409
    assert web.put(made + "/state", json=state("COMPLETED"), headers=KIND).status_code == 409  # nothing performed yet
    performed = {"00741216": {"vr": "SQ", "Value": [{"00404050": {"vr": "DT", "Value": ["20260302110000"]}}]}}
    assert web.post(made, json=performed, headers=KIND).status_code == 400
    assert web.post(f"{made}?transaction-uid=9.9.9", json=performed, headers=KIND).status_code == 409
    assert web.post(f"{made}?transaction-uid={LOCK}", json=performed, headers=KIND).status_code == 200
    assert web.put(made + "/state", json=state("COMPLETED"), headers=KIND).status_code == 200
    assert web.put(made + "/state", json=state("COMPLETED"), headers=KIND).status_code == 410
    assert web.post(f"{made}?transaction-uid={LOCK}", json=performed, headers=KIND).status_code == 409
    assert web.post(made + "/cancelrequest", headers=KIND).status_code == 409


def test_cancelling_what_nobody_began(web: requests.Session, made: str) -> None:
    reason = {"00741238": {"vr": "LT", "Value": ["ordered twice"]}}
    assert web.post(made + "/cancelrequest", json=reason, headers=KIND).status_code == 202
    gone = web.get(made, headers=KIND).json()
    assert gone["00741000"]["Value"] == ["CANCELED"]
    assert gone["00741002"]["Value"][0]["00741238"]["Value"] == ["ordered twice"]
    assert web.put(made + "/state", json=state("IN PROGRESS"), headers=KIND).status_code == 409


def test_searching(house: WebHouse, web: requests.Session) -> None:
    uid = "1.2.826.77"
    assert web.post(f"{house.base}/workitems?{uid}", json=item("Unique label"), headers=KIND).status_code == 201
    assert web.post(f"{house.base}/workitems?{uid}", json=item(), headers=KIND).status_code == 409
    for query, count in (
        ("ProcedureStepLabel=Unique label", 1),
        ("ProcedureStepLabel=Uniq*", 1),
        ("00741204=Other", 0),
        (f"SOPInstanceUID={uid}&ProcedureStepState=SCHEDULED", 1),
        ("ScheduledProcedureStepStartDateTime=20260302-20260303&ProcedureStepLabel=Unique label", 1),
        ("ScheduledProcedureStepStartDateTime=2027-&ProcedureStepLabel=Unique label", 0),
        ("PatientName=Wang*&ProcedureStepLabel=Unique label", 1),
    ):
        answer = web.get(f"{house.base}/workitems?{query}", headers=KIND)
        found = answer.json() if answer.content else []
        assert len(found) == count, query


def test_xml_in_and_out(house: WebHouse, web: requests.Session) -> None:
    xml = to_xml(dict(sorted(item("By XML 中文").items())))
    answer = web.post(f"{house.base}/workitems", data=xml, headers={"Content-Type": "application/dicom+xml"})
    assert answer.status_code == 201, answer.text
    back = web.get(answer.headers["location"], headers={"Accept": "application/dicom+xml"})
    assert "By XML 中文" in back.content.decode()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**item(), "00741200": {"vr": "CS", "Value": ["URGENT"]}},
        {**item(), "00741000": {"vr": "CS", "Value": ["COMPLETED"]}},
        {**item(), "00081195": {"vr": "UI", "Value": ["1.2"]}},
        {"x": 1},
        [item(), item()],
    ],
)
def test_wrong_workitems(house: WebHouse, web: requests.Session, body: Any) -> None:
    answer = web.post(f"{house.base}/workitems", json=body, headers=KIND)
    assert answer.status_code == 400
    assert answer.text.strip().endswith(".")


def test_what_is_not_offered_says_so(house: WebHouse, web: requests.Session, made: str) -> None:
    assert web.post(f"{made}/subscribers/VIEWER").status_code == 501
    assert web.get(f"{house.base}/workitems/1.2.3.999", headers=KIND).status_code == 404
    assert web.put(made + "/state", json=state("DONE"), headers=KIND).status_code == 400
    assert web.put(made + "/state", json=state("IN PROGRESS", ""), headers=KIND).status_code == 400


@pytest.mark.parametrize("form", ["?{}", "?workitem={}", "?AffectedSOPInstanceUID={}"])
def test_the_address_may_name_the_new_workitem(house: WebHouse, web: requests.Session, form: str) -> None:
    from pydicom.uid import generate_uid

    uid = generate_uid()
    answer = web.post(f"{house.base}/workitems" + form.format(uid), json=item(), headers=KIND)
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{house.base}/workitems/{uid}"
    assert web.post(f"{house.base}/workitems?workitem=x", json=item(), headers=KIND).status_code == 400
