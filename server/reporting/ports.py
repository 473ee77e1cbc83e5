"""What reporting needs of other areas, as narrow as it can be said; bootstrap hands in their services."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.archive import StudyRow
from shared.contract.exams import ExamView
from shared.contract.organisation import ExamTypeView
from shared.domain.states import ReportState


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
