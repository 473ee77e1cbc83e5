"""Reads what came: record, measurements, verdict, suggestions. Computes only; knows no database.

Files are hostile: whatever the bytes are, there is a `Taken` or `Unreadable`.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

from server.ecg.traces.facts import FilePatient, TraceFacts
from shared.contract.ecg import QualityFinding, QualityVerdict, StatementView, TraceValues
from shared.domain.states import Sex

if TYPE_CHECKING:
    from shared.waveform.measuring import Analysis
    from shared.waveform.median_beat import MedianBeat
    from shared.waveform.quality import Quality
    from shared.waveform.record import EcgRecord

logger = logging.getLogger(__name__)

LONG_S = 120.0
"""A longer record is measured by a job: nobody waits for it."""
MAX_TEXT = 500
_LARGEST_AT_ONCE = 6_000_000  # samples of all leads


class Unreadable(ValueError):
    """The bytes are no ECG; the text is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it came."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient as registered: what rules go by, whatever the file says."""

    sex: Sex = Sex.UNKNOWN
    age_years: float | None = None
    earlier: MedianBeat | None = None
    """Of the patient's last 12-lead record: exchanged electrodes are looked for against it too."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A recording that was read."""

    record: EcgRecord
    format: str
    name: str
    packed: bytes
    analysis: bytes  # empty where a job shall measure
    facts: TraceFacts
    digest: str
    recorded_at: datetime | None  # as the device wrote it; without zone: the hospital's
    files: tuple[File, ...] = field(default=())

    @property
    def is_measured(self) -> bool:
        return bool(self.analysis)


def take_in(files: Sequence[File], subject: Subject | None, now: datetime) -> Taken:
    """Read, measure and check. Raises Unreadable."""
    from shared.waveform.compact import is_packed, pack

    record, kind, name = _record(files)
    packed = next((one.data for one in files if is_packed(one.data, thin=False)), b"") or pack(record)
    facts = TraceFacts(
        file_statements=tuple(line[:MAX_TEXT] for line in record.statements[:50]),
        patient=_patient(record),
        findings=tuple(_findings(record)),
    )
    analysis = b""
    if is_short(record):
        analysis, facts = measured(record, facts, subject, now)
    return Taken(
        record, kind, name[:200], packed, analysis, facts, digest_of(record), record.started, files=tuple(files)
    )


def is_short(record: EcgRecord) -> bool:
    """Whether a record is measured at once."""
    return record.seconds <= LONG_S and record.samples.size <= _LARGEST_AT_ONCE


def measured(record: EcgRecord, facts: TraceFacts, subject: Subject | None, now: datetime) -> tuple[bytes, TraceFacts]:
    """Return the packed analysis, and the facts with values, verdict and suggestions."""
    from shared.waveform import kept, quality, statements
    from shared.waveform.measuring import analyse

    analysis = analyse(record)
    found = quality.check(record, analysis, earlier=subject.earlier if subject is not None else None)
    suggested = statements.suggest(_as_registered(record, subject), analysis)
    views = tuple(
        StatementView(code=one.code, zh=one.zh, en=one.en, reason_zh=one.reason_zh, reason_en=one.reason_en)
        for one in suggested
    )
    return kept.pack(analysis), TraceFacts(
        values=values_of(analysis),
        quality=verdict_of(found),
        suggestions=views,
        file_statements=facts.file_statements,
        patient=facts.patient,
        patient_differs=facts.patient_differs,
        findings=facts.findings,
        measured_at=now,
    )


def values_of(analysis: Analysis) -> TraceValues:
    """Return what the parameter area shows."""
    found = analysis.measurements
    qtc = found.qtc
    sums = found.hypertrophy
    return TraceValues(
        hr_bpm=found.hr_bpm,
        rr_ms=found.rr_ms,
        p_waves=found.p_waves,
        p_ms=found.p_ms,
        pr_ms=found.pr_ms,
        qrs_ms=found.qrs_ms,
        qt_ms=found.qt_ms,
        qtc_bazett_ms=qtc.bazett if qtc else None,
        qtc_fridericia_ms=qtc.fridericia if qtc else None,
        qtc_framingham_ms=qtc.framingham if qtc else None,
        qtc_hodges_ms=qtc.hodges if qtc else None,
        p_axis=found.axes.p,
        qrs_axis=found.axes.qrs,
        t_axis=found.axes.t,
        rv5_mv=sums.rv5_mv,
        sv1_mv=sums.sv1_mv,
        rv5_sv1_mv=sums.rv5_sv1_mv,
        confidence=dict(found.confidence),
    )


def verdict_of(found: Quality) -> QualityVerdict:
    """Return the gate's verdict with its sentences."""
    from shared.waveform.quality_words import sentence

    findings = tuple(
        QualityFinding(
            fault=one.fault.value,
            severity=one.severity.value,
            leads=one.leads,
            value=one.value,
            limit=one.limit,
            unit=one.unit,
            zh=sentence(one, "zh"),
            en=sentence(one, "en"),
        )
        for one in found.findings
    )
    return QualityVerdict(passed=found.passed, findings=findings)


def digest_of(record: EcgRecord) -> str:
    """The SHA-256 of what was recorded: samples, gains, leads, rate and start, whatever file they came in."""
    digest = hashlib.sha256(record.samples.tobytes())
    started = record.started.isoformat() if record.started is not None else ""
    digest.update(repr((record.leads, record.gain_uv, record.baseline, record.sampling_hz, started)).encode())
    return digest.hexdigest()


def _record(files: Sequence[File]) -> tuple[EcgRecord, str, str]:
    from shared.waveform import formats
    from shared.waveform.compact import CompactError, is_packed, unpack

    if not files or not any(one.data for one in files):
        raise Unreadable("文件是空的，请在设备上重新导出后再上传。")
    original = next((one for one in files if not is_packed(one.data)), None)
    try:
        for one in files:
            if is_packed(one.data):
                name = original.name if original is not None else one.name
                kind = formats.kind_of(original.data) if original is not None else None
                return unpack(one.data), kind.value if kind is not None else "compact", name
        if len(files) == 1:
            return formats.read({files[0].name: files[0].data}), _kind(files[0].data), files[0].name
        named = {PurePath(one.name).name: one.data for one in files}
        header = next((one for one in files if formats.kind_of(one.data) is not None), files[0])
        return formats.read(named), _kind(header.data), header.name
    except CompactError as error:
        raise Unreadable(f"上传的心电数据已损坏，请重新上传（{error}）。") from error
    except formats.EcgFormatError as error:
        raise Unreadable(f"文件不是可读的心电图，请在设备上重新导出后再上传（{str(error)[:200]}）。") from error
    except Exception as error:  # outermost of a file from outside: a defect of a reader must not stop the room
        logger.exception("ecg: a file could not be read")
        raise Unreadable("文件读取失败，已记录日志；请在设备上换一种格式导出后再上传。") from error


def _kind(data: bytes) -> str:
    from shared.waveform import formats

    kind = formats.kind_of(data)
    return kind.value if kind is not None else "wfdb"


def _as_registered(record: EcgRecord, subject: Subject | None) -> EcgRecord:
    if subject is None:
        return record
    sex = subject.sex if subject.sex is not Sex.UNKNOWN else record.patient.sex
    age = subject.age_years if subject.age_years is not None else record.patient.age_years
    return replace(record, patient=replace(record.patient, sex=sex, age_years=age))


def _patient(record: EcgRecord) -> FilePatient:
    patient = record.patient
    return FilePatient(
        name=" ".join(patient.name.replace("^", " ").split())[:120],
        number=patient.identifier.strip()[:64],
        sex=patient.sex.value,
        age="" if patient.age_years is None else f"{patient.age_years:.0f}岁",
        birth_date=patient.birth_date.isoformat() if patient.birth_date is not None else "",
    )


def _findings(record: EcgRecord) -> list[str]:
    from shared.waveform.formats import findings_of

    return [one[:MAX_TEXT] for one in findings_of(record)][:20]
