"""Real workstation windows of the demo, driven by key strokes as a person would; headless or on a screen."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMessageLogContext, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from clients.kit.app import MakeLogin, Workstation, make_application, wear
from clients.kit.login import LoginPage
from clients.kit.server_connection import ServerConnection
from clients.kit.shell import Page
from clients.kit.theme import current_theme
from clients.kit.tokens import ThemeName
from mingjing.demo.hospital import Hospital

SIZE = (1366, 768)
_PATIENCE_S = 120.0


class NothingHappened(RuntimeError):
    """The window did not show in time what the story expects; the message says what was waited for."""


class Windows:
    """Opens the demo's windows and lets events run; one per process."""

    def __init__(self) -> None:
        self.application: QApplication = make_application()
        wear(ThemeName.LIGHT.value)
        self.is_headless = QGuiApplication.platformName() in {"offscreen", "minimal"}
        if self.is_headless:
            qInstallMessageHandler(_tell_what_matters)
        self._open: list[Seat] = []

    def seat(
        self,
        hospital: Hospital,
        title: str,
        pages: Sequence[Page],
        login: str,
        theme: ThemeName = ThemeName.LIGHT,
        make_login: MakeLogin = LoginPage,
    ) -> Seat:
        """Open a workstation at its log-in page."""
        _dress(theme)
        address = str(hospital.connection)
        window = Workstation(title, pages, ServerConnection, server=address, make_login=make_login)
        seat = Seat(self, window, login, hospital.passwords[login], theme)
        self._open.append(seat)
        window.resize(*SIZE)
        window.show()
        seat.front()
        return seat

    def until(self, condition: Callable[[], bool], what: str, patience_s: float = _PATIENCE_S) -> None:
        """Let events run until `condition`. Raises NothingHappened."""
        end = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > end:
                raise NothingHappened(f"waited {patience_s:.0f} s for: {what}")
            self.application.processEvents()
            time.sleep(0.005)
        self.application.processEvents()

    def rest(self, seconds: float) -> None:
        """Let events run for a while: animations end, pictures are complete."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.application.processEvents()
            time.sleep(0.005)

    def keep_evidence(self, folder: Path) -> None:
        """Save a picture of every window, for whoever wants to know why the story stopped."""
        for number, seat in enumerate(self._open, 1):
            seat.window.grab().save(str(folder / f"stopped-{number}.png"))

    def close(self) -> None:
        for seat in self._open:
            seat.window.close()
        self.rest(0.2)


def _dress(theme: ThemeName) -> None:
    """Wear a theme, unless it is worn: every window that is open would be dressed anew."""
    if current_theme().name is not theme:
        wear(theme.value)


def _tell_what_matters(_kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    if "This plugin does not support" not in message:  # the platform without a screen says it for every window
        print(message, file=sys.stderr)


class Seat:
    """One person at one workstation."""

    def __init__(self, windows: Windows, window: Workstation, login: str, password: str, theme: ThemeName) -> None:
        self._windows = windows
        self.window = window
        self._login = login
        self._password = password
        self._theme = theme

    def front(self) -> None:
        """Bring this seat to the front: key strokes go here from now on."""
        _dress(self._theme)
        self.window.raise_()
        self.window.activateWindow()
        self._windows.until(
            lambda: QApplication.activeWindow() is self.window or not self._windows.is_headless, "the window to come up"
        )
        self._windows.rest(0.1)

    def sign_in(self) -> None:
        """Type name and password, over the name that the desk remembers."""
        self.window.login_page.form.focus("user")
        self.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.write(self._login)
        self.key(Qt.Key.Key_Return)
        self.write(self._password)
        self.key(Qt.Key.Key_Return)
        self._windows.until(lambda: self.window.shell is not None, f"{self._login} to be signed in")
        self.front()

    def write(self, text: str) -> None:
        """Type into whatever has the focus; text that keyboards lack (Chinese) is committed as an input method does."""
        target = self._focused()
        if text.isascii():
            QTest.keyClicks(target, text)
        else:
            from PySide6.QtGui import QInputMethodEvent

            event = QInputMethodEvent()
            event.setCommitString(text)
            QApplication.sendEvent(target, event)
        self._windows.rest(0.05)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press one key."""
        QTest.keyClick(self._focused(), key, modifiers)
        self._windows.rest(0.05)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Let events run until `condition`."""
        self._windows.until(condition, what)

    def page(self, page_id: str) -> Any:
        """Go to a page of the workstation and return its widget."""
        shell = self.window.shell
        if shell is None:
            raise NothingHappened(f"{self._login} is not signed in")
        self.front()
        return shell.go_to(page_id)

    def shot(self, path: Path) -> None:
        """Save a picture of the window."""
        self._windows.rest(0.4)
        if not self.window.grab().save(str(path)):
            raise OSError(f"{path} could not be written")

    def _focused(self) -> QWidget:
        focused = QApplication.focusWidget()
        return focused if focused is not None else self.window
