"""The report page on a real window (offscreen) and a real server: opening, going to the next patient, typing.

    python -m tests.benchmarks.bench_report_page [--rounds 15] [--strokes 400]

Bars: from opening an exam to typing at most 300 ms, to the next patient at most 500 ms, a stroke on the screen within
16 ms at the 95th percentile in a report of twenty pages.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from clients.diagnosis.app import Diagnosis, make_pages
from clients.diagnosis.ports import NoViewer
from clients.diagnosis.report.view import ReportPage
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from shared.contract.identity import CreateUser
from shared.contract.reporting import ListReports
from shared.domain.states import ReportAction
from tests.clients.diagnosis.test_diagnosis_journey import PASSWORD, scan_a_patient
from tests.server_process import running_server

PARAGRAPH = "<p>双肺纹理走行自然，<b>右肺上叶尖段</b>见一磨玻璃结节，大小约 8mm×6mm，边界清楚，胸膜未见凹陷。</p>"
TWENTY_PAGES = PARAGRAPH * (20 * 22)
"""A page of A4 holds about 22 such paragraphs of two lines."""


def until(app: QApplication, holds: Callable[[], bool], limit_s: float = 20) -> None:
    """Run the event loop until something holds."""
    end = time.perf_counter() + limit_s
    while not holds():
        app.processEvents()
        if time.perf_counter() > end:
            raise TimeoutError


def figures(label: str, seconds: list[float]) -> None:
    """Print median, 95th percentile and most."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    print(
        f"{label:34} median {ordered[len(ordered) // 2] * 1000:7.1f} ms   p95 {p95 * 1000:7.1f} ms   "
        f"most {ordered[-1] * 1000:7.1f} ms   ({len(ordered)})"
    )


def strokes(app: QApplication, page: ReportPage, count: int) -> tuple[list[float], list[float]]:
    """Type in the middle of the findings; each stroke until it is painted, by the clock and by the thread's work."""
    editor = page.findings
    cursor = editor.textCursor()
    cursor.setPosition(editor.document().characterCount() // 2)
    cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
    editor.setTextCursor(cursor)
    editor.setFocus()
    editor.ensureCursorVisible()
    app.processEvents()
    taken, worked = [], []
    for number in range(count):
        begun, before = time.perf_counter(), time.thread_time()
        if number % 40 == 39:
            QTest.keyClick(editor, Qt.Key.Key_Return)
        else:
            QTest.keyClicks(editor, "a")
        app.processEvents()
        editor.viewport().repaint()
        taken.append(time.perf_counter() - begun)
        worked.append(time.thread_time() - before)
        pause = time.perf_counter() + 0.03
        while time.perf_counter() < pause:
            app.processEvents()
    return taken, worked


def main() -> None:
    """Run the bench and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--strokes", type=int, default=400)
    options = parser.parse_args()
    app = make_application()
    make_pages()  # registers the words
    apply_theme(ThemeName.DARK)
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder) / "data") as server:
        os.environ["XDG_DATA_HOME"] = folder
        admin = server.client()
        admin.call(CreateUser(login="li", name="李医生", password=PASSWORD, roles=("doctor",)))
        slices = Path(folder) / "slices"
        slices.mkdir()
        for _ in range(3):
            scan_a_patient(admin, server, slices)
        end = time.monotonic() + 60
        while len(rows := admin.call(ListReports()).rows) < 3 and time.monotonic() < end:
            time.sleep(0.05)
        ids = [row.id for row in rows]
        diagnosis = Diagnosis(lambda *_: NoViewer())
        window = Workstation("bench", diagnosis.pages(), ServerConnection)
        window.resize(1920, 1080)
        window.show()
        line = ServerConnection(str(server.connection))
        shell = window.sign_in_with(SignedIn(line, line.login("li", PASSWORD)))
        until(app, lambda: not window.runner.busy)

        def types(report_id: int) -> bool:
            state: Any = diagnosis.report.state if diagnosis.report is not None else None
            return state is not None and state.may_type and state.report.row.id == report_id

        until(app, lambda: shell.page_widget("report") is not None)  # it is prepared while the list is read
        until(app, lambda: not window.runner.busy)
        opened, switched = [], []
        for number in range(options.rounds):
            shell.go_to("worklist")
            until(app, lambda: not window.runner.busy)
            wanted = ids[number % len(ids)]
            begun = time.perf_counter()
            diagnosis.enter(wanted, ReportAction.WRITE)
            until(app, lambda wanted=wanted: types(wanted))
            app.processEvents()
            opened.append(time.perf_counter() - begun)
            until(app, lambda: not window.runner.busy)
            following = ids[(number + 1) % len(ids)]
            begun = time.perf_counter()
            diagnosis.enter(following, ReportAction.WRITE)
            until(app, lambda following=following: types(following))
            app.processEvents()
            switched.append(time.perf_counter() - begun)
            until(app, lambda: not window.runner.busy)
        figures("opening an exam to typing (first)", opened[:1])
        figures("opening an exam to typing", opened)
        figures("to the next patient", switched)
        page = shell.page_widget("report")
        assert isinstance(page, ReportPage)
        taken, worked = strokes(app, page, options.strokes // 2)
        figures("a stroke, empty report", taken)
        figures("  of it the window's own work", worked)
        page.presenter.put_text(TWENTY_PAGES, "<p>结节。</p>")
        until(app, lambda: not window.runner.busy)
        taken, worked = strokes(app, page, options.strokes)
        figures("a stroke, twenty pages", taken)
        figures("  of it the window's own work", worked)
        page.presenter.reset()
        page.presenter.save()
        until(app, lambda: not window.runner.busy)
        window.close()
        admin.close()


if __name__ == "__main__":
    main()
