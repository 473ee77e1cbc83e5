"""The windows of the diagnosis workstation, offscreen: real widgets over the fake server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QTextCursor
from pytestqt.qtbot import QtBot

from clients.diagnosis import translations
from clients.diagnosis.app import Diagnosis
from clients.diagnosis.paper import Paper
from clients.diagnosis.ports import NoViewer
from clients.diagnosis.report.editor import RichEditor
from clients.diagnosis.report.patient_form import PatientForm
from clients.diagnosis.report.view import ReportPage
from clients.diagnosis.worklist.view import WorklistView
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.messages import CollectedMessages
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, register_catalogue, set_language
from clients.kit.viewer_link import KeyImage, MeasurementDrawn
from shared.contract.base import Changed
from shared.contract.report_paper import CopyOutcome
from shared.contract.reporting import ReportFilter, ReturnView
from shared.domain.rich_text import sanitised
from shared.domain.states import CriticalValue, ReportAction, ReportState
from shared.domain.text_merge import Take
from tests.clients.diagnosis.fake_reading_room import FULL, ME, NOON, ReadingRoom, a_picture, a_template

S, A = ReportState, ReportAction


class Window:
    """A signed-in workstation with its fake server."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.room = ReadingRoom()
        self.room.add(1)
        self.room.add(2, FULL, holder="王医生", state=S.WRITING, patient_name="李四")
        self.room.add(3, FULL, state=S.SUBMITTED, patient_name="王五", diagnosing_doctor="李医生")
        self.room.templates.append(a_template(1))
        self.room.templates.append(a_template(2, owner_id=1, is_phrase=True, folder="常用词条", name="复查"))
        self.viewer = NoViewer()
        self.diagnosis = Diagnosis(lambda _place, _on_event: self.viewer)
        self.window = Workstation("诊断工作站", self.diagnosis.pages(), lambda _s: self.room.line)
        qtbot.addWidget(self.window)
        self.window.resize(1366, 768)
        self.window.show()
        self.shell = self.window.sign_in_with(SignedIn(self.room.line, self.room.line.login("zhao", "secret")))
        self.settle()

    @property
    def list(self) -> WorklistView:
        page = self.shell.page_widget("worklist")
        assert isinstance(page, WorklistView)
        return page

    @property
    def page(self) -> ReportPage:
        page = self.shell.page_widget("report")
        assert isinstance(page, ReportPage)
        return page

    @property
    def state(self) -> Any:
        assert self.diagnosis.report is not None
        return self.diagnosis.report.state

    def settle(self) -> None:
        """Wait until no call is under way."""
        self.until(lambda: not self.window.runner.busy)

    def until(self, holds: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(holds, timeout=30_000)

    def enter(self, report_id: int, action: ReportAction | None = A.WRITE) -> None:
        self.diagnosis.enter(report_id, action)
        self.until(lambda: self.state.report is not None and self.state.report.row.id == report_id)
        self.settle()

    def press(self, action_id: str) -> None:
        self.shell._groups[self.shell.current_page].trigger(action_id)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Window]:
    make_application()
    register_catalogue(translations.ENTRIES)
    apply_theme(ThemeName.DARK)
    made = Window(qtbot)
    yield made
    made.window.close()
    set_language(Language.CHINESE)


def test_the_list_opens_with_todays_waiting_exams(window: Window) -> None:
    window.until(lambda: window.list.list.total == 1)
    assert window.list.conditions.states.chosen == ("awaiting",)
    window.list.conditions.states.choose(2)
    window.until(lambda: window.list.list.total == 2)


def test_enter_on_a_row_goes_to_the_report_and_locks_it(window: Window) -> None:
    window.until(lambda: window.list.list.total == 1)
    window.list.list.select_id(1)
    window.press("worklist.enter")
    window.until(lambda: window.state.may_type)
    assert window.shell.current_page == "report"
    assert window.room.reports[1].holder == ME
    assert not window.page.findings.isReadOnly()
    window.press("report.leave")
    assert window.shell.current_page == "worklist"
    assert window.room.reports[1].holder == ME


def test_typing_marks_and_saving(window: Window) -> None:
    window.enter(1)
    editor = window.page.findings
    window.qtbot.keyClicks(editor, "ab")
    window.qtbot.keyClick(editor, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    window.qtbot.keyClicks(editor, "c")
    window.press("report.save")
    window.until(lambda: window.room.reports[1].content.findings == "<p>ab<b>c</b></p>")
    window.until(lambda: not window.state.is_dirty)
    assert "已保存" in window.page.writing._saved.text()


def test_what_is_missing_is_said_at_its_field(window: Window) -> None:
    window.enter(1)
    window.qtbot.keyClicks(window.page.findings, "x")
    window.press("report.submit")
    assert window.page.writing.impression_problem.text() == "请填写诊断意见。"
    assert window.page.writing.choices.critical_value.problem.text() == "请选择危急值。"
    assert window.page.writing.findings_problem.text() == ""
    window.qtbot.keyClicks(window.page.impression, "y")
    window.page.writing.choices.critical_value.press(CriticalValue.NO)
    window.press("report.submit")
    window.until(lambda: window.room.reports[1].row.state is S.SUBMITTED)
    window.until(window.page.findings.isReadOnly)


def test_the_tool_bar_shows_only_what_can_be_done(window: Window) -> None:
    window.enter(3, A.AUDIT)
    shown = {name for name, button in window.page._step_buttons.items() if not button.isHidden()}
    assert shown == {"report.save", "report.approve", "report.approve_print", "report.reject", "report.give_up"}
    window.enter(2, None)
    shown = {name for name, button in window.page._step_buttons.items() if not button.isHidden()}
    assert shown == {"report.unlock"}


def test_returning_with_a_reason(window: Window) -> None:
    window.enter(3, A.AUDIT)
    window.press("report.reject")
    panel = window.page.aside._scroll.widget()
    panel._press()
    assert "退回理由" in panel.problem.text()
    panel.reason.setPlainText("请补充")
    panel._press()
    window.until(lambda: window.room.reports[3].row.was_returned)
    window.settle()
    window.enter(3, A.WRITE)
    assert "请补充" in window.page.writing.returned.sentence.full_text
    assert not window.page.writing.returned.isHidden()


def test_a_lost_lock_shows_a_strip_and_keeps_the_text(window: Window) -> None:
    window.enter(1)
    window.qtbot.keyClicks(window.page.findings, "mine")
    window.room.reports[1].holder = "王医生"
    window.room.line.send_notice(Changed("report", 1, 2))
    window.until(lambda: not window.page.writing.obstacle.isHidden())
    assert "王医生" in window.page.writing.obstacle.sentence.full_text
    assert window.page.findings.toPlainText() == "mine"
    assert window.page.findings.isReadOnly()


def test_two_versions_are_shown_beside_each_other(window: Window) -> None:
    window.enter(1)
    window.qtbot.keyClicks(window.page.findings, "mine")
    window.room.save_elsewhere(1, FULL)
    window.press("report.save")
    window.until(lambda: not window.page.writing.obstacle.isHidden())
    window.page.writing.obstacle.buttons["merge"].click()
    assert window.page.centre.currentWidget() is window.page.merging
    (card,) = (card for question, card in window.page.merging.cards.items() if question.part == "findings")
    assert not window.page.merging.finish_button.isEnabled()
    card.buttons[Take.BOTH].click()
    assert window.page.merging.finish_button.isEnabled()
    window.page.merging.finish_button.click()
    assert "磨玻璃" in window.page.findings.toPlainText() and "mine" in window.page.findings.toPlainText()
    window.until(lambda: "mine" in window.room.reports[1].content.findings)


def test_two_kept_versions_are_compared_word_by_word(window: Window) -> None:
    window.enter(1)
    window.qtbot.keyClicks(window.page.findings, "8mm")
    window.press("report.save")
    window.until(lambda: bool(window.room.reports[1].versions))
    window.qtbot.keyClicks(window.page.findings, " new")
    window.press("report.log")
    window.until(lambda: window.page.log.versions.topLevelItemCount() == 1)
    window.page.log.versions.setCurrentItem(window.page.log.versions.topLevelItem(0))
    window.page.log.compare_button.click()
    assert window.page.centre.currentWidget() is window.page.comparing
    shown = window.page.comparing.text.toPlainText()
    assert "8mm[+ new]" in shown, "a sign stands beside the colour"
    window.page.presenter.close_comparison()
    assert window.page.centre.currentIndex() == 0


def test_the_patient_is_changed_from_the_page(window: Window) -> None:
    window.enter(1)
    window.press("report.edit_patient")
    panel = window.page.aside._scroll.widget()
    assert isinstance(panel, PatientForm) and panel.form.value("name") == "张三"
    panel.form.set_values({**panel.form.values(), "name": "张三丰"})
    panel.form.submit()
    window.until(lambda: window.room.reports[1].row.patient_name == "张三丰")
    window.until(lambda: window.page.writing._name.text() == "张三丰")


def test_other_papers_are_listed_and_inserted(window: Window) -> None:
    window.enter(1)
    window.press("report.papers")
    window.until(lambda: window.state.related is not None)
    tree = window.page.papers.tree
    assert [tree.topLevelItem(n).childCount() for n in range(3)] == [1, 1, 1]
    tree.setCurrentItem(tree.topLevelItem(0).child(0))
    window.page.papers.insert_button.click()
    assert "头痛待查" in window.page.findings.toPlainText()


def test_templates_are_found_shown_and_inserted(window: Window) -> None:
    window.enter(1)
    templates = window.page.templates
    templates.search.setText("xbct")
    assert templates.choose(1)
    assert "双肺纹理" in templates.text.toPlainText()
    templates.insert_button.click()
    assert "双肺纹理" in window.page.findings.toPlainText()
    templates.kind.choose(2)
    templates.search.clear()
    assert templates.choose(2)
    cursor = window.page.impression.textCursor()
    cursor.movePosition(QTextCursor.MoveOperation.End)
    window.page.impression.setTextCursor(cursor)
    window.page.writing._on_impression_focus()
    templates.insert_button.click()
    assert window.page.impression.toPlainText().endswith("双肺纹理走行自然。")


def test_pictures_and_measurements_from_the_viewer(window: Window) -> None:
    window.enter(1)
    assert window.diagnosis.report is not None
    window.diagnosis.report.viewer_sent(KeyImage("1", "2", "3", 0, a_picture(), ()))
    window.until(lambda: window.page.writing.pictures.keys != ())
    window.diagnosis.report.viewer_sent(MeasurementDrawn("长度 8 mm", 8.0, "mm", "3"))
    window.page.writing.insert_measurement(window.state.offered[0])
    assert "长度 8 mm" in window.page.findings.toPlainText()
    window.until(lambda: len(window.room.reports[1].measurements) == 1)
    window.page.writing.pictures.removed.emit(window.page.writing.pictures.keys[0])
    window.until(lambda: window.room.reports[1].images == [])


def test_both_languages_and_themes_are_shown(window: Window) -> None:
    window.room.reports[3].returns.append(ReturnView(at=NOON, by="钱", reason="x"))
    window.enter(3, A.AUDIT)
    set_language(Language.ENGLISH)
    apply_theme(ThemeName.LIGHT)
    assert window.page.history.tabs.tabText(0) == "Earlier 2"
    assert window.page._step_buttons["report.approve"].text() == "Approve"
    picture = window.window.grab()
    assert picture.width() == 1366
    set_language(Language.CHINESE)
    assert window.page._step_buttons["report.approve"].text() == "审核通过"


def test_the_page_fits_1366_by_768(window: Window) -> None:
    window.enter(3, A.AUDIT)
    assert window.window.minimumSizeHint().width() <= 1366
    assert window.window.minimumSizeHint().height() <= 768
    assert window.window.width() == 1366
    assert window.window.height() == 768


@pytest.fixture
def editor(qtbot: QtBot) -> RichEditor:
    make_application()
    apply_theme(ThemeName.DARK)
    made = RichEditor("影像所见", "")
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<p>双肺<b>清晰</b></p>",
        "<p>a &lt;5mm &amp; b</p><p>c</p>",
        "<ol><li>一</li><li>二<sup>2</sup></li></ol>",
        "<ul><li>一</li></ul><p>x<sub>2</sub><i>y</i><u>z</u></p>",
    ],
)
def test_the_editor_gives_back_what_it_was_given(editor: RichEditor, text: str) -> None:
    told: list[str] = []
    editor.edited.connect(told.append)
    editor.fill(text)
    assert editor.subset == text
    assert sanitised(editor.subset) == editor.subset
    assert told == [], "showing a text is not editing it"


def test_pasted_text_loses_what_the_report_does_not_have(editor: RichEditor) -> None:
    source = QMimeData()
    source.setHtml('<p style="font-size:40px;color:red">结节<script>x()</script><b>大</b></p><img src="http://x/y">')
    editor.insertFromMimeData(source)
    assert editor.subset in ("<p>结节<b>大</b></p>", "<p>结节<b>大</b></p><p></p>")


def test_lists_are_made_and_unmade(editor: RichEditor) -> None:
    editor.fill("<p>a</p>")
    editor.toggle_list(numbered=True)
    assert editor.subset == "<ol><li>a</li></ol>"
    editor.toggle_list(numbered=True)
    assert editor.subset == "<p>a</p>"


def test_the_text_size_changes_nothing_in_the_report(editor: RichEditor) -> None:
    editor.fill("<p>a<b>b</b></p>")
    told: list[str] = []
    editor.edited.connect(told.append)
    editor.set_zoom(4)
    assert editor.subset == "<p>a<b>b</b></p>"
    assert told == []


def test_the_auditor_is_asked_on_the_page_and_passes_with_a_reason(window: Window) -> None:
    window.room.doubts = (
        "文中有危急值“张力性气胸”：右侧张力性气胸。但“危急值”选择为“否”。请修改，或填写理由后继续通过。"
    )
    window.room.add(9, FULL, state=ReportState.SUBMITTED)
    window.enter(9, A.AUDIT)
    assert window.diagnosis.report is not None
    window.diagnosis.report.approve()
    strip = window.page.writing.obstacle
    window.until(lambda: not strip.isHidden())
    assert [name for name, button in strip.buttons.items() if not button.isHidden()] == ["pass", "cancel"]
    strip.buttons["pass"].click()
    assert window.state.is_auditing  # without a reason nothing is sent
    strip.reason.setText("急诊已处理")
    strip.buttons["pass"].click()
    window.until(lambda: window.state.report.row.state is ReportState.APPROVED)
    assert strip.isHidden()


def test_without_a_printer_the_report_is_saved_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PySide6.QtPrintSupport import QPrinterInfo

    monkeypatch.setattr(QPrinterInfo, "defaultPrinter", staticmethod(QPrinterInfo))
    messages = CollectedMessages()
    paper = Paper(messages, tmp_path)
    assert paper.hand_out(b"%PDF-1").outcome is CopyOutcome.SAVED
    paper.hand_out(b"%PDF-2")
    assert sorted(path.read_bytes() for path in tmp_path.glob("*.pdf")) == [b"%PDF-1", b"%PDF-2"]
    assert str(tmp_path) in messages.said[0].text


def test_conditions_show_days_only_when_they_are_chosen(window: Window) -> None:
    assert window.diagnosis.worklist is not None
    assert window.list.conditions.first_day.isHidden()
    window.diagnosis.worklist.choose_days(None, None)
    assert not window.list.conditions.first_day.isHidden()
    assert window.diagnosis.worklist.state.conditions == ReportFilter(states=(S.AWAITING,))
