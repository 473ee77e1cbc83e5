"""What strangers may send to the RPC sockets: refused or dropped, and everybody else is served on."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from rpc_house import RpcHouse, a_client

from shared.contract.identity import Ping
from shared.rpc import envelope
from shared.rpc.client import open_client_socket
from shared.rpc.connection import Connection
from shared.rpc.envelope import RequestHeader


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RpcHouse]:
    house = RpcHouse(tmp_path)
    yield house
    house.close()


def raw_socket(context: zmq.Context[zmq.Socket[bytes]], connection: Connection, port: int) -> zmq.Socket[bytes]:
    return open_client_socket(context, zmq.DEALER, connection.endpoint(port), connection, zmq.curve_keypair())


def still_serves(connection: Connection) -> None:
    with a_client(connection, timeout_s=10) as client:
        assert client.call(Ping()).name == "test"


@pytest.mark.parametrize("frames", [1, 2, 3, 7])
def test_random_frames_on_every_socket(house: RpcHouse, frames: int) -> None:
    dice = random.Random(frames)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with house.on_sockets() as connection:
        for port in (connection.requests, connection.urgent, connection.bulk):
            socket = raw_socket(context, connection, port)
            for _ in range(50):
                socket.send_multipart([dice.randbytes(dice.randrange(200)) for _ in range(frames)])
            if socket.poll(300) and port != connection.bulk:
                head, body = socket.recv_multipart()
                assert not envelope.decode_reply_header(head).ok and envelope.decode_error(body).message
            socket.close()
        still_serves(connection)
    context.destroy(0)


def test_a_message_beyond_the_limit_ends_its_connection_only(house: RpcHouse) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with house.on_sockets() as connection:
        socket = raw_socket(context, connection, connection.requests)
        header = envelope.encode(RequestHeader(1, 1, "identity.ping"))
        socket.send_multipart([header, os.urandom(envelope.MAX_BODY_BYTES + envelope.MAX_HEADER_BYTES + 1)])
        assert not socket.poll(500)
        still_serves(connection)
        socket.close()
    context.destroy(0)


def test_a_body_beyond_the_limit_is_refused_in_words(house: RpcHouse) -> None:
    header = envelope.encode(RequestHeader(1, 1, "identity.ping"))
    from shared.contract.base import Channel

    _head, body = house.router.answer(header, b"x" * (envelope.MAX_BODY_BYTES + 1), Channel.URGENT)
    assert envelope.decode_error(body).message == "请求内容过大。"


def test_plain_tcp_and_sockets_without_curve_get_nothing(house: RpcHouse) -> None:
    import socket as tcp

    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with house.on_sockets() as connection:
        with tcp.create_connection((connection.host, connection.requests)) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        plain = context.socket(zmq.DEALER)
        plain.linger = 0
        plain.connect(connection.endpoint(connection.requests))
        plain.send_multipart([envelope.encode(RequestHeader(1, 1, "identity.ping")), envelope.encode(Ping())])
        assert not plain.poll(500)
        plain.close()
        still_serves(connection)
    context.destroy(0)


def test_msgpack_bombs_are_refused(house: RpcHouse) -> None:
    from shared.contract.base import Channel

    header = envelope.encode(RequestHeader(1, 1, "identity.login"))
    deep = b"\x91" * 100_000 + b"\xc0"
    promised = b"\xdd\xff\xff\xff\xff"  # an array of four billion elements, none of which follows
    for bomb in (deep, promised, b"\x81\xa5login" + deep):
        head, body = house.router.answer(header, bomb, Channel.URGENT)
        assert not envelope.decode_reply_header(head).ok
        assert envelope.decode_error(body).code.value in {"malformed", "invalid"}
