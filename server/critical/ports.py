"""What critical values need of other areas, and what they offer to them; bootstrap hands in the services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.critical import LoopView
from shared.contract.exams import ExamView


@dataclass(frozen=True, slots=True)
class Subject:
    """What a critical value is about: a report and its patient, as the loop keeps them."""

    report_id: int
    exam_id: int
    accession_number: str
    patient_id: int
    patient_number: str
    patient_name: str
    sex: str
    age: str
    inpatient_number: str
    exam_type: str
    body_part: str
    items: str
    campus_id: int
    room_id: int
    department: str
    requesting_doctor: str


class Outside(Protocol):
    """Reports of other areas, whose ids lie above those of imaging reports."""

    def subject(self, uow: UnitOfWork, caller: Caller, report_id: int) -> Subject:
        """Return what a report is about and keep other writers off it. Raises NOT_FOUND, PERMISSION_MISSING."""
        ...


class Exams(Protocol):
    """The exams area as critical values see it."""

    def view(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ExamView:
        """Return everything of one exam; raises the NOT_FOUND refusal."""
        ...

    def lock(self, uow: UnitOfWork, exam_id: int) -> None:
        """Keep other writers off an exam until the end of this unit of work."""
        ...


@dataclass(frozen=True, slots=True)
class LoopStep:
    """Something happened to a loop: `action` as in shared.contract.critical.LoopLine."""

    loop: LoopView
    action: str


class LoopFollower(Protocol):
    """Somebody who acts when a loop took a step: sends it to the hospital system."""

    def __call__(self, uow: UnitOfWork, caller: Caller, step: LoopStep) -> None:
        """Do quick work of the same transaction; a Refusal raised here undoes the step. Slow work is a job."""
        ...
