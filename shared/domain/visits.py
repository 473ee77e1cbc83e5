"""By which way a patient comes, told from what a registration says anyway."""

from __future__ import annotations

from shared.domain.states import PatientType, VisitKind


def visit_kind_of(patient_type: PatientType, inpatient_number: str, health_check_number: str) -> VisitKind:
    """Return the kind of visit: an emergency by its type, else by the number the patient carries (RIS-SLT).

    A health check goes before an inpatient number, because that number may be an old one.
    """
    if patient_type is PatientType.EMERGENCY:
        return VisitKind.EMERGENCY
    if health_check_number.strip():
        return VisitKind.HEALTH_CHECK
    return VisitKind.INPATIENT if inpatient_number.strip() else VisitKind.OUTPATIENT
