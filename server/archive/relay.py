"""Carries receivers' messages from worker processes to the indexer; a lost message costs nothing (see receive.py)."""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
from collections.abc import Callable
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge

logger = logging.getLogger(__name__)

_MAX_MESSAGE = 1 << 20


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
                message = connection.recv_bytes(_MAX_MESSAGE)
                try:
                    self._deliver(message)
                except ValueError:
                    logger.warning("archive: a worker sent what is no message")


class RelaySender:
    """A worker's end: `send` never blocks for long and never fails; use it as `notify` of a Receiver."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._token = token.encode()
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def send(self, message: bytes) -> None:
        """Send, connecting if need be; gives up silently, because the inbox holds the object anyway."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = Client(self._address, authkey=self._token)
                self._connection.send_bytes(message)
            except (OSError, EOFError, AuthenticationError):
                logger.warning("archive: the indexer cannot be told; it will find the object by itself")
                self._drop()

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
