"""The modality worklist against the clauses of PS3.4 K, without a network."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from server.exams.worklist import SqlWorklist, WantedSteps, is_match, is_name_match, read_time
from shared.contract.exams import CancelExam, ClinicalEntry, ItemEntry, RequesterEntry
from shared.contract.queueing import CallNext, StartTicket
from shared.domain.states import PatientType, Sex
from tests.hospital import MORNING, TECHNICIAN, Hospital

STEP, NAME, PATIENT_ID, ACCESSION = 0x00400100, 0x00100010, 0x00100020, 0x00080050
AE, DATE, TIME, MODALITY, STATUS = 0x00400001, 0x00400002, 0x00400003, 0x00080060, 0x00400020
PERFORMER = 0x00400006

# PS3.4 table K.6-1: what must be there with a value (type 1), and what must be there at all (type 2)
TYPE_1_STEP = (AE, DATE, TIME, MODALITY, 0x00400009)
TYPE_1_ITEM = (0x00401001, 0x0020000D, NAME, PATIENT_ID)
ONE_OF_STEP = (0x00400007, 0x00400008)
ONE_OF_ITEM = (0x00321060, 0x00321064)
TYPE_2_STEP = (0x00400006, 0x00400010, 0x00400011)
TYPE_2_ITEM = (
    0x00081110, 0x00401003, 0x00401004, ACCESSION, 0x00321032, 0x00080090, 0x00380010, 0x00380300, 0x00081120,
    0x00100030, 0x00100040, 0x00101030, 0x00403001, 0x00380500, 0x00102000, 0x00102110, 0x00380050, 0x001021C0,
)  # fmt: skip


class DoorSaysNo(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def worklist_of(hospital: Hospital) -> SqlWorklist:
    return SqlWorklist(hospital.database, hospital.time, hospital.organisation, hospital.patients, DoorSaysNo)


def found(hospital: Hospital, step: dict[int, str] | None = None, **keys: str) -> list[str]:
    """Return the accession numbers of the answers."""
    tags = {"name": NAME, "patient_id": PATIENT_ID, "accession": ACCESSION}
    query: dict[int, Any] = {tags[word]: value for word, value in keys.items()}
    query[STEP] = [step] if step is not None else []
    return [item[ACCESSION] for item in worklist_of(hospital).find(query, "CT1")]


@pytest.fixture
def a_day(hospital: Hospital) -> Hospital:
    hospital.registered("张三", planned_at=MORNING + timedelta(hours=1))  # 09:30, CT1
    hospital.registered("李四", room_id=hospital.rooms["CT2"], planned_at=MORNING + timedelta(hours=2))
    chest = ItemEntry(code="DR001", name="胸部正位", body_part="胸部", price_fen=6000)
    hospital.registered("王五", exam_type="DR", room_id=hospital.rooms["DR1"], items=(chest,))
    hospital.registered("赵六", planned_at=MORNING + timedelta(days=1))
    return hospital


def test_an_item_holds_all_that_the_standard_asks_for(hospital: Hospital) -> None:
    hospital.registered(
        "欧阳小明",
        of_patient={"sex": Sex.FEMALE, "birth_date": date(1990, 2, 3), "weight_kg": 61.5, "height_cm": 170.0},
        patient_type=PatientType.EMERGENCY,
        clinical=ClinicalEntry(diagnosis="头痛\n待查\\x", purpose="排除出血"),
        requester=RequesterEntry(department="急诊科", doctor="王医生", his_number="H7"),
    )
    (item,) = worklist_of(hospital).find({STEP: []}, "CT1")
    (step,) = item[STEP]
    assert all(step[tag] for tag in TYPE_1_STEP) and all(item[tag] for tag in TYPE_1_ITEM)
    assert any(step[tag] for tag in ONE_OF_STEP) and any(item[tag] for tag in ONE_OF_ITEM)
    assert all(tag in step for tag in TYPE_2_STEP) and all(tag in item for tag in TYPE_2_ITEM)
    assert (step[AE], step[MODALITY], step[DATE], step[TIME]) == ("CT1", "CT", "20261121", "083000")
    assert (step[STATUS], step[0x00400007]) == ("SCHEDULED", "颅脑平扫")
    assert step[0x00400008] == [{0x00080100: "CT001", 0x00080102: "99MINGJING", 0x00080104: "颅脑平扫"}]
    assert (item[NAME], item[PATIENT_ID]) == ("Ouyang^Xiaoming=欧阳^小明", "P00000001")
    assert (item[0x00100030], item[0x00100040]) == ("19900203", "F")
    assert (item[0x00101030], item[0x00101020], item[0x00401003]) == ("61.5", "1.70", "STAT")
    assert item[0x00101010] == "036Y"
    assert item[0x00081080] == "头痛 待查/x"
    assert len(item[ACCESSION]) <= 16 and len(item[0x00401001]) <= 16


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({AE: "CT1"}, [1, 4]),
        ({AE: "CT2"}, [2]),
        ({AE: "CT*"}, [1, 2, 4]),
        ({AE: "CT1\\CT2", DATE: "20261121"}, [1, 2]),
        ({AE: "UNKNOWN"}, []),
        ({MODALITY: "CT", DATE: "20261121"}, [1, 2]),
        ({MODALITY: "DX"}, [3]),
        ({DATE: "20261121"}, [3, 1, 2]),
        ({DATE: "20261122"}, [4]),
        ({DATE: "20261122-"}, [4]),
        ({DATE: "-20261121"}, [3, 1, 2]),
        ({DATE: "20261121-20261122"}, [3, 1, 2, 4]),
        ({DATE: "2026.11.21"}, [3, 1, 2]),
        ({DATE: "20261121", TIME: "0900-1000"}, [1]),
        ({DATE: "20261121", TIME: "103000"}, [2]),
        # one period: from the first day's first time to the last day's last (PS3.4 table K.6-1)
        ({DATE: "20261121-20261122", TIME: "0900-0800"}, [1, 2]),
        ({DATE: "20261121-20261122", TIME: "1000-0830"}, [2, 4]),
        ({DATE: "20261121-", TIME: "0900-"}, [1, 2, 4]),
        ({DATE: "-20261122", TIME: "-0800"}, [3, 1, 2]),
        ({DATE: "20261122", TIME: "0900-1000"}, []),
        ({PERFORMER: "Nobody^Known"}, []),
        ({PERFORMER: "*"}, [3, 1, 2, 4]),
        ({STATUS: "SCHEDULED", AE: "CT2"}, [2]),
        ({STATUS: "STARTED"}, []),
        ({AE: "", DATE: "", TIME: "", MODALITY: ""}, [3, 1, 2, 4]),
        (None, [3, 1, 2, 4]),
    ],
)
def test_keys_of_the_scheduled_step_select(a_day: Hospital, step: dict[int, str] | None, expected: list[int]) -> None:
    numbers = {1: "261121CT0001", 2: "261121CT0002", 3: "261121DR0001", 4: "261121CT0003"}
    assert found(a_day, step) == [numbers[number] for number in expected]


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        ({"name": "Zhang*"}, 1),
        ({"name": "ZHANG^SAN"}, 1),
        ({"name": "*=张*"}, 4),  # the empty alphabetic group matches all
        ({"name": "张*"}, 1),
        ({"name": "张^三"}, 1),
        ({"name": "Qian*"}, 0),
        ({"patient_id": "P00000002"}, 1),
        ({"patient_id": "P0000000?"}, 4),
        ({"accession": "261121CT0001"}, 1),
        ({"accession": "261121*"}, 4),
        ({"accession": "261121ct0001"}, 0),
        ({}, 4),
    ],
)
def test_keys_of_patient_and_order_select(a_day: Hospital, keys: dict[str, str], count: int) -> None:
    assert len(found(a_day, None, **keys)) == count


@pytest.mark.parametrize("step", [{DATE: "tomorrow"}, {DATE: "20261345"}, {TIME: "9 o'clock"}])
def test_malformed_dates_are_refused_with_a_status(small_hospital: Hospital, step: dict[int, str]) -> None:
    with pytest.raises(DoorSaysNo) as refused:
        found(small_hospital, step)
    assert refused.value.status == 0xA900


def test_an_exam_stays_while_it_is_done_and_leaves_when_it_is_over_or_cancelled(hospital: Hospital) -> None:
    view, other = hospital.registered("张三"), hospital.registered("李四", room_id=hospital.rooms["CT2"])
    ticket = hospital.call(CallNext(room_id=view.row.room_id), TECHNICIAN)
    hospital.call(StartTicket(ticket_id=ticket.id, version=ticket.version), TECHNICIAN)
    assert found(hospital, {STATUS: "STARTED"}) == [view.row.accession_number]
    hospital.call(CancelExam(exam_id=other.row.id, version=other.version))
    assert found(hospital) == [view.row.accession_number]
    with hospital.write() as uow:
        hospital.exams.finish(uow, TECHNICIAN, view.row.id)
    assert found(hospital) == []


def test_who_never_came_drops_out_unless_asked_for_by_date(hospital: Hospital) -> None:
    number = hospital.registered().row.accession_number
    hospital.clock.forward(days=7)
    assert found(hospital) == [number]
    hospital.clock.forward(days=1)
    assert found(hospital) == found(hospital, {DATE: "-20261129"}) == []
    assert found(hospital, {DATE: "20261121"}) == [number]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({NAME: "Zhang*", PATIENT_ID: "P1", 0x00100040: "", 0x00321060: "*", STEP: []}, False),
        ({STEP: [{AE: "CT1", PERFORMER: "A", 0x00400007: "", 0x00400008: []}]}, False),
        ({0x00100040: "F", STEP: []}, True),
        ({STEP: [{0x00400007: "Head*"}]}, True),
        ({STEP: [{0x00400008: [{0x00080100: "CT001"}]}]}, True),
        ({STEP: [{0x00400008: [{0x00080100: ""}]}]}, False),
    ],
)
def test_keys_that_are_not_compared_are_told(hospital: Hospital, keys: dict[int, Any], expected: bool) -> None:
    assert worklist_of(hospital).ignores(keys) is expected


@pytest.mark.parametrize(
    ("step", "count"), [({TIME: "0830"}, 1), ({TIME: "08"}, 1), ({TIME: "07-0830"}, 1), ({TIME: "083000"}, 0)]
)
def test_a_time_counts_to_its_own_precision(hospital: Hospital, step: dict[int, str], count: int) -> None:
    hospital.registered("张三", planned_at=MORNING + timedelta(seconds=20))
    assert len(found(hospital, step)) == count


def test_times_and_values_are_read_as_the_standard_writes_them() -> None:
    assert f"{read_time('083000.123456'):%H:%M:%S}" == "08:30:00"
    assert f"{read_time('08'):%H:%M}" == "08:00"
    assert f"{read_time('08:30:60'):%H:%M:%S}" == "08:30:59"  # a leap second (PS3.5 6.2)
    assert is_match("A?C", "ABC") and not is_match("A?C", "ABBC") and not is_match("a*", "ABC")
    assert is_match("A\\ABC", "ABC") and is_match("*", "") and not is_match(".*", "ABC")
    assert is_name_match("zhang^san", "Zhang^San=张^三") and not is_name_match("Zhang", "Zhang^San=张^三")
    assert is_name_match("^^", "anything") and is_name_match("Zhang^San^^", "Zhang^San")
    assert WantedSteps.read({}).station_titles == ()
