"""Reads and writes EDF and EDF+ (Kemp 1992, Kemp and Olivan 2003): records of 16-bit samples; reads BDF (24 bits)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.domain.states import Sex
from shared.waveform.formats import base, edf_layout
from shared.waveform.formats.base import CannotHold, EcgFormatError, Source, Written, gaps_filled
from shared.waveform.formats.dicom_concepts import mark_parts, mark_text
from shared.waveform.leads import is_lead
from shared.waveform.record import MISSING, AcquisitionFilters, Annotation, EcgDevice, EcgPatient, EcgRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENDS = "Recording ends"  # the standard text for it, EDF+ 2.2.4
_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_TO_UV = {"uv": 1.0, "µv": 1.0, "mv": 1e3, "v": 1e6, "nv": 1e-3, "\u03bcv": 1.0}
_NOTES = "EDF Annotations"
_ALL_NOTES = (_NOTES, "BDF Annotations")
BIOSEMI = b"\xffBIOSEMI"
"""What stands in place of EDF's version in the same header with samples of 24 bits (BioSemi's BDF, BDF+)."""


@dataclass(frozen=True)
class _Signal:
    """The header of one signal."""

    label: str
    unit: str
    physical: tuple[float, float]
    digital: tuple[int, int]
    filters: str
    per_record: int
    offset: int  # bytes from the start of a record


def read(source: Source) -> EcgRecord:
    """The record of an EDF or BDF file: the signals in volts of the leads' rate, else of the highest one.

    Raises EcgFormatError.
    """
    data = source.data
    findings: list[str] = []
    width = 3 if data.startswith(BIOSEMI) else 2
    head, signals, seconds = _header(data, width)
    start = 256 * (len(signals) + 1)
    size = width * sum(signal.per_record for signal in signals)
    if size < width:
        raise EcgFormatError("the EDF file has records without samples")
    said = _whole(head[236:244])
    records = (len(data) - start) // size
    if said not in (-1, records):
        findings.append(f"the EDF file says {said} records and holds {records}")
        records = min(records, said) if said > 0 else records
    used = [one for one in signals if one.label not in _ALL_NOTES and one.unit.lower() in _TO_UV and one.per_record]
    for one in signals:
        if one not in used and one.label not in _ALL_NOTES:
            findings.append(f"signal {one.label} is not in volts and is left out")
    rates = {one.per_record for one in used}
    chosen = max(rates, key=lambda rate: (_leads_at(rate, used), rate), default=0)
    if not chosen or records < 1:
        raise EcgFormatError("the EDF file holds no signal in volts")
    if not seconds > 0:
        raise EcgFormatError("the EDF file does not say how long its records are")
    hertz = base.checked_rate(chosen / seconds)
    for one in used:
        if one.per_record != chosen:
            findings.append(f"signal {one.label} is not sampled at {hertz:g} Hz and is left out")
    used = [one for one in used if one.per_record == chosen]
    base.checked_size(len(used), records * chosen)
    samples = _samples(data[start:], used, records, size, width)
    notes_of = [one for one in signals if one.label in _ALL_NOTES]
    onsets, notes = _notes(data[start:], notes_of, records, size, width)
    if head[192:197] in (b"EDF+D", b"BDF+D"):
        samples = _spread(samples, onsets, chosen, hertz, findings)
    leads, written = base.named_leads([_lead(one.label) for one in used])
    marks, length = _marks(notes, onsets[0] if onsets else 0.0, hertz, set(leads), samples.shape[1])
    scales = [_scale(one) for one in used]
    patient = _patient(base.decoded(head[8:88]))
    record_words = base.decoded(head[88:168])
    return base.built(
        leads=leads,
        samples=samples[:, :length],
        gain_uv=tuple(gain for gain, _ in scales),
        baseline=tuple(zero for _, zero in scales),
        sampling_hz=hertz,
        started=_started(head, record_words, onsets),
        patient=patient,
        device=_device(record_words),
        filters=_filters(used[0].filters),
        annotations=tuple(marks),
        original_leads=written,
        findings=findings,
    )


def _whole(raw: bytes) -> int:
    try:
        return int(raw.decode("ascii").strip())
    except ValueError as error:
        raise EcgFormatError("the EDF header holds words where numbers belong") from error


def _real(raw: bytes) -> float:
    value = base.number(raw.decode("latin-1").strip().replace(",", "."))
    if value is None:
        raise EcgFormatError("the EDF header holds words where numbers belong")
    return value


def _leads_at(rate: int, signals: list[_Signal]) -> int:
    return sum(one.per_record == rate and is_lead(_lead(one.label)) for one in signals)


def _header(data: bytes, width: int) -> tuple[bytes, list[_Signal], float]:
    head = data[:256]
    if len(head) < 256:
        raise EcgFormatError("the EDF header is cut off")
    count = _whole(head[252:256])
    base.checked_size(min(max(count, 0), 65), 1)
    if count < 1 or len(data) < 256 * (count + 1):
        raise EcgFormatError("the EDF header is cut off")
    place = 256
    columns = []
    for wide in (16, 80, 8, 8, 8, 8, 8, 80, 8, 32):
        columns.append([data[place + n * wide : place + (n + 1) * wide] for n in range(count)])
        place += count * wide
    signals, offset = [], 0
    for n in range(count):
        per_record = _whole(columns[8][n])
        if not 0 <= per_record <= 100_000_000:
            raise EcgFormatError("the EDF header gives a number of samples that cannot be right")
        label = columns[0][n].decode("latin-1").strip()
        notes = label in _ALL_NOTES
        signals.append(
            _Signal(
                label,
                columns[2][n].decode("latin-1").strip(),
                (0.0, 1.0) if notes else (_real(columns[3][n]), _real(columns[4][n])),
                (0, 1) if notes else (_whole(columns[5][n]), _whole(columns[6][n])),
                columns[7][n].decode("latin-1").strip(),
                per_record,
                offset,
            )
        )
        offset += width * per_record
    return head, signals, _real(head[244:252])


def _samples(data: bytes, used: list[_Signal], records: int, size: int, width: int) -> NDArray[Any]:
    import numpy as np

    table = np.frombuffer(data, np.uint8, records * size).reshape(records, size)
    rows = []
    for one in used:
        part = np.ascontiguousarray(table[:, one.offset : one.offset + width * one.per_record])
        if width == 2:
            rows.append(part.view("<i2").reshape(-1).astype(np.int32))
        else:  # the three bytes above an empty one, moved down with their sign
            wide = np.zeros((part.size // 3, 4), dtype=np.uint8)
            wide[:, 1:] = part.reshape(-1, 3)
            rows.append(wide.view("<i4").reshape(-1) >> 8)
    return np.vstack(rows)


def _scale(signal: _Signal) -> tuple[float, float]:
    low, high = signal.digital
    first, last = signal.physical
    unit = _TO_UV[signal.unit.lower()]
    if high == low or first == last:
        raise EcgFormatError(f"signal {signal.label} of the EDF file has no range")
    gain = (last - first) * unit / (high - low)
    if not 1e-9 <= abs(gain) <= 1e9:
        raise EcgFormatError(f"a resolution of {gain} µV cannot be right")
    gain = base.snapped(gain * 1e6, 1e-12) / 1e6
    return gain, base.snapped(low - first * unit / gain, 1e-6)


def _lead(label: str) -> str:
    return label[4:] if label.upper().startswith("ECG ") else label


def _notes(
    data: bytes, signals: list[_Signal], records: int, size: int, width: int
) -> tuple[list[float], list[tuple[float, float, str]]]:
    """When each record starts, and all annotations: onset, duration, text (EDF+ 2.2)."""
    onsets: list[float] = []
    notes: list[tuple[float, float, str]] = []
    for record in range(records if signals else 0):
        for place, signal in enumerate(signals):
            first = record * size + signal.offset
            for tal in data[first : first + width * signal.per_record].split(b"\0"):
                parts = tal.split(b"\x14")
                onset, _, duration = parts[0].partition(b"\x15")
                when = base.number(onset.decode("ascii", "replace"))
                if when is None or len(parts) < 2:
                    continue
                if place == 0 and len(onsets) == record and parts[1] == b"":
                    onsets.append(when)
                length = base.number(duration.decode("ascii", "replace")) if duration else None
                notes += [(when, length or 0.0, base.decoded(text)) for text in parts[1:] if text]
        if len(notes) > 200_000:
            break
    return onsets, notes


def _spread(
    samples: NDArray[Any], onsets: list[float], per_record: int, hertz: float, findings: list[str]
) -> NDArray[Any]:
    """Records with pauses between them (EDF+D) on one time line."""
    import numpy as np

    records = samples.shape[1] // per_record
    if len(onsets) < records:
        findings.append("the EDF+D file does not time all its records: they follow one another without pauses")
        return samples
    places = [round((onset - onsets[0]) * hertz) for onset in onsets[:records]]
    length = max(places) + per_record
    if min(places) < 0 or length > 64 * samples.shape[1] + 1000:
        raise EcgFormatError("the records of the EDF+D file lie too far apart to be one recording")
    base.checked_size(samples.shape[0], length)
    made = np.full((samples.shape[0], length), MISSING, dtype=np.int32)
    for n, place in enumerate(places):
        made[:, place : place + per_record] = samples[:, n * per_record : (n + 1) * per_record]
    return made


def _marks(
    notes: list[tuple[float, float, str]], origin: float, hertz: float, leads: set[str], length: int
) -> tuple[list[Annotation], int]:
    marks = []
    for onset, duration, text in notes:
        if not abs(onset - origin) * hertz < 2**31:
            continue
        place = round((onset - origin) * hertz)
        if text == ENDS and 0 < place <= length:
            length = place
            continue
        line, found, label = text.rpartition("@@")
        lead = _lead(label) if found and _lead(label) in leads else ""
        code, words = mark_parts(line if lead else text)
        end = place + round(duration * hertz) if 0 < duration * hertz < 2**31 else None
        marks.append(Annotation(place, code, words, lead, end))
    return marks, length


def _started(head: bytes, words: str, onsets: list[float]) -> datetime | None:
    day, clock = head[168:176].decode("latin-1"), head[176:184].decode("latin-1")
    try:
        parts = [int(part) for part in re.split(r"\D", f"{day} {clock}", maxsplit=5)]
        year = parts[2] + (1900 if parts[2] >= 85 else 2000)
        hour, minute, second = parts[3:6]
        when = datetime(year, parts[1], parts[0], hour, minute, second)
        fraction = onsets[0] if onsets and 0 <= onsets[0] < 1 else 0.0
        when = when.replace(microsecond=round(fraction * 1e6) % 1_000_000)
    except (ValueError, IndexError):
        return None
    return None if "Startdate X" in words or base.known_start(when) is None else when


def _patient(words: str) -> EcgPatient:
    parts = words.split()
    if len(parts) < 4 or not (parts[2] == "X" or re.fullmatch(r"\d\d-[A-Za-z]{3}-\d{4}", parts[2])):
        return EcgPatient(name=words if words != "X" else "")
    identifier, sex, born, name = (part.replace("_", " ") if part != "X" else "" for part in parts[:4])
    return EcgPatient(identifier, name, _born(born), base.sex_of(sex))


def _born(text: str) -> Any:
    parts = text.split("-")
    month = _MONTHS.index(parts[1].upper()) + 1 if len(parts) == 3 and parts[1].upper() in _MONTHS else 0
    return base.day(f"{parts[2]}{month:02d}{parts[0]}") if month else None


def _device(words: str) -> EcgDevice:
    parts = [part.replace("_", " ") if part != "X" else "" for part in words.split()]
    if len(parts) < 5 or parts[0] != "Startdate":
        return EcgDevice()
    return EcgDevice(operator=parts[3], model=parts[4])


def _filters(text: str) -> AcquisitionFilters:
    found = {kind: base.number(value) for kind, value in re.findall(r"(HP|LP|N):\s*([\d.]+)", text)}
    return AcquisitionFilters(found.get("HP"), found.get("LP"), found.get("N"))


def write(record: EcgRecord, name: str = "ecg") -> Written:
    """The record as EDF+C. Raises CannotHold for samples beyond 16 bits."""
    findings: list[str] = []
    samples, held = gaps_filled(record.samples)
    if held:
        findings.append(f"EDF cannot mark samples as not recorded: {held} carry the value before them")
    ranges = [edf_layout.range_for(row, gain, zero) for row, gain, zero in _leads(record, samples)]
    samples = edf_layout.moved(samples, [one.shift for one in ranges])
    if samples.max() > 32_767 or samples.min() < -32_768:
        raise CannotHold("EDF holds 16-bit samples; the record goes beyond")
    worst = max(one.error_uv for one in ranges)
    if worst > 1e-6:
        findings.append(f"EDF holds eight characters for a range: values change by up to {worst:.2g} µV")
    if record.median is not None or record.measurements or record.statements:
        findings.append("EDF has no place for median beats, measured values and statements: they are left out")
    if record.started is None:
        findings.append("the start of the recording is unknown: EDF gets 1 January 1985 and says so")
    block, duration = edf_layout.record_length(samples.shape[1], len(record.leads), record.sampling_hz)
    blocks = -(-samples.shape[1] // block)
    notes = edf_layout.notes_of(_texts(record, samples.shape[1] % block != 0), blocks, duration, _fraction(record))
    head = _written_header(record, ranges, block, duration, blocks, len(notes[0]) // 2, findings)
    return Written({f"{name}.edf": head + edf_layout.body(samples, block, notes)}, tuple(findings))


def _leads(record: EcgRecord, samples: NDArray[Any]) -> Any:
    return zip(samples, record.gain_uv, record.baseline, strict=True)


def _fraction(record: EcgRecord) -> float:
    return record.started.microsecond / 1e6 if record.started is not None else 0.0


def _texts(record: EcgRecord, padded: bool) -> list[tuple[float, float, str]]:
    hertz, origin = record.sampling_hz, _fraction(record)
    texts = []
    for mark in record.annotations:
        text = mark_text(mark.code, mark.text) + (f"@@ECG {mark.lead}" if mark.lead else "")
        length = (mark.end_sample - mark.sample) / hertz if mark.end_sample is not None else 0.0
        texts.append((origin + mark.sample / hertz, length, text))
    return texts + ([(origin + record.sample_count / hertz, 0.0, ENDS)] if padded else [])


def _written_header(
    record: EcgRecord,
    ranges: list[edf_layout.Range],
    block: int,
    duration: str,
    blocks: int,
    note_samples: int,
    findings: list[str],
) -> bytes:
    when = record.started or datetime(1985, 1, 1)
    if not 1985 <= when.year <= 2084:
        findings.append(f"EDF holds years from 1985 to 2084: {when.year} stands in the recording field only")
    date = f"{when.day:02d}-{_MONTHS[when.month - 1]}-{when.year:04d}" if record.started else "X"
    count = len(ranges) + 1
    fields = [
        ("0", 8),
        (_patient_words(record, findings), 80),
        (" ".join(("Startdate", date, "X", _word(record.device.operator), _word(record.device.model))), 80),
        (when.strftime("%d.%m.%y"), 8),
        (when.strftime("%H.%M.%S"), 8),
        (str(256 * (count + 1)), 8),
        ("EDF+C", 44),
        (str(blocks), 8),
        (duration, 8),
        (str(count), 4),
    ]
    filters = " ".join(
        f"{kind}:{hertz:g}Hz"
        for kind, hertz in (
            ("HP", record.filters.high_pass_hz),
            ("LP", record.filters.low_pass_hz),
            ("N", record.filters.notch_hz),
        )
        if hertz is not None
    )
    rows = [
        (f"ECG {lead}", "", "uV", *one.physical, *map(str, one.digital), filters, str(block), "")
        for lead, one in zip(record.leads, ranges, strict=True)
    ]
    rows.append((_NOTES, "", "", "-1", "1", "-32768", "32767", "", str(note_samples), ""))
    for place, width in enumerate((16, 80, 8, 8, 8, 8, 8, 80, 8, 32)):
        fields += [(row[place], width) for row in rows]
    return b"".join(text.encode("ascii", "replace")[:width].ljust(width) for text, width in fields)


def _word(text: str) -> str:
    return text.strip().replace(" ", "_") or "X"


def _patient_words(record: EcgRecord, findings: list[str]) -> str:
    from shared.dicomkit import names

    patient = record.patient
    name = patient.name
    if not name.isascii():
        name = names.ascii_name(name).replace("^", " ")
        findings.append("EDF holds ASCII only: the patient's name is written in Latin letters")
    born = patient.birth_date
    date = f"{born.day:02d}-{_MONTHS[born.month - 1]}-{born.year:04d}" if born else "X"
    sex = patient.sex.value if patient.sex in (Sex.MALE, Sex.FEMALE) else "X"
    return " ".join((_word(patient.identifier), sex, date, _word(name)))
