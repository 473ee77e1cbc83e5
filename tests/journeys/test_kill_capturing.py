"""SIGKILL of workstation and server while pictures are taken: what clicked is on the server, once and byte for byte."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from shared.contract.pathology import CaseEntry, ListLibraries, RegisterCase
from shared.contract.pathology_media import ListMedia, MediaView
from shared.domain.pathology_media import MediaKind
from tests.server_process import ROOT, ServerProcess, start_server

CASES = 3


class Bench:
    """One life of the workstation."""

    def __init__(self, server: ServerProcess, journal: Path, case_id: int, first: int) -> None:
        self.clicked: dict[str, tuple[str, float]] = {}
        self.pieces: dict[str, int] = {}
        self.safe: dict[str, float] = {}
        self.refused: list[str] = []
        self.is_idle = threading.Event()
        self._errors = (journal.parent / "errors").open("w+")
        script = str(Path(__file__).with_name("capturing_bench.py"))
        arguments = [str(server.connection), str(journal), str(case_id), server.admin_password, str(first)]
        self._process = subprocess.Popen(
            [sys.executable, script, *arguments],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=dict(os.environ, PYTHONPATH=str(ROOT), PYTHONUTF8="1"),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not line.endswith("\n"):
                return
            kind, *rest = line.split()
            if kind == "clicked":
                self.clicked[rest[0]] = (rest[1], float(rest[2]))
            elif kind == "piece":
                self.pieces[rest[0]] = self.pieces.get(rest[0], 0) + 1
            elif kind == "safe":
                self.safe[rest[0]] = float(rest[1])
            elif kind == "refused":
                self.refused.append(line)
            else:
                self.is_idle.set()

    def wait(self, clicks: int, timeout_s: float = 60) -> None:
        """Until it clicked so often in this life."""
        limit = time.monotonic() + timeout_s
        while len(self.clicked) < clicks:
            self._alive(limit)
            time.sleep(0.003)

    def wait_idle(self, timeout_s: float = 120) -> None:
        """Until the journal is empty."""
        limit = time.monotonic() + timeout_s
        while not self.is_idle.wait(0.05):
            self._alive(limit)

    def _alive(self, limit: float) -> None:
        if self._process.poll() is not None or time.monotonic() > limit:
            self._errors.seek(0)
            raise AssertionError(f"the bench stopped:\n{self._errors.read()[-2000:]}")

    def kill(self) -> None:
        """SIGKILL; everything it said is read."""
        self._process.kill()
        self._process.wait(20)
        self._reader.join(20)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()


class House:
    """A server with some cases, and a bench that is killed again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal"
        self.journal.mkdir()
        self.server = start_server(folder / "data")
        client = self.server.client()
        library = client.call(ListLibraries())[0].id
        self.cases = [
            client.call(RegisterCase(library_id=library, entry=CaseEntry(patient_name=f"张{n}"))).case.id
            for n in range(CASES)
        ]
        client.close()
        self.clicked: dict[str, tuple[str, float]] = {}
        self.pieces: dict[str, int] = {}
        self.seconds: list[float] = []
        self.lives = 0

    def live(self, clicks: int, *, with_server: bool) -> None:
        """One life: capture, be killed."""
        self.lives += 1
        bench = Bench(self.server, self.journal, self.cases[self.lives % CASES], self.lives * 1000)
        try:
            bench.wait(clicks)
        finally:
            if with_server:
                self.server.kill(whole=True)
            bench.kill()
        self._note(bench)
        if with_server:
            self.server = start_server(self.folder / "data", connection=self.server.connection)

    def live_through_a_restart(self, clicks: int) -> None:
        """The server dies and comes back while the bench goes on."""
        self.lives += 1
        bench = Bench(self.server, self.journal, self.cases[self.lives % CASES], self.lives * 1000)
        try:
            bench.wait(clicks)
            self.server.kill(whole=True)
            bench.wait(clicks + 5)
            self.server = start_server(self.folder / "data", connection=self.server.connection)
            bench.wait(clicks + 10)
        finally:
            bench.kill()
        self._note(bench)

    def _note(self, bench: Bench) -> None:
        assert not bench.refused, bench.refused
        self.clicked.update(bench.clicked)
        self.pieces.update(bench.pieces)
        self.seconds += [at - bench.clicked[key][1] for key, at in bench.safe.items() if key in bench.clicked]

    def judge(self) -> None:
        """Send what is left; then everything that clicked must be on the server, once and unchanged."""
        bench = Bench(self.server, self.journal, self.cases[0], 0)
        try:
            bench.wait_idle()
        finally:
            bench.kill()
        self._note(bench)
        client = self.server.client()
        views: list[MediaView] = [view for case in self.cases for view in client.call(ListMedia(case_id=case))]
        client.close()
        by_key = {view.key: view for view in views}
        assert len(by_key) == len(views), "something is there twice"
        lost = set(self.clicked) - set(by_key)
        assert not lost, f"{len(lost)} of {len(self.clicked)} captures are gone"
        changed = [key for key, (digest, _) in self.clicked.items() if by_key[key].sha256 != digest]
        assert not changed, f"{len(changed)} captures are not what was taken"
        lost = set(self.pieces) - set(by_key)
        assert not lost, f"{len(lost)} of {len(self.pieces)} recordings are gone"
        for key, pieces in self.pieces.items():
            frames = round(by_key[key].duration_s * 25)
            assert by_key[key].kind is MediaKind.VIDEO and frames >= pieces, "a piece that was safe is gone"


def test_a_few_kills_lose_no_capture(tmp_path: Path) -> None:
    house = House(tmp_path)
    try:
        for clicks, with_server in ((9, False), (4, True), (15, False)):
            house.live(clicks, with_server=with_server)
        house.judge()
        assert len(house.clicked) >= 28 and house.pieces
    finally:
        house.server.stop()


@pytest.mark.slow
def test_two_hundred_kills_lose_no_capture(tmp_path: Path) -> None:
    chance = random.Random(7)
    rounds = int(os.environ.get("MINGJING_KILL_ROUNDS", "200"))
    house = House(tmp_path)
    try:
        for number in range(rounds):
            if number % 25 == 24:
                house.live_through_a_restart(chance.randint(1, 10))
            else:
                house.live(chance.randint(1, 20), with_server=number % 10 == 9)
        house.judge()
    finally:
        house.server.stop()
    ordered = sorted(house.seconds)
    print(
        f"{rounds} kills, {len(house.clicked)} captures and {len(house.pieces)} recordings, none lost; on the server "
        f"after {ordered[len(ordered) // 2] * 1000:.0f} ms in the median, {ordered[-1] * 1000:.0f} ms at most"
    )
