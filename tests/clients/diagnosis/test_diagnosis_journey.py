"""One report from the scanner to the paper: real server, real sockets, two real windows, no viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from clients.diagnosis.app import TITLE, make_pages
from clients.diagnosis.ports import NoViewer
from clients.diagnosis.report.view import ReportPage
from clients.diagnosis.worklist.view import WorklistView
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from mingjing.demo.scanner import Scanner
from shared.contract.exams import ItemEntry, PatientEntry, RegisterExam
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital
from shared.contract.reporting import GetReportLog, ListReports
from shared.dicomkit import synthetic
from shared.domain.states import CriticalValue, ReportState, Sex
from shared.rpc.client import RpcClient
from tests.server_process import ServerProcess, running_server

PASSWORD = "Reading-Room-1"


class Seat:
    """One doctor at one window."""

    def __init__(self, qtbot: QtBot, server: ServerProcess, login: str) -> None:
        self._qtbot = qtbot
        line = ServerConnection(str(server.connection))
        session = line.login(login, PASSWORD)
        pages = make_pages(lambda _place, _on_event: NoViewer())
        self.window = Workstation(TITLE, pages, ServerConnection, usual_theme=ThemeName.DARK)
        qtbot.addWidget(self.window)
        self.window.show()
        self._shell = self.window.sign_in_with(SignedIn(line, session))

    @property
    def list(self) -> WorklistView:
        page = self._shell.go_to("worklist")
        assert isinstance(page, WorklistView)
        return page

    @property
    def page(self) -> ReportPage:
        page = self._shell.page_widget("report")
        assert isinstance(page, ReportPage)
        return page

    def until(self, holds: Callable[[], bool]) -> None:
        self._qtbot.waitUntil(holds, timeout=30_000)

    def enter_first(self) -> None:
        self.list.presenter.choose_states(())
        self.until(lambda: len(self.list.presenter.state.rows) == 1)
        self.list.presenter.enter(self.list.presenter.state.rows[0])
        self.until(lambda: self.page.presenter.state.may_type)

    def is_in(self, state: ReportState) -> bool:
        report = self.page.presenter.state.report
        return report is not None and report.row.state is state


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running_server(tmp_path / "data") as server:
        yield server


def scan_a_patient(admin: RpcClient, server: ServerProcess, folder: Path) -> None:
    """Register an exam, find it in the modality worklist, scan it."""
    hospital = admin.call(GetHospital())
    device = next(device for device in hospital.devices if device.modality == "CT")
    room = next(room for room in hospital.rooms if room.id == device.room_id)
    item = next(item for item in hospital.exam_items if item.exam_type == "CT")
    exam = admin.call(
        RegisterExam(
            patient=PatientEntry(name="张三丰", sex=Sex.MALE),
            exam_type="CT",
            items=(ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen),),
            campus_id=room.campus_id,
            room_id=room.id,
        )
    )
    scanner = Scanner(device.ae_title, "127.0.0.1", server.dicom_port)
    now = datetime.now().astimezone()
    entry = next(one for one in scanner.worklist(now) if one.AccessionNumber == exam.row.accession_number)
    step_uid = scanner.begin(entry, now)
    files = synthetic.ct_series(folder, slices=3, rows=64)
    scanner.complete(step_uid, scanner.send(entry, files, now, lambda _number: None), now)


@pytest.mark.slow
def test_a_report_goes_from_the_scanner_to_the_paper(qtbot: QtBot, server: ServerProcess, tmp_path: Path) -> None:
    make_application()
    apply_theme(ThemeName.DARK)
    admin = server.client()
    for login, name, role in (("li", "李医生", "doctor"), ("zhao", "赵主任", "auditor")):
        admin.call(CreateUser(login=login, name=name, password=PASSWORD, roles=(role,)))
    slices = tmp_path / "slices"
    slices.mkdir()
    scan_a_patient(admin, server, slices)
    qtbot.waitUntil(lambda: admin.call(ListReports()).total == 1, timeout=30_000)

    writer = Seat(qtbot, server, "li")
    writer.enter_first()
    qtbot.keyClicks(writer.page.findings, "Lungs clear.")
    qtbot.keyClicks(writer.page.impression, "No findings.")
    writer.page.writing.choices.critical_value.press(CriticalValue.NO)
    writer.until(lambda: writer.page.presenter.state.saved_at is not None)  # by itself
    writer.page.presenter.submit()
    writer.until(lambda: writer.is_in(ReportState.SUBMITTED))

    auditor = Seat(qtbot, server, "zhao")
    auditor.enter_first()
    auditor.page.presenter.reject("请补充纵隔")
    writer.until(lambda: writer.page.presenter.state.returned_reason == "请补充纵隔")  # told by notice
    writer.page.presenter.enter_here()
    writer.until(lambda: writer.page.presenter.state.may_type)
    writer.page.presenter.edit(findings="<p>Lungs and mediastinum clear.</p>")
    writer.page.presenter.submit()
    writer.until(lambda: writer.is_in(ReportState.SUBMITTED))

    auditor.until(lambda: auditor.page.presenter.state.may_enter)
    auditor.page.presenter.enter_here()
    auditor.until(lambda: auditor.page.presenter.state.may_type)
    auditor.page.presenter.approve(and_print=True)
    auditor.until(lambda: auditor.is_in(ReportState.PRINTED))
    report = auditor.page.presenter.state.report
    assert report is not None
    assert report.content.findings == "<p>Lungs and mediastinum clear.</p>"
    assert len(report.seal) == 64
    log = admin.call(GetReportLog(report_id=report.row.id))
    assert [row.action for row in reversed(log.rows)] == [
        "created",
        "write",
        "submit",
        "audit",
        "reject",
        "write",
        "submit",
        "audit",
        "approve",
        "print",
    ]
    for seat in (writer, auditor):
        seat.window.close()
    admin.close()
