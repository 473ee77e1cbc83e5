"""What the router does for every call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rpc_house import RpcHouse
from sqlalchemy import func, select

from server.audit.tables import AuditEntryRow
from server.kernel.database import UnitOfWork, next_number
from server.kernel.dispatch import Caller, handles, handles_alone
from shared.contract import identity as contract
from shared.contract.audit import CheckAudit, ListAudit
from shared.contract.base import Channel, Request
from shared.contract.errors import ErrorBody, ErrorCode
from shared.rpc import envelope
from shared.rpc.envelope import MAX_BODY_BYTES, RequestHeader


class Counting:
    """Replaces CreateUser and SetUserActive by handlers that count, in both transaction manners."""

    def __init__(self) -> None:
        self.calls = 0

    @handles
    def act(self, request: contract.SetUserActive, caller: Caller, uow: UnitOfWork) -> contract.UserView:
        self.calls += 1
        number = next_number(uow.session, "acts")
        if request.user_id == 99:
            raise RuntimeError("defect")
        return contract.UserView(id=number, login="", name="", roles=(), is_active=True, version=1)

    @handles_alone
    def create(self, request: contract.CreateUser, caller: Caller) -> contract.UserView:
        self.calls += 1
        return contract.UserView(id=self.calls, login="", name="", roles=(), is_active=True, version=1)


class Desk:
    """A caller of the router without sockets."""

    def __init__(self, house: RpcHouse) -> None:
        self.house = house
        self.token = ""

    def ask(
        self, request: Request[Any], *, key: str = "k", channel: Channel | None = None, token: str | None = None
    ) -> Any:
        header = envelope.request_header(7, request, self.token if token is None else token, key)
        return self.raw(header, envelope.encode(request), channel or request.channel, type(request))

    def raw(self, header: bytes, body: bytes, channel: Channel = Channel.REQUESTS, request: Any = None) -> Any:
        from shared.contract.base import reply_type

        head, reply = self.house.router.answer(header, body, channel, "10.1.1.1")
        if envelope.decode_reply_header(head).ok:
            return envelope.decode(reply_type(request), reply)
        return envelope.decode_error(reply)


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def desk(tmp_path: Path, counting: Counting) -> Iterator[Desk]:
    house = RpcHouse(tmp_path)
    from server.kernel.dispatch import collect

    house.handlers.update(collect(counting))
    desk = Desk(house)
    desk.token = desk.ask(contract.Login(login="admin", password=house.admin_password)).token
    yield desk
    house.close()


def test_a_call_without_a_session_is_refused(desk: Desk) -> None:
    assert desk.ask(contract.ListUsers(), token="").code is ErrorCode.NOT_SIGNED_IN
    assert desk.ask(contract.ListUsers(), token="x" * 40).code is ErrorCode.SESSION_EXPIRED


def test_a_missing_permission_is_refused_by_the_server(desk: Desk, counting: Counting) -> None:
    desk.house.identity.create_user("clerk", "登记员", "long-enough", ("clerk",))
    token = desk.ask(contract.Login(login="clerk", password="long-enough")).token
    answer = desk.ask(contract.SetUserActive(user_id=1, is_active=False), token=token)
    assert answer.code is ErrorCode.PERMISSION_MISSING
    assert counting.calls == 0


@pytest.mark.parametrize(
    ("header", "body", "code"),
    [
        (b"x" * 5000, b"", ErrorCode.TOO_LARGE),
        (b"\xff\xff", b"", ErrorCode.MALFORMED),
        (envelope.encode(RequestHeader(99, 1, "identity.ping")), b"", ErrorCode.WRONG_VERSION),
        (envelope.encode(RequestHeader(1, 1, "identity.burn_down")), b"", ErrorCode.UNKNOWN_METHOD),
        (envelope.encode(RequestHeader(1, 1, "identity.ping")), b"\xc1", ErrorCode.MALFORMED),
        (envelope.encode(RequestHeader(1, 1, "identity.ping")), b"x" * (MAX_BODY_BYTES + 1), ErrorCode.TOO_LARGE),
        (envelope.encode(RequestHeader(1, 1, "identity.login")), envelope.encode({"login": 5}), ErrorCode.INVALID),
    ],
)
def test_malformed_requests_get_a_clear_refusal(desk: Desk, header: bytes, body: bytes, code: ErrorCode) -> None:
    error = desk.raw(header, body)
    assert isinstance(error, ErrorBody) and error.code is code and error.message


def test_a_slow_query_cannot_use_the_urgent_channel(desk: Desk) -> None:
    assert desk.ask(contract.ListUsers(), channel=Channel.URGENT).code is ErrorCode.MALFORMED


@pytest.mark.parametrize(
    "command",
    [
        contract.SetUserActive(user_id=1, is_active=True),
        contract.CreateUser(login="a1", name="n", password="p", roles=()),
    ],
)
def test_a_repeated_command_does_nothing_twice_and_answers_the_same(
    desk: Desk, counting: Counting, command: Request[Any]
) -> None:
    first = desk.ask(command, key="once")
    assert desk.ask(command, key="once") == first
    assert counting.calls == 1
    assert desk.ask(command, key="another") != first
    assert counting.calls == 2


def test_a_key_cannot_be_used_for_another_content(desk: Desk) -> None:
    desk.ask(contract.SetUserActive(user_id=1, is_active=True), key="k1")
    assert desk.ask(contract.SetUserActive(user_id=2, is_active=True), key="k1").code is ErrorCode.KEY_REUSED


@pytest.mark.parametrize("key", ["", "k" * 65])
def test_a_command_needs_a_key(desk: Desk, key: str) -> None:
    assert desk.ask(contract.SetUserActive(user_id=1, is_active=True), key=key).code is ErrorCode.MALFORMED


def test_a_defect_answers_with_an_incident_and_leaves_nothing_half_done(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    error = desk.ask(contract.SetUserActive(user_id=99, is_active=True), key="bug")
    assert error.code is ErrorCode.INCIDENT and error.incident in error.message
    assert error.incident in caplog.text and "defect" in caplog.text
    assert "defect" not in error.message
    assert (
        desk.ask(contract.SetUserActive(user_id=1, is_active=True), key="next").id == 1
    )  # the counter was rolled back


def test_every_call_is_audited_and_the_chain_is_whole(desk: Desk) -> None:
    desk.ask(contract.SetUserActive(user_id=1, is_active=True), key="a")
    desk.ask(contract.ListUsers())
    desk.ask(contract.ListUsers(), token="bad")
    desk.house.audit.write_gathered()
    entries = desk.ask(ListAudit()).rows
    seen = {(entry.method, entry.outcome, entry.user, entry.subject) for entry in entries}
    assert ("identity.set_user_active", "ok", "admin", "user 1") in seen
    assert ("identity.list_users", "ok", "admin", "") in seen
    assert ("identity.list_users", "session_expired", "", "") in seen
    desk.house.audit.write_gathered()
    assert desk.ask(CheckAudit()).is_whole


@pytest.mark.parametrize("change", ["edit", "delete"])
def test_a_touched_audit_log_is_noticed(desk: Desk, change: str) -> None:
    for _ in range(5):
        desk.ask(contract.ListUsers())
    desk.house.audit.write_gathered()
    with desk.house.database.write() as uow:
        middle = uow.session.get_one(AuditEntryRow, 3)
        if change == "edit":
            middle.user = "somebody"
        else:
            uow.session.delete(middle)
    answer = desk.ask(CheckAudit())
    assert not answer.is_whole and "断裂" in answer.sentence


def test_passwords_and_tokens_never_reach_the_audit_log_or_the_kept_replies(desk: Desk) -> None:
    from server.kernel.idempotency import replies

    desk.ask(contract.Login(login="admin", password="top-secret-typo"))
    desk.house.audit.write_gathered()
    with desk.house.database.read() as uow:
        rows = uow.session.scalars(select(AuditEntryRow)).all()
        kept = uow.session.scalar(select(func.count()).select_from(replies))
    text = repr([vars(row) for row in rows])
    assert "top-secret-typo" not in text and desk.token not in text
    assert kept == 0
