"""The process that encodes: a codec that crashes, hangs or eats memory harms nobody but itself.

`Workshop` is the caller's end. The child reads one file and writes one, named by its caller; it opens no database and
no socket, and ends with its caller, because its standard input ends then.
"""

from __future__ import annotations

import contextlib
import logging
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import msgspec

from server.archive.keeping.codec import MAX_BYTES, Left, Reason, compress
from server.kernel.storage.fingerprint import fingerprint

logger = logging.getLogger(__name__)

_MEMORY_BYTES = 8 << 30
_BASE_S = 60.0
_PER_MB_S = 1.0
_LENGTH = struct.Struct("<I")
_ROOT = Path(__file__).resolve().parents[3]


class Order(msgspec.Struct, frozen=True):
    """Compress the file `source` with `codec` into the new file `target`."""

    source: str
    target: str
    codec: str


class Result(msgspec.Struct, frozen=True):
    """What was written and is durable, or why not (`reason`, a codec.Reason; nothing was written then)."""

    reason: str = ""
    object_key: str = ""
    size_bytes: int = 0
    data_offset: int = 0
    transfer_syntax_uid: str = ""


class Workshop:
    """Hands orders to a child process, one at a time; a child that dies or takes too long is replaced."""

    def __init__(self, command: tuple[str, ...] = ()) -> None:
        self._command = command or (sys.executable, "-m", "server.archive.keeping.worker")
        self._child: subprocess.Popen[bytes] | None = None

    def compress(self, order: Order) -> Result:
        """Do an order. A crash is an answer as well: Reason.CRASHED."""
        child = self._running()
        size_mb = Path(order.source).stat().st_size / 1e6
        watchdog = threading.Timer(_BASE_S + _PER_MB_S * size_mb, child.kill)
        watchdog.start()
        try:
            assert child.stdin is not None and child.stdout is not None
            _send(child.stdin, msgspec.msgpack.encode(order))
            answer = _receive(child.stdout)
        except OSError:
            answer = None
        finally:
            watchdog.cancel()
        if answer is None:
            self.close()
            Path(order.target).unlink(missing_ok=True)
            logger.warning("compression: the codec process died over one object, which stays as it is")
            return Result(reason=Reason.CRASHED)
        return msgspec.msgpack.decode(answer, type=Result)

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is None:
            return
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(5)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            environment = dict(os.environ, PYTHONPATH=str(_ROOT), OMP_NUM_THREADS="1")
            self._child = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=_ROOT
            )
        return self._child


def _send(stream: IO[bytes], body: bytes) -> None:
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def _receive(stream: IO[bytes]) -> bytes | None:
    head = stream.read(4)
    if len(head) < 4:
        return None
    body = stream.read(_LENGTH.unpack(head)[0])
    return body if len(body) == _LENGTH.unpack(head)[0] else None


# --- the child -----------------------------------------------------------------------------------------------


def done(order: Order) -> Result:
    """Do an order in this process; raises nothing for a bad file."""
    try:
        if Path(order.source).stat().st_size > MAX_BYTES:
            return Result(reason=Reason.TOO_LARGE)
        return _written(memoryview(Path(order.source).read_bytes()), order)
    except Left as left:
        return Result(reason=left.reason)
    except MemoryError:
        return Result(reason=Reason.TOO_LARGE)


def _written(whole: memoryview, order: Order) -> Result:
    compressed = compress(whole, order.codec)
    digest = fingerprint()
    with Path(order.target).open("xb") as out:
        for piece in compressed.pieces:
            digest.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    return Result(
        object_key=digest.hexdigest(),
        size_bytes=compressed.size_bytes,
        data_offset=compressed.data_offset,
        transfer_syntax_uid=compressed.transfer_syntax_uid,
    )


def _limit() -> None:
    """Bounds on memory and no core files, where the system has them; be polite to those who serve people."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        os.nice(10)


def main() -> int:
    """Serve orders until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a codec prints must not stand between the answers
    _limit()
    while (body := _receive(sys.stdin.buffer)) is not None:
        try:
            result = done(msgspec.msgpack.decode(body, type=Order))
        except Exception:  # outermost loop: a defect over one object must not end the work on the others
            logging.exception("compression: an object was left because of a defect")
            result = Result(reason=Reason.DAMAGED)
        try:
            _send(answers, msgspec.msgpack.encode(result))
        except BrokenPipeError:  # the caller died
            os._exit(0)  # without flushing the pipe once more
    return 0


if __name__ == "__main__":
    sys.exit(main())
