"""Accounts and sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rpc_house import RpcHouse

from server.identity.rules import LOCK_AFTER_FAILURES, password_fault
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.domain.permissions import Permission


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RpcHouse]:
    house = RpcHouse(tmp_path)
    yield house
    house.close()


def refusal(run: object, *arguments: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        assert callable(run)
        run(*arguments)
    return caught.value


def test_the_first_start_makes_one_administrator_with_a_random_password(house: RpcHouse) -> None:
    assert len(house.admin_password) >= 16
    assert house.identity.ensure_administrator() == ""
    session = house.identity.login("Admin ", house.admin_password, "", "")
    assert Permission.ADMINISTER in session.permissions


def test_a_session_says_who_calls_and_ends_with_the_logout(house: RpcHouse) -> None:
    house.identity.create_user("li", "李医生", "long-enough", ("doctor",))
    session = house.identity.login("li", "long-enough", "R1", "10.0.0.9")
    caller = house.identity.authenticate(session.token)
    assert (caller.login, caller.name, caller.station) == ("li", "李医生", "R1")
    assert caller.may(Permission.REPORT) and not caller.may(Permission.FINAL_AUDIT)
    house.identity.logout(session.token)
    assert refusal(house.identity.authenticate, session.token).body.code is ErrorCode.SESSION_EXPIRED


def test_a_session_survives_a_restart_of_the_server(house: RpcHouse, tmp_path: Path) -> None:
    token = house.identity.login("admin", house.admin_password, "S", "").token
    again = RpcHouse(tmp_path)
    assert again.identity.authenticate(token).login == "admin"
    again.close()


def test_a_session_expires_when_nobody_uses_it(house: RpcHouse) -> None:
    token = house.identity.login("admin", house.admin_password, "", "").token
    house.clock.forward(hours=9)
    house.identity.authenticate(token)
    house.clock.forward(hours=9)
    house.identity.authenticate(token)
    house.clock.forward(hours=11)
    assert refusal(house.identity.authenticate, token).body.code is ErrorCode.SESSION_EXPIRED


def test_wrong_passwords_are_slowed_down_and_then_lock_the_account(house: RpcHouse) -> None:
    codes = []
    waits = []
    for _ in range(LOCK_AFTER_FAILURES):
        assert refusal(house.identity.login, "admin", "wrong", "", "").body.code is ErrorCode.WRONG_PASSWORD
        at_once = refusal(house.identity.login, "admin", house.admin_password, "", "") if _ >= 2 else None
        if at_once:
            codes.append(at_once.body.code)
            waits.append(at_once.body.retry_after_s)
            house.clock.forward(seconds=at_once.body.retry_after_s + 0.1)
    assert waits[:-1] == sorted(waits[:-1]) and waits[0] == pytest.approx(1, abs=0.01)
    assert codes[-1] is ErrorCode.ACCOUNT_LOCKED and waits[-1] == pytest.approx(15 * 60, abs=1)
    house.clock.forward(minutes=1)
    assert house.identity.login("admin", house.admin_password, "", "").login == "admin"  # the lock has run out


def test_an_unknown_login_gets_the_same_answer_as_a_wrong_password(house: RpcHouse) -> None:
    unknown = refusal(house.identity.login, "nobody", "x", "", "").body
    wrong = refusal(house.identity.login, "admin", "x", "", "").body
    assert unknown == wrong


def test_a_closed_account_loses_its_sessions(house: RpcHouse) -> None:
    user = house.identity.create_user("li", "李", "long-enough", ("clerk",))
    token = house.identity.login("li", "long-enough", "", "").token
    with house.database.write() as uow:
        house.identity.set_active(uow, user.id, False)
    assert refusal(house.identity.authenticate, token).body.code is ErrorCode.SESSION_EXPIRED
    assert refusal(house.identity.login, "li", "long-enough", "", "").body.code is ErrorCode.WRONG_PASSWORD


def test_a_changed_password_closes_the_other_sessions_only(house: RpcHouse) -> None:
    first = house.identity.login("admin", house.admin_password, "", "").token
    second = house.identity.login("admin", house.admin_password, "", "").token
    caller = house.identity.authenticate(second)
    assert refusal(house.identity.change_password, caller, "wrong", "new-password-1").body.field == "old"
    house.identity.change_password(caller, house.admin_password, "new-password-1")
    assert house.identity.authenticate(second).login == "admin"
    assert refusal(house.identity.authenticate, first).body.code is ErrorCode.SESSION_EXPIRED


@pytest.mark.parametrize(
    ("login", "name", "password", "roles", "field"),
    [
        ("Bad Login", "李", "long-enough", ("clerk",), "login"),
        ("li", " ", "long-enough", ("clerk",), "name"),
        ("li", "李", "short", ("clerk",), "password"),
        ("li", "李", "xxlixxxx", ("clerk",), "password"),
        ("li", "李", "long-enough", ("king",), "roles"),
        ("li", "李", "long-enough", (), "roles"),
    ],
)
def test_bad_accounts_are_refused_at_the_field(
    house: RpcHouse, login: str, name: str, password: str, roles: tuple[str, ...], field: str
) -> None:
    assert refusal(house.identity.create_user, login, name, password, roles).body.field == field


def test_two_accounts_cannot_share_a_login(house: RpcHouse) -> None:
    assert refusal(house.identity.create_user, "ADMIN", "x", "long-enough", ("clerk",)).body.code is ErrorCode.DUPLICATE


def test_passwords_are_kept_as_argon2id(house: RpcHouse) -> None:
    from server.identity.tables import UserRow

    with house.database.read() as uow:
        assert uow.session.get_one(UserRow, 1).password_hash.startswith("$argon2id$")
    assert password_fault("a" * 8, "li") == ""
