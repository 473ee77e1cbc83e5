"""心电阅图 of one exam: a widget for a tab or a window of its own (ECG-READ)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from clients.kit.shell import Workplace


class ReadingPage(QWidget):
    """The page with its seven areas; it fetches everything by itself, off the GUI thread.

    ``acquire`` opens the acquisition dialog at once (登记并采集). ``consultation_id`` makes 提交报告 publish the
    consultation report (ECG-AMB-07). ``read_only`` shows the same page without editing (history, the lower hospital's
    阅图 of a consultation). Whoever holds the page in a tab asks ``leave`` before closing it.
    """

    titled = Signal(str)
    """What the tab is called: the patient's name and what is read; a finished text."""
    changed = Signal(int)
    """The exam's id: its state, traces or report changed, lists may refresh."""
    finished = Signal()
    """The user is done with the page: close the tab (nothing is unsaved)."""
    wanted = Signal(int)
    """Id of another exam that the user wants to have opened."""

    def __init__(
        self,
        place: Workplace,
        exam_id: int,
        acquire: bool = False,
        *,
        consultation_id: int | None = None,
        read_only: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.place = place
        self.exam_id = exam_id
        self.consultation_id = consultation_id
        self.read_only = read_only

    def is_dirty(self) -> bool:
        """Say whether something is written that the server does not have."""
        return False

    def leave(self, then: Callable[[], object]) -> None:
        """Call ``then`` at once, or after the user answered what becomes of unsaved changes (ECG-READ-10)."""
        then()

    def acquire(self) -> None:
        """采集: open the acquisition dialog of this exam."""
