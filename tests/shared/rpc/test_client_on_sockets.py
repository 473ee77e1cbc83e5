"""The RPC client against real sockets: calls, notices, bulk, broken lines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rpc_house import RpcHouse, a_client

from shared.contract.base import AnyNotice, Changed
from shared.contract.errors import EnvironmentTrouble, ErrorCode, Refused
from shared.contract.identity import CreateUser, ListUsers, Ping
from shared.rpc.bulk import BulkClient, Wanted
from shared.rpc.connection import BadConnectionString, Connection


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RpcHouse]:
    house = RpcHouse(tmp_path)
    yield house
    house.close()


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        threading.Event().wait(0.01)


def test_calls_travel_and_refusals_come_back_as_exceptions(house: RpcHouse) -> None:
    with house.on_sockets() as connection, a_client(connection) as client:
        assert client.call(Ping()).name == "test"
        with pytest.raises(Refused) as refused:
            client.login("admin", "wrong")
        assert refused.value.code is ErrorCode.WRONG_PASSWORD
        client.login("admin", house.admin_password)
        assert [user.login for user in client.call(ListUsers())] == ["admin"]
        client.logout()
        with pytest.raises(Refused):
            client.call(ListUsers())


def test_many_threads_share_one_client(house: RpcHouse) -> None:
    with house.on_sockets() as connection, a_client(connection) as client:
        client.login("admin", house.admin_password)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: len(client.call(ListUsers())), range(200)))
        assert answers == [1] * 200


def test_a_server_with_another_key_is_not_talked_to(house: RpcHouse) -> None:
    with house.on_sockets() as real:
        fake = Connection(real.host, real.requests, real.urgent, real.notices, real.bulk, bytes(32))
        with a_client(fake, timeout_s=1.5) as client, pytest.raises(EnvironmentTrouble) as trouble:
            client.call(Ping())
        assert trouble.value.code is ErrorCode.OFFLINE


def test_notices_reach_only_those_who_signed_in(house: RpcHouse) -> None:
    with house.on_sockets() as connection, a_client(connection) as inside, a_client(connection) as outside:
        heard: list[AnyNotice] = []
        overheard: list[AnyNotice] = []
        inside.on_notice = heard.append
        outside.on_notice = overheard.append
        inside.login("admin", house.admin_password)
        number = iter(range(1, 1000))

        def told() -> bool:  # the subscription takes a moment: tell until it is heard
            with house.database.write() as uow:
                uow.publish(Changed(entity="exam", id=next(number), version=2))
            return bool(heard)

        wait_for(told)
        assert isinstance(heard[0], Changed) and heard[0].entity == "exam"
        assert overheard == []


def test_a_command_asked_during_an_outage_is_done_once_when_the_line_is_back(house: RpcHouse, tmp_path: Path) -> None:
    states: list[bool] = []
    with house.on_sockets() as connection:
        client_context = a_client(connection, on_line=lambda up, _age: states.append(up), timeout_s=30)
        client = client_context.__enter__()
        client.login("admin", house.admin_password)
    try:
        with ThreadPoolExecutor(1) as pool:
            command = CreateUser(login="late", name="晚", password="long-enough", roles=("clerk",))
            reply = pool.submit(client.call, command)
            wait_for(lambda: False in states, 15)
            public = connection.public_key
            assert not reply.done()
            with _same_place(house, connection, public):
                assert reply.result(25).login == "late"
                assert [user.login for user in client.call(ListUsers())] == ["admin", "late"]
                assert states[-1] is True
    finally:
        client_context.__exit__(None, None, None)


def _same_place(house: RpcHouse, connection: Connection, public: bytes):  # type: ignore[no-untyped-def]
    """The server again, on the same four ports with the same key."""
    import contextlib

    from server.doors.rpc.sockets import RpcDoor

    @contextlib.contextmanager
    def again() -> Iterator[None]:
        door = RpcDoor(house.router, lambda _frame: iter(()), house.keys, "127.0.0.1", 0, "t0pic", ports=connection)
        door.start()
        try:
            yield
        finally:
            door.stop()

    assert house.keys.public == public
    return again()


@pytest.mark.parametrize("size", [0, 1, 512 * 1024, 20_000_000])
def test_documents_of_any_size_arrive_whole(house: RpcHouse, size: int) -> None:
    house.documents = {"7": bytes(range(256)) * (size // 256) + b"x" * (size % 256)}
    with house.on_sockets() as connection, a_client(connection) as client:
        token = client.login("admin", house.admin_password).token
        bulk = BulkClient(connection, token)
        assert bytes(bulk.fetch("document", "7").data) == house.documents["7"]
        bulk.close()


def test_a_stream_of_items_keeps_going_past_a_refused_one(house: RpcHouse) -> None:
    house.documents = {str(n): bytes([n]) * 1000 for n in range(50)}
    with house.on_sockets() as connection, a_client(connection) as client:
        token = client.login("admin", house.admin_password).token
        bulk = BulkClient(connection, token)
        wanted = [Wanted("document", str(n)) for n in range(-1, 50)]
        received = {item.wanted.name: item for item in bulk.stream(wanted)}
        bulk.close()
    missing = received.pop("-1")
    assert missing.error is not None and missing.error.code is ErrorCode.NOT_FOUND
    assert {name: bytes(item.data) for name, item in received.items()} == house.documents


def test_bulk_needs_a_session(house: RpcHouse) -> None:
    house.documents = {"1": b"secret"}
    with house.on_sockets() as connection:
        bulk = BulkClient(connection, "nonsense")
        with pytest.raises(Refused) as refused:
            bulk.fetch("document", "1")
        bulk.close()
        assert refused.value.code is ErrorCode.SESSION_EXPIRED


def test_a_connection_string_reads_back(house: RpcHouse) -> None:
    connection = Connection("2001:db8::5", 7411, 7412, 7413, 7414, bytes(range(32)))
    assert Connection.parse(str(connection)) == connection


@pytest.mark.parametrize(
    "text", ["", "http://x:1?key=00", "mingjing://host", "mingjing://h:1?key=zz", "mingjing://h:99999?key=" + "0" * 64]
)
def test_a_bad_connection_string_says_so(text: str) -> None:
    with pytest.raises(BadConnectionString, match="not a connection string"):
        Connection.parse(text)


def test_clients_are_opened_and_closed_in_a_hurry(house: RpcHouse) -> None:
    """A call before the client's thread has begun, and a close while it ends by itself, are nothing special."""
    with house.on_sockets() as connection:
        for _ in range(60):
            with a_client(connection, timeout_s=20) as client:
                assert client.call(Ping()).name == "test"


def test_calls_under_way_fail_when_the_client_is_closed(house: RpcHouse) -> None:
    with house.on_sockets() as connection:
        nobody = Connection(connection.host, 1, 1, 1, 1, connection.public_key)
    with ThreadPoolExecutor(4) as pool:
        with a_client(nobody, timeout_s=60) as client:
            calls = [pool.submit(client.call, Ping()) for _ in range(4)]
        for call in calls:
            with pytest.raises(EnvironmentTrouble):
                call.result(10)
        with pytest.raises(EnvironmentTrouble):
            client.call(Ping())
