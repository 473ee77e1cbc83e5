"""The requests of both lists from their conditions; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.ecg.lists.query import FIRST, LAST, QUICK, STATES, day, text
from shared.contract.base import Page
from shared.contract.ecg import ListEcgExams
from shared.domain.ecg import IN_HOSPITAL_KINDS, ExamState
from shared.domain.states import VisitKind


def _range(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """A one-press range is the server's, whose calendar counts; typed days are as typed."""
    if conditions.get(QUICK) is not None:
        return {"quick": conditions[QUICK]}
    return {"registered_from": day(conditions, FIRST), "registered_to": day(conditions, LAST)}


def _states(conditions: Mapping[str, Any]) -> tuple[ExamState, ...]:
    return tuple(ExamState(state) for state in conditions.get(STATES) or ())


def health_check_request(conditions: Mapping[str, Any], page: Page) -> ListEcgExams:
    """体检检查 (ECG-PE-02)."""
    return ListEcgExams(
        visit_kinds=(VisitKind.HEALTH_CHECK,),
        states=_states(conditions),
        patient_name=text(conditions, "patient_name"),
        health_check_number=text(conditions, "health_check_number"),
        id_number=text(conditions, "id_number"),
        exam_item=text(conditions, "exam_item"),
        page=page,
        **_range(conditions),
    )


def in_hospital_request(conditions: Mapping[str, Any], page: Page) -> ListEcgExams:
    """院内检查 (ECG-IN-02)."""
    kind = conditions.get("visit_kind")
    return ListEcgExams(
        visit_kinds=(kind,) if kind else IN_HOSPITAL_KINDS,
        states=_states(conditions),
        request_number=text(conditions, "request_number"),
        patient_name=text(conditions, "patient_name"),
        patient_number=text(conditions, "patient_number"),
        page=page,
        **_range(conditions),
    )
