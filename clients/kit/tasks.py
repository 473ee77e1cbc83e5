"""The TaskRunner of real windows: worker threads outside, callbacks inside the GUI thread."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

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


class _Workers:
    """A few daemon threads, started when there is work for them.

    Plain threads and not Qt's pool: a QRunnable is deleted by the pool's thread while Python still knows it, and the
    next garbage collection then crashes the interpreter.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Condition()
        self._jobs: deque[Callable[[], None]] = deque()
        self._idle = 0
        self._busy = 0
        self._threads = 0
        self._closed = False

    def start(self, job: Callable[[], None]) -> None:
        """Run `job` as soon as a thread is free; jobs never raise."""
        with self._lock:
            self._jobs.append(job)
            if self._idle < len(self._jobs) and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._loop, name=f"task {self._threads}", daemon=True).start()
            self._lock.notify()

    def close(self, timeout_s: float) -> bool:
        """Drop what has not begun, wait for what has; False if some of it did not end in time."""
        with self._lock:
            self._closed = True
            self._jobs.clear()
            self._lock.notify_all()
            return self._lock.wait_for(lambda: self._busy == 0, timeout_s)

    def _loop(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
                while not self._jobs and not self._closed:
                    self._lock.wait()
                self._idle -= 1
                if self._closed:
                    self._threads -= 1
                    return
                job = self._jobs.popleft()
                self._busy += 1
            job()
            del job  # what the job holds must not live on in a waiting thread
            with self._lock:
                self._busy -= 1
                self._lock.notify_all()


class QtTaskRunner(QObject):
    """Runs work in a few threads of its own and calls back in the GUI thread.

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
        self._workers = _Workers(threads)
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
        self._workers.start(partial(self._work, number, work, task.progress))
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
        ended = self._workers.close(wait_ms / 1000)
        self._tasks.clear()
        return ended

    def _work(self, number: int, work: Callable[[Progress], Any], progress: Progress) -> None:
        """In a worker thread: do it and say how it ended."""
        outcome, result = TaskOutcome.DONE, None
        try:
            progress.check()
            result = work(progress)
        except TaskCancelled:
            outcome = TaskOutcome.CANCELLED
        except Exception as error:  # noqa: BLE001 - outermost loop of a worker thread: the presenter decides what it means
            outcome, result = TaskOutcome.FAILED, error
        with contextlib.suppress(RuntimeError):  # the window went away meanwhile, and this object with it
            self.work_ended.emit(number, outcome, result)

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
