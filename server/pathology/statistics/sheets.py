"""Tables, lists and indicators as files for spreadsheets; texts never become formulas (server.organisation.sheets)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from server.organisation.sheets import Cell, write_csv, write_xlsx
from server.pathology.statistics.wording import word_of
from shared.contract.master import SheetView
from shared.contract.pathology_statistics import (
    CaseLine,
    IndicatorView,
    SheetFormat,
    StatisticsFilter,
    Table,
)
from shared.domain.pathology_indicators import INDICATORS
from shared.domain.pathology_queries import FIELDS, Field, FieldKind
from shared.domain.pathology_statistics import GROUPINGS, MEASURES, SUBJECTS, GroupBy, Measure, Unit

_WIDE = {Field.DIAGNOSIS: 60, Field.FINDINGS: 60, Field.GROSS: 60, Field.CLINICAL: 30, Field.SPECIMEN: 24}
_UNITS = {Unit.PERCENT: ("（%）", " (%)"), Unit.YEARS: ("（岁）", " (years)")}


def heading_of(group_by: GroupBy, language: str) -> str:
    """The heading of a table's first column: 按送检单位 → 送检单位."""
    word = word_of(GROUPINGS[group_by], language)
    return word.removeprefix("By ").capitalize() if language == "en" else word.removeprefix("按")


def measure_words(measure: Measure, language: str) -> str:
    """A column's heading with its unit."""
    word, unit = MEASURES[measure]
    more = _UNITS.get(unit, ("", ""))[1 if language == "en" else 0]
    return word_of(word, language) + more


def plain_value(measure: Measure, value: float | None) -> Cell:
    """A figure as a number of the sheet: money in yuan."""
    if value is None:
        return None
    return value / 100 if MEASURES[measure][1] is Unit.FEN else value


def shown_value(measure: Measure, value: float | None) -> str:
    """A figure on paper."""
    if value is None:
        return "–"
    unit = MEASURES[measure][1]
    if unit is Unit.FEN:
        return f"{value / 100:,.2f}"
    if unit is Unit.COUNT:
        return f"{value:,.0f}"
    return f"{value:.1f}%" if unit is Unit.PERCENT else f"{value:.1f}"


def days_of(wanted: StatisticsFilter) -> str:
    """The days of a filter."""
    return str(wanted.first) if wanted.first == wanted.last else f"{wanted.first} – {wanted.last}"


def table_sheet(table: Table, wanted: StatisticsFilter, format: SheetFormat, language: str) -> SheetView:
    """The table with its total below."""
    title = word_of(SUBJECTS[table.subject], language)
    headings = [heading_of(table.group_by, language), *(measure_words(one, language) for one in table.columns)]
    lines: list[list[Cell]] = [
        [row.name, *(plain_value(one, value) for one, value in zip(table.columns, row.values, strict=True))]
        for row in (*table.rows, table.total)
    ]
    stem = f"{title}_{wanted.first}_{wanted.last}"
    return sheet_of(title, stem, headings, (28, *(14,) * len(table.columns)), lines, format)


def cases_sheet(
    lines: Iterable[CaseLine], fields: Sequence[Field], title: str, format: SheetFormat, language: str
) -> SheetView:
    """A list of cases. Counts are numbers, everything else is text: a case number keeps its zeros."""
    counts = [FIELDS[one][1] is FieldKind.NUMBER and one is not Field.AGE for one in fields]
    rows: list[list[Cell]] = [
        [
            int(cell) if is_count and cell.isdecimal() else cell
            for is_count, cell in zip(counts, line.cells, strict=True)
        ]
        for line in lines
    ]
    headings = [word_of(FIELDS[one][0], language) for one in fields]
    return sheet_of(title, title, headings, tuple(_WIDE.get(one, 16) for one in fields), rows, format)


def indicators_sheet(views: Sequence[IndicatorView], format: SheetFormat, language: str) -> SheetView:
    """A line for each indicator and month, with its definition."""
    is_english = language == "en"
    title = "Quality indicators" if is_english else "质控指标"
    headings = (
        ["Indicator", "Month", "Numerator", "Denominator", "Value", "Target", "Numerator is", "Denominator is", "Note"]
        if is_english
        else ["指标", "月份", "分子", "分母", "值", "目标", "分子说明", "分母说明", "备注"]
    )
    lines: list[list[Cell]] = []
    for view in views:
        name, _definition, numerator, denominator = (word_of(one, language) for one in INDICATORS[view.indicator])
        lines += [
            [
                *(name, one.month, one.numerator, one.denominator, one.value, view.target),
                *(numerator, denominator, one.note),
            ]
            for one in view.months
        ]
    stem = f"{title}_{views[0].months[0].month}_{views[0].months[-1].month}"
    return sheet_of(title, stem, headings, (34, 10, 10, 10, 10, 10, 28, 28, 30), lines, format)


def sheet_of(
    title: str,
    stem: str,
    headings: Sequence[str],
    widths: Sequence[int],
    lines: Iterable[Sequence[Cell]],
    format: SheetFormat,
) -> SheetView:
    """A file of these lines."""
    name = f"{stem.replace(' ', '_')}.{format.value}"
    if format is SheetFormat.CSV:
        return SheetView(file_name=name, content=write_csv(headings, lines))
    return SheetView(file_name=name, content=write_xlsx(title, headings, widths, lines))
