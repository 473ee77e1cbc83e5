"""Collects reference cycles in the GUI thread only.

Python's collector runs in whatever thread happens to allocate. A cycle that holds a widget would then be torn down in a
worker thread, where Qt's objects must not be deleted: the process dies, seldom and far from the cause.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 500


class GuiGarbage(QObject):
    """Switches the automatic collector off and does its work by a timer of the thread that made this object."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        gc.freeze()  # what is there already stays for good: looking at it took 17 ms of each full collection
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.collect_what_is_due)
        self._timer.start()

    def collect_what_is_due(self) -> None:
        """Collect the oldest generation whose threshold is passed, as the automatic collector would."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation]:
                gc.collect(generation)
                return
