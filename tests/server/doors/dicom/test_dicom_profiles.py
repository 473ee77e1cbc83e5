"""What is known of a peer, and what was negotiated with it, changes the answers it gets."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from server.doors.dicom import extended, pdu, uids
from server.doors.dicom.door import Door
from server.doors.dicom.latin import in_ascii
from server.doors.dicom.ports import Peer
from tests.fakes.dicom_objects import patient_rows, worklist_item
from tests.fakes.dicom_ports import FakeHospital


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Zhang^San=张^三", "Zhang^San"),
        ("=张^三", "Zhang^San"),
        ("张三", "Zhang^San"),
        ("欧阳^明", "Ouyang^Ming"),
        ("Müller^Jörg", "Muller^Jorg"),
        ("Smith^John", "Smith^John"),
        ("", ""),
    ],
)
def test_names_become_latin(value: str, shown: str) -> None:
    assert in_ascii({0x00100010: value}) == {0x00100010: shown}


def test_texts_become_pinyin_and_numbers_stay() -> None:
    shown = in_ascii({0x00081030: "胸部CT平扫", 0x00200013: 7, 0x00080050: "A=1", 0x00400100: [{0x00400007: "头颅 é"}]})
    assert shown[0x00081030] == "Xiong Bu CT Ping Sao"
    assert (shown[0x00200013], shown[0x00080050]) == (7, "A=1")
    (item,) = shown[0x00400100]  # type: ignore[misc,union-attr]
    text = item[0x00400007]  # type: ignore[index]
    assert isinstance(text, str)
    assert text.isascii()
    assert text.startswith("Tou Lu")


def ask(
    door: Door, model: str, keys: Dataset, *, title: str = "OLD", options: bytes = b""
) -> tuple[list[Dataset], Any]:
    ae = AE(ae_title=title)
    ae.add_requested_context(model)
    negotiated = []
    if options:
        item = SOPClassExtendedNegotiation()
        item.sop_class_uid, item.service_class_application_information = model, options
        negotiated.append(item)
    association = ae.associate("127.0.0.1", door.port, ext_neg=negotiated)
    assert association.is_established
    answers = [ds for _, ds in association.send_c_find(keys, model) if ds is not None]
    agreed = dict(association.acceptor.sop_class_extended)
    association.release()
    return answers, agreed


def test_a_device_that_knows_ascii_only_gets_pinyin(door: Door, hospital: FakeHospital) -> None:
    hospital.peers.peers["OLD"] = Peer("OLD", "127.0.0.1", 0, ascii_names=True)
    hospital.query.rows = patient_rows()
    hospital.worklist.items = [worklist_item("E1", "CT")]
    keys = Dataset()
    keys.PatientName, keys.QueryRetrieveLevel, keys.StudyInstanceUID, keys.StudyDescription = "", "STUDY", "", ""
    answers, _ = ask(door, uids.STUDY_ROOT_FIND, keys)
    assert answers
    step = Dataset()
    step.PatientName, step.AccessionNumber = "", ""
    items, _ = ask(door, uids.WORKLIST_FIND, step)
    assert [str(item.PatientName) for item in items] == ["Zhang^San"]
    for answer in (*answers, *items):
        assert "SpecificCharacterSet" not in answer
        assert all(str(element.value).isascii() for element in answer)


def test_what_was_negotiated_reaches_the_query(door: Door, hospital: FakeHospital) -> None:
    hospital.query.rows = patient_rows()
    keys = Dataset()
    keys.QueryRetrieveLevel, keys.StudyInstanceUID = "STUDY", ""
    _, agreed = ask(door, uids.STUDY_ROOT_FIND, keys, options=b"\1\1\0\0\1")
    assert agreed == {uids.STUDY_ROOT_FIND: b"\1\1\0\0\0"}
    ask(door, uids.STUDY_ROOT_FIND, keys)
    first, second = hospital.query.asked
    assert (first.relational, first.combined_datetime, first.fuzzy_names) == (True, True, False)
    assert not (second.relational or second.combined_datetime or second.fuzzy_names)


def test_retrieval_knows_relational_only() -> None:
    items, options = extended.answer([pdu.ExtendedNegotiation(uids.STUDY_ROOT_GET, b"\1\1\1")], {uids.STUDY_ROOT_GET})
    assert items[0].information == b"\1\0"
    assert options[uids.STUDY_ROOT_GET] == extended.Options(relational=True)
