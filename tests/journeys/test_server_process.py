"""The server as an administrator starts, guards and ends it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from server_process import ROOT, running_server

from shared.contract.base import all_requests


def mingjing(*arguments: str, **options: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the suite."""
    return subprocess.run(
        [sys.executable, "-m", "mingjing", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env=dict(os.environ, PYTHONPATH=str(ROOT), PYTHONUTF8="1", **options),
        timeout=120,
        check=False,
    )


def test_a_new_folder_becomes_a_running_server_that_ends_cleanly(tmp_path: Path) -> None:
    data = tmp_path / "hospital"
    with running_server(data, migrates=True) as server:
        password = data / "secrets" / "admin-password"
        if os.name != "nt":
            assert stat.S_IMODE(password.stat().st_mode) == 0o600
            assert stat.S_IMODE(password.parent.stat().st_mode) == 0o700
        called = mingjing("call", "organisation.get_hospital", "--data", str(data))
        assert called.returncode == 0, called.stderr
        assert json.loads(called.stdout)["name"] == "明镜示范医院"
        second = mingjing(
            "server", "--data", str(data), "--rpc-port", "0", "--dicom-port", "0", "--http-port", "0", "--hl7-port", "0"
        )
        assert second.returncode == 2 and "Another Mingjing server is working" in second.stderr
        with urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}/health", timeout=10) as answer:
            assert json.load(answer)["ok"] is True
        with urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}/metrics", timeout=10) as answer:
            assert "mingjing_instances 0" in answer.read().decode()
    with running_server(data) as again:
        assert again.client("admin").call  # the same password opens the kept folder
    logs = "".join(path.read_text(encoding="utf-8") for path in (data / "logs").glob("*.log"))
    assert all(json.loads(line) for line in logs.splitlines())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--listen", "0.0.0.0"), "no account besides the first administrator"),
        (("--listen", "0.0.0.0"), "no DICOM peer is known"),
        (("--listen", "0.0.0.0"), "dicom_loopback_free = false"),
        (("--rpc-port", "70000"), "port from 0"),
    ],
)
def test_a_server_that_may_not_start_says_what_is_missing(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    refused = mingjing("server", "--data", str(tmp_path), *arguments)
    assert refused.returncode == 2
    assert sentence in refused.stderr and "Traceback" not in refused.stderr


def test_a_wrong_settings_file_is_explained(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('colour = "red"\n', encoding="utf-8")
    refused = mingjing("server", "--data", str(tmp_path / "d"), "--settings", str(settings))
    assert refused.returncode == 2 and "unknown setting 'colour'" in refused.stderr


def test_every_method_can_be_listed_and_described_without_a_server() -> None:
    listed = mingjing("call", "--list")
    assert listed.returncode == 0
    assert {line.split()[0] for line in listed.stdout.splitlines()} == set(all_requests())
    described = json.loads(mingjing("call", "--schema", "exams.register").stdout)
    assert described["request"]["$ref"].endswith("RegisterExam")
    assert "提交登记" in described["description"]


def test_accounts_and_peers_are_kept_from_the_command_line(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a-long-password\n", encoding="utf-8")
    data = tmp_path / "hospital"
    with running_server(data):
        where = ("--data", str(data))
        added = mingjing("user", "add", "li", "李医生", "doctor", "--new-password-file", str(secret), *where)
        assert added.returncode == 0 and "李医生" in added.stdout, added.stderr
        assert "CT9" in mingjing("ae", "add", "CT9", "10.0.0.9", "104", *where).stdout
        wrong = mingjing("ae", "add", "MUCH_TOO_LONG_A_TITLE", "h", "104", *where)
        assert wrong.returncode == 1 and "invalid" in wrong.stderr
        assert mingjing("ae", "remove", "CT9", *where).returncode == 0
        assert "CT9" not in mingjing("ae", "list", *where).stdout
        asked = mingjing("call", "exams.get", '{"exam_id": 99}', *where)
        assert asked.returncode == 1 and asked.stderr.startswith("not_found")
        assert "clean" in mingjing("check", *where).stdout


def test_an_unknown_word_and_an_unreachable_server_are_explained(tmp_path: Path) -> None:
    assert "there is no command 'burn'" in mingjing("burn").stderr
    assert "Which server?" in mingjing("ae", "list").stderr
    assert "is the server of this folder running?" in mingjing("ae", "list", "--data", str(tmp_path)).stderr
