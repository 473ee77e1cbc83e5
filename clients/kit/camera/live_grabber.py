"""Reads a live camera in its own thread: newest frame to the screen, every frame to a recording, back after a loss."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage

from clients.kit.camera.hints import HintMaker, Hints
from clients.kit.camera.live_port import CaptureFormat, ControlState, Frame, LiveCameras, LiveSource
from clients.kit.camera.port import CameraTrouble
from clients.kit.camera.recording import Recording

log = logging.getLogger(__name__)

_LOOK_EVERY = 6
_RETRY_S = 1.0


@dataclass(frozen=True, eq=False)
class Shown:
    """A frame made ready for the screen: `image` fits the target, `hints` are the newest."""

    frame: Frame
    image: QImage
    hints: Hints | None


class LiveGrabber(QObject):
    """One camera at a time. Signals come in the owner's thread; at most one frame waits there.

    A camera that is lost is opened again every second until it is back or `stop` is called.
    """

    arrived = Signal()
    """a newer frame is there: `take` it."""
    lost = Signal(str)
    """the camera cannot be opened or was lost, a Chinese source sentence; it is being looked for."""
    opened = Signal(object, object)
    """the camera gives pictures: CaptureFormat and its controls (tuple of ControlState)."""
    _came = Signal(int)
    _broke = Signal(int, str)
    _open = Signal(int, object, object)

    def __init__(self, cameras: LiveCameras, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cameras = cameras
        self._lock = threading.Lock()
        self._shown: Shown | None = None
        self._told = False
        self._target = (640, 360)
        self._run = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._orders: queue.SimpleQueue[Callable[[LiveSource], None]] = queue.SimpleQueue()
        self._recording: Recording | None = None
        self._came.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._broke.connect(self._report, Qt.ConnectionType.QueuedConnection)
        self._open.connect(self._report_open, Qt.ConnectionType.QueuedConnection)

    @property
    def is_running(self) -> bool:
        """True from `start` to `stop`, also while a lost camera is looked for."""
        return self._thread is not None

    def start(self, key: str, wanted: CaptureFormat | None = None) -> None:
        """Open a camera (the first there is for "") and begin; one that runs is given back first."""
        self.stop()
        self._run += 1
        self._stop = threading.Event()
        self._orders = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=self._grab, args=(key, wanted, self._run, self._stop, self._orders), name="live camera", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Give the camera back. A driver that hangs is left to its own thread."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout=2.0)
        self._run += 1
        with self._lock:
            self._shown, self._told = None, False

    def set_target(self, width: int, height: int) -> None:
        """How large frames are shown, in device pixels: they are reduced in the camera's thread."""
        with self._lock:
            self._target = (max(width, 16), max(height, 16))

    def order(self, what: Callable[[LiveSource], None]) -> None:
        """Do something with the open source in its thread, between two frames."""
        self._orders.put(what)

    def record(self, recording: Recording | None) -> Recording | None:
        """Give every frame to a recording from now on, or to none; returns the one before."""
        with self._lock:
            before, self._recording = self._recording, recording
        return before

    def take(self) -> Shown | None:
        """The newest frame; None when the camera has given none."""
        with self._lock:
            self._told = False
            return self._shown

    def _grab(
        self,
        key: str,
        wanted: CaptureFormat | None,
        run: int,
        stop: threading.Event,
        orders: queue.SimpleQueue[Callable[[LiveSource], None]],
    ) -> None:
        while not stop.is_set():
            try:
                there = key or next((device.key for device in self._cameras.devices()), "")
                source = self._cameras.open_live(there, wanted)
            except CameraTrouble as trouble:
                if not self._emit(self._broke, run, str(trouble)):
                    return
                stop.wait(_RETRY_S)
                continue
            try:
                self._emit(self._open, run, source.format, source.controls())
                self._read(source, run, stop, orders)
            except CameraTrouble as trouble:
                self._emit(self._broke, run, str(trouble))
                stop.wait(_RETRY_S)
            finally:
                source.close()

    def _read(
        self,
        source: LiveSource,
        run: int,
        stop: threading.Event,
        orders: queue.SimpleQueue[Callable[[LiveSource], None]],
    ) -> None:
        maker, hints, count = HintMaker(), None, 0
        while not stop.is_set():
            while not orders.empty():
                orders.get()(source)
            frame = source.read()
            with self._lock:
                recording, target = self._recording, self._target
            if recording is not None:
                recording.add(frame)
            image = fitted(frame, target)
            if count % _LOOK_EVERY == 0:
                hints = maker.look(frame.picture)
            count += 1
            with self._lock:
                if stop.is_set():
                    return
                self._shown = Shown(frame, image, hints)
                tell, self._told = not self._told, True
            if tell and not self._emit(self._came, run):
                return

    def _emit(self, signal: object, *values: object) -> bool:
        try:
            signal.emit(*values)  # type: ignore[attr-defined]
        except RuntimeError:  # the window is gone while its camera still read
            log.debug("the camera's owner is gone")
            return False
        return True

    @Slot(int)
    def _tell(self, run: int) -> None:
        if run == self._run:
            self.arrived.emit()

    @Slot(int, str)
    def _report(self, run: int, sentence: str) -> None:
        if run == self._run:
            self.lost.emit(sentence)

    @Slot(int, object, object)
    def _report_open(self, run: int, chosen: CaptureFormat, controls: tuple[ControlState, ...]) -> None:
        if run == self._run:
            self.opened.emit(chosen, controls)


def fitted(frame: Frame, target: tuple[int, int]) -> QImage:
    """The frame as a QImage that fits into `target`, never enlarged; the pixels belong to the image."""
    import cv2

    height, width = frame.picture.shape[:2]
    factor = min(target[0] / width, target[1] / height, 1.0)
    small = frame.picture
    if factor < 1:
        # Area averaging of exact thirds and halves is slow and needless for moving pictures; linear is 1 ms.
        small = cv2.resize(small, (max(1, round(width * factor)), max(1, round(height * factor))))
    plain = cv2.cvtColor(small, cv2.COLOR_BGR2BGRA)
    image = QImage(plain.data, plain.shape[1], plain.shape[0], plain.strides[0], QImage.Format.Format_RGB32)
    return image.copy()
