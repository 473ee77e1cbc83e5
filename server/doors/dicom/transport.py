"""The only module that touches the sockets of associations: blocking reads into the upper layer's buffers, gathered
writes.

One thread owns a :class:`Connection`. Timeouts are the socket's own (SO_RCVTIMEO, SO_SNDTIMEO), which spares a poll
before every read.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import sys
import time
from collections.abc import Sequence
from typing import Any

from server.doors.dicom import pdu
from server.doors.dicom.dimse import Assembler, Command, Message, encode_command
from server.doors.dicom.fsm import State
from server.doors.dicom.upper_layer import Indication, UpperLayer

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_VECTOR = 512
"""Buffers per gathered write, below every system's limit (IOV_MAX is 1024 on Linux)."""


LEAST_BYTES_PER_S = 500
"""What a peer must send on average in a message that takes longer than the idle limit; a modem does ten times as
much."""


class ConnectionEnded(Exception):
    """The connection is gone, by the peer, by a timeout or by our own stop; the sentence says which."""


def apply_timeout(sock: socket.socket, option: int, seconds: float) -> None:
    """Set SO_RCVTIMEO or SO_SNDTIMEO; 0 waits for ever."""
    if sys.platform == "win32":
        sock.setsockopt(socket.SOL_SOCKET, option, int(seconds * 1000))
    else:
        whole = int(seconds)
        sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", whole, int((seconds - whole) * 1_000_000)))


class Connection:
    """A socket and its upper layer."""

    def __init__(self, sock: socket.socket, assembler: Assembler, *, artim_s: float, idle_s: float) -> None:
        self.upper = UpperLayer[Message](assembler)
        self.peer_max_length = 16384
        self._sock = sock
        self._assembler = assembler
        self._artim_s = artim_s
        self._idle_s = idle_s
        self._deadline: float | None = None
        self._timeout = -1.0
        self._began: float | None = None  # when the first bytes of the message in arrival came
        self._arrived = 0
        self._interrupted = False
        self._poller: Any = None  # select.poll(), which Windows lacks
        self._scatter = hasattr(sock, "recvmsg_into")
        self._gather = hasattr(sock, "sendmsg")
        sock.setblocking(True)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        apply_timeout(sock, socket.SO_SNDTIMEO, max(artim_s, idle_s))

    @property
    def assembler(self) -> Assembler:
        """The message assembler, which must be told the accepted contexts."""
        return self._assembler

    def receive(self, timeout_s: float | None = None) -> Indication[Message]:
        """The next indication; waits for it, at most ``timeout_s`` (default: the idle limit).

        Raises :class:`ConnectionEnded` when none will come any more.
        """
        while True:
            indication = self.upper.next_indication()
            self.flush()
            if indication is not None:
                self._began = None
                return indication
            if self.upper.close_transport or self.upper.state is State.STA1:
                raise ConnectionEnded("the association is over")
            self._read(self._idle_s if timeout_s is None else timeout_s)

    def poll(self) -> Indication[Message] | None:
        """An indication if one is there without waiting."""
        while True:
            indication = self.upper.next_indication()
            if indication is not None:
                self._began = None
                self.flush()
                return indication
            if self.upper.close_transport or not self._readable():
                return None
            self._read(self._idle_s)

    def wait(self, seconds: float) -> bool:
        """Wait at most so long for something to receive; True when :meth:`receive` will not have to wait for the
        first byte."""
        return self.upper.has_input or self._readable(seconds)

    def send_message(
        self, context_id: int, command: Command, data: bytes | bytearray | memoryview | None = None
    ) -> None:
        """One DIMSE message in one gathered write."""
        self.send_pdus(self.message_pdus(context_id, command, data))

    def message_pdus(
        self, context_id: int, command: Command, data: bytes | bytearray | memoryview | None = None
    ) -> list[bytes | memoryview]:
        """The PDUs of a message, to be sent later by :meth:`send_pdus`; they are views of ``data``."""
        pdus = pdu.data_pdus(context_id, True, encode_command(command), self.peer_max_length)
        if data is not None:
            pdus += pdu.data_pdus(context_id, False, data, self.peer_max_length)
        return pdus

    def response_pdus(self, context_id: int, command: bytes, data: bytes) -> list[bytes | memoryview]:
        """The PDUs of a message whose command set is encoded already, to be sent with others by :meth:`send_pdus`."""
        return [
            *pdu.data_pdus(context_id, True, command, self.peer_max_length),
            *pdu.data_pdus(context_id, False, data, self.peer_max_length),
        ]

    def send_pdus(self, pdus: Sequence[bytes | memoryview]) -> None:
        """P-DATA in one gathered write."""
        self.upper.send(pdus)
        self.flush()

    def flush(self) -> None:
        """Write what the upper layer has to say."""
        out = self.upper.take_output()
        if not out:
            return
        try:
            if self._gather:
                self._send_gathered(out)
            else:
                # one call per message where there is no gathered write: small answers must not meet Nagle's algorithm
                self._sock.sendall(out[0] if len(out) == 1 else b"".join(out))
        except OSError as error:
            self.upper.close_transport = True
            raise ConnectionEnded(f"the connection broke while sending ({type(error).__name__})") from None

    def close(self) -> None:
        """Write what is left, wait shortly for the peer to close after an answer it must read (ARTIM), and close."""
        try:
            with contextlib.suppress(ConnectionEnded, OSError):
                self.flush()
                if self.upper.state is State.STA13:
                    self._linger()
        finally:
            with contextlib.suppress(OSError):
                self._sock.close()
            self._assembler.close()
            self.upper.forget()

    def interrupt(self) -> None:
        """Wake the thread that waits for this connection, from another thread; its next read finds the end."""
        self._interrupted = True
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RD)

    def break_off(self) -> None:
        """Like :meth:`interrupt`, and whatever the thread writes fails too."""
        self._interrupted = True
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _linger(self) -> None:
        """Sta13: give the peer the chance to close first, or its unread data would destroy our last answer on the
        way."""
        end = time.monotonic() + min(self._artim_s, 2.0)
        while self.upper.state is State.STA13 and not self.upper.close_transport and time.monotonic() < end:
            self._set_timeout(max(0.05, end - time.monotonic()))
            self._read_once()
            while self.upper.next_indication() is not None:
                pass

    def _read(self, timeout_s: float) -> None:
        if self.upper.artim_running:
            now = time.monotonic()
            if self._deadline is None:
                self._deadline = now + self._artim_s
            left = self._deadline - now
            if left <= 0:
                self._expire()
            self._set_timeout(max(left, 0.001))
        else:
            self._deadline = None
            self._set_timeout(timeout_s)
        count = self._read_once()
        if count < 0:
            if self.upper.artim_running:
                self._expire()
            raise ConnectionEnded("the peer was silent for too long")
        self._notice_dripping(count)

    def _notice_dripping(self, count: int) -> None:
        """A peer that sends a byte now and then is never silent, and would keep its association for ever."""
        now = time.monotonic()
        if self._began is None:
            self._began, self._arrived = now, 0
        self._arrived += count
        elapsed = now - self._began
        if elapsed > self._idle_s and self._arrived < elapsed * LEAST_BYTES_PER_S:
            raise ConnectionEnded("the peer sends too slowly")

    def _expire(self) -> None:
        self.upper.artim_expired()
        self.flush()
        raise ConnectionEnded("the ARTIM timer expired")

    def _read_once(self) -> int:
        """One read: how many bytes came, 0 at the end of the connection, -1 when it timed out."""
        views = self.upper.buffers()
        try:
            count = self._receive_into(views)
        except (BlockingIOError, TimeoutError):
            return -1
        except OSError:
            count = 0
        if not count:
            if self._interrupted:
                raise ConnectionEnded("the server is closing")
            self.upper.closed()
            return 0
        if _QUICKACK is not None:
            # Linux leaves quick-acknowledge mode by itself; a sender with Nagle's algorithm on waits 40 ms without it
            try:  # noqa: SIM105 - contextlib.suppress costs as much as the call itself, and this runs for every read
                self._sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
            except OSError:
                pass
        self.upper.received(count)
        return count

    def _receive_into(self, views: Sequence[memoryview]) -> int:
        """One read into the views in turn; raises OSError."""
        return self._sock.recvmsg_into(views)[0] if self._scatter else self._sock.recv_into(views[0])

    def _readable(self, seconds: float = 0.0) -> bool:
        if hasattr(select, "poll"):  # select() fails for descriptors above 1023
            if self._poller is None:
                self._poller = select.poll()
                self._poller.register(self._sock, select.POLLIN)
            return bool(self._poller.poll(seconds * 1000))
        return bool(select.select([self._sock], [], [], seconds)[0])

    def _set_timeout(self, seconds: float) -> None:
        if seconds != self._timeout:
            self._timeout = seconds
            apply_timeout(self._sock, socket.SO_RCVTIMEO, seconds)

    def _send_gathered(self, out: Sequence[bytes | memoryview]) -> None:
        for at in range(0, len(out), _VECTOR):
            part = out[at : at + _VECTOR]
            sent = self._sock.sendmsg(part)
            if sent == sum(map(len, part)):
                continue
            for piece in part:
                if sent >= len(piece):
                    sent -= len(piece)
                else:
                    self._sock.sendall(memoryview(piece)[sent:])
                    sent = 0


def open_connection(
    host: str, port: int, assembler: Assembler, *, connect_s: float, artim_s: float, idle_s: float
) -> Connection:
    """A connection to a peer; raises OSError when it cannot be made."""
    sock = socket.create_connection((host, port), timeout=connect_s)
    return Connection(sock, assembler, artim_s=artim_s, idle_s=idle_s)
