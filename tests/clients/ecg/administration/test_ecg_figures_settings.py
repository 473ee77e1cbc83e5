"""统计, 危急心电图 and 心电设置 over a hospital in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from clients.ecg.statistics.page import COLUMNS, StatisticsPage, first_day, minutes, share
from clients.kit.review import review
from clients.kit.translations import Language, set_language
from shared.contract import ecg_consultations as consultations
from shared.contract import ecg_critical
from shared.contract import ecg_reports as reports
from shared.contract import ecg_statistics as figures
from shared.contract.errors import ErrorCode
from shared.domain.ecg import Urgency
from shared.domain.ecg_reports import QtcFormula
from shared.domain.permissions import Permission
from tests.clients.ecg.ecg_rows import NOW, a_session, refusal
from tests.clients.ecg.ecg_station import Station
from tests.clients.ecg.fake_ecg import FakeEcg

ROWS = (
    figures.StatisticsRow(
        month="2026-11", hospital="镇卫生院", doctor="", registered=140, acquired=131, reported=120,
        report_minutes=12.5, report_minutes_p90=41.0, asked=52, answered=0, accept_minutes=3.0, answer_minutes=14.0,
        answer_minutes_p90=151.0, in_time=0, compared=40, agreed=34, critical=3,
    ),
    figures.StatisticsRow(month="2026-11", hospital="县人民医院", doctor="", answered=52, in_time=49),
)  # fmt: skip
RULES = ecg_critical.CriticalSettings(
    version=3,
    rules=(
        ecg_critical.CriticalRule(code="vf", zh="心室颤动", en="Ventricular fibrillation", enabled=True),
        ecg_critical.CriticalRule(
            code="rate_low", zh="心率过缓", en="Very slow rate", enabled=True, limit=35, unit="/min", is_alarm=True
        ),
    ),
)


class County(FakeEcg):
    """Answers of the three pages; what was saved is kept in `saved`."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: list[Any] = []
        self.alarms = [
            ecg_critical.AlarmView(
                id=7, exam_id=1, trace_id=1, rule="rate_low", zh="心率过缓", en="Very slow rate",
                reason_zh="心室率 31 次/分，低于 35", reason_en="Rate 31/min, below 35", found_at=NOW, loop_id=4,
                loop_state=None, patient_name="李秀英", accession_number="E2611220001", hospital="镇卫生院",
            )
        ]  # fmt: skip
        self.replies.update(
            {
                figures.GetStatistics: lambda request: ROWS,
                figures.ExportStatistics: lambda request: figures.StatisticsFile(name="x", content=b"PK..", count=2),
                reports.ListTemplates: lambda request: (
                    reports.TemplateView(key="3x4+1R", zh="3×4 加节律", en="3x4 and rhythm", is_default=True),
                    reports.TemplateView(key="6x2", zh="6×2", en="6x2"),
                ),
                reports.GetPolicy: lambda request: reports.ReportPolicy(version=2, campus_id=request.campus_id),
                reports.SavePolicy: lambda request: self._keep(request.policy),
                consultations.SavePolicy: lambda request: self._keep(request.policy),
                ecg_critical.GetCriticalRules: lambda request: RULES,
                ecg_critical.SaveCriticalRules: lambda request: self._keep(request.settings),
                ecg_critical.ListAlarms: lambda request: tuple(self.alarms),
                ecg_critical.AcknowledgeAlarm: self._acknowledge,
            }
        )

    def _keep(self, value: Any) -> Any:
        self.saved.append(value)
        return msgspec.structs.replace(value, version=value.version + 1)

    def _acknowledge(self, request: ecg_critical.AcknowledgeAlarm) -> ecg_critical.AlarmView:
        self.alarms = [
            msgspec.structs.replace(one, acknowledged_at=NOW, acknowledged_by="孙主任") for one in self.alarms
        ]
        return self.alarms[0]


@pytest.fixture
def station(qtbot: QtBot) -> Iterator[Station]:
    made = Station(qtbot, a_session(*Permission), County())
    yield made
    made.close()


def test_spans_begin_with_their_month() -> None:
    assert first_day(date(2026, 11, 22), 1) == date(2026, 11, 1)
    assert first_day(date(2026, 1, 31), 3) == date(2025, 11, 1)
    assert first_day(date(2026, 12, 1), 12) == date(2026, 1, 1)


def test_shares_and_minutes_say_what_they_are_of() -> None:
    assert share(49, 52) == "94 % (49/52)"
    assert share(0, 0) == "–"
    assert minutes(None) == "–"
    assert minutes(12.5) == "12 min"
    assert minutes(151.0) == "2.5 h"


def test_statistics_are_asked_for_as_chosen_and_exported(station: Station, tmp_path: Path) -> None:
    page: StatisticsPage = station.page("statistics")
    assert page.list.total == 2
    texts = {column.key: column.text(ROWS[0]) for column in COLUMNS}
    assert texts["agreed"] == "85 % (34/40)"
    assert texts["report_minutes_p90"] == "41 min"
    page.group.choose(1)
    page.span.choose(2)
    station.settle()
    asked = [call for call in station.hospital.connection.calls if isinstance(call, figures.GetStatistics)][-1]
    assert asked.by_doctor
    assert asked.first.day == 1
    target = tmp_path / "out.xlsx"
    page._ask_path = lambda _parent, _name: str(target)
    page.export()
    station.settle()
    assert target.read_bytes() == b"PK.."
    page._ask_path = lambda _parent, _name: str(tmp_path / "no" / "folder.xlsx")
    page.export()
    station.settle()
    assert "无法写入" in station.said()[-1]


def test_an_alarm_is_acknowledged_once(station: Station) -> None:
    page = station.page("critical")
    page.act("acknowledge", page.list.model.row(0))
    station.settle()
    assert page.list.model.row(0).acknowledged_by == "孙主任"
    assert station.said()[-1] == "已确认"


def test_settings_are_saved_group_by_group(station: Station) -> None:
    page = station.page("settings")
    county = station.hospital
    assert isinstance(county, County)
    page.report.form.set_values({"two_level": True, "template": "6x2", "qtc_formula": QtcFormula.FRIDERICIA})
    page.report.button.click()
    station.settle()
    policy = county.saved[-1]
    assert (policy.two_level, policy.template, policy.qtc_formula) == (True, "6x2", QtcFormula.FRIDERICIA)
    assert policy.version == 2
    page.consultation.form.set_values({f"{Urgency.URGENT}_accept": 4, "warn_share": 50})
    page.consultation.button.click()
    station.settle()
    limits = {limit.urgency: limit for limit in county.saved[-1].limits}
    assert limits[Urgency.URGENT].accept_minutes == 4
    assert limits[Urgency.ROUTINE].answer_minutes == 30
    assert county.saved[-1].warn_share == 0.5
    page.critical.form.set_values({"rate_low.limit": 40, "vf.enabled": False})
    page.critical.button.click()
    station.settle()
    assert [(rule.code, rule.enabled, rule.limit) for rule in county.saved[-1].rules] == [
        ("vf", False, None),
        ("rate_low", True, 40),
    ]


def test_a_refusal_stands_where_it_belongs(station: Station) -> None:
    def refuse(_request: Any) -> Any:
        raise refusal(ErrorCode.CONFLICT, "设置已被他人修改，请刷新后再试。")

    page = station.page("settings")
    station.hospital.replies[reports.SavePolicy] = refuse
    page.report.button.click()
    station.settle()
    assert page.report.note.full_text
    assert page.report.button.isEnabled()


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", ["statistics", "critical", "settings"])
def test_nothing_is_cut(station: Station, name: str, language: Language) -> None:
    set_language(language)
    station.page(name)
    station.settle()
    assert not review(station.window)


def test_settings_that_never_came_cannot_be_stored(station: Station) -> None:
    def gone(_request: Any) -> Any:
        raise refusal(ErrorCode.UNAVAILABLE)

    good = station.hospital.replies[ecg_critical.GetCriticalRules]
    station.hospital.replies[ecg_critical.GetCriticalRules] = gone
    page = station.page("settings")
    assert not page.trouble.isHidden()
    assert not page.report.button.isEnabled() and not page.consultation.button.isEnabled()
    station.hospital.replies[ecg_critical.GetCriticalRules] = good
    page.trouble._act()
    station.settle()
    assert page.trouble.isHidden() and page.report.button.isEnabled() and page.consultation.button.isEnabled()
