"""The 13 quality indicators month by month: which records count, which of them are good, and what people enter.

病理专业医疗质量控制指标（2015年版）, 国卫办医函〔2015〕252号. Whether a record is good is decided here row by row,
because working days, formalin and frozen sections that overlap are no matter of SQL.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

from sqlalchemy import ColumnElement, bindparam, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.pathology.cases.tables import CaseRow, LibraryRow
from server.pathology.cases.walking import between
from server.pathology.reports.tables import FrozenSection, Report
from server.pathology.statistics.rules import IsWorking, RuleBook, deadline
from server.pathology.statistics.tables import ComparisonRow, EnteredRow
from server.pathology.technique.tables import SlideRow, SpecimenRow
from shared.contract.pathology_statistics import (
    EnterIndicator,
    IndicatorMonth,
    IndicatorOf,
    IndicatorView,
    StatisticsRules,
)
from shared.domain.pathology import CYTOLOGY_KINDS, CaseState, LibraryKind, SlideState, SpecimenState, TaskSource
from shared.domain.pathology_indicators import ENTERED, Indicator
from shared.domain.pathology_reports import Concordance, PaperState, ReportKind
from shared.domain.pathology_statistics import Pair

_MOST_MONTHS = 36
_MOST = 10_000_000
_PER_BEDS = frozenset({Indicator.DOCTORS, Indicator.TECHNICIANS})
_GOOD = ("a", "b")
_NOT_COUNTED = (CaseState.DELETED.value, CaseState.APPOINTED.value)
SINGLE_MINUTES, QUEUE_MINUTES = 30, 45
"""Of a frozen section: alone, and while an earlier one is still open."""


class Calendar(Protocol):
    """The hospital's calendar."""

    def working(self, uow: UnitOfWork, first: date, last: date) -> IsWorking:
        """Return which days of a span are worked on."""
        ...


class Fact(NamedTuple):
    """One record that counts."""

    at: datetime
    case_id: int
    is_good: bool


class Indicators:
    """Counts, and keeps what is entered."""

    def __init__(self, time: HospitalTime, rules: RuleBook, calendar: Calendar) -> None:
        self._time, self._rules, self._calendar = time, rules, calendar

    def views(self, uow: UnitOfWork, last: str, months: int) -> tuple[IndicatorView, ...]:
        """Return all 13 over some months. Raises INVALID."""
        if not 1 <= months <= _MOST_MONTHS:
            raise invalid("months", f"请选择 1 到 {_MOST_MONTHS} 个月。")
        names = _months(last, months)
        rules = self._rules.rules(uow)
        return tuple(self._view(uow, indicator, names, rules) for indicator in Indicator)

    def enter(self, uow: UnitOfWork, caller: Caller, request: EnterIndicator) -> IndicatorMonth:
        """Keep a month's figures. Raises INVALID, CONFLICT."""
        if request.indicator not in ENTERED:
            raise invalid("indicator", "该指标由系统自动统计，不能录入。")
        _months(request.month, 1)
        if not (0 <= request.numerator <= _MOST and 0 <= request.denominator <= _MOST):
            raise invalid("numerator", "请填写不小于 0 的数字。")
        if request.indicator not in _PER_BEDS and request.numerator > request.denominator:
            raise invalid("numerator", "合格数不能大于总数。")
        key = (request.indicator.value, request.month)
        row = uow.session.get(EnteredRow, key, with_for_update=True)
        if row is None:
            row = EnteredRow(indicator=key[0], month=key[1], version=0)
            uow.session.add(row)
        row.expect(request.version)
        row.numerator, row.denominator = request.numerator, request.denominator
        row.note, row.by, row.at = request.note.strip()[:200], caller.name[:80], self._time.now()
        row.touch()
        uow.session.flush()
        return _entered(row)

    def cases_of(self, uow: UnitOfWork, which: IndicatorOf) -> ColumnElement[bool]:
        """Return the condition on `CaseRow` of the cases behind a figure. Raises INVALID."""
        if which.indicator in ENTERED:
            raise invalid("which.indicator", "该指标由人工录入，没有对应的病例。")
        begin, end = self._bounds(_months(which.month, 1))
        facts = self._facts(uow, which.indicator, begin, end, self._rules.rules(uow))
        wanted = sorted(
            {
                fact.case_id
                for fact in facts
                if (fact.is_good or not which.only_numerator) and not (fact.is_good and which.only_missed)
            }
        )
        # literal: there may be more cases than a statement takes parameters
        return CaseRow.id.in_(bindparam(None, wanted or [0], expanding=True, literal_execute=True))

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _view(self, uow: UnitOfWork, indicator: Indicator, names: list[str], rules: StatisticsRules) -> IndicatorView:
        months = self._entered(uow, indicator, names) if indicator in ENTERED else None
        if months is None:
            months = self._counted(uow, indicator, names, rules)
        return IndicatorView(
            indicator=indicator,
            months=tuple(months),
            whole=_whole(indicator, months),
            target=rules.targets.get(indicator),
        )

    def _entered(self, uow: UnitOfWork, indicator: Indicator, names: list[str]) -> list[IndicatorMonth]:
        statement = select(EnteredRow).where(EnteredRow.indicator == indicator.value, EnteredRow.month.in_(names))
        found = {row.month: _entered(row) for row in uow.session.scalars(statement)}
        return [found.get(name) or _figure(indicator, name, 0, 0) for name in names]

    def _counted(
        self, uow: UnitOfWork, indicator: Indicator, names: list[str], rules: StatisticsRules
    ) -> list[IndicatorMonth]:
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        month_of = self._month_finder(names)
        for fact in self._facts(uow, indicator, *self._bounds(names), rules):
            one = sums[month_of(fact.at)]
            one[0] += fact.is_good
            one[1] += 1
        return [_figure(indicator, name, *sums[name]) for name in names]

    def _month_finder(self, names: list[str]) -> Callable[[datetime], str]:
        begins = [self._bounds([name])[0] for name in names]
        return lambda at: names[max(bisect_right(begins, at) - 1, 0)]

    def _bounds(self, names: list[str]) -> tuple[datetime, datetime]:
        first = date.fromisoformat(f"{names[0]}-01")
        last = date.fromisoformat(f"{names[-1]}-01")
        following = date(last.year + last.month // 12, last.month % 12 + 1, 1)
        return self._time.day_bounds(first, following - timedelta(days=1))

    def _facts(
        self, uow: UnitOfWork, indicator: Indicator, begin: datetime, end: datetime, rules: StatisticsRules
    ) -> Iterator[Fact]:
        if indicator is Indicator.FIXATION:
            return self._fixation(uow, begin, end, rules)
        if indicator in (Indicator.SECTIONS, Indicator.IMMUNO):
            return self._slides(uow, begin, end, indicator is Indicator.IMMUNO)
        if indicator is Indicator.FROZEN_TIME:
            return self._frozen(uow, begin, end)
        if indicator in (Indicator.TISSUE_TIME, Indicator.CYTOLOGY_TIME):
            return self._reports(uow, begin, end, rules, indicator is Indicator.CYTOLOGY_TIME)
        return self._agreement(uow, begin, end, indicator)

    def _fixation(self, uow: UnitOfWork, begin: datetime, end: datetime, rules: StatisticsRules) -> Iterator[Fact]:
        words = tuple(one.casefold() for one in rules.formalin_words)
        fields = [SpecimenRow.entry[name].as_string() for name in ("fixative", "removed_at", "fixed_at")]
        statement = (
            select(SpecimenRow.registered_at, SpecimenRow.case_id, *fields)
            .join(CaseRow, CaseRow.id == SpecimenRow.case_id)
            .join(LibraryRow, LibraryRow.id == CaseRow.library_id)
            .where(
                *between(SpecimenRow.registered_at, begin, end),
                SpecimenRow.state != SpecimenState.REJECTED.value,
                CaseRow.state.not_in(_NOT_COUNTED),
                LibraryRow.kind.not_in([one.value for one in (*CYTOLOGY_KINDS, LibraryKind.FROZEN)]),
            )
        )
        for at, case_id, fixative, removed, fixed in uow.session.execute(statement):
            minutes = _minutes_between(removed, fixed)
            in_time = minutes is not None and 0 <= minutes <= rules.fixation_minutes
            yield Fact(at, case_id, in_time and any(one in (fixative or "").casefold() for one in words))

    def _slides(self, uow: UnitOfWork, begin: datetime, end: datetime, is_immuno: bool) -> Iterator[Fact]:
        immuno = SlideRow.source == TaskSource.IMMUNO.value
        kind = immuno if is_immuno else (~immuno & SlideRow.stain.in_(("HE", "H&E", "H.E.", "he")))
        statement = (
            select(SlideRow.made_at, SlideRow.case_id, SlideRow.grade)
            .join(CaseRow, CaseRow.id == SlideRow.case_id)
            .where(
                *between(SlideRow.made_at, begin, end),
                SlideRow.grade != "",
                SlideRow.state != SlideState.DELETED.value,
                CaseRow.state.not_in(_NOT_COUNTED),
                kind,
            )
        )
        for at, case_id, grade in uow.session.execute(statement):
            yield Fact(at, case_id, grade in _GOOD)

    def _frozen(self, uow: UnitOfWork, begin: datetime, end: datetime) -> Iterator[Fact]:
        statement = (
            select(FrozenSection.received_at, FrozenSection.reported_at, FrozenSection.case_id)
            .join(CaseRow, CaseRow.id == FrozenSection.case_id)
            .where(
                *between(FrozenSection.received_at, begin - timedelta(days=1), end),
                FrozenSection.reported_at.is_not(None),
                CaseRow.state.not_in(_NOT_COUNTED),
            )
            .order_by(FrozenSection.received_at, FrozenSection.case_id)
        )
        busy_until: datetime | None = None
        for received, reported, case_id in uow.session.execute(statement):
            assert received is not None and reported is not None
            is_queued = busy_until is not None and busy_until > received
            limit = timedelta(minutes=QUEUE_MINUTES if is_queued else SINGLE_MINUTES)
            busy_until = max(busy_until or reported, reported)
            if received >= begin:
                yield Fact(received, case_id, reported - received <= limit)

    def _reports(
        self, uow: UnitOfWork, begin: datetime, end: datetime, rules: StatisticsRules, is_cytology: bool
    ) -> Iterator[Fact]:
        kinds = CYTOLOGY_KINDS if is_cytology else (LibraryKind.ROUTINE, LibraryKind.KIDNEY)
        statement = (
            select(Report.audited_at, Report.case_id, CaseRow.received_at, CaseRow.specimen_type, CaseRow.specimen_name)
            .join(CaseRow, CaseRow.id == Report.case_id)
            .join(LibraryRow, LibraryRow.id == CaseRow.library_id)
            .where(
                *between(Report.audited_at, begin, end),
                Report.kind == ReportKind.MAIN.value,
                Report.state != PaperState.WRITING.value,
                CaseRow.state.not_in(_NOT_COUNTED),
                LibraryRow.kind.in_([one.value for one in kinds]),
            )
        )
        rows = uow.session.execute(statement).all()
        if not rows:
            return
        first = self._time.local(min(row[2] for row in rows)).date()
        is_working = self._calendar.working(uow, first, self._time.local(end).date() + timedelta(days=90))
        ends: dict[tuple[date, int], datetime] = {}
        for at, case_id, received, specimen_type, specimen in rows:
            assert at is not None
            is_small = any(word in f"{specimen_type} {specimen}" for word in rules.small_words)
            days = rules.cytology_days if is_cytology else rules.small_days if is_small else rules.tissue_days
            key = (self._time.local(received).date(), days)
            if key not in ends:
                ends[key] = self._time.day_bounds(deadline(*key, is_working))[1]
            yield Fact(at, case_id, at < ends[key])

    def _agreement(self, uow: UnitOfWork, begin: datetime, end: datetime, indicator: Indicator) -> Iterator[Fact]:
        judged = (Concordance.AGREES.value, Concordance.PARTLY.value, Concordance.DISAGREES.value)
        if indicator is Indicator.FROZEN_AGREEMENT:
            at, case_id, result = FrozenSection.received_at, FrozenSection.case_id, FrozenSection.concordance
            own: list[ColumnElement[bool]] = []
        else:
            at, case_id, result = ComparisonRow.judged_at, ComparisonRow.case_id, ComparisonRow.result
            own = [ComparisonRow.pair == Pair.CYTOLOGY.value]
        statement = (
            select(at, case_id, result)
            .join(CaseRow, CaseRow.id == case_id)
            .where(*between(at, begin, end), result.in_(judged), CaseRow.state.not_in(_NOT_COUNTED), *own)
        )
        for moment, one, found in uow.session.execute(statement):
            assert moment is not None
            yield Fact(moment, one, found == judged[0])


def _months(last: str, count: int) -> list[str]:
    """Names of the months up to one, oldest first. Raises INVALID."""
    try:
        day = date.fromisoformat(f"{last}-01")
    except ValueError as error:
        raise invalid("month", "请填写月份，例如 2026-11。") from error
    if not 1990 <= day.year <= 2200 or len(last) != 7:
        raise invalid("month", "请填写月份，例如 2026-11。")
    found = []
    for back in range(count - 1, -1, -1):
        place = day.year * 12 + day.month - 1 - back
        found.append(f"{place // 12:04}-{place % 12 + 1:02}")
    return found


def _minutes_between(first: str | None, second: str | None) -> float | None:
    try:
        return (datetime.fromisoformat(second or "") - datetime.fromisoformat(first or "")).total_seconds() / 60
    except (ValueError, TypeError):
        return None


def _figure(indicator: Indicator, month: str, numerator: int, denominator: int) -> IndicatorMonth:
    value = None
    if denominator:
        value = round(100 * numerator / denominator, 2 if indicator in _PER_BEDS else 1)
    return IndicatorMonth(month=month, numerator=numerator, denominator=denominator, value=value)


def _entered(row: EnteredRow) -> IndicatorMonth:
    made = _figure(Indicator(row.indicator), row.month, row.numerator, row.denominator)
    return IndicatorMonth(
        month=made.month,
        numerator=made.numerator,
        denominator=made.denominator,
        value=made.value,
        version=row.version,
        note=row.note,
        entered_by=row.by,
    )


def _whole(indicator: Indicator, months: list[IndicatorMonth]) -> IndicatorMonth:
    if indicator in _PER_BEDS:
        last = next((one for one in reversed(months) if one.denominator), None)
        return _figure(indicator, "", last.numerator if last else 0, last.denominator if last else 0)
    return _figure(indicator, "", sum(one.numerator for one in months), sum(one.denominator for one in months))
