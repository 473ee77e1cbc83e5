"""A range coder (Martin 1979) of 48 bits: sums of 2^20, so that hundreds of rare values cost next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.waveform.compact_errors import CompactError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BITS = 20  # what the counts of one choice sum to, as a power of two
_WIDE, _TOP = 1 << 48, 1 << 40
_FULL = 0xFF << 40


class Writer:
    """Narrows the range and lets its settled bytes out; a carry runs through those that wait."""

    def __init__(self) -> None:
        self._low, self._range = 0, _WIDE - 1
        self._cache, self._waiting = 0, 1
        self._made = bytearray()

    def put(self, start: int, count: int, bits: int = BITS) -> None:
        """One choice: ``count`` of 2^bits from ``start`` on."""
        self._range >>= bits
        self._low += start * self._range
        self._range *= count
        while self._range < _TOP:
            self._range <<= 8
            self._shift()

    def choose(self, sums: NDArray[Any], index: int) -> int:
        """The choice ``index`` where the counts up to each one are ``sums``; all of them sum to less than 2^BITS.

        The rest up to 2^BITS is the choice ``len(sums)``.
        """
        start = int(sums[index - 1]) if index else 0
        end = int(sums[index]) if index < len(sums) else 1 << BITS
        self.put(start, end - start)
        return index

    def raw(self, value: int, bits: int) -> int:
        """A number of so many bits, all equally likely."""
        left = bits
        while left > 0:
            step = min(8, left)
            left -= step
            self.put(value >> left & ((1 << step) - 1), 1, step)
        return value

    def _shift(self) -> None:
        if self._low < _FULL or self._low >= _WIDE:
            carry = self._low >> 48
            self._made.append((self._cache + carry) & 0xFF)
            self._made.extend(bytes(((0xFF + carry) & 0xFF,)) * (self._waiting - 1))
            self._waiting = 0
            self._cache = (self._low >> 40) & 0xFF
        self._waiting += 1
        self._low = (self._low & (_TOP - 1)) << 8

    def finished(self) -> bytes:
        """All bytes; zeros at the end are left out, a reader finds them by itself."""
        for _ in range(7):
            self._shift()
        return bytes(self._made[1:]).rstrip(b"\0")


class Reader:
    """Makes the same choices from the bytes. Raises CompactError for bytes that no writer made."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 6
        self._code = int.from_bytes(data[:6].ljust(6, b"\0"), "big")
        self._range = _WIDE - 1

    def choose(self, sums: NDArray[Any], _index: int = -1) -> int:
        """The choice whose counts end where ``sums`` say."""
        unit = self._range >> BITS
        found = self._code // unit
        if found >= 1 << BITS:
            raise CompactError("the packed ECG record is damaged")
        index = int(sums.searchsorted(found, side="right"))
        start = int(sums[index - 1]) if index else 0
        end = int(sums[index]) if index < len(sums) else 1 << BITS
        self._take(start, end - start, unit)
        return index

    def raw(self, _value: int, bits: int) -> int:
        """A number of so many bits."""
        value = 0
        while bits > 0:
            step = min(8, bits)
            bits -= step
            unit = self._range >> step
            found = self._code // unit
            if found >> step:
                raise CompactError("the packed ECG record is damaged")
            value = value << step | found
            self._take(found, 1, unit)
        return value

    def _take(self, start: int, count: int, unit: int) -> None:
        self._code -= start * unit
        self._range = unit * count
        while self._range < _TOP:
            byte = self._data[self._place] if self._place < len(self._data) else 0
            self._place += 1
            self._code = (self._code << 8 | byte) & (_WIDE - 1)
            self._range <<= 8
        if self._place > len(self._data) + 64:
            raise CompactError("the packed ECG record is cut off")
