"""Long work: a queue in the database that survives restarts, and the runner that works it off."""

from server.kernel.jobs.queue import enqueue
from server.kernel.jobs.runner import JobContext, JobFailed, JobKind, JobRetry, JobRunner, Schedule

__all__ = ["JobContext", "JobFailed", "JobKind", "JobRetry", "JobRunner", "Schedule", "enqueue"]
