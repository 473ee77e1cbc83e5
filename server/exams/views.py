"""How an exam's row becomes what others see of it; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.exams.bodies import OrderBody
from server.exams.ports import QueuePlace, TicketFact
from server.exams.rules import ExamFacts, allowed_actions
from server.exams.tables import ExamTableRow as Exam
from server.kernel.clock import HospitalTime
from server.organisation.service import Hospital
from server.patients.names import initials_for
from server.patients.rules import age_text, flat
from shared.contract.exams import ExamRow, PatientEntry
from shared.contract.organisation import RoomView
from shared.contract.patients import PatientView
from shared.domain.permissions import Permission
from shared.domain.safety import Asked, age_in_years, uses_contrast
from shared.domain.states import (
    ExamState,
    PatientType,
    ReferralState,
    RegistrationState,
    ReportState,
    Sex,
    VisitKind,
)

APPROVED = (ReportState.APPROVED.value, ReportState.PRINTED.value)


NO_ROOM = 0
"""The room of a referral that its receiver has not placed yet."""


@dataclass(frozen=True)
class Place:
    """Where an exam is done."""

    room_id: int
    campus_id: int


def place_in(room: RoomView) -> Place:
    """Return the place of a room."""
    return Place(room.id, room.campus_id)


def row_of(
    exam: Exam,
    ticket: TicketFact | None,
    hospital: Hospital,
    time: HospitalTime,
    permissions: frozenset[Permission],
    missed: int = 0,
) -> ExamRow:
    """Return the list row of an exam, with what a holder of `permissions` may do; its patient `missed` so many."""
    state = ExamState(exam.state)
    return ExamRow(
        id=exam.id,
        version=exam.version,
        accession_number=exam.accession_number,
        image_number=exam.image_number,
        patient_id=exam.patient_id,
        patient_number=exam.patient_number,
        patient_name=exam.patient_name,
        sex=Sex(exam.sex),
        age=age_text(exam.birth_date, time.local(exam.planned_at).date()),
        patient_type=PatientType(exam.patient_type),
        patient_kind=exam.patient_kind or exam.patient_type,
        is_in_arrears=exam.is_in_arrears,
        state=state,
        registration_state=RegistrationState(exam.registration_state),
        report_state=None if exam.report_state is None else ReportState(exam.report_state),
        report_id=exam.report_id,
        ticket_state=None if ticket is None else ticket.state,
        ticket_number="" if ticket is None else ticket.number,
        exam_type=exam.exam_type,
        items=exam.items_text,
        body_part=exam.body_part,
        campus_id=exam.campus_id,
        room_id=exam.room_id,
        room_name=hospital.rooms[exam.room_id].name if exam.room_id in hospital.rooms else "",
        planned_at=exam.planned_at,
        registered_at=exam.registered_at,
        has_images=exam.has_images,
        study_uid=exam.study_uid,
        allowed=allowed_actions(state, facts_of(exam), permissions),
        is_no_show=exam.is_no_show,
        patient_no_shows=missed,
        reschedules=exam.reschedules,
        referral_id=exam.referral_id,
        referral_state=None if exam.referral_state is None else ReferralState(exam.referral_state),
        from_campus_id=exam.from_campus_id,
        visit_kind=VisitKind(exam.visit_kind),
    )


def place_of(exam: Exam) -> QueuePlace:
    """Return where an exam belongs in the queues."""
    return QueuePlace(
        exam_id=exam.id,
        room_id=exam.room_id,
        planned_at=exam.planned_at,
        patient_type=PatientType(exam.patient_type),
        exam_type=exam.exam_type,
    )


def facts_of(exam: Exam) -> ExamFacts:
    """Return what the guards of the exam's table look at."""
    return ExamFacts(
        has_images=exam.has_images,
        is_report_approved=exam.report_state in APPROVED,
        is_referral=exam.referral_state is not None,
        awaits_acceptance=awaits_acceptance(exam),
    )


def awaits_acceptance(exam: Exam) -> bool:
    """Tell whether an exam is a referral that its receiver has not answered: it is in no queue and no worklist."""
    return exam.referral_state == ReferralState.SENT.value


def asked_of(exam: Exam, body: OrderBody, today: date) -> Asked:
    """Return the facts that decide which safety questions an exam needs."""
    return Asked(
        exam_type=exam.exam_type,
        sex=Sex(exam.sex),
        age_years=age_in_years(exam.birth_date, today),
        uses_contrast=uses_contrast(item.name for item in body.items),
    )


def copy_of(patient: PatientView) -> dict[str, object]:
    """Return the columns of an exam that repeat its patient."""
    return {
        "patient_number": patient.patient_number,
        "patient_name": patient.name,
        "pinyin": patient.pinyin,
        "pinyin_flat": flat(patient.pinyin),
        "initials": initials_for(patient.name, patient.pinyin),
        "sex": patient.sex.value,
        "birth_date": patient.birth_date,
        "card_number": patient.card_number,
    }


def entry_of(patient: PatientView, typed: PatientEntry) -> PatientEntry:
    """Return the entry to edit: the patient as now known, height and weight as measured for this exam."""
    return PatientEntry(
        patient_id=patient.id,
        name=patient.name,
        sex=patient.sex,
        birth_date=patient.birth_date,
        pinyin=patient.pinyin,
        card_number=patient.card_number,
        id_number=patient.id_number,
        inpatient_number=patient.inpatient_number,
        health_check_number=patient.health_check_number,
        phone=patient.phone,
        address=patient.address,
        height_cm=typed.height_cm,
        weight_kg=typed.weight_kg,
        id_kind=patient.id_kind,
    )
