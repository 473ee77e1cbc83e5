"""The in-hospital list of the ECG workstation with 12,000 exams, against one frame of 60 a second.

Run: python tests/benchmarks/bench_ecg_lists.py
The whole window of 1366x768 over a server in memory: from a click on the page to painted rows, one step of the wheel,
a jump to the end, and a notice of the server to the new rows. Milliseconds, and their share of the limit.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import msgspec
from PySide6.QtWidgets import QApplication

from clients.ecg.app import TITLE, make_pages
from clients.kit.app import Workstation, make_application, wear
from clients.kit.login import SignedIn
from shared.contract.base import Changed
from shared.contract.ecg import EcgList, ListEcgExams
from tests.clients.ecg.ecg_rows import a_session, an_exam
from tests.clients.ecg.fake_ecg import FakeEcg

COUNT = 12_000
FRAME_MS = 1000 / 60


def main() -> None:
    """Print every figure."""
    os.environ.setdefault("XDG_DATA_HOME", tempfile.mkdtemp())
    make_application()
    wear("light")
    hospital = FakeEcg()
    rows = [an_exam(number) for number in range(1, 41)]

    def many(request: ListEcgExams) -> EcgList:
        last = min(COUNT, request.page.offset + request.page.limit)
        found = [msgspec.structs.replace(rows[at % 40], id=at + 1) for at in range(request.page.offset, last)]
        return EcgList(total=COUNT, rows=tuple(found), counts={"acquired": COUNT})

    hospital.replies[ListEcgExams] = many
    window = Workstation(TITLE, make_pages(), lambda _server: hospital.connection)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(hospital.connection, a_session()))
    settle(window)

    begin, own = time.perf_counter(), time.thread_time()
    page = shell.go_to("in_hospital")
    until(lambda: page.list.model.row(0) is not None)
    page.list.table.viewport().repaint()
    tell("click on the page to painted rows", [(time.perf_counter() - begin) * 1000], 300)
    tell("  the GUI thread's own processor time", [(time.thread_time() - own) * 1000], 300)
    settle(window)

    bar = page.list.table.verticalScrollBar()
    steps = [timed(lambda n=n: move(page, n)) for n in range(1, 301)]
    tell("one step of the wheel, painted", [wall for wall, _own in steps], FRAME_MS)
    tell("  the GUI thread's own processor time", [own for _wall, own in steps], FRAME_MS)
    jumps = []
    for place in (bar.maximum(), 0, bar.maximum() // 2, bar.maximum() // 3):
        begin = time.perf_counter()
        bar.setValue(place)
        until(lambda: page.list.model.row(min(COUNT - 1, bar.value())) is not None)
        page.list.table.viewport().repaint()
        jumps.append((time.perf_counter() - begin) * 1000)
    tell("jump to rows never seen, painted", jumps, 300)
    generation = page.presenter.state.generation
    begin = time.perf_counter()
    hospital.connection.send_notice(Changed(entity="ecg_exam", id=5, version=2))
    until(lambda: page.presenter.state.generation > generation)
    settle(window)
    tell("notice of the server to new rows", [(time.perf_counter() - begin) * 1000], 1000)
    window.close()


def move(page: object, step: int) -> None:
    """One step of the wheel."""
    table = page.list.table  # type: ignore[attr-defined]
    table.verticalScrollBar().setValue(step * 3)
    table.viewport().repaint()
    QApplication.processEvents()


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Milliseconds of some work by the clock on the wall, and of this thread on the processor."""
    begin, own = time.perf_counter(), time.thread_time()
    work()
    return (time.perf_counter() - begin) * 1000, (time.thread_time() - own) * 1000


def until(holds: Callable[[], object]) -> None:
    """Process events until something holds."""
    deadline = time.perf_counter() + 20
    while not holds():
        QApplication.processEvents()
        if time.perf_counter() > deadline:
            raise TimeoutError
        time.sleep(0.001)


def settle(window: Workstation) -> None:
    """Wait until no work runs."""
    until(lambda: not window.runner.busy)
    QApplication.processEvents()


def tell(what: str, taken: list[float], limit: float) -> None:
    """One line: median and 95 % of the repetitions, and the share of the limit."""
    ordered = sorted(taken)
    worst = ordered[int(len(ordered) * 0.95)] if len(ordered) > 1 else ordered[0]
    median = statistics.median(taken)
    print(
        f"{what:40} median {median:7.1f} ms  95 % {worst:7.1f} ms  limit {limit:6.1f} ms  share {median / limit:5.2f}"
    )


if __name__ == "__main__":
    main()
