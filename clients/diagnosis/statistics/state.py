"""What the page of statistics shows; frozen, without Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from shared.contract.organisation import HospitalView
from shared.contract.statistics import GroupBy, Measure, Step, Subject

CRITICAL = "critical"
"""The subject that the critical values bring along."""
REGION = "region"


class Span(StrEnum):
    """Ready-made ranges of days."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    LAST_MONTH = "last_month"
    YEAR = "year"
    CHOSEN = "chosen"


class Drawing(StrEnum):
    """How a chart is drawn."""

    BARS = "bars"
    STACKED = "stacked"
    LINES = "lines"


@dataclass(frozen=True)
class Series:
    """One colour of a chart: a Chinese source string and a value for each name."""

    title: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Chart:
    """What is drawn of a table; `unit` is a Chinese source string."""

    drawing: Drawing
    names: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str
    left_out: int = 0  # rows that stand in the table only


@dataclass(frozen=True)
class Line:
    """A row of the table."""

    key: str
    name: str
    values: tuple[float | None, ...]
    is_total: bool = False


@dataclass(frozen=True)
class Shown:
    """A table and its chart; `measures` are the columns' Chinese source strings."""

    heading: str
    measures: tuple[str, ...]
    lines: tuple[Line, ...]
    chart: Chart


PERIODS = (GroupBy.DAY.value, GroupBy.WEEK.value, GroupBy.MONTH.value)
_PEOPLE = (GroupBy.DOCTOR.value, GroupBy.AUDITOR.value)
_PLACES = (GroupBy.CAMPUS.value, GroupBy.EXAM_TYPE.value, GroupBy.ROOM.value, GroupBy.DEVICE.value)
_PATIENTS = (GroupBy.DEPARTMENT.value, GroupBy.PATIENT_TYPE.value)

GROUPS: Mapping[str, tuple[str, ...]] = {
    Subject.TURNAROUND: (GroupBy.STEP.value, *PERIODS, *_PLACES, *_PATIENTS, *_PEOPLE),
    Subject.WORKLOAD: (*_PEOPLE, GroupBy.TECHNICIAN.value, *PERIODS, *_PLACES, *_PATIENTS),
    Subject.POSITIVE: (*_PEOPLE, *PERIODS, *_PLACES, *_PATIENTS),
    Subject.IMAGE_QUALITY: (GroupBy.TECHNICIAN.value, *PERIODS, *_PLACES, *_PEOPLE),
    Subject.REPORT_QUALITY: (*_PEOPLE, *PERIODS, *_PLACES),
    Subject.RETURNS: (*_PEOPLE, *PERIODS, *_PLACES),
    CRITICAL: (GroupBy.DEPARTMENT.value, REGION, GroupBy.DOCTOR.value),
}
"""What each subject may be grouped by, the usual one first."""

DRAWN: Mapping[str, tuple[Measure, ...]] = {
    Subject.TURNAROUND: (Measure.MEDIAN, Measure.P90),
    Subject.WORKLOAD: (Measure.EXAMS, Measure.REPORTS, Measure.AUDITS),
    Subject.POSITIVE: (Measure.POSITIVE_PERCENT,),
    Subject.IMAGE_QUALITY: (Measure.GRADE_A, Measure.GRADE_B, Measure.GRADE_C, Measure.GRADE_D),
    Subject.REPORT_QUALITY: (Measure.GRADE_A, Measure.GRADE_B, Measure.GRADE_C, Measure.GRADE_D),
    Subject.RETURNS: (Measure.RETURN_PERCENT,),
}


@dataclass(frozen=True)
class StatisticsState:
    """What was asked and what came."""

    subject: str = Subject.TURNAROUND.value
    group_by: str = GroupBy.STEP.value
    step: Step = Step.WHOLE
    span: Span = Span.MONTH
    first: date = date(2000, 1, 1)
    last: date = date(2000, 1, 1)
    campus_id: int | None = None
    exam_type: str = ""
    hospital: HospitalView | None = None
    shown: Shown | None = None
    generation: int = 0
    is_loading: bool = False
    is_exporting: bool = False
    error: Exception | None = None
    problems: Mapping[str, str] = field(default_factory=dict)


def days_of(span: Span, today: date) -> tuple[date, date]:
    """Return the days of a ready-made range."""
    if span is Span.WEEK:
        return today - timedelta(days=6), today
    if span is Span.MONTH:
        return today.replace(day=1), today
    if span is Span.LAST_MONTH:
        last = today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last
    if span is Span.YEAR:
        return today.replace(month=1, day=1), today
    return today, today
