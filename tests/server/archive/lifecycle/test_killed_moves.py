"""SIGKILL at random points while studies move: nothing is lost, nothing is left that no row knows."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.archive.check import check
from server.archive.lifecycle import placing
from server.kernel.storage.fingerprint import is_key_of
from server.kernel.storage.tiers import TieredStorage
from tests.fakes.s3_server import s3_settings
from tests.server.archive.archive_house import House
from tests.server.archive.lifecycle.lifecycle_house import Lifecycle
from tests.server.archive.lifecycle.move_until_killed import parts

ROOT = Path(__file__).resolve().parents[4]


def kill_rounds(folder: Path, rounds: int, longest_s: float = 0.4) -> None:
    house = House(folder).start()
    cycle = Lifecycle(house, folder)
    studies = [cycle.a_study(4) for _ in range(3)]
    house.stop()
    dice = random.Random(rounds)
    for turn in range(rounds):
        command = [sys.executable, "-m", "tests.server.archive.lifecycle.move_until_killed", str(folder), str(turn)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        with process.stdout as said:
            assert said.readline() == b"ready\n"
            time.sleep(dice.uniform(0.0, longest_s))  # where the kill falls is left to chance: that is the test
            assert process.poll() is None, "the child ended by itself"
            process.kill()
            process.wait(20)
        if turn % 5 == 4 or turn == rounds - 1:
            _is_whole(folder, studies)


def _is_whole(folder: Path, studies: list[str]) -> None:
    database, online, registry, mover = parts(folder)
    try:
        storage = TieredStorage(online, registry.tiers, registry.holders)
        _all_readable(database, storage, studies)  # before anything is mended
        mover.resume()
        _all_readable(database, storage, studies)
        assert check(database, storage, lambda _key: False).findings == ()
        wanted: dict[str, set[str]] = {name: set() for name in ("online", *(s.name for s in registry.stores()))}
        with database.read() as uow:
            for uid in studies:
                present = placing.contents(uow.session, uid)
                rows = placing.copies(uow.session, uid)
                assert present is not None
                assert {row.state for row in rows.values()} <= {"verified", "released"}
                for name in [name for name in rows if name != "online"] + ([] if "online" in rows else ["online"]):
                    wanted[name] |= set(present.keys)
        held = {store.name: set(store.storage.keys()) for store in registry.stores()}
        for store in [online, *(one.storage for one in registry.stores())]:
            store.sweep()  # type: ignore[attr-defined]
        assert held | {"online": set(online.keys())} == wanted, "each store holds what the rows say, no less, no more"
        for name in ("near", "disk-a", "disk-b"):
            assert list((folder / name / "incoming").iterdir()) == []
    finally:
        database.close()


def _all_readable(database: object, storage: TieredStorage, studies: list[str]) -> None:
    with database.read() as uow:  # type: ignore[attr-defined]
        for uid in studies:
            present = placing.contents(uow.session, uid)
            assert present is not None
            assert len(present.sizes) == 4
            for key in present.keys:
                with storage.open(key) as reader:
                    assert is_key_of(key, reader.read())


def test_kills_during_moves_lose_nothing_and_leave_no_orphan(tmp_path: Path) -> None:
    kill_rounds(tmp_path, 10)


def test_kills_during_moves_to_a_bucket(tmp_path: Path) -> None:
    of = s3_settings()
    bucket = {name: getattr(of, name) for name in ("endpoint", "bucket", "prefix", "access_key", "secret_key")}
    (tmp_path / "bucket.json").write_text(json.dumps({"name": "cloud", "kind": "s3", "role": "archive", **bucket}))
    kill_rounds(tmp_path, 4, longest_s=1.0)


@pytest.mark.slow
def test_many_kills_during_moves(tmp_path: Path) -> None:
    kill_rounds(tmp_path, 300)
