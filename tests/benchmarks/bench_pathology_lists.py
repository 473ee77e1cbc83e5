"""How fast pathology's lists, searches, scans and trails are with 500,000 cases and two million slides.

Run: python tests/benchmarks/bench_pathology_lists.py [--cases N] [--times N] [--postgresql]
Prints one line per question: median and p95 in milliseconds, p95 as a share of the limit of 200 ms, the same of the
processor's time alone (for SQLite the whole work; what runs beside it does not count), and rows found.
The rows are made in SQL: ten years of cases in five libraries, one specimen, two blocks and four slides each.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import text

from server.kernel.database import Database
from shared.contract import pathology as contract
from shared.contract import pathology_preparation as preparation
from shared.contract import pathology_technique as technique
from shared.contract import pathology_trail as trail
from shared.domain.pathology import (
    BlockState,
    CaseFlag,
    CaseState,
    ObjectKind,
    SlideState,
    SpecimenState,
    Station,
    TaskSource,
)
from shared.domain.pathology_barcodes import make_code
from tests.databases import a_database
from tests.server.pathology.pathology_world import BOSS, PathologyWorld

LIMIT_MS = 200.0
BEGIN = datetime(2016, 1, 4, tzinfo=UTC)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_SURNAME_INITIALS = "wlzlcyzhzwxshzglhgml"
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂玉萍红鑫建文"
_GIVEN_INITIALS = "wfnxymjlqljyyyjjtmclxpggyphxjw"


@dataclass(frozen=True, slots=True)
class Figure:
    """What one question took, in milliseconds; `rows` is the most that an answer held."""

    median: float
    p95: float
    processor: float  # p95 of the processor's time alone: what load beside it does not change
    rows: int

    @property
    def ratio(self) -> float:
        return self.p95 / LIMIT_MS


def fill(database: Database, cases: int) -> None:
    """Make the rows."""
    is_sqlite = database.engine.dialect.name == "sqlite"
    step = int(timedelta(days=3650).total_seconds() / cases)
    terms = _sqlite_terms(step) if is_sqlite else _postgresql_terms(step)
    series = terms["series"].replace("{n}", str(cases))
    with database.engine.connect() as connection:
        if is_sqlite:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
            connection.exec_driver_sql("BEGIN")
        for statement in _statements(terms, series, cases):
            connection.exec_driver_sql(statement.replace("%", "%%") if not is_sqlite else statement)
        connection.commit()
    if not is_sqlite:  # what PostgreSQL's own housekeeping does on a database that lives
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    database.checkpoint()  # as after years of work: the rows lie in the file, not in a journal of its size


def _sqlite_terms(step: int) -> dict[str, str]:
    start = BEGIN.strftime("%Y-%m-%d %H:%M:%S")
    counting = "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {n}) SELECT i FROM s"
    return {
        "series": f"({counting}) AS n",
        "at": f"(datetime('{start}', '+' || (i * {step}) || ' seconds') || '.000000')",
        "serial": "substr('0000000' || i, -7)",
        "json": "'{text}'",
    }


def _postgresql_terms(step: int) -> dict[str, str]:
    start = BEGIN.strftime("%Y-%m-%d %H:%M:%S")
    return {
        "series": "(SELECT i FROM generate_series(1, {n}) AS g(i)) AS n",
        "at": f"(timestamp '{start}' + i * interval '{step} seconds')",
        "serial": "lpad(i::text, 7, '0')",
        "json": "'{text}'::json",
    }


def _by_library(*values: str) -> str:
    """A value for each of the five libraries, of which the first has three fifths of the cases."""
    limits = (12, 14, 16, 19)
    parts = " ".join(f"WHEN i % 20 < {limit} THEN {value}" for limit, value in zip(limits, values, strict=False))
    return f"(CASE {parts} ELSE {values[-1]} END)"


def _patient() -> tuple[str, str]:
    """A name of three characters, and its initials."""
    places = (f"(i * 7 + i / 20) % {len(_SURNAMES)}", f"i / 3 % {len(_GIVEN)}", f"i / 7 % {len(_GIVEN)}")
    letters = ((_SURNAMES, _GIVEN, _GIVEN), (_SURNAME_INITIALS, _GIVEN_INITIALS, _GIVEN_INITIALS))
    name, initials = (
        " || ".join(f"substr('{one}', {place} + 1, 1)" for one, place in zip(some, places, strict=True))
        for some in letters
    )
    return f"({name})", f"({initials})"


def _insert(table: str, columns: dict[str, str], source: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM {source}"


def _empty(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "''")


def _statements(terms: dict[str, str], series: str, cases: int) -> list[str]:
    at, recent = terms["at"], cases - max(cases // 100, 20)
    library = _by_library("1", "2", "3", "4", "5")
    number = f"({_by_library(*(repr(one) for one in ('', 'F', 'C', 'T', 'K')))} || '1' || {terms['serial']})"
    name, initials = _patient()
    states = ("registered", "grossed", "prepared", "first", "chief", "second", "audited", "printed")
    late = " ".join(f"WHEN {place} THEN '{state}'" for place, state in enumerate(states))
    common = {"id": "i", "version": "1", "state_since": at, **_empty("place", "placed_by")}
    case = {
        **common,
        **{"revision": "1", "library_id": library, "number": number, "entry": _json(terms, "patient_name")},
        **{"state": f"CASE WHEN i > {recent} THEN CASE i % 8 {late} END ELSE 'sent' END", "patient_name": name},
        **{"sex": "CASE i % 2 WHEN 0 THEN 'M' ELSE 'F' END", "age": "(i % 90) || '岁'", "bed": "'12'"},
        **{"application_number": "'SQ' || i", "inpatient_number": "'ZY' || i", "department": "'消化科'"},
        **{"sending_unit": "'第一医院'", "sending_doctor": "'周医生'", "specimen_name": "'胃窦黏膜'"},
        **{
            "clinical_diagnosis": "'胃炎'",
            "gross_description": "'灰白组织一块'",
            "received_at": at,
            "registered_at": at,
        },
        **{"registered_by_id": "1", "registered_by": "'登记员'", "gross_version": "1", "charges_version": "1"},
        **{"last_specimen": "1"},
        **_empty("unlocked_state", "hospital_patient_id", "outpatient_number", "id_number", "specimen_type"),
        **_empty("delay_reason", "first_doctor", "chief_doctor", "second_doctor", "auditor", "gross_recorder"),
    }
    words = (name, f"substr({name}, 2, 2)", f"substr({name}, 3, 1)", initials, "'zy' || i", "'sq' || i")
    flags = {
        "urgent": "i % 25 = 0",
        "delayed": "i % 1000 = 0",
        "regrossing": f"i > {recent} AND i % 100 = 0",
        "consultation": "i % 5000 = 0",
    }
    return [
        _insert("pathology_cases", case, series),
        _insert("pathology_numbers", {"number": number, "case_id": "i", "use": "'current'"}, series),
        *(
            _insert("pathology_case_words", {"word": word, "case_id": "i"}, series)
            + " WHERE true ON CONFLICT DO NOTHING"
            for word in words
        ),
        *(
            _insert(
                "pathology_case_flags",
                {
                    **{"case_id": "i", "flag": f"'{flag}'", "library_id": library, "registered_at": at},
                    **{"since": at, "by": "'医生'", "note": "''"},
                },
                f"{series} WHERE {condition}",
            )
            for flag, condition in flags.items()
        ),
        *_pieces(terms, series, recent, {**common, "case_id": "i", "library_id": library}, number),
    ]


def _pieces(terms: dict[str, str], series: str, recent: int, common: dict[str, str], number: str) -> list[str]:
    at = terms["at"]
    source = "CASE WHEN i % 200 = 0 THEN 'electron' WHEN i % 10 = 0 THEN 'immuno' ELSE 'routine' END"
    specimen = {
        **common,
        **{"serial": "1", "number": f"{number} || '/1'", "name": "'胃窦'", "entry": _json(terms, "name")},
        **{"state": f"CASE WHEN i > {recent} THEN 'accepted' ELSE 'disposed' END", "tissue": "'handed_over'"},
        **{"registered_at": at, "handed_over_at": at},
        **_empty("registered_by", "decided_by", "reason", "handling", "recorder", "handed_over_by"),
        **_empty("handed_over_to", "disposed_by", "witness"),
    }
    letter = "CASE WHEN k < 1 THEN 'A' ELSE 'B' END"
    block_state = f"CASE WHEN i <= {recent} THEN 'archived' WHEN i % 8 = 1 THEN 'to_embed'"
    block = {
        **common,
        **{"id": "i * 2 + k", "specimen_id": "i", "serial": letter, "label": f"{number} || '-' || {letter}"},
        **{"number": f"{number} || '-' || {letter}", "source": source, "site": "'胃窦'", "pieces": "2"},
        **{"unit": "'块'", "grosser": "'取材'", "grossed_at": at, "recorder_id": "1", "label_prints": "1"},
        **{"state": f"{block_state} WHEN i % 8 = 2 THEN 'to_section' ELSE 'sectioned' END"},
        **_empty("source_note", "recorder", "note", "verified_by", "embedded_by", "sectioned_by"),
    }
    of_block = "CASE WHEN k < 2 THEN 'A' ELSE 'B' END"
    slide_state = f"CASE WHEN i <= {recent} THEN 'archived' WHEN i % 8 < 3 THEN 'labelled' ELSE 'handed_over' END"
    slide = {
        **common,
        **{"id": "i * 4 + k", "specimen_id": "i", "block_id": "i * 2 + (k / 2)", "serial": "k % 2 + 1"},
        **{"number": f"{number} || '-' || ({of_block}) || '-0' || (k % 2 + 1)", "source": source, "stain": "'HE'"},
        **{"state": slide_state, "made_by": "'技术员'", "made_at": at, "label_prints": "1", "handed_over_at": at},
        **_empty("note", "checked_by", "handed_over_by", "handed_over_to", "grade", "grade_note", "graded_by"),
    }
    event = {
        **{"case_id": "i", "kind": "'slide'", "object_id": "i * 4 + k", "action": "'make'", "at": at},
        **{"user_id": "1", "by": "'技术员'"},
        **_empty("number", "before", "after", "station", "place", "code", "note"),
    }
    halves = "CROSS JOIN (SELECT 0 AS k UNION ALL SELECT 1) AS h"
    quarters = "CROSS JOIN (SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) AS q"
    return [
        _insert("pathology_specimens", specimen, series),
        _insert("pathology_blocks", block, f"{series} {halves}"),
        _insert("pathology_slides", slide, f"{series} {quarters}"),
        _insert("pathology_events", event, f"{series} {quarters}"),
    ]


def _json(terms: dict[str, str], name: str) -> str:
    """An entry that has only its one required field."""
    return terms["json"].replace("{text}", f'{{"{name}": "x"}}')


def questions(world: PathologyWorld, cases: int, chance: random.Random) -> dict[str, Callable[[], int]]:
    """What is asked, by name; each answers how many rows it got."""
    last = world.time.local(BEGIN + timedelta(days=3650)).date()
    libraries = tuple(world.libraries.values())

    def listed(**more: Any) -> Callable[[], int]:
        return lambda: len(world.ask(BOSS, contract.ListCases(filter=contract.CaseFilter(**more))).rows)

    def name() -> str:
        return chance.choice(_SURNAMES) + chance.choice(_GIVEN) + chance.choice(_GIVEN)

    def deep() -> int:
        at = BEGIN + timedelta(days=chance.randrange(3600))
        cursor = f"{int(at.timestamp() * 1_000_000)}.1"
        return len(world.ask(BOSS, contract.ListCases(cursor=cursor)).rows)

    def by(make: Callable[[], dict[str, Any]]) -> Callable[[], int]:
        return lambda: len(world.ask(BOSS, contract.ListCases(filter=contract.CaseFilter(**make()))).rows)

    def routine() -> int:  # a case of the first library, whose number has no prefix
        return chance.randrange(cases // 20) * 20 + 4

    def slide_code() -> str:
        return make_code(ObjectKind.SLIDE, f"1{routine():07d}-A-01")

    def slides(text: Callable[[], str] = str, **more: Any) -> Callable[[], int]:
        return lambda: len(
            world.ask(BOSS, preparation.ListSlides(filter=preparation.SlideFilter(text=text(), **more))).rows
        )

    def blocks(text: Callable[[], str] = str, **more: Any) -> Callable[[], int]:
        return lambda: len(
            world.ask(BOSS, technique.ListBlocks(filter=technique.BlockFilter(text=text(), **more))).rows
        )

    def specimens(text: Callable[[], str] = str, **more: Any) -> Callable[[], int]:
        return lambda: len(
            world.ask(BOSS, technique.ListSpecimens(filter=technique.SpecimenFilter(text=text(), **more))).rows
        )

    def counted(**more: Any) -> Callable[[], int]:
        return lambda: sum(world.ask(BOSS, contract.CountLists(**more)).states.values())

    def scanned(**more: Any) -> Callable[[], int]:
        station = more.pop("station", Station.PREPARATION)
        expected = trail.Expected(**more)
        return lambda: int(
            world.ask(BOSS, trail.Scan(code=slide_code(), station=station, expected=expected)).found is not None
        )

    week = {"first": last - timedelta(days=7), "last": last}
    return {
        "cases: newest page": listed(),
        "cases: a page anywhere": deep,
        "cases: last 7 days": listed(**week),
        "cases: one library": by(lambda: {"library_ids": (chance.choice(libraries),)}),
        "cases: three states": listed(states=(CaseState.REGISTERED, CaseState.PREPARED, CaseState.CHIEF)),
        "cases: sent of one library": by(
            lambda: {"states": (CaseState.SENT,), "library_ids": (chance.choice(libraries),)}
        ),
        "cases: full name": by(lambda: {"text": name()}),
        "cases: surname": by(lambda: {"text": chance.choice(_SURNAMES)}),
        "cases: part of the name": by(lambda: {"text": chance.choice(_GIVEN) + chance.choice(_GIVEN)}),
        "cases: initials": by(lambda: {"text": chance.choice(_SURNAME_INITIALS) + chance.choice(_GIVEN_INITIALS)}),
        "cases: inpatient number": by(lambda: {"text": f"zy{chance.randrange(1, cases)}"}),
        "cases: number": by(lambda: {"number": f"1{routine():07d}"}),
        "cases: beginning of the number": by(lambda: {"number": f"1{routine():07d}"[:4]}),
        "cases: range of numbers": by(
            lambda: {"first_number": f"1{(at := routine()):07d}", "last_number": f"1{at + 900:07d}"}
        ),
        "cases: urgent": listed(flags=(CaseFlag.URGENT,)),
        "cases: urgent, surname, printed": by(
            lambda: {
                "flags": (CaseFlag.URGENT,),
                "text": chance.choice(_SURNAMES),
                "states": (CaseState.PRINTED,),
            }
        ),
        "cases: delayed, unsent": listed(flags=(CaseFlag.DELAYED,), unsent_only=True),
        "counters: last 7 days": counted(**week),
        "counters: all years": counted(),
        "neighbours": lambda: bool(world.ask(BOSS, contract.GetNeighbours(case_id=chance.randrange(1, cases))).next_id),
        "open a case": lambda: len(world.details(chance.randrange(1, cases), BOSS).slides),
        "open by number": lambda: len(world.ask(BOSS, contract.OpenCase(number=f"1{routine():07d}")).slides),
        "gaps among 1,000 numbers": lambda: len(
            world.ask(BOSS, contract.FindGaps(first=f"1{(at := routine()):07d}", last=f"1{at + 999:07d}"))
        ),
        "scan a slide": scanned(),
        "scan a slide, wrong block": scanned(block_id=2),
        "find by number": lambda: len(world.ask(BOSS, trail.FindObjects(text=f"1{routine():07d}"))),
        "find by its beginning": lambda: len(world.ask(BOSS, trail.FindObjects(text=f"1{routine():07d}"[:5]))),
        "trail of a slide": lambda: len(
            world.ask(BOSS, trail.GetTrail(kind=ObjectKind.SLIDE, object_id=routine() * 4)).events
        ),
        "missing pieces": lambda: len(world.ask(BOSS, trail.ListMissing())),
        "blocks: to embed": blocks(states=(BlockState.TO_VERIFY, BlockState.TO_EMBED)),
        "blocks: archived of one library": blocks(states=(BlockState.ARCHIVED,), library_ids=libraries[4:]),
        "blocks: by name": blocks(text=name),
        "slides: last day": slides(made_first=last - timedelta(days=1), made_last=last),
        "slides: all of one library": slides(library_ids=libraries[4:]),
        "slides: electron microscopy": slides(sources=(TaskSource.ELECTRON,), states=(SlideState.ARCHIVED,)),
        "slides: by number": slides(text=lambda: f"1{routine():07d}"),
        "slides: by name": slides(text=name),
        "slides: handed over last 7 days": slides(handed_over_first=week["first"], handed_over_last=last),
        "specimens: handed over last 7 days": specimens(handed_over_first=week["first"], handed_over_last=last),
        "specimens: accepted": specimens(states=(SpecimenState.ACCEPTED,)),
        "specimens: by patient": specimens(text=name),
    }


def measure(database: Database, cases: int, times: int) -> dict[str, Figure]:
    """Ask everything `times` times; figures by name."""
    world = PathologyWorld(database)
    fill(database, cases)
    world.clock.present = BEGIN + timedelta(days=3650)
    chance = random.Random(1)
    found = {}
    for name, ask in questions(world, cases, chance).items():
        taken, worked, rows = [], [], int(ask())  # the first one also reads the statement and its pages
        for _ in range(times):
            begin, work = time.perf_counter(), time.thread_time()
            rows = max(rows, int(ask()))
            taken.append((time.perf_counter() - begin) * 1000)
            worked.append((time.thread_time() - work) * 1000)
        found[name] = Figure(statistics.median(taken), _p95(taken), _p95(worked), rows)
    return found


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=500_000)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--postgresql", action="store_true")
    options = parser.parse_args()
    kind = "postgresql" if options.postgresql else "sqlite"
    begin = time.perf_counter()
    gc.collect()
    gc.freeze()  # as `mingjing server` does when it is ready
    with tempfile.TemporaryDirectory() as folder, a_database(kind, Path(folder)) as database:
        figures = measure(database, options.cases, options.times)
    print(f"{kind}, {options.cases:,} cases, {options.cases * 4:,} slides; limit {LIMIT_MS:.0f} ms")
    for name, figure in figures.items():
        work = f"processor p95 {figure.processor:7.1f} ms  ratio {figure.processor / LIMIT_MS:5.2f}"
        print(
            f"{name:36} median {figure.median:7.1f}  p95 {figure.p95:7.1f} ms  ratio {figure.ratio:5.2f}"
            f"  {work}  rows {figure.rows:5}"
        )
    worst = max(figures.values(), key=lambda figure: figure.ratio)
    print(f"worst ratio to the limit: {worst.ratio:.2f}  (in all {time.perf_counter() - begin:.0f} s)")
    return 0 if worst.ratio <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
