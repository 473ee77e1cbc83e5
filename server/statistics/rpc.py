"""Handlers of statistics."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.statistics.service import StatisticsService
from shared.contract import statistics as contract
from shared.contract.master import SheetView


class StatisticsRpc:
    """What workstations ask about figures."""

    def __init__(self, service: StatisticsService) -> None:
        self._service = service

    @handles
    def get(self, request: contract.GetStatistics, caller: Caller, uow: UnitOfWork) -> contract.StatisticsTable:
        return self._service.table(uow, caller, request.subject, request.group_by, request.filter)

    @handles
    def export(self, request: contract.ExportStatistics, caller: Caller, uow: UnitOfWork) -> SheetView:
        return self._service.export(
            uow, caller, request.subject, request.group_by, request.filter, english=request.english
        )

    @handles
    def get_limits(self, request: contract.GetStepLimits, caller: Caller, uow: UnitOfWork) -> contract.StepLimits:
        return self._service.limits(uow)

    @handles
    def save_limits(self, request: contract.SaveStepLimits, caller: Caller, uow: UnitOfWork) -> contract.StepLimits:
        return self._service.save_limits(uow, request.limits)
