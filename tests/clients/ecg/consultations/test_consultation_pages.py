"""受理记录 and 会诊报告: clocks, acceptance by one, refusal, ticks and signing for, applying."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from clients.ecg import pages
from clients.ecg.consultations.application import ApplicationDialog
from clients.ecg.consultations.columns import Clocks, duration, filter_of
from clients.ecg.consultations.details import ConsultationDialog
from clients.ecg.lists.query import FIRST, LAST, QUICK
from clients.ecg.shell.dialogs import ReasonDialog
from clients.kit.printing.setup import FOLDER_KEY
from shared.contract.ecg_consultations import Accept, Apply, ListIncoming, Refuse, SignFor, Withdraw
from shared.contract.errors import ErrorCode
from shared.domain.ecg import ConsultationState, QuickRange, Urgency
from shared.domain.ecg_reports import ClockColour
from tests.clients.ecg.ecg_rows import NOW, a_clock, a_session, a_team, refusal
from tests.clients.ecg.ecg_station import FakeReading, Station, use_fake_reading
from tests.clients.ecg.fake_ecg import FakeEcg


@pytest.fixture
def station(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Station]:
    use_fake_reading(monkeypatch)
    hospital = FakeEcg()
    hospital.fill()
    hospital.connection.documents = {100 + number: b"%PDF-1.4" for number in range(1, 9)}
    made = Station(qtbot, a_session(role="ecg_head"), hospital)
    made.shell._desk_settings.set(FOLDER_KEY, str(tmp_path))
    yield made
    made.close()


def test_a_clock_counts_on_by_the_servers_time_and_changes_its_colour() -> None:
    here = [NOW - timedelta(hours=2)]  # this computer's clock is two hours slow
    clocks = Clocks(lambda: here[0])
    clock = a_clock(3, limit=15)
    clocks.hear(clock)
    assert clocks.text(clock) == "03:00 / 15:00"
    assert clocks.colour(clock) is ClockColour.GREEN
    here[0] += timedelta(minutes=6)
    assert clocks.text(clock) == "09:00 / 15:00"
    assert clocks.colour(clock) is ClockColour.YELLOW
    here[0] += timedelta(minutes=6)
    assert clocks.colour(clock) is ClockColour.RED
    clocks.warn_share = 0.1
    assert clocks.colour(a_clock(3)) is ClockColour.RED


def test_a_stopped_clock_stands() -> None:
    clocks = Clocks(lambda: NOW + timedelta(days=1))
    clock = a_clock(4, stopped_at=NOW, colour=ClockColour.STOPPED)
    assert clocks.seconds(clock) == 240 and clocks.colour(clock) is ClockColour.STOPPED
    assert (duration(59), duration(3600), duration(-1)) == ("00:59", "1:00:00", "00:00")


def test_conditions_become_the_servers_filter() -> None:
    made = filter_of(
        {"number": " E1 ", "urgency": Urgency.URGENT, "mine": True, "states": ("waiting",), FIRST: NOW.date()}
    )
    assert made.number == "E1" and made.urgencies == (Urgency.URGENT,) and made.mine
    assert made.states == (ConsultationState.WAITING,) and made.first == NOW.date()
    quick = filter_of({QUICK: QuickRange.WEEK, FIRST: NOW.date(), LAST: NOW.date()})
    assert quick.quick is QuickRange.WEEK and quick.first is None


def test_one_press_accepts_and_opens_the_reading_page(station: Station) -> None:
    page = station.page(pages.ACCEPTANCE)
    page.list.table.setFocus()
    page.list.table.selectRow(0)
    station.press(Qt.Key.Key_F6)
    assert station.hospital.calls_of(Accept)[-1].consultation_id == 1
    reading = FakeReading.made[-1].reading
    assert reading.consultation_id == 1 and not reading.read_only
    assert station.shell.current_page == pages.READING


def test_a_double_click_on_a_waiting_row_accepts_and_on_an_own_one_goes_on(station: Station) -> None:
    page = station.page(pages.ACCEPTANCE)
    page.activate(station.hospital.consultations[1])
    station.settle()
    assert len(station.hospital.calls_of(Accept)) == 1
    page.activate(station.hospital.consultations[3])
    station.settle()
    assert len(station.hospital.calls_of(Accept)) == 1
    assert FakeReading.made[-1].reading.consultation_id == 4


def test_the_second_doctor_is_told_who_has_it(station: Station) -> None:
    page = station.page(pages.ACCEPTANCE)
    row = station.hospital.consultations[0]
    station.hospital.consultations[0] = msgspec.structs.replace(
        row, state=ConsultationState.ACCEPTED, accepted_by="钱医生", accepted_by_id=22, allowed=()
    )

    def taken(_request: Accept) -> None:
        raise refusal(ErrorCode.ILLEGAL_ACTION, "已由钱医生受理")

    station.hospital.replies[Accept] = taken
    page.accept(row)
    station.settle()
    assert any("钱医生" in words for words in station.said())
    assert FakeReading.made == []


def test_refusing_needs_a_reason(station: Station) -> None:
    page = station.page(pages.ACCEPTANCE)
    page.act("refuse", station.hospital.consultations[2])
    dialog = station.dialog(ReasonDialog)
    dialog.confirm()
    assert dialog.form.rows["reason"].problem and station.hospital.calls_of(Refuse) == []
    dialog.form.rows["reason"].editor.set_value("基线漂移，请重采")
    dialog.confirm()
    station.settle()
    assert station.hospital.calls_of(Refuse)[-1].reason == "基线漂移，请重采"


def test_giving_back_lets_others_accept(station: Station) -> None:
    page = station.page(pages.ACCEPTANCE)
    page.act("give_back", station.hospital.consultations[3])
    station.dialog(ReasonDialog).confirm()
    station.settle()
    assert station.hospital.consultations[3].state is ConsultationState.WAITING


def test_details_show_both_sides_and_the_trail(station: Station) -> None:
    page = station.page(pages.ACCEPTANCE)
    page.act("details", station.hospital.consultations[0])
    dialog = station.dialog(ConsultationDialog)
    assert dialog.facts["申请医院"].full_text == "清水镇卫生院"
    assert dialog._long["会诊目的"][1].text() == "ST段改变的意义"
    assert not dialog._long["原因"][1].isVisible()
    assert dialog.trail.total == 1
    assert dialog.trail.model.columns[2].text(dialog.details.lines[0]) == "申请会诊"
    dialog.reject()


def test_only_rows_with_a_report_are_ticked_and_all_are_printed_and_signed_for(station: Station) -> None:
    page = station.page(pages.CONSULTATION_REPORTS)
    batch = page._place.actions.qt("consultation_reports.print_ticked")
    assert not batch.isEnabled()
    page.tick(station.hospital.consultations[0])
    assert page.ticked == {}
    page.tick_waiting()
    assert set(page.ticked) == {5}
    page.tick(station.hospital.consultations[5])
    assert set(page.ticked) == {5, 6} and batch.isEnabled()
    page.print_ticked()
    station.settle()
    assert station.hospital.calls_of(SignFor)[-1].consultation_ids == (5, 6)
    assert station.hospital.consultations[4].state is ConsultationState.COMPLETED
    assert page.ticked == {} and any("2" in words for words in station.said())


def test_a_click_in_the_tick_column_ticks(station: Station) -> None:
    page = station.page(pages.CONSULTATION_REPORTS)
    table = page.list.table
    at = next(n for n in range(page.list.total) if page.list.model.row(n).id == 5)
    where = table.visualRect(table.model().index(at, page._tick_column)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert set(page.ticked) == {5}


def test_printing_one_report_signs_for_it(station: Station, tmp_path: Path) -> None:
    page = station.page(pages.CONSULTATION_REPORTS)
    page.act("print", station.hospital.consultations[4])
    station.settle()
    assert station.hospital.consultations[4].signed_by == "何丽"
    assert any("已签收" in words for words in station.said())
    assert list(tmp_path.rglob("*.pdf"))


def test_a_report_that_cannot_be_printed_is_named_and_the_others_go_on(station: Station) -> None:
    page = station.page(pages.CONSULTATION_REPORTS)
    rows: list[Any] = [station.hospital.consultations[4], station.hospital.consultations[0]]
    page.print_rows(rows)
    station.settle()
    assert any("李秀英" in words and "还没有报告" in words for words in station.said())
    assert station.hospital.consultations[4].state is ConsultationState.COMPLETED


def test_the_lower_hospital_reads_without_editing(station: Station) -> None:
    page = station.page(pages.CONSULTATION_REPORTS)
    page.act("read", station.hospital.consultations[4])
    assert FakeReading.made[-1].reading.read_only


def test_a_waiting_application_can_be_withdrawn(station: Station) -> None:
    page = station.page(pages.CONSULTATION_REPORTS)
    page.act("withdraw", station.hospital.consultations[0])
    station.dialog(ReasonDialog).confirm()
    station.settle()
    assert station.hospital.calls_of(Withdraw)[-1].consultation_id == 1
    page.act("withdraw", station.hospital.consultations[4])
    station.settle()
    assert len(station.hospital.calls_of(Withdraw)) == 1


def test_applying_takes_the_exams_words_and_sends_them(station: Station) -> None:
    page = station.page(pages.IN_HOSPITAL)
    station.hospital.teams = [a_team(1), a_team(2, name="急诊心电组")]
    page.list.table.setFocus()
    page.list.table.selectRow(0)
    station.press(Qt.Key.Key_F8)
    dialog = station.dialog(ApplicationDialog)
    assert dialog.form.value("complaint") == "胸闷2小时" and dialog.form.value("phone") == "0571-2233"
    dialog.submit()
    assert dialog.form.rows["team"].problem
    dialog.form.rows["team"].editor.set_value(2)
    dialog.form.rows["urgency"].editor.set_value(Urgency.EMERGENCY)
    dialog.form.rows["question"].editor.set_value("是否急性心梗")
    dialog.submit()
    station.settle()
    sent = station.hospital.calls_of(Apply)[-1]
    assert (sent.exam_id, sent.team_id, sent.urgency) == (1, 2, Urgency.EMERGENCY)
    assert sent.question == "是否急性心梗" and sent.complaint == "胸闷2小时"


def test_an_exam_that_cannot_be_sent_says_why(station: Station) -> None:
    page = station.page(pages.IN_HOSPITAL)
    dialog = ApplicationDialog(page._desk, page, 3)
    dialog.open()
    station.settle()
    assert "已采集" in dialog.note.text() and not dialog.buttons["submit"].isEnabled()
    dialog.submit()
    assert station.hospital.calls_of(Apply) == []
    dialog.reject()


def test_the_lists_ask_the_servers_order(station: Station) -> None:
    station.page(pages.ACCEPTANCE)
    assert all(column.sort is False for column in station.page(pages.ACCEPTANCE).spec.columns)
    assert station.hospital.calls_of(ListIncoming)
