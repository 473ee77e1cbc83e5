"""What archive and loan take from the other rooms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.pathology_keeping import KeptKind, LoanFilter
from shared.contract.printing import DocumentView


class Step(StrEnum):
    """What happens to an object; blocks and slides have machines of their own for it."""

    ARCHIVE = "archive"
    TAKE_OUT = "take_out"
    LEND = "lend"
    GIVE_BACK = "give_back"
    LOSE = "lose"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """A block, a slide, or the papers of a case."""

    number: str
    case_id: int
    case_number: str
    patient_name: str


class Objects(Protocol):
    """Blocks, slides and papers in the rooms of technique and cases."""

    def named(self, uow: UnitOfWork, caller: Caller, kind: KeptKind, object_id: int) -> ObjectOf:
        """Raises NOT_FOUND, PERMISSION_MISSING. Keeps other writers off the case in a writer's transaction."""

    def shown(self, uow: UnitOfWork, case_ids: set[int]) -> dict[int, tuple[str, str]]:
        """Case number and patient's name by case."""

    def case_id(self, uow: UnitOfWork, number: str) -> int | None:
        """The case that has or had a number."""

    def step(
        self,
        uow: UnitOfWork,
        caller: Caller,
        kind: KeptKind,
        object_id: int,
        step: Step,
        *,
        place: str = "",
        note: str = "",
        station: str = "",
        is_retention_over: bool = True,
    ) -> None:
        """Take a step: state, place, event. Raises ILLEGAL_ACTION, PERMISSION_MISSING."""

    def mark_loss(self, uow: UnitOfWork, caller: Caller, case_id: int, note: str) -> None:
        """Material of the case is lost."""


class Receipts(Protocol):
    """Draws papers of loans."""

    def receipt(self, caller: Caller, loan_id: int, language: str) -> DocumentView: ...

    def loan_list(self, caller: Caller, wanted: LoanFilter, language: str) -> DocumentView:
        """Draw the list of what a filter finds. Raises INVALID."""
        ...
