"""Hostile callers of the MLLP door over the real intake: the door stays up, and nothing wrong is kept."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.doors.hl7.door import Hl7Door
from server.doors.hl7.ports import Limits
from server.interfaces.intake import Arrival, Intake
from shared.contract.interfaces import MessageState
from tests.fakes.hospital_system import MllpSender, an_order
from tests.interface_house import InterfaceHouse, an_interface_house

MAX = 64 << 10


class Desk:
    """The intake as the door's port, as the server wires it."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def admits(self, address: str, *, is_tls: bool) -> bool:
        return self._intake.admits(address, is_tls=is_tls)

    def take(self, data: bytes, address: str, *, is_tls: bool) -> list[bytes]:
        return self._intake.take(Arrival(data, address, is_tls))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[InterfaceHouse]:
    with an_interface_house("sqlite", tmp_path) as house:
        house.connection()
        yield house


@pytest.fixture
def door(house: InterfaceHouse) -> Iterator[Hl7Door]:
    limits = Limits(connections=8, connections_of_address=8, message_bytes=MAX, message_s=1.0)
    door = Hl7Door(Desk(house.intake), "127.0.0.1", 0, limits=limits)
    door.start()
    yield door
    door.stop()


def still_works(door: Hl7Door, number: str = "GOOD") -> None:
    with MllpSender(door.port) as sender:
        assert str(sender.send(an_order(number, control_id=number)).segment("MSA")[1]) == "AA"


def block(text: str | bytes) -> bytes:
    data = text if isinstance(text, bytes) else text.replace("\n", "\r").encode()
    return b"\x0b" + data + b"\x1c\r"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"MSH|^~\\&|A|B\r",
        b"\x0bMSH|^~\\&|A\x1cX",
        b"\x0b\x0b\x0b",
        b"\x00" * 5000,
        b"\r" * 5000,
        b"\x0b" + b"A" * (MAX + 10),
    ],
    ids=["http", "tls", "unframed", "half end", "double start", "nuls", "line ends", "endless"],
)
def test_wrong_framing_ends_the_line_and_only_that(door: Hl7Door, data: bytes) -> None:
    with MllpSender(door.port) as sender:
        with contextlib.suppress(ConnectionError):  # closed while it was still sending
            sender.push(data)
        assert sender.is_closed()
    still_works(door)


def test_fragments_are_put_together(door: Hl7Door) -> None:
    with MllpSender(door.port) as sender:
        for byte in block(an_order("BYTES")):
            sender.push(bytes((byte,)))
        assert str(sender.next().segment("MSA")[1]) == "AA"


def test_a_dripping_sender_is_closed(door: Hl7Door) -> None:
    with MllpSender(door.port) as sender:
        sender.push(b"\x0bMSH|^~\\&|")
        assert sender.is_closed(5)
    still_works(door)


def test_a_caller_that_never_reads_does_not_hold_up_others(door: Hl7Door) -> None:
    deaf = socket.create_connection(("127.0.0.1", door.port), 5)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        for _ in range(20):
            deaf.sendall(block(b"MSH|^~\\&|" + b"x" * 200))
    still_works(door)
    deaf.close()


@pytest.mark.parametrize(
    "bomb",
    [
        an_order().replace("C0001^^^HIS^PI", "~" * 20_000),
        an_order().replace("C0001^^^HIS^PI", "C1^^^HIS^PI" + "~1^^^X^Y" * 5000),
        an_order().replace("PID|1|", "PID|1|" + "|" * 20_000),
        an_order() + "ORC|NW|X1\n" * 3000,
        an_order() + "\r" * 30_000,
        an_order() + "NTE|1||x\n" * 4900,
        an_order().replace("头痛三天", "\\X" + "41" * 10_000 + "\\"),
        an_order().replace("头痛三天", "\\" * 30_000),
        an_order().replace("头痛三天", "^&" * 15_000),
        an_order(number="&" * 15_000),
    ],
    ids=["repetitions", "numbers", "fields", "orders", "line ends", "notes", "hex", "escapes", "parts", "subparts"],
)
def test_bombs_are_answered_quickly_with_one_code(house: InterfaceHouse, bomb: str) -> None:
    assert house.code(bomb) in ("AA", "AE", "AR")
    assert len(house.journal()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "王^小\x00明",
        "王^小\x1b明",
        "王^小\x85明",
        "A" * 500,
        "'; DROP TABLE applications; --",
        "../../etc/passwd",
        "%s%n{0}",
        "\u202e王",
    ],
)
def test_strange_names_are_kept_as_text_or_refused(house: InterfaceHouse, text: str) -> None:
    code = house.code(an_order(name=text))
    (entry,) = house.journal()
    assert (code == "AA") is (entry.state is MessageState.ACCEPTED)
    assert house.code(an_order("NEXT", control_id="NEXT")) == "AA"


def test_bytes_of_several_sets_are_refused(house: InterfaceHouse) -> None:
    mixed = an_order().replace("\n", "\r").encode() + "NTE|1||王\r".encode("gbk")
    assert house.code(mixed) == "AE"
    utf16 = an_order().encode("utf-16")
    assert house.code(utf16) in ("AE", "AR")


def test_separators_that_swallow_everything_are_refused(house: InterfaceHouse) -> None:
    for mark in ("M", "\\", " ", "\r", "1"):
        assert house.code(f"MSH{mark}^~\\&{mark}A{mark}B\r") in ("AE", "AR")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_message_is_obeyed_or_refused_but_never_breaks(house: InterfaceHouse, data: st.DataObject) -> None:
    message = bytearray(an_order().replace("\n", "\r").encode())
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(message) - 1))
        message[position] = data.draw(st.integers(0, 255))
    for answer in house.take(bytes(message)):
        msa = answer.first("MSA")
        assert msa is not None
        err = answer.first("ERR")
        assert err is None or "incident" not in err.value(7), bytes(message)
