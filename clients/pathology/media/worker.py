"""One thread that turns clicks into files of the journal, in the order of the clicks; no click is ever dropped."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot


class CaptureWorker(QObject):
    """Runs work in its thread; `done` and `failed` come back in the owner's."""

    _over = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work: queue.SimpleQueue[tuple[Callable[[], object], Callable[[object], None]] | None] = (
            queue.SimpleQueue()
        )
        self._failed: Callable[[Exception], None] = lambda _error: None
        self._over.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def on_failure(self, failed: Callable[[Exception], None]) -> None:
        """Who hears of work that raised."""
        self._failed = failed

    def run(self, work: Callable[[], object], done: Callable[[object], None]) -> None:
        """Do `work` after all that was asked before."""
        self._work.put((work, done))

    def stop(self) -> None:
        """Finish what was asked and end."""
        self._work.put(None)
        self._thread.join(30)

    def _run(self) -> None:
        while (order := self._work.get()) is not None:
            work, done = order
            try:
                result: object = work()
            except Exception as error:  # noqa: BLE001 - outermost of the thread: the owner tells the user
                result, done = error, self._tell_failure
            try:
                self._over.emit(done, result)
            except RuntimeError:  # the window is gone; the journal has what was captured
                return

    def _tell_failure(self, error: object) -> None:
        if isinstance(error, Exception):
            self._failed(error)

    @Slot(object, object)
    def _tell(self, done: Callable[[object], None], result: object) -> None:
        done(result)
