"""Rewrites a data set from implicit to explicit VR little endian, element by element, and proves that it can be undone.

Values are never touched. What no dictionary knows, private elements above all, becomes UN with the same bytes; a
private sequence of undefined length stays implicit inside of its UN, as PS3.5 6.2.2 says. Written back to implicit VR
the result must be the original, byte for byte, or the data set is left alone.
"""

from __future__ import annotations

import struct
from functools import lru_cache

_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_MAX_DEPTH = 64
_HEAD = struct.Struct("<HHI")
_PIXEL_REPRESENTATION = 0x00280103


class NotConvertible(Exception):
    """The data set is not as implicit VR little endian says, or could not be written back the same."""


def to_explicit(data: memoryview) -> bytes:
    """The data set in explicit VR little endian. Raises NotConvertible."""
    try:
        out: list[bytes | memoryview] = []
        _dataset(data, 0, len(data), b"US", 0, out)
        explicit = b"".join(out)
        if to_implicit(memoryview(explicit)) != data:
            raise NotConvertible
    except struct.error:
        raise NotConvertible from None
    return explicit


def to_implicit(data: memoryview) -> bytes:
    """The way back: the same elements without their VRs. Raises NotConvertible, struct.error."""
    out: list[bytes | memoryview] = []
    _back(data, 0, len(data), 0, out)
    return b"".join(out)


# --- forth ------------------------------------------------------------------------------------------------------


def _dataset(
    data: memoryview,
    position: int,
    end: int,
    sign: bytes,
    depth: int,
    out: list[bytes | memoryview],
    *,
    item: bool = False,
) -> int:
    """Elements up to `end`, or to the item's delimiter; the offset behind them. `sign`: VR of pixel-like values."""
    counted = _GroupLength("<HH2sHI", (b"UL", 4), out)
    while position < end:
        group, element, length = _HEAD.unpack_from(data, position)
        tag = group << 16 | element
        start = position + 8
        counted.close(group)
        if item and tag == _ITEM_END:
            counted.close(None)
            out.append(data[position:start])
            return start
        if group == 0xFFFE:
            raise NotConvertible
        vr = _vr(tag, length, sign)
        if length == _UNDEFINED:
            if vr != b"SQ":
                stop = _end_of_sequence(data, start, end, depth)
                out += [struct.pack("<HH2sHI", group, element, b"UN", 0, _UNDEFINED), data[start:stop]]
            else:
                out.append(struct.pack("<HH2sHI", group, element, b"SQ", 0, _UNDEFINED))
                stop = _sequence(data, start, end, sign, depth, out, closed=False)
            position = stop
            continue
        stop = start + length
        if stop > end:
            raise NotConvertible
        if element == 0 and length == 4:
            counted.open(group)
            position = stop
            continue
        if tag == _PIXEL_REPRESENTATION and length == 2:
            sign = b"SS" if data[start] else b"US"
        if vr == b"SQ":
            inner: list[bytes | memoryview] = []
            _sequence(data, start, stop, sign, depth, inner, closed=True)
            out.append(struct.pack("<HH2sHI", group, element, b"SQ", 0, sum(map(len, inner))))
            out += inner
        elif vr in _LONG or length > 0xFFFF:
            long = vr if vr in _LONG else b"UN"
            out += [struct.pack("<HH2sHI", group, element, long, 0, length), data[start:stop]]
        else:
            out += [struct.pack("<HH2sH", group, element, vr, length), data[start:stop]]
        position = stop
    if item:
        raise NotConvertible
    counted.close(None)
    return position


class _GroupLength:
    """Writes the retired group lengths (gggg,0000) anew: they count bytes, and there are others now (PS3.5 7.2)."""

    def __init__(self, form: str, constants: tuple[bytes | int, ...], out: list[bytes | memoryview]) -> None:
        self._form = form
        self._constants = constants
        self._out = out
        self._group: int | None = None
        self._at = 0

    def open(self, group: int) -> None:
        self._group, self._at = group, len(self._out)
        self._out.append(b"")

    def close(self, group: int | None) -> None:
        """Fill in the length of the group that ends here, if it is another one than `group`."""
        if self._group is not None and group != self._group:
            length = sum(map(len, self._out[self._at + 1 :]))
            self._out[self._at] = struct.pack(self._form, self._group, 0, *self._constants, length)
            self._group = None


def _sequence(
    data: memoryview, position: int, end: int, sign: bytes, depth: int, out: list[bytes | memoryview], *, closed: bool
) -> int:
    """Items up to `end` (`closed`) or to the delimiter; the offset behind them."""
    if depth >= _MAX_DEPTH:
        raise NotConvertible
    while position < end:
        group, element, length = _HEAD.unpack_from(data, position)
        tag = group << 16 | element
        start = position + 8
        if not closed and tag == _SEQUENCE_END:
            out.append(data[position:start])
            return start
        if tag != _ITEM:
            raise NotConvertible
        if length == _UNDEFINED:
            out.append(data[position:start])
            position = _dataset(data, start, end, sign, depth + 1, out, item=True)
            continue
        if start + length > end:
            raise NotConvertible
        inner: list[bytes | memoryview] = []
        _dataset(data, start, start + length, sign, depth + 1, inner)
        out.append(_HEAD.pack(group, element, sum(map(len, inner))))
        out += inner
        position = start + length
    if not closed:
        raise NotConvertible
    return position


def _end_of_sequence(data: memoryview, position: int, end: int, depth: int) -> int:
    """The offset behind the delimiter of a sequence that is copied as it stands, implicit inside."""
    if depth >= _MAX_DEPTH:
        raise NotConvertible
    while position < end:
        group, element, length = _HEAD.unpack_from(data, position)
        tag = group << 16 | element
        position += 8
        if tag == _SEQUENCE_END:
            return position
        if tag != _ITEM:
            raise NotConvertible
        if length != _UNDEFINED:
            position += length
            continue
        while True:
            group, element, length = _HEAD.unpack_from(data, position)
            position += 8
            if group << 16 | element == _ITEM_END:
                break
            position = _end_of_sequence(data, position, end, depth + 1) if length == _UNDEFINED else position + length
    raise NotConvertible


def _vr(tag: int, length: int, sign: bytes) -> bytes:
    known = _known_vr(tag)
    if known == b"pixel":
        return sign if length <= 0xFFFF else b"OW"
    return known


@lru_cache(maxsize=16384)
def _known_vr(tag: int) -> bytes:
    """The VR by the dictionary; "pixel" for one that depends on Pixel Representation (PS3.5 A.1, PS3.6)."""
    from pydicom.datadict import dictionary_VR

    group, element = tag >> 16, tag & 0xFFFF
    if element == 0:
        return b"UL"
    if group & 1:
        return b"LO" if 0x10 <= element <= 0xFF else b"UN"
    try:
        text = dictionary_VR(tag)
    except KeyError:
        return b"UN"
    if " or " not in text:
        return text.encode()
    if text.startswith("US or SS"):
        return b"pixel"
    return b"OW"  # "OB or OW", "US or OW": one of them is right and both hold the same bytes


# --- back -------------------------------------------------------------------------------------------------------


def _back(
    data: memoryview, position: int, end: int, depth: int, out: list[bytes | memoryview], *, item: bool = False
) -> int:
    counted = _GroupLength("<HHII", (4,), out)
    while position < end:
        group, element, vr, short = struct.unpack_from("<HH2sH", data, position)
        counted.close(group)
        if item and group << 16 | element == _ITEM_END:
            counted.close(None)
            out.append(data[position : position + 8])
            return position + 8
        if vr in _LONG:
            length, start = struct.unpack_from("<I", data, position + 8)[0], position + 12
        else:
            length, start = short, position + 8
        if element == 0 and length == 4:
            counted.open(group)
            position = start + length
            continue
        if vr == b"SQ":
            stop = end if length == _UNDEFINED else start + length
            inner: list[bytes | memoryview] = []
            position = _back_sequence(data, start, stop, depth, inner, closed=length != _UNDEFINED)
            out.append(_HEAD.pack(group, element, length if length == _UNDEFINED else sum(map(len, inner))))
            out += inner
            continue
        stop = _end_of_sequence(data, start, end, depth) if length == _UNDEFINED else start + length
        if stop > end:
            raise NotConvertible
        out += [_HEAD.pack(group, element, length), data[start:stop]]
        position = stop
    if item:
        raise NotConvertible
    counted.close(None)
    return position


def _back_sequence(
    data: memoryview, position: int, end: int, depth: int, out: list[bytes | memoryview], *, closed: bool
) -> int:
    if depth >= _MAX_DEPTH:
        raise NotConvertible
    while position < end:
        group, element, length = _HEAD.unpack_from(data, position)
        tag = group << 16 | element
        start = position + 8
        if not closed and tag == _SEQUENCE_END:
            out.append(data[position:start])
            return start
        if tag != _ITEM:
            raise NotConvertible
        if length == _UNDEFINED:
            out.append(data[position:start])
            position = _back(data, start, end, depth + 1, out, item=True)
            continue
        inner: list[bytes | memoryview] = []
        _back(data, start, start + length, depth + 1, inner)
        out.append(_HEAD.pack(group, element, sum(map(len, inner))))
        out += inner
        position = start + length
    if not closed:
        raise NotConvertible
    return position
