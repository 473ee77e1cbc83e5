"""A second window with viewports of its own, for another screen; series are dropped into it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QCloseEvent, QGuiApplication, QScreen
from PySide6.QtWidgets import QMainWindow

from clients.kit.translations import tr
from clients.viewer.desk import Desk
from clients.viewer.pane_board import PaneBoard


class SecondWindow(QMainWindow):
    """Holds the viewports of the second layout; keys work as in the first window."""

    def __init__(self, desk: Desk, closed: Callable[[], object]) -> None:
        super().__init__()
        self._desk, self._closed = desk, closed
        self.board = PaneBoard(desk.session, desk.viewports, second=True)
        self.setCentralWidget(self.board)
        self.resize(QSize(1100, 800))
        for action in desk.window.actions():
            self.addAction(action)
        self._home = desk.viewports[0].parentWidget()
        self._forget = desk.session.layout_changed.connect(self.board.arrange)
        self.name()
        self.board.arrange()

    def name(self) -> None:
        """The title: that of the first window, so that the patient stays named."""
        self.setWindowTitle(tr("第二屏幕 — {title}", title=self._desk.window.windowTitle()))

    def place(self) -> None:
        """On the first screen that the main window does not use, filling it; beside it where there is only one."""
        own = self._desk.window.screen()
        other = next((screen for screen in QGuiApplication.screens() if screen is not own), None)
        if other is None:
            self.show()
        else:
            self._fill(other)

    def _fill(self, screen: QScreen) -> None:
        self.setScreen(screen)
        self.setGeometry(screen.availableGeometry())
        self.showMaximized()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "board"):
            self.name()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._forget()
        for viewport in self._desk.viewports:
            if viewport.parent() is self.board:  # they outlive this window
                viewport.hide()
                viewport.setParent(self._home)
        self._closed()
        super().closeEvent(event)
