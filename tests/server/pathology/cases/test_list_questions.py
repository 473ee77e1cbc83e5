"""The questions of the benchmark on few cases: every list, search, scan and trail answers on both databases."""

from __future__ import annotations

from server.kernel.database import Database
from tests.benchmarks.bench_pathology_lists import measure

_EMPTY_AMONG_FEW = {
    "cases: urgent, surname, printed",
    "cases: full name",
    "cases: part of the name",
    "blocks: by name",
    "slides: by name",
    "specimens: by patient",
}


def test_every_question_of_the_benchmark_finds_something(database_of_kind: Database) -> None:
    figures = measure(database_of_kind, 3000, 1)
    assert {name for name, figure in figures.items() if figure.rows == 0} <= _EMPTY_AMONG_FEW
    assert figures["cases: newest page"].rows == figures["cases: a page anywhere"].rows == 100
    assert figures["counters: all years"].rows == 3000
