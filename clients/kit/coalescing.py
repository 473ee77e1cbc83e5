"""Many notices in a moment lead to one refresh."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

PAUSE_MS = 200
"""Short enough that nobody notices it, long enough for the notices of one step of the server."""


class Coalesced(QObject):
    """Calls back once, a moment after the first of several pokes, or after the last one with `again`."""

    def __init__(self, callback: Callable[[], object], parent: QObject, *, pause_ms: int = PAUSE_MS) -> None:
        super().__init__(parent)
        self._callback = callback
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(pause_ms)
        self._timer.timeout.connect(self._act)

    def poke(self, *, again: bool = False) -> None:
        """Something changed; `again` begins the pause anew, for somebody who types."""
        if again or not self._timer.isActive():
            self._timer.start()

    def _act(self) -> None:
        self._callback()
