"""The parts of shared.waveform.compact: prediction in whole numbers, gaps, differences with LZMA."""

from __future__ import annotations

import lzma
import struct
import zlib
from typing import TYPE_CHECKING, Any

from shared.waveform.compact_errors import CompactError
from shared.waveform.record import MISSING

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHIFT = 12  # coefficients count 1/4096
_QUICK = 300_000  # samples of a lead, above which time counts more than the last tenth of its bytes


def inflated(data: bytes, most: int) -> bytes:
    """zlib's bytes, at most ``most`` of them."""
    engine = zlib.decompressobj()
    try:
        made = engine.decompress(data, most)
    except zlib.error as error:
        raise CompactError("the packed ECG record is damaged") from error
    if not engine.eof:
        raise CompactError("the packed ECG record is damaged, or larger than a record can be")
    return made


def length(number: int) -> bytes:
    """A length in as few bytes as it needs, seven bits each."""
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)


def length_at(data: bytes, place: int) -> tuple[int, int]:
    """A length, and the place behind it."""
    number = 0
    for shift in range(0, 35, 7):
        if place >= len(data):
            raise CompactError("the packed ECG record is cut off")
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
    raise CompactError("the packed ECG record is damaged")


def bits_of(residuals: NDArray[Any]) -> float:
    """About how many bits the residuals take when each is coded by the mean size of the sixteen before it."""
    import numpy as np

    size = np.abs(residuals)
    total = np.concatenate([[0], np.cumsum(size)])
    place = np.arange(size.size)
    mean = (total[place] - total[np.maximum(place - 16, 0)] + 0.5) / 16
    ratio = (np.sqrt(1 + mean**2) - 1) / mean  # of a two-sided geometric law with that mean
    return float((np.log2((1 + ratio) / (1 - ratio)) - size * np.log2(ratio)).sum())


def without_gaps(row: NDArray[Any]) -> tuple[bytes, NDArray[Any]]:
    """Where a lead was not recorded, as pairs of places, and the lead with the value before in those places."""
    import numpy as np

    gone = row == MISSING
    if not gone.any():
        return b"", row
    edges = np.flatnonzero(np.diff(gone.astype(np.int8), prepend=0, append=0)).astype("<u4")
    place = np.where(gone, 0, np.arange(row.size))
    np.maximum.accumulate(place, out=place)
    filled: NDArray[Any] = np.where(gone, 0, row)[place].astype(np.int32)
    return zlib.compress(edges.tobytes(), 9), filled


def gaps_of(data: bytes, length: int) -> list[tuple[int, int]]:
    """The pairs of places, from and to before."""
    import numpy as np

    if not data:
        return []
    raw = inflated(data, 4 * length + 16)
    if len(raw) % 8:
        raise CompactError("the packed ECG record is damaged")
    edges = np.frombuffer(raw, "<u4").astype(np.int64)
    if edges.size and (edges.max() > length or (np.diff(edges) < 0).any()):
        raise CompactError("the packed ECG record is damaged")
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _columns(row: NDArray[Any], before: list[NDArray[Any]], own: int, lag: int) -> NDArray[Any]:
    """What each sample is predicted from [term, sample]: its own past, then each lead now and ``lag`` samples back."""
    import numpy as np

    terms = [_later(row, back) for back in range(1, own + 1)]
    terms += [_later(lead, back) for lead in before for back in range(lag + 1)]
    return np.vstack(terms)


def _later(row: NDArray[Any], back: int) -> NDArray[Any]:
    import numpy as np

    made = np.zeros_like(row)
    if back < row.size:
        made[back:] = row[: row.size - back]
    return made


def fitted(row: NDArray[Any], before: list[NDArray[Any]], own: int, lag: int) -> NDArray[Any]:
    """Least-squares coefficients as whole numbers of 1/4096 that fit 16 bits."""
    import numpy as np

    terms = _columns(row, before, own, lag).astype(np.float64)
    scale = max(float(np.abs(terms).max(initial=0.0)), 1.0)
    square = terms @ terms.T / scale**2
    square[np.diag_indices_from(square)] += 1e-9 * max(float(np.trace(square)), 1e-9)
    try:
        found = np.linalg.solve(square, terms @ row.astype(np.float64) / scale**2)
    except np.linalg.LinAlgError:
        found = np.zeros(len(terms))
        found[0] = 1.0
    whole = np.rint(np.nan_to_num(found) * (1 << _SHIFT))
    made: NDArray[Any] = np.clip(whole, -32_768, 32_767).astype(np.int64)
    return made


def guess(
    row: NDArray[Any], before: list[NDArray[Any]], coefficients: NDArray[Any], own: int, lag: int
) -> NDArray[Any]:
    """What the coefficients predict for each sample; whole numbers, rounded to the nearest."""
    total = coefficients @ _columns(row, before, own, lag)
    made: NDArray[Any] = (total + (1 << (_SHIFT - 1))) >> _SHIFT
    return made


def restored(
    residuals: NDArray[Any], before: list[NDArray[Any]], coefficients: NDArray[Any], own: int, lag: int
) -> NDArray[Any]:
    """The row that has these residuals: what other leads say at once, its own past sample by sample."""
    import numpy as np

    length = residuals.size
    base = np.zeros(length, dtype=np.int64)
    if before:
        base = coefficients[own:] @ _columns(np.zeros(length, dtype=np.int64), before, own, lag)[own:]
    base = base + (1 << (_SHIFT - 1))
    weights = coefficients[:own].tolist()
    past = [0] * own
    made = [0] * length
    limit = 1 << 40
    for n, (term, residual) in enumerate(zip(base.tolist(), residuals.tolist(), strict=True)):
        total = term
        for weight, value in zip(weights, past, strict=True):
            total += weight * value
        value = (total >> _SHIFT) + residual
        if not -limit < value < limit:
            raise CompactError("the packed ECG record is damaged")
        made[n] = value
        past.insert(0, value)
        past.pop()
    restored_row: NDArray[Any] = np.array(made, dtype=np.int64)
    return restored_row


def _filters(level: int) -> list[dict[str, int]]:
    """LZMA's settings; those that the reader must know are the same for each level."""
    return [{"id": lzma.FILTER_LZMA2, "preset": level, "dict_size": 1 << 22, "lc": 3, "lp": 0, "pb": 2}]


def long_coded(row: NDArray[Any]) -> bytes:
    """First differences in bytes, each byte's plane after the other, by LZMA."""
    import numpy as np

    steps = np.diff(row.astype(np.int64), prepend=0)
    folded = np.where(steps >= 0, 2 * steps, -2 * steps - 1).astype("<u8")
    width = max(1, (int(folded.max(initial=0)).bit_length() + 7) // 8)
    planes = folded.view(np.uint8).reshape(-1, 8)[:, :width].T
    level = 0 if row.size > _QUICK else 6
    packed = lzma.compress(np.ascontiguousarray(planes).tobytes(), lzma.FORMAT_RAW, filters=_filters(level))
    return struct.pack("<B", width) + packed


def long_decoded(data: bytes, length: int) -> NDArray[Any]:
    """The inverse of ``long_coded``, int32."""
    import numpy as np

    width = data[0] if data else 0
    if not 1 <= width <= 5:
        raise CompactError("the packed ECG record is damaged")
    engine = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_filters(6))
    try:
        raw = engine.decompress(data[1:], width * length)
    except (lzma.LZMAError, EOFError) as error:
        raise CompactError("the packed ECG record is damaged") from error
    if len(raw) != width * length:
        raise CompactError("the packed ECG record is cut off")
    planes = np.frombuffer(raw, np.uint8).reshape(width, length)
    folded = np.zeros(length, dtype=np.int64)
    for n in range(width):
        folded |= planes[n].astype(np.int64) << (8 * n)
    steps = np.where(folded & 1, -(folded >> 1) - 1, folded >> 1)
    made = np.cumsum(steps)
    if made.min() <= MISSING or made.max() >= 2**31:
        raise CompactError("the packed ECG record is damaged")
    return made.astype(np.int32)
