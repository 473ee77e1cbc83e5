"""The TaskRunner of real windows: worker threads outside, callbacks inside the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot

from clients.kit.running import Progress, Task, TaskCancelled, TaskOutcome

T = TypeVar("T")


class _QtTask:
    """One piece of work; its callbacks are only touched in the GUI thread."""

    def __init__(
        self,
        number: int,
        key: str | None,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        progress: Callable[[int, int, str], None] | None,
    ) -> None:
        self.number = number
        self.key = key
        self.done = done
        self.failed = failed
        self.progress_listener = progress
        self.outcome = TaskOutcome.RUNNING
        self.progress: Progress | None = None

    def cancel(self) -> None:
        if self.outcome is TaskOutcome.RUNNING:
            self.outcome = TaskOutcome.CANCELLED
            if self.progress is not None:
                self.progress.cancel()


class _Job(QRunnable):
    """Carries the work into the pool; speaks to the GUI thread only through the runner's signals."""

    def __init__(self, runner: QtTaskRunner, number: int, work: Callable[[Progress], Any], progress: Progress) -> None:
        super().__init__()
        self._runner = runner
        self._number = number
        self._work = work
        self._progress = progress

    def run(self) -> None:
        try:
            self._progress.check()
            result = self._work(self._progress)
        except TaskCancelled:
            self._runner.work_ended.emit(self._number, TaskOutcome.CANCELLED, None)
        except Exception as error:  # noqa: BLE001 - outermost loop of a worker thread: the presenter decides what it means
            self._runner.work_ended.emit(self._number, TaskOutcome.FAILED, error)
        else:
            self._runner.work_ended.emit(self._number, TaskOutcome.DONE, result)


class QtTaskRunner(QObject):
    """Runs work in a small thread pool of its own and calls back in the GUI thread.

    The signals end in bound methods of this QObject, which lives in the GUI thread; a lambda there would run in the
    worker (notes: signal receivers and threads). Closing a window must call `close`, which drops every callback.
    """

    work_ended = Signal(int, object, object)
    """task number, TaskOutcome, result or exception; emitted in a worker thread."""
    work_progressed = Signal(int, int, int, str)
    """task number, units done, units in all, what; emitted in a worker thread."""
    idle = Signal()
    """the last running task has ended."""

    def __init__(self, parent: QObject | None = None, *, threads: int = 4) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        self._tasks: dict[int, _QtTask] = {}
        self._by_key: dict[str, _QtTask] = {}
        self._number = 0
        self._closed = False
        self.work_ended.connect(self._on_ended)
        self.work_progressed.connect(self._on_progress)

    @property
    def busy(self) -> bool:
        """True while some work runs whose result is still wanted."""
        return any(task.outcome is TaskOutcome.RUNNING for task in self._tasks.values())

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        key: str | None = None,
    ) -> Task:
        """See TaskRunner.run; must be called in the GUI thread."""

        def without_progress(_progress: Progress) -> T:
            return work()

        return self.run_long(without_progress, done, failed, key=key)

    def run_long(
        self,
        work: Callable[[Progress], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        progress: Callable[[int, int, str], None] | None = None,
        key: str | None = None,
    ) -> Task:
        """See TaskRunner.run_long; must be called in the GUI thread."""
        self._number += 1
        number = self._number
        task = _QtTask(number, key, done, failed, progress)
        if self._closed:
            task.cancel()
            return task

        def forward(units: int, total: int, what: str) -> None:
            self.work_progressed.emit(number, units, total, what)

        task.progress = Progress(forward)
        if key is not None:
            self.cancel(key)
            self._by_key[key] = task
        self._tasks[number] = task
        self._pool.start(_Job(self, number, work, task.progress))
        return task

    def cancel(self, key: str) -> None:
        """Cancel the task that runs under `key`; its callbacks will not be called."""
        task = self._by_key.pop(key, None)
        if task is not None:
            task.cancel()

    def close(self, wait_ms: int = 5000) -> bool:
        """Drop all callbacks, ask all work to stop and wait for the threads; False if some work did not end in time."""
        self._closed = True
        for task in self._tasks.values():
            task.cancel()
        self._by_key.clear()
        self._pool.clear()
        ended = self._pool.waitForDone(wait_ms)
        self._tasks.clear()
        return ended

    @Slot(int, object, object)
    def _on_ended(self, number: int, outcome: TaskOutcome, result: Any) -> None:
        task = self._tasks.pop(number, None)
        if task is None:
            return
        if task.key is not None and self._by_key.get(task.key) is task:
            del self._by_key[task.key]
        if task.outcome is TaskOutcome.RUNNING:
            task.outcome = outcome
            if outcome is TaskOutcome.DONE:
                task.done(result)
            elif outcome is TaskOutcome.FAILED:
                task.failed(result)
        if not self._tasks:
            self.idle.emit()

    @Slot(int, int, int, str)
    def _on_progress(self, number: int, units: int, total: int, what: str) -> None:
        task = self._tasks.get(number)
        if task is not None and task.outcome is TaskOutcome.RUNNING and task.progress_listener is not None:
            task.progress_listener(units, total, what)
