"""What all pages of the archive share: scans go to the page that is shown, and it ends cleanly."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from clients.pathology.desk import Desk
from clients.pathology.laying import column_of


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


def padded(*parts: QWidget | QHBoxLayout) -> QWidget:
    """Parts below each other with the archive's margins."""
    return column_of(*parts, edge=8, spacing=8)
