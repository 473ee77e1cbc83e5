"""The department on a real server: accounts, cases, and the workstation's window signed in over sockets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from clients.kit.app import Workstation
from clients.kit.login import SignedIn
from clients.kit.scanner import GAP_KEY
from clients.kit.server_connection import ServerConnection
from clients.pathology.app import TITLE, _login, make_pages
from clients.pathology.shell.entrance import Entrance
from clients.pathology.shell.login import Chosen
from clients.pathology.shell.window import StationWindow
from shared.contract.base import Request
from shared.contract.identity import CreateUser
from shared.contract.pathology import CaseDetails, CaseEntry, ListLibraries, OpenCase, RegisterCase
from shared.contract.pathology_technique import AcceptSpecimens, SpecimenEntry
from shared.domain.states import Sex
from shared.rpc.client import RpcClient
from tests.server_process import ServerProcess

_GAP_MS = 20
PASSWORD = "Secret-2026!"
NAMES = {"wang": "王登记", "li": "李取材", "zhou": "周技术"}
ROLES = {"wang": "pathology_registrar", "li": "pathology_grosser", "zhou": "pathology_technician"}


class Hall:
    """A running server with three accounts of the department."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        with_admin = server.client()
        for login, name in NAMES.items():
            with_admin.call(CreateUser(login=login, name=name, password=PASSWORD, roles=(ROLES[login],)))
        self._clients: list[RpcClient] = [with_admin]
        self.clerk = self.client("wang")
        self.library = self.clerk.call(ListLibraries())[0].id

    def client(self, login: str) -> RpcClient:
        """A signed-in client without a window."""
        made = self.server.client(login, PASSWORD)
        self._clients.append(made)
        return made

    def case(self, name: str, *specimens: str, library: int = 0, **entry: Any) -> CaseDetails:
        """A registered case whose containers are accepted."""
        made = self.clerk.call(
            RegisterCase(
                library_id=library or self.library,
                entry=CaseEntry(patient_name=name, sex=Sex.FEMALE, age="45岁", department="胃肠外科", **entry),
                specimens=tuple(SpecimenEntry(name=one) for one in specimens or ("胃大部切除标本",)),
            )
        )
        self.clerk.call(AcceptSpecimens(specimen_ids=tuple(one.id for one in made.specimens)))
        return self.open(made.case.id)

    def open(self, case_id: int) -> CaseDetails:
        """A case as the server has it."""
        return self.clerk.call(OpenCase(case_id=case_id))

    def ask(self, request: Request[Any]) -> Any:
        """A call of the clerk."""
        return self.clerk.call(request)

    def close(self) -> None:
        for client in self._clients:
            client.close()


class Desk:
    """One person at the window of a workstation; only keys, scanner and pedal."""

    def __init__(self, qtbot: QtBot, hall: Hall, login: str, station: str) -> None:
        self.qtbot, self.hall = qtbot, hall
        chosen = Chosen(hall.library)
        address = str(hall.server.connection)
        self.connection = ServerConnection(address)
        self.window = Workstation(
            TITLE,
            make_pages(chosen, station),
            lambda _server: self.connection,
            make_login=partial(_login, chosen),
        )
        self.window.resize(1366, 768)
        with qtbot.waitActive(self.window, timeout=30_000):
            self.window.show()
            self.window.activateWindow()
        session = self.connection.login(login, PASSWORD)
        shell = self.window.sign_in_with(SignedIn(self.connection, session))
        self.settle()
        entrance = shell.page_widget("pathology")
        assert isinstance(entrance, Entrance)
        qtbot.waitUntil(lambda: entrance.window_of_station is not None, timeout=30_000)
        assert entrance.window_of_station is not None
        self.station: StationWindow = entrance.window_of_station
        self.settle()

    def settle(self) -> None:
        """Until nothing runs."""
        for _ in range(3):
            self.qtbot.waitUntil(lambda: not self.window.runner.busy, timeout=30_000)
            QApplication.processEvents()

    def wait(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=30_000)

    def tab(self, tab_id: str) -> Any:
        """The page of a tab, brought to the front."""
        self.station.show_tab(tab_id)
        self.settle()
        content = self.station.tabs.content(tab_id)
        assert content is not None
        return content

    # ── hands ──

    def focused(self) -> QWidget:
        """What has the keyboard."""
        return QApplication.focusWidget() or self.window

    def scan(self, code: str) -> None:
        """The scanner types the code and Enter in one burst."""
        self._gap(200)  # a busy machine must not turn a scan into typing
        target = self.focused()
        for letter in code:
            QTest.keyClick(target, letter)
        QTest.keyClick(target, Qt.Key.Key_Return)
        self._gap(_GAP_MS)
        self.settle()

    def _gap(self, pause_ms: int) -> None:
        place = self.station.desk.place
        place.desk_settings.set(GAP_KEY, pause_ms)
        place.scanner.follow(place.desk_settings)

    def type(self, text: str) -> None:
        """A person types, Chinese through the input method; slower than a scanner."""
        scanner = self.station.desk.place.scanner
        target = self.focused()
        if text.isascii():
            QTest.keyClicks(target, text)
        else:
            event = QInputMethodEvent()
            event.setCommitString(text)
            QApplication.sendEvent(target, event)
        scanner.let_go()
        self.qtbot.wait(2 * _GAP_MS)  # as slow as people, else the keys would be a scanner's

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """One key, or the pedal."""
        QTest.keyClick(self.focused(), key, modifier)
        self.settle()

    def said(self) -> list[str]:
        """Sentences on screen."""
        shell = self.window.shell
        assert shell is not None
        return [toast.text for toast in shell.toasts.toasts]

    def close(self) -> None:
        self.settle()
        self.window.close()
        self.connection.close()


def printer_folder(folder: Path, *desks: Desk) -> None:
    """Documents of these desks are saved here."""
    for desk in desks:
        desk.station.desk.papers.desk.settings.set("printing/folder", str(folder))
