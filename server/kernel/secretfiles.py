"""Files that only the server's account may read: keys, the first password."""

from __future__ import annotations

import os
from pathlib import Path


def read_or_make(path: Path, make: bytes) -> bytes:
    """Return the content of a secret file; when it is not there, write `make` into it first (mode 0600)."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        write(path, make)
        return make


def write(path: Path, content: bytes) -> None:
    """Write a secret file, mode 0600 from the first byte on, folder 0700; durable when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if os.name != "nt":  # on Windows the profile's access list protects the folder
        path.parent.chmod(0o700)
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
