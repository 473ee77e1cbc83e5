"""Answers for devices that know ASCII only: names and texts in pinyin, other letters without their accents."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from server.doors.dicom.attributes import vr_of
from server.doors.dicom.ports import Attributes, AttributeValue


def in_ascii(attributes: Attributes) -> dict[int, AttributeValue]:
    """The attributes with every text in ASCII; items of sequences too."""
    return {tag: _value(tag, value) for tag, value in attributes.items()}


def _value(tag: int, value: AttributeValue) -> AttributeValue:
    if isinstance(value, str):
        if value.isascii():
            return value.split("=", maxsplit=1)[0] if vr_of(tag) == b"PN" else value
        return _name(value) if vr_of(tag) == b"PN" else _text(value)
    if isinstance(value, list | tuple):
        return [in_ascii(item) for item in value if isinstance(item, Mapping)]
    return value


@lru_cache(maxsize=4096)
def _name(value: str) -> str:
    """Only the alphabetic group of each PN (PS3.5 6.2.1), made from the ideographic one where there is none."""
    from shared.dicomkit.names import ascii_name

    return "\\".join(map(ascii_name, value.split("\\")))


@lru_cache(maxsize=4096)
def _text(value: str) -> str:
    from shared.dicomkit.charsets import ASCII, fitted

    folded = unicodedata.normalize("NFKD", value)
    return fitted("".join(c for c in folded if not unicodedata.combining(c)), ASCII)
