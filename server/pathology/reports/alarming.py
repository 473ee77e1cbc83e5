"""Critical and unexpected diagnoses: the closed loop of the area of critical values, for the reports of a case."""

from __future__ import annotations

from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action
from server.pathology.reports.books import Books
from shared.contract.critical import LoopDetails, LoopView
from shared.contract.critical import ReportCritical as OpenLoop
from shared.contract.pathology_reports import ReportCritical


class Loops(Protocol):
    """The area of critical values."""

    def report(self, uow: UnitOfWork, caller: Caller, request: OpenLoop) -> LoopDetails:
        """Open a loop. Raises INVALID, DUPLICATE."""
        ...


class Reading(Protocol):
    """What loops there are."""

    def of_report(self, uow: UnitOfWork, caller: Caller, report_id: int) -> tuple[LoopView, ...]:
        """Return the loops of a report, oldest first."""
        ...


class CriticalOfCases:
    """Works in the caller's unit of work."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._loops: Loops | None = None
        self._reading: Reading | None = None

    def bind(self, loops: Loops, reading: Reading) -> None:
        """Take the area, once it is there."""
        self._loops, self._reading = loops, reading

    def report(self, uow: UnitOfWork, caller: Caller, request: ReportCritical) -> LoopView:
        """危急值. Raises INVALID, DUPLICATE, ILLEGAL_ACTION."""
        case = self._books.cases.facts(uow, caller, request.case_id)
        reports = self._books.of_case(uow, request.case_id)
        if not reports or self._loops is None:
            raise illegal_action(case.state, "还没有诊断意见，请先保存诊断再上报。")
        details = self._loops.report(
            uow,
            caller,
            OpenLoop(
                report_id=reports[0].id, name=request.name, finding=request.finding, department=request.department
            ),
        )
        self._books.log(uow, caller, case.id, "critical", reports[0].id, request.name)
        self._books.cases.touch(uow, case.id)
        return details.loop

    def of_case(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[LoopView, ...]:
        """Return the loops of every report of a case."""
        self._books.cases.facts(uow, caller, case_id)
        if self._reading is None:
            return ()
        reports = self._books.of_case(uow, case_id)
        return tuple(loop for one in reports for loop in self._reading.of_report(uow, caller, one.id))
