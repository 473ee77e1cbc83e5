"""Writes WFDB records: header, one signal file in format 16 (or 32), and .atr where there are marks."""

from __future__ import annotations

import re

from shared.domain.states import Sex
from shared.waveform.formats import wfdb_signals
from shared.waveform.formats.base import CannotHold, Written, in_units, range_of, short_name
from shared.waveform.formats.wfdb_annotations import write_annotations
from shared.waveform.record import MISSING, EcgRecord


def write(record: EcgRecord, name: str = "ecg") -> Written:
    """The record as .hea, .dat and, with marks, .atr. Raises CannotHold."""
    import numpy as np

    findings: list[str] = []
    stem = re.sub(r"[^A-Za-z0-9_-]", "_", name) or "ecg"
    samples = record.samples
    zeros = [round(zero) for zero in record.baseline]
    if any(abs(zero - whole) > 1e-9 for zero, whole in zip(record.baseline, zeros, strict=True)):
        samples, worst = in_units(samples, record.gain_uv, record.baseline, record.gain_uv)
        zeros = [0] * len(zeros)
        if worst:
            findings.append(f"WFDB holds whole baselines: samples moved by up to {worst:.2g} µV")
    if any(abs(zero) >= 2**31 for zero in zeros):
        raise CannotHold("WFDB holds baselines of 32 bits; the record goes beyond")
    ranges = [range_of(row) for row in samples]
    form = 16 if all(low >= -32_767 and high <= 32_767 for low, high in ranges) else 32
    rows = []
    for n in range(len(record.leads)):
        there = np.where(samples[n] == MISSING, -32_768 if form == 16 else MISSING, samples[n]).astype(np.int64)
        checksum = int(there.sum()) % 65_536
        checksum -= 65_536 if checksum > 32_767 else 0
        rows.append(
            f"{stem}.dat {form} {_gain(record.gain_uv[n])}({zeros[n]})/mV {form} 0 {int(there[0])} {checksum} 0 "
            + short_name(record, n)
        )
    first = f"{stem} {len(record.leads)} {_plain(record.sampling_hz)} {record.sample_count}"
    when = record.started
    if when is not None:
        fraction = f".{when.microsecond:06d}".rstrip("0") if when.microsecond else ""
        first += when.strftime(f" %H:%M:%S{fraction} %d/%m/%Y")
        if when.tzinfo is not None:
            findings.append("WFDB holds no time zone: the time is written as the clock showed it")
    comments = [f"# {line}" for line in _comments(record)]
    header = "\n".join([first, *rows, *comments]) + "\n"
    files = {f"{stem}.hea": header.encode(), f"{stem}.dat": wfdb_signals.packed(samples.T, form)}
    if record.annotations:
        files[f"{stem}.atr"] = write_annotations(record.annotations)
        if any(mark.lead or mark.end_sample is not None for mark in record.annotations):
            findings.append("WFDB marks have no lead and no end: those are left out")
    if record.median is not None or record.measurements:
        findings.append("WFDB has no place for median beats and measured values: they are left out")
    if any((record.device.manufacturer, record.device.model, record.device.institution)):
        findings.append("WFDB has no place for device and institution: they are left out")
    return Written(files, tuple(findings))


def _gain(gain_uv: float) -> str:
    """Units for a mV, as a number that comes back the same."""
    per_mv = 1000 / gain_uv
    near = round(per_mv, 6)
    return _plain(near if near and abs(near / per_mv - 1) < 1e-13 else per_mv)


def _plain(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _comments(record: EcgRecord) -> list[str]:
    patient = record.patient
    lines = []
    if patient.age_years is not None:
        lines.append(f"age: {patient.age_years:g}")
    if patient.sex is not Sex.UNKNOWN:
        lines.append(f"sex: {patient.sex.value}")
    for key in ("identifier", "name", "birth_date", "height_cm", "weight_kg"):
        value = getattr(patient, key)
        if value:
            lines.append(f"patient.{key}: {' '.join(str(value).split())}")
    return lines + [f"statement: {' '.join(line.split())}" for line in record.statements]
