"""The board on screen, the start of the program, and a whole call through window, voice and server."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.display import texts
from clients.display.app import Display, run
from clients.display.board.drawing import LEGIBLE, grid_of, plan_board
from clients.display.board.state import BoardState, Line
from clients.display.board.view import BoardScreen
from clients.kit.app import make_application, wear
from clients.kit.connection import FakeConnection, LineState
from clients.kit.theme import current_theme
from clients.kit.translations import Language, register_catalogue, set_language
from clients.kit.voice.voices import ToneVoice
from shared.contract.base import Nothing, TicketCalled
from shared.contract.queueing import AnnouncementOver, BoardRoom, BoardView, CallView, GetBoard

NOW = datetime(2026, 11, 21, 9, 41, tzinfo=UTC)


def a_call(number: int = 1) -> CallView:
    return CallView(
        call_id=number,
        ticket_id=900 + number,
        number=f"A{number:03d}",
        masked_name="李*国",
        room_id=11,
        room_name="CT 一室",
        spoken_text="请到一室",
        spoken_text_en="Please go",
        called_at=NOW,
        is_over=False,
    )


def a_room(room_id: int = 11, **changes: Any) -> BoardRoom:
    room = BoardRoom(room_id=room_id, room_name="CT 一室", now=None, waiting=("A002 王*英",), passed=("A000 马*",))
    return msgspec.structs.replace(room, **changes)


class FakeHallServer:
    """Answers the display; calls are pending until they are reported over."""

    def __init__(self) -> None:
        self.pending: tuple[CallView, ...] = ()
        self.over: list[int] = []
        self.connection = FakeConnection(
            replies={GetBoard: self._board, AnnouncementOver: self._over}, accounts={"hall": "secret"}
        )

    def _board(self, _request: GetBoard) -> BoardView:
        now = self.pending[0] if self.pending else None
        return BoardView(hospital_name="明镜医院", time=NOW, rooms=(a_room(now=now),), pending_calls=self.pending)

    def _over(self, request: AnnouncementOver) -> Nothing:
        self.over.append(request.call_id)
        self.pending = tuple(call for call in self.pending if call.call_id != request.call_id)
        return Nothing()


class FakeSpeakers:
    """A player whose sounds are over at once."""

    silent_reason: str | None = None

    def __init__(self) -> None:
        self.played: list[bytes] = []
        self.when_playing: Callable[[], None] = lambda: None

    def play(self, wav: bytes, finished: Callable[[], None]) -> None:
        self.played.append(wav)
        self.when_playing()
        QTimer.singleShot(0, finished)

    def stop(self) -> None:
        """Nothing plays."""


@pytest.fixture(autouse=True)
def looks(qtbot: QtBot) -> Iterator[None]:
    del qtbot
    make_application()
    register_catalogue(texts.ENTRIES)
    wear("dark")
    set_language(Language.CHINESE)
    yield
    set_language(Language.CHINESE)


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (3840, 2160), (1080, 1920)])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 8])
def test_every_room_has_its_place_on_every_screen(size: tuple[int, int], count: int) -> None:
    plan = plan_board(*size, count)
    assert len(plan.rooms) == count
    for place, box in enumerate(plan.rooms):
        assert box.left >= 0
        assert box.right <= size[0]
        assert plan.hero.bottom < box.top
        assert box.bottom <= plan.foot.top
        assert box.height > plan.unit * 15
        for other in plan.rooms[place + 1 :]:
            apart = box.right <= other.left or box.bottom <= other.top or other.right <= box.left
            assert apart


def test_the_names_of_who_waits_are_legible_at_eight_metres() -> None:
    plan = plan_board(1920, 1080, 6)
    assert plan.unit * 4.5 >= LEGIBLE * 1080  # the size of type that _paint_queue uses


def test_rooms_are_laid_out_in_few_columns() -> None:
    assert [grid_of(count) for count in (1, 2, 3, 4, 5, 6, 8)] == [
        (1, 1),
        (2, 1),
        (3, 1),
        (4, 1),
        (3, 2),
        (3, 2),
        (4, 2),
    ]
    assert grid_of(4, wide=False) == (1, 4)


def picture(qtbot: QtBot, state: BoardState) -> QImage:
    screen = BoardScreen(state)
    qtbot.addWidget(screen)
    screen.resize(1280, 720)
    screen.render_state(state)
    shot = screen.grab().toImage()
    screen.render_state(BoardState(now=NOW))  # stops the motion
    return shot


def test_a_call_lights_up_the_hero_and_its_room_and_a_quiet_board_does_not(qtbot: QtBot) -> None:
    quiet = BoardState(now=NOW, line=Line.ONLINE, last_contact=NOW, rooms=(a_room(), a_room(12)))
    calling = BoardState(now=NOW, line=Line.ONLINE, last_contact=NOW, rooms=quiet.rooms, speaking=a_call())
    plan = plan_board(1280, 720, 2)
    hero = (round(plan.hero.left + plan.hero.width / 2), round(plan.hero.top + plan.unit))
    other = (round(plan.rooms[1].right - plan.unit * 4), round(plan.rooms[1].top + plan.unit))
    lit = (round(plan.rooms[0].right - plan.unit * 4), round(plan.rooms[0].top + plan.unit))
    surface = current_theme().colour("surface").rgb()
    before, after = picture(qtbot, quiet), picture(qtbot, calling)
    assert before.pixel(*hero) == surface
    assert before.pixel(*lit) == surface
    assert after.pixel(*hero) != surface
    assert after.pixel(*lit) != surface
    assert after.pixel(*other) == surface


def test_the_board_rests_when_nobody_is_called(qtbot: QtBot) -> None:
    screen = BoardScreen(BoardState(now=NOW))
    qtbot.addWidget(screen)
    screen.resize(1280, 720)
    screen.render_state(BoardState(now=NOW, rooms=(a_room(),), speaking=a_call()))
    assert screen._moving.isActive()
    screen.render_state(BoardState(now=NOW, rooms=(a_room(),)))
    assert not screen._moving.isActive()
    screen.render_state(BoardState(now=NOW, news="检查前请取下金属物品。" * 20))
    assert screen._moving.isActive()
    screen.render_state(BoardState(now=NOW, news="检查前请取下金属物品。"))
    assert not screen._moving.isActive()


@pytest.mark.parametrize(
    "state",
    [
        BoardState(now=NOW),
        BoardState(now=NOW, line=Line.LOST, last_contact=NOW - timedelta(minutes=3), rooms=(a_room(),)),
        BoardState(now=NOW, line=Line.LOST, trouble="大屏账号或密码不正确，请管理员检查密码文件。"),
        BoardState(now=NOW, line=Line.ONLINE, rooms=(a_room(waiting=(), passed=()),), voice_trouble="无声"),
        BoardState(now=NOW, line=Line.ONLINE, rooms=tuple(a_room(n, now=a_call()) for n in range(12))),
    ],
)
@pytest.mark.parametrize("language", list(Language))
def test_every_state_can_be_painted(qtbot: QtBot, state: BoardState, language: Language) -> None:
    set_language(language)
    assert not picture(qtbot, state).isNull()


class Running:
    """Runs the program inside the test until the test ends it."""

    def __init__(self, tmp_path: Path) -> None:
        self.server = FakeHallServer()
        self.speakers = FakeSpeakers()
        self.folder = tmp_path
        self.password = tmp_path / "password"
        self.password.write_text("secret\n", encoding="utf-8")
        self.display: Any = None

    def run(self, story: Callable[[Display], None], *options: str) -> int:
        def started(display: Display) -> None:
            self.display = display
            QTimer.singleShot(0, lambda: story(display))

        given = ["--connect", "x", "--user", "hall", "--password-file", str(self.password), "--window", "1280x720"]
        return run(
            [*given, *options],
            lambda _server: self.server.connection,
            voice=ToneVoice(),
            player=self.speakers,
            on_start=started,
        )

    def when(self, condition: Callable[[], bool], then: Callable[[], object], seconds: float = 10.0) -> None:
        """Poll without blocking; a condition that never comes ends the program, and the test's asserts say why."""
        if condition() or seconds <= 0:
            then()
            return
        QTimer.singleShot(20, lambda: self.when(condition, then, seconds - 0.02))


def leave() -> None:
    QApplication.exit(0)


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(tmp_path)


def test_a_call_is_shown_spoken_kept_and_reported(running: Running) -> None:
    seen: list[str] = []

    def story(display: Display) -> None:
        def call() -> None:
            running.server.pending = (a_call(7),)
            running.server.connection.send_notice(TicketCalled(ticket_id=907, room_id=11, call_id=7))
            running.when(lambda: running.server.over == [7], leave)

        def look() -> None:  # the sound is over at once: the only moment that is sure
            speaking = display.presenter.state.speaking
            seen.append(speaking.number if speaking is not None else "")

        running.speakers.when_playing = look
        running.when(lambda: display.presenter.state.line is Line.ONLINE, call)

    wavs = running.folder / "wav"
    assert running.run(story, "--wav-out", str(wavs), "--repeat", "1") == 0
    assert seen == ["A007"]
    assert running.server.over == [7]
    assert len(running.speakers.played) == 1
    kept = wavs / "call-000007-A007.wav"
    with wave.open(str(kept), "rb") as sound:
        assert sound.getnframes() / sound.getframerate() > 1.0
    assert running.server.connection.closed


def test_a_picture_of_the_board_is_kept_and_once_leaves_after_it(running: Running) -> None:
    shot = running.folder / "deep" / "board.png"
    assert running.run(lambda _display: None, "--shot", str(shot), "--once") == 0
    image = QImage(str(shot))
    assert (image.width(), image.height()) == (1280, 720)
    assert list(shot.parent.iterdir()) == [shot]


def test_a_new_picture_is_taken_only_when_something_new_is_seen(running: Running) -> None:
    shot = running.folder / "board.png"
    times: list[int] = []

    def story(display: Display) -> None:
        def again() -> None:
            times.append(shot.stat().st_mtime_ns)
            for _ in range(3):
                display.presenter.refresh()
            QTimer.singleShot(800, call)

        def call() -> None:
            times.append(shot.stat().st_mtime_ns)
            running.server.pending = (a_call(7),)
            display.presenter.refresh()
            running.when(lambda: shot.stat().st_mtime_ns > times[0], leave)

        running.when(shot.exists, again)

    assert running.run(story, "--shot", str(shot), "--repeat", "1") == 0
    assert len(times) == 2
    assert times[0] == times[1] or datetime.now(UTC).second < 3  # the minute may have turned
    assert shot.stat().st_mtime_ns > times[0]


def test_a_lost_line_is_shown_and_comes_back_by_itself(running: Running) -> None:
    lines: list[Line] = []

    def story(display: Display) -> None:
        state = display.presenter

        def lose() -> None:
            running.server.connection.set_line(LineState.RECONNECTING)
            display.presenter.refresh()
            running.when(lambda: state.state.line is Line.LOST, come_back)

        def come_back() -> None:
            lines.append(state.state.line)
            running.server.connection.set_line(LineState.ONLINE)
            running.when(lambda: state.state.line is Line.ONLINE, done)

        def done() -> None:
            lines.append(state.state.line)
            leave()

        running.when(lambda: state.state.line is Line.ONLINE, lose)

    assert running.run(story) == 0
    assert lines == [Line.LOST, Line.ONLINE]


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_missing_or_empty_password_file_is_said_in_a_sentence(
    running: Running, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is None:
        running.password.unlink()
    else:
        running.password.write_text(content, encoding="utf-8")
    assert running.run(lambda _display: None) == 2
    assert str(running.password) in capsys.readouterr().err


def test_a_malformed_connection_string_is_said_in_a_sentence(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_server: str) -> Any:
        raise ValueError("no key")

    status = run(["--connect", "x", "--user", "hall", "--password-file", str(running.password)], refuse)
    assert status == 2
    assert "no key" in capsys.readouterr().err
