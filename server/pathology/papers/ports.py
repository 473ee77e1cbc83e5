"""What the room asks of cases, the technical room, the hospital and documents."""

from __future__ import annotations

from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.pathology import CaseDetails
from shared.contract.pathology_preparation import ListSlides, SlidePage
from shared.contract.pathology_technique import ListSpecimens, SpecimenPage
from shared.contract.printing import DocumentView
from shared.domain.pathology import ObjectKind


class Cases(Protocol):
    """cases.views, as needed here."""

    def details(self, uow: UnitOfWork, caller: Caller, case_id: int) -> CaseDetails:
        """Return a case with everything in it. Raises NOT_FOUND, PERMISSION_MISSING."""
        ...


class Technique(Protocol):
    """technique, as needed here."""

    def case_of(self, uow: UnitOfWork, kind: ObjectKind, object_id: int) -> int:
        """Return the case of a block or slide. Raises NOT_FOUND."""
        ...

    def specimens(self, uow: UnitOfWork, caller: Caller, request: ListSpecimens) -> SpecimenPage:
        """Return a page of containers. Raises INVALID."""
        ...

    def slides(self, uow: UnitOfWork, caller: Caller, request: ListSlides) -> SlidePage:
        """Return a page of slides. Raises INVALID."""
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
