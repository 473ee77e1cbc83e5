"""Takes out of a text what names the patient, the staff or the day; and finds what is left of the patient. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

PATIENT, STAFF, DAY, NUMBER = "患者", "某医生", "某日", "＊"

_DAYS = re.compile(
    r"(?:19|20)\d{2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?(?:\s*\d{1,2}[:：]\d{2}(?:[:：]\d{2})?)?"
    r"|(?:19|20)\d{2}\s*年\s*\d{1,2}\s*月"
    r"|(?<!\d)\d{1,2}\s*月\s*\d{1,2}\s*日"
    r"|(?<!\d)(?:19|20)\d{6}(?!\d)"
)
_NUMBERS = re.compile(r"(?<![\dA-Za-z])(?:\d{17}[\dXx]|1[3-9]\d{9}|[A-Za-z]{0,4}\d{7,})(?![\dA-Za-z])")
_OLDEST = 89
"""Years up to which an age may be told (45 CFR 164.514(b)(2)(i)(C))."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What must not be in a teaching file: names of the patient (as written), names of staff, numbers."""

    names: tuple[str, ...]
    staff: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


def clean(text: str, identity: Identity) -> str:
    """Return the text without names, days and numbers; medical sizes and counts stay."""
    for name in _long_first(identity.names):
        text = re.sub(re.escape(name), PATIENT, text, flags=re.IGNORECASE)
    for name in _long_first(identity.staff):
        text = re.sub(re.escape(name), STAFF, text, flags=re.IGNORECASE)
    for number in _long_first(identity.numbers):
        text = re.sub(re.escape(number), NUMBER, text, flags=re.IGNORECASE)
    return _NUMBERS.sub(NUMBER, _DAYS.sub(DAY, text))


def leftover(text: str, identity: Identity) -> str:
    """Return a name or number of the patient that the text still holds, empty when there is none."""
    low = text.casefold()
    for word in (*_long_first(identity.names), *_long_first(identity.numbers)):
        if word.casefold() in low:
            return word
    found = _NUMBERS.search(text)
    return found.group() if found else ""


def told_age(age: str) -> str:
    """Return an age that may be told: years up to 89, above them "90岁以上"."""
    years = age[:-1] if age.endswith("岁") else ""
    return "90岁以上" if years.isdigit() and int(years) > _OLDEST else age


def _long_first(words: Iterable[str]) -> list[str]:
    """Words of two letters or more; a shorter one would take half the text with it."""
    return sorted({word.strip() for word in words if len(word.strip()) >= 2}, key=len, reverse=True)
