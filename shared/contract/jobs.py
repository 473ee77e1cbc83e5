"""Long work of the server: what waits, runs, is done or failed."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Page, Query
from shared.domain.permissions import Permission


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """One job. `state`: waiting, running, done, failed, cancelled. `progress_total` 0: not known (yet)."""

    id: int
    kind: str
    title: str
    state: str
    attempts: int
    not_before: datetime
    progress_done: int
    progress_total: int
    sentence: str  # how it stands, without patient data
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobList(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs, newest first, how many there are in all, and how many are in each state."""

    total: int
    rows: tuple[JobView, ...]
    counts: dict[str, int]


class ListJobs(Query[JobList], frozen=True, kw_only=True):
    """Jobs of some kinds and states; empty tuples are all."""

    method = "jobs.list"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE

    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    page: Page = Page()


class GetJob(Query[JobView], frozen=True, kw_only=True):
    """One job. Refusals: NOT_FOUND."""

    method = "jobs.get"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE

    job_id: int


class CancelJob(Command[JobView], frozen=True, kw_only=True):
    """Cancel a waiting job at once, a running one at its next step. Refusals: NOT_FOUND."""

    method = "jobs.cancel"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    job_id: int


class RetryJob(Command[JobView], frozen=True, kw_only=True):
    """Queue a failed or cancelled job again, or a waiting one at once. Refusals: NOT_FOUND."""

    method = "jobs.retry"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    job_id: int
