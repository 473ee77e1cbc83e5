"""SIGKILL at random moments: nothing that was answered with success is missing, and index and files agree."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from server.archive.receive import ObjectName, file_meta
from server.archive.tables import Instance
from tests.server.archive.archive_house import House
from tests.server.archive.store_until_killed import CT, EXPLICIT, an_object, template, uids

ROOT = Path(__file__).resolve().parents[3]


def store_and_kill(folder: Path, round_: int, seconds: float, victim: str) -> list[tuple[int, int]]:
    """Run the server's archive, kill it `seconds` after it is ready; the (sender, number) of what it answered.

    `victim`: "threads" is one process; "processes" are three that die one after the other, the indexer first;
    "worker" is one of two receiving processes, a moment before the others.
    """
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    mode = "threads" if victim == "threads" else "processes"
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.server.archive.store_until_killed", str(folder), str(round_), mode],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    lines: list[bytes] = []
    first = child.stdout.readline().split()
    while first[0] != b"ready":  # a worker was quicker than the word
        lines.append(b" ".join(first) + b"\n")
        first = child.stdout.readline().split()
    workers = [int(pid) for pid in first[1:]]
    if workers:
        lines.append(child.stdout.readline())  # they have begun
    reader = threading.Thread(target=lambda: lines.extend(child.stdout or ()))
    reader.start()
    time.sleep(seconds)  # the moment is the test
    if victim == "worker":
        os.kill(workers.pop(0), signal.SIGKILL)
        time.sleep(seconds)
    child.kill()
    child.wait()
    for pid in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    reader.join()
    child.stdout.close()
    return [(int(a), int(b)) for a, b in (line.split() for line in lines if line.endswith(b"\n"))]


def prove(folder: Path, answered: list[tuple[int, int, int]]) -> int:
    """Start the archive again and look for every answered object; the number of instances there are in all."""
    house = House(folder).start()
    try:
        with house.database.read() as uow:
            keys = dict(uow.session.execute(select(Instance.uid, Instance.object_key)).all())
        basis = template(folder)
        for round_, sender, number in answered:
            uid = uids(round_, sender, number)[2]
            assert uid in keys, f"lost: {uid}"
            with house.storage.open(keys[uid]) as file:
                whole = file.read()
            assert whole == file_meta(ObjectName(CT, uid, EXPLICIT)) + an_object(basis, round_, sender, number)
        found = house.service.check(hashes=True)
        assert found.findings == ()
        assert found.instances == found.files == len(keys)
        assert list(house.inbox.iterdir()) == []
        return len(keys)
    finally:
        house.stop()


VICTIMS = ("threads", "processes", "worker") if os.name == "posix" else ("threads",)


def run_rounds(folder: Path, rounds: int, longest_s: float) -> int:
    chance = random.Random(rounds)
    everything: list[tuple[int, int, int]] = []
    for round_ in range(rounds):
        everything = everything[-3000:]  # earlier ones were proved in their own round; the check covers them all
        victim = VICTIMS[round_ % len(VICTIMS)]
        answered = store_and_kill(folder, round_, chance.uniform(0.02, longest_s), victim)
        everything += [(round_, sender, number) for sender, number in answered]
        prove(folder, everything)
    return len(everything)


def test_nothing_answered_is_lost_in_a_few_kills(tmp_path: Path) -> None:
    template(tmp_path)
    assert run_rounds(tmp_path, rounds=6, longest_s=0.6) > 20


@pytest.mark.slow
def test_nothing_answered_is_lost_in_many_kills(tmp_path: Path) -> None:
    for batch in range(10):  # a fresh archive now and then, so that the proof of a round stays quick
        template(tmp_path / str(batch))
        run_rounds(tmp_path / str(batch), rounds=int(os.environ.get("MINGJING_KILLS", "100")) // 10, longest_s=1.5)
