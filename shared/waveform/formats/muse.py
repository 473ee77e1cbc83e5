"""Reads and writes the XML of GE MUSE (RestingECG): base64 samples, median beats, leads that follow from I and II."""

from __future__ import annotations

import base64
import binascii
import zlib
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from shared.domain.states import Sex
from shared.waveform.formats import base
from shared.waveform.formats.base import CannotHold, EcgFormatError, Source, Written, in_units
from shared.waveform.formats.markup import Element, number_at, put, text_at, to_bytes, tree
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

_UNITS = {"MICROVOLTS": 1.0, "MILLIVOLTS": 1000.0, "": 1.0}
_VALUES = {
    "hr": ("VentricularRate", "1/min"),
    "atrial_rate": ("AtrialRate", "1/min"),
    "pr": ("PRInterval", "ms"),
    "qrs": ("QRSDuration", "ms"),
    "qt": ("QTInterval", "ms"),
    "qtc": ("QTCorrected", "ms"),
    "qtcf": ("QTcFrederica", "ms"),
    "p_axis": ("PAxis", "deg"),
    "qrs_axis": ("RAxis", "deg"),
    "t_axis": ("TAxis", "deg"),
}
_PLACES = {"qrs_on": "QOnset", "qrs_off": "QOffset", "p_on": "POnset", "p_off": "POffset", "t_off": "TOffset"}
# What follows from I and II, and what the suite stores for it: in half steps, so that halves stay whole numbers.
_DERIVED = {"III": (-1, 1, 1.0), "aVR": (-1, -1, 0.5), "aVL": (2, -1, 0.5), "aVF": (-1, 2, 0.5)}


def read(source: Source) -> EcgRecord:
    """The record of a MUSE XML file; III, aVR, aVL and aVF are derived where it has but eight leads."""
    root = tree(source.data)
    if root.tag != "RestingECG" and (found := root.find(".//RestingECG")) is not None:
        root = found
    findings: list[str] = []
    waves = {text_at(node, "WaveformType").lower(): node for node in reversed(root.findall("Waveform"))}
    rhythm = waves.get("rhythm")
    if rhythm is None:
        raise EcgFormatError("the MUSE file has no rhythm waveform")
    names, samples, gains, hertz = _waveform(rhythm, findings)
    median = _waveform(waves["median"], findings) if "median" in waves else None
    leads, written = base.named_leads(names)
    return base.built(
        leads=leads,
        samples=samples,
        gain_uv=gains,
        baseline=(0.0,) * len(leads),
        sampling_hz=hertz,
        started=_started(root),
        patient=_patient(root),
        device=_device(root),
        filters=_filters(rhythm),
        annotations=tuple(_complexes(root, hertz)),
        measurements=tuple(_measurements(root)),
        statements=tuple(_statements(root)),
        median=_median(median),
        identifier=text_at(root, "PharmaData/PharmaUniqueECGID"),
        original_leads=written,
        findings=findings,
    )


def _waveform(node: Element, findings: list[str]) -> tuple[list[str], NDArray[Any], tuple[float, ...], float]:
    import numpy as np

    hertz = base.checked_rate((number_at(node, "SampleBase") or 0) * 10 ** (number_at(node, "SampleExponent") or 0))
    rows: list[tuple[str, NDArray[Any], float]] = []
    for lead in node.findall("LeadData")[:64]:
        name = text_at(lead, "LeadID") or f"CH{len(rows) + 1}"
        unit = _UNITS.get(text_at(lead, "LeadAmplitudeUnits").upper())
        gain = (number_at(lead, "LeadAmplitudeUnitsPerBit") or 1.0) * (unit or 0.0)
        if not 1e-6 <= abs(gain) <= 1e6:
            raise EcgFormatError(f"lead {name} of the MUSE file is given in a unit that is not read")
        try:
            raw = base64.b64decode(text_at(lead, "WaveFormData"), validate=False)
        except (binascii.Error, ValueError) as error:
            raise EcgFormatError(f"the samples of lead {name} are no base64") from error
        size = int(number_at(lead, "LeadSampleSize") or 2)
        if size not in (2, 4):
            raise EcgFormatError(f"lead {name} has samples of {size} bytes")
        written = text_at(lead, "LeadDataCRC32")
        if written.isdigit() and int(written) not in (0, zlib.crc32(raw)):
            findings.append(f"the checksum of lead {name} is wrong")
        row = np.frombuffer(raw, f"<i{size}", len(raw) // size).astype(np.int32)
        first = int(number_at(lead, "LeadOffsetFirstSample") or 0)
        if 0 < first < 1_000_000:
            row = np.concatenate([np.full(first, MISSING, dtype=np.int32), row])
        said = number_at(lead, "LeadSampleCountTotal")
        if said is not None and int(said) != row.size - max(first, 0):
            findings.append(f"lead {name} says {int(said)} samples but holds {row.size - max(first, 0)}")
        rows.append((name, row, gain))
    length = max((row.size for _, row, _ in rows), default=0)
    base.checked_size(len(rows), length)
    samples = np.full((len(rows), length), MISSING, dtype=np.int32)
    for place, (_, row, _) in enumerate(rows):
        samples[place, : row.size] = row
    names, gains = [name for name, _, _ in rows], [gain for _, _, gain in rows]
    return *_with_derived(names, samples, gains), hertz


def _with_derived(
    names: list[str], samples: NDArray[Any], gains: list[float]
) -> tuple[list[str], NDArray[Any], tuple[float, ...]]:
    """The four leads that follow from I and II, after II, exactly: aVR, aVL and aVF in half steps."""
    import numpy as np

    standard, _ = base.named_leads(names)
    if not {"I", "II"} <= set(standard):
        return names, samples, tuple(gains)
    one, two = standard.index("I"), standard.index("II")
    if (
        gains[one] != gains[two]
        or np.abs(samples[[one, two]]).max(initial=0, where=samples[[one, two]] != MISSING) > 1e8
    ):
        return names, samples, tuple(gains)
    made_names, made_gains, made = list(names), list(gains), list(samples)
    at = max(one, two) + 1
    for lead, (of_one, of_two, step) in reversed(_DERIVED.items()):
        if lead in standard:
            continue
        gone = (samples[one] == MISSING) | (samples[two] == MISSING)
        row = np.where(gone, 0, samples[one]) * of_one + np.where(gone, 0, samples[two]) * of_two
        made.insert(at, np.where(gone, MISSING, row).astype(np.int32))
        made_names.insert(at, lead)
        made_gains.insert(at, gains[one] * step)
    return made_names, np.vstack(made), tuple(made_gains)


def _median(found: tuple[list[str], NDArray[Any], tuple[float, ...], float] | None) -> MedianBeats | None:
    if found is None:
        return None
    names, samples, gains, hertz = found
    leads, _ = base.named_leads(names)
    return MedianBeats(leads, samples, gains, (0.0,) * len(leads), hertz)


def _american(day: str) -> date | None:
    parts = day.replace("/", "-").split("-")
    try:
        return date(int(parts[2]), int(parts[0]), int(parts[1])) if len(parts) == 3 else None
    except ValueError:
        return None


def _started(root: Element) -> datetime | None:
    day = _american(text_at(root, "TestDemographics/AcquisitionDate"))
    if day is None:
        return None
    try:
        clock = datetime.strptime(text_at(root, "TestDemographics/AcquisitionTime"), "%H:%M:%S").time()
    except ValueError:
        return datetime(day.year, day.month, day.day)
    return datetime.combine(day, clock)


def _patient(root: Element) -> EcgPatient:
    node = root.find("PatientDemographics")
    age = number_at(node, "PatientAge")
    unit = text_at(node, "AgeUnits").upper()
    scale = {"YEARS": 1.0, "MONTHS": 1 / 12, "WEEKS": 7 / 365.25, "DAYS": 1 / 365.25}.get(unit, 1.0)
    first, last = text_at(node, "PatientFirstName"), text_at(node, "PatientLastName")
    joined = " ".join(part for part in (first, last) if part)
    return EcgPatient(
        identifier=text_at(node, "PatientID"),
        name=joined if joined.isascii() else last + first,
        birth_date=_american(text_at(node, "DateofBirth")),
        sex=base.sex_of(text_at(node, "Gender")),
        age_years=None if age is None else age * scale,
        height_cm=number_at(node, "HeightCM"),
        weight_kg=number_at(node, "WeightKG"),
        other={"race": text_at(node, "Race")} if text_at(node, "Race") else {},
    )


def _device(root: Element) -> EcgDevice:
    node = root.find("TestDemographics")
    return EcgDevice(
        manufacturer=text_at(node, "AcquisitionDeviceManufacturer"),
        model=text_at(node, "AcquisitionDevice"),
        serial=text_at(root, "PharmaData/PharmaCartID"),
        software=text_at(node, "AcquisitionSoftwareVersion"),
        institution=text_at(node, "SiteName"),
        department=text_at(node, "LocationName"),
        operator=text_at(node, "AcquisitionTechLastName"),
    )


def _filters(node: Element) -> AcquisitionFilters:
    high, low, mains = (text_at(node, name) for name in ("HighPassFilter", "LowPassFilter", "ACFilter"))
    hundredths = base.number(high)  # MUSE writes hundredths of a hertz: 16 is 0.16 Hz
    off = mains.upper() in ("NONE", "OFF")
    return AcquisitionFilters(
        hundredths / 100 if hundredths is not None else None, base.number(low), 0.0 if off else base.number(mains)
    )


def _complexes(root: Element, hertz: float) -> list[Annotation]:
    found = []
    for node in root.findall("QRSTimesTypes/QRS")[:100_000]:
        milliseconds = number_at(node, "Time")
        if milliseconds is not None and 0 <= milliseconds < 1e9:
            found.append(Annotation(round(milliseconds * hertz / 1000), "qrs", f"type {text_at(node, 'Type')}"))
    return found


def _measurements(root: Element) -> list[StoredMeasurement]:
    node = root.find("RestingECGMeasurements")
    found = []
    for name, (word, unit) in _VALUES.items():
        value = number_at(node, word)
        if value is not None:
            found.append(StoredMeasurement(name, value, unit))
    hertz = (number_at(node, "ECGSampleBase") or 0) * 10 ** (number_at(node, "ECGSampleExponent") or 0)
    for name, word in _PLACES.items():
        value = number_at(node, word)
        if value is not None and hertz > 0:
            found.append(StoredMeasurement(name, value * 1000 / hertz, "ms"))
    return found


def _statements(root: Element) -> list[str]:
    lines, line = [], ""
    for node in root.findall("Diagnosis/DiagnosisStatement"):
        line = f"{line} {text_at(node, 'StmtText')}".strip()
        if node.find("StmtFlag") is None or text_at(node, "StmtFlag").upper() == "ENDSLINE":
            lines.append(line)
            line = ""
    return [one for one in [*lines, line] if one]


def write(record: EcgRecord, name: str = "ecg") -> Written:
    """The record as MUSE XML: samples of 16 bits, each lead in its own resolution. Raises CannotHold."""
    findings: list[str] = []
    if abs(record.sampling_hz - round(record.sampling_hz)) > 1e-9:
        raise CannotHold(f"MUSE XML holds whole sampling rates; this record has {record.sampling_hz:g} Hz")
    root = Element("RestingECG")
    put(put(root, "MuseInfo"), "MuseVersion", "9.0.0.0")
    _put_patient(root, record)
    _put_test(root, record)
    _put_measurements(root, record)
    statements = put(root, "Diagnosis") if record.statements else None
    if statements is not None:
        put(statements, "Modality", "RESTING")
    for line in record.statements:
        assert statements is not None
        node = put(statements, "DiagnosisStatement")
        put(node, "StmtFlag", "ENDSLINE")
        put(node, "StmtText", line)
    marks = [mark for mark in record.annotations if mark.code == "qrs"]
    if marks:
        times = put(root, "QRSTimesTypes")
        for place, mark in enumerate(marks, start=1):
            node = put(times, "QRS")
            put(node, "Number", str(place))
            put(node, "Type", mark.text.removeprefix("type ") or "0")
            put(node, "Time", f"{mark.sample * 1000 / record.sampling_hz:.6g}")
    if len(marks) < len(record.annotations):
        findings.append(f"MUSE XML has no place for {len(record.annotations) - len(marks)} marks: they are left out")
    median = record.median
    if median is not None:
        _put_waveform(root, "Median", record, median.leads, median.samples, (median.gain_uv, median.baseline), findings)
    _put_waveform(root, "Rhythm", record, record.leads, record.samples, (record.gain_uv, record.baseline), findings)
    if record.identifier or record.device.serial:
        pharma = put(root, "PharmaData")
        put(pharma, "PharmaUniqueECGID", record.identifier)
        put(pharma, "PharmaCartID", record.device.serial)
    heading = '<!DOCTYPE RestingECG SYSTEM "restecg.dtd">\n'
    return Written({f"{name}.xml": to_bytes(root, heading)}, tuple(findings))


def _put_patient(root: Element, record: EcgRecord) -> None:
    patient = record.patient
    node = put(root, "PatientDemographics")
    put(node, "PatientID", patient.identifier)
    if patient.age_years is not None:
        whole = patient.age_years >= 2
        put(node, "PatientAge", f"{patient.age_years * (1 if whole else 12):.4g}")
        put(node, "AgeUnits", "YEARS" if whole else "MONTHS")
    if patient.birth_date:
        put(node, "DateofBirth", patient.birth_date.strftime("%m-%d-%Y"))
    put(node, "Gender", {Sex.MALE: "MALE", Sex.FEMALE: "FEMALE"}.get(patient.sex, "UNKNOWN"))
    if patient.other.get("race"):
        put(node, "Race", patient.other["race"])
    for word, value in (("HeightCM", patient.height_cm), ("WeightKG", patient.weight_kg)):
        if value is not None:
            put(node, word, f"{value:g}")
    put(node, "PatientLastName", patient.name)


def _put_test(root: Element, record: EcgRecord) -> None:
    node = put(root, "TestDemographics")
    put(node, "DataType", "RESTING")
    device = record.device
    words = ("SiteName", "AcquisitionDevice", "AcquisitionDeviceManufacturer", "AcquisitionSoftwareVersion")
    texts = (device.institution, device.model, device.manufacturer, device.software)
    for word, text in (*zip(words, texts, strict=True), ("LocationName", device.department)):
        if text:
            put(node, word, text)
    if device.operator:
        put(node, "AcquisitionTechLastName", device.operator)
    if record.started is not None:
        put(node, "AcquisitionTime", record.started.strftime("%H:%M:%S"))
        put(node, "AcquisitionDate", record.started.strftime("%m-%d-%Y"))


def _put_measurements(root: Element, record: EcgRecord) -> None:
    known = {measured.name: measured.value for measured in record.measurements if not measured.lead}
    node = put(root, "RestingECGMeasurements")
    for name, (word, _) in _VALUES.items():
        if name in known:
            put(node, word, f"{known[name]:g}")
    hertz = record.median.sampling_hz if record.median is not None else record.sampling_hz
    for name, word in _PLACES.items():
        if name in known:
            put(node, word, f"{known[name] * hertz / 1000:g}")
    put(node, "ECGSampleBase", f"{hertz:g}")
    put(node, "ECGSampleExponent", "0")


def _put_waveform(
    root: Element,
    kind: str,
    record: EcgRecord,
    leads: tuple[str, ...],
    samples: NDArray[Any],
    scales: tuple[tuple[float, ...], tuple[float, ...]],
    findings: list[str],
) -> None:
    import numpy as np

    gains, baselines = scales
    made, worst = in_units(samples, gains, baselines, gains)
    if worst:
        findings.append(f"MUSE XML has no baselines: samples moved by up to {worst:.2g} µV")
    gone = made == MISSING
    if gone.any():
        findings.append(f"MUSE XML cannot mark samples as not recorded: {int(gone.sum())} are written as 0 µV")
        made[gone] = 0
    if made.max(initial=0) > 32_767 or made.min(initial=0) < -32_768:
        raise CannotHold("MUSE XML holds 16-bit samples; the record goes beyond")
    hertz = record.median.sampling_hz if kind == "Median" and record.median is not None else record.sampling_hz
    node = put(root, "Waveform")
    added = [lead for lead in _DERIVED if lead not in leads] if {"I", "II"} <= set(leads) else []
    if added and kind == "Rhythm":
        findings.append(f"readers of MUSE XML derive {', '.join(added)} from I and II, which this record does not hold")
    follow = all(_follows(lead, leads, made, gains) for lead in _DERIVED)  # all four or none, as MUSE has it
    written = [row for row, lead in enumerate(leads) if not (follow and lead in _DERIVED)]
    filters = record.filters
    put(node, "WaveformType", kind)
    put(node, "WaveformStartTime", "0")
    put(node, "NumberofLeads", str(len(written)))
    put(node, "SampleType", "CONTINUOUS_SAMPLES")
    put(node, "SampleBase", f"{hertz:g}")
    put(node, "SampleExponent", "0")
    if filters.high_pass_hz is not None:
        put(node, "HighPassFilter", f"{filters.high_pass_hz * 100:g}")
    if filters.low_pass_hz is not None:
        put(node, "LowPassFilter", f"{filters.low_pass_hz:g}")
    if filters.notch_hz is not None:
        put(node, "ACFilter", f"{filters.notch_hz:g}" if filters.notch_hz else "NONE")
    for row in written:
        raw = np.ascontiguousarray(made[row].astype("<i2")).tobytes()
        lead = put(node, "LeadData")
        put(lead, "LeadByteCountTotal", str(len(raw)))
        put(lead, "LeadTimeOffset", "0")
        put(lead, "LeadSampleCountTotal", str(made.shape[1]))
        put(lead, "LeadAmplitudeUnitsPerBit", repr(gains[row]).removesuffix(".0"))
        put(lead, "LeadAmplitudeUnits", "MICROVOLTS")
        put(lead, "LeadHighLimit", "32767")
        put(lead, "LeadLowLimit", "-32768")
        put(lead, "LeadID", leads[row])
        put(lead, "LeadOffsetFirstSample", "0")
        put(lead, "FirstSampleBaseline", "0")
        put(lead, "LeadSampleSize", "2")
        put(lead, "LeadOff", "FALSE")
        put(lead, "BaselineSway", "FALSE")
        put(lead, "LeadDataCRC32", str(zlib.crc32(raw)))
        put(lead, "WaveFormData", base64.encodebytes(raw).decode())


def _follows(lead: str, leads: tuple[str, ...], made: NDArray[Any], gains: tuple[float, ...]) -> bool:
    """Whether a reader gets exactly this lead from I and II, so that it is left out as MUSE does."""
    import numpy as np

    if not {lead, "I", "II"} <= set(leads):
        return False
    of_one, of_two, step = _DERIVED[lead]
    one, two = leads.index("I"), leads.index("II")
    if gains[one] != gains[two] or gains[leads.index(lead)] != gains[one] * step:
        return False
    after = ("I", "II", *_DERIVED)  # the reader puts them behind II in this order
    if tuple(name for name in leads if name in after) != after or leads.index("aVF") != two + 4:
        return False
    row: NDArray[Any] = made[one].astype(np.int64) * of_one + made[two].astype(np.int64) * of_two
    return bool(np.array_equal(row, made[leads.index(lead)]))
