"""The coding of samples in SCP-ECG: Huffman tables, differences, bimodal reduction (EN 1064 5.5 to 5.9)."""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shared.waveform.formats.base import EcgFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_TABLE = 19999
_WIDEST = 16  # bits of the longest prefix that is looked up; the default table needs 10


@dataclass(frozen=True, slots=True)
class HuffmanCode:
    """One row of a table: ``prefix`` bits tell it, ``total`` with the value's own bits; mode 0 switches the table."""

    prefix: int
    total: int
    mode: int
    value: int
    code: int  # first bit highest


Table = tuple[HuffmanCode, ...]


def crc(data: bytes | memoryview) -> int:
    """CRC-CCITT as EN 1064 5.3.1 takes it, starting from FFFF."""
    return binascii.crc_hqx(data, 0xFFFF)


@lru_cache(maxsize=1)
def default_table() -> Table:
    """The table 19999 of EN 1064 C.3.7.6: small differences in few bits, 8 and 16 bits for the rest."""
    rows = [HuffmanCode(1, 1, 1, 0, 0)]
    for size in range(1, 9):
        ones = (1 << size) - 1
        rows.append(HuffmanCode(size + 2, size + 2, 1, size, ones << 2))
        rows.append(HuffmanCode(size + 2, size + 2, 1, -size, (ones << 2) | 1))
    rows += [HuffmanCode(10, 18, 1, 0, 0x3FE), HuffmanCode(10, 26, 1, 0, 0x3FF)]
    return tuple(rows)


def _looked_up(table: Table) -> tuple[int, list[HuffmanCode | None]]:
    width = max((row.prefix for row in table), default=0)
    if not 1 <= width <= _WIDEST:
        raise EcgFormatError(f"a Huffman table with prefixes of {width} bits is not read")
    found: list[HuffmanCode | None] = [None] * (1 << width)
    for row in table:
        if row.prefix < 1 or row.total < row.prefix or row.total > row.prefix + 32:
            raise EcgFormatError("a Huffman table of the SCP file contradicts itself")
        first = (row.code & ((1 << row.prefix) - 1)) << (width - row.prefix)
        for place in range(first, first + (1 << (width - row.prefix))):
            if found[place] is None:
                found[place] = row
    return width, found


def huffman(data: bytes, count: int, tables: Sequence[Table]) -> list[int]:
    """At most ``count`` numbers out of a bit stream; fewer where the bits end before."""
    lookups: dict[int, tuple[int, list[HuffmanCode | None]]] = {0: _looked_up(tables[0])}
    width, lookup = lookups[0]
    made: list[int] = []
    window, held, place, size, switches = 0, 0, 0, len(data), 0
    while len(made) < count:
        if held < 56 and place < size:
            part = data[place : place + 8]
            window = (window << (8 * len(part))) | int.from_bytes(part, "big")
            held += 8 * len(part)
            place += 8
        shown = window >> (held - width) if held >= width else window << (width - held)
        row = lookup[shown]
        if row is None:
            raise EcgFormatError("the coded samples of the SCP file hold a pattern that its table does not have")
        if row.total > held:
            break
        held -= row.total
        coded = window >> held
        window &= (1 << held) - 1
        if row.mode == 0:
            switches += 1
            wanted = row.value - 1
            if not 0 <= wanted < len(tables) or switches > 8 * size:
                raise EcgFormatError("the SCP file switches to a Huffman table that it does not have")
            if wanted not in lookups:
                lookups[wanted] = _looked_up(tables[wanted])
            width, lookup = lookups[wanted]
            continue
        own = row.total - row.prefix
        value = row.value
        if own:
            number = coded & ((1 << own) - 1)
            value += number - (1 << own) if number >> (own - 1) else number
        made.append(value)
    return made


def undone(differences: Sequence[int] | NDArray[Any], order: int) -> NDArray[Any]:
    """Samples from first or second differences; the first one or two values are samples themselves. int32."""
    import numpy as np

    given = np.asarray(differences, dtype=np.int64)
    if order == 1:
        made = np.cumsum(given)
    elif order == 2 and given.size > 2:
        steps = given.copy()
        steps[0] = 0
        steps[1] = given[1] - given[0]
        made = given[0] + np.cumsum(np.cumsum(steps))
    elif order in (0, 2):
        made = given
    else:
        raise EcgFormatError(f"the SCP file names differences of order {order}; 0 to 2 exist")
    if made.size and (made.max() >= 2**31 or made.min() <= -(2**31)):
        raise EcgFormatError("the coded samples of the SCP file run out of all bounds")
    return made.astype(np.int32)


def differences_of(samples: NDArray[Any], order: int) -> NDArray[Any]:
    """The inverse of ``undone``, int64."""
    import numpy as np

    wide = samples.astype(np.int64)
    if order == 0:
        return wide
    made = wide.copy()
    made[1:] = np.diff(wide)
    if order == 2 and wide.size > 2:
        made[1] = wide[1]
        made[2:] = np.diff(wide, 2)
    elif order == 2 and wide.size == 2:
        made[1] = wide[1]
    return made


def coded_default(values: NDArray[Any]) -> bytes | None:
    """Numbers by the default table; None when one needs more than 16 bits."""
    import numpy as np

    if values.size and (values.min() < -32_768 or values.max() > 32_767):
        return None
    size = np.abs(values)
    small, byte = size <= 8, (values >= -128) & (values <= 127)
    sign = (values < 0).astype(np.int64)
    code = np.where(values == 0, 0, ((((1 << np.minimum(size, 8)) - 1) << 2) | sign))
    bits = np.where(values == 0, 1, size + 2)
    code = np.where(small, code, np.where(byte, (0x3FE << 8) | (values & 0xFF), (0x3FF << 16) | (values & 0xFFFF)))
    bits = np.where(small, bits, np.where(byte, 18, 26))
    place = np.arange(26)
    shift = bits[:, None] - 1 - place[None, :]
    every = (code[:, None] >> np.maximum(shift, 0)) & 1
    return np.packbits(every[shift >= 0].astype(np.uint8)).tobytes()


def unreduced(
    stored: NDArray[Any], length: int, rate: int, zones: Sequence[tuple[int, int]], start: int
) -> NDArray[Any]:
    """Bimodal data at full rate: protected zones as stored, between them one value for ``rate`` samples (5.7.4).

    ``zones`` are (first, last) sample numbers counting from 1, ``start`` the number of the lead's first sample.
    """
    import numpy as np

    made = np.zeros(length, dtype=np.int32)
    place = taken = 0
    edges = [(max(first - start, 0), min(last - start + 1, length)) for first, last in sorted(zones)]
    for first, last in [*edges, (length, length)]:
        if first > place:
            gap = first - place
            count = min(max(gap // rate, 1), stored.size - taken)
            if count < 1:
                break
            known = stored[taken : taken + count].astype(np.float64)
            centres = np.arange(count) * rate + (rate - 1) / 2
            made[place:first] = np.rint(np.interp(np.arange(gap), centres, known))
            taken, place = taken + count, first
        if last > place:
            count = min(last - place, stored.size - taken)
            made[place : place + count] = stored[taken : taken + count]
            taken, place = taken + count, last
    return made
