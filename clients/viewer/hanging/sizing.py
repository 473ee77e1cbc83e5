"""Views that are compared stay equally large when the window changes; the reader's own zoom is left alone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer

from clients.viewer.desk import Desk
from clients.viewer.hanging.hanger import Hanger
from clients.viewer.hanging.turning import Sized, same_size
from clients.viewer.viewport.state import ViewportState


def equalise(desk: Desk, hanger: Hanger) -> None:
    """Views that are compared are as large as one another, until the reader zooms one."""
    hung = hanger.hung
    if hung is None or not hanger.is_fresh:
        return
    numbers = [number for number, _, _ in hung.shown]
    filled = [n for n, one in enumerate(hung.placed) if one.candidate is not None]
    chosen = [numbers[filled.index(n)] for n in hung.same_size]
    sized: list[tuple[ViewportState, Sized]] = []
    used: list[int] = []
    for number in chosen:
        view, state = desk.viewports[number], desk.session.viewports[number]
        frame, stack = state.frame, state.stack
        if frame is None or stack is None or state.geometry.centre is not None or state.geometry.actual_size:
            continue
        if state.geometry.zoom not in (1.0, hanger.zooms.get(number)):
            return  # the reader zooms
        ratio = view.devicePixelRatioF()
        rows, columns = stack.shape
        row_mm, column_mm = frame.spacing.row_mm, frame.spacing.column_mm
        known = frame.spacing.is_known and row_mm and column_mm
        size = (float(row_mm), float(column_mm)) if known and row_mm and column_mm else (1.0, 1.0)
        width, height = round(view.width() * ratio), round(view.height() * ratio)
        used.append(number)
        sized.append((state, Sized(width, height, columns, rows, *size, state.geometry)))
    for number, (state, _), geometry in zip(used, sized, same_size([one for _, one in sized]), strict=True):
        hanger.zooms[number] = geometry.zoom
        state.geometry = geometry


class Watcher(QObject):
    """Starts a timer when a viewport changes its size."""

    def __init__(self, timer: QTimer, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = timer

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._timer.start()
        return False
