"""What cases take from the technical room and from the hospital."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.pathology.cases.facts import CaseFacts
from shared.contract.pathology import FetchedPatient
from shared.contract.pathology_preparation import SlideView
from shared.contract.pathology_technique import GrossingView, SpecimenEntry, SpecimenView
from shared.domain.pathology import FetchBy


class Contents(Protocol):
    """What lies in a case: specimens, blocks, slides."""

    def specimens_of(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[SpecimenView, ...]:
        """Return the containers in their order."""

    def grossing_of(self, uow: UnitOfWork, caller: Caller, case_id: int) -> GrossingView:
        """Return the grossing page."""

    def slides_of(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[SlideView, ...]:
        """Return the slides by number, deleted ones not."""

    def register_specimens(
        self, uow: UnitOfWork, caller: Caller, facts: CaseFacts, entries: Sequence[SpecimenEntry], station: str
    ) -> None:
        """Register containers."""

    def bears_number(self, uow: UnitOfWork, case_id: int) -> bool:
        """Whether blocks or slides exist on which the case's number stands."""

    def is_out(self, uow: UnitOfWork, case_id: int) -> bool:
        """Whether something of the case is on loan."""

    def move(self, uow: UnitOfWork, case_id: int, library_id: int) -> None:
        """The case has gone into another library."""

    def end(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        """The case was deleted: labels of rows that were never embedded are free again."""


class Hospital(Protocol):
    """What the hospital knows of a patient."""

    def fetch(self, uow: UnitOfWork, by: FetchBy, number: str) -> tuple[FetchedPatient, ...]:
        """Return what is found by a number, newest first, at most 20."""
