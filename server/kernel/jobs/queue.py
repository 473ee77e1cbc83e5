"""What use cases do with the queue, inside of their own transactions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from server.kernel.database.unit import UnitOfWork
from server.kernel.jobs.tables import OPEN, Job, JobState
from shared.contract.base import Changed

_NOW = timedelta(0)


def enqueue(
    uow: UnitOfWork,
    kind: str,
    payload: Mapping[str, Any],
    *,
    key: str = "",
    title: str = "",
    priority: int = 0,
    delay: timedelta = _NOW,
    by: str = "system",
) -> int:
    """Ask for work in the transaction that makes it necessary; returns the job's id.

    With a `key`, a job of the same kind and key that still waits is returned instead of a second one. (One that runs
    already may have looked past the new facts, so it does not count.) `payload` must be JSON.
    """
    if key:
        waiting = select(Job.id).where(Job.kind == kind, Job.key == key, Job.state == JobState.WAITING).limit(1)
        found = uow.session.execute(waiting).scalar_one_or_none()
        if found is not None:
            return found
    now = datetime.now(UTC)
    job = Job(
        kind=kind,
        key=key,
        title=title,
        payload=dict(payload),
        priority=priority,
        not_before=now + delay,
        created_by=by,
        created_at=now,
    )
    uow.session.add(job)
    uow.session.flush()
    uow.publish(Changed("job", job.id, 0))
    return job.id


def ask_to_cancel(uow: UnitOfWork, job_id: int) -> Job | None:
    """Cancel a waiting job at once, a running one at its next step; None when there is no such job."""
    job = uow.session.get(Job, job_id)
    if job is None:
        return None
    if job.state == JobState.WAITING:
        job.state = JobState.CANCELLED
        job.finished_at = datetime.now(UTC)
    elif job.state == JobState.RUNNING:
        job.cancel_asked = True
    uow.publish(Changed("job", job.id, 0))
    return job


def try_again(uow: UnitOfWork, job_id: int) -> Job | None:
    """Queue a failed or cancelled job again, or a waiting one at once; None when there is no such job."""
    job = uow.session.get(Job, job_id)
    if job is None:
        return None
    if job.state not in (JobState.RUNNING, JobState.DONE):
        job.state = JobState.WAITING
        job.attempts = 0
        job.cancel_asked = False
        job.finished_at = None
        job.not_before = datetime.now(UTC)
    uow.publish(Changed("job", job.id, 0))
    return job


def open_jobs(uow: UnitOfWork, kind: str) -> int:
    """How many jobs of a kind wait or run."""
    from sqlalchemy import func

    counted = select(func.count()).select_from(Job).where(Job.kind == kind, Job.state.in_(OPEN))
    return int(uow.session.execute(counted).scalar_one())
