"""The page of the follow-up queue: due ones first, one at the right, agreement with pathology and surgery."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from clients.diagnosis.collections.follow_ups.case_view import FollowUpCase
from clients.diagnosis.collections.follow_ups.presenter import QueuePresenter, QueueState
from clients.diagnosis.collections.words import SCOPE_WORDS, follow_up_look, rate_words
from clients.diagnosis.worklist.more_filters import DayEditor
from clients.kit.choosing import ChipFilter, Option, SearchBox, Switch
from clients.kit.labels import Button, IconButton, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords, RowAction
from clients.kit.shell import Workplace
from clients.kit.states import StateLook
from clients.kit.translations import tr
from shared.contract.collections import FollowUpScope, FollowUpView


def _look(row: FollowUpView) -> list[StateLook]:
    return [follow_up_look(row)]


COLUMNS = (
    Column("due_on", "随访日期", 104, sort=False),
    Column("patient_name", "姓名", 96, value=lambda row: row.case.patient_name, strong=True, sort=False),
    Column("exam_type", "检查类型", 72, value=lambda row: row.case.exam_type, sort=False),
    Column("items", "检查项目", 0, value=lambda row: row.case.items, sort=False),
    Column("state", "随访状态", 112, value=lambda _row: "", marks=_look, sort=False),
    Column("reason", "随访原因", 140, sort=False, quiet=True),
    Column("opened_by", "发起", 80, sort=False),
    Column("accession_number", "检查号", 112, value=lambda row: row.case.accession_number, sort=False, visible=False),
    Column("found", "病理、手术或临床诊断", 160, sort=False, visible=False),
    Column("closed_at", "结束时间", 132, sort=False, visible=False, quiet=True),
)
ACTIONS = (
    RowAction("open", "阅读报告", "document", allowed=lambda _row: True),
    RowAction("images", "查看影像", "viewer", allowed=lambda row: bool(row.case.study_uids)),
)


class FollowUpsView(QWidget):
    """随访."""

    def __init__(
        self, place: Workplace, open_report: Callable[[int], None], open_images: Callable[[tuple[str, ...]], None]
    ) -> None:
        super().__init__()
        self._place = place
        self._open_report = open_report
        self._open_images = open_images
        self._generation = -1
        self.presenter = QueuePresenter(place.connection, place.runner, place.messages)
        self.scopes = ChipFilter([Option(scope.value, words) for scope, words in SCOPE_WORDS.items()])
        self.scopes.changed.connect(self._on_scopes)
        self.mine = Switch("只看本人", checked=True)
        self.mine.toggled.connect(lambda on: self.presenter.filter(mine_only=on))
        self.search = SearchBox((Option("any", "姓名、检查号、项目或诊断"),))
        self.search.searched.connect(lambda _mode, text: self.presenter.filter(text=text))
        self.list = ListView(
            COLUMNS,
            row_id=lambda row: row.id,
            actions=ACTIONS,
            shown_actions=2,
            empty=EmptyWords("没有随访", "换一个范围；在报告页的“随访”中把患者加入队列。", "calendar"),
            runner=place.runner,
            settings=place.settings,
            list_id="diagnosis.follow_ups",
        )
        self.list.selected.connect(self._on_selected)
        self.list.activated.connect(lambda row: self._open_report(row.case.report_id))
        self.list.action_requested.connect(self._on_action)
        self.case = FollowUpCase(place, may_add=False)
        self.rates = _Rates(self.presenter)
        self._arrange()
        place.on_notice(self.presenter.heard)
        self.list.set_source(self.presenter.fetch)
        self.presenter.show_to(self.render_state)

    def refresh(self) -> None:
        """The page came to the front."""
        self.presenter.refresh()

    def render_state(self, state: QueueState) -> None:
        """Show scopes and counts; fetch rows when they are outdated."""
        self.scopes.set_chosen([state.scope.value])
        self.scopes.set_counts(state.counts)
        self.rates.show_state(state)
        if state.generation != self._generation:
            self._generation = state.generation
            self.list.refresh()

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(16, 8, 16, 8)
        top.setSpacing(8)
        top.addWidget(self.scopes)
        top.addWidget(self.search, 1)
        top.addWidget(self.mine)
        top.addWidget(Button("诊断符合率", "link", on_click=self.rates.toggle))
        top.addWidget(IconButton("refresh", "刷新", on_click=self.presenter.refresh))
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addLayout(top)
        left.addWidget(hairline())
        left.addWidget(self.rates)
        left.addWidget(self.list, 1)
        right = QFrame()
        right.setProperty("look", "panel")
        right.setFixedWidth(340)
        box = QVBoxLayout(right)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.case)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addLayout(left, 1)
        across.addWidget(right)

    def _on_scopes(self, keys: tuple[str, ...]) -> None:
        before = self.presenter.state.scope.value
        chosen = next((key for key in keys if key != before), before)
        self.presenter.filter(scope=FollowUpScope(chosen))

    def _on_selected(self, row: FollowUpView | None) -> None:
        if row is not None:
            self.case.presenter.open_report(row.case.report_id, row.id)

    def _on_action(self, action: str, row: FollowUpView) -> None:
        if action == "open":
            self._open_report(row.case.report_id)
        else:
            self._open_images(row.case.study_uids)


class _Rates(QWidget):
    """Agreement with pathology and surgery in some days, by exam type; folded away until wanted."""

    def __init__(self, presenter: QueuePresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._shown: tuple[object, ...] = ()
        self.setProperty("look", "panel")
        today = date.today()
        self.first, self.last = DayEditor("起始日期"), DayEditor("结束日期")
        self.first.set_value(today.replace(month=1, day=1))
        self.last.set_value(today)
        self.trouble = ValueLabel("", "error")
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Label("诊断符合率（病理、手术证实）", "strong"))
        line.addStretch(1)
        for editor in (self.first, self.last):
            editor.setFixedWidth(140)
            editor.settled.connect(self.load)
            line.addWidget(editor)
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(24)
        self.grid.setVerticalSpacing(2)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 8, 16, 8)
        box.addLayout(line)
        box.addWidget(self.trouble)
        box.addLayout(self.grid)
        self.hide()

    def toggle(self) -> None:
        """Open and load, or fold away."""
        self.setVisible(self.isHidden())
        if not self.isHidden():
            self.load()

    def load(self) -> None:
        """Ask with the days of the two editors."""
        first, last = self.first.value(), self.last.value()
        if isinstance(first, date) and isinstance(last, date):
            self._presenter.load_rates(first, last)

    def show_state(self, state: QueueState) -> None:
        """Show the figures."""
        self.trouble.setVisible(bool(state.rates_trouble))
        self.trouble.set_text(state.rates_trouble)
        if state.rates == self._shown:
            return
        self._shown = state.rates
        while self.grid.count():
            item = self.grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        heads = ("检查类型", "符合", "部分符合", "不符合", "未判定", "符合率")
        for place, words in enumerate(heads):
            self.grid.addWidget(Label(words, "caption"), 0, place)
        for number, row in enumerate(state.rates, 1):
            cells = (row.exam_type or tr("合计"), row.agrees, row.partly, row.disagrees, row.unjudged, rate_words(row))
            for place, value in enumerate(cells):
                cell = ValueLabel(str(value), "strong" if number == 1 else "")
                cell.setMinimumWidth(56)
                self.grid.addWidget(cell, number, place)
        self.grid.setColumnStretch(len(heads), 1)
