"""How presenters hand work to another thread without knowing Qt: the TaskRunner port and the runner tests use."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class TaskCancelled(Exception):
    """Raised inside work that asked `Progress.check` after somebody cancelled it."""


class TaskOutcome(enum.Enum):
    """Where a task stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Progress:
    """What long work reports through and looks at: how far it is, and whether it should stop; safe from any thread."""

    def __init__(self, listener: Callable[[int, int, str], None] | None = None) -> None:
        self._listener = listener
        self._stop = threading.Event()

    @property
    def cancelled(self) -> bool:
        """True once somebody asked the work to stop."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Ask the work to stop at its next `check`."""
        self._stop.set()

    def check(self) -> None:
        """Raise TaskCancelled if the work was asked to stop."""
        if self._stop.is_set():
            raise TaskCancelled

    def report(self, done: int, total: int, what: str = "") -> None:
        """Say that `done` of `total` units are finished; also a point at which cancelled work stops."""
        self.check()
        if self._listener is not None:
            self._listener(done, total, what)


class Task(Protocol):
    """The handle of running work."""

    @property
    def outcome(self) -> TaskOutcome:
        """Where the task stands, as seen from the thread that started it."""
        ...

    def cancel(self) -> None:
        """Forget the result: neither `done` nor `failed` will be called; work that checks its Progress stops."""
        ...


class TaskRunner(Protocol):
    """Runs work away from the screen and brings the result back to the thread of the caller.

    Exactly one of `done` and `failed` is called, in the caller's thread, unless the task is cancelled. `key` names what
    the work is about: a newer task with the same key replaces an older one, whose result is then dropped.
    """

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        key: str | None = None,
    ) -> Task:
        """Run `work` in another thread; a raised Exception goes to `failed`."""
        ...

    def run_long(
        self,
        work: Callable[[Progress], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        progress: Callable[[int, int, str], None] | None = None,
        key: str | None = None,
    ) -> Task:
        """As `run`, for work that reports progress (done, total, what) and can be stopped."""
        ...

    def cancel(self, key: str) -> None:
        """Cancel the task that runs under `key`, if there is one."""
        ...


class _FinishedTask:
    def __init__(self, outcome: TaskOutcome) -> None:
        self.outcome = outcome

    def cancel(self) -> None:
        """Nothing is left to cancel."""


class ImmediateRunner:
    """Runs the work at once in the caller's thread: for presenter tests, where order must be certain."""

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        key: str | None = None,
    ) -> Task:
        """Run `work` now and call `done` or `failed` before returning."""
        return self.run_long(lambda _progress: work(), done, failed, key=key)

    def run_long(
        self,
        work: Callable[[Progress], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        progress: Callable[[int, int, str], None] | None = None,
        key: str | None = None,
    ) -> Task:
        """Run `work` now, with its progress reported as it happens."""
        del key
        try:
            result = work(Progress(progress))
        except TaskCancelled:
            return _FinishedTask(TaskOutcome.CANCELLED)
        except Exception as error:  # noqa: BLE001 - a runner is an outermost loop: every failure goes to the presenter
            failed(error)
            return _FinishedTask(TaskOutcome.FAILED)
        done(result)
        return _FinishedTask(TaskOutcome.DONE)

    def cancel(self, key: str) -> None:
        """Nothing runs between calls, so nothing needs to stop."""


class HeldRunner:
    """Collects work until the test lets it go: for tests of loading states, of cancelling and of "newest wins"."""

    def __init__(self) -> None:
        self._waiting: list[_HeldTask] = []

    @property
    def waiting(self) -> int:
        """How many tasks are held and not cancelled."""
        return sum(task.outcome is TaskOutcome.RUNNING for task in self._waiting)

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        key: str | None = None,
    ) -> Task:
        """Hold `work`; an older held task with the same key is cancelled."""
        return self.run_long(lambda _progress: work(), done, failed, key=key)

    def run_long(
        self,
        work: Callable[[Progress], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        progress: Callable[[int, int, str], None] | None = None,
        key: str | None = None,
    ) -> Task:
        """Hold `work`; an older held task with the same key is cancelled."""
        if key is not None:
            self.cancel(key)

        def go() -> None:
            ImmediateRunner().run_long(work, done, failed, progress=progress)

        task = _HeldTask(go, key)
        self._waiting.append(task)
        return task

    def cancel(self, key: str) -> None:
        """Cancel the held task with this key."""
        for task in self._waiting:
            if task.key == key:
                task.cancel()

    def release(self) -> None:
        """Run everything held until now, oldest first; work that is started by it waits for the next release."""
        tasks, self._waiting = self._waiting, []
        for task in tasks:
            task.go()


class _HeldTask:
    def __init__(self, work: Callable[[], None], key: str | None) -> None:
        self._work = work
        self.key = key
        self.outcome = TaskOutcome.RUNNING

    def cancel(self) -> None:
        if self.outcome is TaskOutcome.RUNNING:
            self.outcome = TaskOutcome.CANCELLED

    def go(self) -> None:
        if self.outcome is TaskOutcome.RUNNING:
            self.outcome = TaskOutcome.DONE
            self._work()
