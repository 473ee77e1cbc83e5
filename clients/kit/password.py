"""The own password: a small form in the side panel."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.kit.connection import Connection
from clients.kit.fields import Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.messages import message_for
from clients.kit.running import TaskRunner
from clients.kit.translations import tr
from shared.contract.identity import ChangePassword

_LONGEST = 200


class PasswordForm(QWidget):
    """Old password, new one, the new one again; `done` is called once the server has taken it."""

    def __init__(self, connection: Connection, runner: TaskRunner, done: Callable[[], None]) -> None:
        super().__init__()
        self._connection = connection
        self._runner = runner
        self._done = done
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(12)
        box.addWidget(Label("至少 8 个字符，不含用户名。其他地方的登录会退出。", "quiet", wrap=True))
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        TextField(key="old", label="原密码", required=True, secret=True, max_length=_LONGEST),
                        TextField(key="new", label="新密码", required=True, secret=True, max_length=_LONGEST),
                        TextField(key="again", label="再输一次新密码", required=True, secret=True, max_length=_LONGEST),
                    ],
                )
            ],
            columns=1,
        )
        self.form.submitted.connect(self.save)
        box.addWidget(self.form)
        self.save_button = Button("修改密码", "primary", on_click=self.save)
        box.addWidget(self.save_button)
        box.addStretch(1)
        self.setFocusProxy(self.form)

    def save(self) -> None:
        """Send it, unless something is missing or the two new ones differ."""
        if not self.form.validate() or not self.save_button.isEnabled():
            return
        values = self.form.values()
        if values["new"] != values["again"]:
            self.form.show_problems({"again": tr("两次输入的密码不一致，请重新输入。")})
            return
        self.save_button.setEnabled(False)
        request = ChangePassword(old=values["old"], new=values["new"])
        self._runner.run(lambda: self._connection.call(request), self._changed, self._failed, key="password")

    def _changed(self, _reply: object) -> None:
        self.save_button.setEnabled(True)
        self._done()

    def _failed(self, error: Exception) -> None:
        self.save_button.setEnabled(True)
        message = message_for(error)
        field = message.field if message.field in self.form.rows else "old"
        self.form.show_problems({field: message.text})
