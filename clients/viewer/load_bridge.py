"""From loader threads to the GUI thread: arrivals are gathered and told once per turn of the event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from clients.viewer.pixels import StackPixels
from clients.viewer.study import Stack
from clients.viewer.viewport.renderer import COLOUR_WINDOW, Renderer
from clients.viewer.viewport.state import default_voi
from clients.viewer.viewport.transform import Geometry, project
from shared.imaging.lut import window_of_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

THUMBNAIL = 240
TELL_EVERY_MS = 30


class LoadBridge(QObject):
    """Receives calls of any thread and emits in its own."""

    arrived = Signal(list)
    """What came since the last time: list of (Stack, list of indices)."""
    picture_made = Signal(object, object)
    """A thumbnail: Stack, uint8 array."""
    failed = Signal(str)
    """The source failed: a sentence."""
    described = Signal(int, str, object)
    """A study was described: generation, purpose (open, append, compare, refresh), StudyDescription."""
    files_read = Signal(int, object, object)
    """Files were read: generation, the LocalFiles, a tuple of StudyDescription."""
    not_described = Signal(int, str)
    """A study could not be described: generation, a sentence."""
    _more = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._gate = threading.RLock()
        self._open = True
        self._gathered: dict[int, tuple[Stack, list[int]]] = {}
        self._told = True
        self._more.connect(self._schedule, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tell)

    def frames(self, stack: Stack, indices: Sequence[int]) -> None:
        """Called by workers."""
        with self._lock:
            self._gathered.setdefault(id(stack), (stack, []))[1].extend(indices)
            first, self._told = self._told, False
        if first:
            self.tell("_more")

    @property
    def has_more(self) -> bool:
        """True while frames came that `arrived` has not told yet."""
        with self._lock:
            return bool(self._gathered)

    def tell(self, signal: str, *values: object) -> None:
        """Emit a signal from any thread; nothing once the window was closed.

        A worker must never emit while Qt takes the object apart, so both go through one gate.
        """
        with self._gate:
            if self._open:
                getattr(self, signal).emit(*values)

    def say_failed(self, sentence: str) -> None:
        """The source failed; called by workers."""
        self.tell("failed", sentence)

    def close(self) -> None:
        """Let no worker be heard from now on; called before the window goes."""
        with self._gate:
            self._open = False

    @Slot()
    def _schedule(self) -> None:
        # The first arrival after a quiet time is told at once: it may be the image somebody waits for. By the timer
        # all the same, or it would share its turn with whatever else came from workers, such as a described study.
        if not self._timer.isActive():
            self._timer.start(0)

    @Slot()
    def _tell(self) -> None:
        with self._lock:
            gathered, self._gathered = list(self._gathered.values()), {}
            self._told = not gathered
        if gathered:
            self.arrived.emit(gathered)
            self._timer.start(TELL_EVERY_MS)

    def run(self, work: Callable[[], None], name: str) -> threading.Thread:
        """Run ``work`` in a thread of its own; it reports by `tell`."""
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread


def thumbnail(stack: Stack, pixels: StackPixels, index: int) -> NDArray[Any] | None:
    """A small picture of one frame with its own window, uint8 and contiguous; runs in any thread."""
    import numpy as np

    frame = pixels.copy_of(index)
    if frame is None:
        return None
    image, header = stack.image(index), stack.frame_header(index)
    rows, columns = frame.shape[:2]
    aspect = header.spacing.aspect
    share = THUMBNAIL / max(rows, columns * aspect)
    width, height = max(1, round(columns * aspect * share)), max(1, round(rows * share))
    voi = COLOUR_WINDOW if frame.ndim == 3 else default_voi(header)
    modality = pixels.modality(index)
    if voi is None:
        voi = window_of_pixels(frame, modality, image.padding, image.padding_limit)
    view = project(Geometry(), columns=columns, rows=rows, aspect=aspect, width=width, height=height)
    rendered = Renderer().render(frame, object(), view, modality, voi, inverted=image.inverted, half=pixels.half(index))
    return None if rendered is None else np.ascontiguousarray(rendered.pixels)
