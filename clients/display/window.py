"""The full-screen window: on the screen that was chosen by name, and gone while that screen is gone."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QSize, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QApplication

from clients.display.awake import Awake
from clients.display.board.presenter import BoardPresenter
from clients.display.board.state import BoardState, Line
from clients.display.board.view import BoardScreen
from clients.display.watchdog import BEAT, BEAT_S
from clients.kit.connection import LineReport, LineState
from clients.kit.shell import LineWatcher
from shared.contract.base import Notice


class Placement(QObject):
    """Puts a window full-screen on the screen of a name or number; without one, on the primary screen."""

    def __init__(self, window: BoardScreen, name: str) -> None:
        super().__init__(window)
        self._window = window
        self._name = name
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.screenAdded.connect(self._screens_changed)
        app.screenRemoved.connect(self._screens_changed)

    def find(self) -> QScreen | None:
        """The screen of that name, if it is there."""
        screens = QGuiApplication.screens()
        if not self._name:
            return QGuiApplication.primaryScreen()
        if self._name.isdigit() and len(self._name) < 3:
            return screens[int(self._name) - 1] if 0 < int(self._name) <= len(screens) else None
        return next((screen for screen in screens if self._name in (screen.name(), screen.serialNumber())), None)

    def place(self) -> None:
        """Show the window on its screen, or hide it while the screen is not connected."""
        screen = self.find()
        if screen is None:
            self._window.hide()
            return
        self._window.setScreen(screen)
        self._window.setGeometry(screen.geometry())
        self._window.showFullScreen()

    @Slot(QScreen)
    def _screens_changed(self, _screen: QScreen) -> None:
        QTimer.singleShot(500, self, self.place)


class Pictures(QObject):
    """Writes the board as a PNG whenever it shows something new (--shot)."""

    def __init__(self, view: BoardScreen, path: Path, size: QSize, *, once: bool) -> None:
        super().__init__(view)
        self._view = view
        self._path = path
        self._size = size
        self._once = once
        self._seen: BoardState | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(150)
        self._soon.timeout.connect(self.take)

    def changed(self, state: BoardState) -> None:
        """A state came; only what a reader would see as new makes a new picture."""
        seen = replace(state, now=state.now.replace(second=0, microsecond=0), last_contact=None, turn=0, shift=(0, 0))
        if state.line is Line.CONNECTING or seen == self._seen:
            return
        self._seen = seen
        if not self._soon.isActive():
            self._soon.start()

    def take(self) -> None:
        """Take the picture now; a half-written file is never seen."""
        if self._size.isValid() and self._view.size() != self._size:
            self._view.resize(self._size)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_name(f".{self._path.name}.part.png")
        if self._view.grab().save(str(unfinished), "PNG"):
            unfinished.replace(self._path)
        if self._once:
            app = QApplication.instance()
            if app is not None:
                QTimer.singleShot(0, app.quit)


class Pulse(QObject):
    """Gives the presenter its seconds, and notices and line states in the GUI thread."""

    def __init__(self, presenter: BoardPresenter, watcher: LineWatcher, parent: QObject) -> None:
        super().__init__(parent)
        self._presenter = presenter
        watcher.add_notice_listener(self._heard)
        watcher.changed.connect(self._line_changed)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._tick)
        self._clock.start()

    def stop(self) -> None:
        """No more ticks."""
        self._clock.stop()

    @Slot()
    def _tick(self) -> None:
        self._presenter.tick()

    @Slot(object)
    def _line_changed(self, report: LineReport) -> None:
        if report.state is LineState.ONLINE:
            self._presenter.line_came_back()
        else:
            self._presenter.line_lost()

    def _heard(self, notice: Notice) -> None:
        self._presenter.heard(notice)


class Guard(QObject):
    """Keeps the screen on, and gives the watchdog its signs of life from the loop that paints."""

    def __init__(self, awake: Awake, parent: QObject, *, beats: bool) -> None:
        super().__init__(parent)
        self._awake = awake
        awake.keep()
        self._again = QTimer(self)
        self._again.setInterval(60_000)  # desktops forget such wishes, e.g. when a screen is plugged in
        self._again.timeout.connect(self._keep)
        self._again.start()
        self._beat = QTimer(self)
        self._beat.setInterval(round(BEAT_S * 1000))
        self._beat.timeout.connect(self._give_sign)
        if beats:
            self._beat.start()
            QTimer.singleShot(0, self, self._give_sign)

    def stop(self) -> None:
        """The desktop may do what it likes again."""
        self._again.stop()
        self._beat.stop()
        self._awake.release()

    @Slot()
    def _keep(self) -> None:
        self._awake.keep()

    @Slot()
    def _give_sign(self) -> None:
        try:
            os.write(1, BEAT)  # not sys.stdout, which a program without a console has not
        except OSError:  # the watchdog is gone; the display goes on
            self._beat.stop()


def screens_in_words() -> str:
    """Every screen with its number, name and size, a line each."""
    return "\n".join(
        f"{number}  {screen.name()}  {screen.size().width()}x{screen.size().height()}"
        f"  {screen.physicalSize().width():.0f}x{screen.physicalSize().height():.0f} mm"
        for number, screen in enumerate(QGuiApplication.screens(), 1)
    )
