"""Small files of a user that survive a crash and that other accounts of a shared desk cannot read; knows no Qt.

Written atomically and encrypted with a key that lies beside them, as drafts are: that keeps them from other accounts
and lost backups, not from somebody who holds the whole user folder. Safe from any thread.
"""

from __future__ import annotations

import logging
import re
import threading
from pathlib import Path

from clients.kit.sealed_lines import account_folder, key_of
from clients.kit.settings import data_folder, write_atomically

log = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")
_SUFFIX = ".sealed"


class SealedFiles:
    """Files by name in one folder. Methods block on the disk; OSError passes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._key: bytes | None = None

    @classmethod
    def for_user(cls, user: str, what: str, folder: Path | None = None) -> SealedFiles:
        """Files of one account of the suite, `what` for one purpose."""
        return cls((folder or data_folder()) / what / account_folder(user))

    @property
    def folder(self) -> Path:
        """Where they lie; it may not exist yet."""
        return self._folder

    def names(self) -> tuple[str, ...]:
        """Every name there is, sorted."""
        if not self._folder.is_dir():
            return ()
        return tuple(sorted(path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"*{_SUFFIX}")))

    def write(self, name: str, data: bytes) -> None:
        """Keep `data`; it is on disk when this returns."""
        from cryptography.fernet import Fernet

        write_atomically(self._path(name), Fernet(self._fernet_key()).encrypt(data))

    def read(self, name: str) -> bytes | None:
        """What was kept, or None when there is nothing or it cannot be opened any more."""
        from cryptography.fernet import Fernet, InvalidToken

        try:
            return Fernet(self._fernet_key()).decrypt(self._path(name).read_bytes())
        except FileNotFoundError:
            return None
        except InvalidToken:
            log.warning("a sealed file cannot be opened; its key is gone or it is damaged")
            return None

    def rename(self, old: str, new: str) -> None:
        """Give a file another name; nothing happens when it is gone."""
        source = self._path(old)
        if source.exists():
            source.replace(self._path(new))

    def remove(self, name: str) -> None:
        """Forget a file; nothing happens when it is gone."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name a file: letters, digits, dash and underscore only")
        return self._folder / f"{name}{_SUFFIX}"

    def _fernet_key(self) -> bytes:
        with self._lock:
            if self._key is None:
                self._key = key_of(self._folder)
            return self._key
