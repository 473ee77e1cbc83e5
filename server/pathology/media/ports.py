"""What pictures and voice take from other areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.dicomkit.headers import PatientFacts, StudyFacts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


class NotYet(Exception):
    """The archive cannot take it now; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class PieceFacts:
    """The specimen, block or slide that a picture shows: what is printed on it, and its UID."""

    identifier: str
    uid: str
    description: str = ""


class Cases(Protocol):
    """Cases as the room of cases keeps them."""

    def demand(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        """Raise NOT_FOUND without such a case, PERMISSION_MISSING for one that the caller may not see."""

    def demand_open(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        """As `demand`, and raise ILLEGAL_ACTION for an audited case (PA-IMG-15). Keeps other writers off the case."""

    def owns(
        self, uow: UnitOfWork, case_id: int, specimen_id: int | None, block_id: int | None, slide_id: int | None
    ) -> bool:
        """Whether every piece that is named belongs to the case."""

    def patient_and_study(self, uow: UnitOfWork, case_id: int) -> tuple[PatientFacts, StudyFacts]:
        """For objects in the archive. Raises NOT_FOUND."""

    def piece(
        self, uow: UnitOfWork, case_id: int, specimen_id: int | None, block_id: int | None, slide_id: int | None
    ) -> PieceFacts:
        """The smallest piece that is named; with none, the case's whole material. Raises NOT_FOUND."""


class Archive(Protocol):
    """Where objects go."""

    def store(self, made: Dataset) -> None:
        """Hand an object in, in the transfer syntax of its file meta. Raises NotYet."""

    def holds(self, sop_uids: Sequence[str]) -> bool:
        """Whether the index names them all."""
