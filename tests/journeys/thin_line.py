"""A thin line on loop-back: TCP proxies with a token bucket, stalls as TCP shows loss, cuts and interruptions.

What is modelled: all connections of a station share one bucket each way (64 kbit/s). A segment of 1400 bytes is lost
with the given share; a TCP sender notices that after its retransmission time-out of 0.2 s, twice that when the copy is
lost again, and so on, and what follows waits behind it. A cut resets every connection at once in the middle of whatever
flows; an interruption refuses new ones for a while. Not modelled: packets themselves (needs a kernel's netem), UDP,
changes of order below TCP, which TCP hides. With ``times`` 10 everything runs ten times as fast, the line included.
"""

from __future__ import annotations

import random
import select
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import replace

from shared.rpc.connection import Connection

_SEGMENT = 1400
_TIMEOUT_S = 0.2


class ThinLine:
    """Stands between a station and ``server``; `connection` is what the station is told."""

    def __init__(
        self, server: Connection, *, bits_per_s: float = 64_000, loss: float = 0.2, times: float = 1.0, seed: int = 1
    ) -> None:
        self._rate, self._loss, self._times = bits_per_s / 8 * times, loss, times
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._free_at = [0.0, 0.0]  # up, down: when the bucket takes the next segment
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._refuses = False
        self._closing = threading.Event()
        self.bytes_up = 0
        self.cuts = 0
        ports, self._doors = [], []
        for port in (server.requests, server.urgent, server.notices, server.bulk):
            door = socket.create_server(("127.0.0.1", 0))
            door.settimeout(0.1)
            self._doors.append(door)
            ports.append(door.getsockname()[1])
            threading.Thread(target=self._listen, args=(door, (server.host, port)), daemon=True).start()
        self.connection = replace(
            server, host="127.0.0.1", requests=ports[0], urgent=ports[1], notices=ports[2], bulk=ports[3]
        )

    def cut(self, *, refuse_s: float = 0.0) -> None:
        """Reset everything now; then refuse for a while."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
            self._refuses = refuse_s > 0
            self.cuts += 1
        for pair in pairs:
            for end in pair:
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RDWR)
                with suppress(OSError):
                    end.close()
        if refuse_s:
            self._closing.wait(refuse_s / self._times)
            with self._lock:
                self._refuses = False

    def close(self) -> None:
        """End."""
        self._closing.set()
        self.cut()
        for door in self._doors:
            door.close()

    def _listen(self, door: socket.socket, server: tuple[str, int]) -> None:
        while not self._closing.is_set():
            try:
                near, _station = door.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with self._lock:
                refuses = self._refuses
            if refuses:
                near.close()
                continue
            try:
                far = socket.create_connection(server, 5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            pair = (near, far)
            with self._lock:
                self._pairs.add(pair)
            threading.Thread(target=self._carry, args=(near, far, 0, pair), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, 1, pair), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, way: int, pair: tuple[socket.socket, ...]) -> None:
        with suppress(OSError, ValueError):
            while not self._closing.is_set():
                if not select.select([source], [], [], 0.2)[0]:
                    continue
                data = source.recv(_SEGMENT)
                if not data:
                    break
                self._wait(len(data), way)
                target.sendall(data)
                if way == 0:
                    self.bytes_up += len(data)
        for end in pair:
            with suppress(OSError):
                end.close()

    def _wait(self, size: int, way: int) -> None:
        """Until the bucket has room, and until a lost segment was sent again."""
        stall, timeout = 0.0, _TIMEOUT_S
        with self._lock:
            while self._dice.random() < self._loss:
                stall += timeout
                timeout *= 2
            begin = max(time.monotonic(), self._free_at[way])
            self._free_at[way] = begin + size / self._rate
            until = self._free_at[way] + stall / self._times
        self._closing.wait(max(0.0, until - time.monotonic()))
