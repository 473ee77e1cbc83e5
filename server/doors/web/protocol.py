"""uvicorn's HTTP protocol with bounds on what strangers may do, and a way to send large bodies without copies.

Headers must come whole, small and soon; bodies must keep moving in both directions; one address may hold only a share
of the connections. `scope["extensions"]["mingjing.bulk"]` sends an iterator of buffers from a thread of its own.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.doors.web.spans import FileSpan

logger = logging.getLogger(__name__)

BULK = "mingjing.bulk"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Bounds on connections; the module's protocol reads `LIMITS`, one per process."""

    header_bytes: int = 32 << 10  # request line and headers together
    headers: int = 100
    header_s: float = 15.0  # from the connection, or the first byte of a later request, to the end of the headers
    stall_s: float = 60.0
    least_bytes: int = 4096  # in each `stall_s`, of a body that is sent or read
    connections: int = 256
    per_address: int = 128
    bulk_threads: int = 24


LIMITS = ConnectionLimits()
_addresses: Counter[str] = Counter()
_bulk_threads: ThreadPoolExecutor | None = None


class Stalled(OSError):
    """The reader takes too little for too long."""


class CarefulProtocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        self._address = str(self.client[0]) if self.client else ""
        self._header_bytes = 0
        self._in_headers = False
        self._in_body = False
        self._timer: asyncio.TimerHandle | None = None
        self._paused_since = 0.0
        self._body_bytes = 0
        self._answered = False
        _addresses[self._address] += 1
        if _addresses[self._address] > LIMITS.per_address or len(self.connections) > LIMITS.connections:
            logger.warning("web: a connection from %s was closed: too many", self._address)
            transport.abort()
            return
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # head and body are written one after the other
        self._arm(LIMITS.header_s, self._header_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        _addresses[self._address] -= 1
        if _addresses[self._address] <= 0:
            del _addresses[self._address]
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if not self._in_body and self._timer is None:
            self._arm(LIMITS.header_s, self._header_timeout)
        self._body_bytes += len(data)
        super().data_received(data)
        if self._in_headers and not self.transport.is_closing():  # still: the parser keeps what is not whole yet
            self._header_bytes += len(data)
            if self._header_bytes > LIMITS.header_bytes:
                self._refuse(b"431 Request Header Fields Too Large")

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > LIMITS.header_bytes:
            raise ValueError("the request line is too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        size = sum(len(n) + len(v) for n, v in self.headers[-1:])
        self._head_size += size
        if len(self.headers) > LIMITS.headers or self._head_size > LIMITS.header_bytes:
            raise ValueError("the headers are too large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_size = 0
        self._header_bytes = 0
        self._in_headers = True
        extensions: Any = {BULK: self.send_bulk}
        self.scope["extensions"] = extensions

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._in_body = True
        self._body_bytes = 0
        self._disarm()
        super().on_headers_complete()
        self._arm(LIMITS.stall_s, self._body_timeout)

    def on_message_complete(self) -> None:
        self._disarm()
        self._in_body = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._paused_since = time.monotonic()
        self.loop.call_later(LIMITS.stall_s, self._write_timeout, self._paused_since)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._paused_since = 0.0

    # time limits

    def _arm(self, seconds: float, action: Any) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, action)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _header_timeout(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self._refuse(b"408 Request Timeout")

    def _body_timeout(self) -> None:
        """The body must bring something in each span, unless we are the ones who do not read."""
        self._timer = None
        if self.transport.is_closing() or self.cycle.response_complete:
            return
        waiting_for_us = getattr(self.flow, "read_paused", False)
        if not waiting_for_us and self._body_bytes < LIMITS.least_bytes:
            logger.warning("web: a request body from %s stalled", self._address)
            self.transport.abort()
            return
        self._body_bytes = 0
        self._arm(LIMITS.stall_s, self._body_timeout)

    def _write_timeout(self, since: float) -> None:
        if self._paused_since == since and since and not self.transport.is_closing():
            logger.warning("web: a reader at %s stalled", self._address)
            self.transport.abort()

    def _refuse(self, status: bytes) -> None:
        self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()

    # large bodies

    async def send_bulk(self, views: Iterator[bytes | memoryview | FileSpan]) -> None:
        """Send buffers of a response body whose head is sent already; the caller sends the final empty message.

        The iterator runs in the sending thread and may block on files. Raises OSError when the peer is gone or stalls.
        """
        cycle, transport = self.cycle, self.transport
        transport.set_write_buffer_limits(high=0)
        try:
            while transport.get_write_buffer_size() and not transport.is_closing():
                await self.flow.drain()
                if transport.get_write_buffer_size():
                    await asyncio.sleep(0.001)
            if transport.is_closing():
                raise ConnectionResetError("the peer is gone")
            pump = _Pump(transport.get_extra_info("socket").dup(), bool(cycle.chunked_encoding))
            sent = await self.loop.run_in_executor(_threads(), pump.run, views)
            if not cycle.chunked_encoding:
                cycle.expected_content_length -= sent
        except OSError:
            transport.abort()
            raise
        finally:
            transport.set_write_buffer_limits()


def _threads() -> ThreadPoolExecutor:
    global _bulk_threads  # noqa: PLW0603 - one pool for the process, made when it is needed first
    if _bulk_threads is None:
        _bulk_threads = ThreadPoolExecutor(LIMITS.bulk_threads, thread_name_prefix="web-bulk")
    return _bulk_threads


class _Pump:
    """Writes buffers to a non-blocking socket from a thread."""

    def __init__(self, sock: socket.socket, chunked: bool) -> None:
        self._sock = sock
        self._chunked = chunked
        self._window_end = time.monotonic() + LIMITS.stall_s
        self._window_bytes = 0
        if hasattr(select, "poll"):
            self._poll: Any = select.poll()
            self._poll.register(sock, select.POLLOUT)
        else:
            self._poll = None

    def run(self, views: Iterator[bytes | memoryview | FileSpan]) -> int:
        """Returns the bytes of the body that were sent (chunk marks not counted)."""
        total = 0
        small: list[bytes | memoryview] = []
        held = 0
        try:
            for view in views:
                if not len(view):
                    continue
                total += len(view)
                if isinstance(view, FileSpan):
                    self._send([*small, b"%x\r\n" % len(view)] if self._chunked else small)
                    self._send_file(view)
                    small, held = ([b"\r\n"], 2) if self._chunked else ([], 0)
                    continue
                if self._chunked:
                    small += (b"%x\r\n" % len(view), view, b"\r\n")
                    self._send(small)
                    small = []
                    continue
                small.append(view)
                held += len(view)
                # views of mapped files are only good until the iterator goes on: bytes may wait, views may not
                if isinstance(view, memoryview) or held > 65_536:
                    self._send(small)
                    small, held = [], 0
            if small:
                self._send(small)
        finally:
            self._sock.close()
            close = getattr(views, "close", None)
            if close is not None:
                close()
        return total

    def _send(self, buffers: list[bytes | memoryview]) -> None:
        queue = [memoryview(buffer).cast("B") for buffer in buffers]
        while queue:
            try:
                sent = self._sock.sendmsg(queue[:16]) if sys.platform != "win32" else self._sock.send(queue[0])
            except (BlockingIOError, InterruptedError):
                self._wait()
                continue
            self._window_bytes += sent
            while queue and sent >= len(queue[0]):
                sent -= len(queue[0])
                queue.pop(0)
            if sent:
                queue[0] = queue[0][sent:]

    def _send_file(self, span: FileSpan) -> None:
        offset, end = span.offset, span.offset + len(span)
        source, target = span.fileno(), self._sock.fileno()
        while offset < end:
            try:
                sent = os.sendfile(target, source, offset, end - offset)
            except (BlockingIOError, InterruptedError):
                self._wait()
                continue
            if not sent:
                raise OSError("the file of an object is shorter than the index says")
            self._window_bytes += sent
            offset += sent

    def _wait(self) -> None:
        left = self._window_end - time.monotonic()
        if left <= 0:
            if self._window_bytes < LIMITS.least_bytes:
                raise Stalled("the reader stalled")
            self._window_bytes = 0
            self._window_end = time.monotonic() + LIMITS.stall_s
            left = LIMITS.stall_s
        if self._poll is not None:
            self._poll.poll(left * 1000)
        else:
            select.select([], [self._sock], [self._sock], left)
