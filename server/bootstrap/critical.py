"""Puts critical values together: the loops, their clocks as jobs, and what reporting tells them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from server.critical.figures import Figures
from server.critical.kinds import CriticalValueKind, DutyKind, seed_library
from server.critical.reading import Reading
from server.critical.rpc import CriticalRpc
from server.critical.service import ESCALATE, CriticalService
from server.critical.watching import Watching
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.jobs import JobContext, JobKind, Schedule, enqueue
from server.kernel.rows.kinds import Kind

if TYPE_CHECKING:
    from server.bootstrap.jobs import JobsHouse
    from server.exams.service import ExamService
    from server.reporting.service import ReportService

LOOK = "critical.look"
SCHEDULES = (Schedule(LOOK, timedelta(seconds=30)),)
"""The regular look finds what a lost job would have done: the times stand in the loops themselves."""

_LANE = "alarms"


@dataclass(frozen=True, slots=True)
class Critical:
    """The area, put together."""

    service: CriticalService
    handlers: CriticalRpc

    def seed(self, uow: UnitOfWork) -> None:
        """Fill an empty library."""
        seed_library(uow)


def critical_kinds() -> tuple[Kind, ...]:
    """The library and the duty roster among the master data."""
    return (CriticalValueKind(), DutyKind())


def build_critical(time: HospitalTime, exams: ExamService, reports: ReportService) -> Critical:
    """Build the area and let it follow the reports."""
    service = CriticalService(time, exams, Watching(), _plan)
    reports.follow(service.report_stepped)
    reports.doubt(service.watching.doubts)
    reports.doubt_approval(service.watching.doubts_at_approval)
    return Critical(service, CriticalRpc(service, Reading(time), Figures(time)))


def _plan(uow: UnitOfWork, loop_id: int, delay: timedelta) -> None:
    enqueue(uow, ESCALATE, {"loop_id": loop_id}, key=str(loop_id), title="危急值升级", delay=delay, priority=100)


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Calling the next level of a loop, and the regular look at all of them."""
    service = house.areas.critical.service

    def escalate(context: JobContext) -> str:
        with context.database.write() as uow:
            called = service.escalate(uow, int(context.payload["loop_id"]))
        return "已升级。" if called else "无需升级。"

    def look(context: JobContext) -> str:
        with context.database.read() as uow:
            due = service.due(uow)
        for place, loop_id in enumerate(due, 1):
            with context.database.write() as uow:
                service.escalate(uow, loop_id)
            context.step(place, len(due), "")
        return f"{len(due)} 条危急值已升级。" if due else ""

    return [JobKind(ESCALATE, escalate, lane=_LANE), JobKind(LOOK, look, lane=_LANE)]
