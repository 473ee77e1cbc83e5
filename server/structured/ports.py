"""What structured reports need of reporting, and what they offer the checker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.reporting import HistoryView, ReportContent, ReportView


class Reports(Protocol):
    """The reporting area as structured reports see it."""

    def get(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Return a report; raises the NOT_FOUND refusal."""
        ...

    def history(self, uow: UnitOfWork, exam_id: int) -> HistoryView:
        """Return the earlier exams of an exam's patient."""
        ...


SetAside = Callable[[UnitOfWork, int], Set[str]]
"""Gets a report's id; returns the sentences about its form that a doctor set aside with a reason."""


@dataclass(frozen=True, slots=True)
class MissingAnswer:
    """A field of the form that should be filled and is not, or that holds what it cannot hold."""

    label: str
    sentence: str
    is_measurement: bool
    path: str = ""


class FormCheck(Protocol):
    """What the checker of reports asks of structured reports (alarms of the kind "missing")."""

    def missing(self, uow: UnitOfWork, content: ReportContent) -> Iterable[MissingAnswer]:
        """Return what the form of a report lacks; nothing without a form."""
        ...
