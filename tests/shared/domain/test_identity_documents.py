"""Identity documents: what is accepted, what is refused, and with which words."""

from __future__ import annotations

from datetime import date

import pytest

from shared.domain.identity_documents import (
    DocumentKind,
    IdentityError,
    check_character,
    kind_of,
    normal_number,
    read_document,
    upgraded,
)
from shared.domain.states import Sex

TODAY = date(2026, 11, 21)
STANDARD = "11010519491231002X"  # GB 11643-1999, annex


def complete(body: str) -> str:
    return body + check_character(body)


def test_the_example_of_the_standard_is_read() -> None:
    identity = read_document("11010519491231002x", today=TODAY)
    assert identity.kind is DocumentKind.RESIDENT
    assert (identity.number, identity.birth_date, identity.sex) == (STANDARD, date(1949, 12, 31), Sex.FEMALE)


def test_an_odd_seventeenth_digit_is_a_man() -> None:
    assert read_document(complete("11010119680312001"), today=TODAY).sex is Sex.MALE


@pytest.mark.parametrize(
    ("number", "word"),
    [
        ("1101051949123100", "18 位"),
        ("11010519491231002A", "末位可为 X"),
        ("110105194913310021", "出生日期"),
        ("110105209912310021", "校验位|出生日期"),
        (complete("11010520991231002"), "出生日期"),
        ("110105194912310021", "校验位"),
        (complete("10010519491231002"), "地区代码"),
        ("110105491331002", "出生日期"),
        ("000105491231002", "地区代码"),
    ],
)
def test_a_wrong_card_is_refused_with_a_sentence_that_says_where(number: str, word: str) -> None:
    with pytest.raises(IdentityError, match=word):
        read_document(number, DocumentKind.RESIDENT, today=TODAY)


def test_every_single_wrong_digit_is_found() -> None:
    for place in range(17):
        for digit in "0123456789":
            wrong = STANDARD[:place] + digit + STANDARD[place + 1 :]
            if wrong != STANDARD:
                with pytest.raises(IdentityError):
                    read_document(wrong, DocumentKind.RESIDENT, today=TODAY)


def test_the_old_card_and_its_new_number_are_one_person() -> None:
    old = read_document("110105491231002", today=TODAY)
    assert (old.birth_date, old.sex) == (date(1949, 12, 31), Sex.FEMALE)
    assert upgraded(old.number) == STANDARD


@pytest.mark.parametrize("region", ["810000", "820000", "830000"])
def test_residence_permits_of_hong_kong_macao_and_taiwan_are_checked_like_cards(region: str) -> None:
    permit = read_document(complete(f"{region}19900515003"), today=TODAY)
    assert (permit.kind, permit.birth_date, permit.sex) == (DocumentKind.RESIDENT, date(1990, 5, 15), Sex.MALE)


def test_the_new_permanent_residence_card_tells_birth_and_sex() -> None:
    number = complete("91184019850623004")
    card = read_document(number, today=TODAY)
    assert (card.kind, card.birth_date, card.sex) == (DocumentKind.FOREIGN_RESIDENT, date(1985, 6, 23), Sex.FEMALE)
    with pytest.raises(IdentityError, match="校验位"):
        read_document(number[:-1] + ("0" if number[-1] != "0" else "1"), today=TODAY)


def test_the_old_permanent_residence_card_is_taken_but_tells_no_birth_date() -> None:
    card = read_document("USA110085062310", today=TODAY)
    assert (card.kind, card.birth_date) == (DocumentKind.FOREIGN_RESIDENT, None)
    with pytest.raises(IdentityError, match="出生日期"):
        read_document("USA110085134510", today=TODAY)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("E12345678", DocumentKind.PASSPORT),
        ("EA1234567", DocumentKind.PASSPORT),
        ("h12345678", DocumentKind.HONG_KONG_MACAO),
        ("M1234567801", DocumentKind.HONG_KONG_MACAO),
        ("12345678", DocumentKind.TAIWAN),
        ("1234567890A", DocumentKind.TAIWAN),
        ("军字第1234567", DocumentKind.OTHER),
        ("", DocumentKind.RESIDENT),
        ("1101051949123", DocumentKind.RESIDENT),
    ],
)
def test_the_kind_is_guessed_from_the_number(number: str, kind: DocumentKind) -> None:
    assert kind_of(number) is kind
    if number and kind is not DocumentKind.RESIDENT:
        read = read_document(number, today=TODAY)
        assert (read.kind, read.birth_date, read.sex) == (kind, None, Sex.UNKNOWN)


@pytest.mark.parametrize(
    ("number", "kind", "word"),
    [
        ("H1234567", DocumentKind.HONG_KONG_MACAO, "H 或 M"),
        ("1234567", DocumentKind.TAIWAN, "8 位数字"),
        ("E12", DocumentKind.PASSPORT, "5 至 17 位"),
        ("a b", DocumentKind.OTHER, "4 到 20 位"),
        ("12345", DocumentKind.FOREIGN_RESIDENT, "9 开头"),
    ],
)
def test_a_wrong_number_of_another_kind_is_refused(number: str, kind: DocumentKind, word: str) -> None:
    with pytest.raises(IdentityError, match=word):
        read_document(number, kind, today=TODAY)


def test_full_width_signs_and_blanks_are_taken() -> None:
    assert normal_number(" １１０１０５ 19491231 002x ") == STANDARD
