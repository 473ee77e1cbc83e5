"""Our own requestor: what it says when a peer does not play along."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from server.doors.dicom import pdu, uids
from server.doors.dicom.door import Door
from server.doors.dicom.ports import DoorSettings, ReceivedObject, StoreOutcome
from server.doors.dicom.requestor import NotAccepted, NotAssociated, RequestedAssociation, echo_peer
from server.doors.dicom.transport import ConnectionEnded
from tests.fakes.dicom_objects import ct_dataset
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


def test_an_object_in_work_is_answered_before_the_door_closes(hospital: FakeHospital) -> None:
    entered, leave = threading.Event(), threading.Event()
    real = hospital.archive.receive

    def slow(received: ReceivedObject) -> StoreOutcome:
        entered.set()
        assert leave.wait(10)
        return real(received)

    hospital.archive.receive = slow  # type: ignore[method-assign]
    door = Door(DoorSettings(port=0, drain_s=10.0), hospital.ports())
    door.start()
    codes: list[int] = []

    def send() -> None:
        association = RequestedAssociation.open(
            "127.0.0.1", door.port, called_ae="A", calling_ae="B", contexts=[(CT, (uids.EXPLICIT_LE,))]
        )
        codes.append(association.store(CT, "1.2.3", uids.EXPLICIT_LE, ct_dataset("1.2.3")))
        with pytest.raises(ConnectionEnded):
            association.store(CT, "1.2.4", uids.EXPLICIT_LE, ct_dataset("1.2.4"))
        association.abort()
        codes.append(-1)

    sender = threading.Thread(target=send)
    sender.start()
    assert entered.wait(10)
    stopper = threading.Thread(target=door.stop)
    listener = door._listener
    assert listener is not None
    (association,) = listener._associations
    stopper.start()
    end = time.monotonic() + 40
    while not association.stopping and time.monotonic() < end:
        time.sleep(0.01)
    leave.set()
    sender.join(20)
    stopper.join(20)
    assert codes == [0, -1]
    assert list(hospital.archive.objects) == ["1.2.3"]
    assert hospital.closed == 1


def test_many_senders_at_once_lose_nothing(door: Door, hospital: FakeHospital) -> None:
    def send(series: int) -> None:
        with RequestedAssociation.open(
            "127.0.0.1", door.port, called_ae="A", calling_ae="B", contexts=[(CT, (uids.EXPLICIT_LE,))]
        ) as association:
            for number in range(40):
                uid = f"1.2.{series}.{number}"
                assert association.store(CT, uid, uids.EXPLICIT_LE, ct_dataset(uid, number=number)) == 0

    senders = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert len(hospital.archive.objects) == 320
    for uid, kept in hospital.archive.objects.items():
        assert kept.data == ct_dataset(uid, number=int(uid.rpartition(".")[2]))
