"""Many notices in a moment lead to one refresh."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

PAUSE_MS = 200
"""Short enough that nobody notices it, long enough for the notices of one step of the server."""


class Coalesced(QObject):
    """Calls back once, PAUSE_MS after the first of several pokes."""

    def __init__(self, callback: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._callback = callback
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._act)

    def poke(self) -> None:
        """Something changed."""
        if not self._timer.isActive():
            self._timer.start()

    def _act(self) -> None:
        self._callback()
