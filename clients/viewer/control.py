"""The viewer's ear: takes orders from a workstation over an authenticated local socket and tells events back.

Listens on 127.0.0.1 only; whoever connects must prove to know the key (challenge and response, both ways)
before a byte is looked at. Messages are msgpack of known shapes; nothing is unpickled.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from typing import Any

import msgspec

from clients.kit.viewer_link import MESSAGE_LIMIT, Order, ViewerEvent, decode_order, encode

log = logging.getLogger(__name__)

ORDER_LIMIT = 1 << 20


class ControlServer:
    """Accepts workstations. ``on_order`` is called on a thread of the server's."""

    def __init__(self, key: bytes, on_order: Callable[[Order], None]) -> None:
        self._key = key
        self._on_order = on_order
        self._listener = Listener(("127.0.0.1", 0), backlog=4)
        self._lock = threading.Lock()
        self._lines: list[Connection[Any, Any]] = []
        self._closing = False
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)

    @property
    def port(self) -> int:
        address = self._listener.address
        return int(address[1])

    @property
    def has_lines(self) -> bool:
        """True while a workstation is connected."""
        with self._lock:
            return bool(self._lines)

    def start(self) -> None:
        self._thread.start()

    def tell(self, event: ViewerEvent) -> None:
        """Send an event to every workstation that is connected."""
        data = encode(event)
        if len(data) > MESSAGE_LIMIT:
            log.warning("an event of %d bytes is too large to send", len(data))
            return
        with self._lock:
            lines = tuple(self._lines)
        for line in lines:
            try:
                line.send_bytes(data)
            except OSError:
                log.debug("a workstation hung up while it was told something")

    def close(self) -> None:
        """Stop listening; open lines end."""
        self._closing = True
        self._listener.close()
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            line.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                line = self._listener.accept()
            except OSError:  # closed by close(), or a caller that broke off
                continue
            # A stranger that stays silent must not keep others out: each line proves itself in its own thread.
            threading.Thread(target=self._serve, args=(line,), name="control-line", daemon=True).start()

    def _serve(self, line: Connection[Any, Any]) -> None:
        try:
            deliver_challenge(line, self._key)
            answer_challenge(line, self._key)
        except (AuthenticationError, EOFError, OSError):
            log.warning("a local program without the key tried to steer the viewer")
            line.close()
            return
        with self._lock:
            self._lines.append(line)
        while True:
            try:
                order = decode_order(line.recv_bytes(ORDER_LIMIT))
            except (EOFError, OSError):
                break
            except msgspec.MsgspecError:
                log.warning("an unknown order was ignored")
                continue
            self._on_order(order)
        with self._lock:
            if line in self._lines:
                self._lines.remove(line)
        line.close()
