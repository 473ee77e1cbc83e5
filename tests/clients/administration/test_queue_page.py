"""Queue rules, rooms and forecasts in the real window: loaded, changed, refused, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.administration.app import TITLE, make_pages
from clients.administration.queueing.presenter import QueueRulesPresenter, forecast_words
from clients.administration.queueing.view import SECTIONS, QueueRulesPage
from clients.administration.tabs import TabbedPage
from clients.kit.app import Workstation
from clients.kit.connection import FakeConnection
from clients.kit.login import SignedIn
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.translations import Language, register_catalogue, set_language
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.organisation import GetHospital, HospitalView, RoomView
from shared.contract.queueing import (
    ForecastError,
    ForecastOfRoom,
    GetForecastErrors,
    GetQueueRules,
    PauseRoom,
    QueueRoomView,
    QueueRules,
    QueueRulesView,
    ResumeRoom,
    SaveQueueRoom,
    SaveQueueRules,
)
from shared.domain.permissions import Permission
from shared.domain.states import Precedence, SignInPlace

ERROR = ForecastError(count=812, median_error_minutes=4.2, within_band_percent=79.6)


class Server:
    """Answers out of its own memory."""

    def __init__(self) -> None:
        self.version, self.rules = 0, QueueRules()
        self.refusal: Exception | None = None
        self.rooms = {
            number: QueueRoomView(room_id=number, waiting=3 * number, finished=number) for number in (1, 2, 3)
        }
        rooms = tuple(
            RoomView(
                id=number, campus_id=1, code=f"CT{number}", name=f"CT{number}室", name_en=f"CT Room {number}",
                spoken_name="", exam_types=("CT",),
            )
            for number in self.rooms
        )  # fmt: skip
        hospital = HospitalView(
            version=1, name="", name_en="", campuses=(), rooms=rooms, devices=(), exam_types=(), exam_items=()
        )
        self.line = FakeConnection(
            replies={
                GetHospital: lambda _q: hospital,
                GetQueueRules: lambda _q: self.view(),
                SaveQueueRules: self._save,
                SaveQueueRoom: lambda q: self._room(q.room_id, check_in_required=q.check_in_required, pool=q.pool),
                PauseRoom: lambda q: self._room(q.room_id, is_paused=True, pause_reason=q.reason),
                ResumeRoom: lambda q: self._room(q.room_id, is_paused=False, pause_reason=""),
                GetForecastErrors: lambda _q: (
                    ForecastOfRoom(room_id=1, exam_type="CT", error=ERROR, typical_minutes=8.4),
                ),
            },
            permissions=tuple(Permission),
        )

    def view(self) -> QueueRulesView:
        return QueueRulesView(
            version=self.version, rules=self.rules, rooms=tuple(self.rooms.values()), forecast_error=ERROR
        )

    def _save(self, request: SaveQueueRules) -> QueueRulesView:
        if self.refusal is not None:
            raise self.refusal
        self.version, self.rules = self.version + 1, request.rules
        return self.view()

    def _room(self, room_id: int, **changes: Any) -> QueueRoomView:
        import msgspec

        self.rooms[room_id] = msgspec.structs.replace(self.rooms[room_id], **changes)
        return self.rooms[room_id]


@pytest.fixture(autouse=True)
def _words() -> Iterator[None]:
    register_catalogue(texts.ENTRIES)
    yield
    set_language(Language.CHINESE)


def open_page(server: Server, qtbot: QtBot) -> TabbedPage:
    window = Workstation(TITLE, make_pages(), lambda _address: server.line)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(server.line, server.line.login("admin", "secret")))
    page = shell.go_to("queues")
    assert isinstance(page, TabbedPage)
    return page


def test_the_rules_are_shown_changed_and_saved(qtbot: QtBot) -> None:
    server = Server()
    page = open_page(server, qtbot)
    rules = page.show_tab("queue-rules")
    assert isinstance(rules, QueueRulesPage)
    qtbot.waitUntil(rules.save_button.isEnabled, timeout=30_000)
    assert rules.form.values()["vip"] == Precedence.FIRST
    rules.form.rows["vip"].editor.set_value(Precedence.AHEAD.value)
    rules.form.rows["sign_in_place"].editor.set_value(SignInPlace.AFTER.value)
    rules.form.rows["ageing_minutes"].editor.set_value(45)
    qtbot.mouseClick(rules.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: server.version == 1, timeout=30_000)
    assert server.rules == QueueRules(vip=Precedence.AHEAD, sign_in_place=SignInPlace.AFTER, ageing_minutes=45)


def test_every_rule_stands_in_the_form() -> None:
    assert {field.key for section in SECTIONS for field in section.fields} == set(QueueRules.__struct_fields__)


def test_a_refused_number_is_told_at_its_field() -> None:
    server = Server()
    presenter = QueueRulesPresenter(server.line, ImmediateRunner(), CollectedMessages())
    presenter.refresh()
    body = ErrorBody(code=ErrorCode.INVALID, message="请填写 5 到 300 之间的整数。", field="announcement_seconds")
    server.refusal = error_for(body)
    presenter.save({**presenter.state.values, "announcement_seconds": 1})
    assert "announcement_seconds" in presenter.state.problems and not presenter.state.is_busy
    server.refusal = error_for(ErrorBody(code=ErrorCode.CONFLICT, message="", version=4))
    presenter.save(presenter.state.values)
    assert presenter.state.trouble


def test_rooms_and_forecasts_are_listed(qtbot: QtBot) -> None:
    server = Server()
    page = open_page(server, qtbot)
    rooms = page.table("queue-rooms")
    qtbot.waitUntil(lambda: len(rooms.presenter.state.rows) == 3, timeout=30_000)
    forecasts = page.table("queue-forecasts")
    qtbot.waitUntil(lambda: len(forecasts.presenter.state.rows) == 1, timeout=30_000)


def test_the_past_error_is_told_in_words() -> None:
    assert "812" in forecast_words(ERROR) and "4.2" in forecast_words(ERROR) and "80%" in forecast_words(ERROR)
    assert "没有" in forecast_words(None)
