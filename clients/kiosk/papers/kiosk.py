"""The living parts of one self-service printer."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import TYPE_CHECKING

from clients.kit.connection import Connection, LineReport, LineState
from clients.kit.translations import Language

if TYPE_CHECKING:
    from clients.kiosk.papers.presenter import PaperPrinter
    from clients.kiosk.papers.state import PapersState


class PapersKiosk:
    """Puts line, scanner, printer and screen together."""

    def __init__(
        self, options: argparse.Namespace, connection: Connection, code: str, printer: PaperPrinter | None
    ) -> None:
        from PySide6.QtCore import Qt, QTimer

        from clients.kiosk.line import SignedInKiosk
        from clients.kiosk.papers.presenter import PapersPresenter
        from clients.kiosk.papers.printer import KioskPrinter
        from clients.kiosk.papers.state import PapersState
        from clients.kiosk.papers.view import PapersScreen
        from clients.kit.scanner import ScannerInput
        from clients.kit.shell import LineWatcher
        from clients.kit.tasks import QtTaskRunner

        self.connection = connection
        self.view = PapersScreen(PapersState(now=_now()))
        self.runner = QtTaskRunner(self.view)
        self.presenter = PapersPresenter(
            SignedInKiosk(connection, options.user, options.password_file),
            self.runner,
            printer or KioskPrinter(options.printer, options.slips),
            _now,
            self._show,
            leave_code=code,
            language=Language(options.language),
        )
        self.view.connect_presenter(self.presenter)
        self.view.language_chosen.connect(self._speak)
        self.scanner = ScannerInput(self.view)
        self._forget = self.scanner.listen(self.presenter.scanned)
        self._line = LineWatcher(connection, self.view)
        self._line.changed.connect(self._line_changed)
        self._second = QTimer(self.view)
        self._second.setInterval(1000)
        self._second.timeout.connect(self.presenter.tick)
        self._second.start()
        width, _, height = options.window.lower().partition("x")
        if width.isdigit() and height.isdigit():
            self.view.resize(int(width), int(height))
            self.view.show()
        else:
            self.view.setWindowFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint)
            self.view.setCursor(Qt.CursorShape.BlankCursor)
            self.view.showFullScreen()
        self.view.setFocus()
        self.presenter.start()

    def _speak(self, language: Language) -> None:
        self.presenter.choose_language(language)
        self.view.render_state(self.presenter.state)

    def _line_changed(self, report: LineReport) -> None:
        if report.state is LineState.ONLINE:
            self.presenter.line_came_back()
        else:
            self.presenter.line_lost()

    def _show(self, state: PapersState) -> None:
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


def _now() -> datetime:
    return datetime.now().astimezone()
