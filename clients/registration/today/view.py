"""Today's list on screen: filter, search, rows and their actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SearchBox, SegmentedControl
from clients.kit.labels import Label, ValueLabel
from clients.kit.lists import ListView
from clients.kit.messages import Message
from clients.kit.paging import EmptyWords
from clients.kit.settings import UserSettings
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.registration.exam_actions import RowAction
from clients.registration.today.presenter import TodayPresenter
from clients.registration.today.state import TodayState
from clients.registration.words import row_actions, today_columns
from shared.contract.exams import ExamRow
from shared.contract.organisation import HospitalView

_NOTHING = EmptyWords("今天还没有登记", "在右侧新建预约登记，提交后显示在这里。", "clipboard")
_FILTERED = EmptyWords("没有符合条件的登记", "换一个检查类型，或清空查询条件。", "search", action="清空条件")


class TodayView(QWidget):
    """今日登记."""

    opened = Signal(object)
    """ExamRow: a double click or Enter wants the details."""

    def __init__(
        self, presenter: TodayPresenter, settings: UserSettings, line_is_up: Callable[[], bool] = lambda: True
    ) -> None:
        super().__init__()
        self._line_is_up = line_is_up
        self._presenter = presenter
        self._state = presenter.state
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 16, 0)
        head.setSpacing(8)
        head.addWidget(Label("今日登记", "title"))
        self._count = ValueLabel("", "quiet")
        head.addWidget(self._count, 1)
        self.search = SearchBox([Option("name", "患者姓名"), Option("card", "就诊卡号")])
        self.search.searched.connect(self._searched)
        head.addWidget(self.search)
        layout.addLayout(head)
        self._types = QHBoxLayout()
        self._types.setContentsMargins(16, 0, 16, 0)
        self._type_codes: tuple[str, ...] = ()
        self.types: SegmentedControl | None = None
        layout.addLayout(self._types)
        self.list = ListView(
            today_columns(lambda: self._state.pending_cancel),
            row_id=lambda row: row.id,
            actions=row_actions(lambda: self._state.pending_cancel),
            shown_actions=3,
            settings=settings,
            list_id="registration.today",
            empty=_NOTHING,
        )
        self.list.activated.connect(self.opened)
        self.list.action_requested.connect(self._act)
        self.list.retry.connect(presenter.refresh)
        self.list.empty_action.connect(self.clear_filters)
        layout.addWidget(self.list, 1)
        self._highlighted: int | None = None
        presenter.show_to(self.render_state)

    def offer_types(self, hospital: HospitalView) -> None:
        """The exam types of the hospital become the filter."""
        codes = tuple(kind.code for kind in hospital.exam_types)
        if codes == self._type_codes:
            return
        self._type_codes = codes
        if self.types is not None:
            self.types.deleteLater()
        self.types = SegmentedControl([Option("", "全部"), *(Option(code, code) for code in codes)], "")
        self.types.chosen.connect(self._presenter.choose_type)
        self._types.insertWidget(0, self.types)
        self._types.addStretch(1)

    def clear_filters(self) -> None:
        """Back to the whole list."""
        self.search.field.clear()
        self._presenter.clear_filters()

    def _searched(self, mode: str, text: str) -> None:
        self._presenter.search(text, by_card=mode == "card")

    def _act(self, action: str, row: Any) -> None:
        self._presenter.do(RowAction(action), row)

    def render_state(self, state: TodayState) -> None:
        """Show a state."""
        before, self._state = self._state, state
        if state.rows is not before.rows or state.pending_cancel != before.pending_cancel or state.loaded_once:
            self._show_rows(state, before)
        self.list.set_loading(state.loading)
        if state.trouble and (self._line_is_up() or not state.loaded_once):  # else the window's banner says it
            self.list.show_error(Message(state.trouble, Tone.WARNING))
        if self.types is not None and self.types.current != state.exam_type:
            self.types.set_current(state.exam_type)
        if not state.search and self.search.text:
            self.search.field.clear()
        self.list.set_empty_words(_FILTERED if state.is_filtered else _NOTHING)
        self._show_count(state)

    def _show_rows(self, state: TodayState, before: TodayState) -> None:
        changed = state.rows is not before.rows or state.pending_cancel != before.pending_cancel
        if changed or not before.loaded_once:
            self.list.set_rows(state.rows)
        if state.highlighted is not None and state.highlighted != self._highlighted:
            row: ExamRow | None = next((row for row in state.rows if row.id == state.highlighted), None)
            if row is not None and self.list.select_id(row.id):
                self._highlighted = state.highlighted
                self.list.table.scrollTo(self.list.table.currentIndex())

    def _show_count(self, state: TodayState) -> None:
        self._count.set_text(tr("共 {count} 人次", count=state.total) if state.loaded_once else "")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "_count"):
            self._show_count(self._state)
        super().changeEvent(event)
