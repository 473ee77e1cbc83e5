"""The statistics page: intentions over a fake line, numbers beside numbers, charts in both themes, export to a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCharts import QBarSeries, QLineSeries, QStackedBarSeries
from pytestqt.qtbot import QtBot

from clients.diagnosis.statistics import texts
from clients.diagnosis.statistics.chart import StatisticsChart
from clients.diagnosis.statistics.presenter import StatisticsPresenter
from clients.diagnosis.statistics.state import CRITICAL, DRAWN, GROUPS, Chart, Drawing, Series, Span, days_of
from clients.diagnosis.statistics.words import (
    CRITICAL_MEASURES,
    GROUP_WORDS,
    MEASURES,
    MOST_BARS,
    STEPS,
    SUBJECTS,
    critical_shown,
    number_words,
    shown_of,
)
from clients.kit.app import make_application
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, register_catalogue, set_language
from shared.contract.critical import CriticalGroup, CriticalStatistics
from shared.contract.master import SheetView
from shared.contract.organisation import GetHospital, HospitalView
from shared.contract.statistics import (
    ExportStatistics,
    GetStatistics,
    GroupBy,
    Measure,
    StatisticsRow,
    StatisticsTable,
    Step,
    Subject,
)

TODAY = date(2026, 3, 18)
COLUMNS = (Measure.EXAMS, Measure.IMAGES, Measure.REPORTS, Measure.AUDITS)
HOSPITAL = HospitalView(version=1, name="", name_en="", campuses=(), rooms=(), devices=(), exam_types=(), exam_items=())


def a_table(rows: int = 3, group_by: GroupBy = GroupBy.DOCTOR, subject: Subject = Subject.WORKLOAD) -> StatisticsTable:
    return StatisticsTable(
        subject=subject,
        group_by=group_by,
        columns=COLUMNS,
        rows=tuple(
            StatisticsRow(key=f"{at}", name=f"医生{at}" if at else "", values=(100.0 - at, 5000, 90 - at, None))
            for at in range(rows)
        ),
        total=StatisticsRow(key="", name="", values=(sum(100.0 - at for at in range(rows)), 1, 2, None)),
    )


class Line:
    """Answers as a server would and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def call(self, request: Any) -> Any:
        self.asked.append(request)
        if isinstance(request, GetHospital):
            return HOSPITAL
        if isinstance(request, GetStatistics):
            columns = tuple(DRAWN[request.subject])
            return StatisticsTable(
                subject=request.subject,
                group_by=request.group_by,
                columns=columns,
                rows=(),
                total=StatisticsRow(key="", name="", values=(0,) * len(columns)),
            )
        if isinstance(request, ExportStatistics):
            return SheetView(file_name="x.xlsx", content=b"PK workbook")
        zero = CriticalGroup(
            name="",
            count=0,
            cancelled=0,
            open=0,
            notified_in_time=0,
            in_time_percent=None,
            median_notify=None,
            median_acknowledge=None,
            escalated=0,
        )
        return CriticalStatistics(first=TODAY, last=TODAY, all=zero, by_department=(zero,), by_region=(), by_doctor=())


def a_presenter(line: Line, messages: CollectedMessages | None = None) -> StatisticsPresenter:
    return StatisticsPresenter(line, ImmediateRunner(), messages or CollectedMessages(), today=lambda: TODAY)


def test_what_is_chosen_is_asked() -> None:
    line = Line()
    presenter = a_presenter(line)
    presenter.open()
    assert line.asked[-1] == GetStatistics(
        subject=Subject.TURNAROUND,
        group_by=GroupBy.STEP,
        filter=line.asked[-1].filter,
    )
    assert (line.asked[-1].filter.first, line.asked[-1].filter.last) == (date(2026, 3, 1), TODAY)
    presenter.choose(group_by="doctor", step=Step.AUDIT)
    presenter.choose_subject(Subject.WORKLOAD)
    presenter.choose(campus_id=2, exam_type="CT")
    presenter.choose_span(Span.LAST_MONTH)
    asked = line.asked[-1]
    assert (asked.subject, asked.group_by) == (Subject.WORKLOAD, GroupBy.DOCTOR)
    assert (asked.filter.campus_id, asked.filter.exam_types) == (2, ("CT",))
    assert (asked.filter.first, asked.filter.last) == (date(2026, 2, 1), date(2026, 2, 28))
    presenter.choose_days(date(2026, 1, 1), None)
    assert (line.asked[-1].filter.first, presenter.state.span) == (date(2026, 1, 1), Span.CHOSEN)
    presenter.choose_subject(CRITICAL)
    assert presenter.state.group_by == "doctor" and presenter.state.shown is not None


def test_a_grouping_that_a_subject_does_not_know_becomes_its_usual_one() -> None:
    presenter = a_presenter(Line())
    presenter.open()
    for subject in SUBJECTS:
        presenter.choose_subject(subject)
        assert presenter.state.group_by in GROUPS[subject]


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        (Span.TODAY, TODAY, TODAY),
        (Span.WEEK, date(2026, 3, 12), TODAY),
        (Span.MONTH, date(2026, 3, 1), TODAY),
        (Span.LAST_MONTH, date(2026, 2, 1), date(2026, 2, 28)),
        (Span.YEAR, date(2026, 1, 1), TODAY),
    ],
)
def test_ready_made_days(span: Span, first: date, last: date) -> None:
    assert days_of(span, TODAY) == (first, last)


def test_the_chart_draws_what_the_table_says() -> None:
    shown = shown_of(a_table(rows=MOST_BARS + 4))
    assert shown.measures == tuple(MEASURES[one] for one in COLUMNS)
    assert [line.is_total for line in shown.lines] == [False] * (MOST_BARS + 4) + [True]
    assert [series.title for series in shown.chart.series] == [
        MEASURES[Measure.EXAMS],
        MEASURES[Measure.REPORTS],
        MEASURES[Measure.AUDITS],
    ]
    assert shown.chart.series[0].values == tuple(line.values[0] for line in shown.lines[:MOST_BARS])
    assert (len(shown.chart.names), shown.chart.left_out) == (MOST_BARS, 4)
    days = shown_of(a_table(rows=40, group_by=GroupBy.DAY))
    assert (days.chart.drawing, len(days.chart.names), days.chart.left_out) == (Drawing.LINES, 40, 0)


def test_every_word_is_there() -> None:
    assert set(SUBJECTS) == {*Subject, CRITICAL} == set(GROUPS)
    assert set(MEASURES) == set(Measure) and set(STEPS) == set(Step)
    assert set(GroupBy) <= set(GROUP_WORDS)
    found = Line().call(object())
    assert len(critical_shown(found, "department").lines[0].values) == len(CRITICAL_MEASURES)
    assert [number_words(one) for one in (None, 3, 3.0, 1234567, 12.25)] == ["–", "3", "3", "1,234,567", "12.2"]


def test_a_workbook_is_written_and_a_full_disk_is_told(tmp_path: Path) -> None:
    messages = CollectedMessages()
    presenter = a_presenter(Line(), messages)
    presenter.open()
    presenter.export(tmp_path / "x.xlsx")
    assert (tmp_path / "x.xlsx").read_bytes() == b"PK workbook"
    presenter.export(tmp_path / "no" / "x.xlsx")
    assert len(messages.said) == 2 and not presenter.state.is_exporting


@pytest.mark.parametrize("theme", [ThemeName.LIGHT, ThemeName.DARK])
@pytest.mark.parametrize(
    ("drawing", "kind"),
    [(Drawing.BARS, QBarSeries), (Drawing.STACKED, QStackedBarSeries), (Drawing.LINES, QLineSeries)],
)
def test_charts_hold_each_value(qtbot: QtBot, theme: ThemeName, drawing: Drawing, kind: type) -> None:
    make_application()
    register_catalogue(texts.ENTRIES)
    apply_theme(theme)
    view = StatisticsChart()
    qtbot.addWidget(view)
    view.resize(800, 400)
    view.show()
    chart = Chart(drawing, ("a", "b", "c"), (Series("检查数", (1, None, 3)), Series("报告数", (4, 5, 6))), "例")
    view.show_chart(chart)
    made = view.chart().series()
    assert all(isinstance(one, kind) for one in made)
    if drawing is Drawing.LINES:
        assert [[(p.x(), p.y()) for p in one.points()] for one in made] == [
            [(0, 1), (2, 3)],
            [(0, 4), (1, 5), (2, 6)],
        ]
    else:
        sets = made[0].barSets()
        assert [[one.at(place) for place in range(3)] for one in sets] == [[1, 0, 3], [4, 5, 6]]
        assert sets[0].color() != sets[1].color()
    set_language(Language.ENGLISH)
    try:
        names = {marker.label() for marker in view.chart().legend().markers()}
        assert names == {"Exams", "Reports"}
    finally:
        set_language(Language.CHINESE)
    apply_theme(ThemeName.DARK if theme is ThemeName.LIGHT else ThemeName.LIGHT)
    assert view.chart().series()
