"""A process of the server's own that is started, watched and ended with it, the same way on Linux and Windows.

The target runs in a fresh interpreter (spawn), calls ``ready()`` when it works, and returns soon after its `stop`
event is set: by `ChildProcess.stop`, or because the parent is gone (then its end of the pipe closes, however it died).
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

logger = logging.getLogger(__name__)

PRELOADED = "server.bootstrap.preloaded"
"""Imports what every process of the server needs, once, before they branch off."""


def context() -> SpawnContext | ForkServerContext:
    """How processes of the server are started: always a clean interpreter, never a copy of this one with its threads.

    On Linux they branch off a process that has done nothing but import the program, which takes a second less each and
    shares its memory; on Windows each begins anew.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    chosen = multiprocessing.get_context("forkserver")
    chosen.set_forkserver_preload([PRELOADED])
    return chosen


_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 40.0
_RESTART_PAUSE_S = 2.0

Target = Callable[..., None]
"""``target(ready, stop, *arguments)``: a module-level function. `ready` is called once, `stop` is an Event to obey."""


class ChildProcess:
    """Keeps one process running; a process that dies is started again after a pause."""

    def __init__(self, name: str, target: Target, arguments: tuple[Any, ...] = ()) -> None:
        self._name = name
        self._target = target
        self._arguments = arguments
        self._process: BaseProcess | None = None
        self._pipe: Pipe | None = None
        self._closing = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name=f"{name}-supervisor", daemon=True)

    @property
    def pid(self) -> int | None:
        """The process id, None while none runs."""
        return self._process.pid if self._process is not None and self._process.is_alive() else None

    def start(self) -> None:
        """Start and return when the process works. Raises RuntimeError with the reason when it cannot."""
        self._spawn()
        assert self._pipe is not None
        try:
            answer = self._pipe.recv() if self._pipe.poll(_START_TIMEOUT_S) else "it did not answer in time"
        except EOFError:
            answer = "it ended at once; see the log"
        if answer != "ready":
            self._end()
            raise RuntimeError(f"The process {self._name} could not start: {answer}")
        self._supervisor.start()

    def stop(self) -> None:
        """Ask the process to end, and end it by force when it does not. Safe to call twice."""
        self._closing.set()
        if self._supervisor.is_alive():
            self._supervisor.join()
        self._end()

    def _spawn(self) -> None:
        started = context()
        ours, theirs = started.Pipe()
        arguments = (self._target, theirs, self._arguments)
        self._process = started.Process(target=_main, args=arguments, name=self._name, daemon=False)
        self._process.start()
        theirs.close()
        self._pipe = ours

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            self._process.join(_STOP_TIMEOUT_S)
            if self._process.is_alive():
                logger.warning("the process %s did not end in time and is killed", self._name)
                self._process.kill()
                self._process.join()
            self._process = None

    def _supervise(self) -> None:
        while not self._closing.wait(_RESTART_PAUSE_S):
            if self._process is None or self._process.is_alive():
                continue
            logger.error("the process %s ended with code %s; starting it again", self._name, self._process.exitcode)
            if self._pipe is not None:
                self._pipe.close()
            try:
                self._spawn()
            except OSError:
                logger.exception("the process %s could not be started again", self._name)


def _main(target: Target, pipe: Pipe, arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says when to stop
    stop = threading.Event()

    def watch() -> None:
        with contextlib.suppress(EOFError, OSError):
            pipe.recv()
        stop.set()

    def ready() -> None:
        threading.Thread(target=watch, name="parent", daemon=True).start()
        pipe.send("ready")

    try:
        target(ready, stop, *arguments)
    except Exception as error:  # outermost of the process: the parent reports the reason
        logger.exception("the process ended by a defect")
        with contextlib.suppress(OSError):
            pipe.send(f"{type(error).__name__}: {error}")
        raise SystemExit(1) from error
