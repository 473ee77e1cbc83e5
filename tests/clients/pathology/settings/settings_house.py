"""The settings pages over the real rooms of the server, with a printing desk of this computer in a file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from clients.kit.messages import CollectedMessages
from clients.kit.printing.setup import Desk as Printing
from clients.pathology.desk import Desk
from tests.clients.pathology.diagnosis.diagnosis_house import HostView, a_diagnosis_desk
from tests.server.pathology.reports.report_room import Room


def a_room(folder: Path) -> Room:
    """A department with its libraries."""
    room = Room(folder)
    with room.database.write() as uow:
        room.areas.pathology.seed(uow)
    room.areas.identity.ensure_administrator()
    return room


def a_settings_desk(
    room: Room, folder: Path, role: str = "administrator"
) -> tuple[Desk, HostView, CollectedMessages, list[Any]]:
    """A desk of an administrator; the last list holds the test pages that were printed."""
    name = "boss" if role == "administrator" else role
    desk, view, messages = a_diagnosis_desk(room, room.user(role, name), folder)
    desk.place.desk_settings = desk.place.settings  # type: ignore[misc]  # a SimpleNamespace here
    printed: list[Any] = []

    def test_page(kind: str, printer_of: str) -> str:
        printed.append((kind, printer_of))
        return "测试页已送往打印机。"

    desk.papers = SimpleNamespace(desk=Printing(desk.place.settings), print_test_page=test_page)
    return desk, view, messages, printed
