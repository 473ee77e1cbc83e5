"""The window around every page: pages, line, messages, session, language and theme."""

from __future__ import annotations

import gc
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt, QThread
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from clients.kit.actions import Action, ActionDeclarationError
from clients.kit.app import Workstation
from clients.kit.connection import FakeConnection, LineState
from clients.kit.login import SignedIn
from clients.kit.settings import UserSettings
from clients.kit.shell import Page, Shell, ShellDeclarationError, Workplace, check_pages
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language
from shared.contract.base import Changed, Notice
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.domain.permissions import Permission


class NotePage(QWidget):
    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self.place = place
        self.field = QLineEdit()
        self.notices: list[Notice] = []
        self.threads: list[bool] = []
        place.on_notice(self._on_notice)
        QVBoxLayout(self).addWidget(self.field)
        self.setFocusProxy(self.field)

    def _on_notice(self, notice: Notice) -> None:
        self.notices.append(notice)
        self.threads.append(QThread.currentThread() is self.thread())


BUILT: list[str] = []


def build(place: Workplace) -> QWidget:
    BUILT.append("page")
    return NotePage(place)


PAGES = (
    Page("first", "登录", "clipboard", build, actions=(Action("first.go", "登录", "F5", "play"),)),
    Page("second", "服务器", "call", build),
    Page("third", "用户名", "gear", build, permission="no.such"),
)


class Desk:
    def __init__(self, qtbot: QtBot, pages: tuple[Page, ...] = PAGES) -> None:
        BUILT.clear()
        self.line = FakeConnection(accounts={"zhang": "secret"})
        self.window = Workstation("密码", pages, lambda _server: self.line)
        qtbot.addWidget(self.window)
        self.window.show()
        self.shell: Shell = self.window.sign_in_with(SignedIn(self.line, self.line.login("zhang", "secret")))


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_pages_are_built_when_first_shown_and_kept(desk: Desk) -> None:
    assert BUILT == ["page"]
    first = desk.shell.page_widget("first")
    desk.shell.go_to("second")
    assert BUILT == ["page", "page"]
    assert desk.shell.go_to("first") is first


def test_pages_without_permission_are_not_there(desk: Desk) -> None:
    assert [page.id for page in desk.shell.pages] == ["first", "second"]


def test_shortcuts_go_to_pages(qtbot: QtBot, desk: Desk) -> None:
    desk.shell.actions_of_shell.trigger("shell.page.second")
    assert desk.shell.current_page == "second"
    assert desk.shell.rail.buttons["second"].isChecked()


def test_the_page_of_last_time_comes_first(qtbot: QtBot, desk: Desk) -> None:
    desk.shell.go_to("second")
    again = Desk(qtbot)
    assert again.shell.current_page == "second"


@pytest.mark.parametrize(
    "pages",
    [
        (),
        (PAGES[0], PAGES[0]),
        (Page("a", "登录", "clipboard", build, actions=(Action("x", "登录", "Ctrl+K"),)),),
        (Page("a", "登录", "clipboard", build, actions=(Action("x", "登录", "Ctrl+1"),)),),
        (Page("a", "登录", "no such icon", build),),
    ],
    ids=["none", "twice", "shell's shortcut", "page's shortcut", "icon"],
)
def test_wrong_pages_fail_at_start(qtbot: QtBot, pages: tuple[Page, ...]) -> None:
    with pytest.raises((ShellDeclarationError, ActionDeclarationError, KeyError)):
        check_pages(pages)


def test_a_broken_line_shows_a_banner_with_the_last_contact_and_keeps_the_work(desk: Desk) -> None:
    page = desk.shell.go_to("first")
    assert isinstance(page, NotePage)
    page.field.setText("写了一半")
    desk.line.set_line(LineState.RECONNECTING, datetime.now(UTC) - timedelta(seconds=12))
    assert desk.shell.banner.isVisible()
    assert "12 秒前" in desk.shell.banner.text or "13 秒前" in desk.shell.banner.text
    assert page.field.text() == "写了一半" and page.isEnabled()
    desk.line.set_line(LineState.OFFLINE)
    assert "已离线" in desk.shell.banner.text
    desk.line.set_line(LineState.ONLINE)
    assert not desk.shell.banner.isVisible()


def test_a_warning_of_the_server_stands_above_every_page_until_it_is_over(desk: Desk) -> None:
    desk.line.set_line(LineState.ONLINE, warning="服务器磁盘空间即将用完（剩余 900 MB），请联系管理员。")
    assert desk.shell.banner.isVisible() and "900 MB" in desk.shell.banner.text
    desk.line.set_line(LineState.ONLINE)
    assert not desk.shell.banner.isVisible()


def test_line_and_notices_reach_the_gui_thread_from_other_threads(qtbot: QtBot, desk: Desk) -> None:
    page = desk.shell.go_to("first")
    assert isinstance(page, NotePage)

    def other_thread() -> None:
        desk.line.send_notice(Changed(entity="exam", id=7, version=2))
        desk.line.set_line(LineState.OFFLINE)

    thread = threading.Thread(target=other_thread)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(page.notices) and desk.shell.banner.isVisible(), timeout=30_000)
    assert page.notices == [Changed(entity="exam", id=7, version=2)]
    assert page.threads == [True]


def test_undo_takes_back_once(desk: Desk) -> None:
    undone: list[int] = []
    desk.shell.messages.offer_undo("已取消登记", lambda: undone.append(1))
    toast = desk.shell.toasts.toasts[-1]
    toast.trigger()
    toast.trigger()
    assert undone == [1]
    assert desk.shell.toasts.toasts == ()


def test_no_more_than_three_toasts_stay(desk: Desk) -> None:
    for n in range(5):
        desk.shell.messages.say(f"{n}", Tone.SUCCESS)
    assert [toast.text for toast in desk.shell.toasts.toasts] == ["2", "3", "4"]


def test_errors_become_sentences(desk: Desk) -> None:
    desk.shell.messages.report(error_for(ErrorBody(code=ErrorCode.HELD_BY_OTHER, message="x", holder="李医生")))
    assert desk.shell.toasts.toasts[-1].text == "该报告正由李医生处理，请稍后再试或先解锁。"


def test_an_ended_session_leads_back_to_the_log_in_and_says_why(qtbot: QtBot, desk: Desk) -> None:
    desk.shell.messages.report(error_for(ErrorBody(code=ErrorCode.SESSION_EXPIRED, message="x")))
    qtbot.waitUntil(lambda: desk.window.shell is None, timeout=30_000)
    assert desk.window.login_page.isVisible()
    assert "已过期" in desk.window.login_page.notice.text()
    qtbot.waitUntil(lambda: desk.line.closed, timeout=30_000)


def test_language_and_theme_switch_and_are_remembered(desk: Desk) -> None:
    desk.shell.toggle_language()
    assert language() is Language.ENGLISH
    assert desk.window.windowTitle() == "Log in · Password · Mingjing Imaging"
    desk.shell.toggle_theme()
    assert current_theme().dark
    remembered = UserSettings.for_user("zhang")
    assert remembered.get("language") == "en" and remembered.get("theme") == "dark"


def test_the_palette_offers_the_page_first_and_only_what_can_be_done(desk: Desk) -> None:
    ids = [action.id for action, _ in desk.shell.available_actions()]
    assert ids[0] == "first.go"
    assert "shell.palette" not in ids
    desk.shell.go_to("second")
    assert "first.go" not in [action.id for action, _ in desk.shell.available_actions()]


def test_the_side_panel_closes_with_escape_and_gives_the_focus_back(qtbot: QtBot, desk: Desk) -> None:
    with qtbot.waitActive(desk.window, timeout=30_000):
        desk.window.activateWindow()
    page = desk.shell.go_to("first")
    assert isinstance(page, NotePage)
    page.field.setFocus()
    desk.shell.side_panel.show_content("登录", QLabel("details"))
    desk.shell.side_panel.setFocus()
    qtbot.keyClick(desk.shell.side_panel, Qt.Key.Key_Escape)
    assert not desk.shell.side_panel.isVisible()
    assert page.field.hasFocus()


def test_permissions_of_the_session_open_pages(qtbot: QtBot) -> None:
    permission = next(iter(Permission))
    page = Page("secret", "密码", "key", build, permission=permission.value)
    BUILT.clear()
    line = FakeConnection(permissions=(permission,))
    window = Workstation("密码", (page,), lambda _server: line)
    qtbot.addWidget(window)
    shell = window.sign_in_with(SignedIn(line, line.login("admin", "secret")))
    assert [p.id for p in shell.pages] == ["secret"]
    assert not shell.rail.isVisible()


def test_pages_beyond_the_rail_are_reached_by_its_arrows(qtbot: QtBot) -> None:
    line = FakeConnection()
    pages = tuple(Page(f"page{number}", f"第 {number} 页", "key", build) for number in range(30))
    window = Workstation("密码", pages, lambda _server: line)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    rail = window.sign_in_with(SignedIn(line, line.login("admin", "secret"))).rail
    qtbot.waitUntil(lambda: rail.down.isVisible() and rail.down.isEnabled(), timeout=30_000)
    assert not rail.up.isEnabled()
    last = rail.buttons["page29"]
    assert last.visibleRegion().isEmpty()
    for _ in range(9):
        if rail.down.isEnabled():
            qtbot.mouseClick(rail.down, Qt.MouseButton.LeftButton)
    assert not last.visibleRegion().isEmpty()
    assert rail.up.isEnabled() and not rail.down.isEnabled()
    window.resize(1366, 2000)
    qtbot.waitUntil(lambda: not rail.down.isVisible(), timeout=30_000)


def test_drafts_of_the_user_are_written_when_the_window_closes(desk: Desk, tmp_path: Path) -> None:
    page = desk.shell.go_to("first")
    assert isinstance(page, NotePage)
    page.place.drafts.record("note-1", {"text": "写了一半"})
    desk.window.close()
    from clients.kit.drafts import DraftStore

    assert DraftStore.for_user("zhang").restore("note-1") == {"text": "写了一半"}


class SlowToLeave(FakeConnection):
    def close(self) -> None:
        threading.Event().wait(8)


def test_a_silent_server_does_not_keep_the_window_open(qtbot: QtBot) -> None:
    line = SlowToLeave(accounts={"zhang": "secret"})
    window = Workstation("密码", PAGES, lambda _server: line)
    qtbot.addWidget(window)
    window.sign_in_with(SignedIn(line, line.login("zhang", "secret")))
    window.show()
    before = datetime.now(UTC)
    window.close()
    assert (datetime.now(UTC) - before).total_seconds() < 5


def test_a_defect_is_told_with_its_number_and_the_window_stays(desk: Desk) -> None:
    from clients.kit.app import _BugHook

    _BugHook(desk.window)(ValueError, ValueError("secret"), None)
    text = desk.shell.toasts.toasts[-1].text
    assert "编号" in text and "secret" not in text
    assert desk.window.isVisible()


def test_logging_in_and_out_leaves_no_window_thread_or_listener_behind(qtbot: QtBot) -> None:
    """Garbage is collected in every round: a shell that Python and Qt do not agree about would crash here."""
    line = FakeConnection(accounts={"zhang": "secret"})
    window = Workstation("密码", PAGES, lambda _server: line)
    qtbot.addWidget(window)
    window.show()
    counts: list[tuple[int, int]] = []
    for _ in range(12):
        shell = window.sign_in_with(SignedIn(line, line.login("zhang", "secret")))
        page = shell.go_to("second")
        assert isinstance(page, NotePage)
        forget = page.place.scanner.listen(lambda _code: None)
        page.place.runner.run(lambda: 1, lambda _result: None, shell.messages.report)
        shell.messages.say("一句话")
        shell.side_panel.show_content("登录", QLabel("details"))
        shell.toggle_theme()
        forget()
        shell.log_out()
        qtbot.waitUntil(lambda: window.shell is None and not window.runner.busy, timeout=30_000)
        del shell, page
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.collect()
        counts.append((len(QApplication.allWidgets()), threading.active_count()))
    assert counts[-1] == counts[4], counts
