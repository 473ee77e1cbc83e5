"""An ECG exam as a DICOM study: one study for its traces, reports and documents, whatever makes them."""

from __future__ import annotations

from server.ecg.exams.facts import ExamFacts
from server.ecg.exams.rules import dicom_age
from server.kernel.clock import HospitalTime
from shared.contract.patients import PatientView
from shared.dicomkit.headers import PatientFacts, StudyFacts
from shared.dicomkit.names import pn_value
from shared.dicomkit.uids import derived_uid


def uid_of(*words: str) -> str:
    """A UID made of words (PS3.5 B.2): the same words give the same one, so that a job begun twice makes one object."""
    return derived_uid("mingjing-ecg", *words)


def study_of(facts: ExamFacts, patient: PatientView, time: HospitalTime) -> tuple[PatientFacts, StudyFacts]:
    """Patient and study as every object of the exam has them; the study begins with the registration."""
    sex = facts.sex.value if facts.sex.value in ("M", "F", "O") else ""
    who = PatientFacts(
        patient.patient_number[:64],
        _pn(facts.patient_name, patient.pinyin),
        facts.birth_date,
        sex,
        age=dicom_age(facts.age),
    )
    started = facts.registered_at.astimezone(time.zone).replace(tzinfo=None)
    entry = facts.entry
    doctor = _pn(entry.doctor) if entry.doctor else ""
    study = StudyFacts(
        facts.study_uid, facts.accession_number, facts.accession_number, started, facts.exam_item[:64], doctor
    )
    return who, study


def _pn(name: str, pinyin: str = "") -> str:
    """A PN value; one component alone is a retired form (PS3.5 6.2.1.1)."""
    value = pn_value(name, pinyin) if pinyin else pn_value(name)
    return value if "^" in value else f"{value}^"
