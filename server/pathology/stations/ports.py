"""What the room asks of accounts, the hospital, cases and documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.identity import UserView
from shared.contract.pathology import CaseDetails, LibraryView
from shared.contract.printing import DocumentView
from shared.domain.permissions import Permission


class Accounts(Protocol):
    """identity, as needed here."""

    def users(self, uow: UnitOfWork) -> tuple[UserView, ...]:
        """Return all accounts."""
        ...

    def permissions(self, uow: UnitOfWork) -> Mapping[int, frozenset[Permission]]:
        """Return what each account in use may do, by its id."""
        ...


class Libraries(Protocol):
    """cases.libraries, as needed here."""

    def all(self, uow: UnitOfWork, *, with_inactive: bool = False) -> tuple[LibraryView, ...]:
        """Return the libraries in their order."""
        ...


class Cases(Protocol):
    """cases.views, as needed here."""

    def details(self, uow: UnitOfWork, caller: Caller, case_id: int) -> CaseDetails:
        """Return a case with everything in it. Raises NOT_FOUND."""
        ...


class Labels(Protocol):
    """cases.service, as needed here."""

    def count_label(
        self, uow: UnitOfWork, caller: Caller, case_id: int, copies: int, *, is_confirmed: bool, station: str = ""
    ) -> None:
        """Count a print of the case's barcode. Raises DUPLICATE, ILLEGAL_ACTION, PERMISSION_MISSING."""
        ...


class HospitalName(Protocol):
    """organisation, as needed here."""

    def name(self, uow: UnitOfWork, language: str) -> str:
        """Return what the hospital is called."""
        ...


class Documents(Protocol):
    """printing.documents, as needed here."""

    def keep_view(
        self, uow: UnitOfWork, *, kind: str, media_type: str, data: bytes, subject_id: int, warning: str = ""
    ) -> DocumentView:
        """Keep bytes and return the document. Raises DISK_FULL."""
        ...
