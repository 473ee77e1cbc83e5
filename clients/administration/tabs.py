"""Several pages under one entry of the rail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from clients.administration.table.spec import TableSpec
from clients.administration.table.view import TablePage
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.labels import hairline
from clients.kit.shell import Workplace


@dataclass(frozen=True)
class PageSpec:
    """A tab that is no table."""

    id: str
    build: Callable[[Workplace], QWidget]
    permission: str = ""


class TabbedPage(QWidget):
    """One segment for each table or page; it is built when it is first shown."""

    def __init__(self, place: Workplace, tabs: Sequence[tuple[str, TableSpec | PageSpec]]) -> None:
        super().__init__()
        self._place = place
        tabs = [tab for tab in tabs if not tab[1].permission or place.may(tab[1].permission)]
        self._specs = {spec.id: spec for _, spec in tabs}
        self.tabs = tuple(self._specs)
        self.pages: dict[str, QWidget] = {}
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

    def show_tab(self, spec_id: str) -> QWidget:
        """Bring a tab to the front."""
        if spec_id not in self.pages:
            spec = self._specs[spec_id]
            page = TablePage(self._place, spec) if isinstance(spec, TableSpec) else spec.build(self._place)
            self.pages[spec_id] = page
            self.stack.addWidget(page)
        self.choice.set_current(spec_id)
        self.stack.setCurrentWidget(self.pages[spec_id])
        self.setFocusProxy(self.pages[spec_id])
        return self.pages[spec_id]

    def table(self, spec_id: str) -> TablePage:
        """Bring a table to the front."""
        page = self.show_tab(spec_id)
        assert isinstance(page, TablePage)
        return page
