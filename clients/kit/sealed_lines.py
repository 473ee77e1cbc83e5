"""Append-only files of encrypted lines, one JSON value each, that a crash costs no more than a torn last line. No Qt.

The key lies in the folder in a file that only this desktop user can read: it keeps the lines from other accounts of a
shared desk and from lost backups, not from somebody who holds the whole user folder.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clients.kit.settings import write_atomically

_BINARY = getattr(os, "O_BINARY", 0)


class SealedLines:
    """The files of one folder, which is made when it is needed. Safe from any thread; OSError passes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._key: bytes | None = None

    def append(self, path: Path, value: Any) -> None:
        """Hand one more line to the system, which outlives the program; `sync` outlives a loss of power."""
        self._folder.mkdir(parents=True, exist_ok=True)
        line = self._seal(value)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _BINARY, 0o600)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)

    def replace(self, path: Path, value: Any) -> None:
        """Leave this one line instead of all there were; on disk when it returns."""
        write_atomically(path, self._seal(value))

    def read(self, path: Path) -> Iterator[Any]:
        """The values in their order, without torn lines and those whose key is gone; FileNotFoundError passes."""
        from cryptography.fernet import Fernet, InvalidToken

        lines = path.read_bytes().split(b"\n")
        fernet = Fernet(self._fernet_key())
        for line in lines:
            if not line:
                continue
            try:
                yield json.loads(fernet.decrypt(line))
            except (InvalidToken, ValueError):
                continue

    def _seal(self, value: Any) -> bytes:
        from cryptography.fernet import Fernet

        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        # A newline in front too: a line torn by a crash must not swallow this one.
        return b"\n" + Fernet(self._fernet_key()).encrypt(text.encode("utf-8")) + b"\n"

    def _fernet_key(self) -> bytes:
        with self._lock:
            if self._key is None:
                self._key = key_of(self._folder)
            return self._key


def key_of(folder: Path) -> bytes:
    """The folder's key, made at first use; for `SealedLines` and `clients.kit.sealed_files`."""
    from cryptography.fernet import Fernet

    path = folder / "key"
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
    key = Fernet.generate_key()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(key)
        stream.flush()
        os.fsync(stream.fileno())
    return key


def account_folder(user: str) -> str:
    """The name of an account of the suite as a folder is called."""
    return "".join(c if c.isalnum() and c.isascii() else f"_{ord(c):x}" for c in user) or "_"


def sync(path: Path) -> None:
    """Wait until what was appended to a file is on the disk; OSError passes."""
    handle = os.open(path, os.O_WRONLY | _BINARY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
