"""Pictures made in one background thread: for each pane only the last wish counts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable

from PySide6.QtCore import QObject, Qt, Signal, Slot

log = logging.getLogger(__name__)


class LatestWorker(QObject):
    """Wishes are kept by key; a newer one replaces an older one that has not begun. Answers come in the GUI thread."""

    made = Signal(object, object)
    """Key and result of a wish."""
    _made = Signal(object, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wishes: dict[Hashable, Callable[[], object]] = {}
        self._wake = threading.Condition()
        self._gate = threading.RLock()
        self._closed = False
        self._made.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def wish(self, key: Hashable, work: Callable[[], object]) -> None:
        """Do ``work`` soon, instead of what was wished for ``key`` before; keys take turns."""
        with self._wake:
            self._wishes.setdefault(key, work)
            self._wishes[key] = work
            self._wake.notify()

    @property
    def is_idle(self) -> bool:
        with self._wake:
            return not self._wishes and not self._busy

    _busy = False

    def close(self) -> None:
        """Nobody is told any more; the thread ends by itself after what it is making."""
        with self._gate:
            self._closed = True
        with self._wake:
            self._wishes.clear()
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._busy = False
                while not self._wishes and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                key = next(iter(self._wishes))
                work = self._wishes.pop(key)
                self._busy = True
            try:
                result = work()
            except Exception:  # the outermost loop of a thread
                log.exception("a picture could not be made")
                continue
            with self._gate:
                if not self._closed:
                    self._made.emit(key, result)

    @Slot(object, object)
    def _tell(self, key: object, result: object) -> None:
        if not self._closed:
            self.made.emit(key, result)
