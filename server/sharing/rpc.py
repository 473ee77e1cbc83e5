"""Handlers of shared/contract/sharing.py."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.sharing.service import SharingService
from shared.contract import sharing as contract


class SharingRpc:
    """One handler per request."""

    def __init__(self, service: SharingService) -> None:
        self._service = service

    @handles
    def create(self, request: contract.CreateShare, caller: Caller, uow: UnitOfWork) -> contract.CreatedShare:
        return self._service.create(uow, caller, request)

    @handles
    def list(self, request: contract.ListShares, caller: Caller, uow: UnitOfWork) -> tuple[contract.ShareView, ...]:
        return self._service.listed(uow, request.study_uid)

    @handles
    def revoke(self, request: contract.RevokeShare, caller: Caller, uow: UnitOfWork) -> contract.ShareView:
        return self._service.revoke(uow, request.id)

    @handles
    def openings(
        self, request: contract.ListOpenings, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.OpeningView, ...]:
        return self._service.openings(uow, request.id)
