"""Messages from worker processes reach the indexer; lost ones do no harm."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Client

import pytest

from server.archive.relay import RelayListener, RelaySender
from tests.server.archive.archive_house import eventually


def send_some(address: str, token: str, first: int) -> None:
    sender = RelaySender(address, token)
    for number in range(first, first + 100):
        sender.send(str(number).encode())
    sender.close()


def test_messages_of_several_processes_arrive() -> None:
    got: list[int] = []
    listener = RelayListener(lambda message: got.append(int(message)))
    listener.start()
    spawn = multiprocessing.get_context("spawn")
    workers = [
        spawn.Process(target=send_some, args=(listener.address, listener.token, start)) for start in (0, 100, 200)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    eventually(lambda: len(got) == 300)
    listener.stop()
    assert sorted(got) == list(range(300))


def test_a_stranger_who_says_nothing_holds_up_nobody() -> None:
    got: list[bytes] = []
    listener = RelayListener(got.append)
    listener.start()
    with Client(listener.address):
        sender = RelaySender(listener.address, listener.token)
        sender.send(b"heard")
        eventually(lambda: got == [b"heard"])
        sender.close()
        listener.stop()


def test_a_stranger_without_the_token_is_not_heard() -> None:
    got: list[bytes] = []
    listener = RelayListener(got.append)
    listener.start()
    with pytest.raises((multiprocessing.AuthenticationError, OSError, EOFError)):
        Client(listener.address, authkey=b"guessed")
    sender = RelaySender(listener.address, listener.token)
    sender.send(b"the right one")
    eventually(lambda: got == [b"the right one"])
    sender.close()
    listener.stop()


def test_sending_to_nobody_does_not_fail() -> None:
    listener = RelayListener(lambda _: None)
    listener.start()
    sender = RelaySender(listener.address, listener.token)
    sender.send(b"one")
    listener.stop()
    for _ in range(3):
        sender.send(b"into the void")
    sender.close()


def test_what_is_no_message_does_not_end_the_connection() -> None:
    got: list[bytes] = []

    def deliver(message: bytes) -> None:
        if message == b"bad":
            raise ValueError("no message")
        got.append(message)

    listener = RelayListener(deliver)
    listener.start()
    sender = RelaySender(listener.address, listener.token)
    for message in (b"bad", b"good"):
        sender.send(message)
    eventually(lambda: got == [b"good"])
    sender.close()
    listener.stop()
