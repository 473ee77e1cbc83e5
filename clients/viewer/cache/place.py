"""Where the cache lies, and the key that it is sealed with."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from clients.kit.settings import HOME_VARIABLE, UserSettings, data_folder, write_atomically

KEY_BYTES = 32
_KEY_NAME = "viewer-cache.key"


def viewer_settings() -> UserSettings:
    """The viewer's settings at this desk, as the window has them."""
    return UserSettings(data_folder() / "settings" / "@viewer.json")


def cache_folder() -> Path:
    """The system's folder for things that may be deleted; below MINGJING_HOME where that is set."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home) / "cache" / "viewer"
    import platformdirs

    return Path(platformdirs.user_cache_dir("mingjing", appauthor=False)) / "viewer"


def cache_key(folder: Path | None = None) -> bytes:
    """The key of this account of the machine, made when it is missing or damaged; raises OSError.

    It lies among the settings, not beside the images: a copy of the cache alone is worth nothing. It keeps images from
    other accounts, lost disks' caches and backups, not from somebody who holds the whole user folder.
    """
    path = (folder or data_folder()) / _KEY_NAME
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) != KEY_BYTES:
        key = secrets.token_bytes(KEY_BYTES)
        write_atomically(path, key)  # its temporary file is made for this account only
    return key
