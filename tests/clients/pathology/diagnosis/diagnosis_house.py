"""The diagnosis page over the real rooms of the server on a database, without sockets; a window without the shell."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from clients.kit.drafts import DraftStore
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.settings import UserSettings
from clients.pathology.app import register_texts
from clients.pathology.desk import Desk
from clients.pathology.shell.server import CaseServer
from clients.pathology.stations import spec_of
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from shared.contract.base import Request
from shared.contract.errors import error_for
from shared.contract.pathology import ListLibraries
from shared.contract.printing import DocumentView
from shared.domain.pathology import LibraryKind, Station
from tests.clients.pathology.desk_fakes import FakeView
from tests.server.pathology.reports.report_room import Room


class RoomLine:
    """The connection of one account: calls go straight into the handlers."""

    def __init__(self, room: Room, caller: Caller) -> None:
        self.room, self.caller = room, caller
        self.calls: list[Request[Any]] = []

    def call(self, request: Request[Any]) -> Any:
        self.calls.append(request)
        try:
            return self.room.ask(self.caller, request)
        except Refusal as refusal:
            raise error_for(refusal.body) from refusal


class Papers:
    """Documents of the room; what was printed is remembered."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.printed: list[DocumentView] = []

    def read(self, document: DocumentView) -> bytes:
        return self._room.document(document.id)

    def hand_out(self, document: DocumentView) -> str:
        self.printed.append(document)
        return "已打印"


class HostView(FakeView):
    """Shows panels and windows beside the tab, so that they can be looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.host = QWidget()
        self.host.resize(1366, 768)
        self._row = QHBoxLayout(self.host)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self.panel: QWidget | None = None
        self.window: QWidget | None = None

    def put(self, tab: QWidget) -> None:
        self._row.addWidget(tab, 1)

    def show_panel(self, title: str, content: Any, width: int | None = None) -> None:
        self.close_panel()
        super().show_panel(title, content, width)
        self.panel = content
        content.setFixedWidth(width or 360)
        self._row.addWidget(content)

    def close_panel(self) -> None:
        super().close_panel()
        if self.panel is not None:
            self.panel.hide()
            self.panel.setParent(None)
            self.panel = None

    def show_window(self, title: str, content: Any, size: tuple[int, int] | None = None) -> None:
        super().show_window(title, content, size)
        self.window = content
        content.resize(*(size or (960, 600)))
        content.show()


def a_diagnosis_desk(
    room: Room,
    caller: Caller,
    folder: Path,
    kind: LibraryKind = LibraryKind.ROUTINE,
    station: Station = Station.DIAGNOSIS,
) -> tuple[Desk, HostView, CollectedMessages]:
    """A desk at the diagnosis station for an account of the room."""
    register_texts()
    line, messages = RoomLine(room, caller), CollectedMessages()
    place = SimpleNamespace(
        connection=line,
        runner=ImmediateRunner(),
        messages=messages,
        drafts=DraftStore(folder),
        settings=UserSettings(folder / "settings.json"),
        session=SimpleNamespace(user_id=caller.user_id, name=caller.name),
        on_notice=lambda _listener: lambda: None,
        may=caller.may,
        shell=None,
    )
    libraries = line.call(ListLibraries())
    library = next(one for one in libraries if one.entry.kind is kind)
    desk = Desk(place, spec_of(station), library, CaseServer(line))  # type: ignore[arg-type]
    view = HostView()
    desk.view = view  # type: ignore[assignment]
    desk.libraries = libraries
    desk.papers = Papers(room)
    return desk, view, messages
