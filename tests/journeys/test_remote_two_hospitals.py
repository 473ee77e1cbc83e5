"""Two hospitals on one running server, a window at each: an opinion is asked for and taken, a report written there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from clients.diagnosis.app import TITLE, Diagnosis, make_pages
from clients.diagnosis.ports import NoViewer
from clients.diagnosis.remote.asking import AskForm
from clients.diagnosis.remote.page import RemotePage
from clients.diagnosis.remote.panel import RemotePanel
from clients.diagnosis.report.view import ReportPage
from clients.diagnosis.worklist.view import WorklistView
from clients.kit.app import Workstation, make_application, wear
from clients.kit.login import SignedIn
from clients.kit.review import review
from clients.kit.server_connection import ServerConnection
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from shared.contract import remote as contract
from shared.contract import remote_services as services
from shared.contract.archive import GetStudy
from shared.contract.errors import Refused
from shared.contract.identity import ChangePassword, ResetPassword
from shared.contract.master import CampusEntry, SaveRow, StaffEntry
from shared.contract.organisation import GetHospital
from shared.contract.referrals import OrganisationView, SaveOrganisation
from shared.contract.reporting import ApproveReport, AuditReport, GetReport, ListReports
from shared.domain.remote import RemoteAction, RemoteState, RemoteUrgency
from shared.domain.states import CriticalValue, ReportState
from tests.clients.diagnosis.test_diagnosis_journey import scan_a_patient
from tests.server.remote.test_assisted_reading import SimulatedService
from tests.server_process import ServerProcess, running_server

PASSWORD = "Reading-Room-1"
PICTURES = os.environ.get("REMOTE_PICTURES", "")
WAIT_MS = 20_000


class Window:
    """One doctor at one workstation."""

    def __init__(self, qtbot: QtBot, server: ServerProcess, login: str) -> None:
        self.qtbot = qtbot
        line = ServerConnection(str(server.connection))
        session = line.login(login, PASSWORD)
        self.viewer = NoViewer()
        self.diagnosis = Diagnosis(lambda _place, _on_event: self.viewer)
        self.window = Workstation(TITLE, self.diagnosis.pages(), ServerConnection, usual_theme=ThemeName.DARK)
        qtbot.addWidget(self.window)
        self.window.resize(1366, 768)
        self.window.show()
        self.shell: Any = self.window.sign_in_with(SignedIn(line, session))
        self.settle()

    def until(self, holds: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(holds()), timeout=WAIT_MS)

    def settle(self) -> None:
        for _ in range(3):
            self.until(lambda: not self.window.runner.busy)
            QApplication.processEvents()

    @property
    def list(self) -> WorklistView:
        page = self.shell.go_to("worklist")
        assert isinstance(page, WorklistView)
        return page

    @property
    def report(self) -> ReportPage:
        page = self.shell.page_widget("report")
        assert isinstance(page, ReportPage)
        return page

    @property
    def remote(self) -> RemotePage:
        page = self.shell.go_to("remote")
        assert isinstance(page, RemotePage)
        return page

    @property
    def strip(self) -> Any:
        return self.diagnosis._strip

    def panel(self) -> RemotePanel:
        if not self.report.findChildren(RemotePanel):
            self.shell._groups["report"].trigger("report.tool.ask_remote")
        return self.report.findChildren(RemotePanel)[0]

    def press(self, key: str) -> None:
        """Press a button of the request at the right."""
        pane = self.remote.pane
        self.until(lambda: key in pane.buttons and pane.buttons[key].isEnabled())
        pane.buttons[key].click()

    def state(self) -> RemoteState | None:
        view = self.remote.pane.presenter.state.view
        return None if view is None else view.row.state

    def look(self, name: str, widget: QWidget | None = None) -> None:
        """Nothing is cut; with REMOTE_PICTURES set, a picture."""
        self.settle()
        troubles = [str(one) for one in review(self.window) if "remote" in str(one).lower()]
        assert not troubles, troubles
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            (widget or self.window).grab().save(str(Path(PICTURES) / f"{name}.png"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("server") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def house(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> contract.RemoteTeam:
    """County and city hospital with their doctors and one scanned patient; the city's team."""
    admin = server.client()
    county = admin.call(GetHospital()).campuses[0]
    admin.call(SaveRow(entry=CampusEntry(code="CITY", name="市中心医院")))
    city = next(one for one in admin.call(GetHospital()).campuses if one.code == "CITY")
    for code, name, campus_id in (("C1", "县人民医院", county.id), ("H1", "市中心医院", city.id)):
        view = OrganisationView(
            id=0, version=0, code=code, name=name, name_en="", group_ids=(), campus_ids=(campus_id,)
        )
        admin.call(SaveOrganisation(organisation=view))
    for login, name, campus, role in (
        ("sun", "孙医生", county.code, "doctor"),
        ("zheng", "郑主任", county.code, "auditor"),
        ("li", "李教授", "CITY", "doctor"),
        ("feng", "冯医生", "CITY", "doctor"),
        ("he", "何主任", "CITY", "auditor"),
    ):
        row = admin.call(SaveRow(entry=StaffEntry(code=login, name=name, roles=(role,), campuses=(campus,))))
        secret = admin.call(ResetPassword(user_id=row.id)).secret
        client = server.client(login, secret)
        client.call(ChangePassword(old=secret, new=PASSWORD))
        client.close()
    folder = tmp_path_factory.mktemp("scan")
    scan_a_patient(admin, server, folder)
    head = server.client("he", PASSWORD)
    members = tuple(
        one for one in head.call(contract.ListCandidates(campus_id=city.id)) if one.name in ("李教授", "何主任")
    )
    team = contract.RemoteTeam(
        id=0, version=0, name="神经影像组", campus_id=city.id, hospital="", members=members, phone="0571-8888"
    )
    made = head.call(contract.SaveTeam(team=team))
    head.close()
    admin.close()
    return made


@pytest.fixture
def windows(qtbot: QtBot, server: ServerProcess, house: contract.RemoteTeam) -> Iterator[tuple[Window, Window]]:
    make_application()
    wear("dark")
    set_language(Language.CHINESE)
    make_pages()  # registers the English words
    lower, upper = Window(qtbot, server, "sun"), Window(qtbot, server, "li")
    yield lower, upper
    for one in (lower, upper):
        one.window.close()


def ask(window: Window, form: AskForm, team_id: int, **values: Any) -> None:
    """Fill the form as a doctor does."""
    window.until(lambda: form.given is not None)
    form.form.set_values({"team": team_id, "history": "头痛三天，伴呕吐", **values})
    form._typed("team")
    window.look("ask-form")
    form.submit()


def test_an_opinion_is_asked_for_written_and_taken_into_the_report(
    windows: tuple[Window, Window], server: ServerProcess, house: contract.RemoteTeam, tmp_path: Path
) -> None:
    lower, upper = windows
    lower.list.presenter.choose_states(())
    lower.until(lambda: len(lower.list.presenter.state.rows) == 1)
    row = lower.list.presenter.state.rows[0]
    lower.list.presenter.enter(row)
    lower.until(lambda: lower.report.presenter.state.may_type)
    panel = lower.panel()
    lower.settle()
    panel.ask_opinion()
    ask(lower, panel.form, house.id, urgency=RemoteUrgency.URGENT, question="有无早期梗死？")
    lower.until(lambda: len(panel.cards) == 1)

    # the expert is told at once, goes there, sees the images, takes it
    upper.until(lambda: upper.strip.notices)
    assert "县人民医院" in upper.strip.strip.text
    upper.strip.open_first()
    upper.until(lambda: upper.state() is RemoteState.PENDING)
    upper.look("incoming-pending")
    upper.press("images")
    assert upper.viewer.asked[-1] == ("open", row.study_uids)
    upper.press(RemoteAction.ACCEPT)
    upper.until(lambda: upper.state() is RemoteState.ACCEPTED)
    lower.until(lambda: panel.cards[0].view.row.holder == "李教授")
    _images_are_for_the_request_only(server, row.study_uids[0])

    # writes, and publishes
    upper.press(RemoteAction.WRITE)
    upper.until(lambda: upper.remote.pane.presenter.state.may_type)
    area = upper.remote.pane.opinion
    area.findings.insertPlainText("左侧基底节区见片状低密度影，边界欠清。")
    area.impression.insertPlainText("左侧基底节区早期脑梗死，建议 MRI-DWI。")
    upper.look("writing")
    assert lower.panel().cards[0].view.content == contract.OpinionContent()
    upper.press(RemoteAction.PUBLISH)
    upper.until(lambda: upper.state() is RemoteState.APPROVED)

    # the county's doctor sees it live and takes it over by one click
    lower.until(lambda: panel.cards[0].answer.isVisibleTo(panel))
    lower.look("answer")
    panel.cards[0].insert.click()
    lower.until(lambda: "早期脑梗死" in lower.report.presenter.state.content.impression)
    assert "片状低密度影" in lower.report.presenter.state.content.findings
    panel.cards[0].buttons[RemoteAction.CONFIRM].click()
    upper.until(lambda: upper.state() is RemoteState.COMPLETED)
    assert not upper.remote.pane.presenter.state.view.row.study_uids  # type: ignore[union-attr]

    # records, and their workbook
    page = lower.remote
    page.show_side("outgoing")
    lower.until(lambda: page.list.total == 1)
    page.export_to(tmp_path / "records")
    lower.until((tmp_path / "records.xlsx").exists)
    lower.settle()
    lines = list(load_workbook(tmp_path / "records.xlsx").active.iter_rows(values_only=True))
    assert lines[0][:2] == ("状态", "姓名") and lines[1][:2] == ("已完成", row.patient_name)
    set_language(Language.ENGLISH)
    lower.look("outgoing-en")
    upper.look("incoming-en")
    set_language(Language.CHINESE)
    lower.shell.go_to("report")
    lower.report.presenter.give_up()  # asks whether really
    lower.report.presenter.give_up()
    lower.until(lambda: not lower.report.presenter.state.may_type)


def _images_are_for_the_request_only(server: ServerProcess, study_uid: str) -> None:
    member, outsider = server.client("li", PASSWORD), server.client("feng", PASSWORD)
    assert member.call(GetStudy(study_uid=study_uid)).series
    with pytest.raises(Refused):
        outsider.call(GetStudy(study_uid=study_uid))
    member.close()
    outsider.close()


def test_a_service_is_asked_by_the_servers_jobs(server: ServerProcess, house: contract.RemoteTeam) -> None:
    simulated = SimulatedService()
    simulated.answers = [(200, {"state": "done", "findings": "右肺上叶结节", "impression": "建议随访"})]
    admin, doctor = server.client(), server.client("sun", PASSWORD)
    try:
        service = services.AssistService(
            id=0, version=0, name="模拟服务", kind=services.ServiceKind.JSON, url=simulated.url
        )
        made = admin.call(services.SaveService(service=service))
        row = doctor.call(ListReports()).rows[0]
        doctor.call(services.OrderService(exam_id=row.exam_id, service_id=made.id))
        deadline = time.monotonic() + 20
        while (order := doctor.call(services.ListOrders(exam_id=row.exam_id))[0]).state is services.OrderState.WAITING:
            assert time.monotonic() < deadline, order
            time.sleep(0.1)
        assert order.findings == "<p>右肺上叶结节</p>" and order.state is services.OrderState.DONE
    finally:
        simulated.close()
        admin.close()
        doctor.close()


def test_a_report_is_written_by_the_other_hospital(
    windows: tuple[Window, Window], server: ServerProcess, house: contract.RemoteTeam
) -> None:
    lower, upper = windows
    lower.list.presenter.choose_states(())
    lower.until(lambda: lower.list.presenter.state.rows)
    row = lower.list.presenter.state.rows[0]
    assert row.state is ReportState.AWAITING

    # 更多 → 发送云端
    lower.list.presenter.act("cloud", row)
    lower.until(lambda: lower.window.findChildren(AskForm))
    form = next(one for one in lower.window.findChildren(AskForm) if one.isVisible())
    ask(lower, form, house.id)
    lower.until(lambda: lower.list.presenter.state.rows[0].away_to)
    lower.look("worklist-away")

    # there it is accepted and written on the report page, with its lock
    upper.until(lambda: upper.strip.notices)
    upper.strip.open_first()
    upper.press(RemoteAction.ACCEPT)
    upper.press("report")
    upper.until(lambda: upper.shell.current_page == "report" and upper.report.presenter.state.may_type)
    lower.until(lambda: lower.list.presenter.state.rows[0].locked_by == "李教授")
    page = upper.report
    page.findings.insertPlainText("左侧基底节区见片状低密度影。")
    page.impression.insertPlainText("左侧基底节区脑梗死。")
    page.writing.choices.critical_value.press(CriticalValue.NO)
    upper.look("writing-elsewhere")
    page.presenter.submit()
    upper.settle()
    if page.presenter.state.obstacle is not None:
        page.presenter.overrule("已核对")
    lower.until(lambda: lower.list.presenter.state.rows[0].state is ReportState.SUBMITTED)
    lower.until(lambda: any("待审核" in lower.strip.strip.text for _ in (1,)))

    # the county's auditor approves; the city hears it and sees no more of it
    auditor, expert = server.client("zheng", PASSWORD), server.client("li", PASSWORD)
    entered = auditor.call(AuditReport(report_id=row.id))
    auditor.call(
        ApproveReport(report_id=row.id, version=entered.version, content=entered.content, overrule_reason="已核对")
    )
    [request] = [one for one in expert.call(contract.ListIncoming()).rows if one.kind.value == "report"]
    assert request.state is RemoteState.COMPLETED
    with pytest.raises(Refused):
        expert.call(GetReport(report_id=row.id))
    assert auditor.call(ListReports()).rows[0].diagnosing_doctor == "李教授"
    upper.until(lambda: upper.strip.notices)
    for client in (auditor, expert):
        client.close()
