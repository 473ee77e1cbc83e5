"""The pages of the exchange in the real window: nothing is cut, a connection is made, a refused message obeyed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.administration.app import TITLE, make_pages
from clients.administration.table.view import TablePage
from clients.administration.tabs import TabbedPage
from clients.kit.app import Workstation, make_application
from clients.kit.connection import FakeConnection
from clients.kit.gallery import settle
from clients.kit.login import SignedIn
from clients.kit.review import review
from clients.kit.settings import UserSettings
from clients.kit.shell import Shell
from clients.kit.translations import Language, register_catalogue, set_language
from shared.contract.interfaces import InterfaceKind, MessageState, SaveConnection
from shared.domain.permissions import Permission
from tests.clients.administration.fake_interfaces import FakeInterfaces

TABS = ("interface_messages", "hl7_incoming", "hl7_outgoing", "fhir")


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def chinese_again() -> Iterator[None]:
    register_catalogue(texts.ENTRIES)
    yield
    set_language(Language.CHINESE)


class Window:
    """A signed-in workstation over connections and messages in memory."""

    def __init__(self, qtbot: QtBot, server: FakeInterfaces) -> None:
        self._qtbot = qtbot
        self.line = FakeConnection(replies=server.replies(), permissions=tuple(Permission))
        pages = [page for page in make_pages() if page.id == "interfaces"]
        self.window = Workstation(TITLE, pages, lambda _address: self.line)
        qtbot.addWidget(self.window)
        self.window.resize(1366, 768)
        self.window.show()
        self.shell: Shell = self.window.sign_in_with(SignedIn(self.line, self.line.login("admin", "secret")))

    def wait(self, condition: Callable[[], Any]) -> None:
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=30_000)

    def table(self, tab: str) -> TablePage:
        page = self.shell.go_to("interfaces")
        assert isinstance(page, TabbedPage)
        table = page.show_tab(tab)
        assert isinstance(table, TablePage)
        self.wait(lambda: table.presenter.state.reply is not None and not table.presenter.state.is_loading)
        return table


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("is_empty", [False, True])
def test_nothing_is_cut(qtbot: QtBot, language: Language, is_empty: bool) -> None:
    UserSettings.for_user("admin").set("language", language.value)
    server = FakeInterfaces()
    if is_empty:
        server.connections.clear()
        server.messages.clear()
    window = Window(qtbot, server)
    found: list[str] = []
    for tab in TABS:
        table = window.table(tab)
        for row in (None, *table.presenter.state.rows[:2]):
            if row is not None:
                table.presenter.select(table.spec.row_id(row))
            window.wait(lambda: not window.window.runner.busy)
            settle(0.02)
            found += [f"{tab}: {finding}" for finding in review(window.window)]
    window.window.close()
    assert found == []


def test_a_connection_is_made_with_the_form(qtbot: QtBot) -> None:
    UserSettings.for_user("admin").set("language", Language.CHINESE.value)
    server = FakeInterfaces()
    server.connections.clear()
    window = Window(qtbot, server)
    table = window.table("hl7_incoming")
    qtbot.mouseClick(table.new_button, Qt.MouseButton.LeftButton)
    assert table.form is not None
    table.form.set_values({"name": "住院 HIS", "host": "wrong", "codes": "A1=CT001"})
    qtbot.mouseClick(table.save_button, Qt.MouseButton.LeftButton)
    window.wait(lambda: table.form is not None and "网段" in table.form.rows["host"].problem)
    table.form.set_values({"host": "192.168.1.0/24"})
    qtbot.mouseClick(table.save_button, Qt.MouseButton.LeftButton)
    window.wait(lambda: server.connections)
    (made,) = server.connections.values()
    assert (made.name, made.kind, made.codes) == ("住院 HIS", InterfaceKind.HL7_IN, {"A1": "CT001"})
    assert [type(call) for call in window.line.calls].count(SaveConnection) == 2
    window.window.close()


def test_a_refused_message_is_obeyed_by_its_button(qtbot: QtBot) -> None:
    UserSettings.for_user("admin").set("language", Language.CHINESE.value)
    server = FakeInterfaces()
    window = Window(qtbot, server)
    table = window.table("interface_messages")
    refused = next(one for one in server.messages.values() if one.state is MessageState.REFUSED)
    table.presenter.select(refused.id)
    window.wait(lambda: table.presenter.state.fetched is not None)
    qtbot.mouseClick(table.action_buttons["process"], Qt.MouseButton.LeftButton)
    window.wait(lambda: server.messages[refused.id].state is MessageState.ACCEPTED)
    window.window.close()
