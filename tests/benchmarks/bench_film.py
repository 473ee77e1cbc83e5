"""Composing films of 14 x 17 inches at 300 dpi: time a film, and the longest that the window is held up.

`PYTHONPATH=. QT_QPA_PLATFORM=offscreen python tests/benchmarks/bench_film.py`. Beside it, in the same run, the bare
resampling of the same images by OpenCV, which no composition can undercut.
"""

from __future__ import annotations

import time
import zlib
from dataclasses import replace

import cv2
import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from clients.kit.app import make_application
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.viewer.film.feature import FilmFeature
from clients.viewer.film.sending import grey_bytes
from clients.viewer.film.sheets import grid
from clients.viewer.window import ViewerWindow
from tests.clients.viewer.viewer_builders import MemorySource, a_series, a_study

LIMIT_S, STALL_MS = 1.0, 20.0


def main() -> None:
    app = make_application()
    apply_theme(ThemeName.DARK)
    source = MemorySource(a_study(a_series(20, side=512)))
    window = ViewerWindow(source)
    window.resize(1366, 768)
    window.show()
    loaded: list[int] = []
    window.opening.all_loaded.connect(loaded.append)
    window.open_study(next(iter(source.known)))
    _until(app, lambda: bool(loaded))
    films = next(f for f in window.features if isinstance(f, FilmFeature)).films
    print("| films of 14 x 17 in, 300 dpi | a film | OpenCV alone | longest hold-up | packed |")
    print("|---|---:|---:|---:|---:|")
    for columns, rows in ((1, 1), (3, 4), (4, 5)):
        films.model.clear()
        films.set_up(replace(films.model.setup, size="14INX17IN", layout=grid(columns, rows), dpi=300))
        films.add_series()
        took, stall, image = _compose(app, films)
        box, k = films.model.setup.boxes[0], films.model.setup.pixels_per_mm
        frame = np.zeros((512, 512), np.uint16)
        size = (round(box.width * k), round(box.height * k))
        start = time.perf_counter()
        for _ in range(columns * rows):
            cv2.LUT(cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8), np.zeros(256, np.uint8))
        bare = time.perf_counter() - start
        start = time.perf_counter()
        packed = len(zlib.compress(grey_bytes(image)[0], 1))
        pack = time.perf_counter() - start
        print(
            f"| {columns}×{rows} | {took * 1000:.0f} ms ({took / LIMIT_S:.2f} of the limit) | {bare * 1000:.0f} ms"
            f" | {stall:.0f} ms (wish {STALL_MS:.0f}) | {packed / 1e6:.1f} MB in {pack * 1000:.0f} ms |"
        )
    window.close()


def _compose(app: QApplication, films: object) -> tuple[float, float, QImage]:
    """Seconds for the first film, longest gap between turns of the event loop in ms, the film."""
    images: list[QImage] = []
    done: list[bool] = []
    gaps = [0.0]
    last = [time.perf_counter()]

    def tick() -> None:
        now = time.perf_counter()
        gaps.append((now - last[0]) * 1000)
        last[0] = now

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(0)
    _until(app, lambda: len(gaps) > 20)
    gaps.clear()
    start = time.perf_counter()
    films.compose([0], lambda _n, image: images.append(image), lambda: done.append(True))  # type: ignore[attr-defined]
    _until(app, lambda: bool(done))
    took = time.perf_counter() - start
    timer.stop()
    films.stop()  # type: ignore[attr-defined]
    return took, max(gaps), images[0]


def _until(app: QApplication, ready: object) -> None:
    while not ready():  # type: ignore[operator]
        app.processEvents()


if __name__ == "__main__":
    main()
