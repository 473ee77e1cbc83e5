"""Listens for hospital systems: one thread a connection, everything bounded. Knows bytes and sockets, no message.

HL7 v2.5.1 Implementation Guide, appendix C (MLLP release 1); the acknowledgement goes back by the same connection.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass

from server.doors.hl7.ports import Limits, MessageDesk
from shared.hl7.mllp import Deframer, FramingError, framed

logger = logging.getLogger(__name__)

_BACKLOG = 64
_POLL_S = 0.5
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class _Listener:
    socket: socket.socket
    tls: ssl.SSLContext | None


class Hl7Door:
    """`port` and `tls_port`: 0 lets the system choose, -1 opens none; after `start` they say where it listens."""

    def __init__(
        self,
        desk: MessageDesk,
        host: str,
        port: int,
        *,
        tls_port: int = -1,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._desk = desk
        self._host = host
        self.port = port
        self.tls_port = tls_port
        self._tls = tls
        self._limits = limits or Limits()
        self._listeners: list[_Listener] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._of_address: Counter[str] = Counter()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Bind and listen. Raises OSError when a port is taken, ValueError for TLS without a certificate."""
        if self.port >= 0:
            self.port = self._listen(self.port, None)
        if self.tls_port >= 0:
            if self._tls is None:
                raise ValueError("An HL7 TLS port needs a certificate and its private key")
            self.tls_port = self._listen(self.tls_port, self._tls)

    def stop(self) -> None:
        """Close the ports, let messages that are being answered be answered, close. Safe to call twice."""
        self._stopping.set()
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            listener.socket.close()
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(one, socket.SHUT_RD)  # readers see the end; answers still go out
        for thread in self._threads:
            thread.join(10)

    def _listen(self, port: int, tls: ssl.SSLContext | None) -> int:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows SO_REUSEADDR would let others share the port
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self._host, port))
            sock.listen(_BACKLOG)
        except OSError as error:
            sock.close()
            raise OSError(f"port {port} on {self._host} cannot be opened: {error}") from error
        sock.settimeout(_POLL_S)
        listener = _Listener(sock, tls)
        self._listeners.append(listener)
        thread = threading.Thread(target=self._accept, args=(listener,), name="hl7-accept", daemon=True)
        self._threads.append(thread)
        thread.start()
        return int(sock.getsockname()[1])

    def _accept(self, listener: _Listener) -> None:
        while not self._stopping.is_set():
            try:
                client, peer = listener.socket.accept()
            except TimeoutError:
                continue
            except OSError:
                if self._stopping.is_set():
                    return
                self._stopping.wait(_POLL_S)  # no descriptors left: others must end first
                continue
            address = str(peer[0])
            if not self._may_come(client, address):
                client.close()
                continue
            arguments = (client, address, listener.tls)
            threading.Thread(target=self._serve, args=arguments, name=f"hl7-{address}", daemon=True).start()

    def _may_come(self, client: socket.socket, address: str) -> bool:
        with self._lock:
            if (
                self._stopping.is_set()
                or len(self._open) >= self._limits.connections
                or self._of_address[address] >= self._limits.connections_of_address
            ):
                logger.warning("hl7: %s is turned away: too many connections", address)
                return False
            self._open.add(client)
            self._of_address[address] += 1
        return True

    def _serve(self, client: socket.socket, address: str, tls: ssl.SSLContext | None) -> None:
        sock = client
        try:
            if not self._desk.admits(address, is_tls=tls is not None):
                logger.warning("hl7: %s is turned away: no connection names it", address)
                return
            client.settimeout(self._limits.handshake_s)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                sock = tls.wrap_socket(client, server_side=True)
                with self._lock:
                    self._open.discard(client)
                    self._open.add(sock)
            self._converse(sock, address, is_tls=tls is not None)
        except FramingError as error:
            logger.warning("hl7: %s: %s", address, error)
        except (OSError, ValueError) as error:  # it is gone, or its handshake failed
            logger.info("hl7: %s: the connection ended (%s)", address, type(error).__name__)
        except Exception:  # outermost of the connection: the others must live on
            logger.exception("hl7: a connection ended by a defect")
        finally:
            with contextlib.suppress(OSError):
                sock.close()
            with self._lock:
                self._open.discard(client)
                self._open.discard(sock)
                self._of_address[address] -= 1
                if self._of_address[address] <= 0:
                    del self._of_address[address]

    def _converse(self, sock: socket.socket, address: str, *, is_tls: bool) -> None:
        frames = Deframer(self._limits.message_bytes)
        begun: float | None = None
        while not self._stopping.is_set():
            limit = self._limits.idle_s
            if begun is not None:
                limit = begun + self._limits.message_s - time.monotonic()
                if limit <= 0:
                    raise FramingError(f"the message did not end within {self._limits.message_s:g} s")
            sock.settimeout(limit)
            try:
                data = sock.recv(_PIECE)
            except TimeoutError:
                if begun is None:
                    return
                continue
            if not data:
                return
            for message in frames.feed(data):
                for answer in self._desk.take(message, address, is_tls=is_tls):
                    sock.settimeout(self._limits.send_s)
                    sock.sendall(framed(answer))
                begun = None
            if not frames.is_within:
                begun = None
            elif begun is None:
                begun = time.monotonic()
