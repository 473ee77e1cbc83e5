"""Client of the bulk channel: frames, objects and documents in chunks, many outstanding, resumed when cut off."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
import zmq

from shared.contract.errors import EnvironmentTrouble, ErrorBody, ErrorCode, RpcError, error_for
from shared.rpc import envelope
from shared.rpc.client import open_client_socket
from shared.rpc.connection import Connection
from shared.rpc.envelope import BulkHeader, BulkRequest

OUTSTANDING = 8
SILENCE_S = 5.0  # no chunk for so long: ask again from where it stopped
GIVE_UP_S = 60.0

_headers = msgspec.msgpack.Decoder(BulkHeader)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item of the bulk channel; see BulkRequest for the words."""

    item: str
    name: str
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Received:
    """A whole item. `error` is set instead of data when the server refused it.

    An item that came in one piece is a view of the message it came in, which lives as long as the view.
    """

    wanted: Wanted
    data: bytearray | memoryview
    transfer_syntax_uid: str
    error: RpcError | None = None


@dataclass(slots=True)
class _Open:
    wanted: Wanted
    data: bytearray | None = None
    got: int = 0
    chunks: int = 0
    transfer_syntax_uid: str = ""


class BulkClient:
    """Fetches items over one socket; use it from one thread (a loader's)."""

    def __init__(self, connection: Connection, token: str) -> None:
        self._token = token
        self._context = zmq.Context()
        self._connection = connection
        self._keys = zmq.curve_keypair()
        self._numbers = 0
        self._socket = self._connect()
        self._cancelled = threading.Event()

    def _connect(self) -> zmq.Socket[bytes]:
        endpoint = self._connection.endpoint(self._connection.bulk)
        return open_client_socket(self._context, zmq.DEALER, endpoint, self._connection, self._keys)

    def fetch(self, item: str, name: str, frame: int = 0) -> Received:
        """Return one item. Raises RpcError."""
        for received in self.stream([Wanted(item, name, frame)]):
            if received.error is not None:
                raise received.error
            return received
        raise EnvironmentTrouble(ErrorBody(code=ErrorCode.OFFLINE, message="读取已取消。"))

    def stream(self, wanted: Iterable[Wanted]) -> Iterator[Received]:
        """Yield items as they complete, roughly in the order wanted; `wanted` may be a generator that changes its mind.

        Raises EnvironmentTrouble when the server stays silent for a minute.
        """
        source = iter(wanted)
        pending: dict[int, _Open] = {}
        self._refill(source, pending)
        silent_since = asked_at = time.monotonic()
        while pending and not self._cancelled.is_set():
            if not self._socket.poll(200):
                now = time.monotonic()
                if now - silent_since > GIVE_UP_S:
                    raise EnvironmentTrouble(ErrorBody(code=ErrorCode.TIMEOUT, message="图像读取超时，请稍后重试。"))
                if now - max(silent_since, asked_at) > SILENCE_S:
                    pending = self._ask_again(pending)
                    asked_at = now
                continue
            silent_since = time.monotonic()
            done = self._take(pending)
            if done is not None:
                self._refill(source, pending)
                yield done

    def cancel(self) -> None:
        """End the stream from another thread."""
        self._cancelled.set()

    def close(self) -> None:
        self._socket.close(0)
        self._context.destroy(0)

    def _refill(self, source: Iterator[Wanted], pending: dict[int, _Open]) -> None:
        while len(pending) < OUTSTANDING:
            wanted = next(source, None)
            if wanted is None:
                return
            self._ask(pending, _Open(wanted))

    def _ask(self, pending: dict[int, _Open], opened: _Open) -> None:
        self._numbers += 1
        pending[self._numbers] = opened
        wanted = opened.wanted
        request = BulkRequest(self._numbers, self._token, wanted.item, wanted.name, wanted.frame, opened.got)
        self._socket.send(envelope.encode(request))

    def _ask_again(self, pending: dict[int, _Open]) -> dict[int, _Open]:
        self._socket.close(0)
        self._socket = self._connect()
        renewed: dict[int, _Open] = {}
        for opened in pending.values():
            self._ask(renewed, opened)
        return renewed

    def _take(self, pending: dict[int, _Open]) -> Received | None:
        head, chunk = self._socket.recv_multipart(copy=False)
        header = _headers.decode(head.buffer)
        opened = pending.get(header.id)
        if opened is None:
            return None
        if not header.ok:
            del pending[header.id]
            error = error_for(envelope.decode_error(chunk.buffer))
            return Received(opened.wanted, bytearray(), "", error)
        view = chunk.buffer
        if opened.data is None:
            opened.transfer_syntax_uid = header.transfer_syntax_uid
            if header.offset == 0 and len(view) == header.total:
                del pending[header.id]
                return Received(opened.wanted, view, header.transfer_syntax_uid)
            opened.data = bytearray(header.total)
        opened.data[header.offset : header.offset + len(view)] = view
        opened.got = header.offset + len(view)
        opened.chunks += 1
        if opened.got < header.total:
            if opened.chunks % envelope.BULK_BURST == 0:
                del pending[header.id]
                self._ask(pending, opened)
            return None
        del pending[header.id]
        return Received(opened.wanted, opened.data, opened.transfer_syntax_uid)
