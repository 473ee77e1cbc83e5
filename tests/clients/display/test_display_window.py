"""The board on screen, the start of the program, and a whole call through window, voice and server."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.display import texts
from clients.display.app import Display, run
from clients.display.board.drawing import (
    CALL_ARCMIN,
    NEXT_ARCMIN,
    grid_of,
    legible_rooms,
    letter_mm,
    plan_board,
    readable_m,
    screen_mm,
)
from clients.display.board.state import BoardState, Line
from clients.display.board.view import BoardScreen
from clients.display.window import Placement, screens_in_words
from clients.kit.app import make_application, wear
from clients.kit.connection import FakeConnection, LineState
from clients.kit.theme import current_theme
from clients.kit.translations import Language, register_catalogue, set_language
from clients.kit.voice.voices import ToneVoice
from shared.contract.base import Nothing, TicketCalled
from shared.contract.halls import GetHall, HallRoom, HallSettings, HallView
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
            replies={GetBoard: self._board, AnnouncementOver: self._over, GetHall: self._hall},
            accounts={"hall": "secret"},
        )

    def _hall(self, _request: GetHall) -> HallView:
        room = HallRoom(room_id=11, name="CT 一室", name_en="", spoken_name="CT一室", spoken_name_en="CT room 1")
        return HallView(id=1, version=1, settings=HallSettings(name="一楼"), rooms=(room,), utc_offset_minutes=480)

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


SIZES = [(1366, 768), (1920, 1080), (3840, 2160), (1080, 1920), (2160, 3840)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 16])
def test_every_room_has_its_place_on_every_screen(size: tuple[int, int], count: int) -> None:
    plan = plan_board(*size, count)
    assert len(plan.cells) == count
    for place, cell in enumerate(plan.cells):
        box = cell.box
        assert box.left >= 0
        assert box.right <= size[0]
        assert plan.hero.bottom < box.top
        assert box.bottom <= plan.foot.top
        for inner in (cell.head, cell.now, *cell.lines, *filter(None, [cell.passed])):
            assert inner.left >= box.left
            assert inner.right <= box.right + 1
            assert inner.bottom <= box.bottom + (0 if count <= 12 else plan.unit * 3)
        assert cell.lines
        for other in plan.cells[place + 1 :]:
            apart = box.right <= other.box.left or box.bottom <= other.box.top or other.box.right <= box.left
            assert apart


@pytest.mark.parametrize(
    ("inches", "size", "rooms", "call_mm", "next_mm"),
    [  # the table of docs/guide/hall.md
        (43, (1920, 1080), 1, 75, 31),
        (43, (1920, 1080), 2, 61, 26),
        (43, (1920, 1080), 4, 47, 26),
        (43, (1920, 1080), 6, 46, 26),
        (43, (1920, 1080), 9, 33, 20),
        (55, (1920, 1080), 1, 97, 39),
        (55, (1920, 1080), 2, 78, 34),
        (55, (3840, 2160), 4, 60, 34),
        (55, (3840, 2160), 6, 58, 34),
        (55, (3840, 2160), 9, 42, 26),
        (55, (3840, 2160), 12, 42, 26),
        (43, (1080, 1920), 4, 48, 26),
        (43, (1080, 1920), 6, 37, 26),
        (55, (1080, 1920), 12, 43, 26),
    ],
)
def test_the_letters_are_as_high_in_millimetres_as_the_guide_says(
    inches: int, size: tuple[int, int], rooms: int, call_mm: int, next_mm: int
) -> None:
    mm_per_pixel = screen_mm(inches, *size)[0] / size[0]
    cell = plan_board(*size, rooms).cells[0]
    assert round(letter_mm(cell.now_size, mm_per_pixel)) == call_mm
    assert round(letter_mm(cell.line_size, mm_per_pixel)) == next_mm


@pytest.mark.parametrize(
    ("inches", "size", "rooms"),
    [(43, (1920, 1080), 6), (43, (1080, 1920), 10), (55, (1920, 1080), 12), (55, (3840, 2160), 12)],
)
def test_what_a_page_holds_is_read_from_eight_metres(inches: int, size: tuple[int, int], rooms: int) -> None:
    mm_per_pixel = screen_mm(inches, *size)[0] / size[0]
    assert legible_rooms(*size, mm_per_pixel, 8.0) == rooms
    cell = plan_board(*size, rooms).cells[0]
    assert readable_m(letter_mm(cell.now_size, mm_per_pixel), CALL_ARCMIN) >= 8.0
    assert readable_m(letter_mm(cell.line_size, mm_per_pixel), NEXT_ARCMIN) >= 8.0


def test_a_small_or_far_screen_shows_fewer_rooms_and_an_unknown_one_all() -> None:
    mm_per_pixel = screen_mm(43, 1920, 1080)[0] / 1920
    assert legible_rooms(1920, 1080, mm_per_pixel, 4.0) == 12
    assert legible_rooms(1920, 1080, mm_per_pixel, 9.0) == 1
    assert legible_rooms(1920, 1080, 0.0) == 12


def test_rooms_are_laid_out_in_few_columns() -> None:
    counts = (1, 2, 3, 4, 5, 6, 8, 9, 10, 12)
    assert [grid_of(count) for count in counts] == [
        (1, 1),
        (2, 1),
        (3, 1),
        (2, 2),
        (3, 2),
        (3, 2),
        (4, 2),
        (3, 3),
        (4, 3),
        (4, 3),
    ]
    assert [grid_of(count, wide=False) for count in (1, 4, 6, 12)] == [(1, 1), (1, 4), (2, 3), (2, 6)]


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
    calling = BoardState(now=NOW, line=Line.ONLINE, last_contact=NOW, rooms=quiet.rooms, speaking=(a_call(),))
    plan = plan_board(1280, 720, 2)
    hero = (round(plan.hero.left + plan.hero.width / 2), round(plan.hero.top + plan.unit))
    other = (round(plan.cells[1].box.right - plan.unit * 4), round(plan.cells[1].box.top + plan.unit))
    lit = (round(plan.cells[0].box.right - plan.unit * 4), round(plan.cells[0].box.top + plan.unit))
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
    screen.render_state(BoardState(now=NOW, rooms=(a_room(),), speaking=(a_call(),)))
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
        BoardState(now=NOW, line=Line.ONLINE, rooms=(a_room(is_paused=True, pause_reason="设备故障"),), turn=1),
        BoardState(now=NOW, line=Line.ONLINE, rooms=(a_room(waiting=()),), latest=(a_call(1), a_call(2), a_call(3))),
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
            seen.append(" ".join(call.number for call in display.presenter.state.speaking))

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


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920)])
def test_names_that_are_long_never_leave_their_room(qtbot: QtBot, size: tuple[int, int]) -> None:
    """The gaps between rooms stay empty whatever the names are."""
    long = msgspec.structs.replace(a_call(), number="AB0123", masked_name="Muhammad Abdul A* B* C* D*")
    waiting = tuple(f"AB{n:04d} 阿***·***·**提" for n in range(8))
    rooms = tuple(
        a_room(
            n,
            room_name="核磁共振检查一室（住院部二层东侧）",
            now=long,
            waiting=waiting,
            passed=waiting,
            waiting_count=99,
        )
        for n in range(6)
    )
    screen = BoardScreen(BoardState(now=NOW))
    qtbot.addWidget(screen)
    screen.resize(*size)
    screen.render_state(BoardState(now=NOW, line=Line.ONLINE, rooms=rooms, latest=(long,) * 3))
    shot = screen.grab().toImage()
    plan = plan_board(*size, 6)
    window = current_theme().colour("window").rgb()
    first, second = plan.cells[0].box, plan.cells[1].box
    between = round((first.right + second.left) / 2)
    column = {shot.pixel(between, y) for y in range(round(first.top), round(first.bottom))}
    assert column == {window}
    below = round(plan.hero.bottom + plan.unit * 0.6)
    assert {shot.pixel(x, below) for x in range(size[0])} == {window}


def test_a_new_call_breathes_and_then_stands_still(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = BoardScreen(BoardState(now=NOW))
    qtbot.addWidget(screen)
    screen.resize(1280, 720)
    calling = BoardState(now=NOW, line=Line.ONLINE, rooms=(a_room(),), speaking=(a_call(),), latest=(a_call(),))
    screen.render_state(calling)
    assert screen._moving.isActive()
    monkeypatch.setattr("clients.display.board.view.BREATHS", 0)
    screen._move()
    assert not screen._moving.isActive()
    assert screen._glow() == 0.0


def test_the_mouse_pointer_is_not_seen_and_pixels_move_with_the_shift(qtbot: QtBot) -> None:
    screen = BoardScreen(BoardState(now=NOW))
    qtbot.addWidget(screen)
    screen.resize(1280, 720)
    assert screen.cursor().shape() is Qt.CursorShape.BlankCursor
    still = BoardState(now=NOW, line=Line.ONLINE, rooms=(a_room(),))
    screen.render_state(still)
    before = screen.grab().toImage()
    screen.render_state(replace(still, shift=(4, 2)))
    after = screen.grab().toImage()
    assert before != after
    assert before.copy(100, 100, 400, 300) == after.copy(104, 102, 400, 300)


def test_a_full_screen_pages_by_legibility_and_a_window_does_not(qtbot: QtBot) -> None:
    screen = BoardScreen(BoardState(now=NOW), distance_m=50.0)
    qtbot.addWidget(screen)
    screen.resize(1280, 720)
    assert screen.capacity() == 12
    screen.showFullScreen()
    assert 4 <= screen.capacity() <= 12


def test_screens_are_found_by_number_and_by_name(qtbot: QtBot) -> None:
    screen = BoardScreen(BoardState(now=NOW))
    qtbot.addWidget(screen)
    [only] = QGuiApplication.screens()
    assert Placement(screen, "").find() is only
    assert Placement(screen, "1").find() is only
    assert Placement(screen, only.name() or "1").find() is only
    assert Placement(screen, "2").find() is None
    assert Placement(screen, "HDMI-9").find() is None
    assert screens_in_words().startswith("1  ")


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
