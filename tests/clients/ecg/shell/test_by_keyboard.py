"""Hands stay on the keyboard: register, read, accept, submit, print, next; nothing is lost on the way out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.ecg import pages
from clients.ecg.consultations.application import ApplicationDialog
from clients.ecg.registration.quick import ConsultationRegistration
from clients.kit.dialogs import Question
from shared.contract import ecg
from shared.contract.ecg_consultations import Apply
from shared.domain.ecg import ReportState
from tests.clients.ecg.ecg_rows import a_session
from tests.clients.ecg.ecg_station import FakeReading, Station, use_fake_reading
from tests.clients.ecg.fake_ecg import FakeEcg
from tests.clients.ecg.reading.reading_house import House

_CTRL, _ALT, _SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
Key = Qt.Key


def a_hospital() -> tuple[FakeEcg, House]:
    """Lists of a county, and two exams that can really be read."""
    hospital, house = FakeEcg(), House()
    hospital.fill()
    listed = hospital.replies[ecg.GetEcgExam]
    read = house.connection.replies[ecg.GetEcgExam]
    for kind, reply in house.connection.replies.items():
        hospital.replies[kind] = reply
    hospital.replies[ecg.GetEcgExam] = lambda request: (read if request.exam_id in house.rows else listed)(request)
    hospital.connection.documents = house.connection.documents
    return hospital, house


@pytest.fixture
def station(qtbot: QtBot) -> Iterator[Station]:
    hospital, house = a_hospital()
    made = Station(qtbot, a_session(), hospital)
    made.house = house  # type: ignore[attr-defined]
    yield made
    for exam_id in list(made.parts.area().open):
        made.parts.area().drop(exam_id)
    made.close()


def fill(station: Station) -> None:
    station.page(pages.IN_HOSPITAL)
    station.press(Key.Key_F3)
    QTest.keyClicks(QApplication.focusWidget(), "Zhang")
    station.press(Key.Key_Tab)
    station.press(Key.Key_Down)
    station.press(Key.Key_Tab)
    QTest.keyClicks(QApplication.focusWidget(), "58")


def test_a_patient_is_registered_without_the_mouse(station: Station, qtbot: QtBot) -> None:
    fill(station)
    station.press(Key.Key_Return, _CTRL)
    qtbot.waitUntil(lambda: bool(station.hospital.calls_of(ecg.RegisterEcg)), timeout=30_000)
    station.settle()
    entry = station.hospital.calls_of(ecg.RegisterEcg)[-1].entry
    assert entry.patient_name == "Zhang" and entry.age.startswith("58")
    assert station.shell.current_page == pages.IN_HOSPITAL


def test_f2_registers_and_goes_on_to_the_acquisition(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    use_fake_reading(monkeypatch)
    hospital = FakeEcg()
    hospital.fill()
    station = Station(qtbot, a_session(role="ecg_admin"), hospital)
    fill(station)
    station.press(Key.Key_F2)
    qtbot.waitUntil(lambda: bool(FakeReading.made), timeout=30_000)
    assert FakeReading.made[-1].reading.acquire
    station.close()


def test_a_missing_field_keeps_the_dialog_and_marks_it(station: Station, qtbot: QtBot) -> None:
    station.page(pages.IN_HOSPITAL)
    station.press(Key.Key_F3)
    station.press(Key.Key_Return, _CTRL)
    dialog = station.dialog(ConsultationRegistration)
    qtbot.waitUntil(lambda: bool(dialog.form.rows["patient_name"].problem), timeout=30_000)
    assert not station.hospital.calls_of(ecg.RegisterEcg)
    dialog.reject()


def test_read_accept_submit_print_and_the_next_one(station: Station, qtbot: QtBot) -> None:
    house: House = station.house  # type: ignore[attr-defined]
    station.parts._desk.open_reading(1)
    station.settle()
    page = station.parts.area().page_of(1)
    station.press(Key.Key_Return, _ALT | _SHIFT)
    suggested = [row.suggestion.zh for row in page.conclusion.rows]
    assert page.presenter.state.body.diagnosis.split("\n") == suggested
    station.press(Key.Key_F7)
    QTest.keyClicks(QApplication.focusWidget(), "ok")
    station.press(Key.Key_F10)
    station.press(Key.Key_Return)  # 提交并打印
    station.press(Key.Key_Return)  # the template, asked once
    qtbot.waitUntil(lambda: bool(house.prints), timeout=30_000)
    assert house.pages[1].state is ReportState.SUBMITTED and house.pages[1].body.diagnosis.endswith("ok")
    station.window.activateWindow()
    station.settle()
    station.press(Key.Key_N, _CTRL)
    qtbot.waitUntil(lambda: station.parts.area().front not in (None, 1), timeout=30_000)
    assert 1 not in station.parts.area().open


def test_closing_the_window_with_a_draft_asks_and_keeps_it(station: Station, qtbot: QtBot) -> None:
    house: House = station.house  # type: ignore[attr-defined]
    station.parts._desk.open_reading(1)
    station.settle()
    station.press(Key.Key_F7)
    QTest.keyClicks(QApplication.focusWidget(), "draft")
    station.window.close()
    assert station.window.isVisible()
    question = station.window.findChild(Question)
    assert question is not None
    question.answer("save")
    qtbot.waitUntil(lambda: house.pages[1].state is ReportState.DRAFT, timeout=30_000)
    assert house.pages[1].body.diagnosis == "draft"


def test_a_consultation_is_asked_for_by_two_keys(station: Station, qtbot: QtBot) -> None:
    page = station.page(pages.IN_HOSPITAL)
    page.list.table.selectRow(0)
    station.press(Key.Key_F8)
    dialog = station.dialog(ApplicationDialog)
    dialog.form.focus("question")
    station.press(Key.Key_Return, _CTRL)
    qtbot.waitUntil(lambda: bool(station.hospital.calls_of(Apply)), timeout=30_000)
    assert station.hospital.calls_of(Apply)[-1].exam_id == page.list.selected_row.id
