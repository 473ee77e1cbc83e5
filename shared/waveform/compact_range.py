"""A range coder (Martin 1979) for residuals: each is coded by the spread of the sixteen before it.

The distributions are mixtures of a logistic and a geometric law, as ECG residuals are found to have; their tables are
made by decimal arithmetic, which gives the same whole numbers on every machine.
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shared.waveform.compact_errors import CompactError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WINDOW = 16
_BITS = 15  # a table sums to this power of two
_TOP = 1 << 24
_MASK = 0xFFFFFFFF
_DIRECT = 384  # sums of the window up to which residuals are coded whole; above, low bits go uncoded
_ESCAPE_BITS = 40


@lru_cache(maxsize=256)
def _context(total: int) -> tuple[int, int]:
    """Key of the table, and how many low bits go uncoded, for a sum of the last residuals."""
    low = 0
    while total >> low > _DIRECT:
        low += 1
    kept = total >> low
    if kept >= 32:  # eight steps an octave
        step = kept.bit_length() - 4
        kept = (kept >> step) << step
    return kept, low


@lru_cache(maxsize=512)
def _table(kept: int) -> tuple[list[int], int]:
    """Cumulative counts of the values -L … L and of the escape, and L."""
    context = Context(prec=28)
    mean = context.divide(Decimal(2 * kept + 1), Decimal(2 * _WINDOW))
    spread = context.multiply(mean, Decimal("0.7213475204444817"))  # mean / (2 ln 2) for the logistic law
    root = context.sqrt(context.add(Decimal(1), context.multiply(mean, mean)))
    ratio = context.divide(context.subtract(root, Decimal(1)), mean)
    most = min(max(8 * (kept // _WINDOW) + 12, 12), 400)

    def below(value: Decimal) -> Decimal:
        power = context.divide(-value, spread)
        power = min(max(power, Decimal(-300)), Decimal(300))
        return context.divide(Decimal(1), context.add(Decimal(1), context.exp(power)))

    weights = []
    geometric = context.divide(context.subtract(Decimal(1), ratio), context.add(Decimal(1), ratio))
    for value in range(most + 1):
        logistic = context.subtract(below(Decimal(value) + Decimal("0.5")), below(Decimal(value) - Decimal("0.5")))
        weights.append(context.add(logistic * Decimal("0.6"), geometric * Decimal("0.4")))
        geometric = context.multiply(geometric, ratio)
    room = (1 << _BITS) - (2 * most + 2)
    counts = [1 + int(context.multiply(weights[abs(value)], Decimal(room))) for value in range(-most, most + 1)]
    counts.append(1)
    counts[most] += (1 << _BITS) - sum(counts)
    sums, total = [0], 0
    for count in counts:
        total += count
        sums.append(total)
    return sums, most


class _Writer:
    """Narrows the range and lets its settled bytes out; a carry runs through those that wait."""

    def __init__(self) -> None:
        self.low, self.range = 0, _MASK
        self._cache, self._waiting = 0, 1
        self.made = bytearray()

    def put(self, start: int, count: int, bits: int) -> None:
        self.range >>= bits
        self.low += start * self.range
        self.range *= count
        while self.range < _TOP:
            self.range <<= 8
            self._shift()

    def _shift(self) -> None:
        if self.low < 0xFF000000 or self.low > _MASK:
            carry = self.low >> 32
            self.made.append((self._cache + carry) & 0xFF)
            self.made.extend(bytes(((0xFF + carry) & 0xFF,)) * (self._waiting - 1))
            self._waiting = 0
            self._cache = (self.low >> 24) & 0xFF
        self._waiting += 1
        self.low = (self.low & 0x00FFFFFF) << 8

    def finished(self) -> bytes:
        for _ in range(5):
            self._shift()
        return bytes(self.made[1:]).rstrip(b"\0")


def coded(residuals: NDArray[Any]) -> bytes:
    """Residuals of less than 2^38 as bytes."""
    import numpy as np

    size = np.abs(residuals)
    total = np.concatenate([[0], np.cumsum(size)])
    place = np.arange(size.size)
    sums = (total[place] - total[np.maximum(place - _WINDOW, 0)]).tolist()
    out = _Writer()
    for value, spread in zip(residuals.tolist(), sums, strict=True):
        kept, low = _context(spread)
        table, most = _table(kept)
        high = value >> low
        if -most <= high <= most:
            at = high + most
            out.put(table[at], table[at + 1] - table[at], _BITS)
            rest, bits = value - (high << low), low
        else:
            out.put(table[-2], 1, _BITS)
            rest, bits = value + (1 << (_ESCAPE_BITS - 1)), _ESCAPE_BITS
        while bits > 0:
            part = min(bits, 12)
            bits -= part
            out.put((rest >> bits) & ((1 << part) - 1), 1, part)
    return out.finished()


def decoded(data: bytes, length: int) -> NDArray[Any]:
    """``length`` residuals. Bytes that end early read as zeros; the checksum around them says whether they were cut."""
    import numpy as np

    code = int.from_bytes(data[:4].ljust(4, b"\0"), "big")
    place, size, span = 4, len(data), _MASK
    window, total = [0] * _WINDOW, 0
    made = [0] * length
    short = 0
    for n in range(length):
        kept, low = _context(total)
        table, most = _table(kept)
        span >>= _BITS
        found = code // span
        if found >= 1 << _BITS:
            raise CompactError("the packed ECG record is damaged")
        at = bisect_right(table, found) - 1
        code -= table[at] * span
        span *= table[at + 1] - table[at]
        escaped = at == 2 * most + 1
        bits = _ESCAPE_BITS if escaped else low
        value = 0 if escaped else at - most
        rest = 0
        while True:
            while span < _TOP:
                code = ((code << 8) & _MASK) | (data[place] if place < size else 0)
                span = (span << 8) & _MASK
                short += place >= size
                place += 1
            if bits <= 0:
                break
            part = min(bits, 12)
            bits -= part
            span >>= part
            found = code // span
            if found >> part:
                raise CompactError("the packed ECG record is damaged")
            rest = rest << part | found
            code -= found * span
        if short > 1_000_000:
            raise CompactError("the packed ECG record is cut off")
        value = rest - (1 << (_ESCAPE_BITS - 1)) if escaped else (value << low) + rest
        made[n] = value
        at = n % _WINDOW
        total += abs(value) - window[at]
        window[at] = abs(value)
    return np.array(made, dtype=np.int64)
