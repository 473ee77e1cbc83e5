"""Every figure against a count over plain rows, on both databases; the workbook with the same numbers; limits."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.statistics import (
    GroupBy,
    Measure,
    StatisticsFilter,
    StatisticsRow,
    StatisticsTable,
    Step,
    StepLimits,
    Subject,
)
from tests.databases import KINDS, a_database
from tests.server.reporting.reporting_world import ZHAO
from tests.server.statistics.statistics_world import FIRST, Plain, StatisticsWorld

LAST = FIRST + timedelta(days=39)
SOME = StatisticsFilter(first=date(2026, 2, 5), last=date(2026, 3, 3))
SHANGHAI = ZoneInfo("Asia/Shanghai")
M = Measure


@pytest.fixture(params=KINDS, scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatisticsWorld]:
    folder: Path = tmp_path_factory.mktemp("statistics")
    with a_database(request.param, folder) as database:
        yield StatisticsWorld(database)


def table(world: StatisticsWorld, subject: Subject, group_by: GroupBy, wanted: StatisticsFilter) -> StatisticsTable:
    with world.database.read() as uow:
        return world.statistics.table(uow, ZHAO, subject, group_by, wanted)


def day_of(one: Plain) -> date:
    return one.examined.astimezone(SHANGHAI).date()


def counted(world: StatisticsWorld, wanted: StatisticsFilter) -> list[Plain]:
    return [
        one
        for one in world.plain
        if wanted.first <= day_of(one) <= wanted.last
        and wanted.campus_id in (None, one.campus)
        and (not wanted.exam_types or one.exam_type in wanted.exam_types)
    ]


def grouped(rows: list[Plain], key: Callable[[Plain], Any]) -> dict[str, list[Plain]]:
    found = defaultdict(list)
    for one in rows:
        found[str(key(one) or "")].append(one)
    return dict(found)


def value(found: StatisticsTable, row: StatisticsRow, measure: Measure) -> float | None:
    return row.values[found.columns.index(measure)]


SPANS: dict[Step, Callable[[Plain], tuple[datetime | None, datetime | None]]] = {
    Step.EXAM: lambda one: (one.registered, one.examined),
    Step.IMAGES: lambda one: (one.examined, one.images),
    Step.REPORT: lambda one: (one.examined, one.submitted),
    Step.AUDIT: lambda one: (one.submitted, one.approved),
    Step.PRINT: lambda one: (one.approved, one.printed),
    Step.WHOLE: lambda one: (one.examined, one.approved),
}
LIMITS = {Step.EXAM: 240, Step.IMAGES: 30, Step.REPORT: 240, Step.AUDIT: 240, Step.PRINT: 1440}


def minutes(rows: list[Plain], step: Step) -> list[float]:
    spans = [SPANS[step](one) for one in rows]
    return sorted(max((to - begun).total_seconds() / 60, 0) for begun, to in spans if begun and to)


def percentile_90(ordered: list[float]) -> float:
    """The smallest value that nine tenths do not exceed."""
    return next(one for one in ordered if sum(other <= one for other in ordered) >= 0.9 * len(ordered))


def test_turnaround_of_each_step(world: StatisticsWorld) -> None:
    found = table(world, Subject.TURNAROUND, GroupBy.STEP, SOME)
    rows = counted(world, SOME)
    assert [row.key for row in found.rows] == [step.value for step in Step]
    for row in found.rows:
        step = Step(row.key)
        taken = minutes(rows, step)
        assert value(found, row, M.COUNT) == len(taken) > 20
        assert value(found, row, M.MEDIAN) == round(median(taken), 1)
        assert value(found, row, M.P90) == round(percentile_90(taken), 1)
        if step is Step.WHOLE:
            late = sum(one.approved > one.due for one in rows if one.approved)
        else:
            late = sum(one > LIMITS[step] for one in taken)
            assert value(found, row, M.LIMIT) == LIMITS[step]
        assert value(found, row, M.BREACHES) == late
        assert value(found, row, M.BREACH_PERCENT) == round(100 * late / len(taken), 1)


@pytest.mark.parametrize(
    ("group_by", "key"),
    [
        (GroupBy.DAY, lambda one: day_of(one).isoformat()),
        (GroupBy.WEEK, lambda one: (day_of(one) - timedelta(days=day_of(one).weekday())).isoformat()),
        (GroupBy.MONTH, lambda one: day_of(one).isoformat()[:7]),
        (GroupBy.CAMPUS, lambda one: one.campus),
        (GroupBy.EXAM_TYPE, lambda one: one.exam_type),
        (GroupBy.ROOM, lambda one: one.room),
        (GroupBy.TECHNICIAN, lambda one: one.technician),
        (GroupBy.DOCTOR, lambda one: one.doctor if one.submitted else ""),
        (GroupBy.AUDITOR, lambda one: one.auditor if one.approved else ""),
    ],
)
def test_groups_are_those_of_plain_rows(world: StatisticsWorld, group_by: GroupBy, key: Any) -> None:
    wanted = StatisticsFilter(first=SOME.first, last=SOME.last, step=Step.AUDIT)
    plain = grouped(counted(world, wanted), key)
    turnaround = table(world, Subject.TURNAROUND, group_by, wanted)
    workload = table(world, Subject.WORKLOAD, group_by, wanted)
    assert {row.key for row in workload.rows if row.values[0]} == set(plain)
    for row in workload.rows:
        rows = plain.get(row.key, [])
        assert row.values == (
            len(rows),
            sum(one.image_count for one in rows),
            sum(one.submitted is not None for one in rows),
            sum(one.approved is not None for one in rows),
        )
    for row in turnaround.rows:
        taken = minutes(plain.get(row.key, []), Step.AUDIT)
        assert value(turnaround, row, M.COUNT) == len(taken)
        assert value(turnaround, row, M.MEDIAN) == (round(median(taken), 1) if taken else None)
    assert workload.total.values[0] == sum(len(rows) for rows in plain.values())
    if group_by is GroupBy.CAMPUS:
        assert {row.name for row in workload.rows} == {"院区1", "院区2"}
    if group_by is GroupBy.DAY:
        assert len(workload.rows) == 27  # days without any stand there with nothing


def test_positive_rates(world: StatisticsWorld) -> None:
    found = table(world, Subject.POSITIVE, GroupBy.DOCTOR, SOME)
    plain = grouped([one for one in counted(world, SOME) if one.submitted], lambda one: one.doctor)
    for row in (row for row in found.rows if row.key):
        hp = [one.hp for one in plain[row.key]]
        yes, no = hp.count("positive"), hp.count("negative")
        assert row.values == (len(hp), yes, no, round(100 * yes / (yes + no), 1))


@pytest.mark.parametrize("subject", [Subject.IMAGE_QUALITY, Subject.REPORT_QUALITY])
def test_scores_in_grades_and_points(world: StatisticsWorld, subject: Subject) -> None:
    found = table(world, subject, GroupBy.EXAM_TYPE, SOME)
    plain = grouped([one for one in counted(world, SOME) if one.submitted], lambda one: one.exam_type)
    meaning = {"95": "甲", "72": "丙"}
    for row in found.rows:
        grades = [meaning.get(one.score, one.score) for one in plain[row.key] if one.score]
        counts = [grades.count(grade) for grade in "甲乙丙丁"]
        assert row.values == (len(grades), *counts, round(100 * counts[0] / len(grades), 1))


def test_return_rates_count_reports_not_returns(world: StatisticsWorld) -> None:
    found = table(world, Subject.RETURNS, GroupBy.AUDITOR, SOME)
    submitted = [one for one in counted(world, SOME) if one.submitted]
    returned = sum(one.returns > 0 for one in submitted)
    assert found.total.values == (len(submitted), returned, round(100 * returned / len(submitted), 1))


def test_filters_of_campus_and_type_and_the_limits_of_an_account(world: StatisticsWorld) -> None:
    wanted = StatisticsFilter(first=FIRST, last=LAST, campus_id=2, exam_types=("CT", "MR"))
    assert table(world, Subject.WORKLOAD, GroupBy.ROOM, wanted).total.values[0] == len(counted(world, wanted))
    limited = replace(ZHAO, campus_ids=frozenset({2}))
    whole = StatisticsFilter(first=FIRST, last=LAST)
    with world.database.read() as uow:
        seen = world.statistics.table(uow, limited, Subject.WORKLOAD, GroupBy.CAMPUS, whole)
    assert [row.name for row in seen.rows] == ["院区2"]


def test_no_exams_give_no_figures(world: StatisticsWorld) -> None:
    wanted = StatisticsFilter(first=date(2030, 1, 1), last=date(2030, 1, 2))
    for subject in Subject:
        found = table(world, subject, GroupBy.EXAM_TYPE, wanted)
        assert found.rows == () and found.total.values[0] == 0
        assert all(
            one in (0, None) or columns is M.LIMIT
            for one, columns in zip(found.total.values, found.columns, strict=True)
        )
    found = table(world, Subject.TURNAROUND, GroupBy.STEP, wanted)
    assert {row.values[1] for row in found.rows} == {None}


@pytest.mark.parametrize(
    ("subject", "group_by", "wanted", "field"),
    [
        (Subject.WORKLOAD, GroupBy.DAY, StatisticsFilter(first=LAST, last=FIRST), "filter.last"),
        (Subject.WORKLOAD, GroupBy.DAY, StatisticsFilter(first=date(2020, 1, 1), last=LAST), "filter.last"),
        (Subject.WORKLOAD, GroupBy.STEP, SOME, "group_by"),
    ],
)
def test_what_cannot_be_counted_is_refused(
    world: StatisticsWorld, subject: Subject, group_by: GroupBy, wanted: StatisticsFilter, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        table(world, subject, group_by, wanted)
    assert (refused.value.body.code, refused.value.body.field) == (ErrorCode.INVALID, field)


@pytest.mark.parametrize("english", [False, True])
@pytest.mark.parametrize(
    ("subject", "group_by"),
    [(Subject.TURNAROUND, GroupBy.STEP), (Subject.WORKLOAD, GroupBy.WEEK), (Subject.POSITIVE, GroupBy.PATIENT_TYPE)],
)
def test_the_workbook_has_the_numbers_of_the_screen(
    world: StatisticsWorld, subject: Subject, group_by: GroupBy, english: bool
) -> None:
    shown = table(world, subject, group_by, SOME)
    with world.database.read() as uow:
        sheet = world.statistics.export(uow, ZHAO, subject, group_by, SOME, english=english)
    rows = list(load_workbook(io.BytesIO(sheet.content)).worksheets[0].iter_rows(values_only=True))
    body = rows[1:] if group_by is GroupBy.STEP else rows[1:-1]
    assert [tuple(row[1:]) for row in body] == [row.values for row in shown.rows]
    if group_by is not GroupBy.STEP:
        assert tuple(rows[-1][1:]) == shown.total.values
    if english:
        assert all(str(cell).isascii() for row in rows for cell in row) and sheet.file_name.isascii()


def test_limits_are_kept_and_counted_with(world: StatisticsWorld) -> None:
    with world.database.write() as uow:
        before = world.statistics.limits(uow)
        saved = world.statistics.save_limits(uow, StepLimits(version=before.version, audit=60, print=0))
        with pytest.raises(Refusal):
            world.statistics.save_limits(uow, StepLimits(version=before.version))
        with pytest.raises(Refusal) as refused:
            world.statistics.save_limits(uow, StepLimits(version=saved.version, audit=-1))
    assert refused.value.body.field == "limits.audit"
    found = table(world, Subject.TURNAROUND, GroupBy.STEP, SOME)
    rows = {Step(row.key): row for row in found.rows}
    late = sum(one > 60 for one in minutes(counted(world, SOME), Step.AUDIT))
    assert value(found, rows[Step.AUDIT], M.BREACHES) == late
    assert value(found, rows[Step.PRINT], M.BREACHES) is None
    with world.database.write() as uow:
        world.statistics.save_limits(uow, StepLimits(version=saved.version))
