"""Opening the ECG reading page on a real window (offscreen) and a real server: from the click to the drawn trace.

    python -m tests.benchmarks.bench_ecg_reading [--rounds 15]

Bar: at most 300 ms with 12 leads of 10 s. The phases are those of one opening: building the page, the answer of the
server with the record unpacked (in a worker, beside the building), drawing and painting. History tabs are switched and
a comparison is made as well.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from clients.ecg.reading import traces
from clients.ecg.reading.state import Drawn
from clients.ecg.trace.canvas import Canvas
from clients.kit.app import make_application
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from tests.clients.ecg.reading.reading_server import RealHouse, Seat
from tests.server_process import running_server

BAR_MS = 300.0


class Clock:
    """When the phases of one opening ended."""

    def __init__(self) -> None:
        self.marks: dict[str, float] = {}
        self.processor: dict[str, float] = {}

    def mark(self, name: str) -> None:
        if name not in self.marks:
            self.marks[name] = time.perf_counter()
            self.processor[name] = time.process_time()


def until(app: QApplication, holds: Callable[[], bool], limit_s: float = 20) -> None:
    """Run the event loop until something holds; it sleeps between events, as a workstation does."""
    end = time.perf_counter() + limit_s
    while not holds():
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.perf_counter() > end:
            raise TimeoutError


def figures(label: str, seconds: list[float], bar: bool = False) -> None:
    """Print median, 95th percentile and most; with the ratio to the bar."""
    ordered = sorted(seconds)
    middle = ordered[len(ordered) // 2] * 1000
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] * 1000
    ratio = f"   {middle / BAR_MS:.2f} of the bar of {BAR_MS:.0f} ms" if bar else ""
    print(f"{label:44} median {middle:7.1f} ms   p95 {p95:7.1f} ms   most {ordered[-1] * 1000:7.1f} ms{ratio}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    app = make_application()
    apply_theme(ThemeName.LIGHT)
    beat = QTimer()  # so that a wait that nothing ends is noticed
    beat.start(200)
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder) / "data") as server:
        house = RealHouse(server)
        exams = [house.exam(820.0 + 10 * number) for number in range(options.rounds + 1)]
        seat = Seat(house, Path(folder))
        phases: dict[str, list[float]] = {}
        for number, exam_id in enumerate(exams):
            times, history, comparison = one_opening(app, seat, exam_id, exams[0])
            if number == 0:
                print(f"first opening of the program (libraries are loaded): {times['painted'] * 1000:.0f} ms")
                continue
            for name, value in (*times.items(), ("history", history), ("comparison", comparison)):
                phases.setdefault(name, []).append(value)
        seat.close()
        house.close()
    figures("page built", phases["built"])
    figures("record here and unpacked (worker)", phases["fetched"])
    figures("trace handed to the paper", phases["drawn"])
    figures("click to painted trace", phases["painted"], bar=True)
    figures("the same, processor of the workstation", phases["processor"], bar=True)
    figures("click to report and history", phases["whole"])
    figures("history tab to its trace", phases["history"])
    figures("comparison, numbers and words", phases["comparison"])


def one_opening(app: QApplication, seat: Seat, exam_id: int, other: int) -> tuple[dict[str, float], float, float]:
    """Open, wait for everything, switch to the history, compare, close; seconds from the click of each phase."""
    clock = Clock()
    fetch, paint = traces.fetch, Canvas.paintEvent

    def fetching(*given: object, **named: object) -> Drawn:
        found = fetch(*given, **named)  # type: ignore[arg-type]
        clock.mark("fetched")
        return found

    def painting(canvas: Canvas, event: object) -> None:
        paint(canvas, event)  # type: ignore[arg-type]
        if "drawn" in clock.marks:
            clock.mark("painted")

    traces.fetch, Canvas.paintEvent = fetching, painting  # type: ignore[assignment,method-assign]
    try:
        start, worked = time.perf_counter(), time.process_time()
        page = seat.read(exam_id)
        clock.mark("built")
        show_trace = page.show_trace

        def showing(drawn: Drawn | None) -> None:
            show_trace(drawn)
            if drawn is not None:
                clock.mark("drawn")

        page.show_trace = showing  # type: ignore[method-assign]
        until(app, lambda: "painted" in clock.marks)
        until(app, lambda: page.presenter.state.page is not None and bool(page.presenter.state.history))
        clock.mark("whole")
    finally:
        traces.fetch, Canvas.paintEvent = fetch, paint  # type: ignore[method-assign]
    times = {name: at - start for name, at in clock.marks.items()}
    times["processor"] = clock.processor["painted"] - worked
    history = comparison = 0.0
    if exam_id != other:
        begun = time.perf_counter()
        page.presenter.show_past(other)
        until(app, lambda: page.presenter.state.past is not None and page.presenter.state.past.drawn is not None)
        app.processEvents()
        history = time.perf_counter() - begun
        page.presenter.show_own()
        begun = time.perf_counter()
        page.comparing.open()
        content = page.comparing.content
        until(app, lambda: content is not None and content.table.rowCount() > 0)
        comparison = time.perf_counter() - begun
        page.comparing.close()
    seat.leave(page)
    app.processEvents()
    return times, history, comparison


if __name__ == "__main__":
    main()
