"""The log-in window of pathology: 检查类型, 用户代码 ↔ 用户名, 密码, 登录, 退出 (PA-LOGIN)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout

from clients.kit.connection import Connector
from clients.kit.fields import Choice, ChoiceField, Section, TextField
from clients.kit.labels import Button
from clients.kit.login import PASSWORD_FIELD, SERVER_FIELD, LoginPage, SignedIn
from clients.kit.running import TaskRunner
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, language
from clients.pathology.shell.login_rules import Choices, libraries_of, login_of, name_of, users_with_name
from shared.contract.pathology_stations import LoginChoices, LoginChoicesView

LIBRARY_KEY = "pathology/library"
_ASK_AFTER_MS = 300


@dataclass(slots=True)
class Chosen:
    """What the log-in window leaves for the workstation."""

    library_id: int = 0


class PathologyLogin(LoginPage):
    """The kit's log-in page with exam type and user name; the server gives what can be chosen."""

    def __init__(
        self, title: str, connector: Connector, runner: TaskRunner, settings: UserSettings, chosen: Chosen
    ) -> None:
        self._chosen = chosen
        self.choices: Choices = LoginChoicesView(libraries=(), users=())
        self._asked_at = ""
        super().__init__(title, connector, runner, settings)
        self._ask_soon = QTimer(self)
        self._ask_soon.setSingleShot(True)
        self._ask_soon.setInterval(_ASK_AFTER_MS)
        self._ask_soon.timeout.connect(self.ask_choices)
        self.form.changed.connect(self._on_changed)
        self.signed_in.connect(self._remember)
        if self.form.value("server"):
            self._ask_soon.start()

    def sections(self) -> list[Section]:
        return [
            Section(
                "",
                [
                    replace(SERVER_FIELD, hint="", placeholder="连接字符串由管理员提供"),
                    ChoiceField(key="library", label="检查类型", required=True, placeholder="填写服务器后选择"),
                    TextField(key="user", label="用户代码", required=True, max_length=40),
                    ChoiceField(key="name", label="用户名", placeholder="选择用户名即填入代码"),
                    PASSWORD_FIELD,
                ],
            )
        ]

    def button_row(self) -> QHBoxLayout:
        row = super().button_row()
        self.exit_button = Button("退出", on_click=lambda: self.window().close())
        row.addWidget(self.exit_button)
        return row

    def set_server(self, server: str) -> None:
        super().set_server(server)
        self._ask_soon.start()

    def ask_choices(self) -> None:
        """Ask the server for libraries and users; without an answer code and password can still be typed."""
        server = self.form.value("server")
        if not server or server == self._asked_at:
            return
        self._asked_at = server
        self._runner.run(_Ask(self._connector, server), self.show_choices, self._no_choices, key="login.choices")

    def show_choices(self, choices: LoginChoicesView) -> None:
        """Offer what the server gave; what is typed already stays."""
        self.choices = choices
        self.form.set_choices("name", [Choice(user.login, user.name, translate=False) for user in choices.users])
        self._user_changed()

    def focus_first(self) -> None:
        values = self.form.values()
        order = ("server", "user", "password")
        self.form.focus(next((key for key in order if not values[key]), "password"))

    def _no_choices(self, _error: Exception) -> None:
        self._asked_at = ""

    def _on_changed(self, key: str) -> None:
        if key == "server":
            self._ask_soon.start()
        elif key == "user":
            self._user_changed()
        elif key == "name":
            login = login_of(self.choices, self.form.value("name"))
            if login:
                self.form.set_values({"user": login})
                self._offer_libraries()
        elif key == "library":
            self._chosen.library_id = int(self.form.value("library") or 0)

    def _user_changed(self) -> None:
        login = self.form.value("user")
        same = users_with_name(self.choices, login)
        if len(same) == 1 and same[0] != login:  # the name was typed where the code is asked for
            login = same[0]
            self.form.set_values({"user": login})
        self.form.set_values({"name": login if name_of(self.choices, login) else None})
        self._offer_libraries()

    def _offer_libraries(self) -> None:
        """Only libraries that this user may enter (PA-LOGIN-07)."""
        login = self.form.value("user")
        offered = libraries_of(self.choices, login)
        english = language() is Language.ENGLISH
        self.form.set_choices(
            "library", [Choice(one.id, (english and one.name_en) or one.name, translate=False) for one in offered]
        )
        ids = [one.id for one in offered]
        now = self.form.value("library")
        kept = self._settings.get(f"{LIBRARY_KEY}/{login}", self._settings.get(LIBRARY_KEY, 0))
        wanted = now if now in ids else kept if kept in ids else ids[0] if ids else None
        self.form.set_values({"library": wanted})
        self._chosen.library_id = int(wanted or 0)

    def _remember(self, opened: SignedIn) -> None:
        self._settings.set(LIBRARY_KEY, self._chosen.library_id)
        self._settings.set(f"{LIBRARY_KEY}/{opened.session.login}", self._chosen.library_id)

    def _show_language(self) -> None:
        super()._show_language()
        if hasattr(self, "_asked_at") and self.choices.libraries:
            self._offer_libraries()


class _Ask:
    """Asks a server before there is a session, in a worker thread."""

    def __init__(self, connector: Connector, server: str) -> None:
        self._connector, self._server = connector, server

    def __call__(self) -> LoginChoicesView:
        connection = self._connector(self._server)
        try:
            return connection.call(LoginChoices())
        finally:
            connection.close()
