"""Panels and tools of other parts on the report page: a small example of each, over the fake server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from clients.diagnosis import translations
from clients.diagnosis.app import Diagnosis
from clients.diagnosis.ports import NoViewer
from clients.diagnosis.report.view import ReportPage
from clients.diagnosis.sides import Desk, SidePanel, Tool
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.shell import Workplace
from clients.kit.translations import register_catalogue
from clients.kit.viewer_link import MeasurementDrawn, ViewerEvent
from shared.contract.reporting import ReportContent, ReportView
from shared.domain.permissions import Permission
from shared.domain.states import ReportAction, ReportState
from tests.clients.diagnosis.fake_reading_room import FULL, ReadingRoom


class WordCount(QWidget):
    """The smallest panel: whose report, how many characters, a measurement from the viewer into the impression."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.who, self.count = QLabel(), QLabel()
        layout = QVBoxLayout(self)
        layout.addWidget(self.who)
        layout.addWidget(self.count)
        desk.on_text(self.show_text)
        desk.on_viewer(self.take)
        self.show_text(desk.content)

    def show_report(self, report: ReportView | None) -> None:
        self.who.setText("" if report is None else report.row.patient_name)

    def show_text(self, content: ReportContent) -> None:
        self.count.setText(str(len(content.findings)))

    def take(self, event: ViewerEvent) -> bool:
        return isinstance(event, MeasurementDrawn) and self.desk.append(impression=f"<p>{event.text}</p>")


class Window:
    """A workstation with one panel, one panel that the user may not see, and one tool."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.room = ReadingRoom()
        self.room.add(1)
        self.room.add(2, FULL, holder="王医生", state=ReportState.WRITING, patient_name="李四")
        self.ran: list[int] = []
        self.made: list[WordCount] = []
        panels = (
            SidePanel("count", "报告", "text", self._build, shortcut="Ctrl+Alt+W"),
            SidePanel("secret", "报告", "key", self._build, permission="nobody has this"),
        )
        tools = (Tool("run", "报告", "spark", self._run, Permission.REPORT, enabled=lambda report: report.row.id == 1),)
        self.send: Callable[[ViewerEvent], None] = lambda _event: None

        def viewer(_place: Workplace, on_event: Callable[[ViewerEvent], None]) -> NoViewer:
            self.send = on_event
            return NoViewer()

        self.diagnosis = Diagnosis(viewer, panels, tools)
        self.window = Workstation("诊断工作站", self.diagnosis.pages(), lambda _s: self.room.line)
        qtbot.addWidget(self.window)
        self.window.resize(1366, 768)
        self.window.show()
        self.shell = self.window.sign_in_with(SignedIn(self.room.line, self.room.line.login("zhao", "secret")))
        self.settle()

    def _build(self, _place: Workplace, desk: Desk) -> QWidget:
        self.made.append(WordCount(desk))
        return self.made[-1]

    def _run(self, _place: Workplace, desk: Desk) -> None:
        assert desk.report is not None
        self.ran.append(desk.report.row.id)

    @property
    def page(self) -> ReportPage:
        page = self.shell.page_widget("report")
        assert isinstance(page, ReportPage)
        return page

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.window.runner.busy, timeout=30_000)

    def enter(self, report_id: int, action: ReportAction | None) -> None:
        self.diagnosis.enter(report_id, action)
        presenter = self.diagnosis.report
        assert presenter is not None
        self.qtbot.waitUntil(
            lambda: presenter.state.report is not None and presenter.state.report.row.id == report_id, timeout=30_000
        )
        self.settle()

    def press(self, action_id: str) -> None:
        self.shell._groups["report"].trigger(action_id)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Window]:
    make_application()
    register_catalogue(translations.ENTRIES)
    made = Window(qtbot)
    yield made
    made.window.close()


def test_a_panel_is_made_when_it_is_opened_and_follows_report_and_text(window: Window) -> None:
    window.enter(1, ReportAction.WRITE)
    assert window.made == []
    window.press("report.panel.count")
    (panel,) = window.made
    assert panel.isVisible() and window.page.aside.page == "count"
    assert panel.who.text() == window.room.reports[1].row.patient_name
    window.qtbot.keyClicks(window.page.findings, "abc")
    assert panel.count.text() == str(len("<p>abc</p>"))
    window.enter(2, None)
    assert panel.who.text() == "李四"
    window.press("report.panel.count")
    assert not panel.isVisible() and len(window.made) == 1


def test_a_panel_that_the_user_may_not_see_is_not_made(window: Window) -> None:
    window.enter(1, ReportAction.WRITE)
    window.press("report.panel.secret")
    window.page.open_panel("secret")
    assert window.made == []


def test_a_tool_runs_where_its_rule_allows(window: Window) -> None:
    window.enter(2, None)
    window.press("report.tool.run")
    assert window.ran == []
    window.enter(1, ReportAction.WRITE)
    window.press("report.tool.run")
    assert window.ran == [1]


def test_a_desk_changes_the_text_of_who_may_type_and_of_nobody_else(window: Window) -> None:
    window.enter(1, ReportAction.WRITE)
    window.press("report.panel.count")
    desk = window.made[0].desk
    window.qtbot.keyClicks(window.page.findings, "ab")
    assert desk.insert("cd") and desk.content.findings == "<p>abcd</p>"
    assert desk.append(findings="<p>e</p>", impression="<p>f</p>")
    assert (desk.content.findings, desk.content.impression) == ("<p>abcd</p><p>e</p>", "<p>f</p>")
    assert desk.replace(findings="<p>new words</p>")
    assert window.page.findings.subset == "<p>new words</p>" and desk.content.impression == "<p>f</p>"
    assert desk.show_words("findings", "words") and window.page.findings.textCursor().selectedText() == "words"
    assert not desk.show_words("impression", "words")
    window.send(MeasurementDrawn(text="12.3 mm", value=12.3, unit="mm", sop_instance_uid="1.2"))
    window.qtbot.waitUntil(lambda: "12.3 mm" in desk.content.impression, timeout=30_000)
    assert window.diagnosis.report is not None and window.diagnosis.report.state.offered == ()
    window.enter(2, None)
    before = desk.content
    assert not (desk.insert("x") or desk.replace(findings="x") or desk.append(findings="x") or desk.edit(before))
    assert desk.content == before


def test_every_panel_and_tool_has_a_key_and_a_shortcut_of_its_own() -> None:
    from clients.diagnosis.sides import PANELS, TOOLS

    keys = [one.key for one in (*PANELS, *TOOLS)]
    shortcuts = [one.shortcut for one in (*PANELS, *TOOLS) if one.shortcut]

    assert len(keys) == len(set(keys))
    assert len(shortcuts) == len(set(shortcuts))
