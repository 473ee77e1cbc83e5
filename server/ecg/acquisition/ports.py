"""What acquisition takes from other areas."""

from __future__ import annotations

from typing import Protocol

from server.kernel.database import UnitOfWork


class Campuses(Protocol):
    """The organisation."""

    def names(self, uow: UnitOfWork) -> dict[int, str]:
        """Return campus id → name, in order."""
