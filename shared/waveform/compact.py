"""A record in few bytes without any loss: a 10-s 12-lead record at 500 Hz in 8 to 30 KB, for thin lines in 6 to 24.

Each lead is predicted from its own last samples and from the leads before it (least squares, whole-number arithmetic,
so that every machine computes the same); what is left goes through a range coder whose tables follow the last
residuals. Leads that use few of the values in their range are numbered by rank first. Long records take differences
and LZMA instead: a day of three leads takes some seconds.

``thin=True`` packs short records by `compact_fine`: a fifth to a quarter smaller, half a second each way.

    bytes = pack(record);  record = unpack(bytes)      # raises CompactError for anything else
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.waveform import compact_codes as codes
from shared.waveform import compact_fine, compact_range
from shared.waveform.compact_errors import CompactError
from shared.waveform.record import (
    MAX_LEADS,
    MAX_SAMPLES,
    MISSING,
    AcquisitionFilters,
    Annotation,
    EcgDevice,
    EcgPatient,
    EcgRecord,
    MedianBeats,
    RecordError,
    StoredMeasurement,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAGIC = b"MJE1"
_THIN = b"MJE2"  # blocks begin with a byte for their way; annotations lie in columns
_ROWS, _FINE = b"\0", b"\1"
_LONG = 1_000_000  # samples of all leads: beyond, the exact but slow predictor is not used
_MAX_FACTS = 64 << 20
_LONGEST = _LONG + 1  # samples of a block in the predictor's modes


def _reach(length: int) -> tuple[int, int]:
    """Own samples back, and samples back in the leads before, that predict a row of this length."""
    return (4, 2) if length >= 2000 else (2, 0)


@dataclass(frozen=True)
class _Block:
    """Leads sampled together, without their samples."""

    leads: tuple[str, ...]
    gain_uv: tuple[float, ...]
    baseline: tuple[float, ...]
    hertz: float
    samples: int
    r_sample: int | None = None


@dataclass(frozen=True)
class _Facts:
    """All of a record but its samples."""

    rhythm: _Block
    median: _Block | None = None
    started: datetime | None = None
    patient: EcgPatient = field(default_factory=EcgPatient)
    device: EcgDevice = field(default_factory=EcgDevice)
    filters: AcquisitionFilters = field(default_factory=AcquisitionFilters)
    annotations: tuple[Annotation, ...] = ()
    measurements: tuple[StoredMeasurement, ...] = ()
    statements: tuple[str, ...] = ()
    identifier: str = ""
    original_leads: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Columns:
    """Annotations by what they say; samples as differences."""

    samples: list[int]
    codes: list[str]
    texts: list[str]
    leads: list[str]
    ends: list[int | None]


def _columns(annotations: tuple[Annotation, ...]) -> _Columns:
    places = [0, *(each.sample for each in annotations)]
    return _Columns(
        [place - before for before, place in itertools.pairwise(places)],
        [each.code for each in annotations],
        [each.text for each in annotations],
        [each.lead for each in annotations],
        [None if each.end_sample is None else each.end_sample - each.sample for each in annotations],
    )


def _annotations(columns: _Columns) -> tuple[Annotation, ...]:
    lists = (columns.codes, columns.texts, columns.leads, columns.ends)
    if any(len(each) != len(columns.samples) for each in lists):
        raise CompactError("the packed ECG record contradicts itself: its annotations are incomplete")
    places = itertools.accumulate(columns.samples)
    return tuple(
        Annotation(place, code, text, lead, None if end is None else place + end)
        for place, code, text, lead, end in zip(places, *lists, strict=True)
    )


def is_packed(data: bytes, *, thin: bool | None = None) -> bool:
    """Whether bytes begin as a packed record does; with ``thin`` only one of this kind."""
    kinds = (_MAGIC, _THIN) if thin is None else (_THIN,) if thin else (_MAGIC,)
    return data[:4] in kinds


def pack(record: EcgRecord, *, thin: bool = False) -> bytes:
    """The record as bytes that ``unpack`` turns into an equal one; ``thin`` takes longer and fewer bytes."""
    import msgspec

    median = record.median
    facts = _Facts(
        _Block(record.leads, record.gain_uv, record.baseline, record.sampling_hz, record.sample_count),
        None
        if median is None
        else _Block(
            median.leads,
            median.gain_uv,
            median.baseline,
            median.sampling_hz,
            int(median.samples.shape[1]),
            median.r_sample,
        ),
        record.started,
        record.patient,
        record.device,
        record.filters,
        () if thin else record.annotations,
        record.measurements,
        record.statements,
        record.identifier,
        record.original_leads,
        record.extra,
    )
    words = msgspec.json.encode((facts, _columns(record.annotations)) if thin else facts)
    block = _thin_block if thin else _packed
    parts = [zlib.compress(words, 9), block(record.samples)]
    if median is not None:
        parts.append(block(median.samples))
    body = b"".join(struct.pack("<I", len(part)) + part for part in parts)
    return (_THIN if thin else _MAGIC) + struct.pack("<I", zlib.crc32(body)) + body


def _thin_block(samples: NDArray[Any]) -> bytes:
    import numpy as np

    if not compact_fine.fits(samples) or (samples == MISSING).any():
        return _ROWS + _packed(samples)
    # Carts that hold values, or repeat stretches, leave patterns that the other way knows better.
    return min(_FINE + compact_fine.coded(samples.astype(np.int64)), _ROWS + _packed(samples), key=len)


def _thin_samples(data: bytes, block: _Block) -> NDArray[Any]:
    import numpy as np

    if data[:1] == _ROWS:
        return _unpacked(data[1:], block)
    if data[:1] != _FINE:
        raise CompactError("the packed ECG record is of a kind that this program does not know")
    return compact_fine.decoded(data[1:], len(block.leads), block.samples).astype(np.int32)


def unpack(data: bytes) -> EcgRecord:
    """The record in the bytes. Raises CompactError when they are damaged or were never packed here."""
    import msgspec

    thin = data[:4] == _THIN
    if not (thin or data[:4] == _MAGIC) or len(data) < 12:
        raise CompactError("these bytes are no packed ECG record")
    if struct.unpack_from("<I", data, 4)[0] != zlib.crc32(memoryview(data)[8:]):
        raise CompactError("the packed ECG record changed on the way: its checksum is wrong")
    parts: list[bytes] = []
    place = 8
    while place + 4 <= len(data) and len(parts) < 3:
        (size,) = struct.unpack_from("<I", data, place)
        if size > len(data) - place - 4:
            raise CompactError("the packed ECG record is cut off")
        parts.append(data[place + 4 : place + 4 + size])
        place += 4 + size
    if len(parts) < 2:
        raise CompactError("the packed ECG record is cut off")
    try:
        words = codes.inflated(parts[0], _MAX_FACTS)
        if thin:
            facts, columns = msgspec.json.decode(words, type=tuple[_Facts, _Columns], strict=True)
            annotations = _annotations(columns)
        else:
            facts = msgspec.json.decode(words, type=_Facts, strict=True)
            annotations = facts.annotations
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CompactError(f"the packed ECG record cannot be read: {error}"[:200]) from error
    unpacked = _thin_samples if thin else _unpacked
    samples = unpacked(parts[1], facts.rhythm)
    median = None
    if facts.median is not None:
        if len(parts) < 3:
            raise CompactError("the packed ECG record is cut off")
        block = facts.median
        made = unpacked(parts[2], block)
        median = MedianBeats(block.leads, made, block.gain_uv, block.baseline, block.hertz, block.r_sample)
    try:
        return EcgRecord(
            facts.rhythm.leads,
            samples,
            facts.rhythm.gain_uv,
            facts.rhythm.baseline,
            facts.rhythm.hertz,
            facts.started,
            facts.patient,
            facts.device,
            facts.filters,
            annotations,
            facts.measurements,
            facts.statements,
            median,
            facts.identifier,
            facts.original_leads,
            facts.extra,
        )
    except RecordError as error:
        raise CompactError(f"the packed ECG record contradicts itself: {error}") from error


def _packed(samples: NDArray[Any]) -> bytes:
    """Leads one after the other: a mode, its length, its bytes."""
    import numpy as np

    parts: list[bytes] = []
    before: list[NDArray[Any]] = []
    for row in samples:
        gaps, filled = codes.without_gaps(row)
        if samples.size > _LONG:
            coded = b"L" + codes.long_coded(filled)
        else:
            coded = _shortest(filled, before)
            before.append(filled.astype(np.int64))
        parts.append(codes.length(len(gaps)) + codes.length(len(coded)) + gaps + coded)
    return b"".join(parts)


def _shortest(row: NDArray[Any], before: list[NDArray[Any]]) -> bytes:
    """By value or by rank, whichever leaves less to code, or by LZMA: carts that hold values leave patterns to it."""
    import numpy as np

    wide = row.astype(np.int64)
    values, ranks = np.unique(wide, return_inverse=True)
    plain = b"Z" + codes.long_coded(row)
    if values.size < 3:
        return plain
    head, residuals = _predicted(wide, before)
    bits = codes.bits_of(residuals) + 8 * len(head)
    best = b"P" + head
    if values.size * 1.25 < values[-1] - values[0] + 1 and values.size < row.size // 4 + 2:
        table = zlib.compress(np.diff(values, prepend=0).astype("<i8").tobytes(), 9)
        other, ranked = _predicted(ranks.astype(np.int64), [])
        estimate = codes.bits_of(ranked) + 8 * (len(table) + len(other))
        if estimate < bits:
            bits, residuals = estimate, ranked
            best = b"R" + struct.pack("<I", len(table)) + table + other
    if bits > 8.8 * len(plain):
        return plain
    return min(plain, best + compact_range.coded(residuals), key=len)


def _predicted(row: NDArray[Any], before: list[NDArray[Any]]) -> tuple[bytes, NDArray[Any]]:
    """The coefficients as bytes, and what the prediction leaves."""
    own, lag = _reach(row.size)
    coefficients = codes.fitted(row, before, own, lag)
    residuals = row - codes.guess(row, before, coefficients, own, lag)
    return struct.pack("<H", len(coefficients)) + coefficients.astype("<i2").tobytes(), residuals


def _unpacked(data: bytes, block: _Block) -> NDArray[Any]:
    import numpy as np

    leads, length = len(block.leads), block.samples
    if not 1 <= leads <= MAX_LEADS or not 1 <= length <= MAX_SAMPLES // leads:
        raise CompactError("the packed ECG record says more samples than a record has")
    if leads * length > 20_000 * len(data) + 1_000_000:
        raise CompactError("the packed ECG record says more samples than its bytes can hold")
    made = np.empty((leads, length), dtype=np.int32)
    before: list[NDArray[Any]] = []
    place = 0
    for n in range(leads):
        of_gaps, place = codes.length_at(data, place)
        of_codes, place = codes.length_at(data, place)
        if of_gaps + of_codes > len(data) - place or of_codes < 1:
            raise CompactError("the packed ECG record is cut off")
        gaps = data[place : place + of_gaps]
        coded = data[place + of_gaps : place + of_gaps + of_codes]
        place += of_gaps + of_codes
        row = _row(coded, length, before)
        before.append(row.astype(np.int64))
        made[n] = row
        for first, last in codes.gaps_of(gaps, length):
            made[n, first:last] = MISSING
    return made


def _row(coded: bytes, length: int, before: list[NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    mode, body = coded[:1], coded[1:]
    if mode in (b"L", b"Z"):
        return codes.long_decoded(body, length)
    values = None
    if mode == b"R":
        (size,) = struct.unpack_from("<I", body.ljust(4, b"\0"))
        table = codes.inflated(body[4 : 4 + size], 8 * length + 16)
        if size > len(body) - 4 or len(table) % 8 or not table:
            raise CompactError("the packed ECG record is damaged")
        values = np.cumsum(np.frombuffer(table, "<i8"))
        body, before = body[4 + size :], []
    elif mode != b"P":
        raise CompactError("the packed ECG record is of a kind that this program does not know")
    if length > _LONGEST:
        raise CompactError("the packed ECG record is of a kind that this program does not know")
    (count,) = struct.unpack_from("<H", body.ljust(2, b"\0"))
    own, lag = _reach(length)
    if count != own + (lag + 1) * len(before) or len(body) < 2 + 2 * count:
        raise CompactError("the packed ECG record is damaged")
    coefficients = np.frombuffer(body, "<i2", count, 2).astype(np.int64)
    residuals = compact_range.decoded(body[2 + 2 * count :], length)
    row = codes.restored(residuals, before, coefficients, own, lag)
    if values is not None:
        if row.min() < 0 or row.max() >= values.size:
            raise CompactError("the packed ECG record is damaged")
        row = values[row]
    if row.min() <= -(2**31) or row.max() >= 2**31:
        raise CompactError("the packed ECG record is damaged")
    return row.astype(np.int32)


__all__ = ["CompactError", "is_packed", "pack", "unpack"]
