"""A report of another department (pathology, the ECG network) as the areas of imaging see reports and exams."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.contract.exams import ClinicalEntry, ExamRow, ExamView, ItemEntry, PatientEntry, RequesterEntry
from shared.contract.patients import PatientView
from shared.contract.reporting import ReportRow
from shared.domain.states import ExamState, PatientType, RegistrationState, ReportState, Sex


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideReport:
    """What such a report and its exam have in place of imaging's own; both ids are of the department's own range."""

    report_id: int
    exam_id: int
    version: int
    state: ReportState
    exam_type: str
    accession_number: str
    study_uid: str
    kind: str  # what the report is called: 心电图报告, 病理诊断报告
    exam_item: str  # what was examined
    items: tuple[ItemEntry, ...]
    patient: PatientView
    patient_number: str
    patient_name: str
    sex: Sex
    age: str
    clinical: ClinicalEntry
    requester: RequesterEntry
    registered_at: datetime
    registered_by: str
    examined_at: datetime
    diagnosed_at: datetime | None
    approved_at: datetime | None
    diagnosing_doctor: str
    auditing_doctor: str
    body_part: str = ""
    campus_id: int = 0
    room_name: str = ""
    application_id: int | None = None
    has_images: bool = False
    printed_at: datetime | None = None


def report_row(one: OutsideReport) -> ReportRow:
    """Return the row of imaging's lists that stands for the report."""
    return ReportRow(
        id=one.report_id,
        version=one.version,
        state=one.state,
        exam_id=one.exam_id,
        exam_state=ExamState.EXAMINED,
        accession_number=one.accession_number,
        image_number=one.accession_number,
        patient_id=one.patient.id,
        patient_number=one.patient_number,
        patient_name=one.patient_name,
        sex=one.sex,
        age=one.age,
        patient_type=PatientType.ORDINARY,
        exam_type=one.exam_type,
        campus_id=one.campus_id,
        room_id=0,
        room_name=one.room_name,
        body_part=one.body_part,
        items=one.kind,
        examined_at=one.examined_at,
        registered_by=one.registered_by,
        diagnosing_doctor=one.diagnosing_doctor,
        auditing_doctor=one.auditing_doctor,
        requesting_doctor=one.requester.doctor,
        requesting_department=one.requester.department,
        requested_at=one.requester.requested_at,
        diagnosed_at=one.diagnosed_at,
        study_uids=(one.study_uid,),
        image_count=0,
        locked_by="",
        is_locked_by_me=False,
        was_returned=False,
        allowed=(),
        approved_at=one.approved_at,
        printed_at=one.printed_at,
    )


def exam_view(one: OutsideReport) -> ExamView:
    """Return what stands for the exam."""
    return ExamView(
        row=_exam_row(one),
        version=1,
        allowed=(),
        patient=one.patient,
        patient_entry=PatientEntry(name=one.patient_name),
        items=one.items,
        clinical=one.clinical,
        requester=one.requester,
        application_id=one.application_id,
        registered_by=one.registered_by,
        started_at=one.examined_at,
        finished_at=one.approved_at,
    )


def _exam_row(one: OutsideReport) -> ExamRow:
    return ExamRow(
        id=one.exam_id,
        version=1,
        accession_number=one.accession_number,
        image_number=one.accession_number,
        patient_id=one.patient.id,
        patient_number=one.patient_number,
        patient_name=one.patient_name,
        sex=one.sex,
        age=one.age,
        patient_type=PatientType.ORDINARY,
        is_in_arrears=False,
        state=ExamState.EXAMINED,
        registration_state=RegistrationState.REGISTERED,
        report_state=one.state,
        report_id=one.report_id,
        ticket_state=None,
        ticket_number="",
        exam_type=one.exam_type,
        items=one.exam_item or one.kind,
        body_part=one.body_part,
        campus_id=one.campus_id,
        room_id=0,
        room_name=one.room_name,
        planned_at=one.registered_at,
        registered_at=one.registered_at,
        has_images=one.has_images,
        study_uid=one.study_uid,
        allowed=(),
    )
