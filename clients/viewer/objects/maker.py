"""Pictures over images are made by one worker, newest wish first, and kept for a while."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

log = logging.getLogger(__name__)

KEPT, WAITING = 96, 12


class PictureMaker(QObject):
    """`get` answers at once with what is there; what is missing is made in the worker, then `made` is emitted."""

    made = Signal()
    """Something that was asked for is there now; in the GUI thread."""
    failed = Signal(str)
    """Something cannot be made: a sentence or an error's text; in the GUI thread."""
    _told = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wake = threading.Condition()
        self._done: OrderedDict[Hashable, Any] = OrderedDict()
        self._wishes: OrderedDict[Hashable, Callable[[], Any]] = OrderedDict()
        self._broken: dict[Hashable, str] = {}
        self._open = True
        self._busy = False
        self._thread: threading.Thread | None = None
        self._told.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._news: list[str] = []

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any | None:
        """The picture of ``key``; None while it is not there. Called in the GUI thread."""
        with self._wake:
            if key in self._done:
                self._done.move_to_end(key)
                return self._done[key]
            if key in self._broken or not self._open:
                return None
            self._wishes[key] = make
            self._wishes.move_to_end(key)
            while len(self._wishes) > WAITING:
                self._wishes.popitem(last=False)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="object-pictures", daemon=True)
                self._thread.start()
            self._wake.notify()
        return None

    def forget(self) -> None:
        """Drop everything that was made and asked for."""
        with self._wake:
            self._done.clear()
            self._wishes.clear()
            self._broken.clear()

    @property
    def is_idle(self) -> bool:
        """True when nothing is being made and nothing waits."""
        with self._wake:
            return not self._wishes and not self._busy

    def close(self) -> None:
        """Stop the worker and let nobody be told any more."""
        with self._wake:
            self._open = False
            self._wishes.clear()
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(5.0)

    def _work(self) -> None:
        while True:
            with self._wake:
                self._busy = False
                while self._open and not self._wishes:
                    self._wake.wait()
                if not self._open:
                    return
                key, make = self._wishes.popitem(last=True)
                self._busy = True
            problem, picture = "", None
            try:
                picture = make()
            except Exception as error:  # the outermost loop of the worker
                log.warning("a picture over an image cannot be made: %s", type(error).__name__, exc_info=True)
                problem = str(error) or type(error).__name__
            with self._wake:
                if problem:
                    self._broken[key] = problem
                    self._news.append(problem)
                else:
                    self._done[key] = picture
                    while len(self._done) > KEPT:
                        self._done.popitem(last=False)
                if self._open:
                    self._told.emit()

    def _tell(self) -> None:
        with self._wake:
            news, self._news = self._news, []
        for problem in dict.fromkeys(news):
            self.failed.emit(problem)
        self.made.emit()
