"""What every kiosk is: a line, a scanner, a screen that fills the display, a second's beat, and an end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from clients.kit.connection import Connection, LineReport, LineState
from clients.kit.translations import Language

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from clients.kit.tasks import QtTaskRunner


class Stand:
    """Base of the kiosks: they make view, runner and presenter, then `begin`."""

    connection: Connection
    view: Any
    runner: QtTaskRunner
    presenter: Any

    def begin(self, window: str) -> None:
        """Listen to line and scanner, show the screen (`window` as WIDTHxHEIGHT, empty: the whole display), start."""
        from PySide6.QtCore import QTimer

        from clients.kit.scanner import ScannerInput
        from clients.kit.shell import LineWatcher

        self.scanner = ScannerInput(self.view)
        self._forget: Callable[[], None] = self.scanner.listen(self.presenter.scanned)
        self._line = LineWatcher(self.connection, self.view)
        self._line.changed.connect(self._line_changed)
        self._second = QTimer(self.view)
        self._second.setInterval(1000)
        self._second.timeout.connect(self.presenter.tick)
        self._second.start()
        fill_display(self.view, window)
        self.view.setFocus()
        self.presenter.start()

    def speak(self, language: Language) -> None:
        """Go on in a language."""
        self.presenter.choose_language(language)
        self.view.render_state(self.presenter.state)

    def show_state(self, state: Any) -> None:
        """Draw a state of the presenter; end when it may leave."""
        self.view.render_state(state)
        if state.may_leave:
            from PySide6.QtWidgets import QApplication

            app = QApplication.instance()
            if app is not None:
                app.quit()

    def close(self) -> None:
        """Hang up and take the window away."""
        self._second.stop()
        self._forget()
        self.presenter.stop()
        self.runner.close()
        self.connection.close()
        self.view.hide()
        self.view.deleteLater()

    def _line_changed(self, report: LineReport) -> None:
        if report.state is LineState.ONLINE:
            self.presenter.line_came_back()
        else:
            self.presenter.line_lost()


def fill_display(view: QWidget, window: str) -> None:
    """Show a kiosk's screen on the whole display, without frame and pointer; or as a window of WIDTHxHEIGHT."""
    from PySide6.QtCore import Qt

    width, _, height = window.lower().partition("x")
    if width.isdigit() and height.isdigit():
        view.resize(int(width), int(height))
        view.show()
    else:
        view.setWindowFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint)
        view.setCursor(Qt.CursorShape.BlankCursor)
        view.showFullScreen()


def local_now() -> datetime:
    """The present moment in the hall's time zone."""
    return datetime.now().astimezone()
