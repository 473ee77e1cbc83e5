"""How fast the list is with 100,000 rows: filling, scrolling, refreshing, sorting.

Run: python tests/benchmarks/bench_lists.py
Prints one line per figure: median and worst of the repetitions in milliseconds, on a window of 1366x768 pixels.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtWidgets import QApplication

from clients.kit import gallery_data as data
from clients.kit.app import make_application
from clients.kit.lists import ListView
from clients.kit.paging import PageOfRows, PageRequest, Sort
from clients.kit.running import ImmediateRunner
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName

COUNT = 100_000


def measure(name: str, times: int, step: Callable[[int], None]) -> dict[str, float]:
    """Milliseconds of `times` runs of `step`, painted to the end."""
    taken = []
    for n in range(times):
        begin = time.perf_counter()
        step(n)
        QApplication.processEvents()
        taken.append((time.perf_counter() - begin) * 1000)
    figures = {"median": statistics.median(taken), "worst": max(taken)}
    print(f"{name:42} median {figures['median']:8.2f} ms   worst {figures['worst']:8.2f} ms   n={times}")
    return figures


def a_list() -> ListView:
    """A list as wide as the window, with badges, marks and row actions."""
    view = ListView(
        data.WORKLIST_COLUMNS,
        row_id=lambda row: row.id,
        actions=data.WORKLIST_ACTIONS,
        runner=ImmediateRunner(),
    )
    view.resize(1366, 768)
    view.show()
    return view


def main() -> dict[str, dict[str, float]]:
    """All figures by name."""
    make_application()
    apply_theme(ThemeName.LIGHT)
    rows = data.sample_exams(COUNT)

    def fetch(request: PageRequest) -> PageOfRows[data.SampleExam]:
        return PageOfRows(rows[request.offset : request.offset + request.limit], COUNT)

    figures = {}
    paged = a_list()
    figures["fill"] = measure("first page of 100,000 rows", 1, lambda _n: paged.set_source(fetch))
    bar = paged.table.verticalScrollBar()
    figures["scroll"] = measure("scroll by one screen (windows fetched)", 100, lambda n: bar.setValue(n * 700))
    figures["jump"] = measure("jump anywhere", 50, lambda n: bar.setValue((n * 7919 * 32) % bar.maximum()))
    figures["wheel"] = measure("scroll by three rows", 200, lambda _n: bar.setValue(bar.value() + 96))
    figures["refresh"] = measure("refresh, selection kept", 50, lambda _n: paged.refresh())
    figures["repaint"] = measure("repaint of a full screen", 50, lambda _n: paged.table.viewport().repaint())
    whole = a_list()
    figures["whole"] = measure("set 100,000 rows in memory", 3, lambda _n: whole.set_rows(rows))
    figures["sort"] = measure(
        "sort 100,000 rows in memory", 4, lambda n: whole.sort_by(Sort("exam_number", descending=bool(n % 2)))
    )
    paged.close()
    whole.close()
    return figures


if __name__ == "__main__":
    main()
