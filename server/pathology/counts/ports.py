"""What counts take from the captures."""

from __future__ import annotations

from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.pathology_media import MediaView


class Captures(Protocol):
    """pathology.media, as needed here."""

    def view(self, uow: UnitOfWork, caller: Caller, media_id: int) -> MediaView:
        """One capture. Raises NOT_FOUND, PERMISSION_MISSING."""
        ...

    def list_of(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[MediaView, ...]:
        """The strip of a case. Raises NOT_FOUND, PERMISSION_MISSING."""
        ...

    def demand_open(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        """Raise ILLEGAL_ACTION for an audited case; keeps other writers off it."""
        ...
