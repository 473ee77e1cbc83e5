"""Critical values over the reporting world: fake neighbours, real tables, a clock that tests move."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from server.critical.kinds import seed_library
from server.critical.reading import Reading
from server.critical.service import CriticalService
from server.critical.tables import DutyRow
from server.critical.watching import Watching
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.critical import ListLoops, LoopDetails, LoopFilter, LoopList, ReportCritical
from shared.domain.critical import Escalation, Weekday
from shared.domain.permissions import ROLES
from tests.server.reporting.reporting_world import World

LI = Caller(user_id=11, login="li", name="李医生", permissions=ROLES["doctor"])
ZHAO = Caller(user_id=21, login="zhao", name="赵主任", permissions=ROLES["auditor"])
WARD = Caller(user_id=31, login="huxi", name="呼吸科护士站", permissions=ROLES["ward"])
CLERK = Caller(user_id=41, login="clerk", name="登记员", permissions=ROLES["clerk"])


@dataclass
class Planned:
    """What would be jobs."""

    jobs: list[tuple[int, timedelta]] = field(default_factory=list)

    def __call__(self, _uow: UnitOfWork, loop_id: int, delay: timedelta) -> None:
        self.jobs.append((loop_id, delay))


class CriticalWorld(World):
    """The reporting world with critical values beside it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.planned = Planned()
        self.critical = CriticalService(self.time, self.exams, Watching(), self.planned)
        self.reading = Reading(self.time)
        self.reports.follow(self.critical.report_stepped)
        self.reports.doubt(self.critical.watching.doubts)
        self.reports.doubt_approval(self.critical.watching.doubts_at_approval)
        with database.write() as uow:
            seed_library(uow)

    def on_duty(self, level: Escalation, name: str, department: str = "", **more: object) -> None:
        """Put somebody on the roster, round the clock unless `begins` and `ends` say otherwise."""
        with self.database.write() as uow:
            values = {"days": [day.value for day in Weekday], "begins": "00:00", "ends": "24:00", **more}
            row = DutyRow(
                code=f"T{name}{level}"[:20],
                name=name,
                level=level.value,
                department=department,
                phone="8001",
                valid_from="",
                valid_to="",
                **values,
            )
            uow.session.add(row)

    def a_loop(self, report_id: int | None = None, **more: str) -> LoopDetails:
        """Report a tension pneumothorax."""
        request = ReportCritical(
            report_id=self.a_report() if report_id is None else report_id,
            **{"code": "CH01", "finding": "右侧张力性气胸，纵隔左移", **more},
        )
        with self.database.write() as uow:
            return self.critical.report(uow, LI, request)

    def look(self) -> int:
        """What the regular look does."""
        with self.database.read() as uow:
            due = self.critical.due(uow)
        for loop_id in due:
            with self.database.write() as uow:
                self.critical.escalate(uow, loop_id)
        return len(due)

    def loops(self, caller: Caller = LI, **conditions: object) -> LoopList:
        with self.database.read() as uow:
            return self.reading.page(uow, caller, ListLoops(filter=LoopFilter(**conditions)))

    def details(self, loop_id: int, caller: Caller = LI) -> LoopDetails:
        with self.database.read() as uow:
            return self.reading.details(uow, caller, loop_id)
