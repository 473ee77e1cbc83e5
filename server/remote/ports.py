"""What remote consultation takes from other areas; bootstrap hands in the adapters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.exams import ExamView
from shared.contract.remote import PriorExam
from shared.domain.permissions import Permission


class Person(Protocol):
    """An account: where it works (nothing: everywhere) and what it may."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def campus_ids(self) -> frozenset[int]: ...
    @property
    def permissions(self) -> frozenset[Permission]: ...


class People(Protocol):
    """The accounts."""

    def active(self, uow: UnitOfWork) -> Collection[Person]:
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


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What a request copies of the exam's report; texts as written so far."""

    report_id: int
    patient_id: int
    campus_id: int
    accession_number: str
    patient_number: str
    patient_name: str
    sex: str
    age: str
    exam_type: str
    items: str
    body_part: str
    examined_at: datetime | None
    study_uids: tuple[str, ...]
    image_count: int
    findings: str
    impression: str
    obstacle: str  # to sending the report itself away


class Reports(Protocol):
    """The reporting area."""

    def facts(self, uow: UnitOfWork, exam_id: int) -> ReportFacts | None:
        """Return what a request needs; None before there is a report."""
        ...

    def exam(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ExamView:
        """Return the exam. Raises NOT_FOUND."""
        ...

    def lock_exam(self, uow: UnitOfWork, exam_id: int) -> None:
        """Keep other writers off an exam until the end of this unit of work. Raises NOT_FOUND."""
        ...

    def priors(self, uow: UnitOfWork, exam_id: int) -> tuple[PriorExam, ...]:
        """Return the patient's other exams of this hospital that have images, newest first."""
        ...

    def send(self, uow: UnitOfWork, caller: Caller, report_id: int, to: str) -> None:
        """Send a report away. Raises ILLEGAL_ACTION."""
        ...

    def entrust(self, uow: UnitOfWork, report_id: int, to: str, user_ids: Collection[int]) -> None:
        """Let these accounts elsewhere, and nobody else, act on the report."""
        ...

    def bring_home(self, uow: UnitOfWork, caller: Caller, report_id: int, note: str) -> None:
        """The report is written at its own hospital again."""
        ...
