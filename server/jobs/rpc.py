"""Handlers of shared/contract/jobs.py."""

from __future__ import annotations

from sqlalchemy import func, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.kernel.errors import not_found
from server.kernel.jobs.queue import ask_to_cancel, try_again
from server.kernel.jobs.tables import Job
from shared.contract import jobs as contract


class JobsRpc:
    """One handler per request."""

    @handles
    def list_jobs(self, request: contract.ListJobs, caller: Caller, uow: UnitOfWork) -> contract.JobList:
        wanted = [Job.kind.in_(request.kinds)] if request.kinds else []
        in_states = [*wanted, Job.state.in_(request.states)] if request.states else wanted
        page = request.page
        rows = uow.session.execute(
            select(Job)
            .where(*in_states)
            .order_by(Job.id.desc())
            .offset(max(page.offset, 0))
            .limit(min(max(page.limit, 1), 500))
        ).scalars()
        counted = uow.session.execute(select(Job.state, func.count()).where(*wanted).group_by(Job.state)).all()
        counts = {state: int(count) for state, count in counted}
        total = sum(count for state, count in counts.items() if not request.states or state in request.states)
        return contract.JobList(total=total, rows=tuple(view(job) for job in rows), counts=counts)

    @handles
    def get_job(self, request: contract.GetJob, caller: Caller, uow: UnitOfWork) -> contract.JobView:
        return view(_found(uow.session.get(Job, request.job_id)))

    @handles
    def cancel_job(self, request: contract.CancelJob, caller: Caller, uow: UnitOfWork) -> contract.JobView:
        return view(_found(ask_to_cancel(uow, request.job_id)))

    @handles
    def retry_job(self, request: contract.RetryJob, caller: Caller, uow: UnitOfWork) -> contract.JobView:
        return view(_found(try_again(uow, request.job_id)))


def _found(job: Job | None) -> Job:
    if job is None:
        raise not_found("该任务")
    return job


def view(job: Job) -> contract.JobView:
    """A job as the contract shows it."""
    return contract.JobView(
        id=job.id,
        kind=job.kind,
        title=job.title,
        state=job.state,
        attempts=job.attempts,
        not_before=job.not_before,
        progress_done=job.progress_done,
        progress_total=job.progress_total,
        sentence=job.sentence,
        created_by=job.created_by,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )
