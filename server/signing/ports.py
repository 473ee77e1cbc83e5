"""What signing needs of other areas; bootstrap hands in their services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.signing.paper import Box


class Edition(Protocol):
    """An approved edition of a report; `sealed` are the canonical bytes that `seal` hashes."""

    @property
    def report_id(self) -> int: ...
    @property
    def accession_number(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def addendum(self) -> str: ...
    @property
    def text_version(self) -> int: ...
    @property
    def diagnosing_doctor(self) -> str: ...
    @property
    def by_id(self) -> int: ...
    @property
    def by(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def seal(self) -> str: ...
    @property
    def sealed(self) -> bytes: ...
    @property
    def is_present(self) -> bool: ...
    @property
    def is_withdrawn(self) -> bool: ...


class Editions(Protocol):
    """The reporting area as signing sees it."""

    def editions(self, uow: UnitOfWork, report_id: int) -> tuple[Edition, ...]:
        """Return the approved editions, newest first; raises NOT_FOUND."""
        ...

    def edition(self, uow: UnitOfWork, report_id: int, number: int = 0) -> Edition:
        """Return an edition, the newest without a number; raises NOT_FOUND."""
        ...

    def is_as_sealed(self, uow: UnitOfWork, report_id: int, number: int) -> bool:
        """Say whether seal, sealed bytes and kept text of an edition still agree."""
        ...


@dataclass(frozen=True, slots=True)
class DrawnPaper:
    """A report as PDF, unsigned. `box` is where the approving doctor's signature was drawn, if it was."""

    pdf: bytes
    warning: str = ""
    box: Box | None = None


class Papers(Protocol):
    """The printing area as signing sees it."""

    def draw_approved(self, caller: Caller, report_id: int, language: str) -> DrawnPaper:
        """Draw the present edition of an approved report; equal facts give equal bytes."""
        ...


class Documents(Protocol):
    """The document store as signing sees it."""

    def keep(
        self,
        uow: UnitOfWork,
        *,
        kind: str,
        media_type: str,
        data: bytes,
        subject_id: int = 0,
    ) -> int:
        """Keep `data` and return the document's id."""
        ...

    def open_document(self, uow: UnitOfWork, caller: Caller, document_id: int) -> bytes:
        """Return the bytes of a document; raises NOT_FOUND."""
        ...


@dataclass(frozen=True, slots=True)
class Doctor:
    """An account as the list of signatures needs it."""

    account_id: int
    login: str
    name: str
    is_active: bool
    may_report: bool


class Accounts(Protocol):
    """The accounts as signing sees them."""

    def person(self, uow: UnitOfWork, account_id: int) -> tuple[str, str]:
        """Return login and display name; raises NOT_FOUND."""
        ...

    def doctors(self, uow: UnitOfWork) -> tuple[Doctor, ...]:
        """Return every account, inactive ones too, and whether it may report."""
        ...


class Hospital(Protocol):
    """The hospital's name."""

    def name(self, uow: UnitOfWork) -> str:
        """Return it in Chinese; empty when it is not set."""
        ...
