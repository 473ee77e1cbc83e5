"""Reads and writes ISHNE Holter files (Badilini 1998): a header of 512 bytes, 16-bit samples side by side."""

from __future__ import annotations

import binascii
import struct
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from shared.domain.states import Sex
from shared.waveform.formats import base
from shared.waveform.formats.base import CannotHold, EcgFormatError, Source, Written, gaps_filled, in_units
from shared.waveform.leads import standard_name
from shared.waveform.record import EcgDevice, EcgPatient, EcgRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAGIC = b"ISHNE1.0"
_HEADER = struct.Struct("<iiiih40s40s20shh3h3h3h3hh12h12h12hh40sh80s80s88s")
_LEADS = ["unknown", "bipolar", *"X Y Z I II III aVR aVL aVF V1 V2 V3 V4 V5 V6 ES AS AI".split()]
_START = 10


def read(source: Source) -> EcgRecord:
    """The record of an ISHNE file. Raises EcgFormatError."""
    import numpy as np

    data = source.data
    findings: list[str] = []
    if data[:8] != _MAGIC:
        raise EcgFormatError("the ISHNE file holds annotations, not samples; give the recording")
    if len(data) < _START + _HEADER.size:
        raise EcgFormatError("the ISHNE header is cut off")
    fields = _HEADER.unpack_from(data, _START)
    offset, count = fields[3], fields[22]
    if not 1 <= count <= 12:
        raise EcgFormatError(f"the ISHNE file says {count} leads; 1 to 12 exist")
    if not _START + _HEADER.size <= offset <= len(data):
        raise EcgFormatError("the ISHNE file says that its samples lie outside of it")
    (checksum,) = struct.unpack_from("<H", data, 8)
    if binascii.crc_hqx(data[_START:offset], 0xFFFF) != checksum:
        findings.append("the checksum of the ISHNE header is wrong")
    length = (len(data) - offset) // (2 * count)
    base.checked_size(count, length)
    stored = np.frombuffer(data, "<i2", length * count, offset).reshape(length, count)
    if fields[1] not in (length, length * count):
        findings.append(f"the ISHNE file says {fields[1]} samples and holds {length} of each lead")
    gains = fields[47 : 47 + count]
    if any(gain == 0 for gain in gains):
        raise EcgFormatError("the ISHNE file gives 0 as resolution")
    leads, written = base.named_leads([_name(code, n) for n, code in enumerate(fields[23 : 23 + count])])
    first, last = (base.decoded(raw) for raw in fields[5:7])
    joined = " ".join(part for part in (first, last) if part)
    return base.built(
        leads=leads,
        samples=np.ascontiguousarray(stored.T).astype(np.int32),
        gain_uv=tuple(gain / 1000 for gain in gains),
        baseline=(0.0,) * count,
        sampling_hz=base.checked_rate(float(fields[61])),
        started=_moment(fields[13:16], fields[19:22]),
        patient=EcgPatient(
            identifier=base.decoded(fields[7]),
            name=joined if joined.isascii() else last + first,
            birth_date=_date(fields[10:13]),
            sex={1: Sex.MALE, 2: Sex.FEMALE}.get(fields[8], Sex.UNKNOWN),
        ),
        device=EcgDevice(model=base.decoded(fields[60])),
        original_leads=written,
        findings=findings,
    )


def _name(code: int, place: int) -> str:
    return _LEADS[code] if 2 <= code < len(_LEADS) else f"CH{place + 1}"


def _date(parts: tuple[int, ...]) -> date | None:
    """Day, month, year."""
    try:
        return date(parts[2], parts[1], parts[0])
    except ValueError:
        return None


def _moment(day: tuple[int, ...], clock: tuple[int, ...]) -> datetime | None:
    when = _date(day)
    try:
        hour, minute, second = clock
        return datetime(when.year, when.month, when.day, hour, minute, second) if when is not None else None
    except ValueError:
        return None


def write(record: EcgRecord, name: str = "ecg") -> Written:
    """The record as an ISHNE file: 12 leads at most, whole rates, whole nV a step. Raises CannotHold."""
    findings: list[str] = []
    count = len(record.leads)
    if count > 12 or record.sampling_hz != int(record.sampling_hz) or record.sampling_hz > 32_767:
        raise CannotHold("ISHNE holds 12 leads at whole rates; this record is outside of that")
    units = [min(max(round(abs(gain) * 1000), 1), 32_767) for gain in record.gain_uv]
    made, worst = in_units(record.samples, record.gain_uv, record.baseline, [unit / 1000 for unit in units])
    if worst:
        findings.append(f"ISHNE holds whole nanovolts a step and no baseline: samples moved by up to {worst:.2g} µV")
    made, held = gaps_filled(made)
    if held:
        findings.append(f"ISHNE cannot mark samples as not recorded: {held} carry the value before them")
    if made.max() > 32_767 or made.min() < -32_768:
        raise CannotHold("ISHNE holds 16-bit samples; the record goes beyond")
    if record.annotations or record.median is not None or record.measurements or record.statements:
        findings.append("ISHNE has no place for marks, beats, values and statements: they are left out")
    unnamed = [lead for lead in record.leads if standard_name(lead) not in _LEADS]
    if unnamed:
        findings.append(f"ISHNE has no number for the leads {', '.join(unnamed)}: they come back without a name")
    head = _head(record, made, units)
    checksum = struct.pack("<H", binascii.crc_hqx(head, 0xFFFF))
    return Written({f"{name}.ecg": _MAGIC + checksum + head + _body(made)}, tuple(findings))


def _body(made: NDArray[Any]) -> bytes:
    import numpy as np

    return np.ascontiguousarray(made.T.astype("<i2")).tobytes()


def _head(record: EcgRecord, made: NDArray[Any], units: list[int]) -> bytes:
    patient, when, count = record.patient, record.started, len(record.leads)
    born = patient.birth_date
    codes = [_LEADS.index(lead) if lead in _LEADS else 0 for lead in map(standard_name, record.leads)]
    empty = [-9] * (12 - count)
    end = _START + _HEADER.size
    return _HEADER.pack(
        0,
        made.shape[1],
        end,
        end,
        1,
        b"",
        patient.name.encode()[:39],
        patient.identifier.encode()[:19],
        {Sex.MALE: 1, Sex.FEMALE: 2}.get(patient.sex, 0),
        0,
        *((born.day, born.month, born.year) if born else (0, 0, 0)),
        *((when.day, when.month, when.year) if when else (0, 0, 0)),
        *((when.day, when.month, when.year) if when else (0, 0, 0)),
        *((when.hour, when.minute, when.second) if when else (0, 0, 0)),
        count,
        *codes,
        *empty,
        *[0] * count,
        *empty,
        *units,
        *empty,
        0,
        record.device.model.encode()[:39],
        int(record.sampling_hz),
        b"",
        b"",
        b"",
    )
