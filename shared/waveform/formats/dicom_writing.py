"""Writes DICOM 12-lead, General, Ambulatory or 32-bit ECG objects (PS3.3 A.34.3 to A.34.5, C.10.8 to C.10.10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shared.dicomkit import content_items, headers, uids
from shared.dicomkit.content_items import Code
from shared.domain.states import Sex
from shared.waveform.formats import dicom_concepts, lead_codes
from shared.waveform.formats.base import UNKNOWN_START, CannotHold, Written, range_of, short_name
from shared.waveform.leads import TWELVE
from shared.waveform.record import MISSING, Annotation, EcgRecord, MedianBeats, StoredMeasurement

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

TWELVE_LEAD = "1.2.840.10008.5.1.4.1.1.9.1.1"
GENERAL = "1.2.840.10008.5.1.4.1.1.9.1.2"
AMBULATORY = "1.2.840.10008.5.1.4.1.1.9.1.3"
GENERAL_32_BIT = "1.2.840.10008.5.1.4.1.1.9.1.4"
_UV = Code("uV", "UCUM", "microvolt")


def write(record: EcgRecord, name: str = "ecg") -> Written:
    """The record as a DICOM file with new UIDs, the same ones for the same record. Raises CannotHold."""
    findings: list[str] = []
    made = dataset_of(record, findings=findings)
    return Written({f"{name}.dcm": headers.to_bytes(made)}, tuple(findings))


def dataset_of(
    record: EcgRecord,
    *,
    patient: headers.PatientFacts | None = None,
    study: headers.StudyFacts | None = None,
    series: headers.SeriesFacts | None = None,
    sop_uid: str | None = None,
    made_at: dt.datetime | None = None,
    findings: list[str] | None = None,
) -> Dataset:
    """The record as a data set with file meta. What is not given follows from the record. Raises CannotHold."""
    said = findings if findings is not None else []
    print_of = _fingerprint(record)
    when = made_at or record.started or UNKNOWN_START
    study_uid = record.extra.get("dicom.StudyInstanceUID", "")
    if record.started is None:
        said.append("the start of the recording is unknown: 1970-01-01 stands in its place")
    made = headers.new_object(
        sop_class(record),
        "ECG",
        patient=patient or _patient(record),
        study=study
        or headers.StudyFacts(
            study_uid if uids.is_valid(study_uid) else uids.derived_uid("ecg-study", print_of),
            accession=record.extra.get("dicom.AccessionNumber", "")[:16],
            study_id=record.extra.get("dicom.StudyID", "1")[:16],
            started=record.started or when,
            description=record.extra.get("dicom.StudyDescription", "")[:64],
        ),
        series=series or headers.SeriesFacts(uids.derived_uid("ecg-series", print_of), 1, "ECG"),
        equipment=_equipment(record),
        made_at=when,
        sop_uid=sop_uid or uids.derived_uid("ecg-instance", print_of),
    )
    _acquisition(made, record)
    groups = [_group(record, made.SOPClassUID)]
    if record.median is not None:
        median = _median_group(record, record.median, made.SOPClassUID, said)
        if median is not None:
            groups.append(median)
    made.WaveformSequence = groups
    annotations = _annotations(record)
    if annotations:
        made.WaveformAnnotationSequence = annotations
    return made


def sop_class(record: EcgRecord) -> str:
    """The most particular class whose constraints the record meets. Raises CannotHold when none does."""
    hertz, leads, samples = record.sampling_hz, len(record.leads), record.sample_count
    wide = any(high - low > 65_534 for low, high in map(range_of, record.samples))
    if wide or hertz > 1000:
        if leads > 24 or hertz < 200:
            raise CannotHold("32-bit DICOM ECG holds 24 leads at 200 Hz or more; this record is outside of that")
        return GENERAL_32_BIT
    if hertz >= 200:
        if leads <= 13 and samples <= 16_384 and set(record.leads) <= {*TWELVE} and leads >= 8:
            return TWELVE_LEAD
        if leads <= 24:
            return GENERAL
    if hertz >= 50 and leads <= 12:
        return AMBULATORY
    raise CannotHold(f"no DICOM ECG class holds {leads} leads at {hertz:g} Hz")


def _fingerprint(record: EcgRecord) -> str:
    import hashlib

    digest = hashlib.sha256(record.samples.tobytes())
    digest.update(repr((record.leads, record.gain_uv, record.baseline, record.sampling_hz)).encode())
    digest.update(repr((record.identifier, record.patient.identifier, record.started)).encode())
    return digest.hexdigest()


def _patient(record: EcgRecord) -> headers.PatientFacts:
    patient = record.patient
    age = patient.age_years
    written = ""
    if age is not None and 0 <= age < 1000:
        written = f"{round(age):03d}Y" if age >= 2 else f"{round(age * 12):03d}M"
    return headers.PatientFacts(
        patient.identifier[:64],
        pn_of(patient.name, patient.other.get("dicom.PatientName", "")),
        patient.birth_date,
        "" if patient.sex is Sex.UNKNOWN else patient.sex.value,
        age=written,
    )


def pn_of(name: str, raw: str = "") -> str:
    """The PN value: as a DICOM file gave it, else made from the name as a person reads it."""
    from shared.dicomkit import names

    if raw:
        return raw
    plain = name.replace("\\", "/").replace("=", "-").strip()[:63]
    if names.is_chinese(plain):
        return names.pn_value(plain)
    return f"{plain}^" if plain and "^" not in plain else plain  # one component alone is a retired form


def _equipment(record: EcgRecord) -> headers.EquipmentFacts:
    device = record.device
    return headers.EquipmentFacts(
        manufacturer=device.manufacturer[:64] or "Mingjing",
        institution=device.institution[:64],
        model=device.model[:64] or "Mingjing",
        serial=device.serial[:64] or "1",
        version=device.software[:64] or uids.IMPLEMENTATION_VERSION_NAME,
    )


def _acquisition(made: Any, record: EcgRecord) -> None:
    when = record.started or UNKNOWN_START
    text = when.strftime("%Y%m%d%H%M%S") + (f".{when.microsecond:06d}" if when.microsecond else "")
    if when.tzinfo is not None:
        text += when.strftime("%z")[:5]
    made.AcquisitionDateTime = text
    made.AcquisitionContextSequence = []
    if record.patient.height_cm:
        made.PatientSize = f"{record.patient.height_cm / 100:.4g}"
    if record.patient.weight_kg:
        made.PatientWeight = f"{record.patient.weight_kg:.5g}"
    if record.device.department:
        made.InstitutionalDepartmentName = record.device.department[:64]
    made.Manufacturer = record.device.manufacturer[:64]
    for keyword, known in (
        ("ManufacturerModelName", record.device.model),
        ("DeviceSerialNumber", record.device.serial),
    ):
        if not known:
            del made[keyword]
    if not record.device.software:
        del made["SoftwareVersions"]
    if record.device.operator:
        made.OperatorsName = pn_of(record.device.operator)


def _group(record: EcgRecord, sop: str) -> Dataset:
    group: Dataset = _multiplex("RHYTHM", "ORIGINAL", record.sampling_hz, record.samples.shape[1], len(record.leads))
    skews = record.extra.get("dicom.ChannelSampleSkew", "").split("\\")
    channels, zeros = [], _shifts(record.samples, sop)
    for row, lead in enumerate(record.leads):
        skew = skews[row] if len(skews) == len(record.leads) and skews[row] else "0"
        baseline = record.baseline[row] - zeros[row]
        channels.append(_channel(lead, short_name(record, row), record.gain_uv[row], baseline, skew, record, sop))
    group.ChannelDefinitionSequence = channels
    _put_samples(group, record.samples, zeros, sop)
    return group


def _median_group(record: EcgRecord, median: MedianBeats, sop: str, findings: list[str]) -> Dataset | None:
    if sop == AMBULATORY:
        findings.append("Ambulatory ECG holds one group of samples: the median beats are left out")
        return None
    if sop == TWELVE_LEAD and not 200 <= median.sampling_hz <= 1000:
        findings.append(f"12-lead ECG holds 200 to 1000 Hz: the median beats at {median.sampling_hz:g} Hz are left out")
        return None
    group: Dataset = _multiplex(
        "MEDIAN BEAT", "DERIVED", median.sampling_hz, median.samples.shape[1], len(median.leads)
    )
    zeros = _shifts(median.samples, sop)
    group.ChannelDefinitionSequence = [
        _channel(lead, lead, median.gain_uv[row], median.baseline[row] - zeros[row], "0", record, sop)
        for row, lead in enumerate(median.leads)
    ]
    _put_samples(group, median.samples, zeros, sop)
    return group


def _multiplex(label: str, originality: str, hertz: float, samples: int, channels: int) -> Any:
    from pydicom.dataset import Dataset

    group = Dataset()
    group.WaveformOriginality = originality
    group.NumberOfWaveformChannels = channels
    group.NumberOfWaveformSamples = samples
    group.SamplingFrequency = ds_of(hertz)
    group.MultiplexGroupLabel = label
    return group


def _shifts(samples: NDArray[Any], sop: str) -> list[int]:
    """What is taken off each lead so that it fits 16 bits beside the padding value -32768; 0 nearly always."""
    if sop == GENERAL_32_BIT:
        return [0] * len(samples)
    shifts = []
    for low, high in map(range_of, samples):
        fits = low >= -32_767 and high <= 32_767
        shifts.append(0 if fits else (low + high) // 2)
    return shifts


def _put_samples(group: Any, samples: NDArray[Any], shifts: Sequence[int], sop: str) -> None:
    import numpy as np

    wide = sop == GENERAL_32_BIT
    group.WaveformBitsAllocated = 32 if wide else 16
    group.WaveformSampleInterpretation = "SL" if wide else "SS"
    gone = samples == MISSING
    padding = MISSING if wide else -32_768
    moved = samples.astype(np.int64) - np.asarray(shifts, dtype=np.int64)[:, None]
    moved[gone] = padding
    if gone.any():
        group.WaveformPaddingValue = int(padding).to_bytes(4 if wide else 2, "little", signed=True)
    group.WaveformData = np.ascontiguousarray(moved.T.astype("<i4" if wide else "<i2")).tobytes()


def _channel(lead: str, spelled: str, gain: float, baseline: float, skew: str, record: EcgRecord, sop: str) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ChannelLabel = spelled.replace("\\", "/")[:16]
    number = lead_codes.code_of(lead)
    meaning = lead_codes.meaning_of(lead) if number else (spelled or "Unspecified lead")
    item.ChannelSourceSequence = content_items.code_sequence(Code(f"2:{number}", "MDC", meaning))
    item.ChannelSensitivity = ds_of(gain)
    item.ChannelSensitivityUnitsSequence = content_items.code_sequence(_UV)
    item.ChannelSensitivityCorrectionFactor = "1"
    item.ChannelBaseline = ds_of(-baseline * gain)
    item.ChannelSampleSkew = skew[:16]
    item.WaveformBitsStored = 32 if sop == GENERAL_32_BIT else 16
    filters = record.filters
    if filters.high_pass_hz is not None:
        item.FilterLowFrequency = ds_of(filters.high_pass_hz)
    if filters.low_pass_hz is not None:
        item.FilterHighFrequency = ds_of(filters.low_pass_hz)
    if filters.notch_hz is not None:
        item.NotchFilterFrequency = ds_of(filters.notch_hz)
    return item


def ds_of(value: float) -> str:
    """A decimal string of at most 16 characters, as exact as they allow (PS3.5 6.2)."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    for digits in range(17, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    raise CannotHold(f"{value} cannot be written as a DICOM decimal string")


def _annotations(record: EcgRecord) -> list[Dataset]:
    items = [_text(line) for line in record.statements if line.strip()]
    items += [_number(measured, record, n) for n, measured in enumerate(record.measurements)]
    items += [_mark(mark, record, n) for n, mark in enumerate(record.annotations)]
    return items


def _item(channel: int, group: int) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedWaveformChannels = [1, channel]
    item.AnnotationGroupNumber = group
    return item


def _text(line: str) -> Dataset:
    item: Dataset = _item(0, 0)
    item.UnformattedTextValue = line[:1024]
    return item


def _number(measured: StoredMeasurement, record: EcgRecord, place: int) -> Dataset:
    item: Dataset = _item(_channel_of(measured.lead, record), 1 + place % 60_000)
    known = dicom_concepts.CONCEPTS.get(measured.name)
    if known is None:  # no public code: a line of words, as any viewer shows it
        item.UnformattedTextValue = dicom_concepts.value_text(measured.name, measured.value, measured.unit)
        return item
    item.ConceptNameCodeSequence = content_items.code_sequence(Code(known.code, "MDC", known.meaning))
    item.NumericValue = ds_of(measured.value)
    unit, words = dicom_concepts.ucum_of(measured.unit)
    item.MeasurementUnitsCodeSequence = content_items.code_sequence(Code(unit, "UCUM", words))
    return item


def _mark(mark: Annotation, record: EcgRecord, place: int) -> Dataset:
    item: Dataset = _item(_channel_of(mark.lead, record), 1 + place % 60_000)
    first = min(max(mark.sample + 1, 1), 2**32 - 1)
    if mark.end_sample is not None and mark.end_sample > mark.sample:
        item.TemporalRangeType = "SEGMENT"
        item.ReferencedSamplePositions = [first, min(mark.end_sample + 1, 2**32 - 1)]
    else:
        item.TemporalRangeType = "POINT"
        item.ReferencedSamplePositions = first
    scheme = dicom_concepts.scheme_of(mark.code)
    if scheme:
        item.ConceptNameCodeSequence = content_items.code_sequence(Code(mark.code, scheme, mark.text or mark.code))
        if scheme == "SCPECG":
            item.ConceptNameCodeSequence[0].CodingSchemeVersion = "1.3"  # the dotted numbers are those of EN 1064 v1.3
    else:
        item.UnformattedTextValue = dicom_concepts.mark_text(mark.code, mark.text)
    return item


def _channel_of(lead: str, record: EcgRecord) -> int:
    return record.leads.index(lead) + 1 if lead in record.leads else 0
