"""Reads SCP-ECG (EN 1064 / ISO 11073-91064) in all its compressions, and the dialect of Heal Force recorders."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shared.waveform.formats import base, lead_codes, scp_codec, scp_sections
from shared.waveform.formats.base import EcgFormatError, Source
from shared.waveform.formats.cursor import Cursor
from shared.waveform.formats.scp_codec import HuffmanCode, Table
from shared.waveform.record import MISSING, Annotation, EcgRecord, MedianBeats, StoredMeasurement

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class _Leads:
    """Section 3: first and last sample of each lead counting from 1, and whether reference beats were taken off."""

    codes: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    subtracted: bool


@dataclass(frozen=True)
class _Beats:
    """Section 4: where the reference beat lies in the rhythm, and the zones that bimodal reduction left alone."""

    length_ms: int
    fiducial: int
    complexes: tuple[tuple[int, int, int, int], ...]  # type, first, fiducial, last
    zones: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Coded:
    """Section 5 or 6: resolution, time between samples, and a stream for each lead."""

    nanovolt: int
    microseconds: int
    differences: int
    bimodal: bool
    streams: tuple[bytes, ...]
    hertz: float = 0.0

    @property
    def rate(self) -> float:
        return base.checked_rate(self.hertz or 1e6 / self.microseconds)


def read(source: Source) -> EcgRecord:
    """The record of an SCP file. Raises EcgFormatError."""
    data = source.data
    findings: list[str] = []
    sections, exact = _sections(data, findings)
    if 3 not in sections or 6 not in sections:
        raise EcgFormatError("the SCP file has no leads (section 3) or no samples (section 6)")
    header = scp_sections.read_header(sections.get(1, b""))
    leads = _leads(sections[3])
    beat: _Reference | None = None
    if not exact:
        samples, coded = _heal_force(sections[6], len(leads.codes), findings)
    else:
        samples, coded, beat = _decoded(sections, leads, findings)
    names, written = base.named_leads(
        [lead_codes.name_of(code) or f"CH{n}" for n, code in enumerate(leads.codes, start=1)]
    )
    gain = coded.nanovolt / 1000
    timed = beat[0] if beat is not None and coded.bimodal else coded
    median = _median(beat, names)
    return base.built(
        leads=names,
        samples=samples,
        gain_uv=(gain,) * len(names),
        baseline=(0.0,) * len(names),
        sampling_hz=timed.rate,
        started=base.known_start(header.started),
        patient=header.patient,
        device=header.device,
        filters=header.filters,
        annotations=tuple(_marks(beat, min(leads.first))),
        measurements=tuple(_measured(sections, names, leads.codes, findings)),
        statements=tuple(_lines(sections, findings)),
        median=median,
        original_leads=written,
        findings=findings,
    )


def _sections(data: bytes, findings: list[str]) -> tuple[dict[int, bytes], bool]:
    """Bodies of the sections by number; whether pointers count from 1, as the standard says (Heal Force: from 0)."""
    if len(data) < 44:
        raise EcgFormatError("the SCP file ends before its table of sections")
    checksum, length = struct.unpack_from("<HI", data)
    (own,) = struct.unpack_from("<I", data, 10)
    origin = struct.unpack_from("<I", data, 28)[0] - 6
    exact = origin == 1
    if exact and length <= len(data) and scp_codec.crc(data[2:length]) != checksum:
        findings.append("the checksum of the SCP file is wrong: bytes may have changed on the way")
    if exact and length > len(data):
        findings.append(f"the SCP file says {length} bytes but has {len(data)}")
    if own < 16 or own > len(data) - 6:
        raise EcgFormatError("the table of sections of the SCP file is cut off")
    found: dict[int, bytes] = {}
    for place in range(22, min(6 + own, 22 + 10 * 1024), 10):
        if place + 10 > len(data):
            break
        number, size, index = struct.unpack_from("<HII", data, place)
        start = index - (1 if exact else 0)
        if not number or size <= 16 or number in found:
            continue
        if start < 6 or start + 16 > len(data):
            findings.append(f"section {number} of the SCP file lies outside of it and is left out")
            continue
        if struct.unpack_from("<H", data, start + 2)[0] != number:
            findings.append(f"where section {number} of the SCP file should be lies another; it is left out")
            continue
        if start + size > len(data):
            findings.append(f"section {number} of the SCP file is cut off")
        elif exact and scp_codec.crc(data[start + 2 : start + size]) != struct.unpack_from("<H", data, start)[0]:
            findings.append(f"the checksum of section {number} is wrong")
        found[number] = data[start + 16 : start + size]
    return found, exact


def _leads(data: bytes) -> _Leads:
    cursor = Cursor(data)
    count, flags = cursor.unpack("BB")
    base.checked_size(count, 1)
    rows = [cursor.unpack("IIB") if cursor.left >= 9 else (1, 0, 0) for _ in range(count)]
    return _Leads(
        tuple(row[2] for row in rows),
        tuple(max(row[0], 1) for row in rows),
        tuple(row[1] for row in rows),
        bool(flags & 1),
    )


def _tables(data: bytes | None) -> tuple[Table, ...]:
    """Section 2: none when the samples are not coded."""
    if data is None or len(data) < 2:
        return ()
    cursor = Cursor(data)
    count = cursor.one("H")
    if count == scp_codec.DEFAULT_TABLE:
        return (scp_codec.default_table(),)
    if count > 64:
        raise EcgFormatError(f"the SCP file names {count} Huffman tables")
    made = []
    for _ in range(count):
        rows = []
        for _ in range(min(cursor.one("H"), 4096)):
            prefix, total, mode, value, code = cursor.unpack("BBBhI")
            if not 1 <= prefix <= 32:
                raise EcgFormatError("a Huffman table of the SCP file contradicts itself")
            rows.append(HuffmanCode(prefix, total, mode, value, _turned(code, prefix)))
        made.append(tuple(rows))
    return tuple(made)


def _turned(code: int, bits: int) -> int:
    """The code with its first bit highest; the file has it lowest (5.5.3)."""
    return int(f"{code & ((1 << bits) - 1):0{bits}b}"[::-1], 2)


def _beats(data: bytes | None) -> _Beats | None:
    if data is None or len(data) < 6:
        return None
    cursor = Cursor(data)
    length, fiducial, count = cursor.unpack("HHH")
    complexes = [cursor.unpack("HIII") for _ in range(min(count, cursor.left // 14))]
    zones = [cursor.unpack("II") for _ in range(min(count, cursor.left // 8))]
    return _Beats(
        length,
        fiducial,
        tuple((kind, first, middle, last) for kind, first, middle, last in complexes),
        tuple((first, last) for first, last in zones),
    )


def _coded(data: bytes, leads: int) -> _Coded:
    cursor = Cursor(data)
    nanovolt, microseconds, differences, bimodal = cursor.unpack("HHBB")
    if not nanovolt or not microseconds:
        raise EcgFormatError("the SCP file gives 0 as resolution or as time between samples")
    sizes = cursor.unpack(f"{leads}H")
    streams = tuple(cursor.take(min(size, cursor.left)) for size in sizes)
    return _Coded(nanovolt, microseconds, differences, bimodal == 1, streams)


def _stream(stream: bytes, count: int, tables: Sequence[Table], differences: int) -> NDArray[Any]:
    import numpy as np

    if not tables:
        raw = np.frombuffer(stream, "<i2", min(len(stream) // 2, count))
        return scp_codec.undone(raw, differences)
    return scp_codec.undone(scp_codec.huffman(stream, count, tables), differences)


_Reference = tuple[_Coded, Any, _Beats]  # coding, samples [lead, sample] int32, places


def _decoded(
    sections: dict[int, bytes], leads: _Leads, findings: list[str]
) -> tuple[NDArray[Any], _Coded, _Reference | None]:
    """Rhythm samples [lead, sample] at full rate, and the reference beats."""
    tables = _tables(sections.get(2))
    coded = _coded(sections[6], len(leads.codes))
    reference = _reference(sections, tables, len(leads.codes), findings)
    rate = 1
    if coded.bimodal:
        if reference is None:
            raise EcgFormatError("the SCP file is reduced outside of the QRS zones but does not say where those lie")
        rate = max(round(coded.microseconds / reference[0].microseconds), 1)
        findings.append("outside of the QRS zones the SCP file stores a reduced trace: it was interpolated")
    rows = []
    for n, stream in enumerate(coded.streams):
        bits = 8 * len(stream)
        length = leads.last[n] - leads.first[n] + 1 if leads.last[n] >= leads.first[n] else bits
        row = _stream(stream, min(length, bits), tables, coded.differences)
        if rate > 1 and reference is not None:
            if length > 64 * max(row.size, 1):
                raise EcgFormatError("the SCP file says more samples than its reduced trace can hold")
            row = scp_codec.unreduced(row, length, rate, reference[2].zones, leads.first[n])
        elif row.size < length and leads.last[n] >= leads.first[n]:
            short = f"a lead of the SCP file says {length} samples but holds {row.size}"
            findings.append(short)
        rows.append(row)
    if leads.subtracted and reference is not None:
        rows = [_restored(row, leads.first[n], n, coded, reference) for n, row in enumerate(rows)]
    return _placed(rows, leads.first), coded, reference


def _reference(
    sections: dict[int, bytes], tables: Sequence[Table], leads: int, findings: list[str]
) -> _Reference | None:
    import numpy as np

    beats = _beats(sections.get(4))
    if beats is None or 5 not in sections:
        return None
    coded = _coded(sections[5], leads)
    count = beats.length_ms * 1000 // coded.microseconds
    rows = [_stream(stream, min(count, 8 * len(stream)), tables, coded.differences) for stream in coded.streams]
    length = max(row.size for row in rows)
    if length < 1:
        findings.append("the reference beats of the SCP file are empty")
        return None
    made = np.full((leads, length), MISSING, dtype=np.int32)
    for n, row in enumerate(rows):
        made[n, : row.size] = row
    return coded, made, beats


def _restored(row: NDArray[Any], first: int, lead: int, coded: _Coded, reference: _Reference) -> NDArray[Any]:
    """The rhythm with the reference beat added where it was taken off (5.8.3)."""
    import numpy as np

    of_beat, beats, where = reference
    beat = beats[lead].astype(np.int64)
    beat[beats[lead] == MISSING] = 0
    if of_beat.nanovolt != coded.nanovolt:
        beat = np.rint(beat * (of_beat.nanovolt / coded.nanovolt)).astype(np.int64)
    made = row.astype(np.int64)
    for kind, start, fiducial, end in where.complexes:
        if kind != 0:
            continue
        move = where.fiducial - fiducial  # rhythm sample number + move = sample number in the beat, both from 1
        begin, stop = max(start, first, 1 - move), min(end, first + made.size - 1, beat.size - move)
        if stop >= begin:
            made[begin - first : stop - first + 1] += beat[begin + move - 1 : stop + move]
    return np.clip(made, MISSING + 1, -MISSING - 1).astype(np.int32)


def _placed(rows: Sequence[NDArray[Any]], first: Sequence[int]) -> NDArray[Any]:
    import numpy as np

    origin = min(first)
    length = max(start - origin + row.size for start, row in zip(first, rows, strict=True))
    if length > 64 * max(sum(row.size for row in rows), 1):
        raise EcgFormatError("the leads of the SCP file lie too far apart in time to be one record")
    base.checked_size(len(rows), length)
    made = np.full((len(rows), length), MISSING, dtype=np.int32)
    for n, row in enumerate(rows):
        made[n, first[n] - origin : first[n] - origin + row.size] = row
    return made


def _heal_force(data: bytes, leads: int, findings: list[str]) -> tuple[NDArray[Any], _Coded]:
    """One stream of all leads: four 10-bit samples in three words, the fourth in bits 10 to 13 of each.

    Bits 15 and 14 of a word mark beats. (Layout as found by KaibinBao/healforcescpecg from a Prince 180D.)
    """
    import numpy as np

    coded = _coded(data, 1)
    words = np.frombuffer(coded.streams[0], "<u2", len(coded.streams[0]) // 6 * 3).reshape(-1, 3)
    four = np.empty((len(words), 4), dtype=np.int32)
    four[:, :3] = words
    parts = words.astype(np.int32) & 0x3C00
    four[:, 3] = (parts[:, 0] >> 2) + (parts[:, 1] >> 6) + (parts[:, 2] >> 10)
    flat = four.reshape(-1)
    flat = flat[: flat.size // leads * leads].reshape(-1, leads).T & 0x3FF
    base.checked_size(leads, flat.size // leads)
    findings.append("the SCP file departs from EN 1064 as Heal Force recorders do: read by their layout, 10 µV a step")
    hertz = coded.microseconds  # where the standard has the time between samples they write the rate
    if hertz > 2000:
        raise EcgFormatError(f"the Heal Force file gives a sampling rate of {hertz} Hz")
    made = np.ascontiguousarray(flat - 512).astype(np.int32)
    return made, replace(coded, nanovolt=10_000, hertz=float(hertz))


def _median(reference: _Reference | None, names: tuple[str, ...]) -> MedianBeats | None:
    if reference is None:
        return None
    coded, samples, beats = reference[0], reference[1], reference[2]
    gains = (coded.nanovolt / 1000,) * len(names)
    fiducial = beats.fiducial - 1 if 0 < beats.fiducial <= samples.shape[1] else None
    return MedianBeats(names, samples, gains, (0.0,) * len(names), coded.rate, fiducial)


def _marks(reference: _Reference | None, first: int) -> list[Annotation]:
    if reference is None:
        return []
    beats = reference[2]
    return [
        Annotation(middle - first, "qrs", f"type {kind}") for kind, _, middle, _ in beats.complexes if middle >= first
    ]


def _measured(
    sections: dict[int, bytes], names: Sequence[str], codes: Sequence[int], findings: list[str]
) -> list[StoredMeasurement]:
    found: list[StoredMeasurement] = []
    for number, what in ((7, "measured values"), (10, "values of leads")):
        if number not in sections:
            continue
        try:
            if number == 7:
                found += scp_sections.read_measurements(sections[7])
            else:
                found += scp_sections.read_lead_measurements(sections[10], dict(zip(codes, names, strict=True)))
        except EcgFormatError:
            findings.append(f"the {what} of the SCP file are cut off")
    return found


def _lines(sections: dict[int, bytes], findings: list[str]) -> list[str]:
    if 8 not in sections:
        return []
    try:
        return scp_sections.read_statements(sections[8])
    except EcgFormatError:
        findings.append("the statements of the SCP file are cut off")
        return []
