"""SIGKILL at random moments while images are compressed, deleted, restored, purged and backed up: nothing is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from server_process import ROOT
from sqlalchemy import func, select

from server.archive.keeping import discards
from server.archive.keeping.tables import BinObject, Discard
from server.archive.keeping.vault import Vault
from server.archive.tables import Instance, InstanceVersion
from tests.server.archive.archive_house import House
from tests.server.archive.store_until_killed import template


@dataclass
class Told:
    """What the killed processes said."""

    acknowledged: set[str] = field(default_factory=set)
    purged: set[str] = field(default_factory=set)  # or about to be, when the kill came


def work_and_kill(folder: Path, round_: int, seconds: float, told: Told) -> None:
    """One round: everything at once, killed `seconds` after it has begun."""
    errors = folder / f"round-{round_}.err"
    with errors.open("wb") as stderr:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.keeping_until_killed", str(folder), str(round_)],
            cwd=ROOT,
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    assert child.stdout is not None and child.stdin is not None
    lines: list[bytes] = []
    for line in child.stdout:
        if line == b"ready\n":
            break
        lines.append(line)
    reader = threading.Thread(target=lambda: lines.extend(child.stdout or ()))
    reader.start()
    time.sleep(seconds)  # the moment is the test
    assert child.poll() is None, f"the child ended by itself: {errors.read_text(errors='replace')[-4000:]}"
    child.kill()
    child.wait()
    reader.join()
    child.stdin.close()
    child.stdout.close()
    for line in lines:
        if line.endswith(b"\n"):
            kind, uid = line.decode().split()
            (told.acknowledged if kind == "S" else told.purged).add(uid)


def prove(folder: Path, told: Told) -> tuple[int, int]:
    """Start the archive again and prove it; returns (objects kept, images compressed)."""
    house = House(folder).start()
    try:
        later = datetime.now(UTC) + timedelta(hours=2)  # what a crash left announced is due, and dead backups are dead
        discards.sweep(house.database, house.storage, now=later)
        found = house.service.check(hashes=True)
        assert found.findings == ()
        with house.database.read() as uow:
            session = uow.session
            assert session.execute(select(Discard)).first() is None
            indexed = set(session.execute(select(Instance.uid)).scalars())
            binned = set(session.execute(select(BinObject.uid)).scalars())
            keys = {
                key
                for table in (Instance, InstanceVersion, BinObject)
                for key in session.execute(select(table.object_key)).scalars()
            }
            compressed = session.execute(select(func.count(Instance.received_key))).scalar_one()
        lost = told.acknowledged - told.purged - indexed - binned
        assert lost == set(), f"{len(lost)} acknowledged objects are gone"
        assert set(house.storage.keys()) == keys, "there are files that nothing names"
    finally:
        house.stop()
    vault = Vault(folder / "vault")
    for name in vault.generations():
        assert vault.verify(name, lambda _done, _total: None) == []
    return len(indexed | binned), int(compressed)


def run_rounds(folder: Path, rounds: int) -> tuple[Told, int, int]:
    template(folder)
    moments = random.Random(rounds)
    told = Told()
    for round_ in range(rounds):
        work_and_kill(folder, round_, 0.05 + moments.random() * 0.9, told)
    kept, compressed = prove(folder, told)
    return told, kept, compressed


def test_nothing_is_lost_in_30_kills_during_keeping(tmp_path: Path) -> None:
    told, kept, compressed = run_rounds(tmp_path, 30)
    assert len(told.acknowledged) > 200 and len(told.purged) > 5 and compressed > 5, "the rounds did hardly any work"
    assert kept >= len(told.acknowledged - told.purged)
    assert Vault(tmp_path / "vault").generations()


@pytest.mark.slow
def test_nothing_is_lost_in_300_kills_during_keeping(tmp_path: Path) -> None:
    for batch in range(10):  # a fresh archive now and then, so that the rounds stay quick
        told, kept, compressed = run_rounds(tmp_path / str(batch), int(os.environ.get("MINGJING_KILLS", "300")) // 10)
        print(f"{len(told.acknowledged)} acknowledged, {len(told.purged)} purged, {kept} kept, {compressed} compressed")
