"""The facts of an exam that a collected thing keeps, so that its list is searched without other tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_

from server.kernel.errors import invalid
from shared.contract.collections import CaseFacts
from shared.contract.reporting import ReportRow
from shared.domain.states import Sex


def facts_of(row: ReportRow) -> dict[str, Any]:
    """Return the columns that a collected thing copies from its report."""
    return {
        "report_id": row.id,
        "exam_id": row.exam_id,
        "accession_number": row.accession_number,
        "patient_id": row.patient_id,
        "patient_name": row.patient_name,
        "sex": str(row.sex),
        "age": row.age,
        "exam_type": row.exam_type,
        "items": row.items,
        "body_part": row.body_part,
        "examined_at": row.examined_at,
    }


def case_of(kept: Any, now: ReportRow | None) -> CaseFacts:
    """Return the kept facts with the present state of the report, None where the report is gone."""
    return CaseFacts(
        report_id=kept.report_id,
        exam_id=kept.exam_id,
        accession_number=kept.accession_number,
        patient_id=kept.patient_id,
        patient_name=now.patient_name if now is not None else kept.patient_name,
        sex=Sex(kept.sex),
        age=kept.age,
        exam_type=kept.exam_type,
        items=kept.items,
        body_part=kept.body_part,
        examined_at=kept.examined_at,
        report_state=None if now is None else now.state,
        study_uids=() if now is None else now.study_uids,
    )


def words_in(text: str, *columns: Any) -> ColumnElement[bool]:
    """Return the condition that `text` occurs in one of the columns."""
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def short(field: str, text: str, most: int, *, least: int = 0) -> str:
    """Return a line of text without surplus space; raises INVALID when it is too long or missing."""
    words = " ".join(text.split())
    if not least <= len(words) <= most or not (words.isprintable() or not words):
        raise invalid(field, f"请填写 {least} 到 {most} 个字。" if least else f"最多 {most} 个字。")
    return words


def long(field: str, text: str, most: int, *, least: int = 0) -> str:
    """Return a text of several lines; raises INVALID when it is too long or missing."""
    words = text.strip()
    if not least <= len(words) <= most:
        raise invalid(field, f"请填写 {least} 到 {most} 个字。" if least else f"最多 {most} 个字。")
    return words
