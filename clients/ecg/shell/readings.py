"""心电阅图: the open readings as tabs; a strip above all pages shows them, so that the lists stay where they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from clients.ecg.desk import Desk, Reading
from clients.ecg.pages import READING, find
from clients.kit.actions import ActionGroup
from clients.kit.labels import IconButton
from clients.kit.panels import EmptyState
from clients.kit.translations import tr

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

READING_PAGE = "clients.ecg.reading.page:ReadingPage"
READING_ACTIONS = "clients.ecg.reading.page:ACTIONS"


class ReadingWidget(Protocol):
    """What a tab needs of the reading page (`clients.ecg.reading.page.ReadingPage` has it)."""

    def title(self) -> str:
        """The words of the tab: the patient's name; empty until it is known."""
        ...

    def is_dirty(self) -> bool:
        """Say whether something is written that the server does not have."""
        ...

    def leave(self, then: Callable[[], object]) -> None:
        """Call ``then`` when the page may be closed, at once or after the user was asked (ECG-READ-10)."""
        ...


MakeReading = Callable[[Desk, "Workplace", Reading, QWidget], Any]
"""Makes the reading page of one exam; the widget will hold it."""


def make_reading(desk: Desk, place: Workplace, reading: Reading, holder: QWidget) -> Any:
    """Make the real reading page."""
    maker = find(READING_PAGE)
    own = replace(place, actions=ActionGroup(find(READING_ACTIONS) or (), holder))
    return maker(
        own,
        reading.exam_id,
        reading.acquire,
        consultation_id=reading.consultation_id,
        read_only=reading.read_only,
        desk=desk,
        parent=holder,
    )


class ReadingTab(QWidget):
    """One open reading."""

    def __init__(self, desk: Desk, place: Workplace, reading: Reading, make: MakeReading) -> None:
        super().__init__()
        self.reading = reading
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        self.page = make(desk, place, reading, self)
        box.addWidget(self.page)
        self.setFocusProxy(self.page)

    @property
    def title(self) -> str:
        """The words of the tab, with a mark while something is unsaved."""
        words = str(self.page.title()) or tr("心电阅图")
        return f"● {words}" if self.is_dirty() else words

    def is_dirty(self) -> bool:
        """Say whether closing would lose something."""
        return bool(self.page.is_dirty())

    def closeEvent(self, event: object) -> None:
        self.page.close()
        super().closeEvent(event)  # type: ignore[arg-type]


class ReadingArea(QStackedWidget):
    """The page 心电阅图: the reading in front, or that none is open."""

    tabs_changed = Signal()
    """A reading was opened, closed, has another title, or another is in front."""

    def __init__(self, desk: Desk, place: Workplace, make: MakeReading = make_reading) -> None:
        super().__init__()
        self._desk = desk
        self._place = place
        self._make = make
        self.open: dict[int, ReadingTab] = {}
        self._empty = EmptyState(
            "voice", "没有打开的心电图", "在列表中选择检查并按“阅图”，每份检查在单独的标签页中打开。"
        )
        self.addWidget(self._empty)

    @property
    def front(self) -> int | None:
        """The exam in front, or None."""
        tab = self.currentWidget()
        return tab.reading.exam_id if isinstance(tab, ReadingTab) else None

    def page_of(self, exam_id: int) -> Any:
        """The reading page of an exam, or None."""
        tab = self.open.get(exam_id)
        return None if tab is None else tab.page

    def titles(self) -> list[tuple[int, str]]:
        """Exam and words, in the order of opening."""
        return [(exam_id, tab.title) for exam_id, tab in self.open.items()]

    def show_reading(self, reading: Reading) -> None:
        """Open a reading, or bring its tab to the front; one opened otherwise is exchanged when nothing is lost."""
        old = self.open.get(reading.exam_id)
        if old is not None and reading.acquire and not old.reading.read_only:
            self.show_exam(reading.exam_id)
            old.page.acquire()
            return
        if old is not None and (old.reading == reading or old.is_dirty()):
            self.show_exam(reading.exam_id)
            return
        if old is not None:
            self.drop(reading.exam_id)
        tab = ReadingTab(self._desk, self._place, reading, self._make)
        self.open[reading.exam_id] = tab
        self.addWidget(tab)
        self.show_exam(reading.exam_id)

    def show_exam(self, exam_id: int) -> None:
        """Bring the tab of an exam to the front."""
        if exam_id in self.open:
            self.setCurrentWidget(self.open[exam_id])
            self.open[exam_id].setFocus()
            self.tabs_changed.emit()

    def close_reading(self, exam_id: int) -> None:
        """Close the tab of an exam; unsaved changes are asked about first (ECG-READ-10)."""
        tab = self.open.get(exam_id)
        if tab is None:
            return
        if tab.is_dirty():
            self._place.go_to(READING)
            self.show_exam(exam_id)
        tab.page.leave(lambda: self.drop(exam_id))

    def may_leave(self, then: Callable[[], object]) -> bool:
        """True when nothing is unsaved; else the user is asked for one tab after the other, and `then` follows."""
        dirty = next((exam_id for exam_id, tab in self.open.items() if tab.is_dirty()), None)
        if dirty is None:
            return True
        self._place.go_to(READING)
        self.show_exam(dirty)

        def go_on() -> None:
            self.drop(dirty)
            if self.may_leave(then):
                then()

        self.open[dirty].page.leave(go_on)
        return False

    @Slot(int)
    def drop(self, exam_id: int) -> None:
        """Take a tab away; nothing is asked any more."""
        tab = self.open.pop(exam_id, None)
        if tab is None:
            return
        self.removeWidget(tab)
        tab.close()
        tab.deleteLater()
        self.tabs_changed.emit()

    def retitle(self, exam_id: int, _title: str) -> None:
        """The page of an exam is called otherwise, or became dirty or clean."""
        if exam_id in self.open:
            self.tabs_changed.emit()

    def closeEvent(self, event: object) -> None:
        for tab in self.open.values():
            tab.close()
        super().closeEvent(event)  # type: ignore[arg-type]


class ReadingStrip(QTabBar):
    """The strip above every page: the page that was left, then one closable tab for each reading."""

    back = Signal()
    """The first tab: the list that was left."""
    chosen = Signal(int)
    """exam id."""
    closing = Signal(int)
    """exam id."""

    def __init__(self) -> None:
        super().__init__()
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._exams: list[int] = []
        self._list_title = ""
        self._filling = False
        self.currentChanged.connect(self._on_current)
        self.tabBarClicked.connect(self._on_clicked)
        self.hide()

    def show_tabs(self, list_title: str, titles: list[tuple[int, str]], front: int | None) -> None:
        """Show the list that was left (Chinese source) and the readings; `front` None means the list is in front."""
        self._filling = True
        self._list_title = list_title
        self._exams = [exam_id for exam_id, _title in titles]
        while self.count() > len(titles) + 1:
            self.removeTab(self.count() - 1)
        while self.count() < len(titles) + 1:
            at = self.addTab("")
            if at:
                self.setTabButton(at, QTabBar.ButtonPosition.RightSide, self._close_button())
        self.setTabText(0, tr(list_title))
        for at, (_exam, title) in enumerate(titles, 1):
            self.setTabText(at, title)
            self.setTabToolTip(at, title)
        self.setCurrentIndex(0 if front is None else self._exams.index(front) + 1)
        self.setVisible(bool(titles))
        self._filling = False

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and self.count():
            self.setTabText(0, tr(self._list_title))
        super().changeEvent(event)

    def _on_current(self, index: int) -> None:
        if not self._filling:
            self._go(index)

    def _on_clicked(self, index: int) -> None:
        if index == self.currentIndex():
            self._go(index)

    def _go(self, index: int) -> None:
        if index == 0:
            self.back.emit()
        elif 0 < index <= len(self._exams):
            self.chosen.emit(self._exams[index - 1])

    def _close_button(self) -> IconButton:
        button = IconButton("close", "关闭", small=True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(self._close_clicked)
        return button

    @Slot()
    def _close_clicked(self) -> None:
        pressed = self.sender()
        for at, exam_id in enumerate(self._exams, 1):
            if self.tabButton(at, QTabBar.ButtonPosition.RightSide) is pressed:
                self.closing.emit(exam_id)
                return
