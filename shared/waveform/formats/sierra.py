"""Reads the XML of Philips carts (Sierra ECG, versions 1.03 to 1.04.02): XLI-compressed leads, representative beats."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.waveform.formats import base, xli
from shared.waveform.formats.base import EcgFormatError, Source
from shared.waveform.formats.markup import Element, number_at, text_at, tree
from shared.waveform.leads import TWELVE
from shared.waveform.record import (
    MISSING,
    AcquisitionFilters,
    EcgDevice,
    EcgPatient,
    EcgRecord,
    MedianBeats,
    StoredMeasurement,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VALUES = {
    "hr": ("heartrate", "1/min"),
    "rr": ("rrint", "ms"),
    "atrial_rate": ("atrialrate", "1/min"),
    "p": ("pdur", "ms"),
    "pr": ("print", "ms"),
    "qrs": ("qrsdur", "ms"),
    "qt": ("qtint", "ms"),
    "qtcb": ("qtcb", "ms"),
    "qtcf": ("qtcf", "ms"),
    "p_axis": ("pfrontaxis", "deg"),
    "qrs_axis": ("qrsfrontaxis", "deg"),
    "t_axis": ("tfrontaxis", "deg"),
}
_OLDER = {"pr": "meanprint", "qrs": "meanqrsdur", "qt": "meanqtint", "qtc": "meanqtc"}  # version 1.03


_NEAR_UV = 25.0  # how far pulse and rest may be from 1 mV and 0, for files that were converted


def read(source: Source) -> EcgRecord:
    """The record of a Philips XML file. Raises EcgFormatError."""
    root = tree(source.data)
    findings: list[str] = []
    signal = root.find(".//signalcharacteristics")
    waves = root.find(".//parsedwaveforms")
    if waves is None:
        raise EcgFormatError("the Philips file holds no waveforms")
    hertz = base.checked_rate(base.number(waves.get("samplespersecond")) or number_at(signal, "samplingrate"))
    resolution = base.number(waves.get("resolution")) or number_at(signal, "resolution")
    gain = resolution or number_at(signal, "signalresolution") or 5.0
    offset = base.number(waves.get("signaloffset")) or number_at(signal, "signaloffset") or 0.0
    if not 1e-3 <= gain <= 1e4:
        raise EcgFormatError(f"a resolution of {gain} µV cannot be right")
    rows = _rows(waves, hertz, int(number_at(signal, "numberchannelsallocated") or 12), findings)
    labels = (waves.get("leadlabels") or "").split()
    names = [labels[n] if n < len(labels) else _label(n) for n in range(len(rows))]
    samples = _stacked(rows)
    samples, names = _without_calibration(samples, names, gain, hertz, findings)
    leads, written = base.named_leads(names)
    when = root.find(".//dataacquisition")
    return base.built(
        leads=leads,
        samples=samples,
        gain_uv=(gain,) * len(leads),
        baseline=(offset,) * len(leads),
        sampling_hz=hertz,
        started=_moment(when),
        patient=_patient(root),
        device=_device(root),
        filters=_filters(waves, signal),
        measurements=tuple(_measurements(root)),
        statements=tuple(_statements(root)),
        median=_beats(root, findings),
        identifier=text_at(root, ".//documentname"),
        original_leads=written,
        findings=findings,
    )


def _label(place: int) -> str:
    return TWELVE[place] if place < len(TWELVE) else f"CH{place + 1}"


def _base64(text: str | None) -> bytes:
    try:
        return base64.b64decode(text or "")
    except (binascii.Error, ValueError) as error:
        raise EcgFormatError("the samples of the Philips file are no base64") from error


def _rows(waves: Element, hertz: float, channels: int, findings: list[str]) -> list[NDArray[Any]]:
    import numpy as np

    milliseconds = base.number(waves.get("durationperchannel")) or 0.0
    length = round(milliseconds * hertz / 1000)
    data = _base64(waves.text)
    base.checked_size(max(channels, 1), max(length, 1))
    compression = (waves.get("compression") or waves.get("compressmethod") or "").upper()
    if waves.get("compressflag", "True").lower() == "false":
        compression = ""
    if compression == "XLI":
        leads = [lead[:length] if length else lead for lead in xli.decoded(data, max(length, 1) + 4096)]
        if not leads:
            raise EcgFormatError("the compressed samples of the Philips file are damaged")
        if length and any(lead.size < length for lead in leads):
            findings.append("some leads of the Philips file are shorter than it says")
        return xli.limb_leads_restored(leads)
    if compression:
        raise EcgFormatError(f"the Philips file is compressed by {compression!r}, which is not read")
    per_lead = length or len(data) // 2 // channels
    if per_lead < 1 or len(data) < 2:
        raise EcgFormatError("the Philips file holds no samples")
    numbers = np.frombuffer(data, "<i2", len(data) // 2)
    return [numbers[at : at + per_lead].astype(np.int32) for at in range(0, numbers.size, per_lead)][:64]


def _stacked(rows: list[NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    length = max(row.size for row in rows)
    base.checked_size(len(rows), length)
    made = np.full((len(rows), length), MISSING, dtype=np.int32)
    for place, row in enumerate(rows):
        made[place, : row.size] = row
    return made


def _without_calibration(
    samples: NDArray[Any], names: list[str], gain: float, hertz: float, findings: list[str]
) -> tuple[NDArray[Any], list[str]]:
    """The traces without the 1 mV pulse that carts append to all leads alike, and without empty channels."""
    import numpy as np

    span = max(round(0.1 * hertz), 1)
    pulse = np.all(np.abs(samples[:, -round(1.5 * hertz) :] * gain - 1000) <= _NEAR_UV, axis=0)
    first = samples.shape[1] - pulse.size + int(pulse.argmax())
    if pulse.sum() >= span and (np.abs(samples[:, -1]) * gain <= _NEAR_UV).all():
        rest = (np.abs(samples[:, :first]) * gain > _NEAR_UV).any(axis=0)
        end = int(np.flatnonzero(rest)[-1]) + 1 if rest.any() else first
        findings.append(
            f"the last {(samples.shape[1] - end) / hertz:.2f} s carry the calibration pulse and are left out"
        )
        samples = np.ascontiguousarray(samples[:, :end])
    used = [n for n in range(len(names)) if n < len(TWELVE) or samples[n].any()]
    return samples[used], [names[n] for n in used]


def _beats(root: Element, findings: list[str]) -> MedianBeats | None:
    import numpy as np

    node = root.find(".//repbeats")
    if node is None:
        return None
    hertz, gain = base.number(node.get("samplespersec")), base.number(node.get("resolution"))
    beats = node.findall("repbeat")[:64]
    if not beats or not hertz or not 1 <= hertz <= 100_000 or not gain:
        return None
    rows = []
    for beat in beats:
        inner = beat.find("waveform")
        raw = _base64(inner.text if inner is not None else beat.text)
        rows.append(np.frombuffer(raw, "<i2", len(raw) // 2).astype(np.int32))
    if not any(row.size for row in rows):
        findings.append("the representative beats of the Philips file are empty")
        return None
    leads, _ = base.named_leads([beat.get("leadname", "") for beat in beats])
    return MedianBeats(leads, _stacked(rows), (gain,) * len(leads), (0.0,) * len(leads), hertz)


def _moment(node: Element | None) -> datetime | None:
    if node is None:
        return None
    return base.moment(f"{node.get('date', '')}T{node.get('time', '')}")


def _patient(root: Element) -> EcgPatient:
    node = root.find(".//generalpatientdata")
    first, last = text_at(node, "name/firstname"), text_at(node, "name/lastname")
    joined = " ".join(part for part in (first, last) if part)
    height, weight = number_at(node, "height/cm"), number_at(node, "weight/kg")
    inches, pounds = number_at(node, "height/inch"), number_at(node, "weight/lb")
    return EcgPatient(
        identifier=text_at(node, "patientid"),
        name=joined if joined.isascii() else last + first,
        birth_date=base.day(text_at(node, "age/dateofbirth")),
        sex=base.sex_of(text_at(node, "sex")),
        age_years=number_at(node, "age/years"),
        height_cm=height or (inches * 2.54 if inches else None),
        weight_kg=weight or (pounds * 0.45359237 if pounds else None),
    )


def _device(root: Element) -> EcgDevice:
    machine, acquirer = root.find(".//machine"), root.find(".//acquirer")
    detail = machine.get("detaildescription", "") if machine is not None else ""
    operator = acquirer.find("operator") if acquirer is not None else None
    return EcgDevice(
        manufacturer=detail.split(":")[0] or "Philips",
        model=(machine.text or "").strip() if machine is not None else "",
        serial=machine.get("machineid", "") if machine is not None else "",
        software=detail.split(":")[-1] if ":" in detail else "",
        institution=text_at(acquirer, "institutionname"),
        department=text_at(acquirer, "departmentname") or text_at(acquirer, "departmentid"),
        operator=operator.get("id", "") if operator is not None else text_at(acquirer, "operatorid"),
    )


def _filters(waves: Element, signal: Element | None) -> AcquisitionFilters:
    high = base.number(waves.get("hipass")) or number_at(signal, "hipass")
    low = base.number(waves.get("lowpass")) or number_at(signal, "lowpass")
    band = text_at(signal, "signalbandwidth").split("-")
    if high is None and len(band) == 2:
        high, low = base.number(band[0]), base.number(band[1])
    filtered = (waves.get("notchfiltered") or text_at(signal, "notchfiltered")).lower()
    frequencies = base.number((waves.get("notchfilterfreqs") or "0").split()[0]) if filtered == "true" else None
    return AcquisitionFilters(high, low, frequencies if filtered == "true" else (0.0 if filtered else None))


def _measurements(root: Element) -> list[StoredMeasurement]:
    newer, older = root.find(".//interpretation/globalmeasurements"), root.find(".//interpretationmeasurements")
    found = []
    for name, (word, unit) in _VALUES.items():
        value = number_at(newer, word)
        if value is None:
            value = number_at(older, _OLDER.get(name, word))
        if value is not None:
            found.append(StoredMeasurement(name, value, unit))
    qtc = number_at(older, "meanqtc")
    return found + ([StoredMeasurement("qtc", qtc, "ms")] if qtc is not None else [])


def _statements(root: Element) -> list[str]:
    lines = []
    for node in root.iter("interpretation"):
        for statement in [*node.iter("unparsedstatement"), *node.iter("statement")]:
            left = text_at(statement, "lhsstatement") or text_at(statement, "leftstatement")
            right = text_at(statement, "rhsstatement") or text_at(statement, "rightstatement")
            lines.append(" | ".join(part for part in (left, right) if part))
        severity = text_at(node, "severity")
        lines += [severity] if severity else []
    return [line for line in lines if line]
