"""The registration workstation as a person uses it: the real window, keys and clicks, a hospital in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from clients.kit.app import Workstation, make_application, speak, wear
from clients.kit.connection import LineState
from clients.kit.login import SignedIn
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, register_catalogue, set_language
from clients.registration import texts
from clients.registration.app import TITLE, make_pages
from clients.registration.desk import Desk
from clients.registration.exam_actions import RowAction
from shared.contract.base import Changed, TicketCalled
from shared.contract.errors import ErrorCode
from shared.contract.exams import CancelExam, FindApplications, ListExams, RegisterExam
from shared.contract.organisation import GetHospital
from shared.contract.printing import PrintBarcode
from shared.contract.queueing import CallNext, GetQueue
from shared.domain.states import PatientType, Sex, TicketState
from tests.clients.registration.fake_hospital import (
    NOW,
    FakeHospital,
    a_document,
    a_ticket,
    an_application,
    an_exam_row,
    refusal,
)

BETWEEN_STROKES_MS = 40
"""Slower than a scanner (35 ms), so that typed numbers are not taken for scans."""


class Station:
    """The window of one clerk."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.hospital = FakeHospital()
        self.hospital.connection.fetch_document = lambda _id: b"%PDF-1.4"  # type: ignore[attr-defined]
        self.window = Workstation(TITLE, make_pages(), lambda _server: self.hospital.connection)
        self.window.resize(1366, 768)
        self.keys = 0
        self.shell: Any = None

    def open(self, page: str = "registration") -> Any:
        UserSettings.for_user("clerk").set("shell/page", page)
        with self.qtbot.waitActive(self.window, timeout=30_000):
            self.window.show()
            self.window.activateWindow()
        connection = self.hospital.connection
        self.shell = self.window.sign_in_with(SignedIn(connection, connection.login("clerk", "secret")))
        self.settle()
        return self.shell.page_widget(page)

    def settle(self) -> None:
        """Wait until no work runs and what it brought is on screen."""
        for _ in range(3):
            self.wait(lambda: not self.window.runner.busy)
            QApplication.processEvents()

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=30_000)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """One key action on whatever has the keyboard."""
        self.keys += 1
        target = QApplication.focusWidget() or self.window
        QTest.keyClick(target, key, modifier)
        self.settle()

    def type(self, text: str) -> None:
        """Letters one by one, as a person types them."""
        self.keys += len(text)
        for letter in text:
            target = QApplication.focusWidget()
            assert target is not None
            QTest.keyClicks(target, letter)
            QTest.qWait(BETWEEN_STROKES_MS)
        self.settle()


@pytest.fixture
def station(qtbot: QtBot) -> Iterator[Station]:
    make_application()
    register_catalogue(texts.ENTRIES)
    wear("light")
    Desk.clock = staticmethod(NOW.astimezone)
    made = Station(qtbot)
    yield made
    made.window.close()
    made.window.deleteLater()
    QApplication.processEvents()
    set_language(Language.CHINESE)


def has_focus(widget: QWidget) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and (focused is widget or widget.isAncestorOf(focused))


def test_a_known_patient_is_registered_with_the_keyboard_alone(station: Station) -> None:
    page = station.open()
    station.wait(lambda: has_focus(page.booking.number))
    station.type("C0086001")
    station.keys = 0  # the bar is counted after the card number
    station.press(Qt.Key.Key_Return)
    station.wait(lambda: has_focus(page.booking.items.field))
    assert page.presenter.state.form.name == "李建国"
    station.type("xbp")
    station.press(Qt.Key.Key_Return)
    station.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    station.wait(lambda: bool(station.hospital.sent(RegisterExam)))
    assert station.keys <= 12
    sent = station.hospital.sent(RegisterExam)[0]
    assert (sent.patient.patient_id, sent.items[0].code, sent.room_id) == (501, "CT002", 11)
    station.settle()
    station.wait(lambda: has_focus(page.booking.number))
    assert station.hospital.sent(PrintBarcode)


def test_an_application_takes_two_keys_after_the_card_number(station: Station) -> None:
    station.hospital.applications.append(an_application())
    page = station.open()
    station.wait(lambda: has_focus(page.booking.number))
    station.type("C0086001")
    station.keys = 0
    station.press(Qt.Key.Key_Return)
    station.wait(lambda: has_focus(page.booking.submit))
    station.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    station.wait(lambda: bool(station.hospital.sent(RegisterExam)))
    assert station.keys == 2
    station.settle()
    station.wait(lambda: page.today.list.selected_row is not None)
    assert page.today.list.selected_row.id == 1
    said = [toast.text for toast in station.shell.toasts.toasts]
    assert any("261121CT0001" in text for text in said)


def test_a_new_patient_is_typed_field_by_field_with_enter(station: Station) -> None:
    page = station.open()
    page.booking.patient.focus("name")
    name = page.booking.patient.rows["name"].editor.line
    name.setText("赵敏")
    name.textEdited.emit("赵敏")
    station.press(Qt.Key.Key_Return)
    station.type("n")  # 女
    station.press(Qt.Key.Key_Return)
    station.press(Qt.Key.Key_Return)
    station.type("34")
    station.press(Qt.Key.Key_Return)
    form = page.presenter.state.form
    assert (form.name, form.age, form.pinyin) == ("赵敏", "34", "Zhao^Min")
    assert form.sex in (Sex.FEMALE, Sex.MALE)
    assert form.birth_date is not None
    assert has_focus(page.booking.patient.rows["id_number"])


def test_a_scanned_card_is_a_query_wherever_the_keyboard_is(station: Station) -> None:
    station.hospital.applications.append(an_application())
    page = station.open()
    page.booking.patient.focus("name")
    QTest.keyClicks(QApplication.focusWidget(), "C0086001")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    station.wait(lambda: bool(station.hospital.sent(FindApplications)))
    station.settle()
    assert page.presenter.state.form.application_id == 71
    assert page.presenter.state.form.name == "李建国"


def test_mistakes_stand_at_their_fields_and_the_first_gets_the_keyboard(station: Station) -> None:
    page = station.open()
    station.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    rows = page.booking.patient.rows
    assert rows["name"].problem == "请填写患者姓名。"
    assert page.booking.request.rows["room_id"].problem == "请选择检查室。"
    assert has_focus(rows["name"])
    assert station.hospital.sent(RegisterExam) == []


def test_a_click_on_a_slot_sets_the_planned_time(station: Station) -> None:
    page = station.open()
    page.presenter.choose_room(11)
    station.settle()
    grid = page.slots.grid
    place = next(i for i, slot in enumerate(grid._slots) if slot.bookable)
    point = grid._area(place).center().toPoint()
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(point))
    station.settle()
    planned = page.booking.request.value("planned_at")
    assert planned == page.presenter.state.form.planned_at
    assert page.presenter.state.form.slot_id is not None


def test_many_notices_lead_to_one_refresh(station: Station) -> None:
    page = station.open()
    asked = len(station.hospital.sent(ListExams))
    station.hospital.add_exam(an_exam_row(1))
    for version in range(20):
        station.hospital.connection.send_notice(Changed(entity="exam", id=1, version=version))
    station.wait(lambda: page.today.list.total == 1)
    station.settle()
    assert len(station.hospital.sent(ListExams)) == asked + 1


def test_typed_text_survives_notices_and_refreshes(station: Station) -> None:
    station.hospital.add_exam(an_exam_row(1))
    page = station.open()
    page.booking.patient.focus("name")
    station.type("Zha")
    asked = len(station.hospital.sent(ListExams))
    station.hospital.connection.send_notice(Changed(entity="exam", id=1, version=2))
    station.wait(lambda: len(station.hospital.sent(ListExams)) > asked)
    station.settle()
    station.type("o")
    assert page.booking.patient.value("name") == "Zhao"
    assert has_focus(page.booking.patient.rows["name"])


def test_a_crash_leaves_the_draft_for_the_next_window(station: Station, qtbot: QtBot) -> None:
    page = station.open()
    page.presenter.edit(name="赵敏")
    station.wait(lambda: page._desk._drafts.flush(1.0))
    again = Station(qtbot)
    try:
        other = again.open()
        assert other.presenter.state.form.name == "赵敏"
        assert other.presenter.state.draft_restored
        assert other.booking.patient.value("name") == "赵敏"
    finally:
        again.window.close()
        again.window.deleteLater()


def test_details_open_beside_the_list_and_edit_leads_to_the_form(station: Station) -> None:
    station.hospital.add_exam(an_exam_row(1))
    page = station.open()
    page.today.list.select_id(1)
    page.today.list.activated.emit(page.today.list.selected_row)
    station.settle()
    panel = station.shell.side_panel
    assert panel.isVisible()
    edit = panel.findChild(QWidget, "details.edit")
    assert edit is not None
    QTest.mouseClick(edit, Qt.MouseButton.LeftButton)
    station.settle()
    assert page.presenter.state.editing is not None
    assert page.booking.patient.value("name") == "李建国"


def test_cancelling_shows_an_undo_that_takes_it_back(station: Station) -> None:
    station.hospital.add_exam(an_exam_row(1))
    page = station.open()
    page.today.list.action_requested.emit(str(RowAction.CANCEL), station.hospital.exams[1].row)
    station.settle()
    toast = station.shell.toasts.toasts[-1]
    assert "已取消" in toast.text
    assert page.today_presenter.state.pending_cancel == {1}
    toast.trigger()
    assert page.today_presenter.state.pending_cancel == frozenset()
    assert station.hospital.sent(CancelExam) == []


def test_closing_the_window_sends_a_cancellation_that_waited(station: Station) -> None:
    station.hospital.add_exam(an_exam_row(1))
    page = station.open()
    page.today.list.action_requested.emit(str(RowAction.CANCEL), station.hospital.exams[1].row)
    station.settle()
    station.window.close()
    assert station.hospital.sent(CancelExam) == [CancelExam(exam_id=1, version=1)]


def test_management_lists_and_filters(station: Station) -> None:
    station.hospital.add_exam(an_exam_row(1))
    station.hospital.add_exam(an_exam_row(2, patient_name="王秀英"))
    page = station.open("management")
    station.wait(lambda: page.list.total == 2)
    name = page.filters.rows["patient_name"].editor
    name.line.setFocus()
    name.line.setText("王")
    name.line.textEdited.emit("王")
    assert page.presenter.state.has_unapplied
    station.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    station.wait(lambda: page.list.total == 1)
    page.presenter.reset()
    station.settle()
    station.wait(lambda: page.list.total == 2)
    assert name.value() == ""


def test_the_queue_is_worked_through_with_function_keys(station: Station) -> None:
    station.hospital.tickets = [a_ticket(1, patient_type=PatientType.EMERGENCY), a_ticket(2)]
    UserSettings.for_user("clerk").set("queue/room", 11)
    page = station.open("queue")
    station.wait(lambda: len(page.presenter.state.tickets) == 2)
    page.list.table.setFocus()
    station.press(Qt.Key.Key_F6)
    assert station.hospital.sent(CallNext) == [CallNext(room_id=11)]
    assert page.presenter.state.selected_ticket.state is TicketState.CALLING
    station.press(Qt.Key.Key_F8)
    assert page.presenter.state.selected_ticket.state is TicketState.PASSED
    station.press(Qt.Key.Key_F7)
    station.press(Qt.Key.Key_F9)
    assert page.presenter.state.selected_ticket.state is TicketState.EXAMINING
    station.press(Qt.Key.Key_F10)
    assert [ticket.number for ticket in page.presenter.state.tickets] == ["A002"]
    assert page.presenter.state.finished == 1
    page.tabs.setCurrentIndex(1)
    station.settle()
    assert page.finished.total == 1


def test_the_queue_follows_notices_at_once(station: Station) -> None:
    station.hospital.tickets = [a_ticket(1)]
    page = station.open("queue")
    station.wait(lambda: len(page.presenter.state.tickets) == 1)
    asked = len(station.hospital.sent(GetQueue))
    station.hospital.tickets.append(a_ticket(2, planned_at=NOW + timedelta(minutes=1)))
    station.hospital.connection.send_notice(TicketCalled(ticket_id=901, room_id=11, call_id=1))
    station.wait(lambda: page.list.total == 2)
    assert len(station.hospital.sent(GetQueue)) > asked


def test_a_lost_line_keeps_the_rows_and_the_page_comes_back_by_itself(station: Station) -> None:
    station.hospital.add_exam(an_exam_row(1))
    page = station.open()
    station.wait(lambda: page.today.list.total == 1)
    station.hospital.connection.set_line(LineState.RECONNECTING)
    page._refresh()
    station.settle()
    assert page.today.list.total == 1
    station.hospital.add_exam(an_exam_row(2))
    station.hospital.connection.set_line(LineState.ONLINE)
    station.wait(lambda: page.today.list.total == 2)


def test_a_page_that_opens_without_a_line_fills_itself_later(station: Station) -> None:
    station.hospital.add_exam(an_exam_row(1))
    for _ in range(2):
        station.hospital.refuse(GetHospital, refusal(ErrorCode.TIMEOUT))
    station.hospital.refuse(ListExams, refusal(ErrorCode.TIMEOUT))
    page = station.open()
    assert page.presenter.state.hospital is None
    assert page.today.list.error_text
    said = [toast.text for toast in station.shell.toasts.toasts]
    station.qtbot.waitUntil(lambda: page.presenter.state.hospital is not None, timeout=30_000)
    assert [toast.text for toast in station.shell.toasts.toasts].count(said[-1]) <= 1
    assert page.presenter.state.form.campus_id == 1
    page._refresh()
    station.wait(lambda: page.today.list.total == 1)


def test_a_list_that_cannot_be_loaded_says_why_and_can_be_tried_again(station: Station) -> None:
    station.hospital.refuse(ListExams, refusal(ErrorCode.BUSY))
    page = station.open()
    station.wait(lambda: "繁忙" in page.today.list.error_text)
    page.today.list.retry.emit()
    station.settle()
    assert page.today.list.error_text == ""


def test_a_printer_chosen_for_this_desk_is_remembered(station: Station, qtbot: QtBot) -> None:
    from clients.kit.printing.setup import Desk as PrinterDesk
    from clients.registration.printing_setup import PrintingSetup

    page = station.open()
    desk = page._place.desk_settings
    setup = PrintingSetup(desk, ["Zebra ZD421"])
    qtbot.addWidget(setup)
    assert setup.form.rows["via"].editor.choose_by_typing("普通打印机")
    assert setup.form.rows["name"].editor.choose_by_typing("Zebra")
    assert PrinterDesk(desk).setup("barcode").printer == "Zebra ZD421"
    later = PrintingSetup(desk, [])
    qtbot.addWidget(later)
    assert later.form.value("name") == "Zebra ZD421"


def test_a_label_for_a_printer_that_is_gone_waits_and_says_so(station: Station) -> None:
    page = station.open()
    page._place.desk_settings.set("printing/barcode/printer", "gone")  # as an earlier version kept it
    documents = page._desk.documents
    said = documents.hand_out(a_document())
    assert said == "检查条码未打印：这台电脑上没有这台打印机，请检查打印机设置。已排队，恢复后自动打印。"
    assert [job.printer for job in documents.queue.jobs] == ["gone"]
    documents.queue.cancel(documents.queue.jobs[0].key)
    assert documents.queue.jobs == ()


def test_without_a_printer_a_file_is_saved(station: Station, tmp_path: Path) -> None:
    page = station.open()
    page._place.desk_settings.set("printing/folder", str(tmp_path / "labels"))
    assert page._desk.documents.hand_out(a_document()) == "未设置打印机，检查条码已保存到 labels/barcode-7.pdf。"
    assert (tmp_path / "labels" / "barcode-7.pdf").read_bytes() == b"%PDF-1.4"
    lacking = msgspec.structs.replace(a_document(), warning="字体中没有这些字符，已用〓代替：𱁬")
    assert page._desk.documents.hand_out(lacking).endswith("已用〓代替：𱁬")


def test_the_language_changes_while_the_form_is_filled(station: Station) -> None:
    page = station.open()
    page.presenter.edit(name="赵敏")
    page.booking.do_submit()
    speak("en")
    station.settle()
    assert page.booking.patient.value("name") == "赵敏"
    assert page.booking.tabs.tabText(1) == "Clinical"
    assert page.booking.number.placeholderText().startswith("Visit card")
    rooms = page.booking.request.rows["room_id"].editor.choices
    assert rooms[0].words() == "CT room 1"
