"""A line to an HTTP server that does what lines do: slow down, break off, flip bytes, answer for somebody else.

A real proxy on a real socket: requests go to the server behind it, except as the faults in `faults` say.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Fault:
    """What goes wrong with the next `times` requests of these methods."""

    kind: str  # answer, delay, cut_before, cut_request, cut_answer, cut_after, flip_request, flip_answer
    times: int = 1
    methods: tuple[str, ...] = ("GET", "PUT", "POST", "HEAD", "DELETE")
    status: int = 503
    code: str = "SlowDown"
    seconds: float = 0.0
    at_byte: int = 100
    only: Callable[[str], bool] = lambda _path: True


class FaultyLine:
    """`endpoint` is the proxy's address; add to `faults` what shall go wrong; `seen` lists method and path."""

    def __init__(self, behind: str, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(behind)
        self.upstream = (str(parts.hostname), int(parts.port or 80))
        self.faults: list[Fault] = []
        self.seen: list[tuple[str, str]] = []
        self.hidden_headers: tuple[str, ...] = ()  # of answers, in small letters: of servers that know less
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        scheme = "http" if tls is None else "https"
        self.endpoint = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def fault_for(self, method: str, path: str) -> Fault | None:
        """The fault of this request; it is used up."""
        with self.lock:
            self.seen.append((method, path))
            for fault in self.faults:
                if fault.times > 0 and method in fault.methods and fault.only(path):
                    fault.times -= 1
                    return fault
        return None


@contextmanager
def faulty_line(behind: str, tls: ssl.SSLContext | None = None) -> Iterator[FaultyLine]:
    """A line to the server at `behind` for the length of a test; with `tls` it speaks TLS on this side."""
    line = FaultyLine(behind, tls)
    line.start()
    try:
        yield line
    finally:
        line.stop()


def _flipped(data: bytes, at: int) -> bytes:
    if not data:
        return data
    at = min(at, len(data) - 1)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _handler(line: FaultyLine) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:
            return

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError, TimeoutError, ssl.SSLError):
                super().handle()

        def do(self) -> None:
            fault = line.fault_for(self.command, self.path)
            kind = fault.kind if fault else ""
            length = int(self.headers.get("Content-Length") or 0)
            if kind == "cut_request":
                assert fault is not None
                self.rfile.read(min(length, fault.at_byte))
                return self._cut()
            body = self.rfile.read(length)
            if kind == "delay":
                assert fault is not None
                time.sleep(fault.seconds)
            if kind == "cut_before":
                return self._cut()
            if kind == "answer":
                assert fault is not None
                return self._answer(fault.status, fault.code)
            if kind == "flip_request":
                assert fault is not None
                body = _flipped(body, fault.at_byte)
            status, headers, data = self._ask(body)
            if kind == "cut_after":
                return self._cut()
            if kind == "flip_answer":
                assert fault is not None
                data = _flipped(data, fault.at_byte)
            self.send_response(status)
            hidden = ("transfer-encoding", "content-length", "connection", "server", "date", *line.hidden_headers)
            for name, value in headers:
                if name.lower() not in hidden:
                    self.send_header(name, value)
            told = {name.lower(): value for name, value in headers}
            size = told.get("content-length", "0") if self.command == "HEAD" else str(len(data))
            self.send_header("Content-Length", size)
            self.end_headers()
            if kind == "cut_answer":
                assert fault is not None
                self.wfile.write(data[: fault.at_byte])
                return self._cut()
            if self.command != "HEAD":
                self.wfile.write(data)
            return None

        def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            connection = http.client.HTTPConnection(*line.upstream, timeout=30)
            try:
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in ("expect", "connection"):
                        connection.putheader(name, value)
                connection.endheaders(body)
                answer = connection.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            finally:
                connection.close()

        def _answer(self, status: int, code: str) -> None:
            text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>as the test wants</Message></Error>"
            data = b"" if self.command == "HEAD" else text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _cut(self) -> None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    for method in ("GET", "PUT", "POST", "HEAD", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.do)
    return Handler
