"""Runs the web pages in a thread of the server."""

from __future__ import annotations

import socket
import threading
import time

import uvicorn
from starlette.applications import Starlette

_START_TIMEOUT_S = 15.0


class WebDoor:
    """Listens on `host` and `port` (0 lets the system choose)."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        self._config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", limit_concurrency=200)
        self._server = uvicorn.Server(self._config)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None

    def start(self) -> int:
        """Bind and begin to answer; returns the port. Raises OSError when it is taken."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((self._host, self._port))
        except OSError as error:
            self._socket.close()
            raise OSError(f"port {self._port} on {self._host} cannot be opened: {error}") from error
        self._thread.start()
        end = time.monotonic() + _START_TIMEOUT_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise OSError("the web door did not start")
            time.sleep(0.01)
        return int(self._socket.getsockname()[1])

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        assert self._socket is not None
        self._server.run(sockets=[self._socket])
