"""Works off the queue: some threads for each lane, retries with growing pauses, jobs of a dead runner taken over.

A job may be begun more than once (its runner may die at any point), so handlers do their work in steps that can be
repeated, and keep how far they came with `JobContext.keep`.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update

from server.kernel.database.engine import Database
from server.kernel.database.unit import UnitOfWork
from server.kernel.database.watching import Watch
from server.kernel.errors import Refusal
from server.kernel.jobs.queue import enqueue
from server.kernel.jobs.tables import Job, JobState
from shared.contract.base import Changed

logger = logging.getLogger(__name__)

_POLL_S = 0.5
_ALIVE_EVERY_S = 5.0
_DEAD_AFTER = timedelta(seconds=60)
_PROGRESS_EVERY_S = 0.5
_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 1800.0
_KEEP_DONE = timedelta(days=30)


class JobFailed(Exception):
    """The work cannot be done and trying again is no use; the text is a sentence for a person."""


class JobRetry(Exception):
    """The work cannot be done now; the text is a sentence. `after_s` None: a pause that grows with each attempt."""

    def __init__(self, sentence: str, after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.after_s = after_s


class JobCancelled(Exception):
    """Raised by `JobContext.step` after somebody asked to cancel."""


Handler = Callable[["JobContext"], str]
"""Does the work and returns the closing sentence."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """How jobs of one kind are worked off. Kinds with the same `lane` share its threads."""

    name: str
    handler: Handler
    lane: str = "work"
    max_attempts: int = 10


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job of `kind` is asked for every so often, unless one waits already."""

    kind: str
    every: timedelta
    payload: Mapping[str, Any] = field(default_factory=dict)


class JobContext:
    """What a handler sees of its job."""

    def __init__(self, database: Database, job_id: int, payload: dict[str, Any], stopping: threading.Event) -> None:
        self.database = database
        self.job_id = job_id
        self.payload = payload
        self.attempts = 0
        self._stopping = stopping
        self._written = 0.0
        self._cancelled = False

    @property
    def is_stopping(self) -> bool:
        """Whether the server ends: for handlers that wait; `step` raises then."""
        return self._stopping.is_set()

    def step(self, done: int | None = None, total: int | None = None, sentence: str | None = None) -> None:
        """Call between steps: shows progress (at most twice a second), keeps the job alive.

        Raises JobCancelled when somebody asked for it, JobRetry when the server stops.
        """
        if self._stopping.is_set():
            raise JobRetry("The server stops; the work goes on after the next start.", 0.0)
        now = time.monotonic()
        if now - self._written < _PROGRESS_EVERY_S:
            return
        self._written = now
        values: dict[str, Any] = {"alive_at": datetime.now(UTC)}
        for name, value in (("progress_done", done), ("progress_total", total), ("sentence", sentence)):
            if value is not None:
                values[name] = value
        with self.database.write() as uow:
            changed = update(Job).where(Job.id == self.job_id).values(**values).returning(Job.cancel_asked)
            cancelled = uow.session.execute(changed).scalar_one_or_none()
            uow.publish(Changed("job", self.job_id, 0))
        if cancelled or cancelled is None:
            raise JobCancelled

    def keep(self, uow: UnitOfWork, **values: Any) -> None:
        """Remember in the payload how far the work came, in the transaction that made it true."""
        self.payload.update(values)
        uow.session.execute(update(Job).where(Job.id == self.job_id).values(payload=dict(self.payload)))


class JobRunner:
    """Runs jobs of the given kinds until `stop`. Any number of runners may share a database.

    One thread looks whether anything is due and wakes the lanes. With `settle_in_s` schedules ask for the first time so
    long after the start, the most frequent first and a second apart: a server that starts has other work, and what is
    asked for every hour does not come all at once.
    """

    def __init__(
        self,
        database: Database,
        kinds: Sequence[JobKind],
        *,
        lanes: Mapping[str, int] | None = None,
        schedules: Sequence[Schedule] = (),
        poll_s: float = _POLL_S,
        settle_in_s: float = 0.0,
    ) -> None:
        self._database = database
        self._kinds = {kind.name: kind for kind in kinds}
        self._lanes = dict(lanes or {})
        for kind in kinds:
            self._lanes.setdefault(kind.lane, 1)
        self._schedules = sorted(schedules, key=lambda schedule: schedule.every)
        self._poll_s = poll_s
        self._settle_in_s = settle_in_s
        self._owner = secrets.token_hex(8)
        self._stopping = threading.Event()
        self._running: set[int] = set()
        self._threads: list[threading.Thread] = []
        self._looked = threading.Condition()
        self._looks = 0  # that found something due
        self._due: frozenset[str] = frozenset()  # kinds of which a job could begin at the last look

    def start(self) -> None:
        for lane, count in self._lanes.items():
            names = frozenset(kind.name for kind in self._kinds.values() if kind.lane == lane)
            for number in range(count if names else 0):
                name = f"jobs-{lane}-{number}"
                self._threads.append(threading.Thread(target=self._work, args=(names,), name=name, daemon=True))
        self._threads.append(
            threading.Thread(target=self._look_on, args=(Watch(self._database),), name="jobs-look", daemon=True)
        )
        self._threads.append(threading.Thread(target=self._keep_house, name="jobs-house", daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let running handlers come to their next step, where they are put back, and end."""
        self._stopping.set()
        with self._looked:
            self._looked.notify_all()
        for thread in self._threads:
            thread.join(30)

    def run_one(self, kind: str | None = None) -> bool:
        """Do one job that is due in the calling thread; False if there was none."""
        job = self._take([kind] if kind else list(self._kinds))
        if job is None:
            return False
        self._do(*job)
        return True

    def _work(self, names: frozenset[str]) -> None:
        seen = 0
        while (seen := self._wait_for_due(names, seen)) >= 0:
            try:
                while not self._stopping.is_set() and (job := self._take(sorted(names))) is not None:
                    self._do(*job)
            except Exception:
                logger.exception("jobs: the queue cannot be read; trying again")

    def _wait_for_due(self, names: frozenset[str], seen: int) -> int:
        """Wait for a look after `seen` that found one of these kinds due; which look that was, -1 at the end."""
        with self._looked:
            self._looked.wait_for(lambda: self._stopping.is_set() or (self._looks > seen and self._due & names))
            return -1 if self._stopping.is_set() else self._looks

    def _look_on(self, watch: Watch) -> None:
        waiting: dict[str, datetime] = {}
        while not self._stopping.is_set():
            try:
                if watch.changed():
                    waiting = self._waiting()
                now = datetime.now(UTC)
                due = frozenset(kind for kind, not_before in waiting.items() if not_before <= now)
                if due:
                    with self._looked:
                        self._due, self._looks = due, self._looks + 1
                        self._looked.notify_all()
            except Exception:
                watch.forget()
                logger.exception("jobs: the queue cannot be read; trying again")
            self._stopping.wait(self._poll_s)
        watch.close()

    def _waiting(self) -> dict[str, datetime]:
        """When the next waiting job of each kind may begin."""
        earliest = select(Job.kind, func.min(Job.not_before)).where(
            Job.state == JobState.WAITING, Job.kind.in_(list(self._kinds))
        )
        with self._database.read() as uow:
            return {row[0]: row[1] for row in uow.session.execute(earliest.group_by(Job.kind))}

    def _take(self, names: list[str]) -> tuple[int, str, dict[str, Any], int] | None:
        now = datetime.now(UTC)
        due = (
            select(Job.id, Job.kind)
            .where(Job.state == JobState.WAITING, Job.kind.in_(names), Job.not_before <= now)
            .order_by(Job.priority.desc(), Job.id)
            .limit(1)
        )
        with self._database.read() as uow:
            if uow.session.execute(due).first() is None:
                return None
        with self._database.write() as uow:
            found = uow.session.execute(due.with_for_update(skip_locked=True)).first()
            if found is None:
                return None
            job = uow.session.get_one(Job, found.id)
            job.state = JobState.RUNNING
            job.owner = self._owner
            job.alive_at = now
            job.started_at = now
            job.attempts += 1
            uow.publish(Changed("job", job.id, 0))
            return job.id, job.kind, dict(job.payload), job.attempts

    def _do(self, job_id: int, kind_name: str, payload: dict[str, Any], attempts: int) -> None:
        kind = self._kinds[kind_name]
        context = JobContext(self._database, job_id, payload, self._stopping)
        context.attempts = attempts
        self._running.add(job_id)
        try:
            sentence = kind.handler(context)
            self._finish(job_id, JobState.DONE, sentence)
        except JobCancelled:
            self._finish(job_id, JobState.CANCELLED, "Cancelled.")
        except JobFailed as failed:
            logger.warning("job %d (%s) failed: %s", job_id, kind_name, failed)
            self._finish(job_id, JobState.FAILED, str(failed))
        except JobRetry as retry:
            self._try_later(job_id, kind, attempts, str(retry), retry.after_s)
        except Refusal as refusal:
            self._try_later(job_id, kind, attempts, str(refusal), None)
        except Exception as error:
            logger.exception("job %d (%s): attempt %d ended in a defect", job_id, kind_name, attempts)
            self._try_later(job_id, kind, attempts, f"Internal error ({type(error).__name__}), see the log.", None)
        finally:
            self._running.discard(job_id)

    def _try_later(self, job_id: int, kind: JobKind, attempts: int, sentence: str, after_s: float | None) -> None:
        if after_s is None and attempts >= kind.max_attempts:
            logger.warning("job %d (%s) failed after %d attempts: %s", job_id, kind.name, attempts, sentence)
            self._finish(job_id, JobState.FAILED, sentence)
            return
        pause = after_s if after_s is not None else pause_after(attempts)
        values = {
            "state": JobState.WAITING,
            "sentence": sentence,
            "not_before": datetime.now(UTC) + timedelta(seconds=pause),
            "owner": "",
        }
        if after_s is not None:
            values["attempts"] = max(attempts - 1, 0)  # the handler knows when to come back: no attempt is used up
        self._write(job_id, values)

    def _finish(self, job_id: int, state: JobState, sentence: str) -> None:
        self._write(job_id, {"state": state, "sentence": sentence, "finished_at": datetime.now(UTC), "owner": ""})

    def _write(self, job_id: int, values: dict[str, Any]) -> None:
        with self._database.write() as uow:
            uow.session.execute(update(Job).where(Job.id == job_id).values(**values))
            uow.publish(Changed("job", job_id, 0))

    # what keeps the queue in order

    def _keep_house(self) -> None:
        first = time.monotonic() + self._settle_in_s
        due = [first + (rank if self._settle_in_s else 0.0) for rank in range(len(self._schedules))]
        while True:
            try:
                self._take_over_and_show_life()
                for index, schedule in enumerate(self._schedules):
                    if time.monotonic() >= due[index]:
                        with self._database.write() as uow:
                            enqueue(uow, schedule.kind, schedule.payload, key="scheduled")
                        due[index] = time.monotonic() + schedule.every.total_seconds()
            except Exception:
                logger.exception("jobs: housekeeping failed; trying again")
            if self._stopping.wait(_ALIVE_EVERY_S):
                return

    def _take_over_and_show_life(self) -> None:
        now = datetime.now(UTC)
        stale = select(Job.id).where(
            Job.state == JobState.RUNNING,
            Job.owner != self._owner,
            or_(Job.alive_at.is_(None), Job.alive_at < now - _DEAD_AFTER),
        )
        with self._database.read() as uow:
            dead = list(uow.session.execute(stale).scalars())
        if not dead and not self._running:
            return
        with self._database.write() as uow:
            if dead:
                again = {"state": JobState.WAITING, "owner": "", "not_before": now}
                uow.session.execute(update(Job).where(Job.id.in_(dead)).values(**again))
            mine = list(self._running)
            if mine:
                uow.session.execute(update(Job).where(Job.id.in_(mine)).values(alive_at=now))

    def take_over_all(self) -> int:
        """Put every running job back into the queue: at a start, when no other runner lives. Returns how many."""
        with self._database.write() as uow:
            again = update(Job).where(Job.state == JobState.RUNNING).values(state=JobState.WAITING, owner="")
            rows = uow.session.execute(again.returning(Job.id)).all()
            return len(rows)


def pause_after(attempts: int) -> float:
    """Seconds before the next attempt: 5, 10, 20 … up to half an hour."""
    return min(_FIRST_PAUSE_S * 2.0 ** min(attempts - 1, 20), _LONGEST_PAUSE_S)
