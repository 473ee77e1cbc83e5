"""The watchdog with real processes: a fault or a standstill starts the display again, an ordinary end does not."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from clients.display.app import make_parser
from clients.display.watchdog import Watchdog, display_command

COUNT = "import pathlib, sys, time; p = pathlib.Path(sys.argv[1]); n = len(p.read_text()) if p.exists() else 0; "
COUNT += "p.write_text('x' * (n + 1)); "


def a_watchdog(code: str, *arguments: str, still_s: float = 30.0) -> tuple[Watchdog, list[str]]:
    told: list[str] = []
    command = [sys.executable, "-c", code, *arguments]
    return Watchdog(command, still_s=still_s, start_s=20.0, pauses_s=(0.05,), told=told.append), told


def test_a_display_that_is_closed_stays_closed() -> None:
    watchdog, told = a_watchdog("print('.')")
    assert watchdog.run() == 0
    assert (watchdog.starts, told) == (1, [])


def test_options_that_will_never_work_are_not_tried_again() -> None:
    watchdog, _ = a_watchdog("import sys; sys.exit(2)")
    assert watchdog.run() == 2
    assert watchdog.starts == 1


def test_a_display_that_dies_is_started_again(tmp_path: Path) -> None:
    watchdog, told = a_watchdog(COUNT + "sys.exit(0 if n == 2 else 70)", str(tmp_path / "n"))
    assert watchdog.run() == 0
    assert watchdog.starts == 3
    assert len(told) == 2
    assert "70" in told[0]


def test_a_display_that_stands_still_is_ended_and_started_again(tmp_path: Path) -> None:
    code = COUNT + "print('.', flush=True); time.sleep(60 if n == 0 else 0)"
    watchdog, told = a_watchdog(code, str(tmp_path / "n"), still_s=0.5)
    assert watchdog.run() == 0
    assert watchdog.starts == 2
    assert any("stands still" in sentence for sentence in told)


def test_ending_the_watchdog_ends_the_display() -> None:
    watchdog, _ = a_watchdog("import time\nwhile True: print('.', flush=True); time.sleep(0.1)")
    status: list[int] = []
    thread = threading.Thread(target=lambda: status.append(watchdog.run()))
    thread.start()
    while watchdog.process is None:
        thread.join(0.02)
    watchdog.end()
    thread.join(20)
    assert status == [0]
    assert watchdog.process.poll() is not None


def test_a_display_that_does_not_listen_is_ended_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.display.watchdog.END_S", 0.2)
    deaf = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('.', flush=True)\ntime.sleep(60)"
    watchdog, _ = a_watchdog(deaf)
    status: list[int] = []
    thread = threading.Thread(target=lambda: status.append(watchdog.run()))
    thread.start()
    while not watchdog._has_beaten:
        thread.join(0.02)
    watchdog.end()
    thread.join(20)
    assert status == [0]


def test_the_watched_display_gets_the_same_options_and_gives_signs_of_life() -> None:
    given = ["--connect", "x", "--user", "u", "--password-file", "p", "--watch", "--hall", "一楼"]
    command = display_command(given)
    assert command[:3] == [sys.executable, "-m", "clients.display"]
    options = make_parser().parse_args(command[3:])
    assert (options.hall, options.beat, options.watch) == ("一楼", True, False)


@pytest.mark.parametrize(
    "words",
    [["--distance", "0"], ["--distance", "far"], ["--rooms", "1,x"], ["--voice", "parrot"], []],
)
def test_wrong_options_are_refused_before_anything_starts(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from clients.display.app import run

    given = ["--connect", "x", "--user", "u", "--password-file", "p"] if words else ["--user", "u"]

    def never(_server: str) -> object:
        raise AssertionError

    with pytest.raises(SystemExit) as caught:
        run([*given, *words], never)  # type: ignore[arg-type]
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err
