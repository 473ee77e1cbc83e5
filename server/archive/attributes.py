"""What a viewer needs to decode and place frames, as the index keeps it: once a series, then only differences."""

from __future__ import annotations

import struct
from typing import TypeAlias

import msgspec

from server.archive.charset import decode_text
from server.archive.header import BINARY_TAGS

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


def packed(attributes: Attributes) -> bytes:
    """All attributes, for the series' row."""
    return _encode(attributes)


def unpacked(data: bytes | None) -> Attributes:
    """What `packed` or `difference` made."""
    return _decode(data) if data else {}


def difference(attributes: Attributes, base: Attributes) -> bytes | None:
    """What an instance has otherwise than its series, or None if nothing."""
    changed: Attributes = {tag: value for tag, value in attributes.items() if base.get(tag) != value or tag not in base}
    changed.update({tag: None for tag in base if tag not in attributes})
    return _encode(changed) if changed else None


def merged(base: Attributes, data: bytes | None) -> Attributes:
    """The attributes of an instance."""
    if not data:
        return base
    whole = {**base, **_decode(data)}
    return {tag: value for tag, value in whole.items() if value is not None}
