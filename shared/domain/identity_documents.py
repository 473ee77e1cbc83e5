"""Identity documents: their kinds, the checks of their numbers, and the birth date and sex that a number tells."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

import msgspec

from shared.domain.states import Sex


class DocumentKind(StrEnum):
    """证件类型."""

    RESIDENT = "resident"  # 居民身份证, 港澳台居民居住证
    FOREIGN_RESIDENT = "foreign_resident"  # 外国人永久居留身份证
    HONG_KONG_MACAO = "hong_kong_macao"  # 港澳居民来往内地通行证
    TAIWAN = "taiwan"  # 台湾居民来往大陆通行证
    PASSPORT = "passport"  # 护照
    OTHER = "other"  # 军官证, 出生医学证明 …


class IdentityError(ValueError):
    """A text is not a usable number; the message is a Chinese sentence for the clerk."""


class IdentityDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A checked number; birth date and sex where the number tells them."""

    kind: DocumentKind
    number: str
    birth_date: date | None = None
    sex: Sex = Sex.UNKNOWN


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_CARD_18 = re.compile(r"\d{17}[\dX]\Z")
_CARD_15 = re.compile(r"\d{15}\Z")
_FOREIGN_15 = re.compile(r"[A-Z]{3}\d{12}\Z")
_HONG_KONG_MACAO = re.compile(r"[HM](\d{8}|\d{10})\Z")
_TAIWAN = re.compile(r"(\d{8}|\d{10}|\d{10}[A-Z])\Z")
_PASSPORT = re.compile(r"[A-Z0-9]{5,17}\Z")
_OTHER = re.compile(r"[A-Z0-9\u4e00-\u9fff()/-]{4,20}\Z")
_EARLIEST = date(1850, 1, 1)

_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)
"""First two digits of a citizen's number (GB/T 2260); 81 to 83 are residence permits of Hong Kong, Macao, Taiwan."""


def normal_number(text: str) -> str:
    """An identity number as it is stored: upper case, without blanks; full-width signs become plain ones."""
    plain = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in text)
    return "".join(plain.split()).upper()


def check_character(body: str) -> str:
    """The check character of 17 digits (GB 11643-1999, 4.5: ISO 7064 MOD 11-2)."""
    return _CHECK[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def upgraded(number: str) -> str:
    """The 18 characters of a card of 15 digits: the century is 19 (GB 11643-1989 cards were made until 1999)."""
    body = number[:6] + "19" + number[6:]
    return body + check_character(body)


def kind_of(text: str) -> DocumentKind:
    """The kind that a number most likely is; what cannot be told apart counts as a citizen's card or a passport."""
    number = normal_number(text)
    if _CARD_18.match(number):
        return DocumentKind.FOREIGN_RESIDENT if number[0] == "9" else DocumentKind.RESIDENT
    if _FOREIGN_15.match(number):
        return DocumentKind.FOREIGN_RESIDENT
    if _HONG_KONG_MACAO.match(number):
        return DocumentKind.HONG_KONG_MACAO
    if number.isdigit() and len(number) <= 11:
        return DocumentKind.TAIWAN if len(number) == 8 else DocumentKind.OTHER
    if re.match(r"\d{10}[A-Z]\Z", number):
        return DocumentKind.TAIWAN
    if _PASSPORT.match(number) and number[:1].isalpha():
        return DocumentKind.PASSPORT
    looks_like_a_card = number[:1].isdigit() and len(number) > 11
    return DocumentKind.RESIDENT if looks_like_a_card or not number else DocumentKind.OTHER


def read_document(text: str, kind: DocumentKind | None = None, *, today: date | None = None) -> IdentityDocument:
    """Check a number and read what it tells; the kind is guessed when None.

    Raises IdentityError with a sentence that says what is wrong.
    """
    number = normal_number(text)
    chosen = kind or kind_of(number)
    read = {
        DocumentKind.RESIDENT: _resident,
        DocumentKind.FOREIGN_RESIDENT: _foreign_resident,
        DocumentKind.HONG_KONG_MACAO: _hong_kong_macao,
        DocumentKind.TAIWAN: _taiwan,
        DocumentKind.PASSPORT: _passport,
        DocumentKind.OTHER: _other,
    }[chosen]
    document = read(number)
    born = document.birth_date
    if born is not None and (born < _EARLIEST or (today is not None and born > today)):
        raise IdentityError("身份证号中的出生日期不存在，请核对第 7 至 14 位。")
    return document


def _resident(number: str) -> IdentityDocument:
    if _CARD_15.match(number):
        if number[:2] not in _PROVINCES:
            raise IdentityError("身份证号前两位不是有效的地区代码，请核对。")
        return _card(DocumentKind.RESIDENT, number, "19" + number[6:12], int(number[14]))
    if len(number) != 18:
        raise IdentityError("身份证号应为 18 位（旧证 15 位），请核对。")
    if not _CARD_18.match(number):
        raise IdentityError("身份证号只能由数字组成，末位可为 X。")
    if number[:2] not in _PROVINCES:
        raise IdentityError("身份证号前两位不是有效的地区代码，请核对。")
    card = _card(DocumentKind.RESIDENT, number, number[6:14], int(number[16]))
    if check_character(number[:17]) != number[17]:
        raise IdentityError("身份证号校验位不符，请逐位核对。")
    return card


def _foreign_resident(number: str) -> IdentityDocument:
    if _FOREIGN_15.match(number):  # cards of 2004: nationality, place, birth date YYMMDD, sequence, check digit
        return _card_of_two_digit_year(number)
    if not _CARD_18.match(number) or number[0] != "9":
        raise IdentityError("永久居留身份证号应为 9 开头的 18 位，或 3 个字母加 12 位数字，请核对。")
    card = _card(DocumentKind.FOREIGN_RESIDENT, number, number[6:14], int(number[16]))
    if check_character(number[:17]) != number[17]:
        raise IdentityError("永久居留身份证号校验位不符，请逐位核对。")
    return card


def _card_of_two_digit_year(number: str) -> IdentityDocument:
    """The old permanent residence card; its year has two digits, so the birth date is only checked, never filled in."""
    try:
        date(2000, int(number[9:11]), int(number[11:13]))  # a leap year: 29 February exists
    except ValueError:
        raise IdentityError("永久居留证号中的出生日期不存在，请核对。") from None
    return IdentityDocument(kind=DocumentKind.FOREIGN_RESIDENT, number=number)


def _hong_kong_macao(number: str) -> IdentityDocument:
    if not _HONG_KONG_MACAO.match(number):
        raise IdentityError("港澳通行证号应为 H 或 M 加 8 位（或 10 位）数字，请核对。")
    return IdentityDocument(kind=DocumentKind.HONG_KONG_MACAO, number=number)


def _taiwan(number: str) -> IdentityDocument:
    if not _TAIWAN.match(number):
        raise IdentityError("台胞证号应为 8 位数字（旧证 10 位数字，可加一个字母），请核对。")
    return IdentityDocument(kind=DocumentKind.TAIWAN, number=number)


def _passport(number: str) -> IdentityDocument:
    if not _PASSPORT.match(number):
        raise IdentityError("护照号应为 5 至 17 位字母和数字，请核对。")
    return IdentityDocument(kind=DocumentKind.PASSPORT, number=number)


def _other(number: str) -> IdentityDocument:
    if not _OTHER.match(number):
        raise IdentityError("证件号只能是 4 到 20 位字母和数字。")
    return IdentityDocument(kind=DocumentKind.OTHER, number=number)


def _card(kind: DocumentKind, number: str, digits: str, sequence: int) -> IdentityDocument:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise IdentityError("身份证号中的出生日期不存在，请核对第 7 至 14 位。") from None
    return IdentityDocument(kind=kind, number=number, birth_date=born, sex=Sex.MALE if sequence % 2 else Sex.FEMALE)
