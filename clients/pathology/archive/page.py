"""What all pages of the archive share: scans go to the page that is shown, and it ends cleanly."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.labels import hairline
from clients.pathology.desk import Desk


class ArchivePage(QWidget):
    """While the page is shown it is first in line for scans (`scanned`)."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._forget: Callable[[], None] | None = None

    def scanned(self, code: str) -> bool:
        """A barcode was read; says whether it was the page's own."""
        return False

    def shown(self) -> None:
        """The page came to the front."""

    def showEvent(self, event: QShowEvent) -> None:
        if self._forget is None:
            self._forget = self.desk.on_scan(self.scanned)
        self.shown()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._quiet()
        super().hideEvent(event)

    def closeEvent(self, event: object) -> None:
        self._quiet()
        super().closeEvent(event)  # type: ignore[arg-type]

    def _quiet(self) -> None:
        if self._forget is not None:
            self._forget()
            self._forget = None


def row_of(*widgets: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None takes what is left over."""
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row


def padded(*parts: QWidget | QHBoxLayout, spacing: int = 8) -> QWidget:
    """Parts below each other with the page's margins."""
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(16, 8, 16, 8)
    box.setSpacing(spacing)
    for part in parts:
        if isinstance(part, QWidget):
            box.addWidget(part)
        else:
            box.addLayout(part)
    return holder


def line() -> QWidget:
    """A thin line between parts of a page."""
    return hairline()
