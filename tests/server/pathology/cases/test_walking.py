"""Whatever way a list of cases is walked, it shows the same cases in the same order."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from server.kernel.database import Database
from server.pathology.cases import walking
from shared.contract import pathology as contract
from shared.domain.pathology import CaseFlag, CaseState
from tests.benchmarks.bench_pathology_lists import BEGIN, fill
from tests.server.pathology.pathology_world import BOSS, PathologyWorld

CASES = 400
FEW_AND_SOME = ((5000, 0, 0), (3, 20_000, 60_000), (3, 0, 0), (3, 0, 60_000), (3, 20_000, 0))
"""Only the cases that meet a condition · sorted by the database · walked over · mixed."""

QUESTIONS = tuple(
    contract.CaseFilter(text=text, number=number, flags=flags, states=states)
    for text, number, flags, states in itertools.product(
        ("", "王", "zy1"),
        ("", "1000"),
        ((), (CaseFlag.URGENT,), (CaseFlag.URGENT, CaseFlag.DELAYED)),
        ((), (CaseState.SENT, CaseState.PRINTED)),
    )
)


def _asked(world: PathologyWorld) -> list[tuple[list[int], int]]:
    """The ids of all pages, of 15 rows each, and the total, of each question."""
    found = []
    for question in QUESTIONS:
        ids: list[int] = []
        page = world.ask(BOSS, contract.ListCases(filter=question, limit=15))
        total = page.total
        while True:
            ids += [row.id for row in page.rows]
            if not page.next_cursor:
                break
            page = world.ask(BOSS, contract.ListCases(filter=question, limit=15, cursor=page.next_cursor))
        found.append((ids, total))
    return found


def test_every_way_finds_the_same(database_of_kind: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    world = PathologyWorld(database_of_kind)
    fill(database_of_kind, CASES)
    world.clock.present = BEGIN + timedelta(days=3650)
    answers = []
    for few, words, numbers in FEW_AND_SOME:
        monkeypatch.setattr(walking, "FEW", few)
        monkeypatch.setattr(walking, "_SOME_WORDS", words)
        monkeypatch.setattr(walking, "_SOME_NUMBERS", numbers)
        answers.append(_asked(world))
    assert all(answer == answers[0] for answer in answers[1:])
    assert all(len(ids) == len(set(ids)) == total for ids, total in answers[0])
    by_question = {
        (question.text, question.number, question.flags, question.states): len(ids)
        for question, (ids, _) in zip(QUESTIONS, answers[0], strict=True)
    }
    assert by_question["", "", (), ()] == CASES
    assert by_question["", "", (CaseFlag.URGENT,), ()] == CASES // 25
    assert by_question["", "1000", (), ()] > 15
    assert 0 < by_question["zy1", "1000", (CaseFlag.URGENT,), ()] < by_question["zy1", "1000", (), ()]
    assert by_question["", "", (CaseFlag.URGENT, CaseFlag.DELAYED), ()] == 0
