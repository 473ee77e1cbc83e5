"""Logging in: what is remembered, what is said where, waiting after wrong passwords."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from clients.kit.connection import Connection, FakeConnection, LineState
from clients.kit.login import LoginPage, SignedIn
from clients.kit.running import HeldRunner, ImmediateRunner, TaskRunner
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, language
from server.identity.captcha import draw
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.identity import CaptchaView, GetCaptcha, SessionView

SERVER = "mingjing://127.0.0.1:7411/key"


class Desk:
    def __init__(self, qtbot: QtBot, folder: Path, runner: TaskRunner | None = None) -> None:
        self.line = FakeConnection(accounts={"zhang": "right"})
        self.asked: list[str] = []
        self.settings = UserSettings(folder / "desk.json")
        self.page = LoginPage("登录", self.connect, runner or ImmediateRunner(), self.settings)
        qtbot.addWidget(self.page)
        self.opened: list[SignedIn] = []
        self.page.signed_in.connect(self.opened.append)
        self.page.show()

    def connect(self, server: str) -> Connection:
        self.asked.append(server)
        if not server.startswith("mingjing://"):
            raise ValueError("not a connection string")
        return self.line

    def log_in(self, server: str = SERVER, user: str = "zhang", password: str = "right") -> None:
        self.page.form.set_values({"server": server, "user": user, "password": password})
        self.page.form.submit()


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Desk:
    return Desk(qtbot, tmp_path)


def test_a_right_password_opens_a_session_and_server_and_user_are_remembered(
    qtbot: QtBot, desk: Desk, tmp_path: Path
) -> None:
    desk.log_in()
    assert desk.opened[0].session.login == "zhang"
    again = Desk(qtbot, tmp_path)
    assert again.page.form.value("server") == SERVER
    assert again.page.form.value("user") == "zhang"
    assert again.page.form.value("password") == ""
    assert "right" not in (tmp_path / "desk.json").read_text(encoding="utf-8")


def test_a_wrong_password_is_said_at_the_password_and_makes_wait(qtbot: QtBot, desk: Desk) -> None:
    desk.log_in(password="wrong")
    assert desk.page.form.rows["password"].problem == "用户名或密码错误"
    assert desk.page.form.value("password") == ""
    assert desk.page.form.value("user") == "zhang"
    assert not desk.page.button.isEnabled()
    assert desk.page.button.text() == "请等待 1 秒"
    desk.page.form.set_values({"password": "right"})
    desk.page.form.submit()
    assert desk.opened == []
    qtbot.waitUntil(desk.page.button.isEnabled, timeout=30_000)
    desk.page.form.submit()
    assert len(desk.opened) == 1


def test_a_locked_account_is_said_with_the_time(desk: Desk) -> None:
    for _ in range(4):
        desk.page._wait_s = 0
        desk.page.button.setEnabled(True)
        desk.log_in(password="wrong")
    assert "5 分钟" in desk.page.notice.text()


def test_a_malformed_connection_string_is_said_at_the_server(desk: Desk) -> None:
    desk.log_in(server="nonsense")
    assert "连接字符串无效" in desk.page.form.rows["server"].problem
    assert desk.page.button.isEnabled()


def test_a_silent_server_is_said_at_the_server(desk: Desk) -> None:
    desk.line.set_line(LineState.OFFLINE)
    desk.log_in()
    assert "无法连接服务器" in desk.page.form.rows["server"].problem
    assert desk.line.closed


def test_missing_fields_are_said_and_nobody_is_called(desk: Desk) -> None:
    desk.log_in(user="", password="")
    assert desk.page.form.rows["user"].problem == "请填写用户名"
    assert desk.asked == []


def test_while_it_runs_the_form_is_shut_and_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    runner = HeldRunner()
    desk = Desk(qtbot, tmp_path, runner)
    desk.log_in()
    assert desk.page.button.text() == "正在登录…" and not desk.page.button.isEnabled()
    desk.page.form.submit()
    assert runner.waiting == 1
    runner.release()
    assert desk.page.button.text() == "登录"
    assert len(desk.opened) == 1


def test_enter_goes_from_field_to_field_and_logs_in(qtbot: QtBot, desk: Desk) -> None:
    desk.page.form.set_values({"server": SERVER, "user": "zhang"})
    password = desk.page.form.rows["password"].editor.focus_target
    qtbot.keyClicks(password, "right")
    qtbot.keyClick(password, Qt.Key.Key_Return)
    assert len(desk.opened) == 1


def test_the_language_can_be_switched_before_logging_in(qtbot: QtBot, desk: Desk) -> None:
    desk.page.language_button.click()
    assert language() is Language.ENGLISH
    assert desk.page.button.text() == "Log in"
    assert desk.page.form.rows["user"].label.text() == "User name"
    assert desk.settings.get("language") == "en"


class CaptchaLine(FakeConnection):
    """A server that wants a captcha from the second attempt on; the n-th captcha's answer is A1, A2 …"""

    made = 0
    brought: tuple[str, str] = ("", "")

    def login(self, user: str, password: str, *, captcha_id: str = "", captcha: str = "") -> SessionView:
        self.brought = (captcha_id, captcha)
        if self._wrong and captcha != f"A{captcha_id}":
            raise error_for(ErrorBody(code=ErrorCode.INVALID, message="验证码不正确", field="captcha"))
        if password != "right":
            self._wrong += 1
            raise error_for(ErrorBody(code=ErrorCode.WRONG_PASSWORD, message="wrong"))
        return super().login(user, password)

    def captcha(self, _request: GetCaptcha) -> CaptchaView:
        self.made += 1
        return CaptchaView(id=str(self.made), image=draw("AB3W"), required=self._wrong > 0, seconds=120)


@pytest.fixture
def captcha_desk(qtbot: QtBot, tmp_path: Path) -> Desk:
    desk = Desk(qtbot, tmp_path)
    line = CaptchaLine(accounts={"zhang": "right"})
    line.replies = {GetCaptcha: line.captcha}
    desk.line = line
    return desk


def test_a_captcha_is_asked_after_a_wrong_password_and_a_click_renews_it(qtbot: QtBot, captcha_desk: Desk) -> None:
    page = captcha_desk.page
    assert page.captcha.isHidden()
    captcha_desk.log_in(password="wrong")
    assert page.form.rows["password"].problem == "用户名或密码错误"
    assert not page.captcha.isHidden()
    assert not page.captcha.picture.icon().isNull()
    captcha_desk.log_in()
    assert captcha_desk.opened == []
    assert page.captcha.form.rows["captcha"].problem
    first = page.captcha.answer[0]
    qtbot.mouseClick(page.captcha.picture, Qt.MouseButton.LeftButton)
    assert page.captcha.answer[0] != first
    page.captcha.form.set_values({"captcha": f"A{page.captcha.answer[0]}"})
    page.captcha.form.submit()
    assert len(captcha_desk.opened) == 1
    assert page.captcha.isHidden()


def test_a_wrong_captcha_is_said_at_its_field_and_another_picture_comes(captcha_desk: Desk) -> None:
    page = captcha_desk.page
    captcha_desk.log_in(password="wrong")
    first = page.captcha.answer[0]
    page.captcha.form.set_values({"captcha": "nonsense"})
    captcha_desk.log_in()
    assert captcha_desk.opened == []
    assert "验证码不正确" in page.captcha.form.rows["captcha"].problem
    assert page.captcha.answer[0] != first
    assert page.form.value("password") == "right"
