"""What the diagnosis list shows; frozen, without Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import msgspec

from shared.contract.organisation import HospitalView
from shared.contract.reporting import ReportFilter, ReportRow, SavedQueryView
from shared.contract.worklist import BreachForecast
from shared.domain.states import ReportAction, ReportState

MOST_TICKED = 4
"""How many exams are compared side by side (RIS-OPN-14)."""
FIRST_WINDOW = 200
"""Rows fetched with the counts; further ones come as somebody scrolls."""


class Span(StrEnum):
    """Ready-made ranges of exam days."""

    TODAY = "today"
    THREE_DAYS = "three_days"
    WEEK = "week"
    ALL = "all"
    CHOSEN = "chosen"


SPAN_DAYS = {Span.TODAY: 0, Span.THREE_DAYS: 2, Span.WEEK: 6}


@dataclass(frozen=True)
class WorklistState:
    """The list, its conditions and its saved queries.

    `generation` counts arrivals of a first window, so that the view knows when to show new rows.
    """

    conditions: ReportFilter
    span: Span = Span.TODAY
    rows: tuple[ReportRow, ...] = ()
    total: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    generation: int = 0
    is_loading: bool = False
    error: Exception | None = None
    queries: tuple[SavedQueryView, ...] = ()
    query_id: int | None = None
    selected: ReportRow | None = None
    hospital: HospitalView | None = None
    ticked: tuple[ReportRow, ...] = ()  # for a comparison; they stay through every refresh
    forecast: BreachForecast | None = None
    is_outdated: bool = False  # something changed while the list does not refresh by itself

    def allows(self, action: ReportAction) -> bool:
        """Say whether the selected row allows an action."""
        return self.selected is not None and action in self.selected.allowed


def usual_conditions(today: date) -> ReportFilter:
    """Return what the list shows on opening: today's exams that wait for a report (RIS-DX-05)."""
    return ReportFilter(states=(ReportState.AWAITING,), examined_from=today, examined_to=today)


def more_count(conditions: ReportFilter) -> int:
    """Return how many of the conditions that unfold on demand are set."""
    unfolded = (
        conditions.accession_number,
        conditions.image_number,
        conditions.patient_number,
        conditions.items,
        conditions.registered_by,
        conditions.requesting_doctor,
        conditions.visit_kinds,
        conditions.sex,
        conditions.exam_states,
        conditions.device_ae,
        conditions.scan,
        conditions.clock,
        conditions.age_from is not None or conditions.age_to is not None,
        conditions.requested_from or conditions.requested_to,
        conditions.printed_from or conditions.printed_to,
        conditions.mine_only,
        conditions.exact,
        conditions.body_part,
        conditions.diagnosing_doctor,
        conditions.auditing_doctor,
        conditions.requesting_department,
        conditions.patient_types,
        conditions.diagnosed_from or conditions.diagnosed_to,
    )
    return sum(bool(one) for one in unfolded)


def entering_action(row: ReportRow) -> ReportAction | None:
    """Return what a double click on a row does: write or audit where allowed, else only read (None)."""
    for action in (ReportAction.WRITE, ReportAction.AUDIT):
        if action in row.allowed:
            return action
    return None


def with_parts(conditions: ReportFilter, **parts: object) -> ReportFilter:
    """Return the conditions with some parts replaced."""
    return msgspec.structs.replace(conditions, **parts)
