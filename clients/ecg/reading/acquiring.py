"""采集 from the reading page: one acquisition dialog at a time; what it recorded is drawn (ECG-ACQ-01, -05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from clients.ecg.acquisition.dialog import AcquiredTrace, AcquisitionDialog
    from clients.ecg.reading.page import ReadingPage


class Acquiring(QObject):
    """Holds the dialog while it is open."""

    def __init__(self, page: ReadingPage) -> None:
        super().__init__(page)
        self._page = page
        self._alive = True
        self.dialog: AcquisitionDialog | None = None

    def open(self) -> None:
        """Show the dialog, or bring it to the front."""
        from clients.ecg.acquisition.dialog import AcquisitionDialog

        if not self._alive:
            return
        if self.dialog is None:
            self.dialog = AcquisitionDialog(self._page.place, self._page.exam_id, self._page)
            self.dialog.acquired.connect(self._on_acquired)
            self.dialog.finished.connect(self._closed)
        self.dialog.show()
        self.dialog.raise_()

    def close(self) -> None:
        """The page goes; a recording that runs is the dialog's own matter."""
        self._alive = False

    def _on_acquired(self, acquired: AcquiredTrace) -> None:
        if self._alive:
            self._page.presenter.trace_acquired(acquired.trace_id, acquired.record)

    def _closed(self) -> None:
        self.dialog = None
