"""How a ticket number is said in Chinese: 十二号, A十二号, A零一二号; knows no voice."""

from __future__ import annotations

import re

from shared.contract.halls import SpokenNumber

_DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_TICKET = re.compile(r"([A-Za-z]*)0*([0-9]+)")
MOST_DIGITS = 4
"""Numbers with more digits are always said one by one."""


def cardinal(number: int) -> str:
    """A number below 10000 as a Chinese cardinal: 12 十二, 105 一百零五, 110 一百一十."""
    if not 0 <= number < 10_000:
        raise ValueError(f"{number} is not below 10000")
    if number < 10:
        return _DIGITS[number]
    spoken, skipped = "", False
    digits = str(number)
    for place, digit in enumerate(digits):
        if digit == "0":
            skipped = True
            continue
        spoken += ("零" if skipped else "") + _DIGITS[int(digit)] + _UNITS[len(digits) - 1 - place]
        skipped = False
    return spoken[1:] if spoken.startswith("一十") else spoken


def one_by_one(number: str, *, one_as_yao: bool = False) -> str:
    """Digits as Chinese characters, anything else unchanged; 1 is 幺 where the hall wants it."""
    digits = _DIGITS.replace("一", "幺") if one_as_yao else _DIGITS
    return "".join(digits[int(sign)] if sign.isascii() and sign.isdecimal() else sign for sign in number)


def ticket_words(number: str, style: SpokenNumber, *, one_as_yao: bool = False) -> str:
    """A ticket number without 号; one that is no letters and digits is said one by one."""
    found = _TICKET.fullmatch(number)
    if style is SpokenNumber.DIGITS or found is None or len(found.group(2)) > MOST_DIGITS:
        return one_by_one(number, one_as_yao=one_as_yao)
    letters = found.group(1) if style is SpokenNumber.WITH_LETTER else ""
    return letters + cardinal(int(found.group(2)))
