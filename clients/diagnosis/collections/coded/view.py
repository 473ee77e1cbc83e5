"""The tab of the search over coded values: conditions above, reports that fulfil them below."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from clients.diagnosis.collections.coded.presenter import CodedSearchPresenter
from clients.diagnosis.collections.coded.state import CodedSearchState
from clients.diagnosis.worklist.more_filters import ALL, DayEditor, choices, fill
from clients.kit.editors import NumberEditor
from clients.kit.fields import NumberField
from clients.kit.labels import IconButton, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Column, EmptyWords, RowAction, local_time
from clients.kit.shell import Workplace
from clients.kit.translations import tr
from shared.contract.structured import CodedHit

COLUMNS = (
    Column("patient_name", "姓名", 104, strong=True, sort=False),
    Column("exam_type", "检查类型", 80, sort=False),
    Column("accession_number", "检查号", 128, sort=False),
    Column("examined_at", "检查时间", 136, format=local_time, sort=False),
    Column("label", "所查字段", 180, sort=False, quiet=True),
    Column("text", "答案", 0, strong=True, sort=False),
    Column("template_title", "表单模板", 200, sort=False, quiet=True),
)
ACTIONS = (RowAction("open", "阅读报告", "document", allowed=lambda _row: True),)
NOTHING_TO_CHOOSE = EmptyWords("没有结构化模板", "请管理员在“结构化模板”里添加并发布。", "grid")
NOTHING_ASKED = EmptyWords("先选择模板", "再选字段、选项或数值范围，列出符合的已审核报告。", "search")
NOTHING_FOUND = EmptyWords("没有符合的已审核报告", "换一个选项，或放宽范围和日期。", "empty")
_MOST_TEXT = 100


class CodedSearchView(QWidget):
    """结构化检索: coded values of approved reports."""

    def __init__(self, place: Workplace, open_report: Callable[[int], None]) -> None:
        super().__init__()
        self._open_report = open_report
        self._generation = -1
        self._error: Exception | None = None
        self._is_loading = False
        self.presenter = CodedSearchPresenter(place.connection, place.runner, place.messages)
        self.template = choices("template", "表单模板")
        self.field = choices("field", "所查字段")
        self.option = choices("option", "选项")
        self.text = QLineEdit()
        self.text.setMaxLength(_MOST_TEXT)
        self.low, self.high = _number("下限"), _number("上限")
        self.unit = ValueLabel("", "quiet")
        self.unit.setFixedWidth(64)
        self.exam_type = choices("exam_type", "检查类型")
        self.first, self.last = DayEditor("起始日期"), DayEditor("结束日期")
        self.problem = ValueLabel("", "error")
        self.list = ListView(
            COLUMNS,
            row_id=lambda row: row.report_id,
            actions=ACTIONS,
            shown_actions=1,
            empty=NOTHING_ASKED,
            runner=place.runner,
            settings=place.settings,
            list_id="diagnosis.coded_search",
        )
        self._arrange()
        self._connect()
        self.list.set_source(self.presenter.fetch)
        self.presenter.show_to(self.render_state)

    def refresh(self) -> None:
        """The page came to the front."""
        self.presenter.refresh()

    def render_state(self, state: CodedSearchState) -> None:
        """Show conditions and what they offer; fetch hits when they are outdated."""
        fill(self.template, [(row.id, row.title) for row in state.templates or ()], "选择模板")
        self.template.set_value(state.template_id or ALL)
        fill(self.field, [(one.path, one.label) for one in state.offers], "全部字段")
        self.field.set_value(state.path or ALL)
        self.field.setEnabled(state.template is not None)
        self._show_answer(state)
        types = state.hospital.exam_types if state.hospital is not None else ()
        fill(self.exam_type, [(one.code, one.code) for one in types], "全部类型")
        self.exam_type.set_value(state.exam_type or ALL)
        self.problem.set_text(tr(state.problem) if state.problem else "")
        self.problem.setVisible(bool(state.problem))
        self._show_list(state)

    def _show_answer(self, state: CodedSearchState) -> None:
        offer = state.offer
        has_options = offer is not None and offer.has_options
        if offer is not None and has_options:
            fill(self.option, [(one.key, one.text) for one in offer.field.options], "全部选项")
            self.option.set_value(state.option or ALL)
        self.options_part.setVisible(has_options)
        self.range_part.setVisible(offer is not None and offer.has_number)
        self.unit.set_text(offer.field.unit if offer is not None else "")
        for editor, value in ((self.low, state.at_least), (self.high, state.at_most)):
            if not editor.line.hasFocus() and editor.value() != value and not isinstance(editor.value(), str):
                editor.set_value(value)
        self.text_part.setVisible(state.takes_text)
        if not self.text.hasFocus():
            self.text.setText(state.text)

    def _show_list(self, state: CodedSearchState) -> None:
        if state.templates == ():
            self.list.set_empty_words(NOTHING_TO_CHOOSE)
        else:
            self.list.set_empty_words(NOTHING_FOUND if state.template_id else NOTHING_ASKED)
        if state.is_loading != self._is_loading:  # the list shows its own windows under way by itself
            self._is_loading = state.is_loading
            self.list.set_loading(state.is_loading)
        if state.generation != self._generation:
            self._generation = state.generation
            self.list.refresh()
        if state.error is not None and state.error is not self._error:
            self.list.show_error(message_for(state.error))
        self._error = state.error

    def _arrange(self) -> None:
        self.template.setFixedWidth(260)
        self.field.setFixedWidth(240)
        self.option.setFixedWidth(220)
        self.exam_type.setFixedWidth(140)
        self.text.setFixedWidth(160)
        for bound in (self.low, self.high):
            bound.setFixedWidth(88)
        for editor in (self.first, self.last):
            editor.setFixedWidth(140)
        self.options_part = _part("选项", self.option)
        self.range_part = _part("数值", self.low, Label("–", "caption"), self.high, self.unit)
        self.text_part = _part("包含文字", self.text)
        what = QHBoxLayout()
        what.setSpacing(16)
        for part in (_part("表单模板", self.template), _part("所查字段", self.field)):
            what.addWidget(part)
        for part in (self.options_part, self.range_part):
            what.addWidget(part)
        what.addStretch(1)
        when = QHBoxLayout()
        when.setSpacing(16)
        when.addWidget(_part("检查类型", self.exam_type))
        when.addWidget(_part("检查日期", self.first, Label("–", "caption"), self.last))
        when.addWidget(self.text_part)
        when.addWidget(self.problem)
        when.addStretch(1)
        when.addWidget(IconButton("refresh", "刷新", on_click=self.presenter.refresh))
        top = QVBoxLayout()
        top.setContentsMargins(16, 8, 16, 8)
        top.setSpacing(8)
        top.addLayout(what)
        top.addLayout(when)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(top)
        box.addWidget(hairline())
        box.addWidget(self.list, 1)

    def _connect(self) -> None:
        presenter = self.presenter
        self.template.chosen.connect(lambda value: presenter.choose_template(0 if value in (ALL, None) else value))
        self.field.chosen.connect(lambda value: presenter.choose_field(_chosen(value)))
        self.option.chosen.connect(lambda value: presenter.filter(option=_chosen(value)))
        self.exam_type.chosen.connect(lambda value: presenter.filter(exam_type=_chosen(value)))
        self.text.editingFinished.connect(lambda: presenter.filter(text=self.text.text().strip()))
        for editor in (self.low, self.high):
            editor.confirmed.connect(self._on_range)
            editor.left.connect(self._on_range)
        for day in (self.first, self.last):
            day.settled.connect(self._on_days)
        self.list.activated.connect(self._open)
        self.list.action_requested.connect(lambda _action, row: self._open(row))
        self.list.retry.connect(presenter.refresh)

    def _open(self, row: CodedHit) -> None:
        self._open_report(row.report_id)

    def _on_range(self) -> None:
        low, high = self.low.value(), self.high.value()
        for editor, value in ((self.low, low), (self.high, high)):
            editor.set_wrong(isinstance(value, str))
        if isinstance(low, str) or isinstance(high, str):
            self.presenter.refuse("请填写数字。")
        else:
            self.presenter.filter(at_least=low, at_most=high)

    def _on_days(self) -> None:
        first, last = self.first.value(), self.last.value()
        if not isinstance(first, str) and not isinstance(last, str):
            self.presenter.filter(first=_day(first), last=_day(last))


def _number(label: str) -> NumberEditor:
    editor = NumberEditor(NumberField(key=label, label=label, minimum=-1e9, decimals=3))
    editor.line.setPlaceholderText(tr(label))
    return editor


def _part(label: str, *widgets: QWidget) -> QWidget:
    part = QWidget()
    row = QHBoxLayout(part)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    row.addWidget(Label(label, "caption"))
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return part


def _chosen(value: object) -> str:
    return "" if value in (ALL, None) else str(value)


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None
