"""What reports take from other rooms and areas; bootstrap hands in the adapters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.pathology import CaseEntry
from shared.contract.results import ResultEvent
from shared.domain.pathology import CaseAction, CaseFlag, CaseState, DoctorRole, LibraryKind
from shared.domain.permissions import Permission


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case as reports need it."""

    id: int
    version: int
    number: str
    state: CaseState
    library: LibraryKind
    library_name: str
    entry: CaseEntry
    received_at: datetime
    registered_by: str = ""
    gross: str = ""
    specimens: int = 0
    blocks: int = 0
    study_uid: str = ""
    flags: tuple[CaseFlag, ...] = ()


class Cases(Protocol):
    """Cases, as the room of cases keeps them."""

    def lock(self, uow: UnitOfWork, case_id: int) -> None:
        """Keep other writers off a case until the end of this unit of work. Raises NOT_FOUND."""
        ...

    def facts(self, uow: UnitOfWork, caller: Caller, case_id: int) -> CaseFacts:
        """Return a case. Raises NOT_FOUND, PERMISSION_MISSING."""
        ...

    def many(self, uow: UnitOfWork, case_ids: Collection[int]) -> Mapping[int, CaseFacts]:
        """Return cases by id, without those that are gone; texts of grossing may be left out."""
        ...

    def allowed(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[CaseAction, ...]:
        """Return what this account may do to the case now."""
        ...

    def step(
        self,
        uow: UnitOfWork,
        caller: Caller,
        case_id: int,
        action: CaseAction,
        note: str = "",
        *,
        is_chief: bool = False,
        right_is_checked: bool = False,
    ) -> None:
        """Lead the case on by its table, tell and log it. Raises ILLEGAL_ACTION, PERMISSION_MISSING.

        `is_chief`: the caller wrote the chief opinion. Texts and reasons were looked at before.
        """
        ...

    def flag(self, uow: UnitOfWork, caller: Caller, case_id: int, flag: CaseFlag, *, on: bool, note: str = "") -> None:
        """Set or clear a flag beside the state; the note of DELAYED is the delay's reason."""
        ...

    def name_doctor(self, uow: UnitOfWork, case_id: int, role: DoctorRole, name: str) -> None:
        """Show a doctor's name at the case."""
        ...

    def touch(self, uow: UnitOfWork, case_id: int) -> None:
        """Tell the stations that something in the case changed."""
        ...


@dataclass(frozen=True, slots=True)
class ImageOfCase:
    """A picture that a report may show."""

    id: int
    is_marked: bool
    is_gross: bool
    caption: str
    um_per_pixel: float  # 0: not calibrated
    objective: str
    sop_uid: str = ""


class Images(Protocol):
    """The pictures of a case."""

    def of_case(self, uow: UnitOfWork, case_id: int) -> tuple[ImageOfCase, ...]:
        """Return them in strip order."""
        ...

    def data(self, uow: UnitOfWork, image_id: int) -> bytes:
        """Return a picture's JPEG or PNG. Raises NOT_FOUND."""
        ...

    def copy(self, uow: UnitOfWork, caller: Caller, from_case: int, to_case: int, origin: str) -> int:
        """Put the captures of a case, whose number is `origin`, into another as well; return how many are new."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """An account."""

    id: int
    name: str


class People(Protocol):
    """The accounts."""

    def with_right(self, uow: UnitOfWork, permission: Permission) -> tuple[Person, ...]:
        """Return who is active and holds a right, by name."""
        ...


class Delivery(Protocol):
    """Who gives reports out to the clinical side."""

    def issue(self, uow: UnitOfWork, caller: Caller, report_id: int, event: ResultEvent, reason: str = "") -> None:
        """Note in the same transaction that a report goes out; the work itself is a job."""
        ...


class Signer(Protocol):
    """Who signs an audited edition."""

    def sign(self, uow: UnitOfWork, caller: Caller, report_id: int) -> None:
        """Sign the newest edition for the caller, in the transaction that audits it."""
        ...


class NoDelivery:
    """Stands in where nothing is given out."""

    def issue(self, uow: UnitOfWork, caller: Caller, report_id: int, event: ResultEvent, reason: str = "") -> None:
        return


class NoSigner:
    """Stands in where nothing is signed."""

    def sign(self, uow: UnitOfWork, caller: Caller, report_id: int) -> None:
        return


class NoImages:
    """Stands in where there are no pictures."""

    def of_case(self, uow: UnitOfWork, case_id: int) -> tuple[ImageOfCase, ...]:
        return ()

    def data(self, uow: UnitOfWork, image_id: int) -> bytes:
        raise KeyError(image_id)

    def copy(self, uow: UnitOfWork, caller: Caller, from_case: int, to_case: int, origin: str) -> int:
        return 0
