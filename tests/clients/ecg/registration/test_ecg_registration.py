"""HIS登记, the registration dialog and the quick ways, with keyboard and scanner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.ecg import pages
from clients.ecg.registration.dialog import RegistrationDialog
from clients.ecg.registration.entry import age_of, age_problem, id_problem, to_entry, to_values
from clients.ecg.registration.quick import ConsultationRegistration, NumberDialog
from shared.contract.ecg import FindRequest, RegisterEcg, RegisterRequest, SearchRequests
from shared.domain.ecg import RequestState
from shared.domain.states import Sex, VisitKind
from tests.clients.ecg.ecg_rows import a_request, a_session, an_entry
from tests.clients.ecg.ecg_station import FakeReading, Station, use_fake_reading
from tests.clients.ecg.fake_ecg import FakeEcg


@pytest.fixture
def station(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    use_fake_reading(monkeypatch)
    hospital = FakeEcg()
    hospital.fill()
    made = Station(qtbot, a_session(role="ecg_operator"), hospital)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("typed", "kept"), [("45", "45岁"), (" 3月 ", "3月"), ("12d", "12天"), ("7 W", "7周"), ("90岁", "90岁")]
)
def test_ages_are_read_with_their_unit(typed: str, kept: str) -> None:
    assert age_problem(typed) == ""
    assert age_of(typed) == kept


@pytest.mark.parametrize("typed", ["abc", "岁", "-3", "200", "45.5"])
def test_ages_that_cannot_be_are_refused(typed: str) -> None:
    assert age_problem(typed)


def test_identity_numbers_are_checked_by_their_last_figure() -> None:
    assert id_problem("11010519491231002X") == ""  # the example of GB 11643
    assert id_problem("11010519491231002x") == ""
    assert id_problem("110105194912310021")
    assert id_problem("护照 E123") == ""


def test_an_entry_goes_through_the_form_unchanged() -> None:
    entry = an_entry(phone="1", height_cm=170.0)
    assert to_entry(to_values(entry), entry) == entry
    assert to_entry(to_values(an_entry(sex=Sex.UNKNOWN))).sex is Sex.UNKNOWN


def test_his_finds_by_the_conditions_filled_in(station: Station) -> None:
    page = station.page(pages.HIS)
    page.filters.rows["visit_kind"].editor.set_value(VisitKind.INPATIENT)
    page._typed("visit_kind")
    page.filters.rows["id_number"].editor.set_value("33")
    page._typed("id_number")
    page.presenter.query()
    station.settle()
    asked = station.hospital.calls_of(SearchRequests)[-1]
    assert asked.visit_kinds == (VisitKind.INPATIENT,) and asked.id_number == "33"
    assert asked.received_from is not None


def test_requests_that_cannot_be_registered_are_marked_and_refused(station: Station) -> None:
    page = station.page(pages.HIS)
    states = [page.list.model.row(at).state for at in range(page.list.total)]
    assert RequestState.REGISTERED in states and RequestState.CANCELLED in states
    page.list.table.selectRow(states.index(RequestState.CANCELLED))
    assert not page._place.actions.qt("his.register").isEnabled()
    dialog = RegistrationDialog(page._desk, page, a_request(3, RequestState.CANCELLED))
    dialog.open()
    dialog.register()
    station.settle()
    assert "不能登记" in dialog.note.text()
    assert station.hospital.calls_of(RegisterRequest) == []
    dialog.reject()


def test_a_request_is_compared_and_registered(station: Station) -> None:
    page = station.page(pages.HIS)
    page.list.table.setFocus()
    page.list.table.selectRow(0)
    station.press(Qt.Key.Key_F2)
    dialog = station.dialog(RegistrationDialog)
    values = dialog.form.values()
    assert values["patient_name"] == "李秀英" and values["complaint"] == "胸闷2小时"
    dialog.form.rows["bed"].editor.set_value("12")
    dialog.register()
    station.settle()
    sent = station.hospital.calls_of(RegisterRequest)[-1]
    assert sent.entry.bed == "12" and sent.entry.request_number == "SQ202600001"
    assert station.window.findChildren(RegistrationDialog) == []
    assert "李秀英" in station.said()[-1]
    listing = station.page(pages.IN_HOSPITAL)
    assert any(listing.list.model.row(at).patient_name == "李秀英" for at in range(3))


def test_register_and_acquire_opens_the_reading_page_with_acquisition(station: Station) -> None:
    page = station.page(pages.HIS)
    page.act("register", station.hospital.requests[0])
    station.dialog(RegistrationDialog).register_and_acquire()
    station.settle()
    assert station.shell.current_page == pages.READING
    assert FakeReading.made[-1].reading.acquire


def test_the_second_registration_shows_the_exam_that_exists(station: Station) -> None:
    page = station.page(pages.HIS)
    row = station.hospital.requests[0]
    page.act("register", row)
    station.dialog(RegistrationDialog).register()
    station.settle()
    before = len(station.hospital.exams)
    page.act("register", row)
    station.dialog(RegistrationDialog).register()
    station.settle()
    assert len(station.hospital.exams) == before
    assert "已登记" in station.said()[-1]


def test_a_scanner_that_types_fills_the_number_and_asks(station: Station) -> None:
    page = station.page(pages.IN_HOSPITAL)
    page.register_by_number()
    dialog = station.dialog(NumberDialog)
    QTest.keyClicks(QApplication.focusWidget(), "SQ202600001")
    station.press(Qt.Key.Key_Return)
    station.settle()
    assert station.hospital.calls_of(FindRequest)[-1].request_number == "SQ202600001"
    assert dialog.form.value("patient_name") == "李秀英"
    assert dialog.buttons["register"].isEnabled()
    dialog.register()
    station.settle()
    assert station.hospital.calls_of(RegisterRequest)[-1].application_id == 1


def test_a_number_not_found_is_said_and_the_dialog_stays(station: Station) -> None:
    station.hospital.requests[4] = a_request(5, health_check_number="TJ0005", visit_kind=VisitKind.HEALTH_CHECK)
    page = station.page(pages.HEALTH_CHECK)
    page.register_by_number()
    dialog = station.dialog(NumberDialog)
    dialog.number.rows["number"].editor.set_value("TJ9999")
    dialog.number.submit()
    station.settle()
    assert station.hospital.calls_of(FindRequest)[-1].health_check_number == "TJ9999"
    assert dialog.isVisible() and "TJ9999" in dialog.number.rows["number"].problem
    assert not dialog.buttons["register"].isEnabled()
    dialog.number.rows["number"].editor.set_value("TJ0005")
    dialog.number.submit()
    station.settle()
    assert dialog.chosen is not None and dialog.buttons["register"].isEnabled()
    dialog.reject()


def test_several_requests_of_one_number_are_offered(station: Station) -> None:
    station.hospital.requests[1] = a_request(2, RequestState.REGISTERED, request_number="SQ202600001")
    page = station.page(pages.IN_HOSPITAL)
    page.register_by_number()
    dialog = station.dialog(NumberDialog)
    dialog.number.rows["number"].editor.set_value("SQ202600001")
    dialog.query()
    station.settle()
    assert dialog.several.isVisible() and dialog.chosen.application_id == 1
    dialog.several.table.selectRow(1)
    assert dialog.chosen.application_id == 2 and not dialog.buttons["register"].isEnabled()
    dialog.reject()


def test_quick_registration_marks_the_three_mandatory_fields(station: Station) -> None:
    page = station.page(pages.IN_HOSPITAL)
    station.press(Qt.Key.Key_F3)
    dialog = station.dialog(ConsultationRegistration)
    dialog.register()
    assert {key for key, row in dialog.form.rows.items() if row.problem} == {"patient_name", "sex", "age"}
    assert station.hospital.calls_of(RegisterEcg) == []
    dialog.form.rows["patient_name"].editor.set_value("赵六")
    dialog.form.rows["sex"].editor.set_value(Sex.MALE)
    dialog.form.rows["age"].editor.set_value("66")
    dialog.register_and_acquire()
    station.settle()
    assert station.hospital.calls_of(RegisterEcg)[-1].entry.age == "66岁"
    assert FakeReading.made[-1].reading.acquire
    assert page is not None


def test_a_registrar_without_the_right_to_acquire_is_not_offered_it(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_fake_reading(monkeypatch)
    station = Station(qtbot, a_session(role="ecg_registrar"), FakeEcg())
    station.page(pages.IN_HOSPITAL).register_by_hand()
    dialog = station.dialog(ConsultationRegistration)
    assert "acquire" not in dialog.buttons
    dialog.reject()
    station.close()
