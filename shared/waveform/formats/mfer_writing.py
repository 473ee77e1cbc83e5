"""Writes MFER (ISO 22077-1): little-endian, uncompressed, median beats as a frame of dominant beats."""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shared.domain.states import Sex
from shared.waveform.formats import lead_codes
from shared.waveform.formats import mfer_tags as tags
from shared.waveform.formats.base import CannotHold, Written, in_units, range_of
from shared.waveform.formats.dicom_concepts import mark_text
from shared.waveform.record import MISSING, EcgRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray


def write(record: EcgRecord, name: str = "ecg") -> Written:
    """The record as an MFER file. Raises CannotHold."""
    findings: list[str] = []
    made = [
        _tlv(tags.PREAMBLE, b"MFR " + b"ECG".ljust(28)),
        _tlv(tags.BYTE_ORDER, b"\1"),
        _tlv(tags.TEXT_CODE, b"UTF-8"),
        *_about(record, findings),
    ]
    made += _frame(record.leads, record.samples, record.gain_uv, record.baseline, record.sampling_hz, 1, findings)
    for mark in record.annotations:
        length = max((mark.end_sample or mark.sample) - mark.sample, 0)
        text = mark_text(mark.code, mark.text) + (f"@@{mark.lead}" if mark.lead else "")
        place = struct.pack("<Hii", 0, _whole(mark.sample), _whole(length))
        made.append(_tlv(tags.EVENT, place + text.encode()[:240]))
    median = record.median
    if median is not None:
        made += _frame(
            median.leads,
            median.samples,
            median.gain_uv,
            median.baseline,
            median.sampling_hz,
            tags.DOMINANT_BEAT,
            findings,
        )
    return Written({f"{name}.mwf": b"".join(made) + bytes((tags.END, 0))}, tuple(findings))


def _whole(number: int) -> int:
    return min(max(number, -(2**31)), 2**31 - 1)


def _tlv(tag: int, value: bytes) -> bytes:
    if len(value) < 0x80:
        return bytes((tag, len(value))) + value
    return bytes((tag, 0x84)) + len(value).to_bytes(4, "big") + value


def _about(record: EcgRecord, findings: list[str]) -> list[bytes]:
    patient, device, filters = record.patient, record.device, record.filters
    made = []
    words = (device.manufacturer, device.model, device.software, device.serial)
    if any(words):
        made.append(_tlv(tags.MACHINE, "^".join(word.replace("^", " ") for word in words).encode()))
    if patient.name:
        made.append(_tlv(tags.PATIENT_NAME, patient.name.replace("^", " ").encode()))
    if patient.identifier:
        made.append(_tlv(tags.PATIENT_ID, patient.identifier.replace("^", " ").encode()))
    if patient.age_years is not None or patient.birth_date is not None:
        age = patient.age_years or 0.0
        born = patient.birth_date
        date = (born.year, born.month, born.day) if born else (0, 0, 0)
        days = round((age - int(age)) * 365.25) if age < 200 else 0
        made.append(_tlv(tags.AGE, struct.pack("<BHHBB", min(int(age), 199), days, *date)))
    made.append(_tlv(tags.SEX, bytes(({Sex.MALE: 1, Sex.FEMALE: 2}.get(patient.sex, 0),))))
    when = record.started
    if when is not None:
        clock = (when.year, when.month, when.day, when.hour, when.minute, when.second)
        made.append(_tlv(tags.TIME, struct.pack("<HBBBBBHH", *clock, *divmod(when.microsecond, 1000))))
        if when.tzinfo is not None:
            findings.append("MFER holds no time zone: the time is written as the clock showed it")
    for kind, hertz in (("HPF", filters.high_pass_hz), ("LPF", filters.low_pass_hz), ("BEF", filters.notch_hz)):
        if hertz is not None:
            made.append(_tlv(tags.FILTER, f"{kind}={hertz:g}".encode()))
    made += [_tlv(tags.NOTE, line.encode()) for line in record.statements if line]
    for one in record.measurements:
        text = "^".join((one.name, f"{one.value:.10g}", one.unit, one.lead))
        made.append(_tlv(tags.VALUE, struct.pack("<Hi", 0, 0) + text.encode()))
    if record.identifier:
        made.append(_tlv(tags.UID, record.identifier.encode()[:64]))
    if device.institution or device.department or device.operator or patient.height_cm or patient.weight_kg:
        findings.append("MFER has no place for institution, operator, height and weight: they are left out")
    return made


def _scaled(value: float, unit: int, what: str, findings: list[str]) -> bytes:
    """Unit, exponent and a 32-bit mantissa."""
    exact = Decimal(repr(value))
    _, digits, exponent = exact.as_tuple()
    power = int(exponent)
    mantissa = int("".join(map(str, digits))) * (-1 if value < 0 else 1)
    while abs(mantissa) >= 2**31:
        mantissa = round(mantissa / 10)
        power += 1
    if not -128 <= power <= 127:
        raise CannotHold(f"MFER cannot hold {value} as {what}")
    if abs(float(f"{mantissa}e{power}") / value - 1) > 1e-15:
        sentence = f"MFER holds nine digits: the {what} was rounded"
        findings += [sentence] if sentence not in findings else []
    return struct.pack("<Bbi", unit, power, mantissa)


def _frame(
    leads: tuple[str, ...],
    samples: NDArray[Any],
    gains: tuple[float, ...],
    baselines: tuple[float, ...],
    hertz: float,
    kind: int,
    findings: list[str],
) -> list[bytes]:
    import numpy as np

    zeros = [round(zero) for zero in baselines]
    made = samples
    if any(abs(zero - whole) > 1e-9 for zero, whole in zip(baselines, zeros, strict=True)):
        made, worst = in_units(samples, gains, baselines, gains)
        zeros = [0] * len(leads)
        if worst:
            findings.append(f"MFER holds whole baselines: samples moved by up to {worst:.2g} µV")
    ranges = [range_of(row) for row in made]
    narrow = all(low >= -32_767 and high <= 32_767 for low, high in ranges)
    narrow = narrow and all(abs(zero) <= 32_767 for zero in zeros)
    null = -32_768 if narrow else MISSING
    stored = np.where(made == MISSING, null, made).astype("<i2" if narrow else "<i4")
    letter = "<h" if narrow else "<i"
    parts = [
        _tlv(tags.WAVEFORM, struct.pack("<H", kind)),
        _tlv(tags.CHANNELS, struct.pack("<H", len(leads))),
        _tlv(tags.BLOCK, struct.pack("<I", samples.shape[1])),
        _tlv(tags.SEQUENCES, struct.pack("<I", 1)),
        _tlv(tags.DATA_TYPE, bytes((0 if narrow else 2,))),
        _tlv(tags.NULL_VALUE, struct.pack(letter, null)),
        _tlv(tags.INTERVAL, _scaled(hertz, 0, "sampling rate", findings)),
    ]
    for n, lead in enumerate(leads):
        code = lead_codes.code_of(lead)
        # Volts: the exponent of the µV value moved by six places.
        unit, power, mantissa = struct.unpack("<Bbi", _scaled(gains[n], 0, "resolution", findings))
        scale = struct.pack("<Bbi", unit, power - 6, mantissa)
        inner = _tlv(tags.LEAD, struct.pack("<H", code) + (b"" if code else lead.encode()[:32]))
        inner += _tlv(tags.SENSITIVITY, scale) + _tlv(tags.OFFSET, struct.pack(letter, -zeros[n]))
        parts.append(bytes((tags.ATTRIBUTE, n, len(inner))) + inner)
    return [*parts, _tlv(tags.DATA, np.ascontiguousarray(stored).tobytes())]
