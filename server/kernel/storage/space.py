"""Refuses new objects while there is still room to finish what was accepted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.kernel.storage.port import StorageFull


def free_bytes(folder: Path) -> int:
    """Bytes that this process may still write to the disk of `folder`."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class SpaceGuard:
    """Keeps `reserve_bytes` of the disk of `folder` free: for the database, its journal and the logs."""

    folder: Path
    reserve_bytes: int
    measure: Callable[[Path], int] = free_bytes

    def require(self, size_bytes: int = 0) -> None:
        """Raise StorageFull when `size_bytes` more would eat into the reserve."""
        free = self.measure(self.folder)
        if free - size_bytes < self.reserve_bytes:
            raise StorageFull(
                f"The archive's disk is full: {free // 2**20} MB are free and {self.reserve_bytes // 2**20} MB are "
                "kept in reserve. Nothing that was accepted is lost. Free some space or add a disk, then send again."
            )
