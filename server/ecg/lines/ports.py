"""What lines need of traces and uploads; the bootstrap connects them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from server.kernel.database import UnitOfWork


class Campuses(Protocol):
    """The organisation."""

    def names(self, uow: UnitOfWork) -> dict[int, str]:
        """Return campus id → name, in order."""


class Records(Protocol):
    """The records that arrived under the stations' keys."""

    def trace_of(self, uow: UnitOfWork, key: str) -> int | None:
        """Return the trace that was kept under a key; None while there is none."""

    def is_begun(self, uow: UnitOfWork, key: str) -> bool:
        """Tell whether an upload under this key was begun and not thrown away."""

    def store(self, path: Path, sha256: str) -> str:
        """Take a complete file over into the storage; returns its key there. Raises StorageFull."""

    def attach(self, uow: UnitOfWork, trace_id: int, name: str, size_bytes: int, stored: str) -> None:
        """Keep a stored file beside the files of a trace; the same file again changes nothing."""
