"""Several table pages under one entry of the rail."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from clients.administration.table.spec import TableSpec
from clients.administration.table.view import TablePage
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.labels import hairline
from clients.kit.shell import Workplace


class TabbedPage(QWidget):
    """One segment for each table; a table is built when it is first shown."""

    def __init__(self, place: Workplace, tabs: Sequence[tuple[str, TableSpec]]) -> None:
        super().__init__()
        self._place = place
        self._specs = {spec.id: spec for _, spec in tabs}
        self.pages: dict[str, TablePage] = {}
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        bar = QWidget()
        line = QHBoxLayout(bar)
        line.setContentsMargins(16, 8, 16, 8)
        self.choice = SegmentedControl([Option(spec.id, title) for title, spec in tabs])
        self.choice.chosen.connect(self.show_tab)
        line.addWidget(self.choice)
        line.addStretch(1)
        box.addWidget(bar)
        box.addWidget(hairline())
        self.stack = QStackedWidget()
        box.addWidget(self.stack, 1)
        self.show_tab(tabs[0][1].id)

    def show_tab(self, spec_id: str) -> TablePage:
        """Bring a table to the front."""
        if spec_id not in self.pages:
            self.pages[spec_id] = TablePage(self._place, self._specs[spec_id])
            self.stack.addWidget(self.pages[spec_id])
        self.choice.set_current(spec_id)
        self.stack.setCurrentWidget(self.pages[spec_id])
        self.setFocusProxy(self.pages[spec_id])
        return self.pages[spec_id]
