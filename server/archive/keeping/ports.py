"""What keeping asks of other areas, as narrow as it can be said; bootstrap hands in their services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from server.kernel.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class ExamFacts:
    """What counts of an exam: the kind of its patient, and whether its report is approved."""

    patient_kind: str
    is_report_approved: bool


class Exams(Protocol):
    """The exams area as keeping sees it."""

    def facts(self, uow: UnitOfWork, exam_id: int) -> ExamFacts | None:
        """Facts of an exam; None if there is none with this id."""
        ...

    def images_arrived(
        self, uow: UnitOfWork, exam_id: int, study_uid: str, series_count: int, instance_count: int
    ) -> None:
        """The exam has these images now."""
        ...

    def images_withdrawn(self, uow: UnitOfWork, exam_id: int, study_uid: str) -> None:
        """The study is no longer the exam's. Raises Refusal when its report is approved."""
        ...


class Copies(Protocol):
    """The copies of studies in other stores."""

    def verified(self, uow: UnitOfWork, study_uid: str) -> int:
        """How many copies beside the on-line one are verified and hold the study as it is now."""
        ...


class NoCopies:
    """Stands in where there are no other stores: nothing is ever verified."""

    def verified(self, uow: UnitOfWork, study_uid: str) -> int:
        return 0
