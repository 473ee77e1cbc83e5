"""Reads a camera in its own thread and hands over only the newest picture, so that a slow screen never lags behind."""

from __future__ import annotations

import logging
import threading

from PySide6.QtCore import QObject, Qt, Signal, Slot

from clients.kit.camera.paper import Quad, find_paper
from clients.kit.camera.port import Cameras, CameraTrouble, Picture

log = logging.getLogger(__name__)

_LOOK_EVERY = 4
"""The sheet is looked for in every fourth picture: its outline follows at 5 to 7 Hz and costs little."""


class Grabber(QObject):
    """One camera at a time. Signals come in the thread of the owner; at most one picture waits there."""

    arrived = Signal()
    """a newer picture is there: `take` it."""
    failed = Signal(str)
    """the camera cannot be opened or was lost: a Chinese source sentence."""
    _came = Signal()
    _broke = Signal(int, str)

    def __init__(self, cameras: Cameras, *, finds_paper: bool = True) -> None:
        super().__init__()
        self._cameras = cameras
        self._finds_paper = finds_paper
        self._lock = threading.Lock()
        self._picture: Picture | None = None
        self._quad: Quad | None = None
        self._told = False
        self._run = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._came.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._broke.connect(self._report, Qt.ConnectionType.QueuedConnection)

    @property
    def is_running(self) -> bool:
        """True while a camera is being opened or read."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, key: str) -> None:
        """Open a camera and begin; one that runs is given back first."""
        self.stop()
        self._run += 1
        self._stop = threading.Event()
        arguments = (key, self._run, self._stop)
        self._thread = threading.Thread(target=self._grab, args=arguments, name="camera", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give the camera back. A driver that hangs while it opens is left to its own thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2.0)
            self._thread = None
        with self._lock:
            self._picture, self._quad, self._told = None, None, False

    def take(self) -> tuple[Picture, Quad | None] | None:
        """The newest picture and the sheet found in it; None when the camera has given none."""
        with self._lock:
            self._told = False
            return None if self._picture is None else (self._picture, self._quad)

    def _grab(self, key: str, run: int, stop: threading.Event) -> None:
        try:
            source = self._cameras.open(key)
        except CameraTrouble as trouble:
            self._broke.emit(run, str(trouble))
            return
        count, quad = 0, None
        try:
            while not stop.is_set():
                picture = source.read()
                if self._finds_paper and count % _LOOK_EVERY == 0:
                    quad = find_paper(picture)
                count += 1
                with self._lock:
                    if stop.is_set():
                        return
                    self._picture, self._quad = picture, quad
                    tell, self._told = not self._told, True
                if tell:
                    self._came.emit()
        except CameraTrouble as trouble:
            self._broke.emit(run, str(trouble))
        except RuntimeError:  # the window is gone while its camera still read
            log.debug("the camera's owner is gone")
        finally:
            source.close()

    @Slot()
    def _tell(self) -> None:
        self.arrived.emit()

    @Slot(int, str)
    def _report(self, run: int, sentence: str) -> None:
        if run == self._run:
            self.failed.emit(sentence)
