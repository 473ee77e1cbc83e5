"""Reads the HL7 annotated ECG (aECG, ANSI/HL7 V3 ECG R1): rhythm, representative beats, annotations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from shared.waveform.formats import aecg_codes, base
from shared.waveform.formats.base import EcgFormatError, Source
from shared.waveform.formats.markup import Element, text_at, tree, value_at
from shared.waveform.leads import standard_name
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

_TO_UV = {"uV": 1.0, "mV": 1e3, "V": 1e6, "nV": 1e-3, "": 1.0}
_TO_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "": 1.0}


@dataclass(frozen=True)
class _Set:
    """A sequence set: leads sampled together."""

    names: tuple[str, ...]
    samples: NDArray[Any]
    gain_uv: tuple[float, ...]
    baseline: tuple[float, ...]
    hertz: float
    start: datetime | None


def read(source: Source) -> EcgRecord:
    """The record of an aECG file. Raises EcgFormatError."""
    root = tree(source.data)
    if root.tag != "AnnotatedECG":
        raise EcgFormatError("the XML is no HL7 annotated ECG")
    findings: list[str] = []
    series = [one for one in root.iter("series") if one.find(".//sequenceSet") is not None]
    if not series:
        raise EcgFormatError("the annotated ECG has no rhythm series")
    first = series[0]
    if len(series) > 1:
        findings.append(f"the annotated ECG has {len(series)} series; the first one is read")
    sets = [_sequences(one, findings) for one in first.findall("component/sequenceSet")]
    rhythm = next((one for one in sets if one is not None), None)
    if rhythm is None:
        raise EcgFormatError("the annotated ECG has no leads")
    if len([one for one in sets if one is not None]) > 1:
        findings.append("the series has several sequence sets; the first one is read")
    derived = root.find(".//derivation/derivedSeries")
    beats = derived.find("component/sequenceSet") if derived is not None else None
    median = _sequences(beats, findings) if beats is not None else None
    started = rhythm.start or base.moment(value_at(first, "effectiveTime/low"))
    leads, written = base.named_leads(rhythm.names)
    marks, numbers, lines = _annotations(first, started, rhythm.hertz, set(leads))
    return base.built(
        leads=leads,
        samples=rhythm.samples,
        gain_uv=rhythm.gain_uv,
        baseline=rhythm.baseline,
        sampling_hz=rhythm.hertz,
        started=base.known_start(started),
        patient=_patient(root),
        device=_device(first),
        filters=_filters(first),
        annotations=tuple(marks),
        measurements=tuple(numbers),
        statements=tuple(lines),
        median=_median(median),
        identifier=value_at(root, "id", "extension") or value_at(root, "id", "root"),
        original_leads=written,
        findings=findings,
    )


def _sequences(node: Element | None, findings: list[str]) -> _Set | None:
    import numpy as np

    if node is None:
        return None
    hertz, start = 0.0, None
    rows: list[tuple[str, NDArray[Any], float, float]] = []
    for sequence in node.findall("component/sequence"):
        code = value_at(sequence, "code", "code")
        value = sequence.find("value")
        if value is None:
            continue
        if code.startswith("TIME_"):
            step = base.number(value_at(value, "increment")) or 0.0
            unit = _TO_SECONDS.get(value_at(value, "increment", "unit"), 0.0)
            if step * unit > 0:
                hertz = base.checked_rate(1 / (step * unit))
            start = _moment(value_at(value, "head")) if code == "TIME_ABSOLUTE" else None
            continue
        row = _digits(value, code, findings)
        if row is not None:
            rows.append(row)
    if not rows:
        return None
    if not hertz:
        raise EcgFormatError("the annotated ECG does not say how fast it was sampled")
    length = max(row[1].size for row in rows)
    base.checked_size(len(rows), length)
    samples = np.full((len(rows), length), MISSING, dtype=np.int32)
    for place, row in enumerate(rows):
        samples[place, : row[1].size] = row[1]
        if row[1].size < length:
            findings.append(f"lead {row[0]} has {row[1].size} of {length} samples")
    return _Set(
        tuple(row[0] for row in rows),
        samples,
        tuple(row[2] for row in rows),
        tuple(row[3] for row in rows),
        hertz,
        start,
    )


def _digits(value: Element, code: str, findings: list[str]) -> tuple[str, NDArray[Any], float, float] | None:
    """Name, samples, gain and baseline of an SLIST_PQ: value = origin + digit x scale."""
    import numpy as np

    unit = value_at(value, "scale", "unit")
    if unit not in _TO_UV:
        findings.append(f"sequence {code} is measured in {unit}, not in volts; it is left out")
        return None
    gain = (base.number(value_at(value, "scale")) or 1.0) * _TO_UV[unit]
    origin = (base.number(value_at(value, "origin")) or 0.0) * _TO_UV.get(value_at(value, "origin", "unit"), 1.0)
    if not 1e-9 <= abs(gain) <= 1e9:
        raise EcgFormatError(f"a scale of {gain} µV cannot be right")
    words = text_at(value, "digits").split()
    if len(words) > 100_000_000:
        raise EcgFormatError("a lead of the annotated ECG is longer than is read")
    try:
        numbers = np.array(words, dtype=np.float64)
    except ValueError as error:
        raise EcgFormatError(f"lead {code} of the annotated ECG holds words that are no numbers") from error
    if numbers.size and not (np.isfinite(numbers).all() and np.abs(numbers).max() < 2**31):
        raise EcgFormatError(f"lead {code} of the annotated ECG holds numbers out of all bounds")
    whole = np.rint(numbers)
    if not np.array_equal(whole, numbers):
        # Digits should be whole; where a maker writes fractions, a finer step keeps three decimals of them.
        whole, gain = np.rint(numbers * 1000), gain / 1000
        if np.abs(whole).max(initial=0) >= 2**31:
            raise EcgFormatError(f"lead {code} of the annotated ECG holds numbers out of all bounds")
    return code.removeprefix("MDC_ECG_LEAD_"), whole.astype(np.int32), gain, base.snapped(-origin / gain, 1e-9)


def _moment(text: str) -> datetime | None:
    for sign in "+-":
        body, found, zone = text.partition(sign)
        if found and len(zone) == 4 and zone.isdigit() and int(zone[:2]) < 15:
            minutes = int(zone[:2]) * 60 + int(zone[2:])
            when = base.moment(body)
            shift = timedelta(minutes=minutes if sign == "+" else -minutes)
            return when.replace(tzinfo=timezone(shift)) if when else None
    return base.moment(text)


def _patient(root: Element) -> EcgPatient:
    subject = root.find(".//trialSubject")
    person = subject.find("subjectDemographicPerson") if subject is not None else None
    age = None
    for observation in root.iter("relatedObservation"):
        if value_at(observation, "code", "code") == "21612-7":
            age = base.number(value_at(observation, "value"))
    name = person.find("name") if person is not None else None
    return EcgPatient(
        identifier=value_at(subject, "id", "extension"),
        name=" ".join("".join(name.itertext()).split()) if name is not None else "",
        birth_date=base.day(value_at(person, "birthTime")),
        sex=base.sex_of(value_at(person, "administrativeGenderCode", "code")),
        age_years=age,
    )


def _device(series: Element) -> EcgDevice:
    author = series.find("author/seriesAuthor")
    device = author.find("manufacturedSeriesDevice") if author is not None else None
    return EcgDevice(
        manufacturer=text_at(author, "manufacturerOrganization/name"),
        model=text_at(device, "manufacturerModelName"),
        serial=value_at(device, "id", "extension"),
        software=text_at(device, "softwareName"),
        operator=text_at(series, "secondaryPerformer/seriesPerformer/assignedPerson/name"),
    )


def _filters(series: Element) -> AcquisitionFilters:
    found: dict[str, float | None] = {}
    for outer in series.findall("controlVariable/controlVariable"):
        kind = value_at(outer, "code", "code").removeprefix("MDC_ECG_CTL_VBL_ATTR_FILTER_")
        for inner in outer.findall("component/controlVariable"):
            if value_at(inner, "value", "unit") == "Hz":
                found.setdefault(kind, base.number(value_at(inner, "value")))
    return AcquisitionFilters(found.get("HIGH_PASS"), found.get("LOW_PASS"), found.get("NOTCH"))


def _median(found: _Set | None) -> MedianBeats | None:
    if found is None:
        return None
    leads, _ = base.named_leads(found.names)
    return MedianBeats(leads, found.samples, found.gain_uv, found.baseline, found.hertz)


def _annotations(
    series: Element, started: datetime | None, hertz: float, leads: set[str]
) -> tuple[list[Annotation], list[StoredMeasurement], list[str]]:
    """Marks with a time range, values with a unit, and texts of the rhythm's annotation sets."""
    marks: list[Annotation] = []
    numbers: dict[tuple[str, str], StoredMeasurement] = {}
    lines: list[str] = []
    nodes = [node for found in series.findall("subjectOf/annotationSet") for node in found.iter("annotation")]
    for node in nodes[:200_000]:
        code = value_at(node, "code", "code")
        value = node.find("value")
        if value is None:
            continue
        kind = value.get("type", "").rpartition(":")[2]
        lead = _lead_of(node, leads)
        if kind == "PQ" and base.number(value.get("value")) is not None:
            name = aecg_codes.NAMES.get(code.upper(), code)
            unit = aecg_codes.UNITS.get(value.get("unit", ""), value.get("unit", ""))
            key = (name, lead)
            numbers.setdefault(key, StoredMeasurement(name, float(value.get("value", "0")), unit, lead))
        elif kind in ("CE", "CD", "CV") and node.find("support") is not None:
            marks += _range(node, value, started, hertz, lead)
        elif kind == "ST" or "INTERPRETATION" in code:
            text = (value.text or "").strip() or value.get("displayName", "")
            lines += [text] if text else []
    return marks, list(numbers.values()), lines


def _lead_of(node: Element, leads: set[str]) -> str:
    for boundary in node.findall("support/supportingROI/component/boundary"):
        name = standard_name(value_at(boundary, "code", "code"))
        if name in leads:
            return name
    return ""


def _range(node: Element, value: Element, started: datetime | None, hertz: float, lead: str) -> list[Annotation]:
    for boundary in node.findall("support/supportingROI/component/boundary"):
        if not value_at(boundary, "code", "code").startswith("TIME_"):
            continue
        within = boundary.find("value")
        if within is None:
            continue
        places = [_place(within.find(end), started, hertz) for end in ("low", "high")]
        alone = _place(within, started, hertz)
        first = places[0] if places[0] is not None else (alone if alone is not None else places[1])
        if first is None:
            continue
        last = places[1] if places[0] is not None else None
        code = value.get("code", "")
        text = value.get("displayName", "")
        if places[0] is None and alone is None:
            text = text or "end"  # only the end of the wave is known
        return [Annotation(first, code, text, lead, last)]
    return []


def _place(node: Element | None, started: datetime | None, hertz: float) -> int | None:
    """The sample of a time: absolute, or relative in s or ms."""
    if node is None or not node.get("value"):
        return None
    unit = node.get("unit")
    if unit is not None:
        seconds = (base.number(node.get("value")) or 0.0) * _TO_SECONDS.get(unit, 1.0)
    else:
        when = _moment(node.get("value", ""))
        if when is None or started is None or (when.tzinfo is None) != (started.tzinfo is None):
            return None
        seconds = (when - started).total_seconds()
    return round(seconds * hertz) if abs(seconds) < 1e6 else None
