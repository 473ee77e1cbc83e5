"""The transcoder of the door: a few child processes with limits of time and memory.

A crash or an endless loop of a codec costs the object it happened with, and a new child; never the worker process.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import BinaryIO, Final

from server.doors.dicom.ports import Refused
from server.doors.dicom.transcoding.child import ANSWER, REQUEST

log = logging.getLogger(__name__)

MEMORY: Final = 6 << 30
"""Address space of a child in bytes: 1 GiB of pixels is held some five times on its way."""
SECONDS: Final = 60.0
SECONDS_PER_MIB: Final = 0.5
MAX_DATA: Final = 1 << 30
MAX_ANSWER: Final = 3 << 30
IDLE_S: Final = 120.0
PROCESSING_FAILURE: Final = 0x0110


class ProcessTranscoder:
    """``ports.Transcoder`` over child processes, started when they are needed and ended after two idle minutes.

    Safe to use from several threads; at most ``children`` conversions run at a time, more wait for their turn.
    """

    def __init__(
        self,
        children: int = 2,
        *,
        memory: int = MEMORY,
        seconds: float = SECONDS,
        command: Sequence[str] | None = None,
    ) -> None:
        self._free = threading.BoundedSemaphore(children)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._seconds = seconds
        self._command = list(command or (sys.executable, "-m", "server.doors.dicom.transcoding.child", str(memory)))
        self._closed = False

    def targets(self, transfer_syntax_uid: str) -> tuple[str, ...]:
        """See ``ports.Transcoder``."""
        from server.doors.dicom.transcoding.frames import possible

        return possible(transfer_syntax_uid)

    def transcode(self, data: memoryview, transfer_syntax_uid: str, wanted: str) -> bytearray:
        """See ``ports.Transcoder``."""
        if len(data) > MAX_DATA:
            raise Refused(PROCESSING_FAILURE, "An object of more than 1 GiB is not converted")
        limit = self._seconds + SECONDS_PER_MIB * (len(data) >> 20)
        with self._free:
            child = self._take()
            try:
                answer = child.ask(data, transfer_syntax_uid, wanted, limit)
            except _ChildGone as gone:
                child.end()
                log.error("a conversion from %s to %s failed: %s", transfer_syntax_uid, wanted, gone)
                raise Refused(PROCESSING_FAILURE, f"The object could not be converted: {gone}") from None
            except BaseException:
                child.end()
                raise
            self._put(child)
        status, body = answer
        if status:
            raise Refused(status, body.decode("utf-8", "replace")[:200])
        return body

    def close(self) -> None:
        """End all idle children; those at work end with their conversion."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def _take(self) -> _Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.is_alive:
                    return child
                child.end()
        return _Child(self._command)

    def _put(self, child: _Child) -> None:
        now = time.monotonic()
        child.since = now
        with self._lock:
            old = [c for c in self._idle if now - c.since > IDLE_S]
            self._idle = [c for c in self._idle if now - c.since <= IDLE_S]
            if self._closed:
                old.append(child)
            else:
                self._idle.append(child)
        for one in old:
            one.end()


class _ChildGone(Exception):
    """The child died or was killed; the sentence says why."""


class _Child:
    def __init__(self, command: Sequence[str]) -> None:
        environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", PYTHONPATH=_import_path())
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                creationflags=flags,
                bufsize=0,
            )
        except OSError as error:
            raise Refused(PROCESSING_FAILURE, f"No conversion process could be started ({error.strerror})") from None
        self.since = 0.0

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, data: memoryview, stored: str, wanted: str, limit_s: float) -> tuple[int, bytearray]:
        """One conversion; raises :class:`_ChildGone`."""
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(limit_s, kill)
        timer.daemon = True
        timer.start()
        try:
            names = stored.encode("ascii"), wanted.encode("ascii")
            self._write(REQUEST.pack(len(data), len(names[0]), len(names[1])) + names[0] + names[1])
            self._write(data)
            status, size = ANSWER.unpack(self._read(ANSWER.size))
            if size > MAX_ANSWER:
                raise _ChildGone("the result is too large")
            return status, self._read(size)
        except OSError:
            raise _ChildGone(self._why(late)) from None
        finally:
            timer.cancel()

    def end(self) -> None:
        """Kill it, unless it has ended, and forget it."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()

    def _why(self, late: threading.Event) -> str:
        if late.is_set():
            return "it took too long"
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2.0)
        return f"the codec ended with code {self._process.returncode}"

    def _write(self, data: bytes | memoryview) -> None:
        pipe: BinaryIO | None = self._process.stdin  # type: ignore[assignment]
        view = memoryview(data)
        while view and pipe is not None:
            view = view[pipe.write(view) or 0 :]

    def _read(self, size: int) -> bytearray:
        pipe = self._process.stdout
        out = bytearray(size)
        view = memoryview(out)
        at = 0
        while at < size:
            count = pipe.readinto(view[at:]) if pipe is not None else 0  # type: ignore[attr-defined]
            if not count:
                raise OSError("the child's output ended")
            at += count
        return out


def _import_path() -> str:
    """The folders this process imports from, for a child that may start in another folder."""
    return os.pathsep.join(p or os.getcwd() for p in sys.path)  # noqa: PTH109 - text for an environment variable
