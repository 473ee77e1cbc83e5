"""The diagnosis list on screen: conditions, rows, right side bar; reports intentions and renders states."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from clients.diagnosis.worklist.columns import ROW_ACTIONS, TICK, ListWords, columns
from clients.diagnosis.worklist.filters import Conditions
from clients.diagnosis.worklist.forecast_strip import ForecastStrip
from clients.diagnosis.worklist.saved import SavedQueriesButton, SaveQueryPanel
from clients.diagnosis.worklist.state import WorklistState
from clients.kit.actions import Action
from clients.kit.labels import hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import EmptyWords
from clients.kit.shell import Workplace
from shared.domain.states import ReportAction

if TYPE_CHECKING:
    from clients.diagnosis.worklist.presenter import WorklistPresenter


def _has_row(state: WorklistState) -> bool:
    return state.selected is not None


ACTIONS = (
    Action("worklist.enter", "进入报告", "F2", "edit", enabled=_has_row),
    Action("worklist.images", "查看影像", "F4", "viewer", enabled=lambda state: state.allows(ReportAction.VIEW_IMAGES)),
    Action(
        "worklist.compare",
        "多人对比",
        "F6",
        "compare",
        hint="并列比较选中（打勾）的 2 到 4 份检查",
        enabled=lambda state: bool(state.ticked) or _has_row(state),
    ),
    Action("worklist.tick", "选入对比", "Ctrl+Space", "check_circle", enabled=_has_row),
    Action(
        "worklist.images_beside",
        "影像并排",
        "Shift+F6",
        "layout",
        hint="把所选患者的影像加到阅片窗口旁边",
        enabled=_has_row,
    ),
    Action("worklist.favourite", "收藏", "Ctrl+D", "star", enabled=_has_row),
    Action(
        "worklist.unlock", "解锁", "Ctrl+Shift+U", "unlock", enabled=lambda state: state.allows(ReportAction.UNLOCK)
    ),
    Action("worklist.refresh", "刷新", "F5", "refresh"),
    Action("worklist.search", "查找患者", "Ctrl+F", "search"),
    Action("worklist.save_query", "保存查询条件", "Ctrl+S", "save"),
    Action("worklist.more", "更多查询条件", "Ctrl+M", "filter"),
    Action("worklist.reset", "重置查询条件", "Ctrl+R", "undo"),
)


class WorklistView(QWidget):
    """The page of the diagnosis list."""

    closing = Signal()
    """the window closes."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self._presenter: WorklistPresenter | None = None
        self._generation = 0
        self._has_source = False
        self._panel: SaveQueryPanel | None = None
        self.conditions = Conditions()
        self.saved = SavedQueriesButton()
        self.conditions.right.addWidget(self.saved)
        self.conditions.right.addWidget(place.actions.icon_button("worklist.save_query"))
        self.words = ListWords(self._now)
        self.strip = ForecastStrip()
        self.list = ListView(
            columns(self.words),
            row_id=lambda row: row.id,
            actions=ROW_ACTIONS,
            shown_actions=3,
            empty=EmptyWords("没有符合条件的检查", "换一个报告状态或日期，或点“重置”回到今日待诊断。", "clipboard"),
            runner=place.runner,
            settings=place.settings,
            list_id="diagnosis.worklist",
        )
        top = QWidget()
        top.setProperty("look", "surface")
        inside = QVBoxLayout(top)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.conditions)
        middle = QVBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(top)
        middle.addWidget(hairline())
        middle.addWidget(self.strip)
        middle.addWidget(self.list, 1)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addLayout(middle, 1)
        across.addWidget(self._side_bar())
        self.setFocusProxy(self.list.table)

    def attach(self, presenter: WorklistPresenter) -> None:
        """Report to this presenter from now on."""
        self._presenter = presenter
        self.conditions.attach(presenter)
        self.conditions.auto_refresh.due.connect(self._on_tick)
        self.conditions.auto_refresh.toggled.connect(presenter.switch_refresh)
        self.strip.clock_chosen.connect(presenter.show_clock)
        self.strip.compare_wanted.connect(presenter.compare_ticked)
        self.strip.clear_wanted.connect(presenter.clear_ticks)
        self.strip.renew_wanted.connect(presenter.refresh)
        self.list.table.clicked.connect(self._on_cell)
        self.list.selected.connect(presenter.select)
        self.list.activated.connect(presenter.enter)
        self.list.action_requested.connect(presenter.act)
        self.list.empty_action.connect(presenter.reset)
        on = self._place.actions.on
        on("worklist.enter", presenter.enter)
        on("worklist.images", self._images)
        on("worklist.compare", presenter.compare_ticked)
        on("worklist.images_beside", presenter.compare_selected)
        on("worklist.tick", presenter.toggle_tick)
        on("worklist.favourite", lambda: presenter.act("favourite"))
        on("worklist.unlock", self._unlock)
        on("worklist.refresh", presenter.refresh)
        on("worklist.search", self.conditions.search.field.setFocus)
        on("worklist.save_query", self.open_saved_queries)
        on("worklist.more", self.conditions.more_button.toggle)
        on("worklist.reset", self.conditions.reset_button.click)

    @property
    def presenter(self) -> WorklistPresenter:
        """The presenter that this page reports to."""
        assert self._presenter is not None
        return self._presenter

    def show_state(self, state: WorklistState) -> None:
        """Show a state."""
        self.conditions.show_state(state)
        self.strip.show_state(state)
        self._show_words(state)
        if self._presenter is not None:
            self.saved.show_state(state, self._presenter)
        if self._panel is not None and self._place.side_panel.content is self._panel:
            self._panel.show_queries(state.queries)
        if state.generation != self._generation:
            self._generation = state.generation
            self.list.clear_error()
            self._show_rows()
        if state.error is not None:
            self.list.show_error(message_for(state.error))
        self._place.actions.update(state)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)

    def _show_words(self, state: WorklistState) -> None:
        ticked = frozenset(row.id for row in state.ticked)
        foretold = frozenset(state.forecast.report_ids) if state.forecast is not None else frozenset()
        if (ticked, foretold) != (self.words.ticked, self.words.foretold):
            self.words.ticked, self.words.foretold = ticked, foretold
            self.list.table.viewport().update()

    def _now(self) -> datetime:
        return self.presenter.time.now()

    def _on_tick(self) -> None:
        """Some seconds passed: clocks move on, whether the list was loaded or not."""
        self.presenter.tick()
        self.list.table.viewport().update()

    def _on_cell(self, index: QModelIndex) -> None:
        columns_shown = self.list.model.columns
        row = self.list.model.row(index.row())
        if row is not None and index.column() < len(columns_shown) and columns_shown[index.column()].key == TICK:
            self.presenter.toggle_tick(row)

    def _show_rows(self) -> None:
        if self._has_source:
            self.list.refresh()
        elif self._presenter is not None:
            self._has_source = True
            self.list.set_source(self._presenter.fetch)

    def open_saved_queries(self) -> None:
        """Open the panel that saves the present conditions."""
        if self._presenter is not None:
            self._panel = SaveQueryPanel(self._presenter.state, self._presenter)
            self._place.side_panel.show_content("保存查询条件", self._panel)
            self._panel.name.setFocus()

    def _side_bar(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("look", "panel")
        column = QVBoxLayout(bar)
        column.setContentsMargins(5, 8, 4, 8)
        column.setSpacing(4)
        for action_id in (
            "worklist.enter",
            "worklist.images",
            "worklist.compare",
            "worklist.images_beside",
            "worklist.favourite",
            "worklist.unlock",
        ):
            column.addWidget(self._place.actions.icon_button(action_id))
        column.addStretch(1)
        column.addWidget(self._place.actions.icon_button("worklist.refresh"))
        return bar

    def _images(self) -> None:
        if self._presenter is not None:
            self._presenter.act(ReportAction.VIEW_IMAGES)

    def _unlock(self) -> None:
        if self._presenter is not None:
            self._presenter.act(ReportAction.UNLOCK)
