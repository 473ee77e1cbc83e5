"""When a window comes to another screen: true sizes and pixel pitches are of that screen then."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QWidget


class ScreenWatch(QObject):
    """Calls ``moved`` when ``widget`` is shown on a screen for the first time and when it has come to another one.

    Told by the events of the widget, not by ``screenChanged`` of its window handle: PySide finds that handle by its
    address and may answer with the wrapper of something else that was there before and is long gone.
    """

    def __init__(self, widget: QWidget, moved: Callable[[], object]) -> None:
        super().__init__(widget)
        self._moved = moved
        self._screen: QScreen | None = None
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Show, QEvent.Type.ScreenChangeInternal) and isinstance(watched, QWidget):
            screen = watched.screen()
            if screen is not self._screen:
                self._screen = screen
                self._moved()
        return False
