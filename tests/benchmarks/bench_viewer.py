"""Figures of the viewer: first image, whole study, frames per second, longest stall of the GUI thread.

    python -m tests.benchmarks.bench_viewer [--slices 300] [--server] [--width 1920 --height 1080]

The series is synthetic: slices of 512 × 512, 16 bits, a noisy phantom. With --server a server is started on an
empty folder, the series is sent to it by dcmsend, and the viewer runs as a process of its own, steered as by a
workstation; otherwise the files are opened from the disk.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

HOUSE = Path(__file__).resolve().parents[2]
LONGEST_STALL_MS = 20.0  # bar of the viewer


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench_viewer")
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--server", action="store_true", help="over a server of its own instead of local files")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        write_phantom(files, options.slices)
        figures = {"slices": options.slices, "window": f"{options.width}x{options.height}"}
        figures |= local(files, options.width, options.height)
        if options.server:
            figures |= over_server(files, Path(folder) / "data")
    print(json.dumps(figures, indent=2))
    return 0


def write_phantom(folder: Path, count: int) -> None:
    """CT slices of 512 × 512 with noise, so that nothing compresses to nothing."""
    import numpy as np

    from tests.clients.viewer.viewer_builders import write_series

    random = np.random.default_rng(3)
    noise = random.normal(0, 15, (512, 512))
    y, x = np.mgrid[0:512, 0:512]
    body = np.hypot(x - 256, (y - 256) * 1.3) < 220
    for n, path in enumerate(write_series(folder, count, side=512)):
        heart = np.hypot(x - 256 - n / 3, y - 230) < 60
        values = np.where(heart, 1100, np.where(body, 1040, 30)) + np.roll(noise, n * 7, 0)
        data = np.clip(values, 0, 4095).astype("<u2").tobytes()
        raw = path.read_bytes()
        path.write_bytes(raw[: len(raw) - len(data)] + data)


def local(files: Path, width: int, height: int) -> dict[str, object]:
    """In this process: open files, stream, then page and window as fast as events allow."""
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    from clients.kit.app import make_application
    from clients.kit.theme import apply_theme
    from clients.kit.tokens import ThemeName
    from clients.viewer.application import favour_gui_thread, preload
    from clients.viewer.window import ViewerWindow
    from shared.imaging.lut import Window

    make_application()
    apply_theme(ThemeName.DARK)
    favour_gui_thread()
    window = ViewerWindow()
    window.resize(width, height)
    window.show()
    QApplication.processEvents()
    preload().join()  # as the program does while it waits for the reader

    marks: dict[str, float] = {}
    gaps: list[float] = []
    busy: list[float] = []
    ours: list[float] = []
    thread = threading.get_native_id()
    last, last_cpu, last_delay = time.perf_counter(), time.thread_time(), run_delay(thread)

    def beat() -> None:
        nonlocal last, last_cpu, last_delay
        now, cpu, delay = time.perf_counter(), time.thread_time(), run_delay(thread)
        gaps.append((now - last) * 1000)
        busy.append((cpu - last_cpu) * 1000)
        ours.append((now - last - (delay - last_delay)) * 1000)
        last, last_cpu, last_delay = now, cpu, delay

    loop = QEventLoop()
    window.first_image.connect(lambda _uid: marks.setdefault("first", time.perf_counter()))
    window.all_loaded.connect(lambda _count: (marks.setdefault("all", time.perf_counter()), loop.quit()))
    heart = QTimer()
    heart.timeout.connect(beat)
    heart.start(2)
    started = time.perf_counter()
    window.open_files([files])
    QTimer.singleShot(60_000, loop.quit)
    loop.exec()
    heart.stop()

    window.perform("layout.1x1")  # hanging shows a CT twice, in two windows
    QApplication.processEvents()
    viewport = window.viewports[0]
    state = viewport.state
    scroll = [
        _timed(lambda: (setattr(state, "index", (state.index + 1) % 300), viewport.repaint())) for _ in range(200)
    ]
    windows = [
        _timed(lambda n=n: (setattr(state, "voi", Window(40 + n, 400 + 2 * n)), viewport.repaint()))  # type: ignore[misc]
        for n in range(200)
    ]
    window.perform("layout.2x2")
    for viewport_state in window.session.visible:
        viewport_state.show(window.session.stacks[0])
    QApplication.processEvents()

    def four() -> None:
        for n, shown in enumerate(window.session.visible):
            shown.index = (shown.index + 1) % 300
            window.viewports[n].repaint()

    fours = [_timed(four) for _ in range(100)]
    window.close()
    return {
        "local first image ms": round((marks["first"] - started) * 1000, 1),
        "local all images ms": round((marks["all"] - started) * 1000),
        "GUI gap while loading, median ms": round(statistics.median(gaps), 2),
        "GUI gap while loading, longest ms": round(max(gaps[1:]), 1),
        "GUI gap less the wait for a core, longest ms": round(max(ours[1:]), 1),
        "GUI gaps over 20 ms less the wait for a core": sum(gap > LONGEST_STALL_MS for gap in ours[1:]),
        "GUI thread's own work between two beats, longest ms": round(max(busy[1:]), 1),
        "page fps, one viewport": round(1000 / statistics.median(scroll)),
        "window drag fps, one viewport": round(1000 / statistics.median(windows)),
        "longest paint ms": round(max(scroll + windows), 1),
        "page fps, four viewports": round(1000 / statistics.median(fours)),
    }


def run_delay(thread: int) -> float:
    """Seconds that a thread of this process was ready and had no core; 0 where the system does not tell.

    A beat that is late although the thread had its core waited for us: own work, or the interpreter held by a worker
    (which may itself have lost its core, so that a busy machine still shows in the figure).
    """
    try:
        return int(Path(f"/proc/self/task/{thread}/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def _timed(work) -> float:  # type: ignore[no-untyped-def]
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def over_server(files: Path, data: Path) -> dict[str, object]:
    """Send by dcmsend, open by a workstation's link: warm (process waits), then cold (process starts)."""
    import queue

    from clients.kit.viewer_link import AllLoaded, FirstImage, ViewerEvent, ViewerLink
    from shared.contract.archive import GetStudy
    from shared.contract.errors import RpcError
    from shared.contract.hanging import DescribeForHanging
    from tests.clients.viewer.viewer_builders import ROOT
    from tests.server_process import start_server

    server = start_server(data)
    figures: dict[str, object] = {}
    try:
        count = len(list(files.iterdir()))
        subprocess.run(
            ["dcmsend", "127.0.0.1", str(server.dicom_port), "-aec", "MINGJING", "+sd", str(files)],
            check=True,
            capture_output=True,
        )
        client = server.client()
        while True:
            try:
                if client.call(GetStudy(study_uid=f"{ROOT}.9")).row.instance_count == count:
                    break
            except RpcError:
                pass
            time.sleep(0.1)
        client.call(DescribeForHanging(study_uids=(f"{ROOT}.9",)))  # the first reader after a start waits for imports
        for name, warm in (("warm", True), ("cold", False)):
            heard: queue.Queue[ViewerEvent] = queue.Queue()
            link = ViewerLink(server=str(server.connection), session=client.session, on_event=heard.put, folder=HOUSE)
            if warm:
                link.warm_up()
                time.sleep(3)
            clicked = time.perf_counter()
            link.open([f"{ROOT}.9"])
            while True:
                event = heard.get(timeout=60)
                since = round((time.perf_counter() - clicked) * 1000)
                if isinstance(event, FirstImage):
                    figures[f"server first image after the click, {name}, ms"] = since
                if isinstance(event, AllLoaded):
                    figures[f"server all images after the click, {name}, ms"] = since
                    break
            link.close()
        client.close()
    finally:
        server.stop()
    return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
