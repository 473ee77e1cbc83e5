"""What consultations take from other rooms and areas; bootstrap hands in the adapters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.ecg_reports import BatchRow
from shared.domain.ecg_reports import Danger
from shared.domain.permissions import Permission


@dataclass(frozen=True, slots=True)
class ReportOfExam:
    """What a consultation shows of the exam's report."""

    document_id: int = 0
    print_count: int = 0


class Reports(Protocol):
    """The room of reports."""

    def first_opinion(self, uow: UnitOfWork, exam_id: int) -> str:
        """Return the diagnosis that the exam's own hospital had drafted; empty without."""
        ...

    def waits_for_audit(self, uow: UnitOfWork, exam_id: int) -> bool:
        """Whether the exam's report waits for its second reading."""
        ...

    def of_exams(self, uow: UnitOfWork, exam_ids: Collection[int]) -> Mapping[int, ReportOfExam]:
        """Return the reports of exams that have one."""
        ...

    def batch_print(
        self, caller: Caller, exam_ids: tuple[int, ...], template: str, language: str
    ) -> tuple[BatchRow, ...]:
        """Print reports, each by itself. Raises INVALID (too many). Opens units of work of its own."""
        ...


class Dangers(Protocol):
    """The room of critical ECGs."""

    def of_trace(self, uow: UnitOfWork, trace_id: int) -> tuple[Danger, tuple[tuple[str, str], ...]]:
        """Return how dangerous a trace looks and why."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """An account: where it works (nothing: everywhere) and what it may."""

    id: int
    name: str
    campus_ids: frozenset[int]
    permissions: frozenset[Permission]


class People(Protocol):
    """The accounts."""

    def active(self, uow: UnitOfWork) -> tuple[Person, ...]:
        """Return whoever may log in, by name."""
        ...


class Hospitals(Protocol):
    """What a campus's hospital is called."""

    def name(self, uow: UnitOfWork, campus_id: int) -> str:
        """Return it."""
        ...

    def exists(self, uow: UnitOfWork, campus_id: int) -> bool:
        """Whether there is such a campus."""
        ...
