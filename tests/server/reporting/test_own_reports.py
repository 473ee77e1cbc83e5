"""Whether a doctor may audit the own report (RIS-EX-09): never, at night, always; every exception is logged."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path

import pytest
from sqlalchemy import select

from server.kernel.database import Database
from server.kernel.errors import Refusal
from server.reporting.settings import ReportingSettings, duty_hours
from server.reporting.tables import ReportLog
from server.settings import SettingsError, load
from shared.domain.states import ReportState
from tests.server.reporting.reporting_world import FULL, ZHAO, World

NIGHT = ReportingSettings(own_audit_hours=(time(20), time(7, 30)))


@pytest.mark.parametrize(
    ("hour", "minute", "may"),
    [(19, 59, False), (20, 0, True), (23, 59, True), (0, 0, True), (7, 29, True), (7, 30, False), (12, 0, False)],
)
def test_night_duty_runs_over_midnight(hour: int, minute: int, may: bool) -> None:
    assert NIGHT.may_audit_own_at(datetime(2026, 3, 2, hour, minute)) is may


def test_without_hours_the_setting_alone_decides() -> None:
    noon = datetime(2026, 3, 2, 12)
    assert not ReportingSettings().may_audit_own_at(noon)
    assert ReportingSettings(may_audit_own=True).may_audit_own_at(noon)
    day = ReportingSettings(own_audit_hours=(time(8), time(17)))
    assert day.may_audit_own_at(noon) and not day.may_audit_own_at(datetime(2026, 3, 2, 17))


def test_hours_are_read_from_the_settings() -> None:
    assert duty_hours("20:00-07:30") == (time(20), time(7, 30))
    assert duty_hours("") is None
    for wrong in ("20:00", "20-7", "25:00-07:00", "08:00-08:00", "night"):
        with pytest.raises(ValueError, match="write it as"):
            duty_hours(wrong)
    assert load(None, {"data": Path("x"), "night_duty": "20:00-07:30"}).night_duty
    with pytest.raises(SettingsError, match="night_duty"):
        load(None, {"data": Path("x"), "night_duty": "at night"})


def test_an_exception_at_night_is_logged_and_ends_in_the_morning(database: Database) -> None:
    world = World(database, NIGHT)
    world.clock.pass_time(hours=9)  # 21:00
    report_id = world.report_in(ReportState.SUBMITTED, writer=ZHAO)
    with database.write() as uow:
        version = world.reports.audit(uow, ZHAO, report_id).version
        world.reports.approve(uow, ZHAO, report_id, version, FULL)
        notes = [row.note for row in uow.session.scalars(select(ReportLog).where(ReportLog.report_id == report_id))]
    assert sum("本人报告的例外审核" in note for note in notes) == 2, "entering and approving"
    world.clock.pass_time(hours=12)  # 9:00
    other = world.report_in(ReportState.SUBMITTED, writer=ZHAO)
    with pytest.raises(Refusal, match="不能审核本人书写的报告"), database.write() as uow:
        world.reports.audit(uow, ZHAO, other)
