"""One statistic: rows counted in the database, a row for each key, and the cases behind each figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, distinct, func, literal, or_, select, union, values
from sqlalchemy import column as plain_column

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork, UtcDateTime
from server.kernel.errors import invalid
from server.pathology.cases.tables import CaseRow
from server.pathology.cases.walking import between
from server.pathology.statistics.conditions import meets, of_report, text_is
from server.pathology.statistics.sources import Source, case_key, sources_of
from server.pathology.statistics.wording import Wording
from shared.contract.pathology_statistics import (
    MOST_DAYS,
    MOST_GROUPS,
    FigureOf,
    StatisticsFilter,
    StatisticsRules,
    Table,
    TableRow,
)
from shared.domain.pathology import CaseState
from shared.domain.pathology_queries import Operator
from shared.domain.pathology_statistics import GROUPS_OF, MEASURES_OF, PERIODS, SHARES, GroupBy, Measure, Subject

_NOT_COUNTED = (CaseState.DELETED.value, CaseState.APPOINTED.value)
_MOST_WORDS = 50
_END = "\U0010ffff"
Sums = dict[Measure, float]


def check_filter(wanted: StatisticsFilter) -> None:
    """Raise INVALID for days and words that cannot be counted."""
    if wanted.last < wanted.first:
        raise invalid("filter.last", "结束日期不能早于起始日期。")
    if (wanted.last - wanted.first).days >= MOST_DAYS:
        raise invalid("filter.last", f"一次最多统计 {MOST_DAYS} 天，请缩小日期范围。")
    if not 1900 < wanted.first.year <= wanted.last.year < 9000:
        raise invalid("filter.first", "日期超出范围。")
    for name, words in (("units", wanted.units), ("people", wanted.people), ("diseases", wanted.diseases)):
        if len(words) > _MOST_WORDS or any(not 0 < len(one.strip()) <= 80 for one in words):
            raise invalid(f"filter.{name}", f"最多 {_MOST_WORDS} 个词，每个不超过 80 字。")


def check_grouping(subject: Subject, group_by: GroupBy) -> None:
    """Raise INVALID for a grouping that the subject does not know."""
    if group_by not in GROUPS_OF[subject]:
        raise invalid("group_by", "该统计没有这种统计模式，请换一种。")


def of_cases(wanted: StatisticsFilter, time: HospitalTime) -> list[ColumnElement[bool]]:
    """The conditions of a filter on `CaseRow`, days left out. Raises INVALID."""
    found: list[ColumnElement[bool]] = [CaseRow.state.not_in(_NOT_COUNTED)]
    if wanted.library_ids:
        found.append(CaseRow.library_id.in_(wanted.library_ids))
    low, high = wanted.first_number.strip().upper(), wanted.last_number.strip().upper()
    if low:
        found.append(CaseRow.number >= low)
    if high:
        found.append(CaseRow.number <= high + "\x01")
    if wanted.units:
        found.append(CaseRow.sending_unit.in_(wanted.units))
    if wanted.condition.parts:
        found.append(meets(wanted.condition, time))
    return found


class Periods:
    """Days, weeks (by their Monday), months or years of the hospital's calendar, with their bounds in UTC."""

    def __init__(self, time: HospitalTime, wanted: StatisticsFilter, group_by: GroupBy) -> None:
        self.bounds: dict[str, tuple[datetime, datetime]] = {}
        day = wanted.first
        while day <= wanted.last:
            name, following = _period(day, group_by)
            last = min(following - timedelta(days=1), wanted.last)
            self.bounds[name] = time.day_bounds(day, last)
            day = following

    def table(self) -> Any:
        """The periods as a table of the statement: begin, end, name."""
        columns = (plain_column("begin", UtcDateTime), plain_column("until", UtcDateTime), plain_column("name", String))
        rows = [(begin, end, name) for name, (begin, end) in self.bounds.items()]
        return values(*columns, name="given_periods").data(rows).cte("periods")


def _period(day: date, group_by: GroupBy) -> tuple[str, date]:
    """The name of a day's period, and the first day of the next one."""
    if group_by is GroupBy.DAY:
        return day.isoformat(), day + timedelta(days=1)
    if group_by is GroupBy.WEEK:
        monday = day - timedelta(days=day.weekday())
        return monday.isoformat(), monday + timedelta(days=7)
    if group_by is GroupBy.YEAR:
        return f"{day:%Y}", date(day.year + 1, 1, 1)
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return f"{day:%Y-%m}", following


class Figures:
    """Counts. Nothing is changed."""

    def __init__(self, time: HospitalTime, wording: Wording) -> None:
        self._time = time
        self._wording = wording

    def table(
        self,
        uow: UnitOfWork,
        subject: Subject,
        group_by: GroupBy,
        wanted: StatisticsFilter,
        rules: StatisticsRules,
        language: str,
    ) -> Table:
        """Return one table. Raises INVALID."""
        check_grouping(subject, group_by)
        check_filter(wanted)
        sources = sources_of(subject, rules)
        found = self._counted(uow, subject, group_by, wanted, sources)
        total = self._summed(uow, wanted, sources, None)
        columns = MEASURES_OF[subject]
        rows = [
            TableRow(key=key, name=name, values=_values(columns, found[key], total))
            for key, name in self._wording.keys(uow, group_by, found, language).items()
        ]
        if group_by not in PERIODS and not (group_by is GroupBy.DISEASE and wanted.diseases):
            rows.sort(key=lambda row: (-(row.values[0] or 0), -sum(one or 0 for one in row.values), row.name))
        return Table(
            subject=subject,
            group_by=group_by,
            columns=columns,
            rows=tuple(rows),
            total=TableRow(key="", name="Total" if language == "en" else "合计", values=_values(columns, total, total)),
        )

    def cases_of(self, figure: FigureOf, rules: StatisticsRules) -> ColumnElement[bool]:
        """Return the condition on `CaseRow` of the cases behind a figure. Raises INVALID."""
        check_grouping(figure.subject, figure.group_by)
        check_filter(figure.filter)
        if figure.measure not in MEASURES_OF[figure.subject]:
            raise invalid("which.measure", "该统计没有这一列。")
        measures = SHARES.get(figure.measure, ((figure.measure,), ()))[0]
        if figure.measure is Measure.SHARE:
            measures = (Measure.CASES,)
        key = figure.key if figure.of_row else None
        parts: list[Any] = []
        for source in sources_of(figure.subject, rules):
            conditions = [one for measure in measures if (one := source.condition(measure)) is not None]
            if conditions:
                rows = self._rows(select(source.case_id), source, figure.filter)
                of_key = [] if key is None else [self._is_key(source, figure, key)]
                parts.append(rows.where(or_(*conditions), *of_key))
        if not parts:
            raise invalid("which.measure", "该统计没有这一列。")
        return CaseRow.id.in_(union(*parts) if len(parts) > 1 else parts[0])

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _counted(
        self,
        uow: UnitOfWork,
        subject: Subject,
        group_by: GroupBy,
        wanted: StatisticsFilter,
        sources: Sequence[Source],
    ) -> dict[str, Sums]:
        if group_by is GroupBy.DISEASE and wanted.diseases:
            words = dict.fromkeys(one.strip() for one in wanted.diseases)
            return {word: self._summed(uow, wanted, sources, _diagnosed(word)) for word in words}
        found: dict[str, Sums] = {}
        if group_by in PERIODS:
            found = {name: {} for name in Periods(self._time, wanted, group_by).bounds}
        for source in sources:
            for key, sums in self._grouped(uow, source, group_by, wanted):
                there = found.setdefault(key, {})
                for measure, number in sums.items():
                    there[measure] = there.get(measure, 0) + number
                if len(found) > MOST_GROUPS:
                    raise invalid("group_by", f"结果超过 {MOST_GROUPS} 行，请缩小范围或换一种统计模式。")
        if group_by is GroupBy.PERSON and wanted.people:
            found = {name: found.get(name, {}) for name in wanted.people}
        return {key: sums for key, sums in found.items() if group_by in PERIODS or any(sums.values()) or wanted.people}

    def _summed(
        self, uow: UnitOfWork, wanted: StatisticsFilter, sources: Iterable[Source], more: ColumnElement[bool] | None
    ) -> Sums:
        found: Sums = {}
        for source in sources:
            measures, columns = _columns(source)
            statement = self._rows(select(*columns), source, wanted)
            if more is not None:
                statement = statement.where(more)
            row = uow.session.execute(statement).one()
            for measure, number in zip(measures, row, strict=True):
                found[measure] = found.get(measure, 0) + (number or 0)
        return found

    def _grouped(
        self, uow: UnitOfWork, source: Source, group_by: GroupBy, wanted: StatisticsFilter
    ) -> Iterable[tuple[str, Sums]]:
        measures, columns = _columns(source)
        if group_by in PERIODS:
            periods = Periods(self._time, wanted, group_by).table()
            within = and_(source.at >= periods.c.begin, source.at < periods.c.until)
            statement = self._rows(select(periods.c.name, *columns), source, wanted, (periods, within))
            statement = statement.group_by(periods.c.name)
        else:
            key = self._key(source, group_by)
            statement = self._rows(select(key.label("own_key"), *columns), source, wanted)
            statement = statement.group_by(plain_column("own_key"))
        for row in uow.session.execute(statement):
            yield _text(row[0]), {one: number or 0 for one, number in zip(measures, row[1:], strict=True)}

    def _rows(
        self, statement: Any, source: Source, wanted: StatisticsFilter, periods: tuple[Any, Any] | None = None
    ) -> Any:
        """The rows of a source within the filter."""
        statement = statement.select_from(source.row)
        if source.row is not CaseRow:
            statement = statement.join(CaseRow, CaseRow.id == source.row.case_id)
        for target, condition in source.joins:
            statement = statement.join(target, condition)
        for target, condition in source.outer:
            statement = statement.outerjoin(target, condition)
        begin, end = self._time.day_bounds(wanted.first, wanted.last)
        if periods is not None:
            statement = statement.join(*periods)
        statement = statement.where(*between(source.at, begin, end), *source.where, *of_cases(wanted, self._time))
        if wanted.people and GroupBy.PERSON in source.keys:
            statement = statement.where(source.keys[GroupBy.PERSON].in_(wanted.people))
        return statement

    @staticmethod
    def _key(source: Source, group_by: GroupBy) -> Any:
        key = source.keys.get(group_by)
        if key is None:
            key = case_key(group_by)
        return literal("") if key is None else key

    def _is_key(self, source: Source, figure: FigureOf, key: str) -> ColumnElement[bool]:
        """Whether a row of a source stands behind a row of the table."""
        if figure.group_by in PERIODS:
            bounds = Periods(self._time, figure.filter, figure.group_by).bounds.get(key)
            if bounds is None:
                raise invalid("which.key", "该行不在统计范围内，请重新查询。")
            return and_(*between(source.at, *bounds))
        if figure.group_by is GroupBy.DISEASE and figure.filter.diseases:
            return _diagnosed(key)
        column = self._key(source, figure.group_by)
        if figure.group_by is GroupBy.LIBRARY:
            return and_(column == (int(key) if key.isdecimal() and len(key) < 10 else -1))
        return and_(func.coalesce(column, "") == key)


def _diagnosed(word: str) -> ColumnElement[bool]:
    from server.pathology.reports.tables import ReportVersion

    return of_report(text_is(ReportVersion.diagnosis, Operator.CONTAINS, (word,)))


def _columns(source: Source) -> tuple[list[Measure], list[Any]]:
    """The figures of a source as columns; of a mean age sum and number."""
    measures: list[Measure] = []
    columns: list[Any] = []
    for measure, condition in source.counts.items():
        measures.append(measure)
        if measure in source.distinct:
            columns.append(func.count(distinct(case((condition, source.case_id)))))
        else:
            columns.append(func.sum(case((condition, 1), else_=0)))
    for measure, (amount, condition) in source.sums.items():
        measures.append(measure)
        summed = func.avg if measure is Measure.MEAN_AGE else func.sum
        columns.append(summed(case((condition, amount))))
    return measures, columns


def _text(key: Any) -> str:
    return "" if key is None else str(key)


def _values(columns: Sequence[Measure], sums: Sums, total: Sums) -> tuple[float | None, ...]:
    return tuple(_value(measure, sums, total) for measure in columns)


def _value(measure: Measure, sums: Sums, total: Sums) -> float | None:
    if measure is Measure.SHARE:
        return percent(sums.get(Measure.CASES, 0), total.get(Measure.CASES, 0))
    if measure in SHARES:
        part, whole = (sum(sums.get(one, 0) for one in some) for some in SHARES[measure])
        return percent(part, whole)
    if measure is Measure.MEAN_AGE:
        return round(float(sums[measure]), 1) if sums.get(measure) else None
    if measure is Measure.NEGATIVE:
        return int(sums.get(Measure.REPORTS, 0) - sums.get(Measure.POSITIVE, 0))
    return int(sums.get(measure, 0))


def percent(part: float, whole: float) -> float | None:
    """A share in per cent with one digit after the point; None of nothing."""
    return round(100 * part / whole, 1) if whole else None
