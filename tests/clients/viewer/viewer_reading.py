"""A reader at work, sped up: opens, pages, windows, measures, compares and closes studies, and counts what is left."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication

from clients.viewer.window import ViewerWindow
from shared.imaging.geometry import PixelPoint

LAYOUTS = ("1x1", "1x2", "2x2")
PRESETS = ("lung", "bone", "default")


@dataclass(frozen=True)
class Left:
    """What the process holds when nothing is open; ``mib`` counts this process only."""

    mib: float
    threads: int
    descriptors: int
    objects: int
    widgets: int
    garbage: int

    @property
    def countable(self) -> tuple[int, int, int, int]:
        return (self.threads, self.descriptors, self.objects, self.widgets)


class Reading:
    """Drives a window by what its buttons do; raises AssertionError when images do not come."""

    def __init__(self, window: ViewerWindow, study_uids: Sequence[str], seed: int = 7) -> None:
        self._window = window
        self._studies = list(study_uids)
        self._random = random.Random(seed)
        self.cycles = 0
        self.images = 0

    def cycle(self) -> None:
        """One exam from opening to closing."""
        window, choose = self._window, self._random
        uid = choose.choice(self._studies)
        self._loaded(lambda: window.open_study(uid))
        window.opening.prepare([choose.choice(self._studies)])
        window.perform(f"layout.{choose.choice(LAYOUTS)}")
        for _ in range(2):
            self._page()
            window.perform(f"preset.{choose.choice(PRESETS)}")
            window.perform(choose.choice(["view.invert", "view.left90", "view.flip_horizontal", "view.fit"]))
        self._measure()
        if choose.random() < 0.3:
            other = choose.choice([one for one in self._studies if one != uid] or [uid])
            if other != uid:
                self._loaded(lambda: window.compare_study(other), told=False)
                self._page()
        if choose.random() < 0.3:
            self._loaded(lambda: window.refresh_study(uid), told=False)
        window.capture()
        window.close_studies()
        turn()
        self.cycles += 1

    def left(self) -> Left:
        """Close everything, collect what can be collected, and count."""
        self._window.close_studies()
        for _ in range(5):
            turn()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            garbage = gc.collect()
        self._settled()
        return Left(
            mib=_rss_mib(),
            threads=_entries("task"),
            descriptors=_entries("fd"),
            objects=len(self._window.findChildren(QObject)),
            widgets=len(QApplication.allWidgets()),
            garbage=garbage,
        )

    def _loaded(self, begin: object, *, told: bool = True) -> None:
        """Do something and wait until every image is there (``told``: and the window said so)."""
        assert callable(begin)
        loop = QEventLoop()
        heard: list[int] = []
        connection = self._window.all_loaded.connect(heard.append)
        shown: list[object] = []
        second = self._window.studies_shown.connect(shown.append)
        begin()
        deadline = time.monotonic() + 120
        watch = QTimer()
        loader = self._window.opening.loader
        assert loader is not None

        def look() -> None:
            done = bool(heard) if told else bool(shown) and loader.waiting == 0
            if done or time.monotonic() > deadline:
                loop.quit()

        watch.timeout.connect(look)
        watch.start(2)
        loop.exec()
        watch.stop()
        self._window.disconnect(connection)
        self._window.disconnect(second)
        assert time.monotonic() < deadline, "the images did not come"
        self.images += sum(heard)

    def _page(self) -> None:
        state = self._window.session.active_viewport
        for _ in range(10):
            state.step(self._random.choice([1, 2, -1]))
            turn()

    def _measure(self) -> None:
        window = self._window
        window.draw_length(PixelPoint(5, 5), PixelPoint(20, 16))
        window.perform("edit.undo")
        window.perform("edit.redo")
        turn()

    def _settled(self) -> None:
        """Wait for threads that were only for the moment (thumbnails, descriptions) and for the cache's writer."""
        cache = getattr(self._window.opening.source, "cache", None)
        if cache is not None:
            cache.settle()
        seen, still = 0, 0
        deadline = time.monotonic() + 40
        while still < 10 and time.monotonic() < deadline:
            turn()
            now = _entries("task")
            still = still + 1 if now == seen else 0
            seen = now
            time.sleep(0.02)


def turn() -> None:
    """One turn of the event loop."""
    QApplication.processEvents()


def _entries(what: str) -> int:
    return len(list(Path("/proc/self", what).iterdir()))


def _rss_mib() -> float:
    for row in Path("/proc/self/status").read_text().splitlines():
        if row.startswith("VmRSS"):
            return int(row.split()[1]) / 1024
    return 0.0
