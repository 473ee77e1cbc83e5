"""The citizen's identity number: what is accepted, what is refused, and with which words."""

from __future__ import annotations

from datetime import date

import pytest

from clients.registration.identity_number import (
    WrongIdentityNumber,
    check_digit,
    is_other_document,
    read_identity_number,
)
from shared.domain.states import Sex

TODAY = date(2026, 11, 21)


def test_the_example_of_the_standard_is_read() -> None:
    # GB 11643-1999, annex: 11010519491231002X
    identity = read_identity_number("11010519491231002x", TODAY)
    assert identity.number == "11010519491231002X"
    assert identity.birth_date == date(1949, 12, 31)
    assert identity.sex is Sex.FEMALE


def test_an_odd_seventeenth_digit_is_a_man() -> None:
    number = "11010119680312001"
    assert read_identity_number(number + check_digit(number), TODAY).sex is Sex.MALE


@pytest.mark.parametrize(
    ("number", "word"),
    [
        ("1101051949123100", "18 位"),
        ("11010519491231002A", "末位可为 X"),
        ("110105194913310021", "出生日期"),
        ("110105209912310021", "出生日期"),
        ("110105194912310021", "校验位"),
    ],
)
def test_a_wrong_number_is_refused_with_a_sentence_that_says_where(number: str, word: str) -> None:
    with pytest.raises(WrongIdentityNumber) as refused:
        read_identity_number(number, TODAY)
    assert word in str(refused.value)


def test_every_single_wrong_digit_is_found() -> None:
    good = "11010519491231002X"
    for place in range(17):
        for digit in "0123456789":
            wrong = good[:place] + digit + good[place + 1 :]
            if wrong != good:
                assert check_digit(wrong[:17]) != wrong[17]


def test_passports_are_other_documents() -> None:
    assert is_other_document("E12345678")
    assert not is_other_document("110105194912310021")
