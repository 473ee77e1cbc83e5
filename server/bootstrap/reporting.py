"""Adapter between reports and registration: correcting a patient from the report, and the patient's orders."""

from __future__ import annotations

from server.exams.applications import ApplicationDesk
from server.exams.service import ExamService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.patients.service import PatientService
from shared.contract.exams import ApplicationView, ExamView, PatientEntry, RequesterEntry
from shared.contract.patients import PatientView
from shared.contract.reporting import CorrectPatient, OtherOrder

_MOST_ORDERS = 30


class PatientsOfReports:
    """reporting.surroundings.Patients over patients, exams and applications."""

    def __init__(self, patients: PatientService, exams: ExamService, applications: ApplicationDesk) -> None:
        self._patients = patients
        self._exams = exams
        self._applications = applications

    def lock(self, uow: UnitOfWork, patient_id: int) -> PatientView:
        self._patients.lock(uow, patient_id)
        return self._patients.get(uow, patient_id)

    def correct(self, uow: UnitOfWork, caller: Caller, patient: PatientView, request: CorrectPatient) -> PatientView:
        entry = PatientEntry(
            patient_id=patient.id,
            name=request.name,
            sex=request.sex,
            birth_date=request.birth_date,
            pinyin=patient.pinyin if request.name.strip() == patient.name else "",
            card_number=request.card_number,
            id_number=patient.id_number,
            id_kind=patient.id_kind,
            inpatient_number=request.inpatient_number,
            health_check_number=patient.health_check_number,
            phone=request.phone,
            address=request.address,
        )
        revised = self._patients.revise(uow, caller, patient.id, entry)
        self._exams.copy_patient(uow, revised)
        return revised

    def orders(self, uow: UnitOfWork, caller: Caller, patient_id: int, but_exam: int) -> tuple[OtherOrder, ...]:
        reading = UnitOfWork(uow.session, is_writer=False)
        exams = [one for one in self._exams.ids_of_patient(reading, patient_id) if one != but_exam][:_MOST_ORDERS]
        patient = self._patients.get(reading, patient_id)
        numbers = {one for one in (patient.card_number, patient.id_number, patient.health_check_number) if one}
        waiting = {
            application.id: application
            for number in sorted(numbers)
            for application in self._applications.find(reading, number)
            if application.exam_id is None and application.patient.name == patient.name
        }
        return (
            *(_of_application(one) for one in waiting.values()),
            *(_of_exam(self._exams.view(reading, caller, one)) for one in exams),
        )


def _of_application(application: ApplicationView) -> OtherOrder:
    return OtherOrder(
        accession_number="",
        exam_type=application.exam_type,
        items="、".join(item.name for item in application.items),
        state="ordered",
        requester=_requester(application.requester),
        requested_at=application.requester.requested_at or application.received_at,
        diagnosis=application.clinical.diagnosis,
        purpose=application.clinical.purpose,
    )


def _of_exam(exam: ExamView) -> OtherOrder:
    return OtherOrder(
        accession_number=exam.row.accession_number,
        exam_type=exam.row.exam_type,
        items=exam.row.items,
        state=str(exam.row.state),
        requester=_requester(exam.requester),
        requested_at=exam.requester.requested_at or exam.row.registered_at,
        diagnosis=exam.clinical.diagnosis,
        purpose=exam.clinical.purpose,
    )


def _requester(requester: RequesterEntry) -> str:
    return " ".join(part for part in (requester.department, requester.doctor) if part)
