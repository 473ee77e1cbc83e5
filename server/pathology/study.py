"""A case as a DICOM study: one study for everything of it: pictures, whole slides, reports, whatever makes them."""

from __future__ import annotations

import hashlib

from server.kernel.clock import HospitalTime
from server.pathology.cases.facts import CaseFacts
from shared.dicomkit.headers import PatientFacts, StudyFacts
from shared.dicomkit.names import pn_value


def uid_of(*words: str) -> str:
    """A UID made of words (PS3.5 B.2): the same words give the same one, so that a job begun twice makes one object."""
    digest = hashlib.sha256("/".join(("mingjing-pathology", *words)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def study_uid(facts: CaseFacts) -> str:
    """The study's UID: it stays when the case changes number or library; the moment tells hospitals apart."""
    return uid_of("study", str(facts.id), facts.registered_at.isoformat(), str(facts.registered_by_id))


def piece_uid(facts: CaseFacts, kind: str, piece_id: int) -> str:
    """SpecimenUID of a specimen, block or slide (PS3.3 C.7.6.22.1.2: pieces have UIDs of their own)."""
    return uid_of("piece", study_uid(facts), kind, str(piece_id))


def study_of(facts: CaseFacts, time: HospitalTime) -> tuple[PatientFacts, StudyFacts]:
    """Patient and study as every object of the case has them."""
    number = facts.number[:16]
    numbers = (facts.hospital_patient_id, facts.inpatient_number, facts.outpatient_number, facts.number)
    sex = facts.sex.value if facts.sex.value in ("M", "F", "O") else ""
    patient = PatientFacts(
        next((one for one in numbers if one), f"case-{facts.id}")[:64],
        pn_value(facts.patient_name, ""),
        facts.birth_date,
        sex,
    )
    started = facts.received_at.astimezone(time.zone).replace(tzinfo=None)
    return patient, StudyFacts(study_uid(facts), number, number, started, facts.specimen_name[:64])
