"""Cine: through the images of the selected viewport, round and round or to and fro (VW-CIN-01, -02)."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import QObject, Qt, QTimer, Slot

from clients.viewer.pixels import PixelStore
from clients.viewer.session import ViewerSession
from clients.viewer.viewport.state import ViewportState

USUAL_PACE = 12.0
SLOWEST, FASTEST = 1.0, 60.0  # images a second


class Way(StrEnum):
    """Which image comes next."""

    FORWARD = "forward"
    BACKWARD = "backward"
    TO_AND_FRO = "to and fro"


class Cine(QObject):
    """Plays at the pace of the file until the reader sets another; ``changed`` is called when anything changed."""

    def __init__(
        self, session: ViewerSession, store: PixelStore, changed: Callable[[], object], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._store, self._changed = session, store, changed
        self._pace: float | None = None
        self._range: tuple[object, int, int] | None = None
        self._forth = True
        self.way = Way.FORWARD
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._play_on)

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    @property
    def pace(self) -> float:
        """Images a second: the reader's, else the file's, else twelve."""
        if self._pace is not None:
            return self._pace
        image, frame = self._session.active_viewport.image, self._session.active_viewport.frame
        own = image.frame_rate if image is not None else None  # what the file recommends for the whole cine
        if own is None:
            own = 1000 / frame.duration_ms if frame is not None and frame.duration_ms else USUAL_PACE
        return min(max(own, SLOWEST), FASTEST)

    @pace.setter
    def pace(self, images_a_second: float) -> None:
        self._pace = min(max(images_a_second, SLOWEST), FASTEST)
        if self.is_playing:
            self._timer.start(round(1000 / self.pace))
        self._changed()

    @property
    def bounds(self) -> tuple[int, int]:
        """First and last index that are played, both included."""
        viewport = self._leader()
        last = max(len(viewport.stack) - 1, 0) if viewport.stack is not None else 0
        if self._range is None or self._range[0] is not viewport.stack:
            return 0, last
        return min(self._range[1], last), min(self._range[2], last)

    @property
    def count(self) -> int:
        """Images of the stack that would be played."""
        stack = self._leader().stack
        return len(stack) if stack is not None else 0

    def set_bounds(self, first: int, last: int) -> None:
        """Play only a part of the stack that is shown now."""
        self._range = (self._leader().stack, max(min(first, last), 0), max(first, last))
        self._changed()

    def toggle(self) -> None:
        """Start, or stop."""
        if self._timer.isActive():
            self.stop()
            return
        self._timer.start(round(1000 / self.pace))
        self._changed()

    def stop(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
            self._changed()

    def _leader(self) -> ViewportState:
        """The first pane of the selected viewport; its tiles follow."""
        return self._session.viewports[self._session.splits.cell_of(self._session.active)]

    @Slot()
    def _play_on(self) -> None:
        """The next image that is there already; the others are left out rather than waited for."""
        viewport = self._leader()
        first, last = self.bounds
        tiles = len(self._session.splits.members(self._session.splits.cell_of(self._session.active)))
        last = max(first, last - tiles + 1)
        if viewport.stack is None or last <= first:
            self.stop()
            return
        pixels, index = self._store.of(viewport.stack), viewport.index
        for _ in range(2 * (last - first + 1)):
            index = self._after(index, first, last)
            if pixels.frame(index) is not None:
                viewport.index = index
                return

    def _after(self, index: int, first: int, last: int) -> int:
        if self.way is Way.TO_AND_FRO:
            if index >= last:
                self._forth = False
            elif index <= first:
                self._forth = True
            return min(max(index + (1 if self._forth else -1), first), last)
        step = 1 if self.way is Way.FORWARD else -1
        after = index + step
        if after > last:
            return first
        return last if after < first else after
