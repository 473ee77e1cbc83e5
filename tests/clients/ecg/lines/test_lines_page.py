"""线路管理: what each station last said of its queue, by right, refreshed by notices, silent stations seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from clients.ecg import pages
from clients.ecg.lines.page import COLUMNS, size_words, state_of
from clients.kit.review import review
from clients.kit.translations import Language, set_language
from shared.contract.base import Changed
from shared.contract.ecg_lines import LineReport, LineView, ListLines
from shared.contract.errors import ErrorCode
from shared.domain.permissions import Permission
from tests.clients.ecg.ecg_rows import NOW, a_session, refusal
from tests.clients.ecg.ecg_station import Station
from tests.clients.ecg.fake_ecg import FakeEcg


def a_line(station: str = "clinic-1", *, is_silent: bool = False, **report: Any) -> LineView:
    """A station whose queue is empty, but for what is said."""
    said: dict[str, Any] = {
        "waiting": 0, "waiting_bytes": 0, "originals": 0, "original_bytes": 0, "urgent": 0, "refused": 0,
        "oldest_at": None, "bytes_per_s": 0.0, "failures": 0,
    }  # fmt: skip
    return LineView(
        station=station,
        user_name="何丽",
        report=LineReport(**{**said, **report}),
        seen_at=NOW,
        is_silent=is_silent,
        hospital="清水镇卫生院",
    )


LINES = (
    a_line("clinic-1", waiting=12, waiting_bytes=240_000, urgent=2, oldest_at=NOW - timedelta(hours=3), failures=7),
    a_line("clinic-2", waiting=3, waiting_bytes=61_000, is_silent=True, oldest_at=NOW - timedelta(days=1)),
    a_line("clinic-3", originals=2, original_bytes=3_400_000, bytes_per_s=6_100.0),
    a_line("clinic-4", refused=1, waiting=1, waiting_bytes=20_000),
    a_line("clinic-5"),
)


@pytest.fixture
def hospital() -> FakeEcg:
    made = FakeEcg()
    made.replies[ListLines] = lambda _request: LINES
    return made


@pytest.fixture
def station(qtbot: QtBot, hospital: FakeEcg) -> Iterator[Station]:
    made = Station(qtbot, a_session(role="ecg_admin"), hospital)
    yield made
    made.close()


def words(row: LineView) -> dict[str, str]:
    shown = {}
    for column in COLUMNS:
        value = column.value(row) if column.value is not None else getattr(row, column.key)
        shown[column.key] = column.format(value) if column.format is not None else str(value)
    return shown


def test_a_refused_record_is_seen_before_silence_and_silence_before_waiting() -> None:
    assert [state_of(row) for row in LINES] == ["waiting", "silent", "waiting", "refused", "idle"]


def test_queue_oldest_failures_and_speed_are_said() -> None:
    first, third, last = words(LINES[0]), words(LINES[2]), words(LINES[4])
    assert first["waiting"] == "12 · 240 KB · 加急 2" and first["failures"] == "7" and first["oldest"]
    assert third["originals"] == "2 · 3.4 MB" and third["speed"] == "6 KB/s"
    assert (last["waiting"], last["oldest"], last["originals"], last["speed"]) == ("0", "", "0", "–")
    assert size_words(999_000) == "999 KB" and size_words(1_000_000) == "1.0 MB"


def test_the_page_stands_in_the_rail_for_whoever_has_the_right(qtbot: QtBot, hospital: FakeEcg) -> None:
    plain = Station(qtbot, a_session(*(set(Permission) - {Permission.ECG_LINES})), hospital)
    assert pages.LINES not in [page.id for page in plain.shell.pages]
    plain.close()
    admin = Station(qtbot, a_session(role="ecg_admin"), hospital)
    assert pages.LINES in [page.id for page in admin.shell.pages]
    admin.close()


def test_a_report_of_a_station_brings_the_new_figures(station: Station, hospital: FakeEcg, qtbot: QtBot) -> None:
    page = station.page(pages.LINES)
    assert page.list.total == 5
    hospital.replies[ListLines] = lambda _request: LINES[:2]
    hospital.connection.send_notice(Changed(entity="ecg_line", id=0, version=9))
    qtbot.waitUntil(lambda: page.list.total == 2, timeout=30_000)


def test_a_silent_station_is_found_without_a_notice(station: Station, hospital: FakeEcg) -> None:
    page = station.page(pages.LINES)
    assert page._again.isActive() and page._again.interval() <= 60_000
    hospital.replies[ListLines] = lambda _request: (a_line("clinic-9", is_silent=True, waiting=1),)
    page._again.timeout.emit()
    station.settle()
    assert [page.list.model.row(0).station, page.list.total] == ["clinic-9", 1]
    station.page(pages.DEVICES)
    assert not page._again.isActive()


def test_an_error_keeps_the_rows_and_offers_another_try(station: Station, hospital: FakeEcg) -> None:
    def gone(_request: ListLines) -> tuple[LineView, ...]:
        raise refusal(ErrorCode.UNAVAILABLE)

    page = station.page(pages.LINES)
    hospital.replies[ListLines] = gone
    page._place.actions.trigger("lines.refresh")
    station.settle()
    assert page.list.error_text and page.list.total == 5
    hospital.replies[ListLines] = lambda _request: LINES[:1]
    page.list.retry.emit()
    station.settle()
    assert page.list.error_text == "" and page.list.total == 1


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_cut(station: Station, language: Language) -> None:
    set_language(language)
    station.page(pages.LINES)
    assert [str(one) for one in review(station.window)] == []
