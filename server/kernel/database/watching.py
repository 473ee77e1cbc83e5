"""Whether anybody wrote to the database since it was last looked at, for those who wait for other processes."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.kernel.database.engine import Database


class Watch:
    """Answers `changed` in microseconds on the embedded database, so that waiting costs next to nothing.

    SQLite counts the commits of other connections (``PRAGMA data_version``); the watch has a connection of its own, so
    that every commit is another's. Other databases are not asked: there something may always have changed. Not
    thread-safe.
    """

    def __init__(self, database: Database) -> None:
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None
        if database.is_sqlite:
            path = str(database.engine.url.database)
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)

    def changed(self) -> bool:
        """Return whether there were commits since the last call; True the first time."""
        if self._connection is None:
            return True
        [version] = self._connection.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, version
        return bool(version != before)

    def forget(self) -> None:
        """What changed was not taken in: say so again the next time."""
        self._version = None

    def close(self) -> None:
        """Let the file go."""
        if self._connection is not None:
            self._connection.close()
