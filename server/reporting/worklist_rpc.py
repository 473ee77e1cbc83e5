"""Handlers of the list's clocks and forecasts: each calls one use case."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.reporting.clocks import TimeLimitsBook
from server.reporting.worklist_forecast import BreachForecasts
from shared.contract import worklist as contract


class WorklistRpc:
    """Offers time limits and forecasts to the router."""

    def __init__(self, forecasts: BreachForecasts) -> None:
        self._book = TimeLimitsBook()
        self._forecasts = forecasts

    @handles
    def get_time_limits(
        self, request: contract.GetTimeLimits, caller: Caller, uow: UnitOfWork
    ) -> contract.TimeLimitsView:
        return self._book.view(uow)

    @handles
    def save_time_limits(
        self, request: contract.SaveTimeLimits, caller: Caller, uow: UnitOfWork
    ) -> contract.TimeLimitsView:
        return self._book.save(uow, request.version, request.limits)

    @handles
    def get_breach_forecast(
        self, request: contract.GetBreachForecast, caller: Caller, uow: UnitOfWork
    ) -> contract.BreachForecast:
        return self._forecasts.view(uow, caller)
