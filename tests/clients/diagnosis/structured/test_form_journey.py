"""A structured report through a real server and real windows: written, measured, edited by hand, approved, found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from clients.diagnosis.app import TITLE, make_pages
from clients.diagnosis.ports import NoViewer
from clients.diagnosis.structured.view import FormPanel
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.shell import Workplace
from clients.kit.viewer_link import MeasurementDrawn, ViewerEvent
from shared.contract.identity import CreateUser
from shared.contract.reporting import GetReport, ListReports
from shared.contract.structured import CodedCondition, FindCodedReports, GetCodedReport
from shared.domain.rich_text import plain
from shared.domain.states import CriticalValue, ReportState
from tests.clients.diagnosis.test_diagnosis_journey import PASSWORD, Seat, scan_a_patient
from tests.server_process import ServerProcess, running_server


class MeasuringSeat(Seat):
    """A doctor whose viewer sends what the test draws."""

    def __init__(self, qtbot: QtBot, server: ServerProcess, login: str) -> None:
        self._qtbot = qtbot
        self.send: Callable[[ViewerEvent], None] = lambda _event: None

        def viewer(_place: Workplace, on_event: Callable[[ViewerEvent], None]) -> NoViewer:
            self.send = on_event
            return NoViewer()

        line = ServerConnection(str(server.connection))
        session = line.login(login, PASSWORD)
        self.window = Workstation(TITLE, make_pages(viewer), ServerConnection)
        qtbot.addWidget(self.window)
        self.window.show()
        self._shell = self.window.sign_in_with(SignedIn(line, session))

    def form(self) -> FormPanel:
        """Open the form panel; the template that suits best is begun."""
        self.page.open_panel("structured")
        panel = self.page.findChild(FormPanel)
        assert isinstance(panel, FormPanel)
        self.until(lambda: bool(panel.presenter.state.offered) or panel.presenter.state.template is not None)
        if panel.presenter.state.template is None:
            panel.presenter.begin(panel.presenter.state.offered[0])
            self.until(lambda: panel.presenter.state.template is not None)
        return panel


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running_server(tmp_path / "data") as server:
        yield server


@pytest.mark.slow
def test_a_structured_report_is_written_approved_and_found(qtbot: QtBot, server: ServerProcess, tmp_path: Path) -> None:
    make_application()
    admin = server.client()
    for login, name, role in (("li", "李医生", "doctor"), ("zhao", "赵主任", "auditor")):
        admin.call(CreateUser(login=login, name=name, password=PASSWORD, roles=(role,)))
    slices = tmp_path / "slices"
    slices.mkdir()
    scan_a_patient(admin, server, slices)
    qtbot.waitUntil(lambda: admin.call(ListReports()).total == 1, timeout=30_000)
    report_id = admin.call(ListReports()).rows[0].id

    writer = MeasuringSeat(qtbot, server, "li")
    writer.enter_first()
    panel = writer.form()
    template = panel.presenter.state.template
    assert template is not None
    if not template.title.startswith("胸部CT"):  # the exam item names another part of the body
        panel.presenter.remove(with_sentences=True)
        writer.until(lambda: bool(panel.presenter.state.offered))
        panel.presenter.begin(next(row for row in panel.presenter.state.offered if row.title.startswith("胸部CT")))
        writer.until(lambda: panel.presenter.state.template is not None)
        template = panel.presenter.state.template
    assert template is not None and template.title.startswith("胸部CT")
    nodules = next(field for _section, field in template.fields() if field.key == "nodules")
    panel.body.add_item(nodules)
    qtbot.keyClicks(writer.window.focusWidget(), "1")
    qtbot.keyClicks(writer.window.focusWidget(), "1")
    for value in (16.2, 15.8):
        writer.send(MeasurementDrawn(text=f"{value} mm", value=value, unit="mm", sop_instance_uid="1.2.840.1"))
    writer.until(lambda: "大小约16.2mm×15.8mm" in plain(writer.page.findings.subset))
    editor = writer.page.findings
    cursor = editor.textCursor()
    cursor.setPosition(editor.toPlainText().index("结节，大小"))
    cursor.insertText("类圆形")
    writer.page.writing.choices.critical_value.press(CriticalValue.NO)
    writer.page.presenter.submit()
    writer.until(lambda: writer.is_in(ReportState.SUBMITTED) or writer.page.presenter.state.obstacle is not None)
    if not writer.is_in(ReportState.SUBMITTED):
        writer.page.presenter.submit("已核对")
        writer.until(lambda: writer.is_in(ReportState.SUBMITTED))

    auditor = MeasuringSeat(qtbot, server, "zhao")
    auditor.enter_first()
    seen = auditor.form()
    assert "nodules.1.long" in seen.paths
    form = auditor.page.presenter.state.content.form
    assert form is not None and next(one for one in form.sentences if one.key == "nodules.1.").is_edited
    auditor.page.presenter.approve()
    auditor.until(lambda: auditor.is_in(ReportState.APPROVED))

    kept = admin.call(GetReport(report_id=report_id)).content
    assert "类圆形结节，大小约16.2mm×15.8mm" in plain(kept.findings) and "Lung-RADS 4B" in plain(kept.impression)
    coded = {one.path: one for one in admin.call(GetCodedReport(report_id=report_id)).values}
    assert (coded["nodules.1.long"].number, coded["nodules.1.long"].instance_uid) == (16.2, "1.2.840.1")
    wanted = CodedCondition(scheme="99MJ", code="LUNGRADS-4B")
    assert [hit.report_id for hit in admin.call(FindCodedReports(conditions=(wanted,))).rows] == [report_id]
    for seat in (writer, auditor):
        seat.window.close()
    admin.close()
