"""The page of collections as tabs: favourites, follow-up, teaching files, phrase library, search over codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from clients.diagnosis.collections.coded.view import CodedSearchView
from clients.diagnosis.collections.favourites.view import FavouritesView
from clients.diagnosis.collections.follow_ups.view import FollowUpsView
from clients.diagnosis.collections.phrases.view import PhrasesView
from clients.diagnosis.collections.teaching.view import TeachingFilesView
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.labels import hairline
from clients.kit.shell import Workplace

TABS = (
    Option("favourites", "收藏"),
    Option("follow_ups", "随访"),
    Option("teaching", "教学病例"),
    Option("phrases", "词条库"),
    Option("coded", "结构化检索"),
)
Tab = FavouritesView | FollowUpsView | TeachingFilesView | PhrasesView | CodedSearchView


class CollectionsPage(QWidget):
    """One tab is built when it is first shown, and loads again whenever it comes to the front."""

    def __init__(
        self,
        place: Workplace,
        open_report: Callable[[int], None],
        open_images: Callable[[Sequence[str]], None],
    ) -> None:
        super().__init__()
        self._place = place
        self._open_report = open_report
        self._open_images = open_images
        self.tabs: dict[str, Tab] = {}
        self.setProperty("look", "surface")
        self.choice = SegmentedControl(TABS, "favourites")
        self.choice.chosen.connect(self.show_tab)
        self.stack = QStackedWidget()
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 8, 16, 8)
        bar.addWidget(self.choice)
        bar.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(bar)
        box.addWidget(hairline())
        box.addWidget(self.stack, 1)
        self.show_tab("favourites")

    def show_tab(self, key: str) -> QWidget:
        """Bring a tab to the front."""
        view = self.tabs.get(key) or self._build(key)
        self.choice.set_current(key)
        self.stack.setCurrentWidget(view)
        if self.isVisible():
            view.refresh()
        return view

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.tabs[self.choice.current].refresh()

    def _build(self, key: str) -> Tab:
        made: Tab
        if key == "favourites":
            made = FavouritesView(self._place, self._open_report, self._open_images)
        elif key == "follow_ups":
            made = FollowUpsView(self._place, self._open_report, self._open_images)
        elif key == "teaching":
            made = TeachingFilesView(self._place)
        elif key == "coded":
            made = CodedSearchView(self._place, self._open_report)
        else:
            made = PhrasesView(self._place)
        self.tabs[key] = made
        self.stack.addWidget(made)
        return made
