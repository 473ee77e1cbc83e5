"""Waiting ECG exams in the modality worklist (PS3.4 K), for carts that speak DICOM (EX-ECG-13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, select

from server.ecg.exams.facts import ExamFacts, facts_of
from server.ecg.exams.rules import dicom_age
from server.ecg.exams.tables import EcgExamRow
from server.exams.listing import within_reach
from server.exams.worklist import CODING_SCHEME, IDENTIFIER_DOES_NOT_MATCH, Refuse, WantedSteps, is_match
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.patients.service import PatientService
from shared.contract.patients import PatientView
from shared.dicomkit.names import pn_value
from shared.domain.ecg import ExamState, Urgency
from shared.domain.states import Sex

Attributes = Mapping[int, Any]

MODALITY = "ECG"
_OVERDUE = timedelta(days=7)
_MOST = 500
_STEP_SEQUENCE, _STEP_MODALITY, _STEP_AE = 0x00400100, 0x00080060, 0x00400001
_PRIORITIES = {Urgency.EMERGENCY: "STAT", Urgency.URGENT: "HIGH", Urgency.ROUTINE: "ROUTINE"}
_SEXES = {Sex.MALE: "M", Sex.FEMALE: "F", Sex.OTHER: "O", Sex.UNKNOWN: ""}


class EcgWorklist:
    """Answers worklist queries for ECGs. Safe to use from several threads.

    Asked are we only where a query names the modality ECG, or comes from an ECG device's AE title (`campus_of`): a CT
    that asks for everything does not get ECGs.
    """

    def __init__(
        self,
        database: Database,
        time: HospitalTime,
        patients: PatientService,
        campus_of: Callable[[UnitOfWork, str], int | None],
        refuse: Refuse,
    ) -> None:
        """`campus_of` gives the campus of the ECG device with an AE title, None for any other."""
        self._database = database
        self._time = time
        self._patients = patients
        self._campus_of = campus_of
        self._refuse = refuse

    def find(self, keys: Attributes, calling_ae: str) -> Sequence[Attributes]:
        """Return the items that match, oldest registration first. Raises what `refuse` builds."""
        try:
            wanted = WantedSteps.read(keys)
        except ValueError as error:
            raise self._refuse(IDENTIFIER_DOES_NOT_MATCH, str(error)) from None
        asked = str(wanted.step_keys.get(_STEP_MODALITY) or "").strip()
        with self._database.read() as uow:
            campus_id = self._campus_of(uow, calling_ae)
            names_ecg = asked not in ("", "*") and is_match(asked, MODALITY)
            if not names_ecg and (campus_id is None or not is_match(asked, MODALITY)):
                return []
            exams = self._waiting(uow, wanted, campus_id)
            patients = self._patients.many(uow, {exam.filed_under_id for exam in exams})
        station = next(iter(wanted.station_titles), "") or calling_ae
        items = (self._item(exam, patients[exam.filed_under_id], station) for exam in exams)
        return [item for item in items if wanted.matches(item)]

    def _waiting(self, uow: UnitOfWork, wanted: WantedSteps, campus_id: int | None) -> list[ExamFacts]:
        first = wanted.first_day or self._time.today() - _OVERDUE
        conditions: list[ColumnElement[bool]] = [
            EcgExamRow.state == ExamState.AWAITING.value,
            EcgExamRow.registered_at >= self._time.day_bounds(within_reach(first))[0],
        ]
        if wanted.last_day is not None:
            conditions.append(EcgExamRow.registered_at < self._time.day_bounds(within_reach(wanted.last_day))[1])
        if campus_id is not None:
            conditions.append(EcgExamRow.campus_id == campus_id)
        rows = uow.session.scalars(
            select(EcgExamRow).where(*conditions).order_by(EcgExamRow.registered_at, EcgExamRow.id).limit(_MOST)
        )
        return [facts_of(row) for row in rows]

    def _item(self, exam: ExamFacts, patient: PatientView, station: str) -> dict[int, Any]:
        planned = self._time.local(exam.registered_at)
        entry = exam.entry
        doctor = pn_value(entry.doctor) if entry.doctor else ""
        code = {0x00080100: exam.kind.value[:16], 0x00080102: CODING_SCHEME, 0x00080104: _lo(exam.exam_item)}
        step = {
            _STEP_AE: station[:16],
            0x00400002: f"{planned:%Y%m%d}",
            0x00400003: f"{planned:%H%M%S}",
            _STEP_MODALITY: MODALITY,
            0x00400006: "",  # Scheduled Performing Physician's Name
            0x00400007: _lo(exam.exam_item),  # Scheduled Procedure Step Description
            0x00400008: [code],  # Scheduled Protocol Code Sequence
            0x00400009: exam.accession_number,  # Scheduled Procedure Step ID
            0x00400010: "",  # Scheduled Station Name
            0x00400011: "",  # Scheduled Procedure Step Location
            0x00400020: "SCHEDULED",
        }
        return {
            _STEP_SEQUENCE: [step],
            0x00401001: exam.accession_number,  # Requested Procedure ID
            0x00321060: _lo(exam.exam_item),  # Requested Procedure Description
            0x00321064: [code],  # Requested Procedure Code Sequence
            0x0020000D: exam.study_uid,
            0x00081110: [],  # Referenced Study Sequence
            0x00401003: _PRIORITIES[exam.urgency],
            0x00401004: "",  # Patient Transport Arrangements
            0x00080050: exam.accession_number,
            0x00321032: doctor,  # Requesting Physician
            0x00080090: doctor,  # Referring Physician's Name
            0x00321033: _lo(exam.department),  # Requesting Service
            0x00402016: _lo(exam.request_number),  # Placer Order Number
            0x00380010: _lo(exam.inpatient_number),  # Admission ID
            0x00380300: _lo(f"{exam.ward} {exam.bed}"),  # Current Patient Location
            0x00081120: [],  # Referenced Patient Sequence
            0x00100010: pn_value(exam.patient_name, patient.pinyin),
            0x00100020: patient.patient_number,
            0x00100030: f"{exam.birth_date:%Y%m%d}" if exam.birth_date else "",
            0x00100040: _SEXES[exam.sex],
            0x00101010: dicom_age(exam.age),
            0x00101020: "" if entry.height_cm is None else f"{entry.height_cm / 100:.2f}",
            0x00101030: "" if entry.weight_kg is None else f"{entry.weight_kg:g}",
            0x00402400: "",  # Imaging Service Request Comments
            0x001021B0: entry.history,  # Additional Patient History
            0x00401002: _lo(entry.complaint),  # Reason for the Requested Procedure
            0x00081080: _lo(exam.clinical_diagnosis),  # Admitting Diagnoses Description
        }


class BothWorklists:
    """The worklist of radiology, and that of the ECG network, as one."""

    def __init__(self, first: Any, second: EcgWorklist) -> None:
        self._first = first
        self._second = second

    def find(self, keys: Attributes, calling_ae: str) -> Sequence[Attributes]:
        """Return the items of both. Raises what either refuses with."""
        return [*self._first.find(keys, calling_ae), *self._second.find(keys, calling_ae)]

    def ignores(self, keys: Attributes) -> bool:
        """Tell whether a key has a value that items are not compared with: both compare the same."""
        return bool(self._first.ignores(keys))


def _lo(text: str, limit: int = 64) -> str:
    return " ".join(text.replace("\\", "/").split())[:limit].strip()
