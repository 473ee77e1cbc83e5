"""The page of one statistic: days, grouping, whose; a chart above its table; the cases behind a figure; files."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.editors import ChoiceEditor, DateEditor, TextEditor
from clients.kit.fields import Choice, ChoiceField, DateField, TextField
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.messages import message_for
from clients.kit.panels import EmptyState, scrolling
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.statistics.case_list import show_list
from clients.pathology.statistics.chart import FigureChart
from clients.pathology.statistics.conditions import ChoiceBook, GroupEditor
from clients.pathology.statistics.entries import pairs
from clients.pathology.statistics.figure_table import FigureTable
from clients.pathology.statistics.files import show_paper, with_ending
from clients.pathology.statistics.presenter import TablePresenter
from clients.pathology.statistics.rules_panel import show_rules
from clients.pathology.statistics.state import Span, TableState, chart_of
from shared.contract.pathology_statistics import Group
from shared.domain.pathology_statistics import GROUPINGS, GROUPS_OF, SUBJECTS, Measure, Subject

SPANS = (
    Option(Span.TODAY, "本日"),
    Option(Span.WEEK, "近一周"),
    Option(Span.MONTH, "本月"),
    Option(Span.LAST_MONTH, "上月"),
    Option(Span.YEAR, "本年"),
    Option(Span.CHOSEN, "指定日期"),
)
_WORDS = {
    "people": ("人员", "人员姓名，逗号分隔；空为全部"),
    "units": ("送检单位", "送检单位，逗号分隔；空为全部"),
    "diseases": ("疾病", "诊断用词，逗号分隔；空则按编码"),
}


class TablePage(QWidget):
    """The page."""

    def __init__(self, desk: Desk, subject: Subject) -> None:
        super().__init__()
        self._desk, self._subject = desk, subject
        self.presenter = TablePresenter(desk, subject)
        self.group_by = _choice("group_by", "统计模式", 150)
        self.group_by.set_choices([Choice(one, GROUPINGS[one].zh) for one in GROUPS_OF[subject]])
        self.span = SegmentedControl(SPANS, Span.MONTH)
        self.first = DateEditor(DateField(key="first", label="起始日期"))
        self.last = DateEditor(DateField(key="last", label="结束日期"))
        self.library = _choice("library", "病例库", 150)
        libraries = [Choice(one.id, one.entry.name, translate=False) for one in desk.libraries]
        self.library.set_choices([Choice(0, "全部病例库"), *libraries])
        _title, placeholder = _WORDS.get(self.presenter.state.words_are, ("", ""))
        self.words = TextEditor(TextField(key="words", label="", max_length=400, placeholder=placeholder))
        self.numbers = (
            TextEditor(TextField(key="first_number", label="", max_length=24, placeholder="起始病理号")),
            TextEditor(TextField(key="last_number", label="", max_length=24, placeholder="结束病理号")),
        )
        self.conditions = GroupEditor(Group(), ChoiceBook(desk))
        self.conditions.confirmed.connect(self._typed)
        self.more_button = Button("附加条件", "", "filter", on_click=self._toggle_conditions)
        self.query = Button("查询", "primary", "search", on_click=self._typed)
        self.cases_button = Button("查看病例", "", "list", on_click=self._open_current)
        self.export_button = Button("导出", "", "download", on_click=self._export)
        self.print_button = Button("打印预览", "", "print", on_click=self._preview)
        self.problem = ValueLabel("", "error")
        self.problem.hide()
        self.chart = FigureChart()
        self.table = FigureTable()
        self.table.opened.connect(self._open)
        self.table.measure_chosen.connect(self._measure_chosen)
        self.empty = EmptyState("chart", "正在统计…")
        self.empty.acted.connect(self.presenter.refresh)
        self.hint = Label("双击表中的数字，查看对应的病例。", "quiet")
        self._arrange()
        self._connect()
        self.presenter.show_to(self.render_state)
        self.destroyed.connect(partial(_release, self.presenter))
        self.presenter.refresh()

    def render_state(self, state: TableState) -> None:
        """Draw what the presenter knows."""
        self.group_by.set_value(state.group_by)
        self.span.set_current(state.span)
        self.first.set_value(state.first)
        self.last.set_value(state.last)
        self.library.set_value(state.library_id)
        sentence = next(iter(state.problems.values()), "")
        self.problem.set_text(sentence)
        self.problem.setVisible(bool(sentence))
        if state.table is not self.table.table:
            self.table.show_table(state.table)
        self.chart.show_chart(chart_of(state))
        has_rows = state.table is not None and bool(state.table.rows)
        for button in (self.cases_button, self.export_button, self.print_button):
            button.setEnabled(has_rows and not state.is_loading)
        self.stack.setCurrentIndex(1 if has_rows else 0)
        self.hint.setVisible(has_rows)
        if not has_rows:
            self._say(state)

    def _say(self, state: TableState) -> None:
        if state.error is not None and not state.problems:
            message = message_for(state.error)
            self.empty.show_words("alert", message.text, "", action="重试", tone=message.tone)
        elif state.is_loading:
            self.empty.show_words("hourglass", "正在统计…", "", tone=None)
        else:
            self.empty.show_words("chart", "这些日期没有可统计的内容", "请换一个日期范围或病例库。", tone=None)

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def _connect(self) -> None:
        self.group_by.chosen.connect(lambda value: self.presenter.choose(group_by=value))
        self.library.chosen.connect(lambda value: self.presenter.choose(library_id=value))
        self.span.chosen.connect(lambda span: self.presenter.choose_span(Span(span)))
        for editor in (self.first, self.last):
            editor.confirmed.connect(self._typed)
            editor.left.connect(self._days_left)
        for text in (self.words, *self.numbers):
            text.confirmed.connect(self._typed)

    def _days_left(self) -> None:
        first, last = self.first.value(), self.last.value()
        if isinstance(first, date) and isinstance(last, date) and (first, last) != self._days():
            self.presenter.choose_days(first, last)

    def _days(self) -> tuple[date, date]:
        return self.presenter.state.first, self.presenter.state.last

    def _typed(self) -> None:
        """查询: everything that was typed."""
        first, last = self.first.value(), self.last.value()
        if not isinstance(first, date) or not isinstance(last, date):
            self.problem.set_text(tr("请填写日期，例如 2026-11-22。"))
            self.problem.show()
            return
        low, high = (str(one.value() or "") for one in self.numbers)
        if (first, last) != self._days():
            self.presenter.choose_days(first, last)
        parts: dict[str, object] = {"words": str(self.words.value() or ""), "first_number": low, "last_number": high}
        parts["condition"] = self.conditions.group() if self.more.isVisible() else Group()
        if all(getattr(self.presenter.state, key) == value for key, value in parts.items()):
            self.presenter.refresh()
        else:
            self.presenter.choose(**parts)

    def _toggle_conditions(self) -> None:
        """附加条件: only cases that meet them are counted."""
        self.more.setVisible(not self.more.isVisible())
        if self.more.isVisible() and not self.conditions.parts:
            self.conditions.add_condition()
        if not self.more.isVisible():
            self._typed()

    def _open(self, key: str, measure: Measure, of_row: bool) -> None:
        show_list(self._desk, SUBJECTS[self._subject].zh, self.presenter.figure(key, measure, of_row=of_row))

    def _open_current(self) -> None:
        if self.table.currentRow() < 0:
            self.table.setCurrentCell(self.table.rowCount() - 1, 1)
        self.table.open_current()

    def _measure_chosen(self, measure: Measure) -> None:
        self.presenter.choose_measure(measure)

    def _export(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        state = self.presenter.state
        name = f"{tr(SUBJECTS[self._subject].zh)}_{state.first}_{state.last}.xlsx"
        path, _kind = QFileDialog.getSaveFileName(
            self, tr("导出"), str(Path(folder) / name), tr("Excel 工作簿 (*.xlsx);;CSV 文件 (*.csv)")
        )
        if path:
            self.presenter.export(with_ending(Path(path)))

    def _preview(self) -> None:
        show_paper(self._desk, SUBJECTS[self._subject].zh, self.presenter.paper)

    # ── arrangement ──────────────────────────────────────────────────────────────────────────────────

    def _arrange(self) -> None:
        top = QWidget()
        top.setProperty("look", "surface")
        top.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        lines = QVBoxLayout(top)
        lines.setContentsMargins(16, 10, 16, 10)
        lines.setSpacing(8)
        self.first.setFixedWidth(138)
        self.last.setFixedWidth(138)
        first = _row(
            Label("统计模式", "caption"), self.group_by, self.span, self.first, Label("至", "caption"), self.last
        )
        first.addStretch(1)
        lines.addLayout(first)
        lines.addLayout(self._second_line())
        lines.addWidget(self.problem)
        lines.addWidget(self._conditions_area())
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.addWidget(self.chart)
        self.split.addWidget(self.table)
        self.split.setChildrenCollapsible(False)
        self.split.setSizes([260, 340])
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.split)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 6, 16, 8)
        foot.addWidget(self.hint)
        foot.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(top)
        box.addWidget(hairline())
        box.addWidget(self.stack, 1)
        box.addLayout(foot)

    def _second_line(self) -> QHBoxLayout:
        second = _row(Label("病例库", "caption"), self.library)
        words_are = self.presenter.state.words_are
        if words_are:
            self.words.setMinimumWidth(250)
            second.addWidget(Label(_WORDS[words_are][0], "caption"))
            second.addWidget(self.words, 1)
        if self._subject is Subject.PREPARATION:
            for editor in self.numbers:
                editor.setFixedWidth(130)
                second.addWidget(editor)
        if not words_are:
            second.addStretch(1)
        if self._subject is Subject.AGREEMENT:
            second.addWidget(Button("逐例对照", "", "compare", on_click=partial(pairs, self._desk)))
        if self._subject is Subject.POSITIVE:
            second.addWidget(Button("统计口径", "", "gear", on_click=partial(show_rules, self._desk)))
        for button in (self.more_button, self.query, self.cases_button, self.export_button, self.print_button):
            second.addWidget(button)
        return second

    def _conditions_area(self) -> QWidget:
        holder = QWidget()
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(0, 0, 8, 0)
        inside.addWidget(self.conditions)
        inside.addStretch(1)
        self.more = scrolling(holder)
        self.more.setFixedHeight(150)
        self.more.hide()
        return self.more


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
    return row


def _choice(key: str, label: str, width: int) -> ChoiceEditor:
    editor = ChoiceEditor(ChoiceField(key=key, label=label))
    editor.setMinimumWidth(width)
    editor.setMaximumWidth(width + 40)
    return editor


def _release(presenter: TablePresenter, *_: object) -> None:
    presenter.close()
