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
            return value.split("=")[0] if vr_of(tag) == b"PN" else value
        return _name(value) if vr_of(tag) == b"PN" else _text(value)
    if isinstance(value, list | tuple):
        return [in_ascii(item) for item in value if isinstance(item, Mapping)]
    return value


@lru_cache(maxsize=4096)
def _name(value: str) -> str:
    """Only the alphabetic group of a PN (PS3.5 6.2.1), made from the ideographic one where the sender left none."""
    from shared.dicomkit.names import romanised, shown_name

    first = value.split("=", maxsplit=1)[0]
    if first.strip(" ^") and first.isascii():
        return first
    return _text(romanised(shown_name(value)))[:64]


@lru_cache(maxsize=4096)
def _text(value: str) -> str:
    from shared.dicomkit.names import is_chinese, word_syllables

    if is_chinese(value):
        words = []
        for syllable in word_syllables(value):
            plain = syllable.rstrip("12345").replace("v", "u") if syllable[-1:].isdigit() else syllable
            words.append(plain.capitalize() if plain != syllable else plain)
        value = "".join(words)
    bare = unicodedata.normalize("NFKD", value)
    return "".join(c if c.isascii() else "" if unicodedata.combining(c) else "?" for c in bare)
