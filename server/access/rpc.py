"""Handlers of shared/contract/access.py."""

from __future__ import annotations

from server.access.service import AccessService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from shared.contract.access import AddToken, ListTokens, NewTokenView, RevokeToken, TokenView


class AccessRpc:
    """What administrators do with tokens."""

    def __init__(self, access: AccessService) -> None:
        self._access = access

    @handles
    def list_tokens(self, request: ListTokens, caller: Caller, uow: UnitOfWork) -> tuple[TokenView, ...]:
        return self._access.list(uow)

    @handles
    def add_token(self, request: AddToken, caller: Caller, uow: UnitOfWork) -> NewTokenView:
        return self._access.add(uow, caller, request.name, request.scopes, request.days)

    @handles
    def revoke_token(self, request: RevokeToken, caller: Caller, uow: UnitOfWork) -> TokenView:
        return self._access.revoke(uow, request.token_id)
