"""The citizen's identity number of GB 11643-1999: check digit, birth date and sex; knows no screen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from shared.domain.states import Sex

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_FORM = re.compile(r"^\d{17}[\dX]$")


class WrongIdentityNumber(ValueError):
    """The number cannot be a citizen's identity number; the argument is a Chinese source sentence for the screen."""


@dataclass(frozen=True)
class IdentityNumber:
    """A number whose check digit is right, and what it says of its holder."""

    number: str
    birth_date: date
    sex: Sex


def is_other_document(text: str) -> bool:
    """True for passports and permits, which begin with a letter and carry no check digit known here."""
    return bool(re.match(r"^[A-Za-z]", text.strip()))


def read_identity_number(text: str, today: date) -> IdentityNumber:
    """Check an 18-character number (GB 11643-1999, 4.5: ISO 7064 MOD 11-2) and read birth date and sex.

    Raises WrongIdentityNumber with a sentence that says what is wrong.
    """
    number = text.strip().upper()
    if len(number) != 18:
        raise WrongIdentityNumber("身份证号应为 18 位，请核对。")
    if not _FORM.match(number):
        raise WrongIdentityNumber("身份证号只能由数字组成，末位可为 X。")
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as error:
        raise WrongIdentityNumber("身份证号中的出生日期不存在，请核对第 7 至 14 位。") from error
    if not date(1880, 1, 1) <= born <= today:
        raise WrongIdentityNumber("身份证号中的出生日期不存在，请核对第 7 至 14 位。")
    if check_digit(number[:17]) != number[17]:
        raise WrongIdentityNumber("身份证号校验位不符，请逐位核对。")
    return IdentityNumber(number, born, Sex.MALE if int(number[16]) % 2 else Sex.FEMALE)


def check_digit(first_seventeen: str) -> str:
    """The eighteenth character that belongs to the first seventeen digits (ISO 7064 MOD 11-2)."""
    return _CHECK[sum(int(digit) * weight for digit, weight in zip(first_seventeen, _WEIGHTS, strict=True)) % 11]
