"""Writes SCP-ECG (EN 1064): default Huffman table over the differences that are shortest, without any loss."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from shared.waveform.formats import lead_codes, scp_codec, scp_sections
from shared.waveform.formats.base import CannotHold, Written, gaps_filled, in_units
from shared.waveform.record import MISSING, EcgRecord, MedianBeats

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VERSION = 20


def write(record: EcgRecord, name: str = "ecg") -> Written:
    """The record as an SCP file. Raises CannotHold for rates that are no whole number of µs between samples."""
    findings: list[str] = []
    codes = _codes(record)
    microseconds = _microseconds(record.sampling_hz)
    samples, nanovolt = _samples(record.samples, record.gain_uv, record.baseline, "the rhythm", findings)
    median = record.median
    if median is not None and (median.leads != record.leads or not _fits(median.sampling_hz)):
        findings.append("the median beats are of other leads or another rate than SCP-ECG holds: they are left out")
        median = None
    when = record.started
    if record.started is None:
        findings.append("the start of the recording is unknown: 1970-01-01 stands in its place")
    sections = {
        1: scp_sections.write_header(scp_sections.Header(record.patient, record.device, record.filters, when)),
        2: struct.pack("<H", scp_codec.DEFAULT_TABLE),
        3: _lead_definitions(codes, record.sample_count),
        6: _rhythm(samples, nanovolt, microseconds),
    }
    if median is not None:
        sections[4], sections[5] = _median_sections(median, findings)
    known = {measured.name: measured.value for measured in record.measurements if not measured.lead}
    if known:
        sections[7] = scp_sections.write_measurements(known, 0)
    if record.statements:
        sections[8] = scp_sections.write_statements(record.statements, when)
    if when is not None and when.microsecond:
        findings.append("SCP-ECG holds whole seconds: the fraction of the start time is left out")
    if record.annotations:
        findings.append(f"SCP-ECG has no place for the {len(record.annotations)} marks: they are left out")
    return Written({f"{name}.scp": _file(sections)}, tuple(findings))


def _codes(record: EcgRecord) -> list[int]:
    codes = [lead_codes.code_of(lead) for lead in record.leads]
    # A lead that its reader could only number (CH2) is "unspecified" here too, in the same place.
    unnamed = [lead for n, lead in enumerate(record.leads) if not codes[n] and lead != f"CH{n + 1}"]
    if unnamed:
        raise CannotHold(f"SCP-ECG has no number for the leads {', '.join(unnamed[:8])}")
    return codes


def _fits(hertz: float) -> bool:
    microseconds = 1e6 / hertz
    return abs(microseconds - round(microseconds)) < 1e-6 and 1 <= round(microseconds) <= 65_535


def _microseconds(hertz: float) -> int:
    if not _fits(hertz):
        raise CannotHold(f"SCP-ECG holds whole microseconds between samples; {hertz:g} Hz are {1e6 / hertz:.3f}")
    return round(1e6 / hertz)


def _samples(
    samples: NDArray[Any], gains: tuple[float, ...], baselines: tuple[float, ...], what: str, findings: list[str]
) -> tuple[NDArray[Any], int]:
    """Samples in one whole number of nV for all leads, and that number; re-scaling and filling is said."""
    import numpy as np

    sizes = {abs(round(gain * 1000, 6)) for gain in gains}
    nanovolt = round(min(sizes))
    if len(sizes) > 1 or abs(nanovolt - min(sizes)) > 1e-6 or not 1 <= nanovolt <= 65_535:
        peak = max(
            float(np.abs((row[row != MISSING] - zero) * gain).max(initial=0.0))
            for row, gain, zero in zip(samples, gains, baselines, strict=True)
        )
        nanovolt = min(max(int(min(sizes)), int(np.ceil(peak * 1000 / 32_767)), 1), 65_535)
    made, worst = in_units(samples, gains, baselines, (nanovolt / 1000,) * len(gains))
    if worst:
        findings.append(
            f"SCP-ECG holds one resolution for all leads: {what} was re-scaled to {nanovolt / 1000:g} µV a step, "
            f"which moved samples by up to {worst:.2g} µV"
        )
    made, held = gaps_filled(made)
    if held:
        findings.append(f"SCP-ECG cannot mark samples as not recorded: {held} carry the value before them")
    if made.max(initial=0) > 32_767 or made.min(initial=0) < -32_768:
        raise CannotHold("SCP-ECG holds 16-bit samples; the record goes beyond")
    return made, nanovolt


def _lead_definitions(codes: list[int], samples: int) -> bytes:
    together = min(len(codes), 31)
    made = struct.pack("<BB", len(codes), 0b100 | together << 3)
    return made + b"".join(struct.pack("<IIB", 1, samples, code) for code in codes)


def _streams(samples: NDArray[Any]) -> tuple[int, list[bytes]] | None:
    """The shortest order of differences and the coded leads; None when a difference needs more than 16 bits."""
    best: tuple[int, list[bytes]] | None = None
    for order in (0, 1, 2):
        coded = [scp_codec.coded_default(scp_codec.differences_of(row, order)) for row in samples]
        whole = [one + b"\0" * (len(one) % 2) for one in coded if one is not None]
        if len(whole) == len(coded) and (best is None or sum(map(len, whole)) < sum(map(len, best[1]))):
            best = order, whole
    return best


def _rhythm(samples: NDArray[Any], nanovolt: int, microseconds: int) -> bytes:
    found = _streams(samples)
    if found is None:
        raise CannotHold("SCP-ECG holds 16-bit samples; the record goes beyond")
    order, streams = found
    if max(map(len, streams)) > 65_535:
        raise CannotHold("SCP-ECG holds 65535 bytes for a lead; the record is longer")
    made = struct.pack("<HHBB", nanovolt, microseconds, order, 0)
    return made + b"".join(struct.pack("<H", len(stream)) for stream in streams) + b"".join(streams)


def _median_sections(median: MedianBeats, findings: list[str]) -> tuple[bytes, bytes]:
    samples, nanovolt = _samples(median.samples, median.gain_uv, median.baseline, "the median beat", findings)
    microseconds = _microseconds(median.sampling_hz)
    milliseconds = -(-samples.shape[1] * microseconds // 1000)
    fiducial = 0 if median.r_sample is None else median.r_sample + 1
    return struct.pack("<HHH", milliseconds, fiducial, 0), _rhythm(samples, nanovolt, microseconds)


def _file(sections: dict[int, bytes]) -> bytes:
    """Sections with their headers, the table of section 0, and the checksums (5.2.7, 5.3)."""
    table = 16 + 10 * 12
    bodies, pointers, place = [], [(0, table, 7)], 7 + table
    for number in range(1, 12):
        body = sections.get(number)
        if body is None:
            pointers.append((number, 0, 0))
            continue
        whole = _section(number, body + b"\0" * (len(body) % 2))
        pointers.append((number, len(whole), place))
        bodies.append(whole)
        place += len(whole)
    first = _section(0, b"".join(struct.pack("<HII", *pointer) for pointer in pointers), b"SCPECG")
    rest = first + b"".join(bodies)
    length = struct.pack("<I", 6 + len(rest))
    return struct.pack("<H", scp_codec.crc(length + rest)) + length + rest


def _section(number: int, body: bytes, mark: bytes = bytes(6)) -> bytes:
    rest = struct.pack("<HIBB", number, 16 + len(body), _VERSION, _VERSION) + mark + body
    return struct.pack("<H", scp_codec.crc(rest)) + rest
