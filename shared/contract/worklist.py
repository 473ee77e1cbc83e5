"""What the diagnosis list knows about time: the hospital's limits, and how many reports will miss theirs."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.permissions import Permission


class TimeLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Minutes from the end of an exam to the approved report, by class of the patient and group of the exam.

    An exam whose type is in `sectional_types` counts as CT or MR, every other one as X-ray. A list shows a clock in
    amber when `warning_percent` of the time is left, in red when none is.
    """

    emergency_xray_minutes: int = 30
    emergency_sectional_minutes: int = 60
    xray_minutes: int = 120
    outpatient_sectional_minutes: int = 240
    ward_sectional_minutes: int = 360
    warning_percent: int = 25
    sectional_types: tuple[str, ...] = ("CT", "MR", "PT", "NM")


class TimeLimitsView(msgspec.Struct, frozen=True, kw_only=True):
    """The limits in force; version 0 while they are the defaults."""

    version: int
    limits: TimeLimits


class GetTimeLimits(Query[TimeLimitsView], frozen=True, kw_only=True):
    """The hospital's time limits of reports."""

    method = "worklist.get_time_limits"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE


class SaveTimeLimits(Command[TimeLimitsView], frozen=True, kw_only=True):
    """Change the limits; reports that are not approved get new due times. Refusals: CONFLICT, INVALID (field named)."""

    method = "worklist.save_time_limits"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    version: int
    limits: TimeLimits


class ForecastError(msgspec.Struct, frozen=True, kw_only=True):
    """How far the kept forecasts of the last days were from what came: reports, not percent."""

    count: int  # forecasts whose time is over
    mean_absolute: float
    bias: float  # positive: too many were foretold


class BreachForecast(msgspec.Struct, frozen=True, kw_only=True):
    """How many open reports will miss their limit within the horizon, from the queue and the recent pace."""

    at: datetime
    horizon_hours: int
    open_count: int
    overdue: int  # missed already
    expected: int  # not overdue yet, and due within the horizon, and foretold to miss it
    pace_per_hour: float  # reports approved, recent hours weighing more
    report_ids: tuple[int, ...]  # the foretold ones that the caller may see
    error: ForecastError | None


class GetBreachForecast(Query[BreachForecast], frozen=True, kw_only=True):
    """The forecast of this moment, and the past error of those kept before."""

    method = "worklist.get_breach_forecast"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE
