"""The audit in a real window at a real server: agree by key, compare, correct, sign; every screen is reviewed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from clients.diagnosis import app
from clients.diagnosis.auditing.batch_view import BatchPage
from clients.diagnosis.auditing.panels import ChangesPanel, EditionsPanel
from clients.diagnosis.auditing.returning import ReasonButton, RejectPanel
from clients.diagnosis.auditing.signature_view import SignaturePage
from clients.diagnosis.auditing.state import Base, Mark
from clients.diagnosis.ports import NoViewer
from clients.diagnosis.report.view import ReportPage
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.review import review
from clients.kit.server_connection import ServerConnection
from clients.kit.shell import Shell
from clients.kit.translations import Language, set_language
from shared.contract.reporting import ReportContent
from shared.domain.states import CriticalValue, HpResult, ReportAction, ReportState
from tests.results_house import ResultsHouse, a_results_house
from tests.server_process import running_server

NORMAL = ReportContent(
    findings="<p>胸廓对称，双肺纹理清晰，肺野内未见异常密度影。纵隔居中，心影大小形态正常。</p>",
    impression="<p>胸部 CT 平扫未见明显异常。</p>",
    critical_value=CriticalValue.NO,
    hp=HpResult.NOT_EXAMINED,
)
CRITICAL = msgspec.structs.replace(NORMAL, critical_value=CriticalValue.YES)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResultsHouse]:
    with running_server(tmp_path_factory.mktemp("auditing")) as server, a_results_house(server) as house:
        yield house


class Window:
    """The diagnosis workstation of the auditor."""

    def __init__(self, qtbot: QtBot, house: ResultsHouse) -> None:
        self.qtbot, self.house = qtbot, house
        self.diagnosis = app.Diagnosis(lambda _place, _on_event: NoViewer())
        line = ServerConnection(str(house.server.connection))
        self.line = line
        self.window = Workstation("诊断工作站", self.diagnosis.pages(), lambda _s: line)
        qtbot.addWidget(self.window)
        width, _, height = os.environ.get("AUDIT_SIZE", "1366x768").partition("x")
        self.window.resize(int(width), int(height))
        self.window.show()
        self.shell: Shell = self.window.sign_in_with(SignedIn(line, line.login("a1", "Test-pass-2026")))
        self.settle()

    def settle(self) -> None:
        self.until(lambda: not self.window.runner.busy)

    def until(self, holds: Callable[[], object], ms: int = 30000) -> None:
        self.qtbot.waitUntil(lambda: bool(holds()), timeout=ms)

    def go(self, page: str) -> QWidget:
        self.shell.go_to(page)
        self.settle()
        shown = self.shell.page_widget(page)
        assert shown is not None
        return shown

    def press(self, action_id: str) -> None:
        self.shell._groups[self.shell.current_page].trigger(action_id)

    def enter(self, report_id: int, action: ReportAction | None) -> ReportPage:
        self.diagnosis.enter(report_id, action)
        presenter = self.diagnosis.report
        assert presenter is not None
        self.until(lambda: presenter.state.report is not None and presenter.state.report.row.id == report_id)
        self.settle()
        page = self.shell.page_widget("report")
        assert isinstance(page, ReportPage)
        return page

    @property
    def page(self) -> QWidget:
        """What is reviewed: on the report page the panel, whose neighbours have tests of their own."""
        shown = self.shell.page_widget(self.shell.current_page)
        if isinstance(shown, ReportPage):
            return shown.aside
        assert shown is not None
        return shown

    def picture(self, name: str) -> None:
        """Review what is on screen; keep it where AUDIT_PICTURES names a folder."""
        self.settle()
        for _ in range(5):  # layouts of hidden and shown parts follow each other
            QApplication.sendPostedEvents()
            QApplication.processEvents()
        folder = os.environ.get("AUDIT_PICTURES")
        if folder:
            self.window.grab().save(str(Path(folder) / f"{name}.png"))
        assert review(self.page) == []


@pytest.fixture
def window(qtbot: QtBot, house: ResultsHouse) -> Iterator[Window]:
    make_application()
    app.make_pages()
    made = Window(qtbot, house)
    yield made
    made.window.close()
    set_language(Language.CHINESE)


def test_many_reports_are_looked_at_and_approved_by_one_key(window: Window) -> None:
    ids = {}
    for name, content in (("周一", NORMAL), ("周二", NORMAL), ("周三", CRITICAL)):
        _, report_id = window.house.examined(name)
        window.house.written(report_id, content, with_key_image=False)
        ids[name] = report_id
    page = window.go("batch")
    assert isinstance(page, BatchPage)
    presenter = page._presenter
    assert presenter is not None
    window.until(lambda: {one.id for one in presenter.state.rows} >= set(ids.values()))
    presenter.select(ids["周一"])
    window.until(lambda: presenter.state.report is not None and presenter.state.report.row.id == ids["周一"])
    assert "双肺纹理清晰" in page.text.toPlainText()
    window.press("batch.agree")
    window.until(lambda: presenter.state.report is not None and presenter.state.report.row.id != ids["周一"])
    marks = {one.id: one.mark for one in presenter.state.rows}
    assert marks[ids["周一"]] is Mark.AGREED
    presenter.select(ids["周三"])
    window.until(lambda: presenter.state.report is not None and presenter.state.report.row.id == ids["周三"])
    window.press("batch.agree")
    marks = {one.id: one.mark for one in presenter.state.rows}
    assert marks[ids["周三"]] is Mark.NONE, "a critical value is not for a batch"
    assert "危急值" in page.note.full_text
    window.picture("batch")
    window.press("batch.approve")
    window.until(lambda: not presenter.state.is_approving)
    outcome = {one.id: (one.mark, one.sentence) for one in presenter.state.rows}
    assert outcome[ids["周一"]] == (Mark.APPROVED, "")
    window.picture("batch-done")
    set_language(Language.ENGLISH)
    window.picture("batch-en")


def test_what_the_auditor_changed_is_shown_word_by_word_and_can_be_taken_back(window: Window) -> None:
    _, report_id = window.house.examined("吴四")
    window.house.written(report_id, NORMAL, with_key_image=False)
    page = window.enter(report_id, ReportAction.AUDIT)
    page.open_panel("changes")
    panel = page._built["changes"]
    assert isinstance(panel, ChangesPanel)
    window.until(lambda: panel.presenter.state.log is not None)
    assert panel.presenter.state.bases == (Base.SUBMITTED, Base.FIRST)
    assert "没有改动" in panel.text.toPlainText()
    page.findings.setFocus()
    window.qtbot.keyClicks(page.findings, "X")
    window.until(lambda: "+" in panel.text.toPlainText())
    assert panel.restore.isEnabled()
    window.picture("changes")
    panel.restore.click()
    window.until(lambda: "没有改动" in panel.text.toPlainText())
    set_language(Language.ENGLISH)
    window.picture("changes-en")
    set_language(Language.CHINESE)
    window.press("report.approve")
    window.until(lambda: window.diagnosis.report.state.report.row.state is ReportState.APPROVED)  # type: ignore[union-attr]
    page.open_panel("editions")
    editions = page._built["editions"]
    assert isinstance(editions, EditionsPanel)
    window.until(lambda: editions.presenter.state.editions)
    assert editions.presenter.state.editions[0].signer == "欧阳建国"
    editions.presenter.check(1)
    window.until(lambda: 1 in editions.presenter.state.verdicts)
    assert editions.presenter.state.verdicts[1].is_good
    editions.add.click()
    editions.form.send.click()
    assert editions.form.problem.full_text == "请填写补充内容。"
    editions.form.text.setPlainText("与 2025 年旧片比较，无明显变化。")
    editions.form.send.click()
    window.until(lambda: len(editions.presenter.state.editions) == 2)
    window.settle()
    editions.presenter.check(2)
    window.until(lambda: 2 in editions.presenter.state.verdicts)
    window.until(lambda: editions.presenter.state.editions[0].document_id)
    window.picture("editions")
    editions.revise.click()
    editions.form.text.setPlainText("漏写右肺尖小结节")
    window.picture("revise")
    editions.form.send.click()
    window.until(lambda: editions.presenter.state.report.row.state is ReportState.WRITING)  # type: ignore[union-attr]
    window.until(lambda: editions.presenter.state.editions[0].is_withdrawn)
    window.until(lambda: "漏写右肺尖小结节" in page.writing.returned.sentence.full_text)
    window.picture("withdrawn")
    set_language(Language.ENGLISH)
    window.picture("withdrawn-en")


def test_a_doctor_draws_a_signature(window: Window) -> None:
    page = window.go("signature")
    assert isinstance(page, SignaturePage)
    window.until(lambda: page.presenter.state.authority is not None and page.presenter.state.signer is not None)
    window.picture("signature-empty")
    page.draw.click()
    assert page.pad.isVisible() and not page.keep.isEnabled()
    stroke = [QPoint(60 + 5 * step, 90 + (step % 12) * 6 - (step % 5) * 4) for step in range(60)]
    window.qtbot.mousePress(page.pad, Qt.MouseButton.LeftButton, pos=stroke[0])
    for point in stroke[1:]:
        window.qtbot.mouseMove(page.pad, point)
    window.qtbot.mouseRelease(page.pad, Qt.MouseButton.LeftButton, pos=stroke[-1])
    if page.pad.is_empty:  # the offscreen platform reports no buttons with moves
        page.pad._begin(stroke[0].toPointF(), 0.5)
        for point in stroke[1:]:
            page.pad._draw(point.toPointF(), 0.5)
        page.pad._tell()
    window.picture("signature-drawing")
    page.keep.click()
    window.until(lambda: page.presenter.state.signer.picture is not None)  # type: ignore[union-attr]
    window.picture("signature")
    page.presenter.set_picture(b"no picture", is_drawn=False)
    window.until(lambda: page.presenter.state.problem)
    assert "PNG" in page.problem.full_text
    page.presenter.import_certificate(b"nonsense", "x")
    window.until(lambda: "PKCS#12" in page.presenter.state.problem)
    set_language(Language.ENGLISH)
    window.picture("signature-en")


def test_a_return_offers_the_reasons_of_the_hospital(window: Window) -> None:
    _, report_id = window.house.examined("郑五")
    window.house.written(report_id, NORMAL, with_key_image=False)
    page = window.enter(report_id, ReportAction.AUDIT)
    window.press("report.reject")
    panel = page.findChild(RejectPanel)
    assert panel is not None
    window.until(lambda: panel.findChildren(ReasonButton))
    first, second, *_ = panel.findChildren(ReasonButton)
    assert first.words == "侧别或部位与影像不符"
    first.click()
    second.click()
    assert panel.reason.toPlainText() == f"{first.words}\n{second.words}"
    first.click()
    assert panel.reason.toPlainText() == second.words
    window.picture("reject")
    panel._press()
    window.until(lambda: window.diagnosis.report.state.report.row.was_returned)  # type: ignore[union-attr]
    assert window.diagnosis.report.state.report.returns[-1].reason == second.words  # type: ignore[union-attr]
