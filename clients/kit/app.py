"""Starts a workstation: application, theme, language, log-in, window; imports nothing heavy."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Sequence
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QEvent, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget

from clients.kit import english, icons, translations
from clients.kit.connection import Connection, Connector
from clients.kit.garbage import GuiGarbage
from clients.kit.incidents import record_incident, start_log
from clients.kit.login import LoginPage, SignedIn
from clients.kit.running import TaskRunner
from clients.kit.settings import UserSettings
from clients.kit.shell import DENSITY_KEY, LANGUAGE_KEY, THEME_KEY, Page, Shell, check_pages
from clients.kit.tasks import QtTaskRunner
from clients.kit.theme import apply_theme, prepare_scaling
from clients.kit.tokens import Density, ThemeName
from clients.kit.translations import Language
from shared.rpc.structs import know_loaded_types


def make_application(argv: Sequence[str] = ()) -> QApplication:
    """The QApplication of the suite: fractional scaling kept, kit texts registered, widgets told of language changes.

    Called again it gives the one that exists. Without a screen Qt's offscreen platform is used.
    """
    app = QApplication.instance()
    if isinstance(app, QApplication):
        _prepare(app)
        return app
    if sys.platform.startswith("linux") and not any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    prepare_scaling()
    app = QApplication(["mingjing", *argv])
    app.setApplicationName("mingjing")
    _prepare(app)
    return app


def _prepare(app: QApplication) -> None:
    translations.register_catalogue(english.ENTRIES, binding=True)
    if app.property("mingjing_prepared"):
        return
    app.setProperty("mingjing_prepared", True)
    translations.on_language_change(_tell_widgets)
    app.aboutToQuit.connect(icons.forget_pixmaps)
    know_loaded_types()
    GuiGarbage(app)


def _tell_widgets() -> None:
    # As Qt does for a new translator: it posts the event to every window itself, so that none is touched that was
    # closed meanwhile. Handed out at once: whoever switches the language finds the words changed.
    app = QApplication.instance()
    if app is not None:
        QCoreApplication.sendEvent(app, QEvent(QEvent.Type.LanguageChange))
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LanguageChange.value)


MakeLogin = Callable[[str, Connector, TaskRunner, UserSettings], LoginPage]
"""Makes the log-in page of a workstation that asks more than user and password."""


class Workstation(QMainWindow):
    """One window that shows the log-in page and, after it, the shell; owns the task runner and the line."""

    ready = Signal()
    """the log-in page is on screen."""

    def __init__(
        self,
        title: str,
        pages: Sequence[Page],
        connector: Connector,
        *,
        desk_settings: UserSettings | None = None,
        server: str = "",
        usual_theme: ThemeName = ThemeName.LIGHT,
        make_login: MakeLogin = LoginPage,
    ) -> None:
        super().__init__()
        check_pages(pages)
        self._usual_theme = usual_theme
        self._title = title
        self._pages = tuple(pages)
        self._desk = desk_settings or UserSettings.for_desk()
        self.runner = QtTaskRunner(self)
        self._connection: Connection | None = None
        self.shell: Shell | None = None
        self.stack = QStackedWidget()
        self.setCentralWidget(self.stack)
        self.login_page = make_login(title, connector, self.runner, self._desk)
        if server:
            self.login_page.set_server(server)
        self.login_page.signed_in.connect(self._on_signed_in)
        self.stack.addWidget(self.login_page)
        self.resize(1366, 768)
        self._retitle()

    def sign_in_with(self, opened: SignedIn) -> Shell:
        """Open the shell over a session that was opened elsewhere (tests, the demo)."""
        self._on_signed_in(opened)
        assert self.shell is not None
        return self.shell

    @Slot(object)
    def _on_signed_in(self, opened: SignedIn) -> None:
        self._connection = opened.connection
        settings = UserSettings.for_user(opened.session.login)
        theme = settings.get(THEME_KEY, self._desk.get(THEME_KEY, self._usual_theme.value))
        wear(str(theme), str(settings.get(DENSITY_KEY, Density.REGULAR.value)))
        speak(str(settings.get(LANGUAGE_KEY, translations.language().value)))
        self.shell = Shell(
            self._title, self._pages, opened.connection, opened.session, self.runner, settings, self._desk
        )
        self.shell.logged_out.connect(self._on_logged_out)
        self.shell.windowTitleChanged.connect(self.setWindowTitle)
        self.setWindowTitle(self.shell.windowTitle())
        self.stack.addWidget(self.shell)
        self.stack.setCurrentWidget(self.shell)

    @Slot(str)
    def _on_logged_out(self, why: str) -> None:
        QTimer.singleShot(0, self, self._leave_shell)
        self.login_page.say(why)

    def _leave_shell(self) -> None:
        shell, self.shell = self.shell, None
        self.stack.setCurrentWidget(self.login_page)
        if shell is not None:
            shell.close()
            self.stack.removeWidget(shell)
            shell.deleteLater()
        self._hang_up()
        self._retitle()

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self.runner.run(connection.close, _ignore, _ignore, key="hang up")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and getattr(self, "shell", None) is None:
            self._retitle()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.shell is not None and self.shell.guard is not None and not self.shell.guard(self.close):
            event.ignore()
            return
        if self.shell is not None:
            self.shell.close()
        connection, self._connection = self._connection, None
        self.runner.close()
        if connection is not None:
            # A server that does not answer must not keep the window from closing.
            leaving = threading.Thread(target=connection.close, name="hang up", daemon=True)
            leaving.start()
            leaving.join(1.5)

    def showEvent(self, event: object) -> None:
        QTimer.singleShot(0, self, self.ready.emit)

    def _retitle(self) -> None:
        self.setWindowTitle(f"{translations.tr(self._title)} · {translations.tr('明镜影像')}")


def _ignore(_result: object) -> None:
    """What becomes of a line that is hung up interests nobody."""


def wear(theme: str, density: str = Density.REGULAR.value) -> None:
    """Apply a theme by the words in settings; unknown words mean the usual."""
    name = ThemeName(theme) if theme in ThemeName.__members__.values() else ThemeName.LIGHT
    size = Density(density) if density in Density.__members__.values() else Density.REGULAR
    apply_theme(name, size)


def speak(language: str) -> None:
    """Switch the language by the word in settings; an unknown word changes nothing."""
    if language in Language.__members__.values():
        translations.set_language(Language(language))


def run_workstation(
    title: str,
    pages: Sequence[Page],
    argv: Sequence[str],
    connector: Connector,
    *,
    prog: str = "mingjing",
    on_start: Callable[[Workstation], None] | None = None,
    usual_theme: ThemeName = ThemeName.LIGHT,
    make_login: MakeLogin = LoginPage,
    more_options: Sequence[argparse.ArgumentParser] = (),
) -> int:
    """Run a workstation until its window is closed; the exit status. `title` is a Chinese source string.

    `usual_theme` is worn until the user chooses one: dark in the reading room, light elsewhere. `more_options` are
    parsers (without help) of what a workstation understands beside the usual; it has read them itself.
    """
    parser = argparse.ArgumentParser(prog=prog, parents=more_options)
    parser.add_argument("--connect", default="", metavar="STRING", help="connection string of the server")
    parser.add_argument("--language", choices=[item.value for item in Language], help="language of the screens")
    parser.add_argument("--theme", choices=[item.value for item in ThemeName], help="light or dark")
    parser.add_argument(
        "--exit-when-ready", action="store_true", help="leave when the log-in page shows (start-up check)"
    )
    options = parser.parse_args(list(argv))
    app = make_application()
    desk = UserSettings.for_desk()
    wear(options.theme or str(desk.get(THEME_KEY, usual_theme.value)))
    speak(options.language or str(desk.get(LANGUAGE_KEY, Language.CHINESE.value)))
    start_log(prog.rsplit(maxsplit=1)[-1])
    window = Workstation(
        title,
        pages,
        connector,
        desk_settings=desk,
        server=options.connect,
        usual_theme=usual_theme,
        make_login=make_login,
    )
    sys.excepthook = _BugHook(window)
    if options.exit_when_ready:
        window.ready.connect(window.close)
    window.show()
    if on_start is not None:
        on_start(window)
    return app.exec()


class _BugHook:
    """The outermost loop of a workstation: logs a defect, tells its number, and the window stays."""

    def __init__(self, window: Workstation) -> None:
        self._window = window

    def __call__(self, _kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            QApplication.quit()
            return
        number = record_incident(error)
        if self._window.shell is not None:
            self._window.shell.messages.say_incident(number)
