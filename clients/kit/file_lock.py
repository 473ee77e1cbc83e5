"""A lock on a file that the system lets go when its holder dies, however it dies; knows no Qt."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class FileLock:
    """Held from `taken` until `release` or the end of the process."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle = handle

    @classmethod
    def taken(cls, path: Path) -> FileLock | None:
        """Take the lock of `path`, which is made if need be; None while somebody else holds it. OSError passes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(handle)
        except OSError:
            os.close(handle)
            return None
        return cls(path, handle)

    def release(self) -> None:
        """Let go, and remove the file; a second call does nothing."""
        handle, self._handle = self._handle, -1
        if handle < 0:
            return
        if sys.platform != "win32":
            self._path.unlink(missing_ok=True)  # before it is let go: nobody takes the lock of a file that is gone
        os.close(handle)
        if sys.platform == "win32":
            self._path.unlink(missing_ok=True)


if sys.platform == "win32":

    def _lock(handle: int) -> None:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:

    def _lock(handle: int) -> None:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
