"""Thousands of calls through board, window, announcer and voice: nothing is lost, doubled, or kept for ever."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from clients.display import texts
from clients.display.board.presenter import BoardPresenter
from clients.display.board.state import BoardState
from clients.display.board.view import BoardScreen
from clients.display.clock import HallClock
from clients.kit.app import make_application, wear
from clients.kit.running import ImmediateRunner
from clients.kit.translations import register_catalogue
from clients.kit.voice.announcer import Announcer
from clients.kit.voice.hall import CallSpeaker
from clients.kit.voice.sound import silence
from clients.kit.voice.voices import SpokenLanguage
from shared.contract.base import Nothing, Request, TicketCalled
from shared.contract.halls import GetHall, HallRoom, HallSettings, HallView
from shared.contract.queueing import AnnouncementOver, BoardRoom, BoardView, CallView, GetBoard

NOW = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
ROOMS = tuple(
    HallRoom(room_id=n, name=f"CT {n} 室", name_en="", spoken_name=f"CT{n}室", spoken_name_en="") for n in range(1, 8)
)


class ShortVoice:
    """Every sentence is a hundredth of a second."""

    name = "short"

    def __init__(self) -> None:
        self.said = 0

    def available(self) -> str | None:
        return None

    def synthesize(self, text: str, language: SpokenLanguage) -> bytes:
        del text, language
        self.said += 1
        return silence(0.01, 8000).wav()

    def close(self) -> None:
        """Nothing is held."""


class Loudspeaker:
    silent_reason: str | None = None

    def __init__(self) -> None:
        self._finished: Callable[[], None] | None = None

    def play(self, wav: bytes, finished: Callable[[], None]) -> None:
        assert wav
        self._finished = finished

    def stop(self) -> None:
        self._finished = None

    def end(self) -> bool:
        finished, self._finished = self._finished, None
        if finished is not None:
            finished()
        return finished is not None


class BusyHall:
    """A server at which somebody is called all the time."""

    def __init__(self) -> None:
        self.time = NOW
        self.pending: tuple[CallView, ...] = ()
        self.over: list[int] = []
        self.now: dict[int, CallView] = {}

    def sign_in(self) -> None:
        """Always."""

    def call(self, request: Request[Any]) -> Any:
        if isinstance(request, AnnouncementOver):
            self.over.append(request.call_id)
            self.pending = tuple(call for call in self.pending if call.call_id != request.call_id)
            return Nothing()
        if isinstance(request, GetHall):
            settings = HallSettings(name="一楼", repetitions=1, has_chime=False, pause_s=0.3)
            return HallView(id=1, version=1, settings=settings, rooms=ROOMS, utc_offset_minutes=480)
        assert isinstance(request, GetBoard)
        rooms = tuple(
            BoardRoom(
                room_id=room.room_id,
                room_name=room.name,
                now=self.now.get(room.room_id),
                waiting=("A1 张*",),
                passed=(),
            )
            for room in ROOMS
        )
        return BoardView(hospital_name="明镜医院", time=self.time, rooms=rooms, pending_calls=self.pending)

    def new_call(self, number: int) -> CallView:
        room = ROOMS[number % 7]
        call = CallView(
            call_id=number,
            ticket_id=number,
            number=f"A{number % 1000:03d}",
            masked_name="张*明",
            room_id=room.room_id,
            room_name=room.name,
            spoken_text=f"请A号，张{number}明，到{room.name}检查。",
            spoken_text_en="",
            called_at=self.time,
            is_over=False,
        )
        self.pending += (call,)
        self.now[room.room_id] = msgspec.structs.replace(call, is_over=True)
        return call


@pytest.mark.parametrize("calls", [600, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_long_day_leaves_nothing_behind(qtbot: QtBot, calls: int) -> None:
    make_application()
    register_catalogue(texts.ENTRIES)
    wear("dark")
    hall, voice, loudspeaker, counted = BusyHall(), ShortVoice(), Loudspeaker(), [0.0]
    clock = HallClock(lambda: hall.time, lambda: counted[0])
    screen = BoardScreen(BoardState(now=NOW))
    qtbot.addWidget(screen)
    screen.resize(1280, 720)
    announcer = Announcer(voice, loudspeaker, ImmediateRunner())
    speaker = CallSpeaker(announcer, clock.now)
    presenter = BoardPresenter(hall, ImmediateRunner(), speaker, clock, screen.render_state)
    presenter.start()

    def some(first: int, last: int) -> None:
        for number in range(first, last):
            hall.time += timedelta(seconds=7)
            counted[0] += 7
            hall.new_call(number)
            presenter.heard(TicketCalled(ticket_id=number, room_id=1, call_id=number))
            presenter.tick()
            if number % 5:
                continue
            while loudspeaker.end():
                pass
            if number % 100 == 0:
                screen.grab()

    early = calls // 5
    some(1, early)
    gc.collect()
    tracemalloc.start()
    some(early, early * 2)
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    some(early * 2, calls + 1)
    gc.collect()
    growth = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    while loudspeaker.end():
        pass
    assert sorted(hall.over) == list(range(1, calls + 1))
    assert voice.said <= calls
    assert announcer.waiting == 0
    assert presenter.state.announced == ()
    assert growth < 400_000, f"{growth} bytes more after {calls} calls"
    screen.render_state(BoardState(now=NOW))
