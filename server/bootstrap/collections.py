"""Puts the list's clocks and forecasts, and what doctors collect around reports, together."""

from __future__ import annotations

from server.kernel.clock import HospitalTime
from server.reporting.service import ReportService
from server.reporting.worklist_forecast import BreachForecasts
from server.reporting.worklist_rpc import WorklistRpc


def follow_the_clock(reports: ReportService, time: HospitalTime) -> WorklistRpc:
    """Keep forecasts as reports move; return the handlers of clocks and forecasts."""
    forecasts = BreachForecasts(time)
    reports.follow(forecasts)
    return WorklistRpc(forecasts)
