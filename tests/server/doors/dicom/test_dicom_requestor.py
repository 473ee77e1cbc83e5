"""Our own requestor: what it says when a peer does not play along."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from server.doors.dicom import pdu, uids
from server.doors.dicom.door import Door
from server.doors.dicom.requestor import NotAccepted, NotAssociated, RequestedAssociation, echo_peer
from server.doors.dicom.transport import ConnectionEnded
from tests.fakes.dicom_ports import FakeHospital

CT = "1.2.840.10008.5.1.4.1.1.2"


def test_an_echo_between_our_own_sides(door: Door) -> None:
    assert echo_peer("127.0.0.1", door.port, called_ae="MINGJING", calling_ae="TEST") == 0


def test_a_peer_that_does_not_listen_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    with pytest.raises(NotAssociated, match=f"no connection to 127.0.0.1:{port}"):
        echo_peer("127.0.0.1", port, called_ae="A", calling_ae="B", timeout_s=2)


def test_a_rejection_is_explained(door: Door, hospital: FakeHospital) -> None:
    hospital.peers.anyone = False
    with pytest.raises(NotAssociated, match="does not know our AE title"):
        echo_peer("127.0.0.1", door.port, called_ae="MINGJING", calling_ae="STRANGER")


def test_a_context_that_was_not_accepted_is_said(door: Door) -> None:
    with RequestedAssociation.open(
        "127.0.0.1",
        door.port,
        called_ae="MINGJING",
        calling_ae="TEST",
        contexts=[(uids.VERIFICATION, (uids.IMPLICIT_LE,)), ("1.2.840.10008.5.1.1.9", (uids.IMPLICIT_LE,))],
    ) as association:
        assert association.echo() == 0
        with pytest.raises(NotAccepted):
            association.store(CT, "1.2.3", uids.EXPLICIT_LE, b"x")


@pytest.fixture
def rude_peer() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """Starts a peer that does with the first connection what it is told; gives its port."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(behave: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                behave(client)

        thread = threading.Thread(target=serve)
        thread.start()
        threads.append(thread)
        return int(listener.getsockname()[1])

    yield start
    for thread in threads:
        thread.join(10)
    for listener in listeners:
        listener.close()


RudePeer = Callable[[Callable[[socket.socket], None]], int]
ACCEPT = pdu.encode(
    pdu.AssociateAccept("A", "B", (pdu.ContextResult(1, 0, uids.EXPLICIT_LE),), pdu.UserInformation(16384))
)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        pdu.encode(pdu.Abort(2, 0)),
        b"\2\0\xff\xff\xff\xff",
        pdu.RELEASE_RP_BYTES,
    ],
    ids=["nothing", "http", "abort", "4 GB", "release"],
)
def test_a_peer_that_answers_nonsense_is_not_associated(answer: bytes, rude_peer: RudePeer) -> None:
    def behave(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(answer)

    with pytest.raises(NotAssociated):
        echo_peer("127.0.0.1", rude_peer(behave), called_ae="A", calling_ae="B", timeout_s=3)


def test_a_peer_that_is_silent_is_given_up(rude_peer: RudePeer) -> None:
    def behave(client: socket.socket) -> None:
        while client.recv(65536):
            pass

    with pytest.raises(NotAssociated, match="did not answer"):
        echo_peer("127.0.0.1", rude_peer(behave), called_ae="A", calling_ae="B", timeout_s=0.3)


def test_a_peer_that_goes_in_the_middle_of_a_request_ends_the_connection(rude_peer: RudePeer) -> None:
    def behave(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(ACCEPT)
        client.recv(65536)

    with (
        pytest.raises(ConnectionEnded),
        RequestedAssociation.open(
            "127.0.0.1",
            rude_peer(behave),
            called_ae="A",
            calling_ae="B",
            contexts=[(uids.VERIFICATION, (uids.EXPLICIT_LE,))],
            response_s=3,
        ) as association,
    ):
        association.echo()


def test_a_syntax_that_was_not_proposed_is_not_taken(rude_peer: RudePeer) -> None:
    def behave(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(
            pdu.encode(pdu.AssociateAccept("A", "B", (pdu.ContextResult(1, 0, "1.2.3"),), pdu.UserInformation(16384)))
        )
        client.recv(65536)

    with pytest.raises(NotAccepted):
        echo_peer("127.0.0.1", rude_peer(behave), called_ae="A", calling_ae="B", timeout_s=3)
