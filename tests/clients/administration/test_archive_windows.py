"""The administrator's windows with an archive in memory: what appears when, keys, menus, chosen files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.administration.app import TITLE, make_pages
from clients.administration.overview.view import OverviewPage
from clients.administration.table.view import TablePage
from clients.administration.tabs import TabbedPage
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.shell import Shell
from clients.kit.translations import register_catalogue
from shared.contract.archive import ListStudies
from shared.contract.keeping import DeleteImages
from shared.domain.permissions import Permission
from tests.clients.administration.fake_archive import FakeArchive, a_study

UID = a_study(1).study_uid


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture
def archive() -> FakeArchive:
    return FakeArchive()


class Window:
    def __init__(self, archive: FakeArchive, qtbot: QtBot) -> None:
        register_catalogue(texts.ENTRIES)
        self._qtbot = qtbot
        self.window = Workstation(TITLE, make_pages(), lambda _address: archive.line)
        qtbot.addWidget(self.window)
        self.window.resize(1366, 768)
        self.window.show()
        session = archive.line.login("admin", "secret")
        self.shell: Shell = self.window.sign_in_with(SignedIn(archive.line, session))

    def wait(self, condition: Callable[[], Any]) -> None:
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=30_000)

    def table(self, page: str, tab: str, row: Any = None) -> TablePage:
        shown = self.shell.go_to(page)
        assert isinstance(shown, TabbedPage)
        table = shown.table(tab)
        self.wait(lambda: table.presenter.state.rows and not table.presenter.state.is_loading)
        if row is not None:
            rows = [table.spec.row_id(one) for one in table.presenter.state.rows]
            table.list.table.selectRow(rows.index(row))
            self.wait(lambda: table.presenter.state.selected == row)
            self.wait(lambda: table.spec.fetch is None or table.presenter.state.fetched is not None)
        return table


@pytest.fixture
def window(archive: FakeArchive, qtbot: QtBot) -> Iterator[Window]:
    window = Window(archive, qtbot)
    yield window
    window.window.close()


def test_a_card_leads_to_the_list_it_counted(window: Window, archive: FakeArchive, qtbot: QtBot) -> None:
    overview = window.shell.go_to("overview")
    assert isinstance(overview, OverviewPage)
    window.wait(lambda: overview.card_views)
    card = next(view for view in overview.card_views if view.card is not None and view.card.title == "缺少影像")
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    window.wait(lambda: any(call.completeness == "short" and call.limit == 500 for call in archive.sent(ListStudies)))
    studies = window.table("studies", "studies")
    assert studies.filters is not None and studies.filters.value("completeness") == "short"


def test_force_appears_when_the_server_refuses(window: Window, archive: FakeArchive, qtbot: QtBot) -> None:
    archive.is_approved = True
    table = window.table("studies", "studies", UID)
    qtbot.mouseClick(table.action_buttons["delete"], Qt.MouseButton.LeftButton)
    asked = table.action_form
    assert asked is not None and asked.form.rows["force"].isHidden()
    qtbot.mouseClick(table.confirm_button, Qt.MouseButton.LeftButton)
    assert asked.form.rows["reason"].problem  # a reason is required, nothing was sent
    assert not archive.sent(DeleteImages)
    qtbot.keyClicks(asked.form.rows["reason"].editor.focus_target, "duplicate")
    qtbot.mouseClick(table.confirm_button, Qt.MouseButton.LeftButton)
    window.wait(lambda: not asked.form.rows["force"].isHidden())
    assert asked.form.value("reason") == "duplicate"
    asked.form.set_values({"force": True})
    qtbot.mouseClick(table.confirm_button, Qt.MouseButton.LeftButton)
    window.wait(lambda: UID not in [row.study_uid for row in table.presenter.state.rows])
    assert table.action_form is None


def test_escape_gives_a_form_up_and_the_details_come_back(window: Window, qtbot: QtBot) -> None:
    table = window.table("studies", "studies", UID)
    window.wait(lambda: table.details.undo_buttons)
    qtbot.mouseClick(table.details.undo_buttons[0], Qt.MouseButton.LeftButton)
    assert table.action_form is not None and table.details.isHidden()
    qtbot.keyClick(table.action_form.form.rows["reason"].editor.focus_target, Qt.Key.Key_Escape)
    assert table.action_form is None
    assert not table.details.isHidden() and table.details.undo_buttons


def test_more_offers_what_the_row_allows(window: Window) -> None:
    table = window.table("studies", "studies", UID)
    words = [entry.text() for entry in table.menu().actions()]
    assert "并入其他检查" in words and "不再等待缺少的影像" in words
    assert "解除保留" in words and "法律保留" not in words  # it is held
    other = window.table("studies", "studies", a_study(2).study_uid)
    window.wait(lambda: "法律保留" in [entry.text() for entry in other.menu().actions()])
    assert "不再等待缺少的影像" not in [entry.text() for entry in other.menu().actions()]


def test_the_list_marks_what_the_side_is_about(window: Window, qtbot: QtBot) -> None:
    table = window.table("system", "peers", "PACS2")
    qtbot.mouseClick(table.new_button, Qt.MouseButton.LeftButton)
    assert table.list.selected_row is None and table.presenter.state.is_new
    table.list.table.selectRow(0)  # the same row again
    window.wait(lambda: not table.presenter.state.is_new)
    assert table.presenter.state.selected == "PACS2"


def test_a_secret_is_copied(window: Window, qtbot: QtBot) -> None:
    table = window.table("system", "tokens")
    qtbot.mouseClick(table.new_button, Qt.MouseButton.LeftButton)
    assert table.form is not None
    table.form.set_values({"name": "research"})
    qtbot.mouseClick(table.save_button, Qt.MouseButton.LeftButton)
    window.wait(table.secret_line.isVisible)
    qtbot.mouseClick(table.copy_button, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == "mj_secret_of_this_token"


def test_chosen_files_stand_in_the_form(window: Window, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = window.table("exchange", "imports")
    table.command_buttons["upload"].click()
    asked = table.action_form
    assert asked is not None
    names = [str(tmp_path / "a.dcm"), str(tmp_path / "b.dcm")]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (names, ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    files, folder = asked.pick_buttons
    files.click()
    files.click()  # the same again
    folder.click()
    assert asked.form.value("paths").splitlines() == [*names, str(tmp_path)]


def test_what_a_person_may_not_do_is_not_offered(archive: FakeArchive, qtbot: QtBot) -> None:
    may_not = (Permission.REIDENTIFY, Permission.CORRECT_IMAGES)
    archive.line.permissions = tuple(right for right in Permission if right not in may_not)
    window = Window(archive, qtbot)
    exports = window.table("exchange", "exports")
    assert "reidentify" not in exports.command_buttons
    studies = window.table("studies", "studies", UID)
    assert studies.action_buttons["correct"].isHidden() and not studies.action_buttons["delete"].isHidden()
    assert "并入其他检查" not in [entry.text() for entry in studies.menu().actions()]
    window.window.close()
