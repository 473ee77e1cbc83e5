"""Keeps the screen on: no screen saver, no sleep, while the display runs; a port with a Windows and a Linux twin."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

log = logging.getLogger(__name__)

_CONTINUOUS, _SYSTEM, _DISPLAY = 0x80000000, 0x1, 0x2  # EXECUTION_STATE of SetThreadExecutionState
REASON = "hall display"
APPLICATION = "mingjing"


class Awake(Protocol):
    """Asked again now and then, because desktops forget; trouble is logged and stops nothing."""

    def keep(self) -> None:
        """The screen stays on from now on."""
        ...

    def release(self) -> None:
        """The desktop may do what it likes again."""
        ...


class WindowsAwake:
    """SetThreadExecutionState of the thread that asks: always the window's."""

    def __init__(self, set_state: Callable[[int], int] | None = None) -> None:
        self._set_state = set_state or _set_thread_execution_state

    def keep(self) -> None:
        """See Awake."""
        if self._set_state(_CONTINUOUS | _SYSTEM | _DISPLAY) == 0:
            log.warning("Windows did not promise to keep the screen on")

    def release(self) -> None:
        """See Awake."""
        self._set_state(_CONTINUOUS)


def _set_thread_execution_state(state: int) -> int:
    import ctypes

    return int(getattr(ctypes, "windll").kernel32.SetThreadExecutionState(state))  # noqa: B009 - not on Linux


Inhibit = Callable[[], Callable[[], None] | None]
"""Asks the desktop; gives a function that takes the wish back, or None if nobody answers."""


class LinuxAwake:
    """org.freedesktop.ScreenSaver of the session, and the X server's own saver and power saving."""

    def __init__(
        self,
        run: Callable[[Sequence[str]], None] | None = None,
        inhibit: Inhibit | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._run = run or _run_quietly
        self._inhibit = inhibit or _inhibit_by_dbus
        self._environment = dict(os.environ) if environment is None else environment
        self._take_back: Callable[[], None] | None = None

    def keep(self) -> None:
        """See Awake."""
        if self._take_back is None:
            self._take_back = self._inhibit()
        if self._environment.get("DISPLAY"):
            for words in (("s", "off"), ("s", "noblank"), ("-dpms",)):
                self._run(("xset", *words))

    def release(self) -> None:
        """See Awake."""
        take_back, self._take_back = self._take_back, None
        if take_back is not None:
            take_back()


def _run_quietly(command: Sequence[str]) -> None:
    program = shutil.which(command[0])
    if program is None:
        return
    try:
        subprocess.run([program, *command[1:]], capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired) as fault:
        log.warning("%s did not work: %s", command[0], fault)


def _inhibit_by_dbus() -> Callable[[], None] | None:
    from PySide6.QtDBus import QDBusConnection, QDBusInterface, QDBusMessage

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return None
    name = "org.freedesktop.ScreenSaver"
    saver = QDBusInterface(name, "/org/freedesktop/ScreenSaver", name, bus)
    answer = saver.call("Inhibit", APPLICATION, REASON)
    if answer.type() != QDBusMessage.MessageType.ReplyMessage or not answer.arguments():
        return None
    cookie = answer.arguments()[0]

    def take_back() -> None:
        saver.call("UnInhibit", cookie)

    return take_back


def awake_here() -> Awake:
    """The one of this machine."""
    return WindowsAwake() if sys.platform == "win32" else LinuxAwake()
