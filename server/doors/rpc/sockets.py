"""The four sockets: requests, urgent, notices, bulk. The only module of this door that touches ZeroMQ."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import zmq
from zmq.utils import z85

from server.doors.rpc.router import Router
from shared.contract.base import Channel
from shared.rpc import envelope
from shared.rpc.connection import Connection

logger = logging.getLogger(__name__)

REQUEST_WORKERS = 4
URGENT_WORKERS = 2
BULK_WORKERS = 2
_MAX_MESSAGE = envelope.MAX_BODY_BYTES + envelope.MAX_HEADER_BYTES
_BULK_QUEUE = 512  # chunks waiting for one client; more than its outstanding bursts, so none is dropped


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The server's CURVE keys, 32 bytes each."""

    public: bytes
    secret: bytes


BulkAnswer = Callable[[bytes], Iterator[tuple[bytes, bytes | memoryview]]]
"""Takes an encoded BulkRequest, yields (header, chunk) pairs."""


class RpcDoor:
    """Opens the sockets on `host`, answers with `router` until stopped."""

    def __init__(
        self,
        router: Router,
        bulk: BulkAnswer,
        keys: KeyPair,
        host: str,
        port: int,
        topic: str,
        ports: Connection | None = None,
    ) -> None:
        """`port` 0 lets the system choose all four; otherwise they are `port` to `port` + 3.

        `ports` names all four instead: a server that comes back where it was.
        """
        self._router = router
        self._bulk = bulk
        self._keys = keys
        self._host = host
        self._ports = _four(port) if ports is None else (ports.requests, ports.urgent, ports.notices, ports.bulk)
        self._topic = topic.encode()
        self._context = zmq.Context(io_threads=2)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._notice_out = self._context.socket(zmq.PUSH)
        self._notice_lock = threading.Lock()
        self.connection: Connection | None = None

    def start(self) -> Connection:
        """Bind and begin to answer; returns the connection string's parts. Raises OSError when a port is taken."""
        kinds = (zmq.ROUTER, zmq.ROUTER, zmq.PUB, zmq.ROUTER)
        requests, urgent, notices, bulk = (
            self._bind(kind, port) for kind, port in zip(kinds, self._ports, strict=True)
        )
        bulk.sndhwm = _BULK_QUEUE
        self._notice_out.bind("inproc://notices")
        self.connection = Connection(
            host="127.0.0.1" if self._host in {"0.0.0.0", "*"} else self._host,
            requests=_port_of(requests),
            urgent=_port_of(urgent),
            notices=_port_of(notices),
            bulk=_port_of(bulk),
            public_key=self._keys.public,
        )
        self._spawn("rpc-requests", lambda: self._serve(requests, Channel.REQUESTS, REQUEST_WORKERS))
        self._spawn("rpc-urgent", lambda: self._serve(urgent, Channel.URGENT, URGENT_WORKERS))
        self._spawn("rpc-bulk", lambda: self._serve_bulk(bulk))
        self._spawn("rpc-notices", lambda: self._publish(notices))
        return self.connection

    def publish(self, notice: bytes) -> None:
        """Send an encoded notice to all workstations; any thread may call."""
        with self._notice_lock:
            if not self._stopping.is_set():
                self._notice_out.send(notice)

    def stop(self) -> None:
        """Answer what is being worked on, then close."""
        with self._notice_lock:
            self._stopping.set()
        for thread in self._threads:
            thread.join(5)
        self._notice_out.close(0)
        self._context.destroy(200)

    def _spawn(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _bind(self, kind: int, port: int) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.linger = 200
        socket.curve_server = True
        socket.curve_secretkey = z85.encode(self._keys.secret)
        socket.curve_publickey = z85.encode(self._keys.public)
        socket.maxmsgsize = _MAX_MESSAGE
        socket.tcp_keepalive = 1
        socket.ipv6 = ":" in self._host
        host = f"[{self._host}]" if ":" in self._host else self._host
        try:
            socket.bind(f"tcp://{host}:{port}" if port else f"tcp://{host}:*")
        except zmq.ZMQError as error:
            raise OSError(f"port {port} on {self._host} cannot be opened: {error}") from error
        return socket

    # ── requests ──

    def _serve(self, socket: zmq.Socket[bytes], channel: Channel, workers: int) -> None:
        """One thread owns the socket; workers take calls from a queue and hand replies back over inproc."""
        work: queue.SimpleQueue[list[bytes] | None] = queue.SimpleQueue()
        replies = self._context.socket(zmq.PULL)
        replies.bind(f"inproc://replies-{channel}")
        threads = [
            threading.Thread(target=self._work, args=(work, channel), name=f"{channel}-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in threads:
            thread.start()
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        poller.register(replies, zmq.POLLIN)
        while not self._stopping.is_set():
            ready = dict(poller.poll(200))
            if replies in ready:
                _forward(replies, socket)
            if socket in ready:
                for frames in _drain(socket):
                    if len(frames) == 3:
                        work.put(frames)
        for _ in threads:
            work.put(None)
        for thread in threads:
            thread.join(5)
        _forward(replies, socket)
        replies.close(0)
        socket.close()

    def _work(self, work: queue.SimpleQueue[list[bytes] | None], channel: Channel) -> None:
        out = self._context.socket(zmq.PUSH)
        out.connect(f"inproc://replies-{channel}")
        while (frames := work.get()) is not None:
            identity, header, body = frames
            reply = self._router.answer(header, body, channel)
            out.send_multipart((identity, *reply))
        out.close(1000)

    # ── notices ──

    def _publish(self, socket: zmq.Socket[bytes]) -> None:
        source = self._context.socket(zmq.PULL)
        source.connect("inproc://notices")
        while not self._stopping.is_set():
            if source.poll(200):
                socket.send_multipart((self._topic, source.recv()))
        source.close(0)
        socket.close()

    # ── bulk ──

    def _serve_bulk(self, socket: zmq.Socket[bytes]) -> None:
        """Workers read files; chunks go out as far as each client's queue takes them."""
        work: queue.Queue[tuple[bytes, bytes] | None] = queue.Queue()
        ready_chunks: queue.Queue[tuple[bytes, bytes, bytes | memoryview]] = queue.Queue(maxsize=128)
        bell = self._context.socket(zmq.PULL)
        bell.bind("inproc://bulk-bell")
        threads = [
            threading.Thread(target=self._read_bulk, args=(work, ready_chunks), name=f"bulk-{n}", daemon=True)
            for n in range(BULK_WORKERS)
        ]
        for thread in threads:
            thread.start()
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        poller.register(bell, zmq.POLLIN)
        while not self._stopping.is_set():
            ready = dict(poller.poll(200))
            if socket in ready:
                for frames in _drain(socket):
                    if len(frames) == 2:
                        work.put((frames[0], frames[1]))
            if bell in ready:
                while bell.poll(0):
                    bell.recv()
                    identity, header, chunk = ready_chunks.get()
                    # A client that is gone or does not read loses chunks here; it asks again from where it stopped.
                    socket.send_multipart((identity, header, chunk), copy=False)
        for _ in threads:
            work.put(None)
        bell.close(0)
        socket.close(0)

    def _read_bulk(
        self,
        work: queue.Queue[tuple[bytes, bytes] | None],
        ready_chunks: queue.Queue[tuple[bytes, bytes, bytes | memoryview]],
    ) -> None:
        bell = self._context.socket(zmq.PUSH)
        bell.connect("inproc://bulk-bell")
        while (task := work.get()) is not None:
            identity, request = task
            for header, chunk in self._bulk(request):
                while not self._stopping.is_set():
                    try:
                        ready_chunks.put((identity, header, chunk), timeout=0.2)
                    except queue.Full:
                        continue
                    bell.send(b"")
                    break
        bell.close(0)


def _four(port: int) -> tuple[int, int, int, int]:
    return (port, port + 1, port + 2, port + 3) if port else (0, 0, 0, 0)


def _drain(socket: zmq.Socket[bytes]) -> Iterator[list[bytes]]:
    while True:
        try:
            yield socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return


def _forward(source: zmq.Socket[bytes], target: zmq.Socket[bytes]) -> None:
    for frames in _drain(source):
        target.send_multipart(frames)


def _port_of(socket: zmq.Socket[bytes]) -> int:
    return int(socket.getsockopt_string(zmq.LAST_ENDPOINT).rsplit(":", 1)[1])
