"""What the archive asks of other areas."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from server.kernel.database import UnitOfWork


class ExamMatcher(Protocol):
    """The exams area, as far as images concern it. Every call works in the unit of work that is given."""

    def match(self, uow: UnitOfWork, accession: str, study_uid: str, patient_id: str) -> int | None:
        """The exam with this accession number (and this patient), or to whose worklist item or performed procedure
        step this Study Instance UID was given; None if there is none or it is not certain."""
        ...

    def named(self, uow: UnitOfWork, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of many pairs of accession number and Study Instance UID that any exam or performed procedure step
        has: for all others `match` gives None."""
        ...

    def images_arrived(
        self, uow: UnitOfWork, exam_id: int, study_uid: str, series_count: int, instance_count: int
    ) -> None:
        """Images of the exam are in the archive (RIS-ESM-10); called again, with new counts, while more arrive."""
        ...

    def images_withdrawn(self, uow: UnitOfWork, exam_id: int, study_uid: str) -> None:
        """The study is no longer the exam's. Raises Refusal (ILLEGAL_ACTION) when its report is approved."""
        ...


class NoExams:
    """Stands in where there are no exams: every study stays unmatched."""

    def match(self, uow: UnitOfWork, accession: str, study_uid: str, patient_id: str) -> int | None:
        return None

    def named(self, uow: UnitOfWork, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        return set()

    def images_arrived(
        self, uow: UnitOfWork, exam_id: int, study_uid: str, series_count: int, instance_count: int
    ) -> None:
        return

    def images_withdrawn(self, uow: UnitOfWork, exam_id: int, study_uid: str) -> None:
        return


@dataclass(frozen=True, slots=True)
class NewSeries:
    """A series that the indexer has just added. `tags` are the raw series-level values of its first object."""

    study_id: int
    series_id: int
    is_new_study: bool
    calling_ae: str
    tags: Mapping[int, bytes]


class Placement(Protocol):
    """Corrections, as far as what comes in concerns them; in the indexer's transaction, once for each new series."""

    def study_uid(self, session: Session, uid: str) -> str:
        """The study into which images of this Study Instance UID go: another one after a merge."""
        ...

    def placed(self, session: Session, new: NewSeries) -> None:
        """Give a new series, and its study when that is new, the corrections that await it."""
        ...

    def forget(self) -> None:
        """Rows were changed by others: what is remembered may be wrong."""
        ...


class AsItCame:
    """Stands in where nothing is corrected."""

    def study_uid(self, session: Session, uid: str) -> str:
        return uid

    def placed(self, session: Session, new: NewSeries) -> None:
        return

    def forget(self) -> None:
        return
