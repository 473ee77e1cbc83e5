"""API tokens through the contract, as administrators and the command line use them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.access.rpc import AccessRpc
from server.access.rules import PREFIX
from server.access.service import AccessService
from server.identity.service import IdentityService
from server.kernel.dispatch import SYSTEM, collect
from server.kernel.errors import Refusal
from shared.contract.access import AccessScope, AddToken, ListTokens, RevokeToken
from shared.contract.errors import ErrorCode, RpcError
from tests.rpc_house import RpcHouse, a_client


class TokenHouse(RpcHouse):
    """With the handlers of tokens."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.access = AccessService(self.database, self.identity, self.clock)
        self.handlers.update(collect(AccessRpc(self.access)))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[TokenHouse]:
    made = TokenHouse(tmp_path)
    yield made
    made.close()


def test_a_token_from_making_to_revoking(house: TokenHouse) -> None:
    access = house.access
    with house.on_sockets() as connection, a_client(connection) as client:
        client.login("admin", house.admin_password)
        made = client.call(AddToken(name="viewer", scopes=(AccessScope.READ,), days=30))
        assert made.secret.startswith(PREFIX) and len(made.secret) > 40
        assert made.token.created_by == "admin"
        holder = access.holder(made.secret)
        assert holder is not None and holder.user == "token:viewer" and holder.scopes == {AccessScope.READ}
        with pytest.raises(RpcError) as refused:
            client.call(AddToken(name="viewer", scopes=(AccessScope.READ,)))
        assert refused.value.code == ErrorCode.DUPLICATE
        (listed,) = client.call(ListTokens())
        assert listed.is_active and made.secret not in repr(listed)
        client.call(RevokeToken(token_id=listed.id))
        assert access.holder(made.secret) is None
        assert not client.call(ListTokens())[0].is_active
        client.call(AddToken(name="viewer", scopes=(AccessScope.STORE,)))


def test_a_token_expires(house: TokenHouse) -> None:
    access = house.access
    with house.database.write() as uow:
        secret = access.add(uow, SYSTEM, "short", (AccessScope.READ,), 1).secret
        for_ever = access.add(uow, SYSTEM, "long", (AccessScope.READ,), 0).secret
    house.clock.forward(hours=25)
    assert access.holder(secret) is None
    assert access.holder(for_ever) is not None


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [("", (AccessScope.READ,), 1), ("a\nb", (AccessScope.READ,), 1), ("x", (), 1), ("x", (AccessScope.READ,), -1)],
)
def test_wrong_tokens_are_refused(house: TokenHouse, name: str, scopes: tuple[AccessScope, ...], days: int) -> None:
    access = house.access
    with pytest.raises(Refusal), house.database.write() as uow:
        access.add(uow, SYSTEM, name, scopes, days)


def test_only_administrators_make_tokens(house: TokenHouse) -> None:
    identity: IdentityService = house.identity
    identity.create_user("li", "李医生", "long enough 1", ("doctor",))
    with house.on_sockets() as connection, a_client(connection) as client:
        client.login("li", "long enough 1")
        for request in (ListTokens(), AddToken(name="x", scopes=(AccessScope.READ,)), RevokeToken(token_id=1)):
            with pytest.raises(RpcError) as refused:
                client.call(request)
            assert refused.value.code == ErrorCode.PERMISSION_MISSING


def test_no_other_text_is_a_token(house: TokenHouse) -> None:
    access = house.access
    for text in ("", "mj_", "mj_" + "x" * 300, "' OR 1=1 --", "\x00", house.admin_password):
        assert access.holder(text) is None
