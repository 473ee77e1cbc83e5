"""A desk without a window: place, view and server in memory, for presenters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from clients.kit.drafts import DraftStore
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.pathology.desk import Answer, Desk
from clients.pathology.shell.server import CaseServer
from clients.pathology.stations import spec_of
from shared.contract.printing import Output
from shared.domain.pathology import Station
from tests.clients.pathology.fake_pathology import LIBRARIES, FakePathology


class FakeView:
    """Answers the question about unsaved changes and remembers what was asked of it."""

    def __init__(self) -> None:
        self.answer: Answer = Answer.STAY
        self.asked: list[tuple[str, ...]] = []
        self.panels: list[str] = []
        self.refreshed = 0
        self.tabs: list[str] = []
        self.special: list[str] = []

    def ask_unsaved(self, tabs: Sequence[str], answer: Callable[[Answer], None]) -> None:
        self.asked.append(tuple(tabs))
        answer(self.answer)

    def show_tab(self, tab_id: str) -> None:
        self.tabs.append(tab_id)

    def show_panel(self, title: str, _content: Any, _width: int | None = None) -> None:
        self.panels.append(title)

    def close_panel(self) -> None:
        self.panels.clear()

    def show_window(self, title: str, _content: Any, _size: Any = None) -> None:
        self.panels.append(title)

    def set_entry(self, *_what: Any, **_how: Any) -> None:
        """Nothing is drawn."""

    def refresh_lists(self) -> None:
        self.refreshed += 1

    def show_special(self, title: str, _flags: Any, _states: Any) -> None:
        self.special.append(title)

    def toggle_part(self, _part: str) -> None:
        """Nothing is drawn."""

    def fill_list_menu(self, _menu: Any) -> None:
        """Nothing is drawn."""

    def link_maker(self, _link: Any) -> None:
        """No link is drawn."""


def a_desk(folder: Path, house: FakePathology | None = None, runner: Any = None) -> tuple[Desk, FakePathology]:
    """A desk at the registration station over a department in memory."""
    house = house or FakePathology()
    place = SimpleNamespace(
        connection=house.connection,
        runner=runner or ImmediateRunner(),
        messages=CollectedMessages(),
        drafts=DraftStore(folder),
        on_notice=house.connection.on_notice,
        may=lambda permission: permission in house.connection.permissions,
    )
    desk = Desk(place, spec_of(Station.REGISTRATION), LIBRARIES[0], CaseServer(house.connection))  # type: ignore[arg-type]
    desk.view = FakeView()  # type: ignore[assignment]
    desk.libraries = LIBRARIES
    desk.settings = house.settings
    desk.papers = SimpleNamespace(output=lambda _kind: Output(), hand_out=lambda document: f"printed {document.kind}")
    return desk, house
