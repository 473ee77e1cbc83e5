"""Whose ECG exams lie within an account's campuses, for those who limit what it sees."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute

from server.ecg.exams.tables import EcgExamRow
from server.kernel.dispatch import Caller


def has_ecg_exam_within(caller: Caller, patient_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return the condition that a patient has an ECG exam of the caller's campuses; departments do not limit these."""
    here = EcgExamRow.campus_id.in_(sorted(caller.campus_ids)) if caller.campus_ids else true()
    return select(EcgExamRow.id).where(EcgExamRow.patient_id == patient_id, here).exists()
