"""What is true of patients without any database: identity cards, ages, search keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from shared.domain.states import Sex

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_CARD_18 = re.compile(r"\d{17}[\dX]\Z")
_CARD_15 = re.compile(r"\d{15}\Z")
_OTHER_DOCUMENT = re.compile(r"[A-Z0-9()/-]{4,20}\Z")
_FIRST_YEAR = 1850
OLDEST_YEARS = 150


@dataclass(frozen=True)
class IdentityCard:
    """What an identity card number says of its holder."""

    number: str
    birth_date: date
    sex: Sex


class IdentityError(ValueError):
    """A text is not a usable identity number; the message is a sentence for the clerk."""


def normal_id_number(text: str) -> str:
    """Return an identity number as it is stored: upper case, without blanks."""
    return "".join(text.split()).upper()


def read_identity(text: str) -> IdentityCard | None:
    """Read a resident identity card number (GB 11643-1999, or the older one of 15 digits).

    Returns None for another document (passport, permit: 4 to 20 letters and digits). Raises IdentityError.
    """
    number = normal_id_number(text)
    if _CARD_18.match(number):
        if check_character(number[:17]) != number[17]:
            raise IdentityError("身份证号的校验位不对，请核对是否输错了数字。")
        return _card(number, number[6:14], int(number[16]))
    if _CARD_15.match(number):
        return _card(number, "19" + number[6:12], int(number[14]))
    if number.isdigit() and len(number) > 11:
        raise IdentityError(f"身份证号应为 18 位，现在是 {len(number)} 位。")
    if not _OTHER_DOCUMENT.match(number):
        raise IdentityError("证件号只能是 4 到 20 位字母和数字。")
    return None


def check_character(body: str) -> str:
    """Return the check character of 17 digits (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return _CHECK[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def _card(number: str, digits: str, sequence: int) -> IdentityCard:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise IdentityError("身份证号中的出生日期不存在，请核对。") from None
    return IdentityCard(number, born, Sex.MALE if sequence % 2 else Sex.FEMALE)


def fault_of_birth_date(born: date, today: date) -> str | None:
    """Say what is wrong with a date of birth, or None."""
    if born > today:
        return "出生日期不能晚于今天。"
    if born.year < _FIRST_YEAR or today.year - born.year > OLDEST_YEARS:
        return "出生日期太早，请核对年份。"
    return None


def age_text(born: date | None, on: date) -> str:
    """Return the age on a day as Chinese radiology writes it: "45岁", below one year "3月", below a month "12天"."""
    if born is None or born > on:
        return ""
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    if months >= 12:
        return f"{months // 12}岁"
    return f"{months}月" if months >= 1 else f"{(on - born).days}天"


def dicom_age(born: date | None, on: date) -> str:
    """Return the age as DICOM VR AS: "045Y", "003M", "012D" (PS3.5 6.2); empty when unknown."""
    text = age_text(born, on)
    if not text:
        return ""
    return f"{int(text[:-1]):03d}{ {'岁': 'Y', '月': 'M', '天': 'D'}[text[-1]] }"


def flat(text: str) -> str:
    """Return a name or number as search keys are kept: lower case, only letters and digits."""
    return "".join(character for character in text.casefold() if character.isalnum())
