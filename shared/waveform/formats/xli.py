"""The lead compression of Philips (Sierra) ECG XML: LZW of 10-bit codes over second differences, each lead in a chunk.

Published by C. Watford, sixlettervariables/sierra-ecg-tools. A chunk is: length of the codes (int32), a word, the first
difference (int16), the codes. The bytes that come out are the high bytes of all numbers, then their low bytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from shared.waveform.formats import scp_codec
from shared.waveform.formats.base import EcgFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BITS = 10
_END = (1 << _BITS) - 1
_BIAS = 64


def decoded(data: bytes, most_samples: int) -> list[NDArray[Any]]:
    """The leads of the compressed data, int32, before limb leads are restored; at most ``most_samples`` each."""
    leads: list[NDArray[Any]] = []
    place = 0
    while place + 8 <= len(data) and len(leads) < 64:
        size, _, first = struct.unpack_from("<ihh", data, place)
        if size < 1 or place + 8 + size > len(data):
            break
        leads.append(_lead(_unpacked(data[place + 8 : place + 8 + size], 2 * most_samples), first))
        place += 8 + size
    return leads


def _unpacked(data: bytes, most: int) -> bytes:
    """LZW with codes of 10 bits, first bit highest; the table is full at 1022 entries and then stays."""
    words: list[bytes] = [bytes((value,)) for value in range(256)]
    made = bytearray()
    previous = b""
    window = held = place = 0
    while len(made) < most:
        while held < _BITS and place < len(data):
            window = ((window << 8) | data[place]) & 0xFFFFFF
            held += 8
            place += 1
        if held < _BITS:
            break
        held -= _BITS
        code = (window >> held) & _END
        if code == _END:
            break
        if code < len(words):
            word = words[code]
        elif previous and code == len(words):
            word = previous + previous[:1]
        else:
            raise EcgFormatError("the compressed samples of the Philips file are damaged")
        made += word
        if previous and len(words) < _END:
            words.append(previous + word[:1])
        previous = word
    return bytes(made[:most])


def _lead(raw: bytes, first: int) -> NDArray[Any]:
    """Samples: two as they are, then each from the two before it and a difference that is stored one place late."""
    import numpy as np

    half = (len(raw) + 1) // 2
    parts = np.frombuffer(raw.ljust(2 * half, b"\0"), np.uint8).astype(np.int32)
    numbers = ((parts[:half] << 8) | parts[half:]).astype(np.int16).astype(np.int64)
    if numbers.size < 3:
        return numbers.astype(np.int32)
    steps = numbers.copy()
    steps[2] = -first
    steps[3:] = _BIAS - numbers[2:-1]
    return scp_codec.undone(steps, 2)


def limb_leads_restored(leads: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """III, aVR, aVL and aVF are stored as the difference from what I and II say; halves are cut towards zero."""
    import numpy as np

    def half(values: NDArray[Any]) -> NDArray[Any]:
        return np.trunc(values / 2).astype(np.int64)

    wide = [lead.astype(np.int64) for lead in leads]
    if len(wide) < 6 or len({lead.size for lead in wide[:6]}) != 1:
        return leads
    one, two = wide[0], wide[1]
    wide[2] = two - one - wide[2]
    wide[3] = -wide[3] - half(one + two)
    wide[4] = half(one - wide[2]) - wide[4]
    wide[5] = half(two + wide[2]) - wide[5]
    return [np.clip(lead, -(2**30), 2**30).astype(np.int32) for lead in wide]
