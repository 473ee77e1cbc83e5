"""What reporting needs of other areas, as narrow as it can be said; bootstrap hands in their services."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.reporting.tables import Report
from shared.contract.archive import StudyRow
from shared.contract.exams import ExamView
from shared.contract.organisation import ExamTypeView
from shared.contract.reporting import ReportContent
from shared.domain.states import ReportAction, ReportState


class Exams(Protocol):
    """The exams area as reports see it."""

    def view(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ExamView:
        """Return everything of one exam; raises the NOT_FOUND refusal."""
        ...

    def lock(self, uow: UnitOfWork, exam_id: int) -> None:
        """Keep other writers off an exam until the end of this unit of work; raises the NOT_FOUND refusal."""
        ...

    def report_moved(self, uow: UnitOfWork, exam_id: int, report_id: int, state: ReportState) -> None:
        """Note at the exam that its report is now in `state`."""
        ...


class Studies(Protocol):
    """The archive as reports see it."""

    def list_exam_studies(self, uow: UnitOfWork, exam_id: int) -> tuple[StudyRow, ...]:
        """Return the studies matched to an exam."""
        ...


class ImageStates(Protocol):
    """Whether the images of studies are all here, as the archive knows."""

    def states_of(self, uow: UnitOfWork, study_uids: Collection[str]) -> Mapping[str, tuple[str, int]]:
        """Return complete, short or unknown, and how many are missing, of those of the studies that are here."""
        ...


class MasterData(Protocol):
    """The hospital's master data at one version."""

    @property
    def exam_types(self) -> Mapping[str, ExamTypeView]:
        """Exam types by code."""
        ...


class Organisation(Protocol):
    """The organisation area as reports see it."""

    def hospital(self, uow: UnitOfWork) -> MasterData:
        """Return the present master data."""
        ...


class Documents(Protocol):
    """The document store as reports see it."""

    def keep(self, uow: UnitOfWork, *, kind: str, media_type: str, data: bytes, subject_id: int = 0) -> int:
        """Keep `data` and return the document's id."""
        ...

    def sha256(self, uow: UnitOfWork, document_id: int) -> str:
        """Return the hash of a kept document."""
        ...


class Doubter(Protocol):
    """Somebody else who doubts a text before it is submitted."""

    def __call__(self, uow: UnitOfWork, report: Report, content: ReportContent) -> tuple[str, ...]:
        """Return one sentence per doubt, which the doctor may overrule with a reason."""
        ...


@dataclass(frozen=True, slots=True)
class ReportStep:
    """One step of a report's life, told to other areas inside the transaction that takes it.

    `before` and `after` are equal where the step keeps the state (saving, printing again, unlocking).
    """

    report_id: int
    exam_id: int
    action: ReportAction
    before: ReportState
    after: ReportState


class Follower(Protocol):
    """Somebody who acts when a report took a step: sends results out, opens the loop of a critical value."""

    def __call__(self, uow: UnitOfWork, caller: Caller, step: ReportStep) -> None:
        """Do quick work of the same transaction; a Refusal raised here undoes the step. Slow work is a job."""
        ...
