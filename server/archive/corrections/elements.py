"""Data elements as bytes: finding the top-level ones of a data set, and making new ones (PS3.5 7.1); knows no text."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from server.archive.header import EXPLICIT_BIG, IMPLICIT_LITTLE, DamagedHeader

UNDEFINED = 0xFFFFFFFF
LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
_PIXEL_DATA = 0x7FE00010
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
MAX_DEPTH = 64
_MAX_SHORT = 0xFFFE


class Element(NamedTuple):
    """Where an element lies: its head begins at `start`, its value at `value`; the next element begins at `stop`.

    An undefined length includes the delimiter in `stop`.
    """

    tag: int
    vr: bytes  # empty in implicit VR
    start: int
    value: int
    stop: int
    is_undefined: bool


class Item(NamedTuple):
    """An item of a sequence: its elements lie between `value` and `content_end`."""

    start: int
    value: int
    content_end: int
    stop: int
    is_undefined: bool


class Encoding:
    """How elements are written: implicit or explicit VR, little or big endian."""

    def __init__(self, *, explicit: bool, big: bool = False, lenient: bool = False) -> None:
        self.explicit = explicit
        self.big = big
        self.lenient = lenient
        self._order = order = ">" if big else "<"
        self._explicit = struct.Struct(order + "HH2sH")
        self._implicit = struct.Struct(order + "HHI")
        self._long = struct.Struct(order + "I")

    @classmethod
    def candidates(cls, transfer_syntax_uid: str) -> tuple[Encoding, ...]:
        """The encoding of a transfer syntax, then those that odd devices use in its place."""
        big = transfer_syntax_uid == EXPLICIT_BIG
        return (
            cls(explicit=transfer_syntax_uid != IMPLICIT_LITTLE, big=big),
            cls(explicit=transfer_syntax_uid == IMPLICIT_LITTLE, big=big),
            cls(explicit=True, big=big, lenient=True),
        )

    def inside(self, vr: bytes) -> Encoding:
        """The encoding of the items of a sequence; inside of UN implicit VR little endian (PS3.5 6.2.2)."""
        return IMPLICIT if vr == b"UN" else self

    # reading

    def elements(self, data: memoryview, position: int, end: int) -> Iterator[Element]:
        """The elements of a data set or of an item, to `end` or to an item delimiter. Raises DamagedHeader."""
        while position < end:
            try:
                element = self._element(data, position, end, 0)
            except struct.error:
                if not bytes(data[position:end]).strip(b"\0"):
                    return
                raise DamagedHeader("The data set ends in the middle of an element.") from None
            if element is None:
                return
            yield element
            position = element.stop

    def items(self, data: memoryview, position: int, stop: int | None, end: int) -> Iterator[Item]:
        """The items of a sequence whose first item is at `position`; `stop` None: a delimiter ends it."""
        limit = end if stop is None else stop
        while position < limit:
            tag, length = self._head(data, position)
            if tag == _SEQUENCE_END and stop is None:
                return
            if tag != _ITEM:
                raise DamagedHeader("In a sequence stands something else than an item.")
            value = position + 8
            if length == UNDEFINED:
                after = self._item_end(data, value, end, 1)
                yield Item(position, value, after - 8, after, True)
            else:
                after = value + length
                if after > limit:
                    raise DamagedHeader("The data set ends too early, inside of a sequence.")
                yield Item(position, value, after, after, False)
            position = after

    def _element(self, data: memoryview, position: int, end: int, depth: int) -> Element | None:
        vr = b""
        if self.explicit:
            group, number, vr, length = self._explicit.unpack_from(data, position)
            tag = group << 16 | number
            if tag == _ITEM_END:
                return None
            if vr in LONG:
                length = self._long.unpack_from(data, position + 8)[0]
                value = position + 12
            elif vr in _SHORT or self.lenient:
                value = position + 8
            else:
                raise DamagedHeader(f"Element ({group:04X},{number:04X}) has no known value representation.")
        else:
            group, number, length = self._implicit.unpack_from(data, position)
            tag = group << 16 | number
            if tag == _ITEM_END:
                return None
            value = position + 8
        if length == UNDEFINED and tag == _PIXEL_DATA:
            return Element(tag, vr, position, value, self._fragments_end(data, value, end), True)
        if length == UNDEFINED:
            return Element(tag, vr, position, value, self.inside(vr)._sequence_end(data, value, end, depth), True)
        stop = value + length
        if stop > end:
            raise DamagedHeader(f"Element ({group:04X},{number:04X}) is longer than the data set.")
        return Element(tag, vr, position, value, stop, False)

    def _fragments_end(self, data: memoryview, position: int, end: int) -> int:
        """The end of encapsulated pixel data; cut ones, as the archive keeps them, end with the data set."""
        try:
            return self._sequence_end(data, position, end, 0)
        except (DamagedHeader, struct.error):
            return end

    def _sequence_end(self, data: memoryview, position: int, end: int, depth: int) -> int:
        while True:
            tag, length = self._head(data, position)
            position += 8
            if tag == _SEQUENCE_END:
                return position
            if tag != _ITEM:
                raise DamagedHeader("In a sequence stands something else than an item.")
            position = self._item_end(data, position, end, depth + 1) if length == UNDEFINED else position + length
            if position > end:
                raise DamagedHeader("The data set ends too early, inside of a sequence.")

    def _item_end(self, data: memoryview, position: int, end: int, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise DamagedHeader(f"Sequences are nested more than {MAX_DEPTH} deep.")
        while True:
            element = self._element(data, position, end, depth)
            if element is None:
                return position + 8
            position = element.stop

    def _head(self, data: memoryview, position: int) -> tuple[int, int]:
        group, number, length = self._implicit.unpack_from(data, position)
        return group << 16 | number, length

    # writing

    def made(self, tag: int, vr: bytes, value: bytes) -> bytes:
        """An element; `value` is padded to an even length. Raises ValueError when a short VR cannot hold it."""
        if len(value) & 1:
            value += b"\0" if vr in (b"UI", b"OB", b"UN") else b" "
        return self.head(tag, vr, len(value)) + value

    def head(self, tag: int, vr: bytes, length: int) -> bytes:
        """Tag, VR and length of an element. Raises ValueError when a short VR cannot hold so much."""
        if not self.explicit:
            return self._implicit.pack(tag >> 16, tag & 0xFFFF, length)
        if vr in LONG:
            return self._explicit.pack(tag >> 16, tag & 0xFFFF, vr, 0) + self._long.pack(length)
        if length > _MAX_SHORT:
            raise ValueError(f"a value of {length} bytes is too long for VR {vr.decode()}")
        return self._explicit.pack(tag >> 16, tag & 0xFFFF, vr, length)

    def item(self, content: bytes) -> bytes:
        """An item of defined length."""
        return self._implicit.pack(0xFFFE, 0xE000, len(content)) + content

    def open_item(self) -> bytes:
        """The head of an item of undefined length."""
        return self._implicit.pack(0xFFFE, 0xE000, UNDEFINED)

    def item_end(self) -> bytes:
        """The delimiter of an item of undefined length."""
        return self._implicit.pack(0xFFFE, 0xE00D, 0)

    def sequence_end(self) -> bytes:
        """The delimiter of a sequence of undefined length."""
        return self._implicit.pack(0xFFFE, 0xE0DD, 0)

    def numbers(self, vr: bytes, text: str) -> bytes | None:
        """Decimal text, several values joined by backslashes, as a binary VR; None when `vr` is not one.

        Raises ValueError when the text is no number or does not fit.
        """
        code = {b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"FL": "f", b"FD": "d", b"UV": "Q", b"SV": "q"}.get(vr)
        if code is None:
            return None
        kind = float if code in "fd" else int
        try:
            return b"".join(struct.pack(self._order + code, kind(part)) for part in text.split("\\") if part.strip())
        except struct.error as error:
            raise ValueError(str(error)) from None


IMPLICIT = Encoding(explicit=False)
EXPLICIT = Encoding(explicit=True)
