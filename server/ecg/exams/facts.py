"""An ECG exam as other rooms see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from server.ecg.exams.tables import EcgExamRow
from shared.contract.ecg import EcgEntry
from shared.domain.ecg import ConsultationState, EcgKind, ExamState, ReportState, Urgency
from shared.domain.states import Sex, VisitKind


@dataclass(frozen=True, slots=True)
class ExamFacts:
    """What rooms ask of an exam."""

    id: int
    version: int
    accession_number: str
    study_uid: str
    state: ExamState
    kind: EcgKind
    visit_kind: VisitKind
    campus_id: int
    urgency: Urgency
    patient_id: int
    patient_name: str
    sex: Sex
    age: str
    birth_date: date | None
    id_number: str
    patient_number: str
    outpatient_number: str
    inpatient_number: str
    health_check_number: str
    request_number: str
    application_id: int | None
    department: str
    ward: str
    bed: str
    exam_item: str
    clinical_diagnosis: str
    registered_at: datetime
    registered_by: str
    registered_by_id: int
    cancel_reason: str
    acquired_at: datetime | None
    trace_count: int
    quality_passed: bool | None
    is_critical: bool
    report_id: int | None
    report_state: ReportState
    reported_at: datetime | None
    reported_by: str
    conclusion: str
    consultation_id: int | None
    consultation_state: ConsultationState | None
    stored_entry: bytes
    merged_from_id: int | None = None

    @property
    def filed_under_id(self) -> int:
        """The patient record whose number the exam's DICOM objects bear: a merge leaves a study as it is."""
        return self.merged_from_id or self.patient_id

    @property
    def entry(self) -> EcgEntry:
        """The registration dialog's fields as they are now."""
        return entry_of(self.stored_entry)


def entry_of(stored: bytes) -> EcgEntry:
    """Return the entry that a row keeps."""
    return msgspec.msgpack.decode(stored, type=EcgEntry)


def facts_of(row: EcgExamRow) -> ExamFacts:
    """Return the facts of a row."""
    return ExamFacts(
        id=row.id,
        version=row.version,
        accession_number=row.accession_number,
        study_uid=row.study_uid,
        state=ExamState(row.state),
        kind=EcgKind(row.kind),
        visit_kind=VisitKind(row.visit_kind),
        campus_id=row.campus_id,
        urgency=Urgency(row.urgency),
        patient_id=row.patient_id,
        patient_name=row.patient_name,
        sex=Sex(row.sex),
        age=row.age,
        birth_date=row.birth_date,
        id_number=row.id_number,
        patient_number=row.patient_number,
        outpatient_number=row.outpatient_number,
        inpatient_number=row.inpatient_number,
        health_check_number=row.health_check_number,
        request_number=row.request_number,
        application_id=row.application_id,
        department=row.department,
        ward=row.ward,
        bed=row.bed,
        exam_item=row.exam_item,
        clinical_diagnosis=row.clinical_diagnosis,
        registered_at=row.registered_at,
        registered_by=row.registered_by,
        registered_by_id=row.registered_by_id,
        cancel_reason=row.cancel_reason,
        acquired_at=row.acquired_at,
        trace_count=row.trace_count,
        quality_passed=row.quality_passed,
        is_critical=row.is_critical,
        report_id=row.report_id,
        report_state=ReportState(row.report_state),
        reported_at=row.reported_at,
        reported_by=row.reported_by,
        conclusion=row.conclusion,
        consultation_id=row.consultation_id,
        consultation_state=ConsultationState(row.consultation_state) if row.consultation_state else None,
        stored_entry=row.entry,
        merged_from_id=row.merged_from_id,
    )
