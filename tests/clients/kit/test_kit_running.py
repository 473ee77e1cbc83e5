"""Task runners: results come back in the right thread, the newest wins, cancelled work stays silent."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from clients.kit.running import HeldRunner, ImmediateRunner, Progress, TaskOutcome, TaskRunner
from clients.kit.tasks import QtTaskRunner


class Heard:
    def __init__(self) -> None:
        self.done: list[object] = []
        self.failed: list[Exception] = []
        self.threads: list[threading.Thread] = []

    def on_done(self, result: object) -> None:
        self.done.append(result)
        self.threads.append(threading.current_thread())

    def on_failed(self, error: Exception) -> None:
        self.failed.append(error)
        self.threads.append(threading.current_thread())


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[QtTaskRunner]:
    made = QtTaskRunner()
    yield made
    assert made.close()


def test_results_come_back_in_the_gui_thread(qtbot: QtBot, runner: QtTaskRunner) -> None:
    heard = Heard()
    worked_in: list[threading.Thread] = []

    def work() -> int:
        worked_in.append(threading.current_thread())
        return 7

    with qtbot.waitSignal(runner.idle, timeout=30_000):
        runner.run(work, heard.on_done, heard.on_failed)
    assert heard.done == [7]
    assert heard.threads == [threading.main_thread()]
    assert worked_in[0] is not threading.main_thread()


def test_failures_come_back_in_the_gui_thread(qtbot: QtBot, runner: QtTaskRunner) -> None:
    heard = Heard()

    def work() -> int:
        raise LookupError("nothing there")

    with qtbot.waitSignal(runner.idle, timeout=30_000):
        runner.run(work, heard.on_done, heard.on_failed)
    assert [type(e) for e in heard.failed] == [LookupError]
    assert heard.threads == [threading.main_thread()]


def test_the_newest_task_of_a_key_wins(qtbot: QtBot, runner: QtTaskRunner) -> None:
    heard = Heard()
    go = threading.Event()

    def slow() -> str:
        assert go.wait(40)
        return "old"

    old = runner.run(slow, heard.on_done, heard.on_failed, key="list")
    runner.run(lambda: "new", heard.on_done, heard.on_failed, key="list")
    go.set()
    with qtbot.waitSignal(runner.idle, timeout=30_000):
        pass
    assert heard.done == ["new"]
    assert old.outcome is TaskOutcome.CANCELLED


def test_cancelled_work_that_reports_progress_stops(qtbot: QtBot, runner: QtTaskRunner) -> None:
    heard = Heard()
    started, stopped = threading.Event(), threading.Event()

    def work(progress: Progress) -> None:
        started.set()
        try:
            while True:
                progress.check()
                stopped.wait(0.01)
        finally:
            stopped.set()

    task = runner.run_long(work, heard.on_done, heard.on_failed)
    assert started.wait(40)
    task.cancel()
    assert stopped.wait(40)
    qtbot.waitUntil(lambda: not runner.busy, timeout=30_000)
    assert heard.done == [] and heard.failed == []


def test_progress_arrives_in_order_in_the_gui_thread(qtbot: QtBot, runner: QtTaskRunner) -> None:
    heard = Heard()
    steps: list[tuple[int, int, str, threading.Thread]] = []

    def work(progress: Progress) -> None:
        for n in range(3):
            progress.report(n + 1, 3, "page")

    with qtbot.waitSignal(runner.idle, timeout=30_000):
        runner.run_long(
            work,
            heard.on_done,
            heard.on_failed,
            progress=lambda d, t, w: steps.append((d, t, w, threading.current_thread())),
        )
    assert [(d, t, w) for d, t, w, _ in steps] == [(1, 3, "page"), (2, 3, "page"), (3, 3, "page")]
    assert {thread for *_, thread in steps} == {threading.main_thread()}


def test_a_closed_runner_calls_nobody(qtbot: QtBot) -> None:
    runner = QtTaskRunner()
    heard = Heard()
    go = threading.Event()
    runner.run(lambda: go.wait(40), heard.on_done, heard.on_failed)
    go.set()
    assert runner.close()
    runner.run(lambda: 1, heard.on_done, heard.on_failed)
    qtbot.wait(20)
    assert heard.done == []


@pytest.mark.parametrize("make", [ImmediateRunner, HeldRunner])
def test_runners_of_tests_keep_the_promises_of_the_port(make: type[ImmediateRunner] | type[HeldRunner]) -> None:
    runner: TaskRunner = make()
    heard = Heard()

    def bad() -> int:
        raise ValueError("bad")

    runner.run(lambda: 1, heard.on_done, heard.on_failed)
    runner.run(bad, heard.on_done, heard.on_failed)
    if isinstance(runner, HeldRunner):
        assert heard.done == []
        runner.release()
    assert heard.done == [1]
    assert [type(e) for e in heard.failed] == [ValueError]


def test_the_held_runner_lets_the_newest_of_a_key_win() -> None:
    runner = HeldRunner()
    heard = Heard()
    runner.run(lambda: "old", heard.on_done, heard.on_failed, key="k")
    runner.run(lambda: "new", heard.on_done, heard.on_failed, key="k")
    assert runner.waiting == 1
    runner.release()
    assert heard.done == ["new"]
