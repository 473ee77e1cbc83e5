"""One server per data folder: an operating-system lock that a crash frees by itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO


class FolderInUse(RuntimeError):
    """Another server works in this folder."""


class FolderLock:
    """Holds `folder/server.lock` until closed or until the process ends in any way."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "server.lock"
        self._file: IO[bytes] = self._path.open("a+b")
        try:
            _lock(self._file)
        except OSError as error:
            self._file.close()
            raise FolderInUse(
                f"Another Mingjing server is working in {folder}; stop it or choose another --data."
            ) from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()).encode())
        self._file.flush()

    def close(self) -> None:
        self._file.close()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
