"""Watches the display from a process of its own: starts it again when it ends by a fault or its window stands still."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import clients

log = logging.getLogger(__name__)

BEAT_S = 1.0
"""How often the display gives a sign of life, from the loop that paints."""
STILL_S = 30.0
"""A display that gave no sign for so long stands still."""
START_S = 120.0
"""How long a display may take to its first sign."""
PAUSES_S = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Before the next start, longer after each fault; a display that ran for ten minutes counts as healthy again."""
HEALTHY_S = 600.0
END_S = 10.0
"""How long a display may take to end when it is told to."""
BEAT = b".\n"


def display_command(arguments: Sequence[str]) -> list[str]:
    """The watched display: the same options, signs of life on its standard output."""
    kept = [word for word in arguments if word != "--watch"]
    return [sys.executable, "-m", "clients.display", *kept, "--beat"]


class Watchdog:
    """Runs one display after the other until one ends as it was told to."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        still_s: float = STILL_S,
        start_s: float = START_S,
        pauses_s: Sequence[float] = PAUSES_S,
        clock: Callable[[], float] = time.monotonic,
        told: Callable[[str], None] = log.warning,
    ) -> None:
        self._command = list(command)
        self._still_s = still_s
        self._start_s = start_s
        self._pauses_s = tuple(pauses_s)
        self._clock = clock
        self._told = told
        self._ending = threading.Event()
        self._end_by: float | None = None
        self._beat_at = 0.0
        self._has_beaten = False
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def run(self) -> int:
        """Watch; the exit status of the display that ended by itself without a fault, or 0 after `end`."""
        faults = 0
        while not self._ending.is_set():
            began = self._clock()
            status = self._run_once()
            if status in (0, 2) or self._ending.is_set():  # closed, or options that will never work
                return 0 if self._ending.is_set() else status
            faults = 0 if self._clock() - began > HEALTHY_S else faults
            pause = self._pauses_s[min(faults, len(self._pauses_s) - 1)]
            faults += 1
            self._told(f"the display ended with status {status}; it starts again in {pause:g} s")
            self._ending.wait(pause)
        return 0

    def end(self) -> None:
        """Stop watching and end the display; may be called from a signal."""
        self._end_by = self._clock() + END_S
        self._ending.set()
        process = self.process
        if process is not None and process.poll() is None:
            process.terminate()

    def _run_once(self) -> int:
        root = str(Path(clients.__file__).resolve().parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self.process = process
        self.starts += 1
        self._beat_at, self._has_beaten = self._clock(), False
        listener = threading.Thread(target=self._listen, args=(process,), name="display-beat", daemon=True)
        listener.start()
        try:
            while (status := self._status(process)) is None:
                if self._end_by is not None and self._clock() > self._end_by:
                    process.kill()
                elif self._is_still():
                    self._told("the display stands still and is ended")
                    process.kill()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            listener.join(timeout=5)
            if process.stdout is not None:
                process.stdout.close()
        return status

    def _status(self, process: subprocess.Popen[bytes]) -> int | None:
        try:
            return process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            return None

    def _is_still(self) -> bool:
        allowed = self._still_s if self._has_beaten else self._start_s
        return self._clock() - self._beat_at > allowed

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        try:
            while process.stdout.readline():
                self._beat_at, self._has_beaten = self._clock(), True
        except (OSError, ValueError):
            return
