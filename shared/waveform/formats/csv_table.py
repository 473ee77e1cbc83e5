"""Reads and writes tables: one column for each lead, one row for each sample.

What this suite writes (UTF-8, comma):

    # Mingjing ECG 1
    # sampling_hz: 500
    # started: 2026-11-22T08:00:00
    # patient.identifier: P0001            and so on, as far as known
    lead,I,II,…                            names
    gain_uv,2.5,2.5,…                      µV for each unit
    baseline,0,0,…                         the stored value at 0 µV
    0,-2,-7,…                              number of the sample, stored values; empty: not recorded

Any other table is read when it has numbers only, below an optional row of names: a first column "time", "t" or "sample"
(s, or ms where its name says so), or a line "# sampling_hz: N", gives the rate; a unit in brackets, "(mV)" or "(uV)",
gives the scale, else it is guessed from the size of the values, which is said.
"""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.domain.states import Sex
from shared.waveform.formats import base
from shared.waveform.formats.base import EcgFormatError, Source, Written
from shared.waveform.record import MISSING, EcgDevice, EcgPatient, EcgRecord, record_from_microvolts

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TITLE = "# Mingjing ECG 1"
_MAX_BYTES = 1 << 30
_TIME = re.compile(r"(time|t|sample|samples|index|sec|seconds|ms|n|时间|序号)?\s*([(\[](s|ms|us)[)\]])?", re.IGNORECASE)


def read(source: Source) -> EcgRecord:
    """The record of a table. Raises EcgFormatError."""
    if len(source.data) > _MAX_BYTES:
        raise EcgFormatError("the table is larger than 1 GB")
    text = source.data.decode("utf-8-sig", errors="replace")
    facts: dict[str, str] = {}
    place = 0
    while place < len(text):
        end = text.find("\n", place)
        line = text[place : end if end >= 0 else len(text)].strip()
        if line and not line.startswith("#"):
            break
        key, found, value = line.lstrip("# ").partition(":")
        if found:
            facts[key.strip()] = value.strip()
        place = end + 1 if end >= 0 else len(text)
    body = text[place:]
    first = body[: max(body.find("\n"), 0) or len(body)].strip()
    separator = max(",;\t", key=first.count)
    names = [cell.strip().strip('"') for cell in first.split(separator)]
    if names[0] == "lead":
        return _own(facts, names[1:], body, separator)
    return _foreign(facts, names, body, separator)


def _numbers(body: str, separator: str, columns: int) -> NDArray[Any]:
    """(row, column) float64; NaN for an empty cell."""
    import numpy as np

    if columns < 1 or columns > 65:
        raise EcgFormatError(f"the table has {columns} columns; 1 to 65 are read")
    try:
        rows = np.genfromtxt(
            io.StringIO(body), delimiter=separator, dtype=np.float64, comments="#", invalid_raise=True, loose=False
        )
    except (ValueError, OverflowError) as error:
        raise EcgFormatError(f"the table holds a row that does not fit: {str(error).splitlines()[-1]}"[:200]) from error
    rows = np.atleast_2d(rows) if rows.ndim != 1 or columns == 1 else rows.reshape(1, -1)
    rows = rows.T if columns == 1 and rows.shape[0] == 1 else rows
    if rows.size == 0 or rows.shape[1] != columns:
        raise EcgFormatError("the table has no rows of numbers, or rows of different length")
    return rows


def _stored(values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    gone = np.isnan(values)
    if not np.isfinite(values[~gone]).all() or np.abs(values[~gone]).max(initial=0.0) >= 2**31:
        raise EcgFormatError("the table holds numbers out of all bounds")
    return np.where(gone, MISSING, np.rint(np.where(gone, 0.0, values))).astype(np.int32)


def _own(facts: dict[str, str], names: list[str], body: str, separator: str) -> EcgRecord:
    lines = body.split("\n", 3)
    if len(lines) < 4 or not lines[1].startswith("gain_uv") or not lines[2].startswith("baseline"):
        raise EcgFormatError("the table lacks its rows gain_uv and baseline, or its samples")
    scales = []
    for line in lines[1:3]:
        cells = [base.number(cell.strip()) for cell in line.strip().split(separator)[1:]]
        if len(cells) != len(names) or any(cell is None for cell in cells):
            raise EcgFormatError("gain_uv and baseline need one number for each lead")
        scales.append(tuple(cell for cell in cells if cell is not None))
    values = _numbers(lines[3], separator, len(names) + 1)
    base.checked_size(len(names), len(values))
    leads, written = base.named_leads(names)
    spelled = facts.get("original_leads", "").split("|")
    return base.built(
        leads=leads,
        samples=_stored(values[:, 1:].T),
        gain_uv=scales[0],
        baseline=scales[1],
        sampling_hz=base.checked_rate(base.number(facts.get("sampling_hz"))),
        started=base.moment(facts.get("started", "")),
        patient=_patient(facts),
        device=EcgDevice(**{key: facts.get(f"device.{key}", "") for key in EcgDevice.__dataclass_fields__}),
        identifier=facts.get("identifier", ""),
        original_leads=tuple(spelled) if len(spelled) == len(leads) else written,
    )


def _patient(facts: dict[str, str]) -> EcgPatient:
    return EcgPatient(
        identifier=facts.get("patient.identifier", ""),
        name=facts.get("patient.name", ""),
        birth_date=base.day(facts.get("patient.birth_date", "")),
        sex=base.sex_of(facts.get("patient.sex", "")),
        age_years=base.number(facts.get("patient.age_years")),
        height_cm=base.number(facts.get("patient.height_cm")),
        weight_kg=base.number(facts.get("patient.weight_kg")),
    )


def _foreign(facts: dict[str, str], names: list[str], body: str, separator: str) -> EcgRecord:
    import numpy as np

    titled = any(base.number(name) is None and name for name in names)
    values = _numbers(body.partition("\n")[2] if titled else body, separator, len(names))
    if not titled:
        names = [f"CH{n + 1}" for n in range(len(names))]
    hertz = base.number(facts.get("sampling_hz"))
    steps = np.diff(values[:, 0])
    match = _TIME.fullmatch(names[0])
    timed = match is not None and titled
    if steps.size and timed:
        step = float(np.median(steps))
        if hertz is None and step > 0 and "sample" not in names[0].lower() and names[0].lower() not in ("n", "index"):
            unit = 1000.0 if "ms" in names[0].lower() else 1.0
            hertz = unit / step
            hertz = base.snapped(hertz, 1e-4)
        values, names = values[:, 1:], names[1:]
    if hertz is None:
        raise EcgFormatError('the table does not say how fast it was sampled: add a line "# sampling_hz: 500"')
    base.checked_size(len(names), len(values))
    findings = []
    units = {found.group(1).lower() for name in names if (found := re.search(r"[(\[]\s*([muµ]?V)\s*[)\]]", name, re.I))}
    biggest = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    if len(units) == 1:
        scale = {"mv": 1000.0, "v": 1e6}.get(units.pop(), 1.0)
    else:
        scale = 1000.0 if biggest < 30 else 1.0
        findings.append(f"the table names no unit: its values were taken for {'mV' if scale > 1 else 'µV'}")
    if not np.isfinite(biggest) or biggest * scale > 1e8:
        raise EcgFormatError("the table holds numbers out of all bounds")
    whole = scale == 1.0 and np.array_equal(np.rint(values[~np.isnan(values)]), values[~np.isnan(values)])
    plain = [re.sub(r"\s*[(\[].*?[)\]]", "", name) for name in names]
    leads, _ = base.named_leads(plain)
    made = record_from_microvolts(leads, values.T * scale, base.checked_rate(hertz), 1.0 if whole else 0.1)
    if not whole:
        findings.append("values were rounded to 0.1 µV")
    return base.built(
        leads=made.leads,
        samples=made.samples,
        gain_uv=made.gain_uv,
        baseline=made.baseline,
        sampling_hz=made.sampling_hz,
        original_leads=tuple(names),
        findings=findings,
    )


def write(record: EcgRecord, name: str = "ecg") -> Written:
    """The record as a table in the layout above."""
    import numpy as np

    lines = [_TITLE, f"# sampling_hz: {record.sampling_hz!r}"]
    lines += [f"# {key}: {value}" for key, value in _facts(record) if value]
    lines.append(",".join(("lead", *(lead.replace(",", " ") for lead in record.leads))))
    lines.append(",".join(("gain_uv", *(repr(gain) for gain in record.gain_uv))))
    lines.append(",".join(("baseline", *(repr(zero) for zero in record.baseline))))
    gone = record.samples == MISSING
    cells = record.samples.astype(str)
    if gone.any():
        cells = np.where(gone, "", cells)
    numbered = np.vstack([np.arange(record.sample_count).astype(str), cells]).T
    lines += [",".join(row) for row in numbered.tolist()]
    findings = []
    if record.median is not None or record.annotations or record.measurements or record.statements:
        findings.append("the table has no place for beats, marks, values and statements: they are left out")
    return Written({f"{name}.csv": ("\n".join(lines) + "\n").encode()}, tuple(findings))


def _facts(record: EcgRecord) -> list[tuple[str, str]]:
    patient, device = record.patient, record.device
    started: datetime | None = record.started
    facts = [
        ("started", started.isoformat() if started else ""),
        ("identifier", record.identifier),
        ("original_leads", "|".join(record.original_leads)),
        ("patient.identifier", patient.identifier),
        ("patient.name", patient.name),
        ("patient.birth_date", patient.birth_date.isoformat() if patient.birth_date else ""),
        ("patient.sex", patient.sex.value if patient.sex is not Sex.UNKNOWN else ""),
    ]
    for key in ("age_years", "height_cm", "weight_kg"):
        value = getattr(patient, key)
        facts.append((f"patient.{key}", repr(value) if value is not None else ""))
    facts += [(f"device.{key}", getattr(device, key)) for key in EcgDevice.__dataclass_fields__]
    return [(key, " ".join(value.split())) for key, value in facts]
