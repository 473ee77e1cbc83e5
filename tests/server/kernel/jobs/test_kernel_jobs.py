"""The queue of long work, on both databases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from databases import KINDS, a_database
from sqlalchemy import event, select, update

from server.kernel.database import Database
from server.kernel.database.watching import Watch
from server.kernel.jobs import JobContext, JobFailed, JobKind, JobRetry, JobRunner, Schedule, enqueue
from server.kernel.jobs import runner as runner_module
from server.kernel.jobs.queue import ask_to_cancel, open_jobs, try_again
from server.kernel.jobs.runner import pause_after
from server.kernel.jobs.tables import Job, JobState


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with a_database(request.param, tmp_path) as opened:
        yield opened


def _ask(database: Database, kind: str = "count", **more: object) -> int:
    with database.write() as uow:
        return enqueue(uow, kind, {"from": 1}, **more)  # type: ignore[arg-type]


def _job(database: Database, job_id: int) -> Job:
    with database.read() as uow:
        return uow.session.execute(select(Job).where(Job.id == job_id)).scalar_one()


def _runner(database: Database, handler: Callable[[JobContext], str], attempts: int = 3) -> JobRunner:
    return JobRunner(database, [JobKind("count", handler, max_attempts=attempts)], poll_s=0.01)


def test_a_job_is_done_once_and_says_how_it_ended(database: Database) -> None:
    seen: list[dict[str, object]] = []

    def count(context: JobContext) -> str:
        seen.append(context.payload)
        return "All counted."

    job_id = _ask(database)
    runner = _runner(database, count)
    assert runner.run_one() is True
    assert runner.run_one() is False
    job = _job(database, job_id)
    assert (job.state, job.sentence, seen) == (JobState.DONE, "All counted.", [{"from": 1}])


def test_the_same_key_waits_once_but_a_running_one_does_not_count(database: Database) -> None:
    first = _ask(database, key="series 1")
    assert _ask(database, key="series 1") == first
    during: list[int] = []

    def count(_context: JobContext) -> str:
        during.append(_ask(database, key="series 1"))
        return ""

    _runner(database, count).run_one()
    assert during[0] != first


def test_what_is_put_off_is_not_begun_and_the_urgent_goes_first(database: Database) -> None:
    order: list[int] = []

    def count(context: JobContext) -> str:
        order.append(context.job_id)
        return ""

    plain = _ask(database)
    urgent = _ask(database, priority=5)
    _ask(database, delay=timedelta(hours=1))
    runner = _runner(database, count)
    while runner.run_one():
        pass
    assert order == [urgent, plain]


def test_trouble_is_tried_again_later_until_the_attempts_are_used_up(database: Database) -> None:
    def fail(_context: JobContext) -> str:
        raise JobRetry("The peer does not answer.")

    job_id = _ask(database)
    runner = _runner(database, fail, attempts=2)
    runner.run_one()
    job = _job(database, job_id)
    assert job.state == JobState.WAITING
    assert job.not_before > datetime.now(UTC) + timedelta(seconds=3)
    with database.write() as uow:
        uow.session.execute(update(Job).values(not_before=datetime.now(UTC)))
    runner.run_one()
    job = _job(database, job_id)
    assert (job.state, job.sentence, job.attempts) == (JobState.FAILED, "The peer does not answer.", 2)


def test_a_failure_without_hope_ends_at_once_and_can_be_asked_for_again(database: Database) -> None:
    def fail(_context: JobContext) -> str:
        raise JobFailed("There is no such peer.")

    job_id = _ask(database)
    runner = _runner(database, fail)
    runner.run_one()
    assert _job(database, job_id).state == JobState.FAILED
    with database.write() as uow:
        assert try_again(uow, job_id) is not None
        assert open_jobs(uow, "count") == 1
    assert runner.run_one() is True


def test_a_defect_costs_one_attempt_and_the_sentence_names_no_data(database: Database, caplog: object) -> None:
    def crash(_context: JobContext) -> str:
        raise ValueError("Zhang^San")

    job_id = _ask(database)
    _runner(database, crash).run_one()
    job = _job(database, job_id)
    assert job.state == JobState.WAITING
    assert "Zhang" not in job.sentence


def test_cancelling_ends_a_waiting_job_at_once_and_a_running_one_at_its_next_step(database: Database) -> None:
    waiting, running = _ask(database), _ask(database, priority=1)

    def endless(context: JobContext) -> str:
        with database.write() as uow:
            assert ask_to_cancel(uow, running) is not None
        context.step(1, 10)
        raise AssertionError("the step should have ended the job")

    runner = _runner(database, endless)
    runner.run_one()
    assert _job(database, running).state == JobState.CANCELLED
    with database.write() as uow:
        ask_to_cancel(uow, waiting)
    assert runner.run_one() is False
    assert _job(database, waiting).state == JobState.CANCELLED


def test_progress_is_kept_and_shown(database: Database) -> None:
    def count(context: JobContext) -> str:
        if context.payload.get("done") != 7:
            context.step(7, 10, "7 of 10")
            with database.write() as uow:
                context.keep(uow, done=7)
            raise JobRetry("Later.", 0.0)
        return "resumed"

    job_id = _ask(database)
    runner = _runner(database, count)
    runner.run_one()
    job = _job(database, job_id)
    assert (job.progress_done, job.progress_total, job.attempts) == (7, 10, 0)
    runner.run_one()
    assert _job(database, job_id).sentence == "resumed"


def test_jobs_of_a_dead_runner_are_taken_over(database: Database) -> None:
    job_id = _ask(database)
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    with database.write() as uow:
        uow.session.execute(update(Job).values(state=JobState.RUNNING, owner="dead", alive_at=long_ago))
    done = threading.Event()

    def count(_context: JobContext) -> str:
        done.set()
        return ""

    runner = _runner(database, count)
    runner.start()
    assert done.wait(20)
    runner.stop()
    assert _job(database, job_id).state == JobState.DONE


def test_schedules_ask_again_and_stopping_puts_work_back(database: Database) -> None:
    begun = threading.Event()

    def patient(context: JobContext) -> str:
        begun.set()
        stopped = threading.Event()
        while True:
            context.step()
            stopped.wait(0.01)

    runner = JobRunner(
        database,
        [JobKind("count", patient)],
        schedules=[Schedule("count", timedelta(hours=1), {"rule": 3})],
        poll_s=0.01,
    )
    runner.start()
    assert begun.wait(20)
    runner.stop()
    with database.read() as uow:
        job = uow.session.execute(select(Job)).scalar_one()
    assert (job.state, job.payload, job.attempts) == (JobState.WAITING, {"rule": 3}, 0)


def test_two_runners_never_do_the_same_job(database: Database) -> None:
    lock = threading.Lock()
    done: list[int] = []

    def count(context: JobContext) -> str:
        with lock:
            done.append(context.job_id)
        return ""

    asked = [_ask(database) for _ in range(20)]
    runners = [_runner(database, count) for _ in range(2)]
    threads = [threading.Thread(target=lambda r=runner: all(iter(r.run_one, False))) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == asked


def test_schedules_let_a_server_start_first_and_the_frequent_ones_ask_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, float]] = []
    begun = time.monotonic()
    enough = threading.Event()

    def note(_uow: object, kind: str, *_rest: object, **_more: object) -> None:
        asked.append((kind, time.monotonic() - begun))
        if len(asked) == 2:
            enough.set()

    monkeypatch.setattr(runner_module, "enqueue", note)
    monkeypatch.setattr(runner_module, "_ALIVE_EVERY_S", 0.01)
    with a_database(KINDS[0], tmp_path) as database:
        schedules = [Schedule("daily", timedelta(days=1)), Schedule("often", timedelta(seconds=30))]
        runner = JobRunner(database, [], schedules=schedules, settle_in_s=0.2)
        runner.start()
        assert enough.wait(20)
        runner.stop()
    assert [kind for kind, _ in asked] == ["often", "daily"]
    assert asked[0][1] >= 0.2
    assert asked[1][1] >= 1.2


def test_an_idle_runner_leaves_the_embedded_database_alone_and_misses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_database(KINDS[0], tmp_path) as database:
        assert database.is_sqlite
        done: list[int] = []
        ended = threading.Event()

        def count(context: JobContext) -> str:
            done.append(context.job_id)
            ended.set()
            return "Counted."

        asked: list[str] = []
        event.listen(
            database.engine, "before_cursor_execute", lambda _c, _u, statement, *_rest: asked.append(statement)
        )
        runner = JobRunner(database, [JobKind("count", count)], poll_s=0.001)
        looks = threading.Semaphore(0)
        changed = Watch.changed

        def look(watch: Watch) -> bool:
            looks.release()
            return changed(watch)

        monkeypatch.setattr(Watch, "changed", look)
        runner.start()
        try:
            for _ in range(20):
                assert looks.acquire(timeout=20)
            asked.clear()
            for _ in range(200):
                assert looks.acquire(timeout=20)
            of_lanes = [one for one in asked if "not_before" in one]
            assert len(of_lanes) <= 2, "nobody wrote: there is nothing to ask"  # housekeeping may write in between
            now = _ask(database)
            assert ended.wait(20)
            ended.clear()
            later = _ask(database, delay=timedelta(milliseconds=300))
            assert ended.wait(20), "nobody writes when a job becomes due"
            assert done == [now, later]
        finally:
            runner.stop()


def test_pauses_grow_to_half_an_hour() -> None:
    assert [pause_after(n) for n in (1, 2, 3)] == [5.0, 10.0, 20.0]
    assert pause_after(1000) == 1800.0
