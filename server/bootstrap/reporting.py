"""Adapters of reports: images of the archive without their own, patients corrected from the report, their orders."""

from __future__ import annotations

import msgspec
from sqlalchemy import func, select

from server.archive.service import ArchiveService
from server.archive.tables import Series, Study
from server.exams.applications import ApplicationDesk
from server.exams.service import ExamService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.patients.service import PatientService
from server.results.documents.dicom import SERIES_NUMBERS
from shared.contract.archive import StudyRow
from shared.contract.exams import ApplicationView, ExamView, PatientEntry, RequesterEntry
from shared.contract.patients import PatientView
from shared.contract.reporting import CorrectPatient, OtherOrder

_MOST_ORDERS = 30


class StudiesOfReports:
    """reporting.Studies over the archive: what a report itself left there, as SR, PDF and selection, is no image."""

    def __init__(self, archive: ArchiveService, ae_title: str) -> None:
        self._archive = archive
        self._ae_title = ae_title

    def list_exam_studies(self, uow: UnitOfWork, exam_id: int) -> tuple[StudyRow, ...]:
        studies = self._archive.list_exam_studies(uow, exam_id)
        statement = (
            select(Study.uid, func.sum(Series.instance_count))
            .join(Series, Series.study_pk == Study.id)
            .where(
                Study.exam_id == exam_id,
                Series.calling_ae == self._ae_title,
                Series.modality.in_(("SR", "KO", "DOC")),
                Series.number.in_(SERIES_NUMBERS),
            )
            .group_by(Study.uid)
        )
        ours = {uid: int(count) for uid, count in uow.session.execute(statement)}
        return tuple(
            msgspec.structs.replace(one, instance_count=max(0, one.instance_count - ours[one.study_uid]))
            if one.study_uid in ours
            else one
            for one in studies
        )


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
