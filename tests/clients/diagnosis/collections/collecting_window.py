"""A diagnosis window over the collecting room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from clients.diagnosis.app import Diagnosis
from clients.diagnosis.collections.page import CollectionsPage
from clients.diagnosis.ports import NoViewer
from clients.diagnosis.report.view import ReportPage
from clients.kit.app import Workstation
from clients.kit.login import SignedIn
from tests.clients.diagnosis.collections.collecting_room import CollectingRoom

W = TypeVar("W", bound=QWidget)


class Window:
    """A signed-in workstation."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self._qtbot = qtbot
        self.room = CollectingRoom(folder)
        self.viewer = NoViewer()
        self.diagnosis = Diagnosis(lambda _place, _on_event: self.viewer)
        self.window = Workstation("诊断工作站", self.diagnosis.pages(), lambda _s: self.room.line)
        qtbot.addWidget(self.window)
        self.window.resize(1366, 768)
        self.window.show()
        self.shell = self.window.sign_in_with(SignedIn(self.room.line, self.room.line.login("zhao", "secret")))
        self.settle()

    def until(self, holds: Callable[[], bool]) -> None:
        self._qtbot.waitUntil(holds, timeout=30_000)

    def settle(self) -> None:
        self.until(lambda: not self.window.runner.busy)

    def call(self, request: Any) -> Any:
        return self.room.line.call(request)

    def tab(self, key: str, kind: type[W]) -> W:
        page = self.shell.go_to("collections")
        assert isinstance(page, CollectionsPage)
        view = page.show_tab(key)
        assert isinstance(view, kind)
        self.settle()
        return view

    def panel(self, key: str, report_id: int, kind: type[W]) -> W:
        self.diagnosis.enter(report_id, None)
        self.settle()
        self.shell._groups["report"].trigger(f"report.panel.{key}")
        self.settle()
        page = self.shell.page_widget("report")
        assert isinstance(page, ReportPage)
        found = page.findChildren(kind)
        assert len(found) == 1
        return found[0]

    @property
    def today(self) -> Any:
        return self.room.world.time.today()


def words(root: QWidget) -> list[str]:
    """Return what visible labels say."""
    return [one.text() for one in root.findChildren(QLabel) if one.isVisibleTo(root)]
