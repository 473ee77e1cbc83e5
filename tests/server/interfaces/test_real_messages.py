"""Every real sample message is accepted or refused with a proper acknowledgement, and none is obeyed twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.contract.interfaces import MessageState
from shared.hl7.message import parse
from tests.interface_house import InterfaceHouse

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "data" / "hl7v2"
FILES = sorted(SAMPLES.rglob("*.hl7*")) if SAMPLES.is_dir() else []
CODES = {"24725-4": "CT001", "24317-0": "CT001"}

pytestmark = pytest.mark.skipif(not FILES, reason="the sample messages are not here")


def test_each_real_message_gets_its_acknowledgement(small_house: InterfaceHouse) -> None:
    small_house.connection(allows_tests=True, codes=CODES)
    seen: dict[str, int] = {}
    for file in FILES:
        data = file.read_bytes()
        message = parse(data)
        before = {one.id: one.repeats for one in small_house.journal(text=message.control_id)}
        answers = small_house.take(data)
        assert len(small_house.take(data)) == len(answers), file.name
        entries = [one for one in small_house.journal(text=message.control_id) if before.get(one.id, -1) != one.repeats]
        (entry,) = entries
        assert entry.repeats > before.get(entry.id, 0), file.name
        assert entry.state in (MessageState.ACCEPTED, MessageState.REFUSED), file.name
        conditions = {message.header.value(15), message.header.value(16)} - {""}
        may_be_silent = message.code == "ACK" or conditions == {"NE"}
        may_be_silent |= conditions == {"ER"} and entry.state is MessageState.ACCEPTED
        assert answers or may_be_silent, file.name
        for answer in answers:
            msa = answer.first("MSA")
            assert msa is not None
            assert re.fullmatch("A[AER]|C[AER]", msa.value(1)), file.name
            assert msa.value(2) == message.control_id, file.name
            if msa.value(1) in ("AE", "AR", "CR"):
                assert answer.first("ERR") is not None, file.name
            seen[msa.value(1)] = seen.get(msa.value(1), 0) + 1
        if (message.code, message.event) == ("DFT", "P03"):  # a charge: taken, and nothing to do
            assert entry.state is MessageState.ACCEPTED, file.name
        elif message.code not in ("ORM", "OMG", "OMI", "ADT"):
            assert entry.state is MessageState.REFUSED, file.name
            assert {answer.first("MSA").value(1) for answer in answers} <= {"AR", "CR"}, file.name  # type: ignore[union-attr]
    assert seen["AA"] >= 10 and seen["AE"] >= 3 and seen["AR"] >= 20, seen


@pytest.mark.parametrize("name", ["ORM-O01-02.hl7", "LAB-ORM-1.hl7"])
def test_a_real_order_becomes_an_application(small_house: InterfaceHouse, name: str) -> None:
    small_house.connection(codes=CODES)
    (answer,) = small_house.take((SAMPLES / name).read_bytes())
    assert answer.first("MSA").value(1) == "AA"  # type: ignore[union-attr]
    (entry,) = small_house.journal()
    with small_house.database.read() as uow:
        (found,) = small_house.hospital.applications.find(uow, entry.order_number)
    assert found.items[0].code == "CT001"
    assert found.patient.name in ("EVERYMAN ADAM A", "DUCK DONALD D")
