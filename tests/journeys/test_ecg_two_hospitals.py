"""ECG-FLOW-04 on screen: windows of a clinic and of a county hospital on one running server, in six steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from clients.ecg import pages
from clients.ecg.app import TITLE, make_pages
from clients.ecg.consultations.application import ApplicationDialog
from clients.ecg.registration.quick import ConsultationRegistration, NumberDialog
from clients.ecg.shell.window import EcgWindow
from clients.kit.app import Workstation, make_application, wear
from clients.kit.printing.setup import FOLDER_KEY
from clients.kit.server_connection import ServerConnection
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, set_language
from shared.contract.ecg_consultations import Get
from shared.contract.errors import ErrorCode, Refused
from shared.contract.exams import ItemEntry, PatientEntry, RequesterEntry, SubmitApplication
from shared.contract.identity import ChangePassword, GetCaptcha, ListUsers, Login, ResetPassword
from shared.domain.ecg import ConsultationState, ExamState, Urgency
from shared.domain.states import Sex
from shared.rpc.client import RpcClient, ZmqTransport
from tests import ecg_records
from tests.ecg_network import EcgNetwork, an_ecg_network
from tests.server_process import running_server

PASSWORD = "Ecg-2026-pass"
WAIT_MS = 20_000


class Window:
    """A workstation whose user signs in at the log-in page."""

    def __init__(self, qtbot: QtBot, network: EcgNetwork, login: str, folder: Path) -> None:
        self.qtbot = qtbot
        UserSettings.for_user(login).set("shell/page", pages.HOME)
        self.window = Workstation(TITLE, make_pages(), ServerConnection)
        self.window._desk.set(FOLDER_KEY, str(folder))
        self.window.resize(1366, 768)
        self.window.show()
        form = self.window.login_page.form
        form.set_values({"server": str(network.server.connection), "user": login, "password": PASSWORD})
        form.submit()
        self.until(lambda: self.window.shell is not None)
        self.shell: Any = self.window.shell
        self.settle()

    def until(self, holds: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(holds()), timeout=WAIT_MS)

    def settle(self) -> None:
        for _ in range(3):
            self.until(lambda: not self.window.runner.busy)
            QApplication.processEvents()

    def page(self, page_id: str) -> Any:
        widget = self.shell.go_to(page_id)
        self.settle()
        return widget

    @property
    def parts(self) -> EcgWindow:
        found = self.shell.findChild(EcgWindow)
        assert isinstance(found, EcgWindow)
        return found

    def dialog(self, kind: type[Any]) -> Any:
        self.settle()
        return next(one for one in self.window.findChildren(kind) if isinstance(one, QDialog) and one.isVisible())

    def row_of(self, page: Any, name: str) -> Any:
        """The row of a patient in a list; None while it is not there."""
        rows = (page.list.model.row(at) for at in range(page.list.total))
        return next((row for row in rows if row is not None and row.patient_name == name), None)

    def click_message(self) -> None:
        """Click the newest message."""
        self.until(lambda: self.parts.popups.cards)
        QTest.mouseClick(self.parts.popups.cards[0], Qt.MouseButton.LeftButton)
        self.settle()

    def close(self) -> None:
        self.window.close()
        self.window.deleteLater()
        QApplication.processEvents()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EcgNetwork]:
    with running_server(tmp_path_factory.mktemp("server") / "data") as server, an_ecg_network(server) as made:
        ids = {user.login: user.id for user in made.admin.call(ListUsers())}
        for login in ("nurse", "li"):
            secret = made.admin.call(ResetPassword(user_id=ids[login])).secret
            client = made.server.client(login, secret)
            client.call(ChangePassword(old=secret, new=PASSWORD))
            made.clients[login] = client
        yield made


@pytest.fixture
def windows(qtbot: QtBot, network: EcgNetwork, tmp_path: Path) -> Iterator[tuple[Window, Window]]:
    make_application()
    wear("light")
    set_language(Language.CHINESE)
    lower = Window(qtbot, network, "nurse", tmp_path)
    upper = Window(qtbot, network, "li", tmp_path)
    yield lower, upper
    lower.close()
    upper.close()


def registered_by_hand(lower: Window, listing: Any, name: str) -> Any:
    """1 登记会诊病人: the row of the new exam."""
    listing.register_by_hand()
    dialog = lower.dialog(ConsultationRegistration)
    for key, value in (("patient_name", name), ("sex", Sex.MALE), ("age", "63"), ("complaint", "胸痛1小时")):
        dialog.form.rows[key].editor.set_value(value)
    dialog.register()
    lower.until(lambda: lower.row_of(listing, name) is not None)
    row = lower.row_of(listing, name)
    assert row.state is ExamState.AWAITING and row.age == "63岁"
    return row


def applied(lower: Window, listing: Any, row: Any, team_id: int) -> None:
    """3 发起会诊申请."""
    listing.list.select_id(row.id)
    listing.act_on_selected("apply_consultation")
    form = lower.dialog(ApplicationDialog)
    lower.until(lambda: form.given is not None)
    form.form.rows["team"].editor.set_value(team_id)
    form.form.rows["urgency"].editor.set_value(Urgency.URGENT)
    form.form.rows["question"].editor.set_value("ST段是否有意义")
    form.submit()
    lower.until(lambda: lower.row_of(listing, row.patient_name).consultation_state is ConsultationState.WAITING)


def accepted(upper: Window, name: str) -> Any:
    """4 受理会诊: the message leads there; the reading page opens."""
    upper.click_message()
    assert upper.shell.current_page == pages.ACCEPTANCE
    waiting = upper.shell.page_widget(pages.ACCEPTANCE)
    upper.until(lambda: upper.row_of(waiting, name) is not None)
    asked = upper.row_of(waiting, name)
    assert asked.urgency is Urgency.URGENT and asked.from_hospital == "东山镇卫生院"
    waiting.activate(asked)
    upper.until(lambda: upper.shell.current_page == pages.READING)
    return asked


def diagnosed(upper: Window, exam_id: int, name: str) -> None:
    """5 诊断并发布会诊报告, on the reading page."""
    reading = upper.parts.area().page_of(exam_id)
    upper.until(lambda: reading.presenter.state.page is not None and reading.presenter.state.drawn is not None)
    assert reading.title() == name
    reading.conclusion.editors["diagnosis"].insertPlainText("窦性心律；ST-T未见明显异常")
    upper.until(reading.is_dirty)
    reading.steps.submit()
    reading.steps.window.modes["submit"].setChecked(True)
    reading.steps.window.confirm.click()


def test_six_steps_from_the_clinic_to_the_county_hospital_and_back(
    windows: tuple[Window, Window], network: EcgNetwork, tmp_path: Path
) -> None:
    lower, upper = windows
    name = "赵大爷"
    listing = lower.page(pages.IN_HOSPITAL)
    row = registered_by_hand(lower, listing, name)
    network.acquired(row.id, ecg_records.twelve_leads())  # 2 采集心电文件; the list hears of it by itself
    lower.until(lambda: lower.row_of(listing, name).state is ExamState.ACQUIRED)
    applied(lower, listing, row, network.team_id)
    asked = accepted(upper, name)
    diagnosed(upper, row.id, name)
    consultation = lambda: network.clients["nurse"].call(Get(consultation_id=asked.id)).consultation  # noqa: E731
    upper.until(lambda: consultation().state is ConsultationState.PUBLISHED)

    # 6 打印并签收会诊报告: printing signs for it
    lower.until(lambda: any("会诊报告发布" in card.head.text() for card in lower.parts.popups.cards))
    lower.click_message()
    assert lower.shell.current_page == pages.CONSULTATION_REPORTS
    reports = lower.shell.page_widget(pages.CONSULTATION_REPORTS)
    lower.until(lambda: lower.row_of(reports, name) is not None)
    reports.act("print", lower.row_of(reports, name))
    lower.until(lambda: consultation().state is ConsultationState.COMPLETED)
    assert consultation().signed_by == "王护士"
    lower.until(lambda: list(tmp_path.rglob("*.pdf")))
    assert lower.row_of(listing, name) is not None
    lower.page(pages.IN_HOSPITAL)
    lower.until(lambda: lower.row_of(listing, name).state is ExamState.REPORTED)


def test_each_side_sees_its_own_pages_and_exams(windows: tuple[Window, Window], network: EcgNetwork) -> None:
    lower, upper = windows
    assert pages.ACCEPTANCE not in [page.id for page in lower.shell.pages]
    assert pages.CONSULTATION_REPORTS not in [page.id for page in upper.shell.pages]
    network.registered("钱大娘")
    here, there = lower.page(pages.IN_HOSPITAL), upper.page(pages.IN_HOSPITAL)
    here.presenter.refresh()
    there.presenter.refresh()
    lower.until(lambda: lower.row_of(here, "钱大娘") is not None)
    upper.settle()
    assert upper.row_of(there, "钱大娘") is None


def test_after_repeated_wrong_passwords_the_right_one_needs_a_captcha(network: EcgNetwork) -> None:
    client = RpcClient(ZmqTransport(network.server.connection), station="test", timeout_s=30)
    try:
        for login in ("zhou", "nobody"):
            said = set()
            for _ in range(3):
                with pytest.raises(Refused) as wrong:
                    client.call(Login(login=login, password="wrong password"))
                said.add(wrong.value.body.message)
            assert said == {"用户名或密码错误"}
            with pytest.raises(Refused) as caught:
                client.call(Login(login=login, password=PASSWORD))
            assert (caught.value.code, caught.value.body.field) == (ErrorCode.INVALID, "captcha")
            view = client.call(GetCaptcha(login=login))
            assert view.required and view.image.startswith(b"\x89PNG")
    finally:
        client.close()


def test_a_request_of_the_hospital_system_is_registered_by_its_number(
    windows: tuple[Window, Window], network: EcgNetwork
) -> None:
    lower, _upper = windows
    patient = PatientEntry(name="孙二娘", sex=Sex.FEMALE, card_number="C900", birth_date=date(1960, 3, 4))
    item = ItemEntry(code="ECG001", name="常规十二导联心电图", body_part="心脏", price_fen=2000)
    requester = RequesterEntry(department="内科", doctor="李医生", his_number="SQ-900", ward="内一", bed="12")
    network.admin.call(
        SubmitApplication(
            patient=patient, exam_type="ECG", items=(item,), requester=requester, campus_id=network.clinic_id
        )
    )

    his = lower.page(pages.HIS)
    his.presenter.refresh()
    lower.until(lambda: his.list.total == 1)
    request = his.list.model.row(0)
    assert request.entry.patient_name == "孙二娘" and request.can_register

    listing = lower.page(pages.IN_HOSPITAL)
    listing.register_by_number()
    dialog = lower.dialog(NumberDialog)
    dialog.number.rows["number"].editor.set_value("SQ-901")
    dialog.number.submit()
    lower.until(lambda: dialog.number.rows["number"].problem)
    dialog.number.rows["number"].editor.set_value("SQ-900")
    dialog.number.submit()
    lower.until(lambda: dialog.chosen is not None)
    assert dialog.form.value("patient_name") == "孙二娘" and dialog.form.value("bed") == "12"
    dialog.register()
    lower.until(lambda: lower.row_of(listing, "孙二娘") is not None)

    his = lower.page(pages.HIS)
    lower.until(lambda: his.list.model.row(0) is not None and not his.list.model.row(0).can_register)
    his.activate(his.list.model.row(0))
    lower.settle()
    assert lower.shell.current_page == pages.IN_HOSPITAL
    lower.until(lambda: listing.list.total == 1 and lower.row_of(listing, "孙二娘") is not None)
