"""Opens the one comparison window of a session, from the list, area B or area G of a report (RIS-CMP-04)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication

from clients.diagnosis.comparison.presenter import ComparisonPresenter
from clients.diagnosis.comparison.view import ComparisonWindow
from clients.diagnosis.ports import Viewer
from clients.kit.shell import Workplace


class Comparisons:
    """Makes the window when it is first wanted, and brings the same one back."""

    def __init__(self, place: Workplace, viewer: Callable[[], Viewer | None]) -> None:
        self._place = place
        self._viewer = viewer
        self.window: ComparisonWindow | None = None
        self.presenter: ComparisonPresenter | None = None

    def open(self, report_ids: tuple[int, ...]) -> None:
        """Compare these reports."""
        if self.window is None or self.presenter is None:
            place = self._place
            self.presenter = ComparisonPresenter(place.connection, place.runner, place.messages, self._viewer)
            self.window = ComparisonWindow(self.presenter)
            screen = QGuiApplication.primaryScreen().availableGeometry()
            self.window.resize(min(1500, screen.width() - 80), min(900, screen.height() - 80))
        self.presenter.start(report_ids)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def close(self) -> None:
        """The session ends."""
        if self.window is not None:
            self.window.close()
            self.window.deleteLater()
            self.window = self.presenter = None
