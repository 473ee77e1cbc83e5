"""How fast pathology's queries, statistics, register book and indicators are with 100,000 cases.

Run: python tests/benchmarks/bench_pathology_statistics.py [--cases N] [--times N] [--postgresql] [--plans]
Prints one line per question: median and p95 in milliseconds, p95 as a share of its limit, and rows found. Limits: 200
ms for a page of a list that an index leads to, 1,000 ms for a search through texts and for a statistic of a month,
3,000 ms for one of a whole year and for all 13 indicators over twelve months. The rows are those of
bench_pathology_lists (ten years, two blocks and four slides a case), with reports, codes and grades beside.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import event, text

from server.kernel.database import Database
from shared.contract import pathology_statistics as contract
from shared.domain.pathology_indicators import Indicator
from shared.domain.pathology_queries import Field, Operator
from shared.domain.pathology_reports import FIRST_REPORT_ID
from shared.domain.pathology_statistics import GROUPS_OF, MEASURES_OF, GroupBy, Subject
from tests.benchmarks.bench_pathology_lists import BEGIN, fill
from tests.databases import a_database
from tests.server.pathology.statistics.records import StatisticsHouse

PAGE_MS, SEARCH_MS, YEAR_MS = 200.0, 1000.0, 3000.0
_DIAGNOSES = ("慢性胃炎，未见癌。", "（胃窦）腺癌，中分化。", "子宫平滑肌瘤", "乳腺浸润性癌", "淋巴结未见转移")


def fill_reports(database: Database) -> None:
    """A report with its text for every case, codes for every fifth, grades for every fourth slide."""
    words = " ".join(f"WHEN {place} THEN '{one}'" for place, one in enumerate(_DIAGNOSES))
    report = f"{FIRST_REPORT_ID} + id"
    statements = (
        "INSERT INTO pathology_reports (id, version, case_id, kind, number, state, created_at, author_id, author,"
        " auditor_id, auditor, audited_at, text_number, edition, reason, format_key, print_count, printed_by,"
        f" send_count, sent_by, seal) SELECT {report}, 1, id, 'main', 1, 'audited', received_at, 1, '主诊', 1, '审核',"
        " received_at, 1, 1, '', '', 0, '', 0, '', '' FROM pathology_cases",
        "INSERT INTO pathology_report_texts (report_id, number, at, by_id, by, reason, gross, findings, diagnosis,"
        f" comment, synoptic) SELECT {report}, 1, received_at, 1, 'x', '', '', '异型', CASE id % 5 {words} END, '', ''"
        " FROM pathology_cases",
        "INSERT INTO pathology_case_codes (case_id, position, system, code, meaning)"
        " SELECT id, 0, 'icd10', 'C' || (id % 80), '肿瘤' FROM pathology_cases WHERE id % 5 = 1",
        "UPDATE pathology_slides SET grade = CASE id % 12 WHEN 0 THEN 'a' ELSE 'c' END WHERE id % 4 = 0",
        "UPDATE pathology_cases SET age_years = id % 90",
    )
    is_sqlite = database.engine.dialect.name == "sqlite"
    with database.engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement if is_sqlite else statement.replace("%", "%%"))
        connection.commit()
        connection.execute(text("ANALYZE"))
        connection.commit()
    database.checkpoint()


def questions(house: StatisticsHouse, last: date, chance: random.Random) -> dict[str, tuple[float, Callable[[], int]]]:
    """What is asked, by name: its limit, and how many rows it got."""

    def where(*conditions: tuple[Field, Operator, tuple[str, ...]], any_of: bool = False) -> Callable[[], int]:
        joined = contract.Joined.ANY if any_of else contract.Joined.ALL
        parts = tuple(contract.Condition(field=one[0], operator=one[1], values=one[2]) for one in conditions)
        which = contract.CasesWhere(condition=contract.Group(joined=joined, parts=parts))
        return lambda: house.ask(contract.ListCases(which=which)).total

    def days(back: int, **more: Any) -> contract.StatisticsFilter:
        return contract.StatisticsFilter(first=last - timedelta(days=back), last=last, **more)

    def table(subject: Subject, group_by: GroupBy, back: int) -> Callable[[], int]:
        ask = contract.GetTable(subject=subject, group_by=group_by, filter=days(back))
        return lambda: len(house.ask(ask).rows)

    def figure() -> int:
        subject = Subject.SOURCES
        which = contract.FigureOf(
            subject=subject,
            group_by=GroupBy.UNIT,
            filter=days(365),
            measure=MEASURES_OF[subject][0],
            key="第一医院",
        )
        return int(house.ask(contract.ListCases(which=which)).total)

    month = (str(last - timedelta(days=30)), str(last))
    number = f"1{chance.randrange(1000) * 20 + 4:07d}"
    found: dict[str, tuple[float, Callable[[], int]]] = {
        "list: everything": (PAGE_MS, where()),
        "list: last month": (PAGE_MS, where((Field.REGISTERED, Operator.BETWEEN, month))),
        "list: last month, women, over 60": (
            PAGE_MS,
            where(
                (Field.REGISTERED, Operator.BETWEEN, month),
                (Field.SEX, Operator.IS, ("F",)),
                (Field.AGE, Operator.FROM, ("60",)),
            ),
        ),
        "search: beginning of the number": (SEARCH_MS, where((Field.NUMBER, Operator.BEGINS, (number[:6],)))),
        "search: words of the diagnosis": (SEARCH_MS, where((Field.DIAGNOSIS, Operator.CONTAINS, ("浸润性癌",)))),
        "search: diagnosis or code": (
            SEARCH_MS,
            where(
                (Field.DIAGNOSIS, Operator.CONTAINS, ("腺癌",)),
                (Field.CODE, Operator.BEGINS, ("C16",)),
                any_of=True,
            ),
        ),
        "search: part of the name": (SEARCH_MS, where((Field.NAME, Operator.CONTAINS, ("芳",)))),
        "book: a day": (
            PAGE_MS,
            lambda: house.ask(contract.ListCases(which=contract.BookOf(filter=days(0)))).total,
        ),
        "figure: cases of a year": (SEARCH_MS, figure),
        "choices: departments": (SEARCH_MS, lambda: len(house.ask(contract.ListChoices(field=Field.DEPARTMENT)))),
        "indicators: 12 months": (
            YEAR_MS,
            lambda: len(house.ask(contract.GetIndicators(last=f"{last:%Y-%m}", months=12))),
        ),
        "indicator: cases of a month": (
            SEARCH_MS,
            lambda: (
                house.ask(
                    contract.ListCases(
                        which=contract.IndicatorOf(indicator=Indicator.TISSUE_TIME, month=f"{last:%Y-%m}")
                    )
                ).total
            ),
        ),
    }
    for subject in Subject:
        found[f"{subject.value}: a month"] = (SEARCH_MS, table(subject, GROUPS_OF[subject][0], 30))
        found[f"{subject.value}: a year by month"] = (YEAR_MS, table(subject, GroupBy.MONTH, 365))
    return found


def show_plans(house: StatisticsHouse, last: date) -> None:
    """Print how the database reads what a year by month asks: a search by an index, never a scan of all slides."""
    seen: list[tuple[str, Any]] = []

    def remember(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        seen.append((statement, parameters))

    event.listen(house.database.engine, "before_cursor_execute", remember)
    wanted = contract.StatisticsFilter(first=last - timedelta(days=30), last=last)
    house.ask(contract.GetTable(subject=Subject.PREPARATION, group_by=GroupBy.DAY, filter=wanted))
    event.remove(house.database.engine, "before_cursor_execute", remember)
    with house.database.engine.connect() as connection:
        for statement, parameters in seen:
            if statement.lstrip().upper().startswith(("SELECT", "WITH")):
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
                    print("   ", row[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--plans", action="store_true", help="print SQLite's plans of a statistic")
    options = parser.parse_args()
    kind = "postgresql" if options.postgresql else "sqlite"
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder, a_database(kind, Path(folder)) as database:
        house = StatisticsHouse(database)
        fill(database, options.cases)
        fill_reports(database)
        house.world.clock.present = BEGIN + timedelta(days=3650)
        last = house.time.local(house.world.clock.present).date()
        print(f"{kind}, {options.cases:,} cases, {options.cases * 4:,} slides")
        for name, (limit, ask) in questions(house, last, random.Random(1)).items():
            rows, taken = ask(), []
            for _ in range(options.times):
                begin = time.perf_counter()
                ask()
                taken.append((time.perf_counter() - begin) * 1000)
            p95 = sorted(taken)[min(len(taken) - 1, int(len(taken) * 0.95))]
            worst = max(worst, p95 / limit)
            print(
                f"{name:36} median {statistics.median(taken):7.1f}  p95 {p95:7.1f} ms  limit {limit:5.0f}"
                f"  ratio {p95 / limit:5.2f}  rows {rows}"
            )
        if options.plans and kind == "sqlite":
            show_plans(house, last)
    print(f"worst ratio to its limit: {worst:.2f}")
    return 0 if worst <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
