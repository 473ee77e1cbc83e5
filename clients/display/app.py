"""Start of the hall display: options, line, voice, window; puts them together and runs until it is closed."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from clients.display import texts
from clients.kit.connection import Connector
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, register_catalogue, tr
from clients.kit.voice.voices import VOICES
from shared.contract.halls import HallSettings, HallView, SpokenLanguages

if TYPE_CHECKING:
    from PySide6.QtCore import QSize

    from clients.kit.voice.players import Player
    from clients.kit.voice.voices import Voice
    from shared.contract.queueing import CallView


def make_parser() -> argparse.ArgumentParser:
    """The options of `mingjing display`. What a hall says in administration is overruled by an option given here."""
    parser = argparse.ArgumentParser(prog="mingjing display", description="hall display with voice")
    parser.add_argument("--connect", metavar="STRING", help="connection string of the server")
    parser.add_argument("--user", help="account of the display")
    parser.add_argument("--password-file", type=Path, help="file whose first line is the password")
    parser.add_argument(
        "--hall", default="", metavar="NAME", help="the hall as administration names it; all rooms else"
    )
    parser.add_argument("--screen", default="", metavar="SCREEN", help="name or number (1, 2 …) of the screen to fill")
    parser.add_argument("--list-screens", action="store_true", help="say which screens there are and leave")
    parser.add_argument("--distance", type=_metres, default=8.0, metavar="M", help="metres to the last row of chairs")
    parser.add_argument("--voice", choices=VOICES, default="auto", help="the voice that is tried first")
    parser.add_argument("--silent", action="store_true", help="a second screen of a hall: shows calls, speaks none")
    parser.add_argument("--watch", action="store_true", help="start again by itself after a fault")
    parser.add_argument("--rooms", default="", metavar="ID,ID", help="ids of the rooms instead of the hall's")
    parser.add_argument("--news", default="", metavar="TEXT", help="a line of news before the hall's")
    parser.add_argument("--spoken", choices=[item.value for item in SpokenLanguages], help="language of the voice")
    parser.add_argument("--repeat", type=int, choices=range(1, 10), help="how often a call is spoken")
    parser.add_argument("--language", choices=[item.value for item in Language], default="zh")
    parser.add_argument("--theme", choices=[item.value for item in ThemeName], default="dark")
    parser.add_argument("--window", default="", metavar="WIDTHxHEIGHT", help="a window of this size, not full screen")
    parser.add_argument("--shot", type=Path, metavar="FILE", help="keep a picture of the board in this PNG file")
    parser.add_argument("--once", action="store_true", help="leave after the first picture (with --shot)")
    parser.add_argument("--wav-out", type=Path, metavar="DIR", help="keep the sound of every call in this folder")
    parser.add_argument("--beat", action="store_true", help=argparse.SUPPRESS)
    return parser


def _metres(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 50:
        raise argparse.ArgumentTypeError("metres between 1 and 50")
    return value


def _checked(options: argparse.Namespace) -> argparse.Namespace:
    missing = [name for name in ("connect", "user", "password_file") if not getattr(options, name)]
    if missing:
        make_parser().error(f"--{missing[0].replace('_', '-')} is needed")
    if options.rooms and not all(part.strip().isdigit() for part in options.rooms.split(",")):
        make_parser().error("--rooms wants ids with commas between, such as 1,2,5")
    return options


def run(
    argv: Sequence[str],
    connector: Connector,
    *,
    voice: Voice | None = None,
    player: Player | None = None,
    on_start: Callable[[Display], None] | None = None,
) -> int:
    """Run the display until it is closed; the exit status. `voice` and `player` replace the usual ones (tests)."""
    from clients.display.hall import PasswordFileWrong, read_password
    from clients.kit.app import make_application, speak, wear

    register_catalogue(texts.ENTRIES)
    options = make_parser().parse_args(list(argv))
    if options.watch:
        _checked(options)
        return _watched(argv)
    app = make_application()
    if options.list_screens:
        from clients.display.window import screens_in_words

        print(screens_in_words())  # noqa: T201
        return 0
    _checked(options)
    app.setQuitOnLastWindowClosed(False)
    wear(options.theme)
    speak(options.language)
    try:
        read_password(options.password_file)
        connection = connector(options.connect)
    except PasswordFileWrong as wrong:
        print(wrong, file=sys.stderr)  # noqa: T201 - the only door of a program without a log-in page
        return 2
    except ValueError as error:
        print(tr("连接字符串无效：{why}", why=error), file=sys.stderr)  # noqa: T201
        return 2
    display = Display(options, connection, voice, player)
    if on_start is not None:
        on_start(display)
    with _ended_by_signals(display):
        status = app.exec()
    display.close()
    return status


class Display:
    """The living parts of one hall display."""

    def __init__(
        self, options: argparse.Namespace, connection: object, voice: Voice | None, player: Player | None
    ) -> None:
        from PySide6.QtCore import QSize

        from clients.display.awake import awake_here
        from clients.display.board.presenter import BoardPresenter, Choice
        from clients.display.board.state import BoardState
        from clients.display.board.view import BoardScreen
        from clients.display.clock import HallClock
        from clients.display.hall import SignedInHall
        from clients.display.speaking import KeepingPlayer, QuietPlayer
        from clients.display.window import Guard, Pictures, Placement, Pulse
        from clients.kit.connection import Connection
        from clients.kit.shell import LineWatcher
        from clients.kit.tasks import QtTaskRunner
        from clients.kit.voice.hall import CallSpeaker, hall_announcer
        from clients.kit.voice.qt_player import default_player, qt_after
        from clients.kit.voice.voices import default_voice

        self.connection = cast(Connection, connection)
        clock = HallClock(local_now, time.monotonic)
        self.view = BoardScreen(BoardState(now=local_now(), news=options.news), options.distance)
        self.runner = QtTaskRunner(self.view)
        self._keeping: KeepingPlayer | None = None
        heard_by: Player = player or (QuietPlayer(qt_after(self.view)) if options.silent else default_player(self.view))
        if options.wav_out is not None:
            self._keeping = heard_by = KeepingPlayer(heard_by, options.wav_out)
        announcer = hall_announcer(self.view, self.runner, voice=voice or default_voice(options.voice), player=heard_by)
        announcer.warm_up()
        self._speaker = CallSpeaker(announcer, clock.now)
        self.presenter = BoardPresenter(
            SignedInHall(self.connection, options.user, options.password_file),
            self.runner,
            self,
            clock,
            self._show,
            choice=Choice(
                hall_name=options.hall,
                room_ids=tuple(int(part) for part in options.rooms.split(",") if part.strip()),
                news=options.news,
                changes=lambda settings: _overruled(settings, options),
            ),
            capacity=self.view.capacity,
        )
        self.view.resized.connect(self._resized)
        self._pictures: Pictures | None = None
        size = _size(options.window)
        if options.shot is not None:
            self._pictures = Pictures(self.view, options.shot, size or QSize(), once=options.once)
        self.placement = Placement(self.view, options.screen)
        if size is not None:
            self.view.resize(size)
            self.view.show()
        else:
            self.placement.place()
        self._pulse = Pulse(self.presenter, LineWatcher(self.connection, self.view), self.view)
        self._guard = Guard(awake_here(), self.view, beats=options.beat)
        self.presenter.start()

    @property
    def hall(self) -> HallView:
        """How this hall speaks."""
        return self._speaker.hall

    @hall.setter
    def hall(self, hall: HallView) -> None:
        self._speaker.hall = hall

    def speak(self, calls: Sequence[CallView], over: Callable[[str], None]) -> None:
        """Speak calls; their WAV is kept under the number of the first where that is wanted."""
        if self._keeping is not None:
            self._keeping.call = calls[0]
        self._speaker.speak(calls, over)

    def _resized(self) -> None:
        self.presenter.screen_changed()

    def _show(self, state: object) -> None:
        from clients.display.board.state import BoardState

        assert isinstance(state, BoardState)
        self.view.render_state(state)
        if self._pictures is not None:
            self._pictures.changed(state)

    def close(self) -> None:
        """Stop speaking, hang up, and take the window away."""
        self._pulse.stop()
        self._guard.stop()
        self.presenter.stop()
        self._speaker.close()
        self.runner.close()
        self.connection.close()
        self.view.close()
        self.view.deleteLater()


def _overruled(settings: HallSettings, options: argparse.Namespace) -> HallSettings:
    """The settings of the hall with what the command line says otherwise."""
    import msgspec

    changes: dict[str, object] = {}
    if options.repeat is not None:
        changes["repetitions"] = options.repeat
    if options.spoken is not None:
        changes["languages"] = SpokenLanguages(options.spoken)
    return msgspec.structs.replace(settings, **changes)


def _watched(argv: Sequence[str]) -> int:
    """Run the display in a process of its own and start it again after faults."""
    from clients.display.watchdog import Watchdog, display_command

    watchdog = Watchdog(display_command(argv))

    def end(_number: int, _frame: object) -> None:
        watchdog.end()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    return watchdog.run()


def local_now() -> datetime:
    """The present moment in the hall's time zone."""
    return datetime.now().astimezone()


def _size(text: str) -> QSize | None:
    from PySide6.QtCore import QSize

    if not text:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        make_parser().error(f"--window wants WIDTHxHEIGHT such as 1920x1080, not {text}")
    return QSize(int(width), int(height))


class _ended_by_signals:
    """Ctrl-C and SIGTERM close the display as its window would; a timer lets Python see them while Qt waits."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._old: dict[int, object] = {}

    def __enter__(self) -> None:
        from PySide6.QtCore import QTimer

        self._timer = QTimer(self._display.view)
        self._timer.timeout.connect(lambda: None)
        self._timer.start(300)
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._old[number] = signal.signal(number, self._end)
            except ValueError:  # not the main thread (tests)
                return

    def __exit__(self, *_: object) -> None:
        for number, old in self._old.items():
            signal.signal(number, old)  # type: ignore[arg-type]

    def _end(self, _number: int, _frame: object) -> None:
        from PySide6.QtWidgets import QApplication

        app = QApplication.instance()
        if app is not None:
            app.quit()
