"""The page of waiting halls: what people write becomes settings and back, and a hall is made in the real window."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.administration.app import TITLE, make_pages
from clients.administration.hall import news_lines, news_of, volume_lines, volumes_of
from clients.administration.table.spec import Unclear
from clients.administration.table.view import TablePage
from clients.kit.app import Workstation
from clients.kit.connection import FakeConnection
from clients.kit.login import SignedIn
from clients.kit.translations import register_catalogue
from shared.contract.halls import HallRoom, HallView, ListHalls, NewsLine, SaveHall, VolumeStep
from shared.contract.organisation import GetHospital, HospitalView, RoomView
from shared.domain.permissions import Permission


def test_a_plan_of_volumes_is_read_as_people_write_it() -> None:
    plan = volumes_of("20:00 30\n\n 07:30=80 \n12：00，50%")
    assert plan == (
        VolumeStep(minute=450, percent=80),
        VolumeStep(minute=720, percent=50),
        VolumeStep(minute=1200, percent=30),
    )
    assert volume_lines(plan) == "07:30 80\n12:00 50\n20:00 30"
    assert volumes_of(volume_lines(plan)) == plan
    assert volumes_of(" \n") == ()


@pytest.mark.parametrize("line", ["25:00 50", "12:60 50", "12:00 101", "12:00", "noon 50", "12:00 -1"])
def test_a_line_that_is_no_volume_is_named(line: str) -> None:
    with pytest.raises(Unclear, match=line):
        volumes_of(f"08:00 50\n{line}")


def test_news_are_read_a_line_each_with_their_english() -> None:
    news = news_of("请保持安静 | Quiet, please\n\n|nothing\n请取下金属物品")
    assert news == (NewsLine(text="请保持安静", text_en="Quiet, please"), NewsLine(text="请取下金属物品"))
    assert news_of(news_lines(news)) == news


class Server:
    """Keeps halls as the server does."""

    def __init__(self) -> None:
        self.halls: dict[int, HallView] = {}
        self.rooms = tuple(
            RoomView(
                id=number, campus_id=1, code=f"R{number}", name=f"CT {number} 室", name_en="", spoken_name="",
                exam_types=("CT",),
            )
            for number in (1, 2, 3)
        )  # fmt: skip
        self.line = FakeConnection(
            replies={
                ListHalls: lambda _q: tuple(self.halls.values()),
                SaveHall: self._save,
                GetHospital: lambda _q: HospitalView(
                    version=1, name="", name_en="", campuses=(), rooms=self.rooms, devices=(), exam_types=(),
                    exam_items=(),
                ),
            },
            permissions=tuple(Permission),
        )  # fmt: skip

    def _save(self, command: SaveHall) -> HallView:
        hall_id = command.id or len(self.halls) + 1
        shown = [
            HallRoom(room_id=room.id, name=room.name, name_en="", spoken_name="", spoken_name_en="")
            for room in self.rooms
            if room.id in command.settings.room_ids
        ]
        self.halls[hall_id] = HallView(
            id=hall_id, version=command.version + 1, settings=command.settings, rooms=tuple(shown)
        )
        return self.halls[hall_id]


def open_page(server: Server, qtbot: QtBot) -> Any:
    register_catalogue(texts.ENTRIES)
    window = Workstation(TITLE, make_pages(), lambda _address: server.line)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(server.line, server.line.login("admin", "secret")))
    page = shell.go_to("halls")
    assert isinstance(page, TablePage)
    return page


def test_a_hall_is_made_and_changed_in_the_real_window(qtbot: QtBot) -> None:
    server = Server()
    page = open_page(server, qtbot)
    qtbot.mouseClick(page.new_button, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(page.form.rows["name"].editor.focus_target, "1F")
    qtbot.keyClicks(page.form.rows["news"].editor.focus_target, "Stay calm")
    qtbot.keyClicks(page.form.rows["volumes"].editor.focus_target, "07:30 80")
    qtbot.mouseClick(page.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(server.halls), timeout=30_000)
    [hall] = server.halls.values()
    assert hall.settings.name == "1F"
    assert hall.settings.news == (NewsLine(text="Stay calm"),)
    assert hall.settings.volumes == (VolumeStep(minute=450, percent=80),)
    assert hall.settings.repetitions == 2
    assert hall.settings.has_chime
    assert not hall.settings.room_ids
    qtbot.waitUntil(lambda: page.presenter.state.row is not None, timeout=30_000)
    assert msgspec.json.decode(msgspec.json.encode(hall), type=HallView) == hall


def test_a_plan_that_is_none_keeps_the_form_and_sends_nothing(qtbot: QtBot) -> None:
    server = Server()
    page = open_page(server, qtbot)
    qtbot.mouseClick(page.new_button, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(page.form.rows["name"].editor.focus_target, "1F")
    qtbot.keyClicks(page.form.rows["volumes"].editor.focus_target, "noon loud")
    qtbot.mouseClick(page.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.presenter.state.trouble is not None, timeout=30_000)
    assert server.halls == {}
    assert page.form is not None
