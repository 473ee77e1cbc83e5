"""Decodes frames without risk for the viewer: codecs run in child processes, plain pixels in the caller's thread.

All codecs release the GIL, so that threads would be quick enough; but a hostile file may crash one of them, take
minutes or all memory. A child that dies is replaced, and only its frame says why. See docs/decisions/012.
"""

from __future__ import annotations

import atexit
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any, Protocol

from clients.viewer.loading_messages import Answer, Task, read_exactly, read_message, write_message
from shared.imaging import codecs
from shared.imaging.codecs import NATIVE, PixelFormat, UndecodableFrame, decode_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

CHILDREN = 2
LEAST_S = 20.0  # a frame may take so long, and a second more for each of its megabytes
LARGEST_STREAM = 512 << 20  # compressed bytes of one frame
WATCH_S = 0.5
PIPE_BYTES = 1 << 20
_F_SETPIPE_SZ = 1031  # Linux only
PROGRAM = (sys.executable, "-m", "clients.viewer.loading_child")


class DecoderDied(UndecodableFrame):
    """The codec crashed on this frame, twice."""


class DecoderTooSlow(UndecodableFrame):
    """The codec took longer than any sound frame does."""


class FrameTooLarge(UndecodableFrame):
    """The frame needs more memory than there is for one."""


class FrameDecoder(Protocol):
    """Stored bytes of one frame to pixels; called from several threads at once."""

    def decode(self, data: bytes | memoryview, pixel_format: PixelFormat, transfer_syntax: str) -> NDArray[Any]:
        """As :func:`shared.imaging.codecs.decode_frame`; raises :class:`UndecodableFrame`."""


class ChildDecoder:
    """A few children, started when they are needed and again when they died. Implements :class:`FrameDecoder`."""

    def __init__(self, children: int = CHILDREN, *, program: Sequence[str] = PROGRAM, least_s: float = LEAST_S) -> None:
        self._program = list(program)
        self._least_s = least_s
        self._free: list[_Child | None] = [None] * max(1, children)
        self._all: set[_Child] = set()
        self._wake = threading.Condition()
        self._closed = False
        self._watchdog: threading.Thread | None = None

    def warm_up(self) -> None:
        """Start the first child now; it imports its codecs while nobody waits."""
        with self._wake:
            if self._closed or self._all or not self._free:
                return
            self._free.pop(0)
        child: _Child | None = None
        try:
            child = self._started()
        except OSError:
            log.warning("the decoder cannot be started ahead", exc_info=True)
        self._give(child)

    def decode(self, data: bytes | memoryview, pixel_format: PixelFormat, transfer_syntax: str) -> NDArray[Any]:
        if transfer_syntax in NATIVE:
            return decode_frame(data, pixel_format, transfer_syntax)
        if len(data) > LARGEST_STREAM:
            raise FrameTooLarge("The compressed frame is larger than the limit of this viewer.")
        for _ in range(2):
            child = self._take()
            sound = False
            try:
                if child is None:
                    child = self._started()
                array = child.decode(data, pixel_format, transfer_syntax, self._least_s)
                sound = True
                return array
            except UndecodableFrame:
                sound = child is not None and child.is_sound
                raise
            except (OSError, EOFError):
                if child is None:  # no process to be had: better a risk than no image
                    log.warning("no decoder process could be started; decoding here")
                    return decode_frame(data, pixel_format, transfer_syntax)
                log.warning("a decoder process died at a frame of syntax %s", transfer_syntax)
            finally:
                if not sound and child is not None:
                    self._bury(child)
                self._give(child if sound else None)
        raise DecoderDied("The decoder crashed twice at this frame.")

    def close(self) -> None:
        """End all children; frames that are being decoded fail."""
        with self._wake:
            self._closed = True
            children = list(self._all)
            self._wake.notify_all()
        for child in children:
            self._bury(child)

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The children that live now, for measurements and tests."""
        with self._wake:
            return tuple(child.process_id for child in self._all)

    # --- children

    def _take(self) -> _Child | None:
        """A free child, best one that runs already; None is a place for a new one."""
        with self._wake:
            while not self._free and not self._closed:
                self._wake.wait()
            if self._closed:
                raise DecoderDied("The viewer is being closed.")
            running = next((child for child in self._free if child is not None), None)
            self._free.remove(running)
            return running

    def _give(self, child: _Child | None) -> None:
        with self._wake:
            self._free.append(child)
            self._wake.notify()

    def _started(self) -> _Child:
        child = _Child(self._program)
        with self._wake:
            self._all.add(child)
            if self._watchdog is None:
                self._watchdog = threading.Thread(target=self._watch, name="decoder-watch", daemon=True)
                self._watchdog.start()
        return child

    def _bury(self, child: _Child) -> None:
        with self._wake:
            self._all.discard(child)
        child.end()

    def _watch(self) -> None:
        """Ends children that took too long; who waits for one then reads the end of its pipe."""
        while True:
            with self._wake:
                if self._wake.wait_for(lambda: self._closed, WATCH_S):
                    return
                late = [child for child in self._all if child.is_late]
            for child in late:
                child.kill()


class _Child:
    """One process and its two pipes; used by one thread at a time."""

    def __init__(self, program: Sequence[str]) -> None:
        environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(
            program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._to: IO[bytes] = self._process.stdin
        self._from: IO[bytes] = self._process.stdout
        _widen(self._to, self._from)
        self._deadline = float("inf")
        self.is_sound = True

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self._deadline

    def decode(self, data: bytes | memoryview, fmt: PixelFormat, syntax: str, least_s: float) -> NDArray[Any]:
        """Raises :class:`UndecodableFrame`; OSError or EOFError when the process died."""
        import numpy as np

        self.is_sound = False
        self._deadline = time.monotonic() + least_s + fmt.native_bytes / 1e6
        try:
            write_message(self._to, Task.of(fmt, syntax, len(data)), data)
            answer = read_message(self._from, Answer)
            if answer.error:
                self.is_sound = True
                raise _error_named(answer.error, answer.text)
            array: NDArray[Any] = np.empty(answer.shape, answer.dtype)
            read_exactly(self._from, array.data.cast("B"))
        except (OSError, EOFError):
            if self.is_late:
                raise DecoderTooSlow("The decoder did not finish the frame in time.") from None
            raise
        finally:
            self._deadline = float("inf")
        self.is_sound = True
        return array

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._to, self._from):
            try:
                stream.close()
            except OSError:
                log.debug("a pipe to the decoder was broken")


def _widen(*streams: IO[bytes]) -> None:
    """Pipes of 1 MB instead of 64 kB: a slice passes in one piece. Where the system has no such wish, nothing."""
    if sys.platform != "linux":
        return
    import fcntl

    for stream in streams:
        try:
            fcntl.fcntl(stream.fileno(), _F_SETPIPE_SZ, PIPE_BYTES)
        except OSError:
            log.debug("pipes stay narrow")


_ERRORS: dict[str, type[UndecodableFrame]] = {
    error.__name__: error
    for error in (codecs.UnsupportedSyntax, codecs.DamagedFrame, codecs.ImpossibleFormat, FrameTooLarge)
}


def _error_named(name: str, text: str) -> UndecodableFrame:
    return _ERRORS.get(name, UndecodableFrame)(text)


_shared: ChildDecoder | None = None
_sharing = threading.Lock()


def shared_decoder() -> ChildDecoder:
    """The decoder of this process; its children end with it."""
    global _shared  # noqa: PLW0603 - one set of children, however many loaders come and go
    with _sharing:
        if _shared is None:
            _shared = ChildDecoder()
            atexit.register(_shared.close)
        return _shared
