"""Writes the HL7 annotated ECG (aECG, ANSI/HL7 V3 ECG R1) so that the schema PORT_MT020001 finds its parts in order."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from shared.domain.states import Sex
from shared.waveform.formats import aecg_codes, lead_codes
from shared.waveform.formats.base import UNKNOWN_START, Written
from shared.waveform.formats.markup import Element, put, to_bytes
from shared.waveform.record import MISSING, Annotation, EcgRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_OWN = "2.25.40294858330094614794615174263263930542899"  # root of ids that the record brings without one
_BACKWARDS = {unit: code for code, unit in aecg_codes.UNITS.items()}


def write(record: EcgRecord, name: str = "ecg") -> Written:
    """The record as an aECG file."""
    findings: list[str] = []
    ElementTree.register_namespace("xsi", _XSI)
    root = Element("AnnotatedECG", {"xmlns": "urn:hl7-org:v3", "type": "Observation"})
    started = record.started or UNKNOWN_START
    if record.started is None:
        findings.append("the start of the recording is unknown: 1970-01-01 stands in its place")
    ends = started + timedelta(seconds=record.seconds)
    marked = uuid.uuid5(uuid.NAMESPACE_OID, f"{record.identifier}{record.samples.tobytes()[:4096]!r}{started}")
    put(root, "id", root=str(marked), extension=record.identifier or str(marked))
    put(root, "code", code="93000", codeSystem="2.16.840.1.113883.6.12", codeSystemName="CPT-4")
    put(put(root, "effectiveTime"), "center", value=_time(started))
    _subject(root, record)
    if record.patient.age_years is not None:
        observation = put(put(root, "controlVariable"), "relatedObservation")
        put(observation, "code", code="21612-7", codeSystem="2.16.840.1.113883.6.1", codeSystemName="LOINC")
        _typed(observation, "PQ", value=f"{record.patient.age_years:g}", unit="a")
    series = put(put(root, "component"), "series")
    put(series, "id", root=str(uuid.uuid5(marked, "rhythm")))
    put(series, "code", code="RHYTHM", codeSystem=aecg_codes.ACT, codeSystemName="ActCode")
    _interval(series, started, ends)
    _device(series, record)
    _filters(series, record)
    body = put(put(series, "component"), "sequenceSet")
    _time_axis(body, "TIME_ABSOLUTE", started, record.sampling_hz)
    for row, lead in enumerate(record.leads):
        _lead(body, lead, record.samples[row], record.gain_uv[row], record.baseline[row], findings)
    _annotations(series, record, started)
    _median(series, record, started, ends, marked, findings)
    _left_out(record, findings)
    return Written({f"{name}.xml": to_bytes(root)}, tuple(findings))


def _left_out(record: EcgRecord, findings: list[str]) -> None:
    if record.patient.height_cm or record.patient.weight_kg:
        findings.append("height and weight have no place in this annotated ECG: they are left out")


def _time(when: datetime) -> str:
    text = when.strftime("%Y%m%d%H%M%S") + f".{when.microsecond:06d}".rstrip("0").ljust(4, "0")
    return text + (when.strftime("%z")[:5] if when.tzinfo is not None else "")


def _typed(parent: Element, kind: str, text: str = "", **attributes: str) -> Element:
    made = put(parent, "value", text, **attributes)
    made.set(f"{{{_XSI}}}type", kind)
    return made


def _subject(root: Element, record: EcgRecord) -> None:
    event = put(put(root, "componentOf"), "timepointEvent")
    assignment = put(put(event, "componentOf"), "subjectAssignment")
    subject = put(put(assignment, "subject"), "trialSubject")
    put(subject, "id", root=_OWN, extension=record.patient.identifier)
    person = put(subject, "subjectDemographicPerson")
    if record.patient.name:
        put(person, "name", record.patient.name)
    sex = {Sex.MALE: "M", Sex.FEMALE: "F"}.get(record.patient.sex, "UN")
    put(person, "administrativeGenderCode", code=sex, codeSystem="2.16.840.1.113883.5.1")
    if record.patient.birth_date:
        put(person, "birthTime", value=record.patient.birth_date.strftime("%Y%m%d"))
    trial = put(put(assignment, "componentOf"), "clinicalTrial")
    put(trial, "id", root=_OWN, extension="clinical care")


def _interval(parent: Element, started: datetime, ends: datetime) -> None:
    time = put(parent, "effectiveTime")
    put(time, "low", value=_time(started), inclusive="true")
    put(time, "high", value=_time(ends), inclusive="false")


def _device(series: Element, record: EcgRecord) -> None:
    device = record.device
    author = put(put(series, "author"), "seriesAuthor")
    made = put(author, "manufacturedSeriesDevice")
    put(made, "id", root=_OWN, extension=device.serial)
    put(made, "manufacturerModelName", device.model)
    put(made, "softwareName", device.software)
    if device.manufacturer:
        put(put(author, "manufacturerOrganization"), "name", device.manufacturer)
    if device.operator:
        performer = put(put(series, "secondaryPerformer"), "seriesPerformer")
        put(put(performer, "assignedPerson"), "name", device.operator)


def _filters(series: Element, record: EcgRecord) -> None:
    filters = record.filters
    known = (("LOW_PASS", filters.low_pass_hz), ("HIGH_PASS", filters.high_pass_hz), ("NOTCH", filters.notch_hz))
    for kind, hertz in known:
        if hertz is None:
            continue
        outer = put(put(series, "controlVariable"), "controlVariable")
        put(outer, "code", code=f"MDC_ECG_CTL_VBL_ATTR_FILTER_{kind}", codeSystem=aecg_codes.MDC, codeSystemName="MDC")
        inner = put(put(outer, "component"), "controlVariable")
        words = {"code": "MDC_ECG_CTL_VBL_ATTR_FILTER_CUTOFF_FREQ", "codeSystem": aecg_codes.MDC}
        put(inner, "code", codeSystemName="MDC", **words)
        _typed(inner, "PQ", value=_number(hertz), unit="Hz")


def _time_axis(body: Element, code: str, started: datetime | None, hertz: float) -> None:
    sequence = put(put(body, "component"), "sequence")
    put(sequence, "code", code=code, codeSystem=aecg_codes.ACT, codeSystemName="ActCode")
    value = _typed(sequence, "GLIST_TS" if started is not None else "GLIST_PQ")
    if started is not None:
        put(value, "head", value=_time(started))
    else:
        put(value, "head", value="0", unit="s")
    put(value, "increment", value=_number(1 / hertz), unit="s")


def _number(value: float) -> str:
    """A decimal number that reads back as the same value, without an exponent where that is short."""
    text = repr(float(value))
    if "e" in text:
        text = f"{value:.18f}".rstrip("0")
    return text.removesuffix(".0")


def _lead(body: Element, lead: str, samples: NDArray[Any], gain: float, baseline: float, findings: list[str]) -> None:
    sequence = put(put(body, "component"), "sequence")
    known = lead_codes.code_of(lead)
    code = f"MDC_ECG_LEAD_{lead.upper() if lead.isascii() else lead}" if known else lead
    put(sequence, "code", code=code, codeSystem=aecg_codes.MDC, codeSystemName="MDC")
    value = _typed(sequence, "SLIST_PQ")
    put(value, "origin", value=_number(-baseline * gain if baseline else 0.0), unit="uV")
    put(value, "scale", value=_number(gain), unit="uV")
    gone = samples == MISSING
    kept = samples
    if gone.any():
        last = int(samples.size - gone[::-1].argmin()) if not gone.all() else 0
        if gone[:last].any():
            findings.append(f"lead {lead}: samples that were not recorded are written as 0 µV")
            kept = samples.copy()
            kept[gone] = round(baseline)
        kept = kept[:last]
    put(value, "digits", " ".join(map(str, kept.tolist())) or "0")


def _annotations(series: Element, record: EcgRecord, started: datetime) -> None:
    if not (record.annotations or record.measurements or record.statements):
        return
    found = put(put(series, "subjectOf"), "annotationSet")
    put(found, "activityTime", value=_time(started))
    for measured in record.measurements:
        node = put(put(found, "component"), "annotation")
        code = aecg_codes.MEASUREMENTS.get(measured.name, (measured.name, ""))[0]
        put(node, "code", code=code, codeSystem=aecg_codes.MDC, codeSystemName="MDC")
        unit = _BACKWARDS.get(measured.unit, measured.unit)
        _typed(node, "PQ", value=_number(measured.value), unit=unit)
        if measured.lead:
            _boundary(node, [("lead", measured.lead)], started, record)
    for mark in record.annotations:
        node = put(put(found, "component"), "annotation")
        put(node, "code", code="MDC_ECG_WAVC", codeSystem=aecg_codes.MDC, codeSystemName="MDC")
        words = {"displayName": mark.text} if mark.text else {}
        _typed(node, "CE", code=mark.code, codeSystem=aecg_codes.MDC, codeSystemName="MDC", **words)
        _boundary(node, [("time", mark), ("lead", mark.lead)], started, record)
    for line in record.statements:
        node = put(put(found, "component"), "annotation")
        put(node, "code", code="MDC_ECG_INTERPRETATION_STATEMENT", codeSystem=aecg_codes.MDC, codeSystemName="MDC")
        _typed(node, "ST", line)


def _boundary(node: Element, parts: list[tuple[str, Any]], started: datetime, record: EcgRecord) -> None:
    roi = put(put(node, "support"), "supportingROI", classCode="ROIBND")
    put(roi, "code", code="ROIPS", codeSystem=aecg_codes.ACT, codeSystemName="HL7V3")
    for kind, what in parts:
        if not what:
            continue
        boundary = put(put(roi, "component"), "boundary")
        if kind == "lead":
            known = lead_codes.code_of(what)
            code = f"MDC_ECG_LEAD_{what.upper()}" if known else what
            put(boundary, "code", code=code, codeSystem=aecg_codes.MDC, codeSystemName="MDC")
            continue
        mark: Annotation = what
        put(boundary, "code", code="TIME_ABSOLUTE", codeSystem=aecg_codes.ACT, codeSystemName="ActCode")
        value = _typed(boundary, "IVL_TS")
        put(value, "low", value=_time(started + timedelta(seconds=mark.sample / record.sampling_hz)))
        if mark.end_sample is not None:
            put(value, "high", value=_time(started + timedelta(seconds=mark.end_sample / record.sampling_hz)))


def _median(
    series: Element, record: EcgRecord, started: datetime, ends: datetime, marked: uuid.UUID, findings: list[str]
) -> None:
    median = record.median
    if median is None:
        return
    derived = put(put(series, "derivation"), "derivedSeries")
    put(derived, "id", root=str(uuid.uuid5(marked, "beat")))
    put(derived, "code", code="REPRESENTATIVE_BEAT", codeSystem=aecg_codes.ACT, codeSystemName="ActCode")
    _interval(derived, started, ends)
    body = put(put(derived, "component"), "sequenceSet")
    _time_axis(body, "TIME_RELATIVE", None, median.sampling_hz)
    for row, lead in enumerate(median.leads):
        _lead(body, lead, median.samples[row], median.gain_uv[row], median.baseline[row], findings)
