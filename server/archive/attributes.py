"""What a viewer needs to decode and place frames, as the index keeps it: once a series, then only differences."""

from __future__ import annotations

import struct
from typing import TypeAlias

import msgspec

from server.archive.header import BINARY_TAGS
from shared.dicomkit.charsets import decode_text

Value: TypeAlias = str | int | None
Attributes: TypeAlias = dict[int, Value]
"""Text values as DICOM writes them (several joined by backslashes), binary ones as numbers; None: absent here."""

_OWN_COLUMNS = frozenset({0x00080016, 0x00080018})  # SOP class and instance have columns of their own

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[int, Value]).decode


def of_tags(tags: dict[int, bytes], character_set: bytes, big_endian: bool) -> Attributes:
    """Raw values as attributes."""
    unsigned = struct.Struct(">H" if big_endian else "<H").unpack_from
    found: Attributes = {}
    for tag, raw in tags.items():
        if tag in _OWN_COLUMNS:
            continue
        if tag in BINARY_TAGS:
            if len(raw) >= 2:
                found[tag] = unsigned(raw)[0]
        else:
            found[tag] = decode_text(raw, character_set)
    return found


class SeriesAttributes:
    """The attributes of a series' first instance, and how those of another differ; decodes only what differs."""

    def __init__(self, values: Attributes, character_set: bytes) -> None:
        self.values = values
        self.character_set = character_set
        self._seen: dict[tuple[int, bytes, bool], Value] = {}  # raw values that mean the series' own

    def of(self, tags: dict[int, bytes], big_endian: bool) -> tuple[bytes | None, Value]:
        """What an instance has otherwise than its series (None if nothing), and its Instance Number (0020,0013)."""
        values, seen = self.values, self._seen
        unlike = {tag: raw for tag, raw in tags.items() if (tag, raw, big_endian) not in seen}
        found = of_tags(unlike, self.character_set, big_endian)
        changed: Attributes = {}
        for tag, value in found.items():
            if tag in values and values[tag] == value:
                seen[tag, unlike[tag], big_endian] = value
            else:
                changed[tag] = value
        changed.update({tag: None for tag in values if tag not in tags or (tag in unlike and tag not in found)})
        number = changed[0x00200013] if 0x00200013 in changed else values.get(0x00200013)
        return (_encode(changed) if changed else None), number


def packed(attributes: Attributes) -> bytes:
    """All attributes, for the series' row."""
    return _encode(attributes)


def unpacked(data: bytes | None) -> Attributes:
    """What `packed` or `SeriesAttributes.of` made."""
    return _decode(data) if data else {}


def merged(base: Attributes, data: bytes | None) -> Attributes:
    """The attributes of an instance."""
    if not data:
        return base
    whole = {**base, **_decode(data)}
    return {tag: value for tag, value in whole.items() if value is not None}
