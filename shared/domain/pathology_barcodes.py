"""What the barcodes of pathology say, and how a scanned text is read.

A payload is what a person reads under the barcode, a dot, a letter for the kind, and a check character:

    2400123.CK        case       2400123/1.P8      specimen
    2400123-A.B7      block      2400123-A-01.S4   slide

The number comes first, so that a label stays legible with any other program and a case's labels sort together. It is
short: a slide of a seven-digit case has 15 characters, 16 mm of Code 128 at 300 dpi with two dots a module. The kind
keeps a block apart from a slide whose number would look alike, and the check character finds every single wrong
character and every swapped pair (ISO/IEC 7064, MOD 37-2, over digits, letters and a separator). Only characters
that a keyboard scanner types without Shift in their usual case are used; case is folded when read.

What a person types has no dot: it is a number, and what it names is looked up.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from shared.domain.pathology import ObjectKind

MAX_CODE = 64
"""The longest text that is looked at."""
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
_LETTERS = {ObjectKind.CASE: "C", ObjectKind.SPECIMEN: "P", ObjectKind.BLOCK: "B", ObjectKind.SLIDE: "S"}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}
_CASE = r"[A-Z0-9]{1,20}"
_SERIAL = r"[A-Z0-9]{1,4}"
_NUMBERS = {
    ObjectKind.CASE: re.compile(_CASE),
    ObjectKind.SPECIMEN: re.compile(rf"{_CASE}/[1-9][0-9]{{0,2}}"),
    ObjectKind.BLOCK: re.compile(rf"{_CASE}-{_SERIAL}"),
    ObjectKind.SLIDE: re.compile(rf"{_CASE}-{_SERIAL}-[0-9]{{2,4}}"),
}


class BadCode(ValueError):
    """A text is no code of pathology; the message is a Chinese sentence for the bench."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a code says. `kind` is None for a typed number, which may name any object of a fitting form."""

    number: str
    kind: ObjectKind | None = None


def make_code(kind: ObjectKind, number: str) -> str:
    """Return the payload of an object's barcode. Raises ValueError for a number that its kind cannot have."""
    if not _NUMBERS[kind].fullmatch(number):
        raise ValueError(f"{number!r} is no number of a {kind}")
    letter = _LETTERS[kind]
    return f"{number}.{letter}{check_character(number + letter)}"


def read_code(text: str) -> Code:
    """Return what was scanned or typed. Raises BadCode: too long, strange characters, damaged, of another system."""
    if len(text) > MAX_CODE:
        raise BadCode("条码过长，不是病理系统的条码。")
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if not plain:
        raise BadCode("没有读到条码，请重新扫描。")
    number, dot, tail = plain.partition(".")
    if not dot:
        if any(form.fullmatch(number) for form in _NUMBERS.values()):
            return Code(number)
        raise BadCode("这不是病理系统的条码或编号，请核对后重新扫描。")
    kind = _KINDS.get(tail[:1])
    if kind is None or len(tail) != 2 or not _NUMBERS[kind].fullmatch(number):
        raise BadCode("这不是病理系统的条码，请核对后重新扫描。")
    if check_character(number + tail[0]) != tail[1]:
        raise BadCode("条码校验不符，可能破损或漏读，请重新扫描。")
    return Code(number, kind)


def fits(kind: ObjectKind, number: str) -> bool:
    """Say whether a number has the form of this kind's numbers."""
    return bool(_NUMBERS[kind].fullmatch(number))


def check_character(text: str) -> str:
    """Return the check character of MOD 37-2 (ISO/IEC 7064); "/" counts as "-", which no kind has beside it."""
    value = 0
    for character in text:
        value = (value + _ALPHABET.index("-" if character == "/" else character)) * 2 % 37
    return _ALPHABET[(1 - value) % 37]


def specimen_number(case_number: str, serial: int) -> str:
    """Return what a container is called: 2400123/1."""
    return f"{case_number}/{serial}"


def block_number(case_number: str, serial: str) -> str:
    """Return what a block is called: 2400123-A (PA-NUM-07)."""
    return f"{case_number}-{serial}"


def slide_number(block: str, serial: int) -> str:
    """Return what a slide is called: 2400123-A-01 (PA-NUM-08). `block` is the block's number, or case and specimen."""
    return f"{block}-{serial:02d}"
