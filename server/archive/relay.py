"""Carries receivers' messages from worker processes to the indexer; a lost message costs nothing (see receive.py)."""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge

import msgspec

logger = logging.getLogger(__name__)

_GATHER_S = 0.004
_GATHER_BYTES = 1 << 20
_MAX_TOGETHER = 3 << 20  # a message with its length, many of them
_MAX_WAITING = 20_000

_encode = msgspec.msgpack.Encoder().encode
_decode: Callable[[bytes], list[bytes]] = msgspec.msgpack.Decoder(list[bytes]).decode


class RelayListener:
    """The indexer's end. `address` and `token` go to the workers as text; fresh ones are made when none are given."""

    def __init__(self, deliver: Callable[[bytes], None], *, address: str | None = None, token: str = "") -> None:
        self._deliver = deliver
        self.token = token or secrets.token_hex(32)
        self._listener = Listener(address, backlog=64)  # a local socket or a Windows pipe
        self.address = str(self._listener.address)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="archive-relay", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Close; messages under way are delivered or found again in the inbox."""
        self._stopping.set()
        with contextlib.suppress(OSError, EOFError):
            Client(self.address).close()  # wakes accept
        self._thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError:
                if self._stopping.is_set():
                    return
                logger.warning("archive: a worker could not be connected", exc_info=True)
                continue
            if self._stopping.is_set():
                connection.close()
                return
            threading.Thread(target=self._read, args=(connection,), name="archive-relay-in", daemon=True).start()

    def _read(self, connection: Connection) -> None:
        # the handshake is here and not in accept: a stranger who says nothing must hold up nobody
        with connection, contextlib.suppress(EOFError, OSError, AuthenticationError):
            key = self.token.encode()
            deliver_challenge(connection, key)
            answer_challenge(connection, key)
            while not self._stopping.is_set():
                self._hand_over(connection.recv_bytes(_MAX_TOGETHER))

    def _hand_over(self, together: bytes) -> None:
        try:
            for message in _decode(together):
                with _warning():
                    self._deliver(message)
        except msgspec.DecodeError:
            logger.warning("archive: a worker sent what are no messages")


@contextlib.contextmanager
def _warning() -> Iterator[None]:
    try:
        yield
    except ValueError:
        logger.warning("archive: a worker sent what is no message")


class RelaySender:
    """A worker's end: `send` never waits and never fails; use it as `notify` of a Receiver.

    What is sent within some milliseconds travels together, so that a busy receiver does not wake the indexer for each
    object.
    """

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._token = token.encode()
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        self._came = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None

    def send(self, message: bytes) -> None:
        """Send soon, connecting if need be; what cannot be sent is dropped, because the inbox holds the object."""
        with self._lock:
            if self._closing or len(self._waiting) >= _MAX_WAITING or len(message) > _GATHER_BYTES:
                return
            self._waiting.append(message)
            if len(self._waiting) == 1:
                self._came.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="archive-relay-out", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Send what waits and end."""
        with self._lock:
            self._closing = True
            self._came.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self) -> None:
        closing = False
        while not closing:
            self._came.wait()
            if not self._closing:
                time.sleep(_GATHER_S)
            with self._lock:
                messages, self._waiting = self._waiting, []
                closing = self._closing
                if not closing:
                    self._came.clear()
            self._send(messages)
        self._drop()

    def _send(self, messages: list[bytes]) -> None:
        together: list[bytes] = []
        size = 0
        for message in messages:
            if size + len(message) > _GATHER_BYTES:
                self._send_together(together)
                together, size = [], 0
            together.append(message)
            size += len(message)
        if together:
            self._send_together(together)

    def _send_together(self, messages: list[bytes]) -> None:
        try:
            if self._connection is None:
                self._connection = Client(self._address, authkey=self._token)
            self._connection.send_bytes(_encode(messages))
        except (OSError, EOFError, AuthenticationError):
            logger.warning(
                "archive: the indexer cannot be told of %d objects; it will find them by itself", len(messages)
            )
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
