"""A piece of work that tells how far it is and can be cancelled. No Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable

from clients.kit.translations import tr


class Cancelled(Exception):
    """The reader wants no more of it."""


class Job:
    """Shared by the worker and the window; from any thread."""

    def __init__(self, report: Callable[[int, int], object] = lambda _done, _total: None) -> None:
        self._report = report
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        self._cancelled.set()

    def step(self, done: int, total: int) -> None:
        """So far; raises :class:`Cancelled`."""
        if self._cancelled.is_set():
            raise Cancelled(tr("已取消"))
        self._report(done, total)

    def wait(self, seconds: float) -> None:
        """Pause a worker; ends early, and raises :class:`Cancelled`, when cancelled."""
        if self._cancelled.wait(seconds):
            raise Cancelled(tr("已取消"))
