"""Puts the queue's regular work together: forecasts are kept beside what then happens."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.kernel.jobs import JobContext, JobKind, Schedule

if TYPE_CHECKING:
    from server.bootstrap.jobs import JobsHouse

RECORD = "queueing.record_forecasts"
SCHEDULES = (Schedule(RECORD, timedelta(minutes=10)),)


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Keeping the forecasts of the moment, so that their error can be told later."""

    def record(_context: JobContext) -> str:
        with house.database.write() as uow:
            kept = house.areas.queue.waiting.record(uow)
        return f"已记下 {kept} 个候诊时间预测。"

    return [JobKind(RECORD, record, lane="house")]
