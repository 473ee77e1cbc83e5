"""Time limits: by class and group, changed by the hospital; the list's filters and orders by time."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from server.kernel.errors import Refusal
from server.reporting.clocks import TimeLimitsBook, clock_of, limit_of
from server.reporting.facts import whole_years
from shared.contract.base import Page
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportClock, ReportFilter, ReportOrder, Scan
from shared.contract.worklist import TimeLimits
from shared.domain.states import PatientType, ReportState, Sex, VisitKind
from tests.server.reporting.reporting_world import FULL, LI, NOON, WANG, ZHAO, World, an_exam

BOOK = TimeLimitsBook()


@pytest.mark.parametrize(
    ("priority", "visit", "exam_type", "minutes"),
    [
        (0, VisitKind.OUTPATIENT, "DR", 30),
        (0, VisitKind.INPATIENT, "CT", 60),
        (2, VisitKind.EMERGENCY, "MR", 60),
        (2, VisitKind.EMERGENCY, "DX", 30),
        (1, VisitKind.OUTPATIENT, "DR", 120),
        (2, VisitKind.INPATIENT, "DR", 120),
        (2, VisitKind.OUTPATIENT, "CT", 240),
        (2, VisitKind.HEALTH_CHECK, "MR", 240),
        (2, VisitKind.INPATIENT, "MR", 360),
    ],
)
def test_the_usual_limits_by_class_and_group(priority: int, visit: VisitKind, exam_type: str, minutes: int) -> None:
    limit = limit_of(TimeLimits(), priority=priority, visit_kind=visit, exam_type=exam_type)
    assert limit == timedelta(minutes=minutes)


def test_the_warning_begins_in_the_last_quarter() -> None:
    clock = clock_of(TimeLimits(), NOON, priority=2, visit_kind=VisitKind.OUTPATIENT, exam_type="CT")
    assert (clock.due_at, clock.warn_at) == (NOON + timedelta(hours=4), NOON + timedelta(hours=3))


def row_of(world: World, report_id: int):  # type: ignore[no-untyped-def]
    with world.database.read() as uow:
        return world.worklist.rows_of(uow, LI, [report_id])[report_id]


def test_a_report_gets_its_clock_with_its_facts_and_notes_each_state(world: World) -> None:
    report_id = world.a_report(an_exam(1, patient_type=PatientType.EMERGENCY))
    row = row_of(world, report_id)
    assert row.due_at == NOON + timedelta(minutes=60)
    assert row.state_since == NOON
    world.clock.pass_time(minutes=10)
    with world.database.write() as uow:
        version = world.reports.write(uow, LI, report_id).version
    assert row_of(world, report_id).state_since == NOON + timedelta(minutes=10)
    world.clock.pass_time(minutes=5)
    with world.database.write() as uow:
        world.reports.save(uow, LI, report_id, version, FULL)
    assert row_of(world, report_id).state_since == NOON + timedelta(minutes=10), "saving changes no state"


def test_other_limits_wind_open_clocks_anew_and_leave_approved_ones(world: World) -> None:
    approved = world.report_in(ReportState.PRINTED)
    waiting = world.a_report(an_exam(50))
    limits = msgspec.structs.replace(TimeLimits(), outpatient_sectional_minutes=90, warning_percent=10)
    with world.database.write() as uow:
        view = BOOK.save(uow, 0, limits)
    assert view.version == 1
    assert row_of(world, waiting).due_at == NOON + timedelta(minutes=90)
    assert row_of(world, waiting).warn_at == NOON + timedelta(minutes=81)
    assert row_of(world, approved).due_at == NOON + timedelta(hours=4)
    with world.database.read() as uow:
        assert BOOK.view(uow).limits == limits


def test_limits_that_make_no_sense_or_are_outdated_are_refused(world: World) -> None:
    for parts, field in (
        ({"xray_minutes": 4}, "xray_minutes"),
        ({"ward_sectional_minutes": 20_000}, "ward_sectional_minutes"),
        ({"warning_percent": 91}, "warning_percent"),
        ({"sectional_types": ("",)}, "sectional_types"),
    ):
        with world.database.write() as uow, pytest.raises(Refusal) as refused:
            BOOK.save(uow, 0, msgspec.structs.replace(TimeLimits(), **parts))
        assert refused.value.body.field == field
    with world.database.write() as uow:
        BOOK.save(uow, 0, TimeLimits())
    with world.database.write() as uow, pytest.raises(Refusal) as refused:
        BOOK.save(uow, 0, TimeLimits())
    assert refused.value.body.code is ErrorCode.CONFLICT


@pytest.fixture
def filled(world: World) -> World:
    for number, name, items, age, visit, minutes in (
        (1, "张三丰", "胸部平扫", "45岁", VisitKind.OUTPATIENT, 230),
        (2, "李四", "头颅平扫+增强", "8岁", VisitKind.INPATIENT, 400),
        (3, "王五", "冠脉CTA", "3月", VisitKind.EMERGENCY, 10),
        (4, "张三", "胸部正位", "70岁", VisitKind.HEALTH_CHECK, 500),
    ):
        exam = an_exam(number, patient_id=number, name=name, finished_at=NOON - timedelta(minutes=minutes))
        exam = msgspec.structs.replace(
            exam, row=msgspec.structs.replace(exam.row, items=items, age=age, visit_kind=visit)
        )
        world.a_report(exam)
    return world


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (ReportFilter(scan=Scan.PLAIN), [1]),
        (ReportFilter(scan=Scan.CONTRAST), [2, 3]),
        (ReportFilter(age_from=8), [1, 2, 4]),
        (ReportFilter(age_from=8, age_to=45), [1, 2]),
        (ReportFilter(age_to=0), [3]),
        (ReportFilter(visit_kinds=(VisitKind.INPATIENT, VisitKind.HEALTH_CHECK)), [2, 4]),
        (ReportFilter(sex=Sex.FEMALE), []),
        (ReportFilter(items="增强"), [2]),
        (ReportFilter(items="增强", exact=True), []),
        (ReportFilter(items="胸部平扫", exact=True), [1]),
        (ReportFilter(patient_name="张三"), [1, 4]),
        (ReportFilter(patient_name="张三", exact=True), [4]),
        (ReportFilter(requesting_doctor="陈"), [1, 2, 3, 4]),
        (ReportFilter(registered_by="登记员", exact=True), [1, 2, 3, 4]),
        (ReportFilter(requested_from=date(2026, 3, 3)), []),
        (ReportFilter(printed_from=date(2026, 3, 1)), []),
        (ReportFilter(clock=ReportClock.OVERDUE), [2, 4]),
        (ReportFilter(clock=ReportClock.SOON), [1]),
        (ReportFilter(clock=ReportClock.ON_TIME), [3]),
        (ReportFilter(device_ae="CT1"), []),
        (ReportFilter(mine_only=True), []),
    ],
)
def test_filters_by_what_columns_show(filled: World, conditions: ReportFilter, expected: list[int]) -> None:
    with filled.database.read() as uow:
        found = filled.worklist.page(uow, LI, conditions, Page())
    assert sorted(row.exam_id for row in found.rows) == expected
    assert found.total == len(expected)


def test_my_reports_are_those_i_write_or_audit(filled: World) -> None:
    with filled.database.write() as uow:
        filled.reports.write(uow, LI, 1)
    with filled.database.read() as uow:
        mine = filled.worklist.page(uow, LI, ReportFilter(mine_only=True), Page())
        others = filled.worklist.page(uow, WANG, ReportFilter(mine_only=True), Page())
    assert ([row.id for row in mine.rows], others.total) == ([1], 0)


@pytest.mark.parametrize(
    ("order", "descending", "expected"),
    [
        (ReportOrder.URGENCY, False, [4, 2, 1, 3]),
        (ReportOrder.EXAMINED, False, [4, 2, 1, 3]),
        (ReportOrder.EXAMINED, True, [3, 1, 2, 4]),
        (ReportOrder.DUE, False, [4, 2, 1, 3]),
        (ReportOrder.PRINTED, True, [1, 4, 3, 2]),
        (ReportOrder.PRINTED, False, [1, 2, 3, 4]),
    ],
)
def test_orders_and_pages_of_them(filled: World, order: ReportOrder, descending: bool, expected: list[int]) -> None:
    with filled.database.write() as uow:
        version = filled.reports.write(uow, LI, 1).version
        filled.reports.submit(uow, LI, 1, version, FULL)
        version = filled.reports.audit(uow, ZHAO, 1).version
        filled.reports.approve(uow, ZHAO, 1, version, FULL)
        filled.reports.printed(uow, ZHAO, 1)
    with filled.database.read() as uow:
        pages = [
            filled.worklist.page(uow, LI, ReportFilter(), Page(offset=offset, limit=3), order, descending=descending)
            for offset in (0, 3)
        ]
    assert [row.exam_id for page in pages for row in page.rows] == expected


@pytest.mark.parametrize(("age", "years"), [("45岁", 45), ("3月", 0), ("", 0), ("岁", 0), ("x岁", 0), ("102岁", 102)])
def test_years_of_an_age(age: str, years: int) -> None:
    assert whole_years(age) == years
