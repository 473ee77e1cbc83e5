"""FHIR resources read into entries: real examples, and anything a server may send, give an entry or a reason."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.interfaces import fhir
from server.interfaces.orders import CodeBook
from server.organisation.service import Hospital
from shared.contract.exams import PatientEntry
from shared.contract.organisation import ExamItemView, ExamTypeView, HospitalView
from shared.hl7.message import MessageError

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "data" / "fhir_r4"
PATIENTS = sorted(SAMPLES.glob("Patient-*.json")) if SAMPLES.is_dir() else []
ORDERS = sorted(SAMPLES.glob("ServiceRequest-*.json")) if SAMPLES.is_dir() else []

TYPE = ExamTypeView(code="CT", name="CT", name_en="CT", hp_required=False, slot_minutes=10)
ITEM = ExamItemView(
    id=1,
    exam_type="CT",
    code="CT001",
    name="颅脑平扫",
    name_en="Head",
    body_part="颅脑",
    body_part_dicom="HEAD",
    price_fen=24000,
    pinyin="LN",
)
HOSPITAL = Hospital(
    view=HospitalView(
        version=1, name="", name_en="", campuses=(), rooms=(), devices=(), exam_types=(TYPE,), exam_items=(ITEM,)
    ),
    queue_letters={},
    spoken_en={},
    rooms={},
    exam_types={TYPE.code: TYPE},
    items={ITEM.code: ITEM},
    patient_types={},
)
BOOK = CodeBook(HOSPITAL, {"RAD": "CT"})
PERSON = fhir.Person("C1", PatientEntry(name="王小明"))
TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
NAMES = (
    *("identifier", "name", "telecom", "address", "birthDate", "gender", "code", "category", "subject", "contained"),
    *(
        "requester",
        "reasonCode",
        "reasonReference",
        "note",
        "supportingInfo",
        "bodySite",
        "authoredOn",
        "priority",
        "performer",
        "locationReference",
        "organization",
        "id",
    ),
)
RESOURCE = st.dictionaries(st.sampled_from(NAMES), JSON)


def read(order: dict[str, Any]) -> Any:
    bundle = {"entry": [{"resource": order}]}
    fhir.subject_of(order, bundle)
    return fhir.application_of(order, bundle, PERSON, BOOK, "urn:orders", UTC)


@pytest.mark.parametrize("file", PATIENTS or [None], ids=lambda file: file.name if file else "none")
def test_real_patients_are_read(file: Path | None) -> None:
    if file is None:
        pytest.skip("the sample resources are not here")
    patient = json.loads(file.read_text(encoding="utf-8"))
    try:
        person = fhir.person_of(patient, {}, "")
    except MessageError as error:
        assert error.code == "101"
        return
    assert person.entry.name and person.key
    if "birthDate" in patient and len(patient["birthDate"]) == 10:
        assert person.entry.birth_date is not None


@pytest.mark.parametrize("file", ORDERS or [None], ids=lambda file: file.name if file else "none")
def test_real_orders_are_read_where_a_code_tells_what_they_are(file: Path | None) -> None:
    if file is None:
        pytest.skip("the sample resources are not here")
    order = json.loads(file.read_text(encoding="utf-8"))
    with pytest.raises(MessageError):
        read(order)
    order["code"] = {"coding": [{"code": "CT001"}]}
    application = read(order)
    assert application.items[0].code == "CT001"
    assert application.requester.his_number


@given(RESOURCE, RESOURCE)
def test_any_resource_is_read_or_refused(patient: dict[str, Any], order: dict[str, Any]) -> None:
    for attempt in (lambda: fhir.person_of(patient, {}, "urn:card"), lambda: read(order)):
        try:
            attempt()
        except MessageError as error:
            assert str(error)


@given(JSON)
def test_any_bundle_is_walked(entries: Any) -> None:
    list(fhir.resources({"entry": entries}))
    fhir.subject_of({"subject": {"reference": "Patient/1"}}, {"entry": entries})


def test_a_department_tells_the_type_of_an_unknown_item() -> None:
    order = {
        "identifier": [{"value": "R1"}, {"system": "urn:orders", "value": "R2"}],
        "code": {"text": "特殊检查", "coding": [{"code": "X1"}]},
        "category": [{"coding": [{"code": "RAD"}]}],
        "bodySite": [{"text": "颅脑"}],
    }
    application = read(order)
    assert (application.exam_type, application.items[0].name, application.items[0].body_part) == (
        "CT",
        "特殊检查",
        "颅脑",
    )
    assert application.requester.his_number == "R2"
