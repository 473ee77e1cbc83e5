"""SIGKILL at random moments while images are compressed, deleted, restored, purged and backed up: nothing is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from server_process import ROOT

from server.archive.keeping.vault import Vault
from tests.journeys.keeping_proof import Told, prove
from tests.server.archive.store_until_killed import template


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
    told.hear(lines)


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
