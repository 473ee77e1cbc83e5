"""Adapters between corrections and the areas that they ask: recycle bin and registration; and their job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.archive.corrections.noting import NoteWriter
from server.archive.corrections.ports import RegisteredPatient
from server.archive.keeping import policy
from server.archive.keeping.bin import RecycleBin
from server.exams.service import ExamService
from server.kernel.database import UnitOfWork
from server.patients.service import PatientService
from shared.dicomkit.names import pn_value
from shared.domain.states import Sex

if TYPE_CHECKING:
    from server.bootstrap.jobs import JobsHouse
    from server.kernel.jobs import JobKind

_SEXES = {Sex.MALE: "M", Sex.FEMALE: "F", Sex.OTHER: "O", Sex.UNKNOWN: ""}


class BinOfRejected:
    """corrections.ports.RecycleBin over the archive's recycle bin."""

    def __init__(self, recycle_bin: RecycleBin) -> None:
        self._bin = recycle_bin

    def discard(
        self, uow: UnitOfWork, *, study_uid: str, series_uid: str = "", sop_instance_uid: str = "", reason: str, by: str
    ) -> int:
        entry = self._bin.delete(
            uow,
            policy.load(uow.session)[0],
            study_uid=study_uid,
            series_uid="" if sop_instance_uid else series_uid,
            sop_instance_uid=sop_instance_uid,
            reason=reason,
            by=by,
        )
        uow.session.flush()
        return entry.id

    def restore(self, uow: UnitOfWork, entry_id: int) -> None:
        self._bin.restore(uow, entry_id)


class RegistrationOfPatients:
    """corrections.ports.Registration over patients and exams; values as the worklist gives them to devices."""

    def __init__(self, patients: PatientService, exams: ExamService) -> None:
        self._patients = patients
        self._exams = exams

    def patient(self, uow: UnitOfWork, patient_id: int) -> RegisteredPatient:
        patient = self._patients.get(uow, patient_id)
        values = {
            0x00100010: pn_value(patient.name, patient.pinyin),
            0x00100020: patient.patient_number,
            0x00100030: f"{patient.birth_date:%Y%m%d}" if patient.birth_date else "",
            0x00100040: _SEXES[patient.sex],
        }
        return RegisteredPatient(values, self._exams.ids_of_patient(uow, patient_id))


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """The job that writes notes of rejections."""
    from server.bootstrap.indexing import receiver_of  # it imports the areas, which import this module

    areas = house.areas
    receiver = receiver_of(house.settings, house.relay_address, house.relay_token, areas)
    return NoteWriter(
        house.database,
        receiver.receive,
        areas.routing.rejected,
        BinOfRejected(areas.keeping.bin),
        house.settings.ae_title,
        areas.time.zone,
    ).kinds()
