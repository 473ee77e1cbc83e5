"""Cine: round and round through the images of the selected viewport (VW-CIN-01, -02)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

from clients.viewer.pixels import PixelStore
from clients.viewer.session import ViewerSession

USUAL_PACE_MS = 1000 / 12


class Cine(QObject):
    """Plays at the pace of the file, else 12 images a second; ``changed`` is called when it stops by itself."""

    def __init__(
        self, session: ViewerSession, store: PixelStore, changed: Callable[[], object], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._store, self._changed = session, store, changed
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._play_on)

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    def toggle(self) -> None:
        """Start, or stop."""
        if self._timer.isActive():
            self._timer.stop()
            return
        frame = self._session.active_viewport.frame
        pace = frame.duration_ms if frame is not None and frame.duration_ms else USUAL_PACE_MS
        self._timer.start(round(min(max(pace, 10.0), 1000.0)))

    def stop(self) -> None:
        self._timer.stop()

    @Slot()
    def _play_on(self) -> None:
        """The next image that is there already; the others are left out rather than waited for."""
        viewport = self._session.active_viewport
        if viewport.stack is None or len(viewport.stack) < 2:
            self._timer.stop()
            self._changed()
            return
        pixels, count = self._store.of(viewport.stack), len(viewport.stack)
        for step in range(1, count + 1):
            index = (viewport.index + step) % count
            if pixels.frame(index) is not None:
                viewport.index = index
                return
