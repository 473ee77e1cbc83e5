"""Handlers of the figures."""

from __future__ import annotations

from server.ecg.statistics.service import Statistics
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from shared.contract import ecg_statistics as contract


class EcgStatisticsRpc:
    """Offers the room to the router."""

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics

    @handles
    def get_statistics(
        self, request: contract.GetStatistics, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.StatisticsRow, ...]:
        return self._statistics.rows(uow, caller, request)

    @handles
    def export_statistics(
        self, request: contract.ExportStatistics, caller: Caller, uow: UnitOfWork
    ) -> contract.StatisticsFile:
        return self._statistics.file(uow, caller, request)
