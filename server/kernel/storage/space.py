"""Refuses new objects while there is still room to finish what was accepted."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from server.kernel.storage.port import StorageFull


def free_bytes(folder: Path) -> int:
    """Bytes that this process may still write to the disk of `folder`."""
    return shutil.disk_usage(folder).free


_BELIEVED_S = 0.05
_SHARE = 32  # of the room that was measured, one guard gives away a part before it measures again


class SpaceGuard:
    """Keeps `reserve_bytes` of the disk of `folder` free: for the database, its journal and the logs.

    A measurement is believed for a moment and for a small part of the room that it found, so that those who write
    many small pieces do not measure for each. Any thread may ask: two at once may give away the same bytes twice.
    """

    def __init__(self, folder: Path, reserve_bytes: int, measure: Callable[[Path], int] = free_bytes) -> None:
        self.folder = folder
        self.reserve_bytes = reserve_bytes
        self._measure = measure
        self._believed = 0
        self._until = 0.0

    def require(self, size_bytes: int = 0) -> None:
        """Raise StorageFull when `size_bytes` more would eat into the reserve."""
        now = time.monotonic()
        if now < self._until and size_bytes <= self._believed:
            self._believed -= size_bytes
            return
        free = self._measure(self.folder)
        self._believed = (free - self.reserve_bytes - size_bytes) // _SHARE
        self._until = now + _BELIEVED_S
        if free - size_bytes < self.reserve_bytes:
            raise StorageFull(
                f"The archive's disk is full: {free // 2**20} MB are free and {self.reserve_bytes // 2**20} MB are "
                "kept in reserve. Nothing that was accepted is lost. Free some space or add a disk, then send again."
            )
