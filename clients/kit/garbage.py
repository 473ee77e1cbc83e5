"""Collects reference cycles in the GUI thread only.

Python's collector runs in whatever thread happens to allocate. A cycle that holds a widget would then be torn down in a
worker thread, where Qt's objects must not be deleted: the process dies, seldom and far from the cause.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 10
"""Often, so that little is young at a time: reading files for 50 ms made 5 to 20 ms of work out of one turn."""
_YOUNG_ROUNDS = 2
"""So many collections of the youngest before those that outlived them are looked at too; ten made one of them long."""
_WHOLE_EVERY_S = 60.0
"""Looking at everything takes tens of milliseconds and finds little."""


def keep_what_is_here() -> None:
    """Modules and windows just made stay as long as the program: never look through their objects for garbage.

    The 50,000 of the viewer made 20 ms of work out of one turn, twice, while a study was being opened. For any thread.
    """
    gc.freeze()


class GuiGarbage(QObject):
    """Switches the automatic collector off and does its work by a timer of the thread that made this object."""

    def __init__(self, parent: QObject, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._clock = clock
        self._last_whole = clock()
        gc.disable()
        gc.freeze()  # what is there already stays for good: looking at it took 17 ms of each full collection
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.collect_what_is_due)
        self._timer.start()

    def collect_what_is_due(self) -> None:
        """Collect the oldest generation whose threshold is passed, as the automatic collector would; all not often."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        if counts[2] > thresholds[2] and self._clock() - self._last_whole >= _WHOLE_EVERY_S:
            gc.collect()
            self._last_whole = self._clock()
        elif counts[1] > min(thresholds[1], _YOUNG_ROUNDS):
            gc.collect(1)
        elif counts[0] > thresholds[0]:
            gc.collect(0)
