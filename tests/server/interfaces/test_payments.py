"""What the cashier tells of payments: the switch 欠费 of an exam follows it (RIS-REG-28, RIS-EX-04)."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contract.exams import CancelExam, FindApplications, GetExam, RegisterExam
from shared.contract.interfaces import MessageState
from tests.fakes.hospital_system import an_order
from tests.hospital import CLERK
from tests.interface_house import InterfaceHouse

HEAD = (
    "MSH|^~\\&|HIS|东区医院|MINGJING|RIS|20261121083000||DFT^P03|{id}|P|2.4||||||UNICODE UTF-8\n"
    "EVN|P03|20261121083000\n"
)
PID = "PID|1||C0001^^^HIS^PI||王小明||19491231|F\n"


def a_payment(lines: str, control_id: str = "P1") -> str:
    return HEAD.format(id=control_id) + PID + lines + "\n"


def an_exam(house: InterfaceHouse, number: str = "REQ1", *, owes: bool = True) -> Any:
    """An exam that was registered from an order, with the switch 欠费 as told."""
    assert house.code(an_order(number=number, control_id=f"O{number}")) == "AA"
    [found] = [one for one in house.call(FindApplications(number=number), CLERK) if one.exam_id is None]
    return house.call(
        RegisterExam(
            patient=found.patient,
            exam_type=found.exam_type,
            items=found.items,
            campus_id=house.hospital.campus_id,
            room_id=house.hospital.rooms["CT1"],
            clinical=found.clinical,
            requester=found.requester,
            application_id=found.id,
            is_in_arrears=owes,
            accept_duplicate=True,
        ),
        CLERK,
    )


def owes(house: InterfaceHouse, exam: Any) -> bool:
    found: bool = house.call(GetExam(exam_id=exam.row.id), CLERK).row.is_in_arrears
    return found


@pytest.mark.parametrize(
    "line",
    [
        "ORC|NW|REQ1\nFT1|1|T9||20261121||PY|X^费|||1|10",
        "FT1|1|T9||20261121||PY|X^费|||1|10\nORC|NW|REQ1",
        "FT1|1|{accession}-1||20261121||PY|X^费|||1|10",
        "FT1|1|T9||20261121||PY|X^费|||1|10||||||||||||{accession}^RIS",
        "FT1|1|T9||20261121||py|X^费|||1|10||||||||||||REQ1",
    ],
)
def test_a_payment_ends_the_arrears(house: InterfaceHouse, line: str) -> None:
    house.connection()
    exam = an_exam(house)
    assert owes(house, exam)
    assert house.code(a_payment(line.format(accession=exam.row.accession_number))) == "AA"
    assert not owes(house, exam)
    entry = house.journal()[-1]
    assert entry.state is MessageState.ACCEPTED and exam.row.accession_number in entry.sentence


def test_money_that_is_given_back_is_owed_again(small_house: InterfaceHouse) -> None:
    house = small_house
    house.connection()
    exam = an_exam(house, owes=False)
    assert house.code(a_payment("FT1|1|T1||20261121||CD|X|||1|10||||||||||||REQ1")) == "AA"
    assert owes(house, exam)
    assert house.code(a_payment("FT1|1|T2||20261121||PY|X|||1|10||||||||||||REQ1", "P2")) == "AA"
    assert not owes(house, exam)


def test_each_transaction_goes_to_its_own_order(small_house: InterfaceHouse) -> None:
    house = small_house
    house.connection()
    one, two = an_exam(house, "REQ1"), an_exam(house, "REQ2")
    lines = "FT1|1|T1||20261121||CG|X|||1|10\nORC|NW|REQ1\nFT1|2|T2||20261121||PY|X|||1|10\nORC|NW|REQ2"
    assert house.code(a_payment(lines)) == "AA"
    assert owes(house, one) and not owes(house, two)
    again = "ORC|NW|REQ2\nFT1|1|T3||20261121||CD|X|||1|10\nORC|NW|REQ1\nFT1|2|T4||20261121||PY|X|||1|10"
    assert house.code(a_payment(again, "P2")) == "AA"
    assert not owes(house, one) and owes(house, two)


def test_the_same_payment_again_changes_nothing(small_house: InterfaceHouse) -> None:
    house = small_house
    house.connection()
    exam = an_exam(house)
    line = "FT1|1|T1||20261121||PY|X|||1|10||||||||||||REQ1"
    assert house.code(a_payment(line)) == "AA"
    version = house.call(GetExam(exam_id=exam.row.id), CLERK).row.version
    assert house.code(a_payment(line)) == "AA"
    assert house.code(a_payment(line, "P2")) == "AA"
    assert house.call(GetExam(exam_id=exam.row.id), CLERK).row.version == version


def test_a_payment_before_the_registration_is_taken(small_house: InterfaceHouse) -> None:
    house = small_house
    house.connection()
    assert house.code(an_order()) == "AA"
    assert house.code(a_payment("FT1|1|T1||20261121||PY|X|||1|10||||||||||||REQ1")) == "AA"
    assert "尚未登记" in house.journal()[-1].sentence


def test_what_is_no_payment_of_ours_is_refused_or_left_alone(small_house: InterfaceHouse) -> None:
    house = small_house
    house.connection()
    exam = an_exam(house)
    assert house.code(a_payment("FT1|1|T1||20261121||PY|X|||1|10||||||||||||NOBODY")) == "AE"
    assert house.code(a_payment("FT1|1|T1||20261121||PY|X", "P2")) == "AE"
    assert house.code(a_payment("FT1|1|T1||20261121|||X|||1|10||||||||||||REQ1", "P3")) == "AE"
    assert house.code(a_payment("ORC|NW|REQ1", "P4")) == "AE"
    assert house.code(a_payment("\n".join(["FT1|1|T1||20261121||PY|X"] * 501), "P5")) == "AE"
    assert house.code(a_payment("FT1|1|T1||20261121||AJ|X|||1|10||||||||||||REQ1", "P6")) == "AA"
    assert house.code(a_payment("FT1|1|T1||20261121||PY|X|||1|10||||||||||||REQ1", "P7").replace("P03", "P11")) == "AR"
    assert owes(house, exam)


def test_a_cancelled_registration_is_left_alone(small_house: InterfaceHouse) -> None:
    house = small_house
    house.connection()
    exam = an_exam(house)
    house.call(CancelExam(exam_id=exam.row.id, version=exam.row.version, reason="患者要求"), CLERK)
    assert house.code(a_payment("FT1|1|T1||20261121||PY|X|||1|10||||||||||||REQ1")) == "AA"
    assert owes(house, exam)
