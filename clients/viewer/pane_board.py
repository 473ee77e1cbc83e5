"""The area in which the panes of a layout stand, on the main screen or on a second one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from clients.viewer import colours
from clients.viewer.panes import Rect, cut, grid
from clients.viewer.session import SECOND_SCREEN, ViewerSession
from clients.viewer.viewport.view import ViewportWidget


class PaneBoard(QWidget):
    """Places the viewports of one layout; ``second`` takes those of the second screen."""

    def __init__(self, session: ViewerSession, viewports: Sequence[ViewportWidget], *, second: bool = False) -> None:
        super().__init__()
        self._session, self._viewports, self._second = session, viewports, second
        self.setObjectName("panes")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setStyleSheet(f"#panes {{ background: {colours.BACKGROUND}; }}")
        self.setMinimumSize(120, 120)

    def sizeHint(self) -> QSize:
        return QSize(800, 600)

    def arrange(self) -> None:
        """Put the panes where the model says; panes that are no longer wanted are hidden."""
        places = self._places()
        for viewport in self._viewports:
            if viewport.number not in places and viewport.parent() is self:
                viewport.hide()
        for number, rect in places.items():
            viewport = self._viewports[number]
            if viewport.parent() is not self:
                viewport.setParent(self)
            viewport.setGeometry(*rect)
            viewport.show()

    def _places(self) -> dict[int, Rect]:
        """Rectangle of each pane by its number."""
        session = self._session
        layout = session.second if self._second else session.layout
        if layout is None:
            return {}
        first = SECOND_SCREEN if self._second else 0
        area = Rect(0, 0, self.width(), self.height())
        cells = range(first, first + layout.cells)
        is_split = any(len(session.splits.members(cell)) > 1 for cell in cells)
        outer = cut(
            area, layout.columns, layout.rows, grid(layout.columns, layout.rows), square=self._squares(is_split)
        )
        places: dict[int, Rect] = {}
        for cell, room in zip(cells, outer, strict=True):
            windows = session.splits.windows(cell)
            inner = cut(room, windows.columns, windows.rows, windows.parts, square=session.square)
            places.update(zip(session.splits.members(cell), inner, strict=True))
        return places

    def _squares(self, is_split: bool) -> bool:
        # Split viewports keep their whole area, so that their own tiles can be as large as possible.
        return self._session.square and not is_split

    def resizeEvent(self, _event: QResizeEvent) -> None:
        for number, rect in self._places().items():
            if self._viewports[number].parent() is self:
                self._viewports[number].setGeometry(*rect)
