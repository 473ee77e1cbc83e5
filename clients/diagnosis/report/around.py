"""Left of the text: area A with the patients of the list, area B with earlier exams and namesakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QTabWidget,
    QTextEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.diagnosis.words import history_words
from clients.diagnosis.worklist.columns import NARROW_COLUMNS
from clients.diagnosis.worklist.filters import SPANS, STATE_OPTIONS
from clients.diagnosis.worklist.more_filters import ALL
from clients.diagnosis.worklist.state import Span, WorklistState
from clients.kit.choosing import AutoRefresh, Option, SearchBox
from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import EmptyWords
from clients.kit.running import TaskRunner
from clients.kit.states import REPORT_LOOKS
from clients.kit.translations import tr
from shared.contract.reporting import HistoryRow, HistoryView, ReportRow
from shared.domain.states import ReportState

if TYPE_CHECKING:
    from clients.diagnosis.worklist.presenter import WorklistPresenter


class PatientsArea(QWidget):
    """Area A: the list's patients beside the report; a double click goes to that patient's report (RIS-RPA-04)."""

    def __init__(self, runner: TaskRunner) -> None:
        super().__init__()
        self._presenter: WorklistPresenter | None = None
        self._generation = 0
        self._has_source = False
        self.auto_refresh = AutoRefresh(5.0)
        self.state_choice = _choice("state", "报告状态", [(one.key, one.text) for one in STATE_OPTIONS], "全部状态")
        self.span_choice = _choice("span", "检查时间", [(one.key, one.text) for one in SPANS[:-1]], "")
        self.type_choice = _choice("exam_type", "检查类型", [], "全部类型")
        self.room_choice = _choice("room_id", "检查室", [], "全部检查室")
        self.search = SearchBox((Option("patient_name", "患者姓名"),))
        self.search.field.setMinimumWidth(80)
        self.list = ListView(
            NARROW_COLUMNS,
            row_id=lambda row: row.id,
            empty=EmptyWords("没有患者", "换一个状态或日期。", "patient"),
            runner=runner,
        )
        head = QHBoxLayout()
        head.addWidget(Label("患者列表", "strong"))
        head.addStretch(1)
        head.addWidget(self.auto_refresh)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        for pair in ((self.state_choice, self.span_choice), (self.type_choice, self.room_choice)):
            line = QHBoxLayout()
            line.setSpacing(4)
            for one in pair:
                one.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
                line.addWidget(one, 1)
            layout.addLayout(line)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)

    def attach(self, presenter: WorklistPresenter) -> None:
        """Report to this presenter from now on."""
        self._presenter = presenter
        self.list.activated.connect(presenter.enter)
        self.list.selected.connect(presenter.select)
        self.auto_refresh.due.connect(presenter.tick)
        self.auto_refresh.toggled.connect(presenter.switch_refresh)
        self.search.searched.connect(self._on_search)
        self.state_choice.chosen.connect(self._on_state)
        self.span_choice.chosen.connect(self._on_span)
        self.type_choice.chosen.connect(self._on_type)
        self.room_choice.chosen.connect(self._on_room)

    def show_state(self, state: WorklistState) -> None:
        """Show rows and conditions."""
        conditions = state.conditions
        self.state_choice.set_value(str(conditions.states[0]) if len(conditions.states) == 1 else ALL)
        self.span_choice.set_value(str(state.span))
        if state.hospital is not None:
            _offer(self.type_choice, [(one.code, one.code) for one in state.hospital.exam_types], "全部类型")
            _offer(self.room_choice, [(one.id, one.name) for one in state.hospital.rooms], "全部检查室")
        self.type_choice.set_value(conditions.exam_types[0] if len(conditions.exam_types) == 1 else ALL)
        self.room_choice.set_value(ALL if conditions.room_id is None else conditions.room_id)
        if state.generation != self._generation:
            self._generation = state.generation
            self.list.clear_error()
            self._show_rows()
        if state.error is not None:
            self.list.show_error(message_for(state.error))

    def _show_rows(self) -> None:
        if self._has_source:
            self.list.refresh()
        elif self._presenter is not None:
            self._has_source = True
            self.list.set_source(self._presenter.fetch)

    def show_present(self, row: ReportRow) -> None:
        """Mark the patient whose report is on the page."""
        self.list.select_id(row.id)

    def _on_search(self, _mode: str, text: str) -> None:
        if self._presenter is not None:
            self._presenter.filter(patient_name=text)

    def _on_state(self, key: object) -> None:
        if self._presenter is not None:
            self._presenter.choose_states(() if key == ALL else (ReportState(str(key)),))

    def _on_span(self, key: object) -> None:
        if self._presenter is not None:
            self._presenter.choose_span(Span(str(key)))

    def _on_type(self, code: object) -> None:
        if self._presenter is not None:
            self._presenter.filter(exam_types=() if code == ALL else (str(code),))

    def _on_room(self, room_id: object) -> None:
        if self._presenter is not None:
            self._presenter.filter(room_id=None if room_id == ALL else room_id)


class HistoryArea(QWidget):
    """Area B: earlier exams of the patient and exams of namesakes; tick some and compare (RIS-RPB)."""

    compare_wanted = Signal(tuple)
    """the ticked HistoryRows."""
    details_wanted = Signal(object)
    """a HistoryRow whose report shall be shown."""

    def __init__(self) -> None:
        super().__init__()
        self._history: HistoryView | None = None
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.earlier, self.namesakes = _HistoryTree(self._on_details), _HistoryTree(self._on_details)
        self.tabs.addTab(self.earlier, "")
        self.tabs.addTab(self.namesakes, "")
        self.compare_button = Button("对比", "", "compare", on_click=self._compare)
        self.details_button = Button("检查详情", "quiet", "details", on_click=self._details)
        for tree in (self.earlier, self.namesakes):
            tree.itemChanged.connect(self._on_ticked)
            tree.currentItemChanged.connect(self._on_ticked)
        self.tabs.currentChanged.connect(self._on_ticked)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(8, 4, 8, 8)
        buttons.addWidget(self.details_button)
        buttons.addStretch(1)
        buttons.addWidget(self.compare_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tabs, 1)
        layout.addLayout(buttons)
        self.show_history(None)

    def show_history(self, history: HistoryView | None) -> None:
        """Show both lists; None while they load."""
        earlier = history.earlier if history else ()
        namesakes = history.namesakes if history else ()
        if history is None or history != self._history:
            self.earlier.show_rows(earlier, "没有历史检查")
            self.namesakes.show_rows(namesakes, "没有同名检查")
        self._history = history
        self.tabs.setTabText(0, tr("历史检查 {count}", count=len(earlier)))
        self.tabs.setTabText(1, tr("同名检查 {count}", count=len(namesakes)))
        self._on_ticked()

    def _tree(self) -> _HistoryTree:
        return self.namesakes if self.tabs.currentIndex() == 1 else self.earlier

    def _on_ticked(self, *_: object) -> None:
        self.compare_button.setEnabled(bool(self._tree().ticked()))
        self.details_button.setEnabled(self._tree().current() is not None)

    def _compare(self) -> None:
        self.compare_wanted.emit(self._tree().ticked())

    def _details(self) -> None:
        row = self._tree().current()
        if row is not None:
            self.details_wanted.emit(row)

    def _on_details(self, row: HistoryRow) -> None:
        self.details_wanted.emit(row)


class _HistoryTree(QTreeWidget):
    def __init__(self, on_details: Callable[[HistoryRow], None]) -> None:
        super().__init__()
        self._on_details = on_details
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.itemDoubleClicked.connect(self._on_double_click)

    def show_rows(self, rows: tuple[HistoryRow, ...], empty: str) -> None:
        self.blockSignals(True)
        self.clear()
        for row in rows:
            look = REPORT_LOOKS.get(row.report_state or "")
            words = f"{history_words(row)}  {tr(look.text) if look else ''}"
            item = QTreeWidgetItem(self, [words])
            item.setData(0, Qt.ItemDataRole.UserRole, row)
            item.setToolTip(0, words)
            item.setCheckState(0, Qt.CheckState.Unchecked)
        if not rows:
            item = QTreeWidgetItem(self, [tr(empty)])
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        self.blockSignals(False)

    def current(self) -> HistoryRow | None:
        item = self.currentItem()
        found = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        return found if isinstance(found, HistoryRow) else None

    def ticked(self) -> tuple[HistoryRow, ...]:
        items = [self.topLevelItem(i) for i in range(self.topLevelItemCount())]
        return tuple(
            item.data(0, Qt.ItemDataRole.UserRole)
            for item in items
            if item is not None
            and item.checkState(0) is Qt.CheckState.Checked
            and isinstance(item.data(0, Qt.ItemDataRole.UserRole), HistoryRow)
        )

    def _on_double_click(self, item: QTreeWidgetItem, _column: int) -> None:
        row = item.data(0, Qt.ItemDataRole.UserRole)
        if isinstance(row, HistoryRow):
            self._on_details(row)


class EarlierReport(QTextEdit):
    """检查详情: what was written about an earlier exam."""

    def __init__(self, row: HistoryRow) -> None:
        super().__init__()
        self.setReadOnly(True)
        heads = tr("影像所见"), tr("诊断意见")
        nothing = tr("还没有报告内容")
        self.setHtml(
            f"<p><b>{row.patient_name}</b>  {history_words(row)}  {row.accession_number}</p>"
            f"<p><b>{heads[0]}</b></p>{row.findings or nothing}<p><b>{heads[1]}</b></p>{row.impression or nothing}"
        )


def _choice(key: str, label: str, offered: list[tuple[str, str]], all_words: str) -> ChoiceEditor:
    editor = ChoiceEditor(ChoiceField(key=key, label=label))
    choices = [Choice(value, text) for value, text in offered]
    editor.set_choices(([Choice(ALL, all_words)] if all_words else []) + choices)
    return editor


def _offer(editor: ChoiceEditor, offered: list[tuple[object, str]], all_words: str) -> None:
    choices = (Choice(ALL, all_words), *(Choice(value, text, translate=False) for value, text in offered))
    if choices != editor.choices:
        editor.set_choices(choices)
