"""The client of the RPC: typed calls that survive the line, notices, line state. Knows no Qt."""

from __future__ import annotations

import contextlib
import itertools
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Protocol, TypeVar

import msgspec
import zmq

from shared.contract.base import AnyNotice, Channel, Request, reply_type
from shared.contract.errors import EnvironmentTrouble, ErrorBody, ErrorCode, RpcError, error_for
from shared.contract.identity import Login, Logout, Ping, ServerView, SessionView
from shared.rpc import envelope
from shared.rpc.connection import Connection

logger = logging.getLogger(__name__)

ReplyT = TypeVar("ReplyT")

RESEND_AFTER_S = 4.0
HEARTBEAT_S = 2.0
LINE_LOST_AFTER_S = 6.0
_HEARTBEAT = 0  # the number of heartbeats; calls count from 1
_PATROL_MS = 250  # how late a lost ring is noticed

_notices: msgspec.msgpack.Decoder[AnyNotice] = msgspec.msgpack.Decoder(AnyNotice)


class Transport(Protocol):
    """Carries one request's frames to the server and brings the reply's frames, or raises EnvironmentTrouble."""

    def exchange(self, channel: Channel, number: int, header: bytes, body: bytes, timeout_s: float) -> list[bytes]:
        """Send and wait. Safe to call from any thread."""

    def listen(self, topic: str, on_notice: Callable[[AnyNotice], None]) -> None:
        """Deliver notices under `topic` from now on, on a thread of the transport's."""

    def close(self) -> None:
        """End all threads and sockets."""


class RpcClient:
    """Calls methods of the contract; one instance per workstation process, safe to use from any thread."""

    def __init__(self, transport: Transport, *, station: str = "", timeout_s: float = 15.0) -> None:
        self._transport = transport
        self._station = station
        self._timeout_s = timeout_s
        self._numbers = itertools.count(1)
        self._token = ""
        self.session: SessionView | None = None
        self.on_notice: Callable[[AnyNotice], None] = lambda _notice: None

    def login(self, login: str, password: str, *, captcha_id: str = "", captcha: str = "") -> SessionView:
        """Open a session and listen to its notices. Raises RpcError."""
        session = self.call(
            Login(login=login, password=password, station=self._station, captcha_id=captcha_id, captcha=captcha)
        )
        self.adopt(session)
        return session

    def adopt(self, session: SessionView) -> None:
        """Go on with a session that is open already (the viewer's process does)."""
        self.session = session
        self._token = session.token
        self._transport.listen(session.notice_topic, self._deliver)

    def _deliver(self, notice: AnyNotice) -> None:
        self.on_notice(notice)  # looked up late: the receiver may be set after the log-in

    def logout(self) -> None:
        """Close the session; a broken line is no reason to fail."""
        try:
            self.call(Logout(), timeout_s=2)
        except RpcError as error:
            logger.info("log-out was not confirmed: %s", error.code)
        self.session = None
        self._token = ""

    def call(self, request: Request[ReplyT], *, timeout_s: float | None = None, key: str = "") -> ReplyT:
        """Send `request` and return its reply.

        A query is sent again when the line breaks, a command too, with the same idempotency key
        (`key`, or a fresh one), until `timeout_s`. Raises Refused, EnvironmentTrouble or ServerBug.
        """
        if request.is_command and not key:
            key = secrets.token_hex(16)
        number = next(self._numbers)
        header = envelope.request_header(number, request, self._token, key)
        frames = self._transport.exchange(
            request.channel, number, header, envelope.encode(request), timeout_s or self._timeout_s
        )
        if envelope.decode_reply_header(frames[0]).ok:
            reply: ReplyT = envelope.decode(reply_type(type(request)), frames[1])
            return reply
        raise error_for(envelope.decode_error(frames[1]))

    def close(self) -> None:
        """End the client; open calls fail with OFFLINE."""
        self._transport.close()


@dataclass(slots=True)
class _Outstanding:
    channel: Channel
    frames: list[bytes]
    deadline: float
    future: Future[list[bytes]]
    sent_at: float = 0.0


@dataclass(slots=True)
class _Mailbox:
    """Between calling threads and the I/O thread."""

    lock: threading.Lock = dataclass_field(default_factory=threading.Lock)
    posted: deque[tuple[int, _Outstanding]] = dataclass_field(default_factory=deque)
    topics: deque[tuple[str, Callable[[AnyNotice], None]]] = dataclass_field(default_factory=deque)
    is_over: bool = False  # nobody will look any more


class ZmqTransport:
    """ZeroMQ sockets with CURVE, owned by one thread; calls are posted to it and wait on a future."""

    def __init__(
        self,
        connection: Connection,
        *,
        on_line: Callable[[bool, float], None] = lambda _up, _age: None,
        on_server: Callable[[ServerView], None] = lambda _view: None,
    ) -> None:
        """`on_line(is_up, seconds since the last sign of life)` is called on the I/O thread when it changes and
        about once a second while the line is down; `on_server` with every answer to a heartbeat."""
        self.connection = connection
        self._on_line = on_line
        self._on_server = on_server
        self._context = zmq.Context()
        self._keys = zmq.curve_keypair()
        self._mailbox = _Mailbox()
        self._name = f"inproc://wake-{id(self)}"
        self._bell_out = self._context.socket(zmq.PAIR)
        self._bell_out.bind(self._name)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rpc-client", daemon=True)
        self._thread.start()

    def exchange(self, channel: Channel, number: int, header: bytes, body: bytes, timeout_s: float) -> list[bytes]:
        waiting = _Outstanding(channel, [header, body], time.monotonic() + timeout_s, Future())
        self._post(lambda: self._mailbox.posted.append((number, waiting)))
        return waiting.future.result()

    def listen(self, topic: str, on_notice: Callable[[AnyNotice], None]) -> None:
        self._post(lambda: self._mailbox.topics.append((topic, on_notice)))

    def close(self) -> None:
        if self._closing.is_set():
            return
        self._closing.set()
        self._ring()
        self._thread.join(5)
        self._bell_out.close(0)
        self._context.destroy(0)

    def _post(self, put: Callable[[], None]) -> None:
        if self._closing.is_set():
            raise _trouble(ErrorCode.OFFLINE, "连接已关闭。")
        with self._mailbox.lock:
            if self._mailbox.is_over:
                raise _trouble(ErrorCode.OFFLINE, "连接已关闭。")
            put()
        self._ring()

    def _ring(self) -> None:
        # Without a listener (the thread is just starting, or ending) the ring is lost; the mailbox is looked at anyway.
        with self._mailbox.lock, contextlib.suppress(zmq.Again):
            self._bell_out.send(b"", zmq.NOBLOCK)

    # Everything below runs on the I/O thread.

    def _run(self) -> None:
        loop = _IoLoop(self._context, self.connection, self._keys, self._mailbox, self._name, self._closing)
        loop.on_line, loop.on_server = self._on_line, self._on_server
        loop.run()


class _IoLoop:
    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        connection: Connection,
        keys: tuple[bytes, bytes],
        mailbox: _Mailbox,
        bell: str,
        closing: threading.Event,
    ) -> None:
        self._context = context
        self._connection = connection
        self._keys = keys
        self._mailbox = mailbox
        self._closing = closing
        self.on_line: Callable[[bool, float], None] = lambda _up, _age: None
        self.on_server: Callable[[ServerView], None] = lambda _view: None
        self._bell = context.socket(zmq.PAIR)
        self._bell.connect(bell)
        self._sockets = {
            Channel.REQUESTS: self._open(zmq.DEALER, connection.requests),
            Channel.URGENT: self._open(zmq.DEALER, connection.urgent),
        }
        self._notices = self._open(zmq.SUB, connection.notices)
        self._on_notice: Callable[[AnyNotice], None] = lambda _notice: None
        self._topic = b""
        self._outstanding: dict[int, _Outstanding] = {}
        self._last_life = time.monotonic()
        self._last_ping = 0.0
        self._last_report = 0.0
        self._is_up = False

    def _open(self, kind: int, port: int) -> zmq.Socket[bytes]:
        return open_client_socket(self._context, kind, self._connection.endpoint(port), self._connection, self._keys)

    def run(self) -> None:
        poller = zmq.Poller()
        for socket in (self._bell, self._notices, *self._sockets.values()):
            poller.register(socket, zmq.POLLIN)
        while not self._closing.is_set():
            self._drain_mailbox()
            ready = dict(poller.poll(_PATROL_MS))
            for socket in self._sockets.values():
                if socket in ready:
                    self._receive(socket)
            if self._notices in ready:
                self._receive_notices()
            self._watch(time.monotonic())
        with self._mailbox.lock:
            self._mailbox.is_over = True
            self._outstanding.update(self._mailbox.posted)
        for waiting in self._outstanding.values():
            waiting.future.set_exception(_trouble(ErrorCode.OFFLINE, "连接已关闭。"))
        for socket in (self._bell, self._notices, *self._sockets.values()):
            socket.close(0)

    def _drain_mailbox(self) -> None:
        while True:
            try:
                self._bell.recv(zmq.NOBLOCK)
            except zmq.Again:
                break
        with self._mailbox.lock:
            posted, self._mailbox.posted = self._mailbox.posted, deque()
            topics, self._mailbox.topics = self._mailbox.topics, deque()
        for topic, on_notice in topics:
            if self._topic:
                self._notices.unsubscribe(self._topic)
            self._topic, self._on_notice = topic.encode(), on_notice
            self._notices.subscribe(self._topic)
        for number, waiting in posted:
            self._outstanding[number] = waiting
            self._send(waiting)

    def _send(self, waiting: _Outstanding) -> None:
        waiting.sent_at = time.monotonic()
        try:
            self._sockets[waiting.channel].send_multipart(waiting.frames, zmq.NOBLOCK)
        except zmq.Again:
            logger.debug("send queue is full; the request is sent again later")

    def _receive(self, socket: zmq.Socket[bytes]) -> None:
        while True:
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._alive()
            header = envelope.decode_reply_header(frames[0])
            number = header.id
            if number == _HEARTBEAT and header.ok:
                self.on_server(envelope.decode(ServerView, frames[1]))
                continue
            waiting = self._outstanding.pop(number, None)
            if waiting is not None:
                waiting.future.set_result(frames)

    def _receive_notices(self) -> None:
        while True:
            try:
                frames = self._notices.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._alive()
            self._on_notice(_notices.decode(frames[1]))

    def _alive(self) -> None:
        self._last_life = time.monotonic()
        if not self._is_up:
            self._is_up = True
            self.on_line(True, 0.0)
            for waiting in self._outstanding.values():  # what was asked before the line came back
                if time.monotonic() - waiting.sent_at > 1:
                    self._send(waiting)

    def _watch(self, now: float) -> None:
        for number, waiting in list(self._outstanding.items()):
            if now > waiting.deadline:
                del self._outstanding[number]
                code = ErrorCode.TIMEOUT if self._is_up else ErrorCode.OFFLINE
                waiting.future.set_exception(_trouble(code, "服务器没有应答，请检查网络后再试。"))
            elif now - waiting.sent_at > RESEND_AFTER_S:
                self._send(waiting)
        if now - self._last_ping > HEARTBEAT_S:
            self._last_ping = now
            frames = [envelope.request_header(_HEARTBEAT, Ping(), "", ""), envelope.encode(Ping())]
            try:
                self._sockets[Channel.URGENT].send_multipart(frames, zmq.NOBLOCK)
            except zmq.Again:
                logger.debug("heartbeat could not be queued")
        age = now - self._last_life
        if age > LINE_LOST_AFTER_S and (self._is_up or now - self._last_report > 1):
            self._is_up = False
            self._last_report = now
            self.on_line(False, age)


def open_client_socket(
    context: zmq.Context[zmq.Socket[bytes]], kind: int, endpoint: str, connection: Connection, keys: tuple[bytes, bytes]
) -> zmq.Socket[bytes]:
    """Open a CURVE client socket that gives up nothing by itself and reconnects for ever."""
    socket = context.socket(kind)
    socket.linger = 0
    socket.curve_publickey, socket.curve_secretkey = keys
    socket.curve_serverkey = _z85(connection.public_key)
    socket.reconnect_ivl = 100
    socket.reconnect_ivl_max = 2000
    socket.ipv6 = ":" in connection.host
    if kind != zmq.SUB:
        socket.sndhwm = 1000
    socket.connect(endpoint)
    return socket


def _z85(key: bytes) -> bytes:
    from zmq.utils import z85

    return bytes(z85.encode(key))


def _trouble(code: ErrorCode, message: str) -> EnvironmentTrouble:
    return EnvironmentTrouble(ErrorBody(code=code, message=message))
