"""The sections of SCP-ECG that hold no samples: who, values, statements (EN 1064 5.4, 5.10 to 5.13)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from shared.domain.states import Sex
from shared.waveform.formats.base import UNKNOWN_START, EcgFormatError, decoded
from shared.waveform.formats.cursor import Cursor
from shared.waveform.record import AcquisitionFilters, EcgDevice, EcgPatient, StoredMeasurement

_TEXTS = {9: "race", 10: "drugs", 11: "systolic", 12: "diastolic", 13: "diagnosis", 20: "referring physician"}
_TEXTS |= {21: "confirming physician", 23: "room", 30: "remark", 31: "sequence number", 35: "history"}
_NONE = 29_999  # a measurement that was not made (EN 1064 5.10.1)


@dataclass
class Header:
    """Section 1 as it was found."""

    patient: EcgPatient = field(default_factory=EcgPatient)
    device: EcgDevice = field(default_factory=EcgDevice)
    filters: AcquisitionFilters = field(default_factory=AcquisitionFilters)
    started: datetime | None = None


def read_header(data: bytes) -> Header:
    """Patient, device, filters and time of section 1 (5.4.3); tags that are cut off end it."""
    fields: dict[int, bytes] = {}
    place = 0
    while place + 3 <= len(data) and data[place] != 255:
        tag, length = struct.unpack_from("<BH", data, place)
        fields.setdefault(tag, data[place + 3 : place + 3 + length])
        place += 3 + length
    device = _device(fields)
    return Header(_patient(fields), device, _filters(fields), _started(fields))


def _numbers(raw: bytes, form: str) -> tuple[int, ...] | None:
    return struct.unpack_from("<" + form, raw) if len(raw) >= struct.calcsize("<" + form) else None


def _patient(fields: dict[int, bytes]) -> EcgPatient:
    first, last = decoded(fields.get(1, b"")), decoded(fields.get(0, b""))
    second = decoded(fields.get(3, b""))
    name = " ".join(part for part in (first, last, second) if part)
    if name and not name.isascii():
        name = "".join(part for part in (last, second, first) if part)
    age = _numbers(fields.get(4, b""), "HB")
    height = _numbers(fields.get(6, b""), "HB")
    weight = _numbers(fields.get(7, b""), "HB")
    years = {1: 1.0, 2: 1 / 12, 3: 7 / 365.25, 4: 1 / 365.25, 5: 1 / 8766}
    return EcgPatient(
        identifier=decoded(fields.get(2, b"")),
        name=name,
        birth_date=_date(fields.get(5, b"")),
        sex={1: Sex.MALE, 2: Sex.FEMALE}.get(fields[8][0], Sex.UNKNOWN) if fields.get(8) else Sex.UNKNOWN,
        age_years=age[0] * years[age[1]] if age and age[0] and age[1] in years else None,
        height_cm=height[0] * {1: 1.0, 2: 2.54, 3: 0.1}[height[1]]
        if height and height[0] and 0 < height[1] < 4
        else None,
        weight_kg=weight[0] * {1: 1.0, 2: 0.001, 3: 0.45359237, 4: 0.028349523}[weight[1]]
        if weight and weight[0] and 0 < weight[1] < 5
        else None,
        other={
            word: text
            for tag, word in _TEXTS.items()
            if tag not in (9, 11, 12) and (text := decoded(fields.get(tag, b"")))
        },
    )


def _date(raw: bytes) -> date | None:
    parts = _numbers(raw, "HBB")
    if parts and not 1800 <= parts[0] <= 2200:  # Heal Force writes the high byte first
        parts = (int.from_bytes(raw[:2], "big"), *parts[1:])
    try:
        return date(*parts) if parts and parts[0] else None
    except ValueError:
        return None


def _started(fields: dict[int, bytes]) -> datetime | None:
    day, clock = _date(fields.get(25, b"")), fields.get(26, b"")
    if day is None or len(clock) < 3 or clock[0] > 23 or clock[1] > 59 or clock[2] > 59:
        return None if day is None else datetime(day.year, day.month, day.day)
    zone = _numbers(fields.get(34, b""), "h")
    offset = timezone(timedelta(minutes=zone[0])) if zone and -780 <= zone[0] <= 840 else None
    return datetime(day.year, day.month, day.day, clock[0], clock[1], clock[2], tzinfo=offset)


def _device(fields: dict[int, bytes]) -> EcgDevice:
    raw = fields.get(14) or fields.get(15) or b""
    words = ["", "", "", "", ""]
    if len(raw) > 36:
        parts = raw[36:].split(b"\0")
        words = [decoded(part) for part in parts[:5]] + [""] * max(0, 5 - len(parts))
    return EcgDevice(
        manufacturer=words[4],
        model=decoded(raw[8:14]) if len(raw) >= 14 else "",
        serial=words[1],
        software=words[2],
        institution=decoded(fields.get(16, b"")),
        department=decoded(fields.get(18, b"")),
        operator=decoded(fields.get(22, b"")),
    )


def _filters(fields: dict[int, bytes]) -> AcquisitionFilters:
    high, low, bits = (_numbers(fields.get(tag, b""), form) for tag, form in ((27, "H"), (28, "H"), (29, "B")))
    notch = None
    if bits is not None:
        notch = 60.0 if bits[0] & 1 else 50.0 if bits[0] & 2 else 0.0
    return AcquisitionFilters(
        high_pass_hz=high[0] / 100 if high else None,
        low_pass_hz=float(low[0]) if low else None,
        notch_hz=notch,
        muscle=bool(bits[0] & 4) if bits else None,
        baseline=bool(bits[0] & 8) if bits else None,
    )


def write_header(header: Header) -> bytes:
    """Section 1 with the tags that the standard wants, even when empty (2, 14, 25, 26), and what is known besides."""
    patient, device, filters = header.patient, header.device, header.filters
    made = [_tag(2, _text(patient.identifier)), _tag(14, _machine(device))]
    when = header.started or UNKNOWN_START
    made.append(_tag(25, struct.pack("<HBB", when.year, when.month, when.day)))
    made.append(_tag(26, bytes((when.hour, when.minute, when.second))))
    if patient.name:
        made.append(_tag(0, _text(patient.name)))
    if patient.age_years is not None and 0 < patient.age_years < 200:
        whole = patient.age_years >= 2
        made.append(_tag(4, struct.pack("<HB", round(patient.age_years * (1 if whole else 12)), 1 if whole else 2)))
    if patient.birth_date:
        born = patient.birth_date
        made.append(_tag(5, struct.pack("<HBB", born.year, born.month, born.day)))
    if patient.height_cm:
        made.append(_tag(6, struct.pack("<HB", min(round(patient.height_cm), 65_535), 1)))
    if patient.weight_kg:
        made.append(_tag(7, struct.pack("<HB", min(round(patient.weight_kg * 1000), 65_535), 2)))
    made.append(_tag(8, bytes(({Sex.MALE: 1, Sex.FEMALE: 2}.get(patient.sex, 9),))))
    by_word = {word: tag for tag, word in _TEXTS.items()}
    made += [_tag(by_word[word], _text(text)) for word, text in patient.other.items() if word in by_word and text]
    for tag, text in ((16, device.institution), (18, device.department), (22, device.operator)):
        if text:
            made.append(_tag(tag, _text(text)))
    if filters.high_pass_hz is not None:
        made.append(_tag(27, struct.pack("<H", min(round(filters.high_pass_hz * 100), 65_535))))
    if filters.low_pass_hz is not None:
        made.append(_tag(28, struct.pack("<H", min(round(filters.low_pass_hz), 65_535))))
    bits = (filters.notch_hz == 60) | (filters.notch_hz == 50) << 1 | bool(filters.muscle) << 2
    if any(one is not None for one in (filters.notch_hz, filters.muscle, filters.baseline)):
        made.append(_tag(29, bytes((bits | bool(filters.baseline) << 3,))))
    if when.tzinfo is not None:
        offset = when.utcoffset() or timedelta()
        made.append(_tag(34, struct.pack("<hH", int(offset.total_seconds() // 60), 0) + b"\0"))
    return b"".join(made) + struct.pack("<BH", 255, 0)


def _tag(number: int, value: bytes) -> bytes:
    return struct.pack("<BH", number, len(value)) + value


def _text(text: str) -> bytes:
    return text.encode()[:62] + b"\0"


def _machine(device: EcgDevice) -> bytes:
    strings = ("", device.serial, device.software, "Mingjing", device.manufacturer)
    fixed = struct.pack("<HHHBB6sBBBBB16x", 0, 0, 0, 0, 255, device.model.encode()[:6], 20, 0xD0, 0, 0xC0, 0)
    return fixed + bytes((1,)) + b"".join(text.encode()[:40] + b"\0" for text in strings)


def read_measurements(data: bytes) -> list[StoredMeasurement]:
    """The global values of section 7 (5.10): intervals of the first reference beat in ms, axes in degrees."""
    cursor = Cursor(data)
    beats, spikes, rr, pp = cursor.unpack("BBHH")
    found = [StoredMeasurement(name, value, "ms") for name, value in (("rr", rr), ("pp", pp)) if 0 < value < _NONE]
    if beats < 1 or cursor.left < 16:
        return found
    names = ("p_on", "p_off", "qrs_on", "qrs_off", "t_off")
    times = dict(zip(names, cursor.unpack("5H"), strict=True))
    axes = cursor.unpack("3h")
    found += [StoredMeasurement(name, value, "ms") for name, value in times.items() if 0 < value < _NONE]
    found += [
        StoredMeasurement(name, value, "deg")
        for name, value in zip(("p_axis", "qrs_axis", "t_axis"), axes, strict=True)
        if abs(value) < 999
    ]
    found += [
        StoredMeasurement(name, times[last] - times[first], "ms")
        for name, first, last in (
            ("p", "p_on", "p_off"),
            ("pr", "p_on", "qrs_on"),
            ("qrs", "qrs_on", "qrs_off"),
            ("qt", "qrs_on", "t_off"),
        )
        if 0 < times[first] < times[last] < _NONE
    ]
    return found + _additional(cursor, beats, spikes)


def _additional(cursor: Cursor, beats: int, spikes: int) -> list[StoredMeasurement]:
    """Heart rate and QTc after the beats, the pacemaker spikes and the QRS types."""
    try:
        cursor.take(16 * (beats - 1) + 10 * spikes if spikes < _NONE else 16 * (beats - 1))
        complexes = cursor.one("H")
        if complexes < _NONE:
            cursor.take(complexes)
        rate, atrial, qtc, formula = cursor.unpack("HHHB")
    except EcgFormatError:
        return []
    name = {1: "qtcb", 2: "qtch"}.get(formula, "qtc")
    values = (("hr", rate, "1/min"), ("atrial_rate", atrial, "1/min"), (name, qtc, "ms"))
    return [StoredMeasurement(word, value, unit) for word, value, unit in values if 0 < value < _NONE]


def write_measurements(known: dict[str, float], qrs_count: int) -> bytes:
    """Section 7 from the names of KNOWN_MEASUREMENTS."""

    def whole(name: str, none: int = _NONE) -> int:
        return round(known[name]) if name in known and abs(known[name]) < 29_000 else none

    beat = struct.pack("<5H", *(max(whole(name), 0) for name in ("p_on", "p_off", "qrs_on", "qrs_off", "t_off")))
    axes = struct.pack("<3h", *(whole(name, 999) for name in ("p_axis", "qrs_axis", "t_axis")))
    made = struct.pack("<BBHH", 1, 0, max(whole("rr"), 0), max(whole("pp"), 0)) + beat + axes
    made += struct.pack("<H", qrs_count) + bytes(qrs_count)
    qtc = next((name for name in ("qtcb", "qtc") if name in known), "qtc")
    return (
        made
        + struct.pack("<HHHB", whole("hr"), whole("atrial_rate"), whole(qtc), 1 if qtc == "qtcb" else 0)
        + b"\xff\0\0"
    )


def read_statements(data: bytes) -> list[str]:
    """The lines of section 8 (5.11)."""
    cursor = Cursor(data)
    cursor.take(8)
    lines = []
    for _ in range(cursor.one("B")):
        if cursor.left < 3:
            break
        _, length = cursor.unpack("BH")
        lines.append(decoded(cursor.take(min(length, cursor.left))))
    return [line for line in lines if line]


def write_statements(lines: tuple[str, ...], when: datetime | None) -> bytes:
    """Section 8: an unconfirmed report of at most 255 lines."""
    day = when or UNKNOWN_START
    made = struct.pack(
        "<BHBBBBBB", 0, day.year, day.month, day.day, day.hour, day.minute, day.second, min(len(lines), 255)
    )
    for number, line in enumerate(lines[:255], start=1):
        raw = line.encode()[:2000] + b"\0"
        made += struct.pack("<BH", number, len(raw)) + raw
    return made


def read_lead_measurements(data: bytes, names: dict[int, str]) -> list[StoredMeasurement]:
    """Section 10 (5.13): per lead the first measures in ms and µV, by their names in the standard."""
    words = "p pr qrs qt q_dur r_dur s_dur r2_dur s2_dur q_amp r_amp s_amp r2_amp s2_amp j_amp".split()
    words += "p_amp_pos p_amp_neg t_amp_pos t_amp_neg st_slope".split()
    cursor = Cursor(data)
    leads, _ = cursor.unpack("HH")
    found = []
    for _ in range(min(leads, 64)):
        if cursor.left < 4:
            break
        lead, length = cursor.unpack("HH")
        body = Cursor(cursor.take(min(length, cursor.left)))
        values = body.unpack(f"{body.left // 2}h")
        for word, value in zip(words, values, strict=False):
            if abs(value) < 19_999 and lead in names:
                found.append(StoredMeasurement(word, value, "uV" if "_amp" in word else "ms", names[lead]))
    return found
