"""SIGKILL at random moments while images are compressed, deleted, restored, purged and backed up: nothing is lost."""

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
from server_process import ROOT

from server.archive.keeping.vault import Vault
from tests.journeys.keeping_proof import Told, prove
from tests.server.archive.store_until_killed import template


class Rounds:
    """The process whose copies work and are killed, one a round."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._errors = folder / "errors"
        self._start()

    def _start(self) -> None:
        with self._errors.open("ab") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.journeys.keeping_until_killed", str(self.folder)],
                cwd=ROOT,
                env=dict(os.environ, PYTHONPATH=str(ROOT)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )

    def work_and_kill(self, round_: int, seconds: float, *, after: bytes = b"ready") -> list[bytes]:
        """One round: everything at once, killed `seconds` after it said `after`; the lines that it said."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"%d\n" % round_)
        process.stdin.flush()
        lines: list[bytes] = []
        pid = self._number(process.stdout.readline(), b"pid")
        while (line := process.stdout.readline()) != b"ready\n":
            assert line and not line.startswith(b"over"), f"the round did not begin: {self._said()}"
            lines.append(line)
        while not line.startswith(after):
            line = process.stdout.readline()
            assert line and not line.startswith(b"over"), f"the round ended by itself: {self._said()}"
            lines.append(line)
        reader = threading.Thread(target=self._read, args=(lines,))
        reader.start()
        time.sleep(seconds)  # the moment is the test
        assert reader.is_alive(), f"the round ended by itself: {self._said()}"
        os.kill(pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)  # there it is TerminateProcess
        reader.join()
        if pid == process.pid:  # without fork
            self.close()
            self._start()
        else:
            assert self._number(lines.pop(), b"over") == -signal.SIGKILL, f"it ended by itself: {self._said()}"
        return lines

    def _read(self, lines: list[bytes]) -> None:
        """Until the end of the round."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            lines.append(line)
            if line.startswith(b"over"):
                return

    def _number(self, line: bytes, word: bytes) -> int:
        said, _, number = line.partition(b" ")
        assert said == word, f"{line!r} instead of {word!r}: {self._said()}"
        return int(number)

    def _said(self) -> str:
        return self._errors.read_text(errors="replace")[-4000:]

    def close(self) -> None:
        """The end of its input ends it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


def run_rounds(folder: Path, rounds: int) -> tuple[Told, int, int]:
    template(folder)
    moments = random.Random(rounds)
    told = Told()
    with contextlib.closing(Rounds(folder)) as working:
        for round_ in range(rounds):
            # on a slow machine too some backups end, and some series are compressed
            after = b"B" if round_ < 3 else b"C" if round_ < 10 else b"ready"
            told.hear(working.work_and_kill(round_, 0.05 + moments.random() * 0.9, after=after))
    kept, compressed = prove(folder, told)
    return told, kept, compressed


def test_nothing_is_lost_in_30_kills_during_keeping(tmp_path: Path) -> None:
    told, kept, compressed = run_rounds(tmp_path, 30)
    assert len(told.acknowledged) > 200 and len(told.purged) > 5 and compressed > 5, "the rounds did hardly any work"
    assert kept >= len(told.acknowledged - told.purged)
    assert len(told.generations) >= 3
    assert Vault(tmp_path / "vault").generations()


@pytest.mark.slow
def test_nothing_is_lost_in_300_kills_during_keeping(tmp_path: Path) -> None:
    for batch in range(10):  # a fresh archive now and then, so that the rounds stay quick
        told, kept, compressed = run_rounds(tmp_path / str(batch), int(os.environ.get("MINGJING_KILLS", "300")) // 10)
        print(f"{len(told.acknowledged)} acknowledged, {len(told.purged)} purged, {kept} kept, {compressed} compressed")
