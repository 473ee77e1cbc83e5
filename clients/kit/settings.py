"""What a user's workstation remembers between starts: a small JSON file per user, written atomically; knows no Qt."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

HOME_VARIABLE = "MINGJING_HOME"
"""Environment variable that moves everything a workstation stores to another folder (tests, shared desks)."""


def data_folder() -> Path:
    """The folder for this desktop user's settings and drafts: MINGJING_HOME, or the place the system gives for it."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home)
    import platformdirs

    return Path(platformdirs.user_data_dir("mingjing", appauthor=False))


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` with `content` so that a crash leaves the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


class UserSettings:
    """Values by slash-separated key, kept in memory and saved with every change.

    A file that cannot be read is set aside as `….damaged` and the settings start empty: settings are a convenience and
    must never stop a workstation from starting.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, Any] = {}
        self._load()

    @classmethod
    def for_user(cls, user: str, folder: Path | None = None) -> UserSettings:
        """Settings of one account of the suite; names that are not plain are encoded, never used as paths."""
        safe = "".join(c if c.isalnum() and c.isascii() else f"_{ord(c):x}" for c in user) or "_"
        return cls((folder or data_folder()) / "settings" / f"{safe}.json")

    @classmethod
    def for_desk(cls, folder: Path | None = None) -> UserSettings:
        """Settings of this desk, whoever sits there: last server, last user, language, theme."""
        return cls((folder or data_folder()) / "settings.json")

    @property
    def path(self) -> Path:
        """The file behind the settings."""
        return self._path

    def get(self, key: str, default: Any = None) -> Any:
        """The value last set for `key`, or `default`; the value is what JSON makes of what was set."""
        return self._values.get(key, default)

    def set(self, key: str, value: Any) -> None:
        """Remember a JSON-able value; an unchanged value writes nothing."""
        if key in self._values and self._values[key] == value:
            return
        self._values[key] = value
        self._save()

    def remove(self, key: str) -> None:
        """Forget `key`."""
        if self._values.pop(key, None) is not None:
            self._save()

    def _load(self) -> None:
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            self._set_aside()
            return
        if isinstance(values, dict):
            self._values = values
        else:
            self._set_aside()

    def _set_aside(self) -> None:
        try:
            self._path.replace(self._path.with_suffix(self._path.suffix + ".damaged"))
        except OSError:
            return

    def _save(self) -> None:
        text = json.dumps(self._values, ensure_ascii=False, indent=1, sort_keys=True)
        write_atomically(self._path, text.encode("utf-8"))
