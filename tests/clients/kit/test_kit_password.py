"""Changing the own password in the side panel of every workstation."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from clients.kit.app import Workstation
from clients.kit.connection import FakeConnection
from clients.kit.login import SignedIn
from clients.kit.password import PasswordForm
from clients.kit.shell import Page, Shell
from shared.contract.base import Nothing
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.identity import ChangePassword


class Server:
    """Knows one password."""

    def __init__(self) -> None:
        self.password = "secret"
        self.line = FakeConnection(replies={ChangePassword: self._change}, accounts={"zhang": "secret"})

    def _change(self, request: ChangePassword) -> Nothing:
        if request.old != self.password:
            raise error_for(ErrorBody(code=ErrorCode.WRONG_PASSWORD, message="原密码不正确。", field="old"))
        if len(request.new) < 8:
            raise error_for(ErrorBody(code=ErrorCode.INVALID, message="密码至少需要 8 个字符。", field="new"))
        self.password = request.new
        return Nothing()


def opened(server: Server, qtbot: QtBot, **session: Any) -> Shell:
    page = Page("first", "登录", "clipboard", lambda _place: QWidget())
    window = Workstation("密码", (page,), lambda _server: server.line)
    qtbot.addWidget(window)
    window.show()
    signed_in = msgspec.structs.replace(server.line.login("zhang", "secret"), **session)
    return window.sign_in_with(SignedIn(server.line, signed_in))


@pytest.fixture
def server() -> Server:
    return Server()


def form_of(shell: Shell) -> PasswordForm:
    form = shell.side_panel.content
    assert isinstance(form, PasswordForm)
    return form


def test_a_password_is_changed_after_its_mistakes_were_told(server: Server, qtbot: QtBot) -> None:
    shell = opened(server, qtbot)
    assert shell.side_panel.content is None
    shell.change_password()
    form = form_of(shell)

    def said(key: str) -> str:
        return str(form.form.rows[key].problem)

    form.form.set_values({"old": "secret", "new": "a long one", "again": "another one"})
    form.save_button.click()
    assert "不一致" in said("again") and server.password == "secret"
    form.form.set_values({"old": "wrong", "new": "a long one", "again": "a long one"})
    form.save_button.click()
    qtbot.waitUntil(lambda: said("old") != "", timeout=30_000)
    form.form.set_values({"old": "secret", "new": "short", "again": "short"})
    form.save_button.click()
    qtbot.waitUntil(lambda: said("new") != "", timeout=30_000)
    form.form.set_values({"old": "secret", "new": "a long one", "again": "a long one"})
    form.save_button.click()
    qtbot.waitUntil(lambda: shell.side_panel.content is None, timeout=30_000)
    assert server.password == "a long one"


def test_a_password_that_an_administrator_gave_is_asked_to_be_changed(server: Server, qtbot: QtBot) -> None:
    shell = opened(server, qtbot, must_change_password=True)
    assert form_of(shell).isVisible()
    assert any("管理员给您的密码" in label.text() for label in shell.findChildren(QLabel))
