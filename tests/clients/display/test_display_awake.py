"""The screen stays on: what is asked of Windows and of a Linux desktop, and that trouble stops nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

import pytest

from clients.display import awake
from clients.display.awake import Awake, LinuxAwake, WindowsAwake


def test_windows_is_asked_for_screen_and_machine_and_told_when_it_is_over() -> None:
    asked: list[int] = []

    def set_state(state: int) -> int:
        asked.append(state)
        return 1

    keeper: Awake = WindowsAwake(set_state)
    keeper.keep()
    keeper.release()
    assert asked == [0x80000003, 0x80000000]  # ES_CONTINUOUS | ES_SYSTEM_REQUIRED | ES_DISPLAY_REQUIRED


def test_a_windows_that_refuses_is_logged_only(caplog: pytest.LogCaptureFixture) -> None:
    WindowsAwake(lambda _state: 0).keep()
    assert "screen" in caplog.text


class Desktop:
    """A session bus and an X server that write down what they are asked."""

    def __init__(self, answers: bool = True) -> None:
        self.answers = answers
        self.commands: list[tuple[str, ...]] = []
        self.wishes = 0

    def run(self, command: Sequence[str]) -> None:
        self.commands.append(tuple(command))

    def inhibit(self) -> Callable[[], None] | None:
        if not self.answers:
            return None
        self.wishes += 1

        def take_back() -> None:
            self.wishes -= 1

        return take_back


def test_a_linux_desktop_is_asked_once_and_the_x_server_every_time() -> None:
    desktop = Desktop()
    keeper: Awake = LinuxAwake(desktop.run, desktop.inhibit, {"DISPLAY": ":0"})
    keeper.keep()
    keeper.keep()
    assert desktop.wishes == 1
    assert desktop.commands[:3] == [("xset", "s", "off"), ("xset", "s", "noblank"), ("xset", "-dpms")]
    assert len(desktop.commands) == 6
    keeper.release()
    keeper.release()
    assert desktop.wishes == 0


def test_a_desktop_without_answer_is_asked_again() -> None:
    desktop = Desktop(answers=False)
    keeper = LinuxAwake(desktop.run, desktop.inhibit, {})
    keeper.keep()
    desktop.answers = True
    keeper.keep()
    assert desktop.wishes == 1
    assert desktop.commands == []  # no X server
    keeper.release()


def test_a_missing_or_hanging_xset_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(awake.shutil, "which", lambda _name: None)
    LinuxAwake(None, lambda: None, {"DISPLAY": ":0"}).keep()
    monkeypatch.setattr(awake.shutil, "which", lambda name: name)

    def hangs(*_command: object, **_how: object) -> None:
        raise subprocess.TimeoutExpired("xset", 5)

    monkeypatch.setattr(awake.subprocess, "run", hangs)
    LinuxAwake(None, lambda: None, {"DISPLAY": ":0"}).keep()
    assert "xset" in caplog.text
