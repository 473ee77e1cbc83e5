"""Puts the regular work on appointments together: missed ones are found after the end of their day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.kernel.jobs import JobContext, JobKind, Schedule

if TYPE_CHECKING:
    from server.bootstrap.jobs import JobsHouse

FIND_MISSED = "exams.find_missed"
SCHEDULES = (Schedule(FIND_MISSED, timedelta(minutes=10)),)


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Finding missed appointments (爽约)."""
    appointments = house.areas.exams.appointments

    def find(context: JobContext) -> str:
        total = 0
        while True:
            with context.database.write() as uow:
                found = appointments.find_missed(uow)
            total += found
            if not found:
                return f"{total} missed appointments were found."
            context.step(total, None, "")

    return [JobKind(FIND_MISSED, find, lane="house")]
