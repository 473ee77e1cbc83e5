"""The tabs of a station: made when first shown; one that is about a case says so while none is open."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from clients.kit.panels import EmptyState
from clients.kit.translations import tr
from clients.pathology.desk import Desk, Maker, find_maker
from clients.pathology.stations import StationSpec
from clients.pathology.tabs import BY_ID, Tab


class TabArea(QWidget):
    """A bar of tabs and below it the page of the chosen one."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._tabs: list[tuple[Tab, Maker]] = []
        self._holders: dict[str, _Holder] = {}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.bar = QTabBar()
        self.bar.setExpanding(False)
        self.bar.setDrawBase(False)
        self.bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.bar.currentChanged.connect(self._on_chosen)
        self.stack = QStackedWidget()
        box.addWidget(self.bar)
        box.addWidget(self.stack, 1)
        self._nothing = EmptyState("layout", "这个工作站还没有页面", "请在“系统站点”中选择其他工作站。")
        self.stack.addWidget(self._nothing)
        self._forget = [
            desk.opened.listen(lambda _case: self._show_cases()),
            desk.started.listen(lambda _none: self._on_started()),
            desk.closed.listen(lambda _none: self._show_cases()),
        ]

    @property
    def tab_ids(self) -> tuple[str, ...]:
        """The tabs of the station from left to right."""
        return tuple(tab.id for tab, _maker in self._tabs)

    @property
    def current(self) -> str:
        """Id of the tab in front, empty without tabs."""
        place = self.bar.currentIndex()
        return self._tabs[place][0].id if 0 <= place < len(self._tabs) else ""

    def content(self, tab_id: str) -> QWidget | None:
        """The page of a tab, None while it was never shown."""
        holder = self._holders.get(tab_id)
        return holder.content if holder is not None else None

    def enter(self, spec: StationSpec) -> None:
        """Show the tabs of a station; those of the one before are closed."""
        self._close_pages()
        wanted = [BY_ID[tab_id] for tab_id in spec.tabs]
        found = [(tab, find_maker(tab.maker)) for tab in wanted if not tab.permission or self._desk.may(tab.permission)]
        self._tabs = [(tab, maker) for tab, maker in found if maker is not None]
        self.bar.blockSignals(True)
        while self.bar.count():
            self.bar.removeTab(0)
        for tab, _maker in self._tabs:
            self.bar.addTab(tr(tab.title))
        self.bar.blockSignals(False)
        self.bar.setVisible(bool(self._tabs))
        self.stack.setCurrentWidget(self._nothing)
        if self._tabs:
            self.bar.setCurrentIndex(0)
            self._on_chosen(0)

    def show_tab(self, tab_id: str) -> None:
        """Bring a tab to the front; an id that is not here does nothing."""
        if tab_id in self.tab_ids:
            self.bar.setCurrentIndex(self.tab_ids.index(tab_id))

    def step(self, by: int) -> None:
        """Go to the tab beside the present one, around the ends."""
        if self._tabs:
            self.bar.setCurrentIndex((self.bar.currentIndex() + by) % len(self._tabs))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            for place, (tab, _maker) in enumerate(self._tabs):
                self.bar.setTabText(place, tr(tab.title))
        super().changeEvent(event)

    def closeEvent(self, event: object) -> None:
        for forget in self._forget:
            forget()
        self._close_pages()
        super().closeEvent(event)  # type: ignore[arg-type]

    def _close_pages(self) -> None:
        for tab_id, holder in self._holders.items():
            self._desk.remove_part(tab_id)
            holder.close_content()
            self.stack.removeWidget(holder)
            holder.deleteLater()
        self._holders = {}

    def _on_chosen(self, place: int) -> None:
        if not 0 <= place < len(self._tabs):
            return
        tab, maker = self._tabs[place]
        if tab.id not in self._holders:
            holder = _Holder(tab, maker(self._desk))
            self._holders[tab.id] = holder
            self.stack.addWidget(holder)
        self._show_cases()
        self.stack.setCurrentWidget(self._holders[tab.id])

    def _show_cases(self) -> None:
        for holder in self._holders.values():
            holder.show_case(self._desk.case is not None)

    def _on_started(self) -> None:
        self.show_tab("patient")
        self._show_cases()


class _Holder(QStackedWidget):
    def __init__(self, tab: Tab, content: QWidget) -> None:
        super().__init__()
        self._tab = tab
        self.content = content
        self.addWidget(content)
        self._nothing = EmptyState("clipboard", "没有打开的病例", "扫描条码、输入病理号，或在列表中双击一个病例。")
        self.addWidget(self._nothing)

    def show_case(self, is_open: bool) -> None:
        shown = self.content if is_open or not self._tab.needs_case else self._nothing
        self.setCurrentWidget(shown)

    def close_content(self) -> None:
        self.content.close()
