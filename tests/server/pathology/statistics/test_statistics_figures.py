"""Every statistic by every grouping against a second count; every figure against the cases that it opens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from server.kernel.errors import Refusal
from shared.contract import pathology_statistics as contract
from shared.contract.errors import ErrorCode
from shared.domain.pathology_statistics import GROUPS_OF, MEASURES, PERIODS, SHARES, GroupBy, Measure, Subject, Unit
from tests.databases import KINDS, a_database
from tests.server.pathology.pathology_world import CHIEF, CLERK, TECHNICIAN
from tests.server.pathology.statistics.records import StatisticsHouse
from tests.server.pathology.statistics.second_count import count_again, hits_of, key_of

FIRST, LAST = date(2026, 1, 10), date(2026, 4, 20)
FILTER = contract.StatisticsFilter(first=FIRST, last=LAST)
PAIRS = [(subject, group_by) for subject in Subject for group_by in GROUPS_OF[subject]]
_NOT_SUMS = (Measure.MEAN_AGE, Measure.SHARE, *SHARES)


@pytest.fixture(scope="module", params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatisticsHouse]:
    with a_database(request.param, tmp_path_factory.mktemp("figures")) as database:
        made = StatisticsHouse(database)
        made.fill(250)
        yield made


def _table(house: StatisticsHouse, subject: Subject, group_by: GroupBy, **more: Any) -> contract.Table:
    wanted = contract.StatisticsFilter(first=FIRST, last=LAST, **more)
    found: contract.Table = house.ask(contract.GetTable(subject=subject, group_by=group_by, filter=wanted))
    return found


@pytest.mark.parametrize(("subject", "group_by"), PAIRS)
def test_a_table_says_what_a_second_count_says(house: StatisticsHouse, subject: Subject, group_by: GroupBy) -> None:
    table = _table(house, subject, group_by)
    expected = count_again(house.records, subject, group_by, FIRST, LAST)
    rows = {row.key: row for row in table.rows}
    assert set(expected) <= set(rows)
    assert len(rows) == len(table.rows)
    for key, row in rows.items():
        for measure, value in zip(table.columns, row.values, strict=True):
            if measure not in _NOT_SUMS:
                assert value == expected.get(key, {}).get(measure, 0), (key, measure)
    total = dict(zip(table.columns, table.total.values, strict=True))
    for measure in table.columns:
        if measure not in _NOT_SUMS and not (subject is Subject.CHARGES and measure is Measure.CASES):
            assert total[measure] == sum(one.get(measure, 0) for one in expected.values()), measure


OPENED = [(subject, group_by) for subject, group_by in PAIRS if group_by in (*GROUPS_OF[subject][:2], GroupBy.MONTH)]


@pytest.mark.parametrize(("subject", "group_by"), OPENED)
def test_a_figure_opens_the_cases_that_it_counted(house: StatisticsHouse, subject: Subject, group_by: GroupBy) -> None:
    table = _table(house, subject, group_by)
    hits = list(hits_of(house.records, subject, FIRST, LAST))
    for row in table.rows[:2]:
        for measure in table.columns:
            wanted = SHARES[measure][0] if measure in SHARES else (measure,)
            if measure in (Measure.MEAN_AGE, Measure.SHARE):
                continue
            expected = {
                record.case["id"]
                for record, hit in hits
                if key_of(record, hit, group_by) == row.key
                and (hit[0] in wanted or (subject is Subject.CHARGES and wanted == (Measure.CASES,)))
            }
            which = contract.FigureOf(subject=subject, group_by=group_by, filter=FILTER, measure=measure, key=row.key)
            page = house.ask(contract.ListCases(which=which, limit=500))
            assert {line.case_id for line in page.lines} == expected, (row.key, measure)
            assert page.total == len(expected)


def test_percentages_and_mean_age(house: StatisticsHouse) -> None:
    table = _table(house, Subject.SLIDE_QUALITY, GroupBy.PERSON)
    for row in (*table.rows, table.total):
        value = dict(zip(table.columns, row.values, strict=True))
        good = 100 * (value[Measure.GRADE_A] + value[Measure.GRADE_B]) / value[Measure.GRADED]  # type: ignore[operator]
        assert value[Measure.GOOD_PERCENT] == pytest.approx(good, abs=0.05)
    ages = [
        record.case["age_years"]
        for record, hit in hits_of(house.records, Subject.DISTRIBUTION, FIRST, LAST)
        if hit[0] is Measure.CASES and record.case["age_years"] is not None
    ]
    total = _table(house, Subject.DISTRIBUTION, GroupBy.SEX).total.values
    assert total[-1] == pytest.approx(sum(ages) / len(ages), abs=0.05)
    shares = [row.values[1] for row in _table(house, Subject.SOURCES, GroupBy.UNIT).rows]
    assert sum(one or 0 for one in shares) == pytest.approx(100, abs=0.5)


def test_filters_narrow_what_is_counted(house: StatisticsHouse) -> None:
    library = house.world.libraries["常规"]
    narrowed = _table(
        house, Subject.SOURCES, GroupBy.LIBRARY, library_ids=(library,), units=("东区医院",), first_number="T2600050"
    )
    expected = [
        record
        for record, hit in hits_of(house.records, Subject.SOURCES, FIRST, LAST)
        if hit[0] is Measure.CASES
        and record.case["library_id"] == library
        and record.case["sending_unit"] == "东区医院"
        and record.case["number"] >= "T2600050"
    ]
    assert narrowed.total.values[0] == len(expected) > 0
    assert [row.key for row in narrowed.rows] == [str(library)]


def test_chosen_people_have_a_row_each_even_without_work(house: StatisticsHouse) -> None:
    table = _table(house, Subject.STAFF, GroupBy.PERSON, people=("李医师", "新来的"))
    assert {row.key for row in table.rows} == {"李医师", "新来的"}
    assert next(row for row in table.rows if row.key == "新来的").values == (0,) * len(table.columns)


def test_diseases_by_words_are_counted_a_row_each_and_opened(house: StatisticsHouse) -> None:
    table = _table(house, Subject.DISTRIBUTION, GroupBy.DISEASE, diseases=("癌", "平滑肌瘤"))
    counted = {row.key: row.values[0] for row in table.rows}
    for word in ("癌", "平滑肌瘤"):
        expected = {
            record.case["id"]
            for record, _hit in hits_of(house.records, Subject.DISTRIBUTION, FIRST, LAST)
            if record.report and word in record.report["diagnosis"]
        }
        assert counted[word] == len(expected) > 0
        which = contract.FigureOf(
            subject=Subject.DISTRIBUTION,
            group_by=GroupBy.DISEASE,
            filter=contract.StatisticsFilter(first=FIRST, last=LAST, diseases=("癌", "平滑肌瘤")),
            measure=Measure.CASES,
            key=word,
        )
        assert {line.case_id for line in house.ask(contract.ListCases(which=which, limit=500)).lines} == expected


def test_periods_without_anything_stand_in_the_table(house: StatisticsHouse) -> None:
    wanted = contract.StatisticsFilter(first=date(2025, 11, 3), last=date(2026, 1, 10))
    table = house.ask(contract.GetTable(subject=Subject.DEPARTMENT, group_by=GroupBy.MONTH, filter=wanted))
    assert [row.key for row in table.rows] == ["2025-11", "2025-12", "2026-01"]
    assert table.rows[0].values == (0,) * len(table.columns)


def test_what_cannot_be_counted_is_refused_with_a_reason(house: StatisticsHouse) -> None:
    backwards = contract.StatisticsFilter(first=LAST, last=FIRST)
    ask = contract.GetTable(subject=Subject.SOURCES, group_by=GroupBy.UNIT, filter=backwards)
    with pytest.raises(Refusal) as caught:
        house.ask(ask)
    assert caught.value.body.field == "filter.last"
    with pytest.raises(Refusal) as caught:
        house.ask(contract.GetTable(subject=Subject.STAFF, group_by=GroupBy.STAIN, filter=FILTER))
    assert caught.value.body.field == "group_by"


@pytest.mark.parametrize(
    ("caller", "subject", "is_allowed"),
    [
        (CLERK, Subject.STAFF, False),
        (CLERK, Subject.CHARGES, True),
        (TECHNICIAN, Subject.PREPARATION, True),
        (TECHNICIAN, Subject.POSITIVE, False),
        (CHIEF, Subject.POSITIVE, True),
        (CHIEF, Subject.CHARGES, False),
    ],
)
def test_each_statistic_needs_its_right_also_for_the_cases_behind_it(
    house: StatisticsHouse, caller: Any, subject: Subject, is_allowed: bool
) -> None:
    group_by = GROUPS_OF[subject][0]
    figure = contract.FigureOf(subject=subject, group_by=group_by, filter=FILTER, measure=Measure.CASES, of_row=False)
    requests: list[Any] = [
        contract.GetTable(subject=subject, group_by=group_by, filter=FILTER),
        contract.ExportTable(subject=subject, group_by=group_by, filter=FILTER),
        contract.DrawTable(subject=subject, group_by=group_by, filter=FILTER),
    ]
    if not is_allowed:
        requests.append(contract.ListCases(which=figure))
    for request in requests:
        if is_allowed:
            house.ask(request, caller)
        else:
            with pytest.raises(Refusal) as caught:
                house.ask(request, caller)
            assert caught.value.body.code is ErrorCode.PERMISSION_MISSING


def test_every_measure_has_words_and_a_unit() -> None:
    assert all(isinstance(unit, Unit) and word.zh and word.en for word, unit in MEASURES.values())
    assert all(set(GROUPS_OF[subject]) & set(PERIODS) for subject in Subject)
