"""Opens the web port and serves it from processes of its own, which share the listening socket."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from server.kernel.processes import ChildProcess

logger = logging.getLogger(__name__)

_START_TIMEOUT_S = 15.0
_BACKLOG = 256
_DRAIN_S = 5


class WebDoor:
    """Listens on `host` and `port` (0 lets the system choose); `target` is what each of `workers` processes runs.

    The target is one of server.kernel.processes, called with the listening socket and `arguments`.
    """

    def __init__(
        self, target: Callable[..., None], arguments: tuple[Any, ...], host: str, port: int, workers: int
    ) -> None:
        self._target = target
        self._arguments = arguments
        self._host = host
        self._port = port
        self._workers = workers
        self._socket: socket.socket | None = None
        self._processes: list[ChildProcess] = []

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that run."""
        return [process.pid for process in self._processes if process.pid is not None]

    def start(self) -> int:
        """Bind, start the workers and return the port. Raises OSError when it is taken, RuntimeError."""
        self._socket = listening_socket(self._host, self._port)
        arguments = (self._socket, *self._arguments)
        self._processes = [
            ChildProcess(f"web-worker-{number}", self._target, arguments) for number in range(self._workers)
        ]
        failures: list[RuntimeError] = []

        def begin(process: ChildProcess) -> None:
            try:
                process.start()
            except RuntimeError as error:
                failures.append(error)

        threads = [threading.Thread(target=begin, args=(process,)) for process in self._processes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            self.stop()
            raise failures[0]
        return int(self._socket.getsockname()[1])

    def stop(self) -> None:
        """Finish what was begun, within seconds, and close. Safe to call twice."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        threads = [threading.Thread(target=process.stop) for process in self._processes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._processes = []


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound, listening socket. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows SO_REUSEADDR would let another program share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise OSError(f"port {port} on {host} cannot be opened: {error}") from error
    return sock


class WebServer:
    """uvicorn over one application in a thread of this process."""

    def __init__(self, app: Any, sock: socket.socket) -> None:
        import uvicorn

        from server.doors.web.protocol import CarefulProtocol

        config = uvicorn.Config(
            app,
            http=CarefulProtocol,
            loop="asyncio",
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,  # who asks is decided by the connection, not by a header
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_DRAIN_S,
            backlog=_BACKLOG,
        )
        self._server = uvicorn.Server(config)
        self._socket = sock
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> None:
        """Begin to answer. Raises OSError when it cannot."""
        self._thread.start()
        end = time.monotonic() + _START_TIMEOUT_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise OSError("the web server did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        """Finish what was begun, within seconds."""
        self._server.should_exit = True
        self._thread.join(_DRAIN_S + 5)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
