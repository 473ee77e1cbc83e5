"""What the comparison shows; frozen, without Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.contract.reporting import HistoryRow, ReportRow, ReportView
from shared.domain.states import ReportState

LEAST, MOST = 2, 4
"""How many exams stand side by side (RIS-OPN-14)."""


@dataclass(frozen=True)
class Candidate:
    """An exam that can be ticked. `group` says why it is offered: chosen, history, namesakes, found."""

    report_id: int
    group: str
    patient_id: int
    patient_name: str
    exam_type: str
    items: str
    examined_at: datetime | None
    state: ReportState | None
    is_same_patient: bool = False


@dataclass(frozen=True)
class ComparisonState:
    """What is offered, ticked and compared. The first of `compared` is what the others are measured by."""

    candidates: tuple[Candidate, ...] = ()
    ticked: tuple[int, ...] = ()
    compared: tuple[ReportView, ...] = ()
    pictures: Mapping[int, bytes] = field(default_factory=dict)
    shows_differences: bool = True
    is_loading: bool = False
    trouble: str = ""
    search: str = ""

    @property
    def may_compare(self) -> bool:
        """Whether enough is ticked, and something else than what stands there."""
        return len(self.ticked) >= LEAST and self.ticked != tuple(one.row.id for one in self.compared)

    @property
    def patients(self) -> int:
        """Of how many patients the compared exams are."""
        return len({one.row.patient_id for one in self.compared})


def of_row(row: ReportRow, group: str, patient_id: int) -> Candidate:
    """Return a row of the list as a candidate."""
    return Candidate(
        report_id=row.id,
        group=group,
        patient_id=row.patient_id,
        patient_name=row.patient_name,
        exam_type=row.exam_type,
        items=row.items,
        examined_at=row.examined_at,
        state=row.state,
        is_same_patient=row.patient_id == patient_id,
    )


def of_history(row: HistoryRow, group: str, patient_id: int) -> Candidate | None:
    """Return an earlier exam as a candidate, if it has a report."""
    if row.report_id is None:
        return None
    return Candidate(
        report_id=row.report_id,
        group=group,
        patient_id=row.patient_id,
        patient_name=row.patient_name,
        exam_type=row.exam_type,
        items=row.items,
        examined_at=row.examined_at,
        state=row.report_state,
        is_same_patient=row.patient_id == patient_id,
    )
