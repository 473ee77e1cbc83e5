"""A trace as other rooms see it, and as clients get it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from server.ecg.traces.tables import EcgTraceRow
from shared.contract.ecg import QualityVerdict, StatementView, TraceValues, TraceView
from shared.domain.ecg import TraceSource


class FilePatient(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says of the patient."""

    name: str = ""
    number: str = ""
    sex: str = "U"
    age: str = ""
    birth_date: str = ""  # ISO


class TraceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about a trace when it came; kept in its row as msgpack."""

    values: TraceValues = TraceValues()
    quality: QualityVerdict = QualityVerdict(passed=True)
    suggestions: tuple[StatementView, ...] = ()
    file_statements: tuple[str, ...] = ()
    patient: FilePatient = FilePatient()
    patient_differs: bool = False
    findings: tuple[str, ...] = ()  # what the reader had to assume
    measured_at: datetime | None = None  # None: waits for the job, because it is long


def stored(row: EcgTraceRow) -> TraceFacts:
    """Return the facts that a row keeps."""
    return msgspec.msgpack.decode(row.facts, type=TraceFacts)


def trace_view(row: EcgTraceRow) -> TraceView:
    """Return a row as clients get it."""
    facts = stored(row)
    shown = " ".join(part for part in (facts.patient.name, facts.patient.number) if part)
    return TraceView(
        id=row.id,
        exam_id=row.exam_id,
        number=row.number,
        is_current=row.is_current,
        source=TraceSource(row.source),
        format=row.format,
        file_name=row.file_name,
        device=row.device,
        recorded_at=row.recorded_at,
        received_at=row.received_at,
        received_by=row.received_by,
        leads=tuple(row.leads),
        sampling_hz=row.sampling_hz,
        seconds=row.seconds,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        sop_class=row.sop_class,
        sop_uid=row.sop_uid,
        values=facts.values,
        quality=facts.quality,
        suggestions=facts.suggestions,
        file_statements=facts.file_statements,
        file_patient=shown,
        patient_differs=facts.patient_differs,
        is_measured=facts.measured_at is not None,
    )
