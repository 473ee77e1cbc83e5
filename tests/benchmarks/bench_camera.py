"""The camera bench: 1080p at 30 pictures a second from time stamp to paint, captures while it runs, safe on the server.

python tests/benchmarks/bench_camera.py [--seconds 15] [--captures 40] [--record]

Limits: 100 ms to the screen (p99), no capture dropped, on the server within 1 s (p99). The server is a process of its
own on this machine with its real database, disk and sockets. Prints figures and their ratio to the limit.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.pop("DISPLAY", None)

import cv2
import numpy as np
from PySide6.QtWidgets import QApplication

from clients.kit.camera.live_view import LiveView
from clients.kit.camera.virtual_live import VirtualCamera, VirtualLiveCameras
from clients.kit.sealed_files import SealedFiles
from clients.kit.server_connection import ServerConnection
from clients.kit.settings import UserSettings
from clients.kit.sound.virtual_microphones import VirtualMicrophones
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.pathology.media.bench import CaptureBench
from clients.pathology.media.journal import CaptureJournal
from clients.pathology.media.tab import OpenSubject
from shared.contract.pathology import CaseEntry, ListLibraries, RegisterCase
from shared.contract.pathology_media import ListMedia
from tests.server_process import running_server

LATENCY_LIMIT_S, SAFE_LIMIT_S = 0.1, 1.0


def tissue(seed: int) -> Any:
    """1080p with the detail of a stained section: noise under blobs, about 1 MB as JPEG 95."""
    chance = np.random.default_rng(seed)
    ground = cv2.resize(chance.integers(150, 235, (270, 480, 3), np.uint8), (1920, 1080))
    for x, y, radius in chance.integers((0, 0, 3), (1920, 1080, 14), (2500, 3)):
        cv2.circle(ground, (int(x), int(y)), int(radius), (140, 60, 110), -1, cv2.LINE_AA)
    return cv2.add(ground, chance.integers(0, 18, ground.shape, np.uint8))


class Run:
    """One bench on one server."""

    def __init__(self, connection: str, password: str, folder: Path) -> None:
        self.line = ServerConnection(connection)
        self.line.login("admin", password)
        library = self.line.call(ListLibraries())[0].id
        entry = CaseEntry(patient_name="张三")
        self.case_id = self.line.call(RegisterCase(library_id=library, entry=entry)).case.id
        camera = VirtualCamera("Virtual 1080p", [tissue(seed) for seed in range(6)], 30.0)
        settings = UserSettings(folder / "settings.json")
        journal = CaptureJournal(SealedFiles.for_user("admin", "captures", folder))
        self.clicked: list[float] = []
        self.safe: dict[str, float] = {}
        self.asked: dict[str, float] = {}
        self.bench = CaptureBench(
            VirtualLiveCameras(camera), VirtualMicrophones(), journal, self.line.call, settings, self._click
        )
        self.bench.subject = OpenSubject(self.case_id, False)
        self.bench.captured.connect(lambda key, _facts, _small: self.asked.setdefault(key, time.monotonic()))
        self.bench.confirmed.connect(lambda key, _view: self.safe.setdefault(key, time.monotonic()))
        self.view = LiveView(self.bench.grabber)
        self.view.latencies = type(self.view.latencies)(maxlen=100_000)
        self.view.resize(1280, 720)
        self.view.show()

    def _click(self) -> None:
        self.clicked.append(time.monotonic())


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def turn(app: QApplication, until: Any, limit_s: float) -> None:
    end = time.monotonic() + limit_s
    while not until() and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.001)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--captures", type=int, default=40)
    parser.add_argument("--record", action="store_true", help="record a video all the while")
    options = parser.parse_args()
    app = QApplication([])
    apply_theme(ThemeName.LIGHT)
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder) / "data") as server:
        run = Run(str(server.connection), server.admin_password, Path(folder) / "client")
        run.bench.set_live(True)
        turn(app, lambda: run.view.frame is not None, 20)
        run.view.latencies.clear()
        first = run.view.frame.number if run.view.frame else 0
        started, processor = time.monotonic(), time.process_time()
        if options.record:
            run.bench.start_video()
        asked_at: list[float] = []
        pause = options.seconds / max(options.captures, 1)

        def step() -> bool:
            if len(asked_at) < options.captures and time.monotonic() - started >= pause * (len(asked_at) + 0.5):
                asked_at.append(time.monotonic())
                run.bench.capture(run.view.frame)
            return time.monotonic() - started >= options.seconds

        turn(app, step, options.seconds + 5)
        shown = list(run.view.latencies)
        wall, processor = time.monotonic() - started, time.process_time() - processor
        last = run.view.frame.number if run.view.frame else 0
        recording = run.bench.recording
        if recording is not None:
            run.bench.stop_video()
        turn(app, lambda: len(run.safe) >= options.captures + (recording is not None), 60)
        images = [key for key in run.asked if key in run.safe][: options.captures]
        clicks = [click - asked for click, asked in zip(run.clicked, asked_at, strict=False)]
        safe = [run.safe[key] - asked for key, asked in zip(images, asked_at, strict=False)]
        kept = len(run.line.call(ListMedia(case_id=run.case_id)))
        run.bench.close()
        run.line.close()
    videos = int(recording is not None)
    paint_p99, safe_p99 = percentile(shown, 0.99), percentile(safe, 0.99)
    print(
        f"1080p: {len(shown)} of {last - first} frames shown in {wall:.1f} s, {100 * processor / wall:.0f} % of a core"
    )
    print(f"stamp to paint: median {ms(statistics.median(shown))}, p99 {ms(paint_p99)}, most {ms(max(shown))}")
    print(f"  p99 is {paint_p99 / LATENCY_LIMIT_S:.2f} of the limit")
    print(f"captures: {options.captures} asked, {len(run.clicked) - videos} clicked, {kept - videos} on the server")
    print(f"click after: median {ms(statistics.median(clicks))}, p99 {ms(percentile(clicks, 0.99))}")
    print(f"safe on the server after: median {ms(statistics.median(safe))}, p99 {ms(safe_p99)}")
    print(f"  p99 is {safe_p99 / SAFE_LIMIT_S:.2f} of the limit")
    if recording is not None:
        print(f"video: {recording.written} frames written, {recording.dropped} left out")


def ms(seconds: float) -> str:
    """Milliseconds."""
    return f"{seconds * 1000:.0f} ms"


if __name__ == "__main__":
    main()
