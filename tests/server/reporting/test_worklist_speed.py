"""The diagnosis list over 200,000 reports: every usual question within 50 ms at the 95th percentile."""

from __future__ import annotations

import statistics
import time
from datetime import date, timedelta

import msgspec
import pytest
from sqlalchemy import insert, select, text

from server.reporting.tables import Report
from shared.contract.base import Page
from shared.contract.reporting import ReportClock, ReportFilter, ReportOrder, Scan
from shared.domain.states import ReportState
from tests.server.reporting.reporting_world import LI, NOON, World

REPORTS = 200_000
LIMIT_MS = 50.0  # of processor time, embedded
POSTGRESQL_LIMIT_MS = 200.0  # of the clock, which other programs share


def fill(world: World, reports: int = REPORTS) -> None:
    """Copy one report `reports` times over eight years, three in a thousand still open."""
    first = world.a_report()
    names = [
        f"{family}{given}" for family in "张王李赵钱孙周吴郑陈" for given in "伟芳娜秀英敏静强磊军洋勇艳杰涛明超霞平刚"
    ]
    with world.database.read() as uow:
        model = uow.session.execute(select(Report.__table__).where(Report.id == first)).one()._asdict()
    rows = []
    for number in range(2, reports + 1):
        age_days = (reports - number) * 2900 / reports
        is_open = age_days < 9
        name = names[number % len(names)]
        rows.append(
            model
            | {
                "id": number,
                "exam_id": number + 10,
                "accession_number": f"A{number:07}",
                "image_number": f"CT{number:06}",
                "patient_id": number // 3,
                "patient_number": f"P{number // 3:06}",
                "patient_name": name,
                "search_name": f"{name}|{number % 977}pinyin|zz",
                "priority": (0, 1, 2, 2, 2, 2, 2, 2, 2, 2)[number % 10],
                "exam_type": ("CT", "MR", "DR", "DR")[number % 4],
                "room_id": number % 7,
                "state": str(tuple(ReportState)[number % 4] if is_open else ReportState.PRINTED),
                "examined_at": NOON - timedelta(days=age_days),
                "diagnosed_at": None if is_open else NOON - timedelta(days=age_days),
                "printed_at": None if is_open else NOON - timedelta(days=age_days),
                "due_at": NOON - timedelta(days=age_days, hours=number % 9 - 6),
                "warn_at": NOON - timedelta(days=age_days, hours=number % 9 - 5),
                "items": ("胸部平扫", "头颅平扫+增强", "胸部正位")[number % 3],
            }
        )
    with world.database.write() as uow:
        for start in range(0, len(rows), 20_000):
            uow.session.execute(insert(Report), rows[start : start + 20_000])


TODAY = date(2026, 3, 2)
QUESTIONS = {
    "today awaiting": ReportFilter(states=(ReportState.AWAITING,), examined_from=TODAY, examined_to=TODAY),
    "all awaiting": ReportFilter(states=(ReportState.AWAITING,)),
    "this year CT": ReportFilter(examined_from=date(2026, 1, 1), exam_types=("CT",)),
    "everything": ReportFilter(),
    "name": ReportFilter(patient_name="张伟"),
    "name this month": ReportFilter(patient_name="zz", examined_from=date(2026, 2, 2)),
    "accession": ReportFilter(accession_number="A0123456"),
    "diagnosed this week": ReportFilter(diagnosed_from=TODAY - timedelta(days=14)),
    "room": ReportFilter(room_id=3, states=(ReportState.SUBMITTED,)),
    "overdue": ReportFilter(clock=ReportClock.OVERDUE),
    "due soon": ReportFilter(clock=ReportClock.SOON),
    "contrast this month": ReportFilter(scan=Scan.CONTRAST, examined_from=date(2026, 2, 2)),
}


@pytest.mark.slow
def test_the_list_stays_fast_over_200_000_reports(world: World) -> None:
    """SQLite works in this process, so its 95th percentile of processor time tells what the list costs even while other
    programs keep the machine busy; of PostgreSQL, a process of its own, the quickest of 20 answers is taken."""
    fill(world)
    is_embedded = world.database.is_sqlite
    if not is_embedded:  # what a running PostgreSQL does by itself soon after
        with world.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE reports"))
    clock = time.process_time if is_embedded else time.perf_counter
    figures: dict[str, float] = {}
    for name, conditions in QUESTIONS.items():
        times = []
        for offset in [0] * 15 + [100] * 5:
            started = clock()
            with world.database.read() as uow:
                msgspec.msgpack.encode(world.worklist.page(uow, LI, conditions, Page(offset=offset, limit=100)))
            times.append((clock() - started) * 1000)
        figures[name] = statistics.quantiles(times, n=20)[18] if is_embedded else min(times)
    print({name: round(value, 1) for name, value in figures.items()})
    assert max(figures.values()) <= (LIMIT_MS if is_embedded else POSTGRESQL_LIMIT_MS), figures


def test_ten_thousand_reports_answer_at_once(world: World) -> None:
    """Every question and order over 10,000 reports, in processor time of this process (SQLite; least of five)."""
    if not world.database.is_sqlite:
        pytest.skip("PostgreSQL works in a process of its own; the slow form times it")
    fill(world, 10_000)
    figures: dict[str, float] = {}
    for order in ReportOrder:
        for name, conditions in QUESTIONS.items():
            times = []
            for _ in range(5):
                started = time.process_time()
                with world.database.read() as uow:
                    page = world.worklist.page(uow, LI, conditions, Page(limit=200), order, descending=True)
                times.append((time.process_time() - started) * 1000)
                assert len(page.rows) == min(page.total, 200)
            figures[f"{name} by {order}"] = min(times)
    print({name: round(value, 1) for name, value in figures.items()})
    assert max(figures.values()) <= LIMIT_MS, figures
