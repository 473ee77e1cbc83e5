"""The page of statistics: what, by what, which days; a chart above its table; export."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from clients.diagnosis.statistics.chart import StatisticsChart
from clients.diagnosis.statistics.presenter import StatisticsPresenter
from clients.diagnosis.statistics.state import GROUPS, Line, Shown, Span, StatisticsState
from clients.diagnosis.statistics.words import GROUP_WORDS, MOST_BARS, STEPS, SUBJECTS, number_words
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.editors import ChoiceEditor, DateEditor
from clients.kit.fields import Choice, ChoiceField, DateField
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.shell import Workplace
from clients.kit.translations import tr
from shared.contract.statistics import Step, Subject

SPANS = (
    Option(Span.TODAY, "本日"),
    Option(Span.WEEK, "近一周"),
    Option(Span.MONTH, "本月"),
    Option(Span.LAST_MONTH, "上月"),
    Option(Span.YEAR, "本年"),
    Option(Span.CHOSEN, "指定日期"),
)
_EMPTY = EmptyWords("这些日期没有可统计的检查", "请换一个日期范围或院区。", "empty")


class StatisticsPage(QWidget):
    """The page."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self._presenter: StatisticsPresenter | None = None
        self._generation = 0
        self._offered: tuple[object, ...] = ()
        self.subject = SegmentedControl([Option(key, words) for key, words in SUBJECTS.items()])
        self.group_by = _choice("group_by", "分组")
        self.step = _choice("step", "环节")
        self.step.setMinimumWidth(230)
        self.step.setMaximumWidth(300)
        self.step.set_choices([Choice(key, words) for key, words in STEPS.items()])
        self.campus = _choice("campus", "院区", "全部院区")
        self.exam_type = _choice("exam_type", "检查类型", "全部类型")
        self.span = SegmentedControl(SPANS, Span.MONTH)
        self.first = DateEditor(DateField(key="first", label="起始日期"))
        self.last = DateEditor(DateField(key="last", label="结束日期"))
        for editor in (self.campus, self.exam_type):
            editor.setMinimumWidth(108)
        for day in (self.first, self.last):
            day.setMinimumWidth(126)
        self.export_button = Button("导出 Excel", "", on_click=self._export)
        self.days = ValueLabel("", "quiet")
        self.chart = StatisticsChart()
        self.note = ValueLabel("", "quiet", wrap=True)
        self.table = ListView(self._columns(None), row_id=lambda line: (line.is_total, line.key), empty=_EMPTY)
        self.charts = QStackedWidget()
        nothing = Label("这些日期没有可统计的检查", "quiet")
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.charts.addWidget(self.chart)
        self.charts.addWidget(nothing)
        self._arrange()

    def attach(self, presenter: StatisticsPresenter) -> None:
        """Report to this presenter from now on."""
        self._presenter = presenter
        self.subject.chosen.connect(presenter.choose_subject)
        self.group_by.chosen.connect(lambda value: presenter.choose(group_by=value))
        self.step.chosen.connect(lambda value: presenter.choose(step=Step(value)))
        self.campus.chosen.connect(lambda value: presenter.choose(campus_id=value or None))
        self.exam_type.chosen.connect(lambda value: presenter.choose(exam_type=value or ""))
        self.span.chosen.connect(lambda key: presenter.choose_span(Span(key)))
        self.first.edited.connect(self._on_days)
        self.last.edited.connect(self._on_days)
        presenter.show_to(self.show_state)

    @property
    def presenter(self) -> StatisticsPresenter:
        """The presenter that this page reports to."""
        assert self._presenter is not None
        return self._presenter

    def show_state(self, state: StatisticsState) -> None:
        """Show a state."""
        self.subject.set_current(state.subject)
        self._offer(state)
        self.step.setVisible(state.subject == Subject.TURNAROUND and state.group_by != "step")
        self.exam_type.setVisible(state.subject != "critical")
        self.span.set_current(state.span)
        for editor, day in ((self.first, state.first), (self.last, state.last)):
            editor.setVisible(state.span is Span.CHOSEN)
            if editor.value() != day and not editor.hasFocus():
                editor.set_value(day)
        self.days.set_text("" if state.span is Span.CHOSEN else f"{state.first} – {state.last}")
        self.export_button.setEnabled(state.shown is not None and not state.is_exporting)
        self.table.set_loading(state.is_loading)
        if state.generation != self._generation and state.shown is not None:
            self._generation = state.generation
            self._show(state.shown)
        if state.error is not None:
            self.table.show_error(message_for(state.error))

    def _show(self, shown: Shown) -> None:
        self.table = self._replaced(shown)
        self.table.set_rows(shown.lines if len(shown.lines) > 1 or shown.chart.names else ())
        rest = shown.chart.left_out
        words = tr("图中只画前 {count} 行，其余 {rest} 行见表。", count=MOST_BARS, rest=rest) if rest else ""
        self.note.set_text(words)
        self.note.setVisible(bool(rest))
        has_any = any(value for series in shown.chart.series for value in series.values)
        self.charts.setCurrentIndex(0 if has_any else 1)
        if has_any:
            self.chart.show_chart(shown.chart)
        self.chart.setAccessibleName(
            tr("图表：{subject}，{group}", subject=tr(SUBJECTS[self.subject.current]), group=tr(shown.heading))
        )

    def _replaced(self, shown: Shown) -> ListView:
        """A list for these columns: they differ from subject to subject."""
        made = ListView(self._columns(shown), row_id=lambda line: (line.is_total, line.key), empty=_EMPTY)
        old = self.table
        self._below.replaceWidget(old, made)
        old.hide()
        old.deleteLater()
        made.retry.connect(self.presenter.refresh)
        return made

    def _columns(self, shown: Shown | None) -> tuple[Column, ...]:
        heading = "环节" if shown is None else shown.heading
        measures = () if shown is None else shown.measures
        return (
            Column("name", heading, 0, strong=True, sort=False),
            *(
                Column(f"v{at}", title, 104, Align.RIGHT, value=_Value(at), format=number_words)
                for at, title in enumerate(measures)
            ),
        )

    def _offer(self, state: StatisticsState) -> None:
        offered = (state.subject, state.hospital)
        if offered != self._offered:
            self._offered = offered
            self.group_by.set_choices([Choice(key, GROUP_WORDS[key]) for key in GROUPS[state.subject]])
            if state.hospital is not None:
                campuses = [Choice(one.id, one.name, translate=False) for one in state.hospital.campuses]
                types = [Choice(one.code, one.code, translate=False) for one in state.hospital.exam_types]
                self.campus.set_choices([Choice(0, "全部院区"), *campuses])
                self.exam_type.set_choices([Choice("", "全部类型"), *types])
                self.campus.setVisible(len(campuses) > 1)
        self.group_by.set_value(state.group_by)
        self.step.set_value(state.step)
        self.campus.set_value(state.campus_id or 0)
        self.exam_type.set_value(state.exam_type)

    def _on_days(self) -> None:
        first, last = self.first.value(), self.last.value()
        if isinstance(first, date) and isinstance(last, date):
            self.presenter.choose_days(first, last)

    def _export(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        state = self.presenter.state
        name = f"{tr(SUBJECTS[state.subject])}_{state.first}_{state.last}.xlsx"
        path, _filter = QFileDialog.getSaveFileName(
            self, tr("导出 Excel"), str(Path(folder) / name), tr("Excel 工作簿 (*.xlsx)")
        )
        if path:
            self.presenter.export(Path(path) if path.lower().endswith(".xlsx") else Path(f"{path}.xlsx"))

    def _arrange(self) -> None:
        top = QWidget()
        top.setProperty("look", "surface")
        lines = QVBoxLayout(top)
        lines.setContentsMargins(16, 8, 16, 8)
        lines.setSpacing(8)
        first = QHBoxLayout()
        first.addWidget(self.subject)
        first.addStretch(1)
        first.addWidget(self.step)
        first.addWidget(self.export_button)
        second = QHBoxLayout()
        second.setSpacing(8)
        second.addWidget(Label("分组", "caption"))
        for part in (self.group_by, self.span, self.first, self.last, self.campus, self.exam_type):
            second.addWidget(part)
        second.addWidget(self.days)
        second.addStretch(1)
        lines.addLayout(first)
        lines.addLayout(second)
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.charts, 1)
        column.addWidget(self.note)
        below = QWidget()
        self._below = QVBoxLayout(below)
        self._below.setContentsMargins(0, 0, 0, 0)
        self._below.addWidget(self.table)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(above)
        split.addWidget(below)
        split.setChildrenCollapsible(False)
        split.setSizes([360, 280])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        layout.addWidget(hairline())
        layout.addWidget(split, 1)


class _Value:
    def __init__(self, at: int) -> None:
        self._at = at

    def __call__(self, line: Line) -> float | None:
        return line.values[self._at]


def _choice(key: str, label: str, placeholder: str = "") -> ChoiceEditor:
    editor = ChoiceEditor(ChoiceField(key=key, label=label, placeholder=placeholder or "请选择"))
    editor.setMinimumWidth(130)
    editor.setMaximumWidth(190)
    return editor


def build(place: Workplace) -> QWidget:
    """Return the page, loading."""
    view = StatisticsPage(place)
    presenter = StatisticsPresenter(place.connection, place.runner, place.messages)
    view.attach(presenter)
    presenter.open()
    return view
