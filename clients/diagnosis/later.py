"""Does something once after some seconds in the GUI thread; the timers end with their owner."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class QtLater:
    """The `Later` port over Qt timers."""

    def __init__(self, owner: QObject) -> None:
        self._owner = owner

    def __call__(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        timer = _Once(self._owner, work)
        timer.start(round(seconds * 1000))
        return timer.take_back


class _Once(QTimer):
    def __init__(self, owner: QObject, work: Callable[[], None]) -> None:
        super().__init__(owner)
        self._work: Callable[[], None] | None = work
        self.setSingleShot(True)
        self.timeout.connect(self._due)

    def take_back(self) -> None:
        self._work = None
        self.stop()
        self.deleteLater()

    def _due(self) -> None:
        work, self._work = self._work, None
        self.deleteLater()
        if work is not None:
            work()
