"""The window of one user of the ECG workstation over a hospital in memory, and a reading page that only remembers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from clients.ecg.app import TITLE, make_pages
from clients.ecg.desk import Reading
from clients.ecg.shell import readings
from clients.ecg.shell.window import EcgWindow
from clients.kit.app import Workstation, make_application, wear
from clients.kit.login import SignedIn
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, set_language
from shared.contract.identity import SessionView
from tests.clients.ecg.ecg_rows import a_session
from tests.clients.ecg.fake_ecg import FakeEcg


class FakeReading(QWidget):
    """What the tabs need of a reading page."""

    made: list[FakeReading] = []  # noqa: RUF012 - what the test looks at

    def __init__(self, reading: Reading, holder: QWidget) -> None:
        super().__init__(holder)
        self.reading = reading
        self.words = ""
        self.dirty = False
        self.acquired = int(reading.acquire)
        self.waiting: Callable[[], object] | None = None
        FakeReading.made.append(self)

    def title(self) -> str:
        return self.words

    def is_dirty(self) -> bool:
        return self.dirty

    def leave(self, then: Callable[[], object]) -> None:
        if self.dirty:
            self.waiting = then
        else:
            then()

    def acquire(self) -> None:
        self.acquired += 1


class Station:
    """The window of one user; `hospital` answers it."""

    def __init__(self, qtbot: QtBot, session: SessionView | None = None, hospital: FakeEcg | None = None) -> None:
        make_application()
        wear("light")
        set_language(Language.CHINESE)
        FakeReading.made = []
        self.qtbot = qtbot
        self.hospital = hospital or FakeEcg()
        self.session = session or a_session()
        UserSettings.for_user(self.session.login).set("shell/page", "home")
        self.window = Workstation(TITLE, make_pages(), lambda _server: self.hospital.connection)
        self.window.resize(1366, 768)
        with qtbot.waitActive(self.window, timeout=30_000):
            self.window.show()
            self.window.activateWindow()
        self.shell = self.window.sign_in_with(SignedIn(self.hospital.connection, self.session))
        self.settle()

    def page(self, page_id: str) -> Any:
        """Bring a page to the front."""
        widget = self.shell.go_to(page_id)
        self.settle()
        return widget

    @property
    def parts(self) -> EcgWindow:
        """Strip, messages and the desk's view."""
        found = self.shell.findChild(EcgWindow)
        assert found is not None
        return found

    def dialog(self, kind: type[Any]) -> Any:
        """The open dialog of a kind, the newest one."""
        self.settle()
        found = [one for one in self.window.findChildren(kind) if isinstance(one, QDialog) and one.isVisible()]
        assert found, f"no {kind.__name__} is open"
        return found[-1]

    def settle(self) -> None:
        """Wait until no work runs and what it brought is on screen."""
        for _ in range(3):
            self.qtbot.waitUntil(lambda: not self.window.runner.busy, timeout=30_000)
            QApplication.processEvents()

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """One key on whatever has the keyboard."""
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)
        self.settle()

    def said(self) -> list[str]:
        """The toasts on screen."""
        return [toast.text for toast in self.shell.toasts.toasts]

    def close(self) -> None:
        self.window.close()
        self.window.deleteLater()
        QApplication.processEvents()
        set_language(Language.CHINESE)


def make_fake_reading(_desk: Any, _place: Any, reading: Reading, holder: QWidget) -> Any:
    """In the place of `clients.ecg.shell.readings.make_reading`."""
    return FakeReading(reading, holder)


def use_fake_reading(monkeypatch: Any) -> None:
    """Let tabs hold fake reading pages."""
    monkeypatch.setattr(readings.ReadingArea.__init__, "__defaults__", (make_fake_reading,))
