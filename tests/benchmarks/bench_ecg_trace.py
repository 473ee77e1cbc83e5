"""Figures of the ECG paper on screen: zoom and pan in frames, a scrolled day, opening; against a frame of 16.7 ms.

    python -m tests.benchmarks.bench_ecg_trace [--frames 60] [--hours 24]

Twelve leads of 10 s at 500 Hz one below the other, fitted to the window: each frame is drawn anew and painted into the
window. Peer: the same twelve polylines by QPainter, anti-aliased, once. The day is a file mapped into memory. Printed
for each: median and worst of a hundred (p99), as time on the wall and as time of the processor (what is left of other
load on the machine), and the ratio of both medians to the limit.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
HOUSE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

FRAME_MS, OPEN_MS = 1000 / 60, 100.0
SIZES = ((1366, 768), (3840, 2160))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench_ecg_trace")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--hours", type=float, default=24.0)
    options = parser.parse_args(argv)
    from clients.kit.app import make_application
    from clients.kit.theme import apply_theme
    from clients.kit.tokens import ThemeName

    app = make_application()
    apply_theme(ThemeName.LIGHT)
    print(f"{'':34}{'wall':>9}{'p99':>9}{'processor':>11}{'p99':>9}{'wall/limit':>13}{'own/limit':>11}")
    for width, height in SIZES:
        pages(app, width, height, options.frames)
    with tempfile.TemporaryDirectory() as folder:
        day(app, Path(folder), options.hours, options.frames)
    return 0


def tell(name: str, wall: list[float], processor: list[float], limit: float) -> None:
    ordered = sorted(wall)
    median, worst = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    own, most = statistics.median(processor), sorted(processor)[min(len(processor) - 1, int(len(processor) * 0.99))]
    print(f"{name:34}{median:7.1f}ms{worst:7.1f}ms{own:9.1f}ms{most:7.1f}ms{median / limit:13.2f}{own / limit:11.2f}")


def timed(work: Callable[[int], None], count: int) -> tuple[list[float], list[float]]:
    wall, processor = [], []
    for n in range(count):
        begin, own = time.perf_counter(), time.thread_time()
        work(n)
        wall.append((time.perf_counter() - begin) * 1000)
        processor.append((time.thread_time() - own) * 1000)
    return wall, processor


def pages(app: Any, width: int, height: int, frames: int) -> None:
    from ecg_phantom import Heart, twelve_leads
    from PySide6.QtCore import QPointF

    from clients.ecg.trace.choices import Mark, ViewChoices
    from clients.ecg.trace.viewport import STEP
    from clients.ecg.trace.widget import TraceView
    from clients.kit.running import ImmediateRunner
    from shared.waveform.measuring import analyse

    record = twelve_leads(Heart(noise_uv=12.0))[0]
    analysis = analyse(record)
    size = f"{width}x{height}"
    view = TraceView(ImmediateRunner())
    view.resize(width, height)
    view.show()
    app.processEvents()

    def opened(_n: int) -> None:
        view.set_record(record, analysis)
        view.canvas.repaint()

    tell(f"open, 3x4+1R, filtered, {size}", *timed(opened, 15), OPEN_MS)
    view.set_choices(ViewChoices(layout="12x1", marks=frozenset({Mark.BEATS})))
    view.fit()
    app.processEvents()

    def pan(n: int) -> None:
        view.canvas.pan(*((7, 3) if n % 20 < 10 else (-7, -3)))
        view.canvas.repaint()

    def zoom(n: int) -> None:
        view.canvas.zoom(STEP**0.25 if n % 24 < 12 else STEP**-0.25, QPointF(width * 0.6, height * 0.4))
        view.canvas.repaint()

    view.canvas.zoom(1.6)
    tell(f"pan, 12 leads, {size}", *timed(pan, frames), FRAME_MS)
    view.fit()
    tell(f"zoom, 12 leads, {size}", *timed(zoom, frames), FRAME_MS)
    view.fit()
    tell(f"QPainter's polylines, {size}", *timed(painted(view, width, height), 3), FRAME_MS)
    view.close()


def painted(view: Any, width: int, height: int) -> Callable[[int], None]:
    """The peer: what a painter of vector graphics does with the same scene."""
    import numpy as np
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

    scene, port = view.model.scene(), view.model.view
    lines = []
    for curve in scene.curves:
        seconds = curve.start + np.arange(curve.values.size) / curve.sampling_hz
        x = (scene.ruling.x(curve.strip, seconds) - port.left) * port.per_mm
        y = (curve.level - port.top - curve.values * scene.ruling.gain / 1000) * port.per_mm
        lines.append(QPolygonF([QPointF(*each) for each in zip(x.tolist(), y.tolist(), strict=True)]))
    picture = QImage(width, height, QImage.Format.Format_RGB32)

    def draw(_n: int) -> None:
        picture.fill(0xFFFFFFFF)
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor("black"), 1.3))
            for line in lines:
                painter.drawPolyline(line)

    return draw


def day(app: Any, folder: Path, hours: float, frames: int) -> None:
    import numpy as np

    from clients.ecg.trace.widget import TraceView
    from clients.kit.running import ImmediateRunner
    from shared.waveform.beats import Beat, BeatClass, Delineation
    from shared.waveform.measuring import Analysis, Measurements
    from shared.waveform.record import EcgRecord

    hertz, leads = 250, ("II", "V1", "V5")
    count = int(hours * 3600 * hertz)
    samples = np.memmap(folder / "day.dat", dtype=np.int32, mode="w+", shape=(len(leads), count))
    chance = np.random.default_rng(1)
    one = np.zeros(200)
    one[95:105] = [0, 100, 500, 1100, 900, 200, -200, -100, 0, 0]
    one[140:170] = 250 * np.sin(np.linspace(0, np.pi, 30))
    for begin in range(0, count, 1_000_000):
        stop = min(count, begin + 1_000_000)
        samples[:, begin:stop] = one[np.arange(begin, stop) % 200] + chance.normal(0, 10, stop - begin)
    record = EcgRecord(leads, samples, (1.0,) * 3, (0.0,) * 3, float(hertz))
    kinds = (BeatClass.VENTRICULAR, BeatClass.NORMAL)
    beats = tuple(Beat(400.0 + 800 * n, kind=kinds[n % 50 > 0]) for n in range(count // 200))
    view = TraceView(ImmediateRunner())
    view.resize(1366, 768)
    view.show()
    app.processEvents()
    analysis = Analysis(Delineation(beats, leads, False), None, Measurements())

    def opened(_n: int) -> None:
        view.set_record(record, analysis)
        view.canvas.repaint()

    tell(f"open {hours:g} h, first page", *timed(opened, 5), OPEN_MS)
    begin = time.perf_counter()
    view.set_disclosure(True)
    print(f"pyramid of one lead, in a worker: {(time.perf_counter() - begin) * 1000:.0f} ms")
    overview = view.disclosure
    assert overview is not None

    def scroll(n: int) -> None:
        overview.bar.setValue((n * 37) % max(1, overview.bar.maximum()) if n % 3 == 0 else overview.bar.value() + 3)
        overview.rows.repaint()
        overview.tachogram.repaint()

    for width, height in SIZES:
        view.resize(width, height)
        app.processEvents()
        tell(f"scroll {hours:g} h, {width}x{height}", *timed(scroll, frames * 3), FRAME_MS)
    view.set_disclosure(False)
    view.resize(1366, 768)
    app.processEvents()

    def turn(n: int) -> None:
        view.show_page(100 + n)
        view.canvas.repaint()

    tell("turn a page, filter included", *timed(turn, frames), OPEN_MS)
    view.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
