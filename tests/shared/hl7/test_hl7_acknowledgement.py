"""Acknowledgements in the version of the message, readable by python-hl7."""

from __future__ import annotations

from datetime import UTC, datetime

import hl7
import pytest

from shared.hl7.acknowledgement import CONDITIONS, Answering, Fault, acknowledgements, code_of
from shared.hl7.message import Message, parse

WITH = Answering(lambda: "ID1", lambda: datetime(2026, 3, 1, tzinfo=UTC), UTC)


def asked(version: str = "2.5", more: str = "") -> Message:
    return parse(f"MSH|^~\\&|HIS^1.2^ISO|H|RIS|R|20260101||ORM^O01|M7|P|{version}{more}\rPID|1".encode())


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "9", ""])
def test_a_positive_answer_goes_back_to_the_sender(version: str) -> None:
    (text,) = acknowledgements(asked(version), None, WITH)
    answer = hl7.parse(text)
    msh, msa = answer.segment("MSH"), answer.segment("MSA")
    assert (str(msa[1]), str(msa[2])) == ("AA", "M7")
    assert (str(msh[3]), str(msh[4]), str(msh[5]), str(msh[6])) == ("RIS", "R", "HIS^1.2^ISO", "H")
    assert str(msh[9]).startswith("ACK^O01")
    assert str(msh[10]) == "ID1"


@pytest.mark.parametrize("code", CONDITIONS)
def test_a_negative_answer_names_condition_and_place(code: str) -> None:
    fault = Fault(code, "a | sentence", ("OBR", 2, 4), "一句话")
    (new,) = acknowledgements(asked("2.5"), fault, WITH)
    err = hl7.parse(new).segment("ERR")
    assert (str(err[2]), str(err[3])) == ("OBR^2^4", f"{code}^{CONDITIONS[code]}^HL70357")
    assert (str(err[4]), str(err[8])) == ("E", "一句话")
    (old,) = acknowledgements(asked("2.3"), fault, WITH)
    assert str(hl7.parse(old).segment("ERR")[1]) == f"OBR^2^4^{code}&{CONDITIONS[code]}&HL70357"
    assert str(hl7.parse(old).segment("MSA")[1]) == code_of(fault)
    assert code_of(fault) == ("AR" if code in ("200", "201", "202", "203") else "AE")


def test_a_rejection_is_told_by_whichever_acknowledgement_is_wanted() -> None:
    fault = Fault("200", "not for us")
    assert [_code(one) for one in acknowledgements(asked("2.5", "|||NE|AL"), fault, WITH)] == ["AR"]
    assert [_code(one) for one in acknowledgements(asked("2.5", "|||AL|AL"), fault, WITH)] == ["CR"]


def test_an_acknowledgement_is_never_acknowledged() -> None:
    message = parse(b"MSH|^~\\&|A|B|C|D|20260101||ACK^O01|M7|P|2.5|||AL|AL\rMSA|AA|1")
    assert acknowledgements(message, Fault("200", "not for us"), WITH) == []


def _code(text: str) -> str:
    return str(hl7.parse(text).segment("MSA")[1])


def test_the_application_acknowledgement_of_enhanced_mode_asks_for_none_itself() -> None:
    commit, application = acknowledgements(asked("2.5", "|||AL|AL"), None, WITH)
    assert str(hl7.parse(commit).segment("MSA")[1]) == "CA"
    msh = hl7.parse(application).segment("MSH")
    assert (str(msh[15]), str(msh[16])) == ("NE", "NE")
