"""A backup of a running server while four senders store, and a restore: nothing acknowledged is missing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from server_process import ROOT, running_server
from sqlalchemy import text

from server.kernel.database import Database
from tests.journeys.watched_senders import WatchedSenders


def mingjing(*arguments: str | Path, expect: int = 0) -> dict[str, Any]:
    """Run a command with --json; its result."""
    done = subprocess.run(
        [sys.executable, "-m", "mingjing", *map(str, arguments), "--json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    assert done.returncode == expect, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(done.stdout) if done.stdout.strip() else {"error": done.stderr}


def stored(folder: Path) -> set[str]:
    database = Database.in_folder(folder)
    with database.read() as uow:
        found = set(uow.session.execute(text("select uid from instances")).scalars())
    database.close()
    return found


def test_what_was_acknowledged_before_the_start_is_restored(tmp_path: Path) -> None:
    data, vault, new = tmp_path / "data", tmp_path / "vault", tmp_path / "new"
    senders = WatchedSenders()
    try:
        with running_server(data) as server:
            senders.begin(server.dicom_port)
            end = time.monotonic() + 30
            while len(senders.so_far()) < 40:
                assert time.monotonic() < end
                time.sleep(0.05)
            before = set(senders.so_far())
            first = mingjing("backup", "--data", data, "--to", vault)
            second = mingjing("backup", "--data", data, "--to", vault)
        senders.acknowledged()
    finally:
        senders.close()
    assert first["copied"] == first["objects"] >= len(before) - first["inbox"]
    assert second["objects"] > first["objects"] and second["copied"] == second["objects"] - first["objects"]
    restored = mingjing("restore", "--from", vault, "--data", new, "--generation", first["generation"])
    assert restored["clean"]
    assert before <= stored(new)
    with running_server(new) as again:  # the same passwords, the same images
        client = again.client()
        client.close()


def test_a_folder_that_is_not_empty_and_a_backup_that_is_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "something").touch()
    assert "no complete backup" in mingjing("restore", "--from", tmp_path, "--data", tmp_path / "n", expect=1)["error"]
    assert "no data folder" in mingjing("backup", "--data", tmp_path / "n", "--to", tmp_path / "v", expect=1)["error"]
