"""A doctor who types without end into one report: the report page's real presenter, journal and line, without a screen.

Arguments: connection string, draft folder, report id, password. Says on standard output, one line each, unbuffered:
`restored EPOCH COUNT`, `typed EPOCH COUNT SECONDS` after each stroke, `saved EPOCH COUNT` when the server answered.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import queue
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients.diagnosis.ports import NoViewer
from clients.diagnosis.report.presenter import ReportPresenter
from clients.diagnosis.report.state import ReportPageState, Trouble
from clients.kit.drafts import DraftStore
from clients.kit.messages import CollectedMessages
from clients.kit.server_connection import ServerConnection
from shared.domain.rich_text import plain
from shared.domain.states import ReportAction

STROKE_S = 0.004
HURRY = 10
"""How much sooner than on screen the text is saved by itself: many saves fall into a short life."""
LONGEST = 1500
"""Characters after which a new text is begun."""
_TEXT = re.compile(r"第(\d+)稿：(x*)")


def text_of(epoch: int, count: int) -> str:
    """Return the findings after `count` strokes."""
    return f"<p>第{epoch}稿：{'x' * count}</p>"


def strokes_in(findings: str) -> tuple[int, int]:
    """Return epoch and strokes of findings; (0, 0) of an empty text. Raises ValueError for any other text."""
    words = plain(findings)
    found = _TEXT.fullmatch(words)
    if found is None and words:
        raise ValueError(f"nobody typed {words[:60]!r}")
    return (int(found[1]), len(found[2])) if found else (0, 0)


class Loop:
    """Timers and answers in one thread, as a window's event loop has them; is the presenter's `later` and runner."""

    def __init__(self) -> None:
        self._answers: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def __call__(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        entry = (time.monotonic() + seconds / HURRY, next(self._numbers), work)
        heapq.heappush(self._timers, entry)

        def take_back() -> None:
            if entry in self._timers:
                self._timers.remove(entry)
                heapq.heapify(self._timers)

        return take_back

    def run(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        **_options: Any,
    ) -> None:
        """Do work in a thread, its end in this one."""

        def call() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - whatever the work raises is the presenter's to judge
                told = error
                self._answers.put(lambda: failed(told))
            else:
                self._answers.put(lambda: done(result))

        threading.Thread(target=call, daemon=True).start()

    def turn(self, seconds: float) -> None:
        """Wait and do what is due."""
        end = time.monotonic() + seconds
        while True:
            while self._timers and self._timers[0][0] <= time.monotonic():
                heapq.heappop(self._timers)[2]()
            with contextlib.suppress(queue.Empty):
                self._answers.get(timeout=max(0.0, min(seconds, end - time.monotonic())))()
            if time.monotonic() >= end:
                return


def say(*words: object) -> None:
    """Write a line at once."""
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


def main() -> None:
    """Open the report, tell what came back, type until killed."""
    server, drafts, report_id, password = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    line = ServerConnection(server)
    line.login("li", password)
    loop = Loop()
    saved: tuple[int, int] = (0, 0)

    def show(state: ReportPageState) -> None:
        nonlocal saved
        if state.report is None or state.saved_at is None:
            return
        now = strokes_in(state.report.content.findings)  # what the server said it holds
        if now > saved:
            saved = now
            say("saved", *now)

    presenter = ReportPresenter(
        line,
        loop,  # type: ignore[arg-type]  # a runner whose tasks nobody cancels
        CollectedMessages(),
        DraftStore.for_user("li", drafts),
        NoViewer(),
        loop,
        show,
        lambda: None,
        lambda _pdf: None,
    )
    presenter.open(report_id, ReportAction.WRITE)
    while not presenter.state.may_edit:
        loop.turn(0.01)
    obstacle = presenter.state.obstacle
    mine = strokes_in(presenter.state.content.findings)
    if obstacle is not None and obstacle.other is not None and strokes_in(obstacle.other.findings) > mine:
        mine = strokes_in(obstacle.other.findings)
        presenter.take_theirs()
    elif obstacle is not None and obstacle.kind is Trouble.STALE:
        presenter.take_mine()
    say("restored", *mine)
    epoch, count = mine
    if epoch == 0 or count > LONGEST:
        epoch, count = epoch + 1, 0
    while True:
        loop.turn(STROKE_S)
        count += 1
        presenter.edit(findings=text_of(epoch, count))
        say("typed", epoch, count, time.monotonic())


if __name__ == "__main__":
    main()
