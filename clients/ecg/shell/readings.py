"""心电阅图: the open readings as tabs; a strip above all pages shows them, so that the lists stay where they were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from clients.ecg.desk import Desk, Reading
from clients.ecg.pages import READING, find
from clients.kit.actions import ActionGroup
from clients.kit.dialogs import Question
from clients.kit.panels import EmptyState
from clients.kit.translations import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from clients.kit.shell import Workplace

READING_PAGE = "clients.ecg.reading.page:ReadingPage"
READING_ACTIONS = "clients.ecg.reading.page:ACTIONS"
ACQUISITION_DIALOG = "clients.ecg.acquisition.dialog:AcquisitionDialog"


def make_reading(desk: Desk, place: Workplace, reading: Reading) -> QWidget:
    """Make the reading page of one exam with actions of its own."""
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(0, 0, 0, 0)
    maker = find(READING_PAGE)
    own = replace(place, actions=ActionGroup(find(READING_ACTIONS) or (), holder))
    page = maker(
        own,
        reading.exam_id,
        acquire=reading.acquire,
        consultation_id=reading.consultation_id,
        read_only=reading.read_only,
        desk=desk,
    )
    box.addWidget(page)
    holder.setFocusProxy(page)
    holder.setProperty("page", page)
    return holder


@dataclass(slots=True)
class _Open:
    """One open reading."""

    reading: Reading
    holder: QWidget
    title: str

    @property
    def page(self) -> Any:
        return self.holder.property("page")


class ReadingArea(QStackedWidget):
    """The page 心电阅图: the reading in front, or that none is open."""

    tabs_changed = Signal()
    """A reading was opened, closed or has another title."""
    front_changed = Signal()
    """Another reading is in front."""

    def __init__(
        self,
        desk: Desk,
        place: Workplace,
        make: Callable[[Desk, Workplace, Reading], QWidget] = make_reading,
    ) -> None:
        super().__init__()
        self._desk = desk
        self._place = place
        self._make = make
        self.open: dict[int, _Open] = {}
        self.question: Question | None = None
        self._empty = EmptyState(
            "voice", "没有打开的心电图", "在列表中选择检查并按“阅图”，每份检查在单独的标签页中打开。"
        )
        self.addWidget(self._empty)

    # ── tabs ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def front(self) -> int | None:
        """The exam in front, or None."""
        holder = self.currentWidget()
        return next((exam_id for exam_id, one in self.open.items() if one.holder is holder), None)

    def page_of(self, exam_id: int) -> Any:
        """The reading page of an exam, or None."""
        one = self.open.get(exam_id)
        return None if one is None else one.page

    def titles(self) -> list[tuple[int, str, bool]]:
        """Exam, words and whether something is unsaved, in the order of opening."""
        return [(exam_id, one.title, is_dirty(one.page)) for exam_id, one in self.open.items()]

    def show_reading(self, reading: Reading) -> None:
        """Open a reading, or bring its tab to the front; one opened otherwise is exchanged when nothing is lost."""
        old = self.open.get(reading.exam_id)
        if old is not None and (old.reading == reading or is_dirty(old.page)):
            self.show_exam(reading.exam_id)
            return
        if old is not None:
            self._drop(reading.exam_id)
        holder = self._make(self._desk, self._place, reading)
        self.open[reading.exam_id] = _Open(reading, holder, "")
        self.addWidget(holder)
        self.retitle(reading.exam_id, "")
        self.show_exam(reading.exam_id)

    def show_exam(self, exam_id: int) -> None:
        """Bring the tab of an exam to the front."""
        if exam_id in self.open:
            self.setCurrentWidget(self.open[exam_id].holder)
            self.open[exam_id].holder.setFocus()
            self.front_changed.emit()

    def retitle(self, exam_id: int, title: str) -> None:
        """Show other words on the tab of an exam; without words the page is asked."""
        one = self.open.get(exam_id)
        if one is None:
            return
        ask = getattr(one.page, "title", None)
        one.title = title or (ask() if callable(ask) else "")
        self.tabs_changed.emit()

    # ── closing ──────────────────────────────────────────────────────────────────────────────────────

    def close_reading(self, exam_id: int, then: Callable[[], object] | None = None) -> None:
        """Close the tab of an exam and go on with `then`; unsaved changes are asked about first (ECG-READ-10)."""
        one = self.open.get(exam_id)
        if one is None:
            return

        def close() -> None:
            self._drop(exam_id)
            if then is not None:
                then()

        if not is_dirty(one.page):
            close()
            return
        self.show_exam(exam_id)

        def answered(key: str) -> None:
            self.question = None
            if key == "save":
                one.page.save(close, _nothing)
            elif key == "discard":
                one.page.discard()
                close()

        sentence = tr("“{title}”有未保存的修改，关闭前保存吗？", title=one.title or tr("心电阅图"))
        choices = (("save", "保存", "primary"), ("discard", "不保存", "danger"), ("stay", "取消", ""))
        self.question = Question(self, "未保存的修改", sentence, choices, answered)
        self.question.open()

    def close_all(self, then: Callable[[], object]) -> bool:
        """True when nothing is unsaved; else the user is asked for one tab after the other, and `then` follows."""
        dirty = next((exam_id for exam_id, one in self.open.items() if is_dirty(one.page)), None)
        if dirty is None:
            return True
        self._place.go_to(READING)
        self.close_reading(dirty, lambda: self.close_all(then) and then())
        return False

    def _drop(self, exam_id: int) -> None:
        one = self.open.pop(exam_id)
        self.removeWidget(one.holder)
        one.page.close()
        one.holder.deleteLater()
        self.tabs_changed.emit()
        self.front_changed.emit()

    def closeEvent(self, event: object) -> None:
        for one in self.open.values():
            one.page.close()
        super().closeEvent(event)  # type: ignore[arg-type]


def is_dirty(page: Any) -> bool:
    """Say whether a reading page has something unsaved; one that does not say has not."""
    ask = getattr(page, "is_dirty", None)
    return bool(ask()) if callable(ask) else False


def _nothing() -> None:
    """Saving failed: the page said why, and the tab stays."""


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
        self.setTabsClosable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._exams: list[int] = []
        self._list_title = ""
        self._filling = False
        self.currentChanged.connect(self._on_current)
        self.tabBarClicked.connect(self._on_clicked)
        self.tabCloseRequested.connect(self._on_close)
        self.hide()

    def show_tabs(self, list_title: str, titles: list[tuple[int, str, bool]], front: int | None) -> None:
        """Show the list that was left (Chinese source) and the readings; `front` None means the list is in front."""
        self._filling = True
        self._list_title = list_title
        self._exams = [exam_id for exam_id, _title, _dirty in titles]
        while self.count() > len(titles) + 1:
            self.removeTab(self.count() - 1)
        while self.count() < len(titles) + 1:
            self.addTab("")
        self.setTabText(0, tr(list_title))
        self.setTabButton(0, QTabBar.ButtonPosition.RightSide, None)
        for at, (_exam, title, dirty) in enumerate(titles, 1):
            words = title or tr("心电阅图")
            self.setTabText(at, ("● " if dirty else "") + words)
            self.setTabToolTip(at, words)
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

    def _on_close(self, index: int) -> None:
        if 0 < index <= len(self._exams):
            self.closing.emit(self._exams[index - 1])
