"""Figures of reading in two dimensions: paging with colours, slabs, windows of tiles, crosses and links.

    python -m tests.benchmarks.bench_reading [--slices 300] [--width 1920 --height 1080]

The stack is synthetic: 512 x 512, 16 bits. Each figure is the median of whole paint events in a window of the given
size; the peer of the same run is the plain image without anything on top.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

BAR_MS = 1000 / 60


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench_reading")
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--height", type=int, default=1080)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MINGJING_HOME"] = str(Path(folder) / "home")
        from tests.benchmarks.bench_viewer import write_phantom

        write_phantom(Path(folder) / "files", options.slices)
        print(json.dumps(measure(Path(folder) / "files", options), indent=2))
    return 0


def measure(files: Path, options: argparse.Namespace) -> dict[str, object]:
    """Open the stack and time what a reader does."""
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    from clients.kit.app import make_application
    from clients.kit.theme import apply_theme
    from clients.kit.tokens import ThemeName
    from clients.viewer.presets import layout_of, windows_of
    from clients.viewer.reading.cross import place_cross
    from clients.viewer.viewport.state import Slab
    from clients.viewer.window import ViewerWindow
    from shared.imaging.geometry import PixelPoint
    from shared.imaging.lut import Window

    make_application()
    apply_theme(ThemeName.DARK)
    window = ViewerWindow()
    window.resize(options.width, options.height)
    window.show()
    loop = QEventLoop()
    window.all_loaded.connect(loop.quit)
    QTimer.singleShot(120_000, loop.quit)
    window.open_files([files])
    loop.exec()
    session, count = window.session, options.slices
    state = session.viewports[0]

    def page() -> None:
        active = session.active_viewport
        active.index = (active.index + 1) % (count - 40)
        QApplication.processEvents()  # paints what changed, once

    def drag() -> None:
        state.voi = Window(40 + state.index % 7, 400 + time.perf_counter() % 50)
        QApplication.processEvents()  # paints what changed, once

    figures: dict[str, object] = {"window": f"{options.width}x{options.height}", "slices": count}
    plain = _median(page)
    figures["page ms"] = round(plain, 2)
    figures["page, images a second"] = round(1000 / plain)
    figures["window drag ms"] = round(_median(drag), 2)
    state.palette = "hot_iron"
    figures["page in pseudo-colour ms"] = round(_median(page), 2)
    state.palette = ""
    for projection in ("max", "min", "mean"):
        state.slab = Slab(20.0, projection)
        figures[f"page with a slab of 11 images ({projection}) ms"] = round(_median(page), 2)
    state.slab = Slab(100.0, "max")
    figures["page with a slab of 51 images (max) ms"] = round(_median(page), 2)
    state.slab = None
    for key in ("4", "9", "6x5"):
        session.split(0, windows_of(key))
        QApplication.processEvents()
        figures[f"page, {windows_of(key).count} windows ms"] = round(_median(page, 40), 2)
        figures[f"window drag, {windows_of(key).count} windows ms"] = round(_median(drag, 40), 2)
    session.split(0, windows_of("1"))
    session.layout = layout_of("2x2")
    for viewport in session.cells:
        viewport.show(session.stacks[0])
    window.perform("view.link")
    QApplication.processEvents()
    figures["page, four linked viewports ms"] = round(_median(page, 60), 2)
    window.perform("view.link")
    window.perform("tool.cross")

    def cross() -> None:
        place_cross(session, PixelPoint(100 + time.perf_counter() * 50 % 200, 200))
        QApplication.processEvents()  # paints what changed, once

    figures["cross moved, four viewports ms"] = round(_median(cross, 60), 2)
    figures["bar: 60 images a second, ms"] = round(BAR_MS, 2)
    window.close()
    return figures


def _median(work: Callable[[], None], times: int = 120) -> float:
    work()
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
