"""Identity cards, ages and search keys."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.patients.names import initials_for
from server.patients.rules import (
    age_text,
    dicom_age,
    fault_of_birth_date,
    flat,
    read_identity,
)
from shared.domain.identity_documents import IdentityError, check_character
from shared.domain.states import Sex


def an_identity(born: date = date(1949, 12, 31), sequence: int = 2, region: str = "110102") -> str:
    body = f"{region}{born:%Y%m%d}{sequence:03d}"
    return body + check_character(body)


def test_the_standards_own_example_is_read() -> None:
    card = read_identity("11010519491231002X")  # GB 11643-1999, example of the check character
    assert card is not None
    assert (card.birth_date, card.sex) == (date(1949, 12, 31), Sex.FEMALE)


def test_small_x_and_blanks_are_taken() -> None:
    card = read_identity(" 110105 19491231 002x ")
    assert card is not None and card.number == "11010519491231002X"


@given(born=st.dates(date(1900, 1, 1), date(2026, 1, 1)), sequence=st.integers(0, 999), at=st.integers(0, 16))
def test_one_wrong_digit_is_always_found(born: date, sequence: int, at: int) -> None:
    number = an_identity(born, sequence)
    card = read_identity(number)
    assert card is not None and card.birth_date == born
    assert card.sex is (Sex.MALE if sequence % 2 else Sex.FEMALE)
    wrong = number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]
    with pytest.raises(IdentityError):
        read_identity(wrong)


def test_the_old_card_of_15_digits_is_read() -> None:
    card = read_identity("110105491231003")
    assert card is not None and (card.birth_date, card.sex) == (date(1949, 12, 31), Sex.MALE)


@pytest.mark.parametrize("number", ["E12345678", "H1234567890", "A123456(7)"])
def test_other_documents_say_nothing_of_birth_and_sex(number: str) -> None:
    assert read_identity(number) is None


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("1101051949123100", "应为 18 位"),
        ("110105194913310027", "校验位|出生日期"),
        ("张三", "字母和数字"),
        ("E" * 21, "字母和数字"),
    ],
)
def test_wrong_numbers_are_refused_with_a_sentence(number: str, sentence: str) -> None:
    with pytest.raises(IdentityError, match=sentence):
        read_identity(number)


def test_a_day_that_does_not_exist_is_refused_even_with_a_right_check_character() -> None:
    body = "11010519490231002"
    with pytest.raises(IdentityError, match="出生日期不存在"):
        read_identity(body + check_character(body))


@pytest.mark.parametrize(
    ("born", "on", "text", "dicom"),
    [
        (date(1981, 11, 21), date(2026, 11, 21), "45岁", "045Y"),
        (date(1981, 11, 22), date(2026, 11, 21), "44岁", "044Y"),
        (date(2025, 11, 21), date(2026, 11, 21), "1岁", "001Y"),
        (date(2026, 8, 21), date(2026, 11, 21), "3月", "003M"),
        (date(2026, 10, 31), date(2026, 11, 30), "30天", "030D"),
        (date(2026, 11, 9), date(2026, 11, 21), "12天", "012D"),
        (date(2026, 11, 21), date(2026, 11, 21), "0天", "000D"),
        (date(2024, 2, 29), date(2025, 2, 28), "11月", "011M"),
        (None, date(2026, 11, 21), "", ""),
        (date(2026, 11, 22), date(2026, 11, 21), "", ""),
    ],
)
def test_ages_are_written_as_radiology_writes_them(born: date | None, on: date, text: str, dicom: str) -> None:
    assert (age_text(born, on), dicom_age(born, on)) == (text, dicom)


def test_impossible_dates_of_birth_are_refused() -> None:
    today = date(2026, 11, 21)
    assert fault_of_birth_date(date(2026, 11, 22), today) is not None
    assert fault_of_birth_date(date(1840, 1, 1), today) is not None
    assert fault_of_birth_date(today, today) is None


def test_search_keys_are_flat() -> None:
    assert flat("Ouyang^Xiao Ming") == "ouyangxiaoming"
    assert initials_for("欧阳小明", "Ouyang^Xiaoming") == "oyxm"
    assert initials_for("John Smith", "Smith^John") == "sj"
