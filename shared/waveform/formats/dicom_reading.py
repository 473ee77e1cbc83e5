"""Reads DICOM 12-lead, General, Ambulatory and 32-bit ECG and the ECG channels of other waveforms (PS3.3 C.10.9)."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from io import BytesIO
from typing import TYPE_CHECKING, Any

from shared.dicomkit import names
from shared.imaging.values import (
    byte_order,
    bytes_of,
    code_of,
    first_of,
    items_of,
    number_of,
    numbers_of,
    raw_of,
    text_of,
)
from shared.waveform.formats import base, dicom_concepts, lead_codes
from shared.waveform.formats.base import EcgFormatError, Source
from shared.waveform.record import (
    MISSING,
    AcquisitionFilters,
    Annotation,
    EcgDevice,
    EcgPatient,
    EcgRecord,
    MedianBeats,
    StoredMeasurement,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_INFLATED = 256 << 20
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_KINDS = {("SB", 8): "i1", ("UB", 8): "u1", ("SS", 16): "i2", ("US", 16): "u2", ("SL", 32): "i4", ("UL", 32): "u4"}
_TO_UV = {"uV": 1.0, "mV": 1e3, "V": 1e6, "nV": 1e-3}


_reading = threading.Lock()  # pydicom's validation and Python's warnings are switches of the whole process


@dataclass(frozen=True)
class _Group:
    """A multiplex group: its channels in microvolts, what it is, and when it starts."""

    place: int  # from 1, as annotations count
    derived: bool
    label: str
    hertz: float
    offset: float  # seconds after the start of the acquisition
    leads: tuple[str, ...]
    written: tuple[str, ...]
    channels: tuple[int, ...]  # from 1, as annotations count
    samples: NDArray[Any]
    gain_uv: tuple[float, ...]
    baseline: tuple[float, ...]
    filters: AcquisitionFilters
    skew: tuple[str, ...]


def read(source: Source) -> EcgRecord:
    """The record of a DICOM file. Raises EcgFormatError."""
    from pydicom import config

    with _reading, warnings.catch_warnings(), config.disable_value_validation():
        warnings.simplefilter("ignore")  # what is wrong with a value is ours to judge
        return record_of(_dataset(source.data))


def record_of(ds: Any) -> EcgRecord:
    """The record of a data set; derived groups become the median beats, several rhythm groups one time line."""
    findings: list[str] = []
    groups = []
    for place, item in enumerate(items_of(ds, "WaveformSequence"), start=1):
        if place > 64:
            break
        group = _group(item, place, findings)
        if group is not None:
            groups.append(group)
    rhythm = [group for group in groups if not group.derived]
    if not rhythm:
        raise EcgFormatError("the DICOM object holds no ECG channels in volts")
    medians = [group for group in groups if group.derived]
    joined = _joined(rhythm, findings)
    annotations, measurements, statements = _annotations(ds, joined.place, groups, joined, rhythm)
    if len(medians) > 1:
        findings.append(f"{len(medians)} groups of derived beats: the first is kept as the median beat")
    extra = _extra(ds, joined)
    return base.built(
        leads=joined.leads,
        samples=joined.samples,
        gain_uv=joined.gain_uv,
        baseline=joined.baseline,
        sampling_hz=joined.hertz,
        started=base.known_start(_started(ds)),
        patient=_patient(ds),
        device=_device(ds),
        filters=joined.filters,
        annotations=tuple(annotations),
        measurements=tuple(measurements),
        statements=tuple(statements),
        median=_median(medians[0]) if medians else None,
        identifier=text_of(ds, "SOPInstanceUID"),
        original_leads=joined.written,
        extra=extra,
        findings=findings,
    )


def _dataset(data: bytes) -> Any:
    from pydicom import dcmread

    try:
        return dcmread(BytesIO(_inflated(data)))
    except EcgFormatError:
        raise
    except Exception as error:  # pydicom raises many classes for wrong bytes
        raise EcgFormatError(f"the DICOM file cannot be read: {error}"[:300]) from error


def _inflated(data: bytes) -> bytes:
    """A deflated data set (PS3.5 A.5) as an explicit little endian one; a bomb is refused."""
    import struct
    import zlib

    head = data[:1024]
    if _DEFLATED not in head or head[132:140] != b"\x02\x00\x00\x00UL\x04\x00":
        return data
    start = 144 + struct.unpack_from("<I", head, 140)[0]
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = inflater.decompress(data[start:], MAX_INFLATED + 1)
    except zlib.error as error:
        raise EcgFormatError("the deflated DICOM data set is damaged") from error
    if len(body) > MAX_INFLATED:
        raise EcgFormatError("the deflated DICOM data set grows beyond 256 MB; it is refused")
    return data[:start].replace(_DEFLATED, b"1.2.840.10008.1.2.1".ljust(len(_DEFLATED), b"\0"), 1) + body


def _group(item: Any, place: int, findings: list[str]) -> _Group | None:
    import numpy as np

    label = text_of(item, "MultiplexGroupLabel")
    count, length = (int(number_of(item, key) or 0) for key in ("NumberOfWaveformChannels", "NumberOfWaveformSamples"))
    bits, meaning = int(number_of(item, "WaveformBitsAllocated") or 0), text_of(item, "WaveformSampleInterpretation")
    kind = _KINDS.get((meaning, bits))
    if kind is None:
        findings.append(
            f"group {place} holds {bits}-bit samples of kind {meaning!r}, which are not ECG; it is left out"
        )
        return None
    base.checked_size(max(count, 0), max(length, 0))
    hertz = base.checked_rate(number_of(item, "SamplingFrequency"))
    data = bytes_of(item, "WaveformData")
    step = np.dtype(kind).itemsize * count
    if len(data) < step * length:
        findings.append(f"group {place} says {length} samples but holds {len(data) // step}; those are read")
        length = len(data) // step
        base.checked_size(count, length)
    stored = np.frombuffer(data, np.dtype(byte_order(item) + kind), length * count).reshape(length, count)
    definitions = items_of(item, "ChannelDefinitionSequence")
    if len(definitions) < count:
        raise EcgFormatError(f"group {place} describes {len(definitions)} of its {count} channels")
    used = [n for n in range(count) if _unit(definitions[n]) is not None]
    for n in range(count):
        if n not in used:
            findings.append(f"channel {_written_name(definitions[n], n)} is not in volts and is left out")
    if not used:
        return None
    padding = _padding(item, kind)
    rows = np.ascontiguousarray(stored[:, used].T)
    samples = rows.astype(np.int32) if kind != "u4" else _signed(rows)
    if padding is not None:
        samples[samples == padding] = MISSING
    scales = [_scale(definitions[n]) for n in used]
    spelled = [_written_name(definitions[n], n) for n in used]
    leads, _ = base.named_leads([_lead(definitions[n], n) for n in used])
    return _Group(
        place=place,
        derived=text_of(item, "WaveformOriginality") == "DERIVED" or "MEDIAN" in label.upper(),
        label=label,
        hertz=hertz,
        offset=(number_of(item, "MultiplexGroupTimeOffset") or 0.0) / 1000,
        leads=leads,
        written=tuple(spelled),
        channels=tuple(n + 1 for n in used),
        samples=samples,
        gain_uv=tuple(gain for gain, _ in scales),
        baseline=tuple(zero for _, zero in scales),
        filters=_filters(definitions[used[0]]),
        skew=tuple(text_of(definitions[n], "ChannelSampleSkew") or _time_skew(definitions[n], hertz) for n in used),
    )


def _signed(rows: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    if int(rows.max(initial=0)) > 2**31 - 1:
        raise EcgFormatError("unsigned 32-bit samples above 2147483647 are not read")
    return rows.astype(np.int32)


def _padding(item: Any, kind: str) -> int | None:
    """The value of samples that were not recorded.

    0 is no padding: there are carts that declare it though 0 is where their trace rests. Those that declare nothing
    write the lowest value.
    """
    import numpy as np

    raw = bytes_of(item, "WaveformPaddingValue")
    size = np.dtype(kind).itemsize
    declared = int(np.frombuffer(raw, np.dtype(byte_order(item) + kind), 1)[0]) if len(raw) >= size else 0
    return declared or (-32_768 if kind == "i2" else None)


def _unit(definition: Any) -> float | None:
    """µV per unit of the sensitivity; None when the channel measures no voltage. Absent sensitivity: µV."""
    if raw_of(definition, "ChannelSensitivity") is None:
        return 1.0
    code, _, meaning = code_of(definition, "ChannelSensitivityUnitsSequence")
    return _TO_UV.get(code) if code else {"microvolt": 1.0, "millivolt": 1e3}.get(meaning.lower())


def _scale(definition: Any) -> tuple[float, float]:
    """Gain in µV and the stored value at 0 µV: value = sample x sensitivity x correction + baseline (C.10.9.1.4.2)."""
    unit = _unit(definition) or 1.0
    sensitivity, correction = (
        number_of(definition, key) for key in ("ChannelSensitivity", "ChannelSensitivityCorrectionFactor")
    )
    gain = (1.0 if sensitivity is None else sensitivity) * (correction if correction else 1.0) * unit
    if not 1e-9 <= abs(gain) <= 1e9:
        raise EcgFormatError(f"a channel sensitivity of {gain} µV cannot be right")
    gain = base.snapped(gain * 1e6, 1e-12) / 1e6
    zero = -(number_of(definition, "ChannelBaseline") or 0.0) * unit / gain
    return gain, base.snapped(zero, 1e-7)


def _written_name(definition: Any, place: int) -> str:
    label = text_of(definition, "ChannelLabel")
    _, _, meaning = code_of(definition, "ChannelSourceSequence")
    return label or meaning or f"CH{place + 1}"


def _lead(definition: Any, place: int) -> str:
    code, scheme, meaning = code_of(definition, "ChannelSourceSequence")
    number = code.removeprefix("2:").strip() if scheme == "MDC" else code.removeprefix("5.6.3-9-")
    named = lead_codes.name_of(int(number)) if number.isdigit() and len(number) < 5 else ""
    if named:
        return named
    label = text_of(definition, "ChannelLabel")
    if label:
        return label
    words = meaning.replace(",", " ").replace("(", " ").split()
    if len(words) > 1 and words[0].lower() == "lead":
        return words[1]
    return words[0] if words else f"CH{place + 1}"


def _time_skew(definition: Any, hertz: float) -> str:
    seconds = number_of(definition, "ChannelTimeSkew")
    return f"{seconds * hertz:.12g}" if seconds else ""


def _filters(definition: Any) -> AcquisitionFilters:
    return AcquisitionFilters(
        high_pass_hz=number_of(definition, "FilterLowFrequency"),
        low_pass_hz=number_of(definition, "FilterHighFrequency"),
        notch_hz=number_of(definition, "NotchFilterFrequency"),
    )


def _joined(groups: Sequence[_Group], findings: list[str]) -> _Group:
    """Rhythm groups on one time line; a group of another rate than the first is left out and said."""
    import numpy as np

    first = groups[0]
    same = [group for group in groups if abs(group.hertz - first.hertz) < 1e-6]
    for group in groups:
        if group not in same:
            findings.append(
                f"group {group.place} is sampled at {group.hertz:g} Hz, not {first.hertz:g}; it is left out"
            )
    if len(same) == 1:
        return first
    start = min(group.offset for group in same)
    places = [round((group.offset - start) * first.hertz) for group in same]
    length = max(place + group.samples.shape[1] for place, group in zip(places, same, strict=True))
    total = sum(len(group.leads) for group in same)
    base.checked_size(total, length)
    if length > 4 * sum(group.samples.shape[1] for group in same):
        raise EcgFormatError("the groups of the DICOM object lie too far apart in time to be one record")
    rows: dict[str, int] = {}
    samples = np.full((total, length), MISSING, dtype=np.int32)
    facts: list[tuple[str, str, float, float, str]] = []
    for place, group in zip(places, same, strict=True):
        for n, lead in enumerate(group.leads):
            piece = slice(place, place + group.samples.shape[1])
            row = rows.get(lead)
            fits = row is not None and (facts[row][2], facts[row][3]) == (group.gain_uv[n], group.baseline[n])
            if not fits or (samples[row, piece] != MISSING).any():
                row = len(facts)
                rows.setdefault(lead, row)
                facts.append((lead, group.written[n], group.gain_uv[n], group.baseline[n], group.skew[n]))
            samples[row, piece] = group.samples[n]
    leads, _ = base.named_leads([fact[0] for fact in facts])
    findings.append(f"{len(same)} rhythm groups were laid on one time line")
    return replace(
        first,
        leads=leads,
        written=tuple(fact[1] for fact in facts),
        samples=samples[: len(facts)].copy(),
        gain_uv=tuple(fact[2] for fact in facts),
        baseline=tuple(fact[3] for fact in facts),
        skew=tuple(fact[4] for fact in facts),
        offset=start,
    )


def _median(group: _Group) -> MedianBeats:
    return MedianBeats(group.leads, group.samples, group.gain_uv, group.baseline, group.hertz)


def _annotations(
    ds: Any, _place: int, groups: Sequence[_Group], joined: _Group, rhythm: Sequence[_Group]
) -> tuple[list[Annotation], list[StoredMeasurement], list[str]]:
    """Marks at samples of the rhythm, numbers, and texts (PS3.3 C.10.10)."""
    marks: list[Annotation] = []
    numbers: list[StoredMeasurement] = []
    texts: list[str] = []
    by_place = {group.place: group for group in groups}
    ours = {group.place: round((group.offset - joined.offset) * joined.hertz) for group in rhythm}
    for item in list(items_of(ds, "WaveformAnnotationSequence"))[:200_000]:
        channels = numbers_of(item, "ReferencedWaveformChannels")
        group = by_place.get(int(channels[0])) if channels else (groups[0] if groups else None)
        channel = int(channels[1]) if len(channels) > 1 else 0
        lead = ""
        if group is not None and channel in group.channels:
            lead = group.leads[group.channels.index(channel)]
        text = text_of(item, "UnformattedTextValue")
        code, _, meaning = code_of(item, "ConceptNameCodeSequence")
        value = number_of(item, "NumericValue")
        positions = numbers_of(item, "ReferencedSamplePositions")
        if value is not None:
            unit, _, _ = code_of(item, "MeasurementUnitsCodeSequence")
            name = dicom_concepts.name_of(code, meaning)
            numbers.append(StoredMeasurement(name, value, dicom_concepts.unit_name(unit), lead))
        elif positions and group is not None and group.place in ours:
            move = ours[group.place] - 1
            end = int(positions[-1]) + move if len(positions) > 1 else None
            _, _, coded = code_of(item, "ConceptCodeSequence")
            written, more = dicom_concepts.mark_parts(text) if text and not code else (code, text or coded or meaning)
            marks.append(Annotation(int(positions[0]) + move, written, "" if more == written else more, lead, end))
        elif text and (parts := dicom_concepts.value_parts(text)) is not None:
            numbers.append(StoredMeasurement(*parts, lead))
        elif text:
            texts.append(text)
        elif not positions:
            _, _, coded = code_of(item, "ConceptCodeSequence")
            if coded:
                texts.append(coded)
    return marks, numbers, texts


def _started(ds: Any) -> datetime | None:
    text = text_of(ds, "AcquisitionDateTime")
    zone = None
    for sign in "+-":
        body, found, offset = text.partition(sign)
        if found and len(offset) == 4 and offset.isdigit() and int(offset[:2]) < 15:
            minutes = int(offset[:2]) * 60 + int(offset[2:])
            zone, text = timezone(timedelta(minutes=minutes if sign == "+" else -minutes)), body
    when = base.moment(text) or base.moment(text_of(ds, "ContentDate") + text_of(ds, "ContentTime"))
    return when.replace(tzinfo=zone) if when is not None and zone is not None else when


def _patient(ds: Any) -> EcgPatient:
    name = text_of(ds, "PatientName")
    shown = names.shown_name(name)
    age = text_of(ds, "PatientAge")
    scale = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}.get(age[-1:], 0.0)
    height = number_of(ds, "PatientSize")
    other = {"dicom.PatientName": name} if name.rstrip("^") != shown else {}
    return EcgPatient(
        identifier=text_of(ds, "PatientID"),
        name=shown,
        birth_date=base.day(text_of(ds, "PatientBirthDate")),
        sex=base.sex_of(text_of(ds, "PatientSex")),
        age_years=(base.number(age[:-1]) or 0) * scale if scale and base.number(age[:-1]) is not None else None,
        height_cm=height * 100 if height else None,
        weight_kg=number_of(ds, "PatientWeight") or None,
        other=other,
    )


def _device(ds: Any) -> EcgDevice:
    return EcgDevice(
        manufacturer=text_of(ds, "Manufacturer"),
        model=text_of(ds, "ManufacturerModelName"),
        serial=text_of(ds, "DeviceSerialNumber"),
        software=text_of(ds, "SoftwareVersions"),
        institution=text_of(ds, "InstitutionName"),
        department=text_of(ds, "InstitutionalDepartmentName"),
        operator=names.shown_name(text_of(ds, "OperatorsName")),
    )


_KEPT = ("StudyInstanceUID", "SeriesInstanceUID", "AccessionNumber", "StudyID", "StudyDescription", "SOPClassUID")


def _extra(ds: Any, joined: _Group) -> dict[str, str]:
    kept = {f"dicom.{key}": text_of(ds, key) for key in _KEPT}
    skews = [skew for skew in joined.skew if (base.number(skew) or 0) != 0]
    kept["dicom.ChannelSampleSkew"] = "\\".join(joined.skew) if skews else ""
    trigger = first_of(ds, "WaveformSequence")
    kept["dicom.TriggerTimeOffset"] = text_of(trigger, "TriggerTimeOffset") if trigger is not None else ""
    return {key: value for key, value in kept.items() if value and value != "0"}
