"""The MLLP door: who is admitted, limits of connections and times, TLS, an orderly end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hl7
import hl7.client
import pytest

from server.doors.dicom.tls import client_context, server_context
from server.doors.hl7.door import Hl7Door
from server.doors.hl7.ports import Limits
from server.interfaces.lines import MllpLine, Unreachable
from tests.fakes.certificates import Authority
from tests.fakes.hospital_system import MllpSender, an_order


class EchoDesk:
    """Acknowledges with python-hl7; `wait` holds an answer back."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, str, bool]] = []
        self.is_open = True
        self.wait = threading.Event()
        self.wait.set()

    def admits(self, address: str, *, is_tls: bool) -> bool:
        return self.is_open

    def take(self, data: bytes, address: str, *, is_tls: bool) -> list[bytes]:
        self.taken.append((data, address, is_tls))
        self.wait.wait(10)
        return [str(hl7.parse(data.decode()).create_ack("AA")).encode()]


@contextmanager
def a_door(desk: EchoDesk, **options: Any) -> Iterator[Hl7Door]:
    door = Hl7Door(desk, "127.0.0.1", options.pop("port", 0), **options)
    try:
        door.start()
        yield door
    finally:
        door.stop()


def test_messages_of_one_line_are_answered_in_order() -> None:
    desk = EchoDesk()
    with a_door(desk) as door, MllpSender(door.port) as sender:
        for number in range(5):
            assert str(sender.send(an_order(control_id=f"M{number}")).segment("MSA")[2]) == f"M{number}"
        for number in range(3):
            sender.push(b"\x0b" + an_order(control_id=f"P{number}").replace("\n", "\r").encode() + b"\x1c\r")
        assert [str(sender.next().segment("MSA")[2]) for _ in range(3)] == ["P0", "P1", "P2"]
        assert {(address, is_tls) for _, address, is_tls in desk.taken} == {("127.0.0.1", False)}


def test_the_client_of_python_hl7_is_served() -> None:
    with a_door(EchoDesk()) as door, hl7.client.MLLPClient("127.0.0.1", door.port) as client:
        answer = client.send_message(an_order().replace("\n", "\r"))
        assert b"MSA|AA|M1" in answer


def test_who_is_not_admitted_is_turned_away() -> None:
    desk = EchoDesk()
    desk.is_open = False
    with a_door(desk) as door, MllpSender(door.port) as sender:
        assert sender.is_closed()


def test_connections_are_counted() -> None:
    with a_door(EchoDesk(), limits=Limits(connections=3, connections_of_address=2)) as door:
        with MllpSender(door.port) as first, MllpSender(door.port) as second:
            first.send(an_order())
            second.send(an_order())
            with MllpSender(door.port) as third:
                assert third.is_closed()
        deadline = time.monotonic() + 40
        while True:  # places of those who left are free again
            with MllpSender(door.port) as again:
                try:
                    again.send(an_order())
                    break
                except ConnectionError:
                    assert time.monotonic() < deadline


def test_a_message_must_end_in_time_but_a_quiet_line_may_stay() -> None:
    with a_door(EchoDesk(), limits=Limits(message_s=0.3)) as door:
        with MllpSender(door.port) as slow:
            slow.push(b"\x0bMSH|")
            assert slow.is_closed(5)
        with MllpSender(door.port) as quiet:
            assert not quiet.is_closed(0.6)
            quiet.send(an_order())


def test_an_idle_line_is_closed_in_the_end() -> None:
    with a_door(EchoDesk(), limits=Limits(idle_s=0.2)) as door, MllpSender(door.port) as sender:
        assert sender.is_closed(5)


def test_stopping_lets_an_answer_go_out() -> None:
    desk = EchoDesk()
    desk.wait.clear()
    with a_door(desk) as door, MllpSender(door.port) as sender:
        sender.push(b"\x0b" + an_order().replace("\n", "\r").encode() + b"\x1c\r")
        deadline = time.monotonic() + 40
        while not desk.taken:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        stopper = threading.Thread(target=door.stop)
        stopper.start()
        desk.wait.set()
        assert str(sender.next().segment("MSA")[1]) == "AA"
        stopper.join(10)
        assert sender.is_closed()
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", door.port), 1)


def test_a_taken_port_is_said() -> None:
    with a_door(EchoDesk()) as door, pytest.raises(OSError, match="cannot be opened"):
        Hl7Door(EchoDesk(), "127.0.0.1", door.port).start()


def test_no_port_is_opened_for_minus_one() -> None:
    with a_door(EchoDesk(), port=-1) as door:
        assert (door.port, door.tls_port) == (-1, -1)


def test_tls_without_a_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match="certificate"):
        Hl7Door(EchoDesk(), "127.0.0.1", -1, tls_port=0).start()


def test_tls_is_spoken_with_who_shows_a_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "hospital")
    desk = EchoDesk()
    with a_door(desk, port=-1, tls_port=0, tls=server_context(authority.issue("server"))) as door:
        line = MllpLine("127.0.0.1", door.tls_port, 5.0, client_context(authority.issue("his")))
        assert b"MSA|AA|M1" in line.ask(an_order().replace("\n", "\r").encode())
        line.close()
        assert desk.taken[0][2] is True
        with MllpSender(door.tls_port) as clear:
            clear.push(b"\x0bMSH|^~\\&|\x1c\r")
            assert clear.is_closed()
        stranger = Authority(tmp_path, "elsewhere").issue("stranger")
        with pytest.raises(Unreachable):
            MllpLine("127.0.0.1", door.tls_port, 5.0, client_context(stranger))
