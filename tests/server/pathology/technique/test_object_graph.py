"""No sequence of scans, edits, moves and crashes gives two parents, a lost object or a duplicate number."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from server.kernel.database import Database, migrate
from tests.databases import KINDS, a_database, an_empty_database
from tests.server.pathology.pathology_world import PathologyWorld
from tests.server.pathology.technique.graph_walk import Crash, CrashingDatabase, Ledger, Walk

_STEPS = {"sqlite": 350, "postgresql": 150}


@pytest.mark.parametrize("kind", KINDS)
def test_a_random_walk_with_crashes_keeps_every_object_its_parent_and_its_number(kind: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("GRAPH_SEED", "7"))
    steps = int(os.environ.get("GRAPH_STEPS", _STEPS[kind]))
    chance = random.Random(seed)
    with a_database(kind, tmp_path) as database:
        world = PathologyWorld(database)
        world.database = CrashingDatabase(database, chance, 0.05)  # type: ignore[assignment]
        walk, ledger, crashes = Walk(world, chance), Ledger(), 0
        for number in range(steps):
            try:
                walk.step()
            except Crash:
                crashes += 1
            if number % 25 == 0:
                ledger.check(database)
        ledger.check(database)
        assert walk.done > steps // 4 and walk.refused > steps // 20 and crashes > steps // 60
        with database.read() as uow:
            slides = uow.session.execute(text("select count(*) from pathology_slides")).scalar_one()
        assert slides > steps // 40


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked and killed")
def test_a_killed_server_leaves_whole_objects(tmp_path: Path) -> None:
    with a_database("sqlite", tmp_path) as database:
        PathologyWorld(database)
        url = database.url
    ledger = Ledger()
    for seed in range(8):
        child = multiprocessing.get_context("fork").Process(target=_walk_until_killed, args=(url, seed))
        child.start()
        child.join(60)
        assert child.exitcode == -signal.SIGKILL
        again = Database(url)
        ledger.check(again)
        again.close()


def _walk_until_killed(url: str, seed: int) -> None:
    """Walk, and die by SIGKILL at a random statement or commit."""
    database, chance = Database(url), random.Random(seed)
    world = PathologyWorld(database)
    left = chance.randrange(40, 400)

    def count(*_more: Any) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", count)
    event.listen(database.engine, "commit", count)
    walk = Walk(world, chance)
    while True:
        walk.step()


@pytest.mark.parametrize("kind", KINDS)
def test_the_database_itself_keeps_parents_and_events(kind: str, tmp_path: Path) -> None:
    with an_empty_database(kind, tmp_path) as database:
        migrate.upgrade(database)
        world = PathologyWorld(database)
        case, other = world.cut("A"), world.cut("A", name="李四")
        for statement in (
            "update pathology_events set note = 'x'",
            "delete from pathology_events",
            f"update pathology_slides set block_id = {other.blocks[0].id} where case_id = {case.case_id}",
            f"update pathology_slides set case_id = {other.case_id} where case_id = {case.case_id}",
            f"update pathology_blocks set specimen_id = {other.specimen_id} where case_id = {case.case_id}",
            f"update pathology_specimens set number = 'X/1' where case_id = {case.case_id}",
            f"update pathology_cases set number = '{other.number}' where id = {case.case_id}",
        ):
            with pytest.raises(DBAPIError), database.write() as uow:
                uow.session.execute(text(statement))
