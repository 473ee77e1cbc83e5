"""The clerk's key actions, counted on the real window against a real server over real sockets (issue 4, first bar).

What counts: every key that is pressed, a combination such as Ctrl+Enter as one. Chinese names count strictly: one press
for each letter of the pinyin typed into the input method and one for the Space that commits it; the text arrives as the
input method sends it. The counting begins after the last digit of the number (the card may as well be scanned).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pynetdicom import AE
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from server_process import ServerProcess, running_server

from clients.kit.app import Workstation, make_application, wear
from clients.kit.camera.virtual_cameras import VirtualCameras
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.settings import UserSettings
from clients.kit.translations import register_catalogue
from clients.registration import texts
from clients.registration.app import TITLE, make_pages
from clients.registration.desk import Desk, cameras_of, local_now
from clients.registration.exam_actions import RowAction
from shared.contract.attachments import ListAttachments
from shared.contract.exams import GetExam, ItemEntry, PatientEntry, RegisterExam, RequesterEntry, SubmitApplication
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital
from shared.contract.patients import GetRecords, SearchPatients
from shared.dicomkit.names import search_keys
from shared.dicomkit.synthetic import ct_series
from shared.domain.safety import SafetyValue
from shared.domain.states import Sex

PASSWORD = "correct-horse-battery"
KNOWN_BAR, NEW_BAR = 12, 40
BETWEEN_STROKES_MS = 40
"""Slower than a scanner (35 ms), so that typed numbers are not taken for scans."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        admin = running.client()
        admin.call(CreateUser(login="zhang", name="张登记", password=PASSWORD, roles=("clerk", "technician")))
        hospital = admin.call(GetHospital())
        chest = next(item for item in hospital.exam_items if item.name == "胸部平扫")
        room = next(room for room in hospital.rooms if "CT" in room.exam_types)
        entry = ItemEntry(code=chest.code, name=chest.name, body_part=chest.body_part, price_fen=chest.price_fen)
        admin.call(
            SubmitApplication(
                patient=PatientEntry(name="李建国", sex=Sex.MALE, birth_date=date(1968, 3, 12), card_number="C0086001"),
                exam_type="CT",
                items=(entry,),
                requester=RequesterEntry(department="呼吸内科", doctor="王医生", his_number="HIS1"),
            )
        )
        for name, sex, card, phone in (
            ("王秀英", Sex.FEMALE, "C0086002", "13800138000"),
            ("曾敏", Sex.FEMALE, "C0086003", "13911112222"),
        ):
            admin.call(
                RegisterExam(
                    patient=PatientEntry(
                        name=name, sex=sex, birth_date=date(1990, 5, 1), card_number=card, phone=phone
                    ),
                    exam_type="CT",
                    items=(entry,),
                    campus_id=room.campus_id,
                    room_id=room.id,
                )
            )
        admin.close()
        yield running


class Clerk:
    """Somebody with a keyboard and no mouse."""

    def __init__(self, server: ServerProcess, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.keys: list[str] = []
        self.window = Workstation(TITLE, make_pages(), ServerConnection)
        self.window.resize(1366, 768)
        with qtbot.waitActive(self.window, timeout=30_000):
            self.window.show()
            self.window.activateWindow()
        self.line = ServerConnection(str(server.connection))
        shell: Any = self.window.sign_in_with(SignedIn(self.line, self.line.login("zhang", PASSWORD)))
        self.shell = shell
        self.page = shell.page_widget("registration")
        self.wait(lambda: self.state.hospital is not None and bool(self.state.questions))
        self.wait(lambda: has_focus(self.page.booking.number))

    @property
    def state(self) -> Any:
        return self.page.presenter.state

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=30_000)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.keys.append(key.name.removeprefix("Key_"))
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)
        QApplication.processEvents()

    def type(self, text: str) -> None:
        for letter in text:
            self.keys.append(letter)
            target = QApplication.focusWidget()
            assert target is not None
            QTest.keyClicks(target, letter)
            QTest.qWait(BETWEEN_STROKES_MS)

    def compose(self, chinese: str) -> None:
        """Type pinyin into an input method, Space commits."""
        pinyin = search_keys(chinese)[0]
        self.keys += [*pinyin, "Space"]
        event = QInputMethodEvent()
        event.setCommitString(chinese)
        target = QApplication.focusWidget()
        assert target is not None
        QCoreApplication.sendEvent(target, event)
        QApplication.processEvents()

    def number(self, text: str) -> None:
        """The card number, which does not count."""
        self.wait(lambda: has_focus(self.page.booking.number))
        self.type(text)
        self.keys.clear()

    def submit(self) -> Any:
        before = self.state.registered
        self.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        self.wait(lambda: self.state.registered is not before or bool(self.state.errors))
        assert not self.state.errors
        return self.line.call(GetExam(exam_id=self.state.registered.exam_id))


def has_focus(widget: QWidget) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and (focused is widget or widget.isAncestorOf(focused))


@pytest.fixture
def clerk(server: ServerProcess, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Clerk]:
    make_application()
    register_catalogue(texts.ENTRIES)
    wear("light")
    Desk.clock = staticmethod(local_now)
    Desk.cameras = staticmethod(lambda _settings: VirtualCameras([a_sheet_on_a_table()]))
    UserSettings.for_user("zhang").set("shell/page", "registration")
    made = Clerk(server, qtbot)
    made.page.presenter.set_print_barcode(False)
    yield made
    made.window.close()
    made.window.deleteLater()
    QApplication.processEvents()
    Desk.cameras = staticmethod(cameras_of)


def a_sheet_on_a_table() -> Any:
    picture = np.full((720, 960, 3), 70, np.uint8)
    picture[60:660, 260:690] = 240
    picture[120:130, 300:650] = 20
    return picture


def report(what: str, keys: list[str], bar: int) -> None:
    print(f"\n{what}: {len(keys)} key actions (bar {bar}): {' '.join(keys)}")


def test_a_known_patient_with_an_application(clerk: Clerk) -> None:
    clerk.number("C0086001")
    clerk.press(Qt.Key.Key_Return)
    clerk.wait(lambda: clerk.state.form.name == "李建国" and has_focus(clerk.page.booking.submit))
    exam = clerk.submit()
    assert exam.row.patient_name == "李建国"
    report("known patient, application found", clerk.keys, KNOWN_BAR)
    assert len(clerk.keys) <= KNOWN_BAR


def test_a_known_patient_without_an_application_who_is_asked_whether_she_is_pregnant(clerk: Clerk) -> None:
    clerk.number("C0086003")
    clerk.press(Qt.Key.Key_Return)
    clerk.wait(lambda: clerk.state.form.name == "曾敏" and has_focus(clerk.page.booking.items.field))
    clerk.type("lnps")
    clerk.wait(lambda: bool(clerk.state.candidates))
    clerk.press(Qt.Key.Key_Return)
    clerk.wait(lambda: [question.code for question in clerk.state.asked] == ["pregnancy"])
    clerk.press(Qt.Key.Key_F8)
    exam = clerk.submit()
    assert [(answer.code, answer.value) for answer in exam.safety] == [("pregnancy", SafetyValue.NO)]
    report("known patient, item typed, safety question answered", clerk.keys, KNOWN_BAR)
    assert len(clerk.keys) <= KNOWN_BAR


def test_a_new_patient_with_name_sex_age_phone_and_item(clerk: Clerk) -> None:
    clerk.number("C0099001")
    clerk.press(Qt.Key.Key_Return)
    clerk.wait(lambda: has_focus(clerk.page.booking.patient.rows["name"]))
    clerk.compose("单小林")
    clerk.press(Qt.Key.Key_Return)
    clerk.type("1")
    clerk.press(Qt.Key.Key_Return)
    clerk.press(Qt.Key.Key_Return)
    clerk.type("45")
    clerk.press(Qt.Key.Key_F3)
    clerk.type("xbps")
    clerk.wait(lambda: bool(clerk.state.candidates))
    clerk.press(Qt.Key.Key_Return)
    exam = clerk.submit()
    assert (exam.patient.name, exam.patient.pinyin, exam.patient.sex) == ("单小林", "Shan^Xiaolin", Sex.MALE)
    assert exam.patient.card_number == "C0099001"
    report("new patient, by card", clerk.keys, NEW_BAR)
    assert len(clerk.keys) <= NEW_BAR


def test_a_new_patient_by_identity_number_with_a_phone(clerk: Clerk) -> None:
    clerk.number("11010519491231002X")
    clerk.press(Qt.Key.Key_Return)
    clerk.wait(lambda: has_focus(clerk.page.booking.patient.rows["name"]))
    clerk.compose("曾秀兰")
    clerk.page.booking.patient.focus("name")
    for _field in range(7):
        clerk.press(Qt.Key.Key_Tab)
    clerk.wait(lambda: has_focus(clerk.page.booking.patient.rows["phone"]))
    clerk.type("13700001111")
    clerk.press(Qt.Key.Key_F3)
    clerk.type("xbps")
    clerk.wait(lambda: bool(clerk.state.candidates))
    clerk.press(Qt.Key.Key_Return)
    exam = clerk.submit()
    patient = exam.patient
    assert (patient.name, patient.sex, patient.birth_date) == ("曾秀兰", Sex.FEMALE, date(1949, 12, 31))
    assert (patient.pinyin, patient.phone) == ("Zeng^Xiulan", "13700001111")
    report("new patient, by identity number, with phone", clerk.keys, NEW_BAR)
    assert len(clerk.keys) <= NEW_BAR


def test_the_same_person_is_noticed_while_typing_and_taken_with_one_key(clerk: Clerk) -> None:
    clerk.number("NEW-CARD-9")
    clerk.press(Qt.Key.Key_Return)
    clerk.wait(lambda: has_focus(clerk.page.booking.patient.rows["name"]))
    clerk.compose("王秀英")
    clerk.press(Qt.Key.Key_Return)
    clerk.type("2")
    clerk.press(Qt.Key.Key_Return)
    clerk.type("19900501")
    clerk.press(Qt.Key.Key_Return)
    clerk.wait(lambda: bool(clerk.state.similar))
    assert clerk.page.booking.similar.isVisible()
    clerk.press(Qt.Key.Key_F4)
    clerk.wait(lambda: clerk.state.form.patient_id is not None)
    assert clerk.state.form.card_number == "C0086002"
    clerk.page.presenter.clear()


def test_a_photographed_application_arrives_at_its_exam(clerk: Clerk) -> None:
    clerk.press(Qt.Key.Key_F9)
    panel: Any = clerk.shell.side_panel.content
    clerk.wait(lambda: panel.grabber.take() is not None)
    clerk.press(Qt.Key.Key_F9)
    clerk.wait(lambda: len(clerk.page._desk.paper.state.pages) == 1)
    assert clerk.page._desk.paper.state.pages[0].found
    clerk.shell.side_panel.close_panel()
    clerk.page.booking.focus_number()
    clerk.number("C0086002")
    clerk.press(Qt.Key.Key_Return)
    clerk.wait(lambda: clerk.state.form.name == "王秀英")
    clerk.type("lnps")
    clerk.wait(lambda: bool(clerk.state.candidates))
    clerk.press(Qt.Key.Key_Return)
    clerk.press(Qt.Key.Key_F8)
    exam = clerk.submit()
    clerk.wait(lambda: len(clerk.line.call(ListAttachments(exam_id=exam.row.id))) == 1)
    clerk.wait(lambda: clerk.page._desk.paper.state.waiting == 0)
    (page,) = clerk.line.call(ListAttachments(exam_id=exam.row.id))
    assert abs(page.width / page.height - 430 / 600) < 0.03
    assert clerk.line.fetch_attachment(page.id).startswith(b"\xff\xd8")
    clerk.page._desk.actions.show_details(exam.row.id)
    details: Any = clerk.shell.side_panel.content
    clerk.wait(lambda: details._pages is not None and len(details._pages.strip.keys) == 1)


def test_two_records_are_merged_and_separated_on_screen(clerk: Clerk) -> None:
    for number in ("C0077001", "C0077002"):
        clerk.page.presenter.type_number("")
        clerk.page.presenter.edit(name="欧阳明", sex=Sex.MALE, card_number=number)
        clerk.page.presenter.edit(birth_date=date(1979, 2, 3))
        item = next(item for item in clerk.state.hospital.exam_items if item.exam_type == "CT")
        clerk.page.presenter.add_item(item)
        clerk.page.presenter.submit()
        clerk.wait(lambda: clerk.state.repeat_hint != "" or clerk.state.form.name == "")
        if clerk.state.repeat_hint:
            clerk.page.presenter.submit()
            clerk.wait(lambda: clerk.state.form.name == "")
    page = clerk.shell.go_to("merging")
    clerk.wait(lambda: any(pair.first.name == "欧阳明" for pair in page.presenter.state.pairs))
    pair = next(pair for pair in page.presenter.state.pairs if pair.first.name == "欧阳明")
    page.presenter.compare(pair)
    clerk.wait(lambda: page.presenter.state.join is not None and page.presenter.state.join.exams is not None)
    page.presenter.merge()
    assert page.presenter.state.reason_missing
    page.presenter.write_reason("同一人建了两张卡")
    page.presenter.merge()
    clerk.wait(lambda: page.presenter.state.join is None and not page.presenter.state.working)
    found = clerk.line.call(SearchPatients(text="欧阳明"))
    assert [patient.id for patient in found.rows] == [pair.first.id]
    clerk.wait(lambda: page.presenter.state.records is not None and len(page.presenter.state.records.records) == 2)
    page.presenter.write_reason("其实是两个人")
    joined = next(p for p in page.presenter.state.records.records if p.linked_to is not None)
    page.presenter.separate(joined)
    clerk.wait(lambda: clerk.line.call(SearchPatients(text="欧阳明")).total == 2)
    trace = clerk.line.call(GetRecords(patient_id=pair.first.id)).trace
    assert [(entry.is_linked, entry.reason) for entry in trace] == [(False, "其实是两个人"), (True, "同一人建了两张卡")]


class ViewerThatRemembers:
    """Stands for the viewer, which is a process of its own."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def open_study(self, study_uid: str) -> None:
        self.opened.append(study_uid)


def test_images_that_a_device_sends_open_from_todays_list(clerk: Clerk, server: ServerProcess) -> None:
    presenter = clerk.page.presenter
    presenter.edit(name="万俟明", sex=Sex.MALE, birth_date=date(1979, 2, 3))
    presenter.add_item(next(item for item in clerk.state.hospital.exam_items if item.name == "胸部平扫"))
    exam = clerk.submit()
    today = clerk.page.today_presenter
    slices = ct_series(None, 2, 16)
    for image in slices:
        image.AccessionNumber, image.PatientID = exam.row.accession_number, exam.row.patient_number
        image.StudyInstanceUID = exam.row.study_uid
    device = AE("CT1")
    device.add_requested_context(slices[0].SOPClassUID, slices[0].file_meta.TransferSyntaxUID)
    association = device.associate("127.0.0.1", server.dicom_port)
    assert association.is_established
    assert [association.send_c_store(image).Status for image in slices] == [0, 0]
    association.release()
    clerk.wait(lambda: any(row.id == exam.row.id and row.has_images for row in today.state.rows))
    row = next(row for row in today.state.rows if row.id == exam.row.id)
    clerk.page._desk.actions._viewer = viewer = ViewerThatRemembers()
    today.do(RowAction.VIEW_IMAGES, row)
    clerk.wait(lambda: viewer.opened == [exam.row.study_uid])
