"""A process of keeping ends before each of its steps in turn: the next start finds its way, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from server_process import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the steps are tried in forked processes")


def tried(folder: Path, first: int, every: int) -> str:
    """Try the steps `first`, `first` + `every`, …; what was said of them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.journeys.killed_at_every_step", str(folder), str(first), str(every)],
        cwd=ROOT,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    return done.stdout


def test_nothing_is_lost_at_some_steps(tmp_path: Path) -> None:
    assert ", 0 went wrong" in tried(tmp_path, 5, 34)


@pytest.mark.slow
def test_nothing_is_lost_at_any_step(tmp_path: Path) -> None:
    said = tried(tmp_path, 0, 1)
    assert ", 0 went wrong" in said and int(said.split()[0]) > 100
