"""Reads the .ECG files of Contec ECG90A recorders (layout by N. Rigacci, ecg-contec): 800 Hz, 5 µV, 8 leads."""

from __future__ import annotations

from shared.domain.states import Sex
from shared.waveform.formats import base
from shared.waveform.formats.base import EcgFormatError, Source
from shared.waveform.record import MISSING, EcgDevice, EcgPatient, EcgRecord

_HEADER, _FOOTER = 43, 37
_GONE = 0x6800
_ZERO = 2048
_STORED = ("II", "III", "V1", "V2", "V3", "V4", "V5", "V6")


def read(source: Source) -> EcgRecord:
    """The record: I and the augmented leads follow exactly from II and III (those in half steps of 2.5 µV)."""
    import numpy as np

    data = source.data
    length = (len(data) - _HEADER - _FOOTER) // 16
    base.checked_size(12, max(length, 0))
    stored = np.frombuffer(data, "<u2", length * 8, _HEADER).reshape(length, 8)
    findings = []
    if (len(data) - _HEADER - _FOOTER) % 16:
        findings.append("the Contec file does not end where its rows end: it may be cut off")
    empty = ~stored.any(axis=1)
    if empty.any():
        stored = stored[: int(empty.argmax())]
    base.checked_size(12, len(stored))
    gone = (stored == _GONE).T
    rows = stored.T.astype(np.int32) - _ZERO
    if (np.abs(rows)[~gone] > 32_000).any():
        raise EcgFormatError("the file looks like one of Contec's but its samples are out of all bounds")
    two, three = rows[0], rows[1]
    missing = gone[0] | gone[1]
    limb = {
        "I": two - three,
        "II": two,
        "III": three,
        "aVR": three - 2 * two,
        "aVL": two - 2 * three,
        "aVF": two + three,
    }
    marks = {"II": gone[0], "III": gone[1]}
    made = [np.where(marks.get(name, missing), MISSING, row) for name, row in limb.items()]
    made += [np.where(gone[n], MISSING, rows[n]) for n in range(2, 8)]
    leads = (*limb, *_STORED[2:])
    case, name = base.decoded(data[:8]), base.decoded(data[32:40])
    sex, age, weight = data[40], data[41], data[42]
    return base.built(
        leads=leads,
        samples=np.vstack(made).astype(np.int32),
        gain_uv=tuple(2.5 if lead.startswith("aV") else 5.0 for lead in leads),
        baseline=(0.0,) * 12,
        sampling_hz=800.0,
        started=base.moment(base.decoded(data[10:30])),
        patient=EcgPatient(
            identifier=case,
            name=name,
            sex={0: Sex.FEMALE, 1: Sex.MALE}.get(sex, Sex.UNKNOWN),
            age_years=float(age) if 0 < age <= 200 else None,
            weight_kg=float(weight) if weight else None,
        ),
        device=EcgDevice("Contec", "ECG90A"),
        identifier=case,
        findings=findings,
    )
