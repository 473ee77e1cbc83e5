"""Reads the items of a small sequence (PS3.5 7.5) out of the raw bytes that the header's walk gathered."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_SEQUENCES = frozenset({0x00400008, 0x00321064, 0x00081032, 0x00400275, 0x00401012, 0x0040100A, 0x00081110})
_MAX_DEPTH = 4
_MAX_ITEMS = 100
_MAX_TEXT = 1024

Decode = Callable[[bytes], str]


def items_of(raw: bytes, *, explicit: bool, big_endian: bool, decode: Decode) -> list[dict[int, Any]]:
    """The items with their texts and nested sequences; numbers and binary values are left out. Never raises."""
    order = ">" if big_endian else "<"
    try:
        return _Reader(raw, explicit, order, decode).items(0, len(raw), 1)[0]
    except (struct.error, IndexError, ValueError):
        return []


class _Reader:
    def __init__(self, raw: bytes, explicit: bool, order: str, decode: Decode) -> None:
        self._raw = raw
        self._explicit = explicit
        self._plain = struct.Struct(order + "HHI").unpack_from
        self._short = struct.Struct(order + "HH2sH").unpack_from
        self._length = struct.Struct(order + "I").unpack_from
        self._decode = decode

    def items(self, at: int, end: int, depth: int) -> tuple[list[dict[int, Any]], int]:
        found: list[dict[int, Any]] = []
        while at + 8 <= end:
            group, element, length = self._plain(self._raw, at)
            at += 8
            tag = group << 16 | element
            if tag == _SEQUENCE_END:
                return found, at
            if tag != _ITEM or len(found) >= _MAX_ITEMS or depth > _MAX_DEPTH:
                raise ValueError
            stop = end if length == _UNDEFINED else at + length
            item, at = self._item(at, min(stop, end), depth)
            found.append(item)
        return found, at

    def _item(self, at: int, end: int, depth: int) -> tuple[dict[int, Any], int]:
        found: dict[int, Any] = {}
        while at + 8 <= end:
            group, element, length = self._plain(self._raw, at)
            tag = group << 16 | element
            if tag == _ITEM_END:
                return found, at + 8
            vr = b""
            start = at + 8
            if self._explicit:
                _, _, vr, length = self._short(self._raw, at)
                if vr in _LONG:
                    length = self._length(self._raw, at + 8)[0]
                    start = at + 12
            if vr == b"SQ" or length == _UNDEFINED or (not vr and tag in _SEQUENCES):
                stop = end if length == _UNDEFINED else start + length
                found[tag], after = self.items(start, min(stop, end), depth + 1)
                at = after if length == _UNDEFINED else stop
                continue
            if start + length > end:
                raise ValueError
            if length <= _MAX_TEXT and vr not in (b"OB", b"OW", b"UN", b"US", b"SS", b"UL", b"SL", b"FL", b"FD"):
                found[tag] = self._decode(self._raw[start : start + length]).strip(" \0")
            at = start + length
        return found, at
