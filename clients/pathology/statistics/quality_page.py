"""质控指标: the 13 national indicators of a month against their targets; trend, definition, cases, entering."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField, NumberField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.panels import scrolling
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.statistics.case_list import show_list
from clients.pathology.statistics.chart import FigureChart
from clients.pathology.statistics.files import format_of, show_paper, tongue, with_ending, write_sheet
from clients.pathology.statistics.rules_panel import show_rules
from clients.pathology.statistics.state import Chart
from shared.contract.pathology_statistics import (
    DrawIndicators,
    EnterIndicator,
    ExportIndicators,
    GetIndicators,
    IndicatorMonth,
    IndicatorOf,
    IndicatorView,
)
from shared.domain.pathology_indicators import ENTERED, INDICATORS, Indicator
from shared.domain.pathology_statistics import Unit
from shared.domain.permissions import Permission

MONTHS = 12
_MET = StateLook("达标", Tone.SUCCESS, "check")
_MISSED = StateLook("未达标", Tone.DANGER, "alert")
_EMPTY = EmptyWords("没有质控指标", "请选择月份后查询。", "chart")


def month_before(day: date, back: int) -> str:
    """The name of a month so many months ago."""
    place = day.year * 12 + day.month - 1 - back
    return f"{place // 12:04}-{place % 12 + 1:02}"


def value_words(view: IndicatorView, month: IndicatorMonth) -> str:
    """A month's value with its unit."""
    if month.value is None:
        return "–"
    return (
        f"{month.value:.2f}" if view.indicator in (Indicator.DOCTORS, Indicator.TECHNICIANS) else f"{month.value:.1f}%"
    )


class QualityPage(QWidget):
    """List at the left, the chosen indicator at the right."""

    def __init__(self, desk: Desk, today: date | None = None) -> None:
        super().__init__()
        self._desk = desk
        self._open = True
        day = today or date.today()
        self.views: tuple[IndicatorView, ...] = ()
        self.month = ChoiceEditor(ChoiceField(key="month", label=""))
        self.month.set_choices(
            [Choice(one, one, translate=False) for one in (month_before(day, back) for back in range(36))]
        )
        self.month.set_value(month_before(day, 0))
        self.month.chosen.connect(lambda _month: self.load())
        self.list = ListView(_columns(), row_id=lambda view: view.indicator, empty=_EMPTY)
        self.list.selected.connect(self._selected)
        self.list.activated.connect(lambda _view: self.open_cases())
        self.list.retry.connect(self.load)
        self.title = ValueLabel("", "title")
        self.definition = Label("", "quiet", wrap=True)
        self.parts = Label("", "", wrap=True)
        self.chart = FigureChart()
        self.cases_button = Button("全部病例", "", "list", on_click=self.open_cases)
        self.missed_button = Button("未达到的病例", "", "alert", on_click=partial(self.open_cases, only_missed=True))
        self.form = FormView(
            [
                Section(
                    "录入本月数据",
                    (
                        NumberField(key="numerator", label="分子", required=True, maximum=1e6),
                        NumberField(key="denominator", label="分母", required=True, maximum=1e6),
                        TextField(key="note", label="备注", max_length=200, span=2),
                    ),
                )
            ],
            columns=2,
        )
        self.form.submitted.connect(self.enter)
        self.enter_button = Button("保存", "primary", "save", on_click=self.form.submit)
        self.export_button = Button("导出", "", "download", on_click=self._export)
        self.print_button = Button("打印预览", "", "print", on_click=self._preview)
        self._arrange()
        self.load()

    @property
    def chosen(self) -> IndicatorView | None:
        """The indicator under the cursor."""
        row = self.list.selected_row
        return next((one for one in self.views if row is not None and one.indicator is row.indicator), None)

    def load(self) -> None:
        """Count the months up to the chosen one."""
        self.list.set_loading(True)
        place = self._desk.place
        ask = GetIndicators(last=self.month.value(), months=MONTHS)
        place.runner.run(lambda: place.connection.call(ask), self._came, self._failed, key="pathology.indicators")

    def open_cases(self, *, only_missed: bool = False) -> None:
        """The cases behind the chosen indicator's month."""
        view = self.chosen
        if view is not None and view.indicator not in ENTERED:
            which = IndicatorOf(indicator=view.indicator, month=self.month.value(), only_missed=only_missed)
            show_list(self._desk, INDICATORS[view.indicator][0].zh, which)

    def enter(self) -> None:
        """Keep the typed figures of the month."""
        view, values, place = self.chosen, self.form.values(), self._desk.place
        if view is None:
            return
        ask = EnterIndicator(
            indicator=view.indicator,
            month=self.month.value(),
            numerator=int(values["numerator"]),
            denominator=int(values["denominator"]),
            note=values["note"],
            version=view.months[-1].version,
        )
        place.runner.run(lambda: place.connection.call(ask), self._entered, self._not_entered)

    def closeEvent(self, event: object) -> None:
        self._open = False
        super().closeEvent(event)  # type: ignore[arg-type]

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _came(self, views: tuple[IndicatorView, ...]) -> None:
        if not self._open:
            return
        before = self.chosen
        self.views = views
        self.list.set_rows(views)
        self.list.set_loading(False)
        self.list.select_id(before.indicator if before is not None else Indicator.FIXATION)
        self._show(self.chosen)

    def _failed(self, error: Exception) -> None:
        if self._open:
            self.list.set_loading(False)
            self.list.show_error(message_for(error))

    def _selected(self, view: IndicatorView | None) -> None:
        self._show(view)

    def _show(self, view: IndicatorView | None) -> None:
        for widget in (self.chart, self.cases_button, self.missed_button, self.form, self.enter_button):
            widget.setVisible(view is not None)
        if view is None:
            return
        name, definition, numerator, denominator = INDICATORS[view.indicator]
        last = view.months[-1]
        self.title.set_text(f"{tr(name.zh)}   {value_words(view, last)}")
        self.definition.set_source(definition.zh)
        self.parts.set_source(
            "{numerator} {first} / {denominator} {second}",
            numerator=tr(numerator.zh),
            first=last.numerator,
            denominator=tr(denominator.zh),
            second=last.denominator,
        )
        unit = Unit.YEARS if view.indicator in (Indicator.DOCTORS, Indicator.TECHNICIANS) else Unit.PERCENT
        months = tuple(one.month[2:] for one in view.months)
        chart = Chart(months, tuple(one.value for one in view.months), name.zh, unit, is_line=True)
        self.chart.show_chart(chart, view.target)
        is_entered = view.indicator in ENTERED
        may_enter = self._desk.may(Permission.PATHOLOGY_SETTINGS.value)
        self.cases_button.setVisible(not is_entered)
        self.missed_button.setVisible(not is_entered)
        self.form.setVisible(is_entered and may_enter)
        self.enter_button.setVisible(is_entered and may_enter)
        if is_entered:
            known = last.version > 0
            self.form.set_values(
                {
                    "numerator": last.numerator if known else None,
                    "denominator": last.denominator if known else None,
                    "note": last.note,
                }
            )

    def _entered(self, _month: IndicatorMonth) -> None:
        self._desk.place.messages.say(tr("已保存本月数据"), Tone.SUCCESS)
        self.load()

    def _not_entered(self, error: Exception) -> None:
        message = message_for(error)
        if message.field in ("numerator", "denominator"):
            self.form.show_problems({message.field: message.text})
        else:
            self._desk.place.messages.report(error)

    def _export(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        path, _kind = QFileDialog.getSaveFileName(
            self,
            tr("导出"),
            str(Path(folder) / f"{tr('质控指标')}_{self.month.value()}.xlsx"),
            tr("Excel 工作簿 (*.xlsx);;CSV 文件 (*.csv)"),
        )
        if path:
            self.export(with_ending(Path(path)))

    def export(self, path: Path) -> None:
        """Write all months to a file."""
        ask = ExportIndicators(last=self.month.value(), months=MONTHS, format=format_of(path), language=tongue())
        write_sheet(self._desk, ask, path)

    def _preview(self) -> None:
        month = self.month.value()
        show_paper(self._desk, "质控指标", lambda spoken: DrawIndicators(month=month, language=spoken))

    def _arrange(self) -> None:
        top = QWidget()
        top.setProperty("look", "surface")
        top.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        bar = QHBoxLayout(top)
        bar.setContentsMargins(16, 10, 16, 10)
        bar.setSpacing(8)
        self.month.setFixedWidth(130)
        bar.addWidget(Label("月份", "caption"))
        bar.addWidget(self.month)
        bar.addStretch(1)
        bar.addWidget(Button("统计口径", "", "gear", on_click=partial(show_rules, self._desk, self.load)))
        bar.addWidget(self.export_button)
        bar.addWidget(self.print_button)
        right = QWidget()
        right.setProperty("look", "surface")
        right.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(right)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        for button in (self.cases_button, self.missed_button, self.enter_button):
            buttons.addWidget(button)
        for widget in (self.title, self.definition, self.parts):
            column.addWidget(widget)
        column.addWidget(self.chart, 1)
        column.addWidget(self.form)
        column.addLayout(buttons)
        area = scrolling(right)
        area.setMinimumWidth(400)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.list, 3)
        row.addWidget(hairline(vertical=True))
        row.addWidget(area, 2)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(top)
        box.addWidget(hairline())
        box.addLayout(row, 1)


def _columns() -> tuple[Column, ...]:
    return (
        Column("name", "指标", 0, strong=True, sort=False, value=lambda view: tr(INDICATORS[view.indicator][0].zh)),
        Column("value", "本月", 78, Align.RIGHT, sort=False, value=lambda view: value_words(view, view.months[-1])),
        Column("numerator", "分子", 64, Align.RIGHT, sort=False, value=lambda view: f"{view.months[-1].numerator:,}"),
        Column(
            "denominator", "分母", 64, Align.RIGHT, sort=False, value=lambda view: f"{view.months[-1].denominator:,}"
        ),
        Column("target", "目标", 64, Align.RIGHT, sort=False, quiet=True, value=_target),
        Column(
            "year", "12个月", 78, Align.RIGHT, sort=False, quiet=True, value=lambda view: value_words(view, view.whole)
        ),
        Column("met", "结果", 92, sort=False, value=lambda _view: "", marks=_met),
    )


def _target(view: IndicatorView) -> str:
    return "" if view.target is None else f"≥ {view.target:g}"


def _met(view: IndicatorView) -> list[StateLook]:
    value = view.months[-1].value
    if value is None or view.target is None:
        return []
    return [_MET if value >= view.target else _MISSED]
