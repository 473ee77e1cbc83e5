"""The window as a person uses it: pages by rights, readings in tabs beside the lists, messages, leaving."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QTabBar
from pytestqt.qtbot import QtBot

from clients.ecg import pages
from clients.ecg.desk import Reading
from clients.ecg.pages import PAGES, actions_of, is_written
from clients.ecg.shell.login import EcgLogin
from clients.ecg.shell.popups import NoticeList
from clients.kit.actions import check_actions
from clients.kit.app import make_application, wear
from clients.kit.review import review
from clients.kit.running import ImmediateRunner
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, set_language
from shared.contract.base import Changed
from shared.contract.ecg_consultations import ListNotices, MarkRead
from shared.contract.errors import ErrorCode
from shared.domain.ecg import Urgency
from shared.domain.ecg_reports import NoticeKind, NoticePage
from tests.clients.ecg.ecg_rows import a_consultation, a_notice, a_session, refusal
from tests.clients.ecg.ecg_station import FakeReading, Station, use_fake_reading
from tests.clients.ecg.fake_ecg import FakeEcg

Open = Callable[..., Station]


@pytest.fixture
def opened(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    use_fake_reading(monkeypatch)
    stations: list[Station] = []

    def make(role: str = "ecg_head", hospital: FakeEcg | None = None) -> Station:
        if hospital is None:
            hospital = FakeEcg()
            hospital.fill()
        stations.append(Station(qtbot, a_session(role=role), hospital))
        return stations[-1]

    yield make
    for station in stations:
        station.close()


def test_each_page_declares_actions_that_go_together() -> None:
    for spec in PAGES:
        check_actions(actions_of(spec))
        assert all(action.id.startswith(f"{spec.id}.") for action in actions_of(spec) if is_written(spec.maker))


def test_pages_follow_the_rights_and_the_side(opened: Open) -> None:
    lower = opened("ecg_operator")
    ids = [page.id for page in lower.shell.pages]
    assert pages.ACCEPTANCE not in ids and pages.DEVICES not in ids and pages.TEAMS not in ids
    assert {pages.HOME, pages.HIS, pages.IN_HOSPITAL, pages.HEALTH_CHECK, pages.CONSULTATION_REPORTS} <= set(ids)
    assert "incoming.waiting" not in lower.page(pages.HOME).tiles
    upper = opened("ecg_consultant")
    assert pages.ACCEPTANCE in [page.id for page in upper.shell.pages]
    assert pages.CONSULTATION_REPORTS not in [page.id for page in upper.shell.pages]


def test_the_main_page_counts_what_waits_and_a_figure_opens_its_list(opened: Open) -> None:
    station = opened()
    home = station.page(pages.HOME)
    assert home.tiles["in.awaiting"].figure == 8
    assert home.tiles["incoming.waiting"].figure == 3
    assert "1" in home.tiles["incoming.waiting"].note
    QTest.mouseClick(home.tiles["in.acquired"], Qt.MouseButton.LeftButton)
    station.settle()
    assert station.shell.current_page == pages.IN_HOSPITAL
    assert station.page(pages.IN_HOSPITAL).list.total == 8


def test_a_reading_opens_in_a_tab_and_the_list_stays_where_it_was(opened: Open) -> None:
    station = opened()
    listing = station.page(pages.IN_HOSPITAL)
    listing.list.table.selectRow(5)
    chosen = listing.list.selected_row
    station.press(Qt.Key.Key_F6)
    assert station.shell.current_page == pages.READING
    assert [page.reading.exam_id for page in FakeReading.made] == [chosen.id]
    FakeReading.made[0].words = "张建国"
    station.parts._desk.retitle_reading(chosen.id, "张建国")
    strip = station.parts.strip
    assert strip.isVisible() and strip.tabText(0) == "院内检查" and strip.tabText(1) == "张建国"
    strip.setCurrentIndex(0)
    station.settle()
    assert station.shell.current_page == pages.IN_HOSPITAL
    assert listing.list.selected_row.id == chosen.id
    strip.setCurrentIndex(1)
    station.settle()
    assert station.shell.current_page == pages.READING
    QTest.mouseClick(strip.tabButton(1, QTabBar.ButtonPosition.RightSide), Qt.MouseButton.LeftButton)
    station.settle()
    assert station.shell.current_page == pages.IN_HOSPITAL and not strip.isVisible()


def test_the_same_exam_has_one_tab_and_acquiring_again_reaches_the_open_page(opened: Open) -> None:
    station = opened()
    station.parts.show_page(pages.IN_HOSPITAL)
    view = station.parts
    view._desk.open_reading(4)
    view._desk.open_reading(4)
    assert len(FakeReading.made) == 1
    view._desk.open_reading(4, acquire=True)
    assert len(FakeReading.made) == 1 and FakeReading.made[0].acquired == 1


def test_unsaved_changes_are_asked_about_before_tab_and_program_close(opened: Open) -> None:
    station = opened()
    station.parts._desk.open_reading(4)
    page = FakeReading.made[0]
    page.dirty = True
    station.parts._desk.retitle_reading(4, "")
    assert station.parts.strip.tabText(1).startswith("●")
    station.parts.close_reading(4)
    assert 4 in station.parts.area().open and page.waiting is not None
    assert not station.shell.guard(station.window.close)  # type: ignore[misc]
    page.dirty = False
    page.waiting()
    station.settle()
    assert station.parts.area().open == {}


def test_logging_out_asks_about_unsaved_changes_too(opened: Open) -> None:
    station = opened()
    station.parts._desk.open_reading(4)
    page = FakeReading.made[0]
    page.dirty = True
    station.shell.log_out()
    station.settle()
    assert station.window.shell is station.shell and page.waiting is not None
    page.dirty = False
    page.waiting()
    station.settle()
    assert station.window.shell is None


def test_a_new_consultation_pops_up_and_a_click_opens_the_acceptance(opened: Open, qtbot: QtBot) -> None:
    station = opened()
    assert station.parts.popups.cards == []
    station.hospital.notices = [a_notice(1, urgency=Urgency.EMERGENCY)]
    station.hospital.connection.send_notice(Changed(entity="ecg_notice", id=station.session.user_id, version=0))
    qtbot.waitUntil(lambda: len(station.parts.popups.cards) == 1, timeout=30_000)
    card = station.parts.popups.cards[0]
    assert "新的会诊" in card.head.text() and "李秀英" in card.words.text()
    assert station.parts.bell.count == 1
    QTest.mouseClick(card, Qt.MouseButton.LeftButton)
    station.settle()
    assert station.shell.current_page == pages.ACCEPTANCE
    assert station.hospital.calls_of(MarkRead)[-1].notice_ids == (1,)
    assert station.parts.popups.cards == [] and station.parts.bell.count == 0


def test_a_published_report_leads_to_the_consultation_reports_and_a_critical_ecg_to_its_reading(opened: Open) -> None:
    station = opened()
    station.parts.keeper.open(a_notice(2, kind=NoticeKind.PUBLISHED, page=NoticePage.OUTGOING))
    station.settle()
    assert station.shell.current_page == pages.CONSULTATION_REPORTS
    station.parts.keeper.open(a_notice(3, kind=NoticeKind.CRITICAL, page=NoticePage.READING, exam_id=9))
    station.settle()
    assert FakeReading.made[-1].reading.exam_id == 9


def test_messages_missed_while_away_are_told_at_the_log_in(opened: Open) -> None:
    hospital = FakeEcg()
    hospital.notices = [a_notice(1), a_notice(2)]
    assert len(opened(hospital=hospital).parts.popups.cards) == 2
    many = FakeEcg()
    many.notices = [a_notice(n) for n in range(1, 8)]
    station = opened(hospital=many)
    assert len(station.parts.popups.cards) == 1
    assert "7" in station.parts.popups.cards[0].words.text()


def test_the_bell_lists_messages_and_marks_all_read(opened: Open) -> None:
    hospital = FakeEcg()
    hospital.notices = [a_notice(1), a_notice(2)]
    station = opened(hospital=hospital)
    station.parts.bell.click()
    station.settle()
    shown = station.shell.side_panel.content
    assert isinstance(shown, NoticeList) and len(shown.rows) == 2
    shown.all_read.emit()
    station.settle()
    assert station.hospital.calls_of(MarkRead)[-1].notice_ids == ()
    assert station.parts.bell.count == 0


def test_a_message_goes_when_what_it_speaks_of_is_opened(opened: Open) -> None:
    """It would lie over the buttons of the reading page, and says nothing new there."""
    hospital = FakeEcg()
    hospital.notices = [a_notice(1), a_notice(2)]
    station = opened(hospital=hospital)
    assert len(station.parts.popups.cards) == 2
    station.parts.show_reading(Reading(1, consultation_id=1))
    station.settle()
    assert [card.number for card in station.parts.popups.cards] == [2]
    assert station.hospital.calls_of(MarkRead)[-1].notice_ids == (1,)


def test_notices_of_the_server_refresh_the_list_in_sight(opened: Open, qtbot: QtBot) -> None:
    station = opened()
    listing = station.page(pages.ACCEPTANCE)
    before = listing.list.total
    station.hospital.consultations.append(a_consultation(99))
    station.hospital.connection.send_notice(Changed(entity="ecg_consultation", id=99, version=1))
    qtbot.waitUntil(lambda: listing.list.total == before + 1, timeout=30_000)


def test_a_report_window_shows_why_there_is_none(opened: Open) -> None:
    from shared.contract.ecg_reports import Open as OpenReport

    def gone(_request: OpenReport) -> None:
        raise refusal(ErrorCode.NOT_FOUND)

    station = opened()
    station.hospital.replies[OpenReport] = gone
    station.parts.show_report(3, None)
    station.settle()
    view = station.parts.report.content
    assert view.waiting.title == "报告无法打开"
    assert not view.print_button.isEnabled()
    station.parts.report.close()


def test_a_notice_that_comes_when_the_window_is_gone_is_for_nobody(opened: Open) -> None:
    station = opened()
    keeper = station.parts.keeper
    station.shell.log_out()
    for _ in range(3):
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert keeper.is_closed
    keeper._arrived((a_notice(5),))


def test_an_answer_that_comes_after_the_log_out_harms_nobody(opened: Open) -> None:
    station = opened()
    station.page(pages.IN_HOSPITAL)
    station.parts.keeper.fetch()
    station.shell.log_out()
    QApplication.processEvents()
    station.settle()
    assert station.window.shell is None


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_cut_on_any_page(opened: Open, language: Language) -> None:
    station = opened("administrator")
    set_language(language)
    station.hospital.notices = [a_notice(1)]
    for spec in PAGES:
        if spec.id in {page.id for page in station.shell.pages} and spec.id not in (pages.TERMS, pages.STATISTICS):
            station.page(spec.id)
            assert review(station.window) == [], spec.id
    assert station.hospital.calls_of(ListNotices)


def test_the_log_in_asks_user_and_password_as_stars(qtbot: QtBot, tmp_path: Path) -> None:
    make_application()
    wear("light")
    page = EcgLogin("心电工作站", lambda _server: FakeEcg().connection, ImmediateRunner(), UserSettings(tmp_path / "d"))
    qtbot.addWidget(page)
    page.show()
    assert list(page.form.rows) == ["server", "user", "password"]
    assert page.captcha.isHidden()
    line = page.form.rows["password"].editor.focus_target
    assert isinstance(line, QLineEdit)
    line.ensurePolished()
    line.setText("secret")
    assert line.displayText() == "******"


def test_the_figures_speak_the_language_of_the_moment(opened: Open) -> None:
    station = opened()
    tile = station.page(pages.HOME).tiles["incoming.waiting"]
    assert tile.note == "超时 1 条"
    set_language(Language.ENGLISH)
    assert tile.note == "1 overdue" and tile.accessibleName().endswith("1 overdue")


def test_no_word_of_the_rail_is_cut(opened: Open) -> None:
    from PySide6.QtGui import QFontMetrics

    from clients.kit.theme import current_theme
    from clients.kit.translations import tr_in

    station = opened("ecg_admin")
    room = current_theme().metrics.rail - 1 - 8
    metrics = QFontMetrics(current_theme().font("caption", bold=True))
    for language in Language:
        words = [tr_in(language, page.title) for page in station.shell.pages]
        assert [one for one in words if metrics.horizontalAdvance(one) > room] == []


def test_an_urgency_has_one_name_in_badges_forms_and_details() -> None:
    from clients.ecg.app import register_texts
    from clients.ecg.looks import word
    from clients.kit.translations import tr
    from shared.domain.ecg import URGENCIES

    make_application()
    register_texts()
    set_language(Language.ENGLISH)
    assert [word(URGENCIES, one) for one in Urgency] == [tr(URGENCIES[one].zh) for one in Urgency]
    set_language(Language.CHINESE)
