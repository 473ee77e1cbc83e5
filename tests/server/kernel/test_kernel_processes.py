"""A process of the server's own: it starts, is replaced when it dies, and ends with its parent."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server.kernel.processes import ChildProcess

_DEADLINE_S = 60.0


def writes_its_number(ready: Callable[[], None], stop: threading.Event, file: str) -> None:
    Path(file).write_text(str(os.getpid()), encoding="utf-8")
    ready()
    stop.wait()
    Path(file + ".ended").touch()


def cannot_start(_ready: Callable[[], None], _stop: threading.Event) -> None:
    raise ValueError("the key is missing")


def test_it_starts_ends_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    child = ChildProcess("child", writes_its_number, (str(file),))
    child.start()
    assert int(file.read_text(encoding="utf-8")) == child.pid
    child.stop()
    child.stop()
    assert child.pid is None
    assert (tmp_path / "pid.ended").exists()


def test_one_that_dies_is_started_again(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    child = ChildProcess("child", writes_its_number, (str(file),))
    child.start()
    first = child.pid
    assert first is not None
    child._process.kill()  # type: ignore[union-attr]
    end = time.monotonic() + _DEADLINE_S
    while child.pid in (None, first) or file.read_text(encoding="utf-8") == str(first):
        assert time.monotonic() < end
        time.sleep(0.05)
    child.stop()


def test_one_that_cannot_start_gives_its_reason() -> None:
    child = ChildProcess("child", cannot_start)
    with pytest.raises(RuntimeError, match="the key is missing"):
        child.start()
    child.stop()
