"""What the page of a statistic shows; frozen, without Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from shared.contract.pathology_statistics import Group, StatisticsFilter, Table
from shared.domain.pathology_statistics import (
    GROUPS_OF,
    MEASURES,
    MEASURES_OF,
    PERIODS,
    GroupBy,
    Measure,
    Subject,
    Unit,
)

MOST_BARS = 20


class Span(StrEnum):
    """Ready-made ranges of days."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    LAST_MONTH = "last_month"
    YEAR = "year"
    CHOSEN = "chosen"


def days_of(span: Span, today: date) -> tuple[date, date]:
    """First and last day of a range; of CHOSEN the present month."""
    if span is Span.TODAY:
        return today, today
    if span is Span.WEEK:
        return today - timedelta(days=6), today
    if span is Span.LAST_MONTH:
        last = today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last
    return (today.replace(month=1, day=1) if span is Span.YEAR else today.replace(day=1)), today


@dataclass(frozen=True)
class TableState:
    """One statistic as it is asked and shown."""

    subject: Subject
    group_by: GroupBy
    first: date
    last: date
    span: Span = Span.MONTH
    library_id: int = 0
    first_number: str = ""
    last_number: str = ""
    condition: Group = field(default_factory=Group)
    words: str = ""
    """Of people, sending units or diseases, divided by commas; which of them follows from the subject."""
    measure: Measure = Measure.CASES
    table: Table | None = None
    is_loading: bool = False
    error: Exception | None = None
    problems: dict[str, str] = field(default_factory=dict)
    """Sentences by the name of a field."""

    @property
    def words_are(self) -> str:
        """What the words narrow: people, units or diseases; empty where the subject takes none."""
        return {
            Subject.STAFF: "people",
            Subject.SOURCES: "units",
            Subject.DEPARTMENT: "units",
            Subject.DISTRIBUTION: "diseases",
        }.get(self.subject, "")

    @property
    def filter(self) -> StatisticsFilter:
        """The question in the contract's words."""
        words = split(self.words)
        return StatisticsFilter(
            first=self.first,
            last=self.last,
            library_ids=(self.library_id,) if self.library_id else (),
            first_number=self.first_number,
            last_number=self.last_number,
            condition=self.condition,
            people=words if self.words_are == "people" else (),
            units=words if self.words_are == "units" else (),
            diseases=words if self.words_are == "diseases" else (),
        )


def begin(subject: Subject, today: date) -> TableState:
    """The state in which a page opens: this month, its usual grouping."""
    first, last = days_of(Span.MONTH, today)
    return TableState(subject, GROUPS_OF[subject][0], first, last, measure=MEASURES_OF[subject][0])


def split(words: str) -> tuple[str, ...]:
    """Words between commas of any kind, each once."""
    for mark in "，、;；\n":
        words = words.replace(mark, ",")
    return tuple(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))


@dataclass(frozen=True)
class Chart:
    """What is drawn: a value for each name, as bars or, over time, as a line."""

    names: tuple[str, ...]
    values: tuple[float | None, ...]
    title: str  # Chinese source text
    unit: Unit
    is_line: bool
    left_out: int = 0


def chart_of(state: TableState) -> Chart | None:
    """The chart of the chosen column; None without a table or without rows."""
    table = state.table
    if table is None or not table.rows or state.measure not in table.columns:
        return None
    place = table.columns.index(state.measure)
    is_line = table.group_by in PERIODS
    rows = table.rows if is_line else table.rows[:MOST_BARS]
    word, unit = MEASURES[state.measure]
    scale = 100 if unit is Unit.FEN else 1
    values = tuple(None if row.values[place] is None else (row.values[place] or 0) / scale for row in rows)
    return Chart(tuple(row.name for row in rows), values, word.zh, unit, is_line, len(table.rows) - len(rows))


def shown(measure: Measure, value: float | None) -> str:
    """A figure as it is read: 1,234 · 56.7 % · 1,234.50."""
    if value is None:
        return "–"
    unit = MEASURES[measure][1]
    if unit is Unit.FEN:
        return f"{value / 100:,.2f}"
    if unit is Unit.COUNT:
        return f"{value:,.0f}"
    return f"{value:.1f}%" if unit is Unit.PERCENT else f"{value:.1f}"
