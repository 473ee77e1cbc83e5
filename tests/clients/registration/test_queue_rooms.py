"""The rooms above the queue: chips with counters, choosing one or several, and the menu of a room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from clients.kit.app import make_application, wear
from clients.kit.translations import Language, register_catalogue, set_language
from clients.registration import texts
from clients.registration.queue.rooms import RoomStrip, counter_words
from clients.registration.queue.state import QueueState
from shared.contract.queueing import QueueRoomView
from tests.clients.registration.fake_hospital import NOW, a_hospital


@pytest.fixture
def strip(qtbot: QtBot) -> Iterator[RoomStrip]:
    make_application()
    register_catalogue(texts.ENTRIES)
    wear("light")
    made = RoomStrip()
    qtbot.addWidget(made)
    made.resize(900, 80)
    made.show()
    yield made
    set_language(Language.CHINESE)


def shown(strip: RoomStrip, *chosen: int, **of_first: Any) -> QueueState:
    hospital = a_hospital()
    first, *others = hospital.rooms
    counters = (
        QueueRoomView(room_id=first.id, **{"waiting": 4, "passed": 1, **of_first}),
        *(QueueRoomView(room_id=room.id) for room in others),
    )
    state = QueueState(now=NOW, hospital=hospital, room_ids=chosen, room_counters=counters)
    strip.render_state(state)
    return state


def test_a_click_chooses_one_room_and_ctrl_adds_another(strip: RoomStrip) -> None:
    state = shown(strip)
    heard: list[tuple[int, bool]] = []
    strip.room_chosen.connect(lambda room_id, beside: heard.append((room_id, beside)))
    first, second = list(strip.chips.values())[:2]
    QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    QTest.mouseClick(second, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier)
    assert heard == [(state.rooms[0].id, False), (state.rooms[1].id, True)]
    assert not strip.more.isEnabled()
    shown(strip, state.rooms[0].id)
    assert strip.more.isEnabled()


def test_counters_are_read_at_a_glance_in_both_languages(strip: RoomStrip) -> None:
    room = QueueRoomView(room_id=1, waiting=4, not_signed_in=2, passed=1, examining=1)
    assert counter_words(room) == "候诊 4 · 未签到 2 · 过号 1 · 检查中 1"
    set_language(Language.ENGLISH)
    assert counter_words(room) == "Waiting 4 · Not checked in 2 · Passed 1 · In exam 1"
    state = shown(strip, is_paused=True, pause_reason="设备故障")
    assert "Paused: Device" in strip.chips[state.rooms[0].id].accessibleName()


def test_the_menu_pauses_moves_and_goes_on(strip: RoomStrip) -> None:
    state = shown(strip)
    room = state.rooms[0].id
    paused: list[tuple[int, str]] = []
    moved: list[tuple[int, int]] = []
    resumed: list[int] = []
    strip.pause_wanted.connect(lambda one, reason: paused.append((one, reason)))
    strip.transfer_wanted.connect(lambda one, other: moved.append((one, other)))
    strip.resume_wanted.connect(resumed.append)
    strip.open_menu(room, QPoint(0, 0))
    assert strip.menu is not None
    pause, move = (action.menu() for action in strip.menu.actions())
    pause.actions()[0].trigger()
    move.actions()[0].trigger()
    assert paused == [(room, "设备校准")]
    assert moved and moved[0][0] == room and moved[0][1] != room
    strip.menu.close()
    shown(strip, is_paused=True, waiting=0, passed=0)
    strip.open_menu(room, QPoint(0, 0))
    resume, move_action = strip.menu.actions()
    assert not move_action.isEnabled()  # nobody to move
    resume.trigger()
    assert resumed == [room]
    strip.menu.close()
