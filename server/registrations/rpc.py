"""Handlers of registrations."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.registrations.service import RegistrationService
from shared.contract.base import Nothing
from shared.contract.registration import (
    ClearRegistration,
    ListRegistrations,
    RegistrationView,
    SaveRegistration,
    StoreStitched,
)


class RegistrationsRpc:
    """What viewers ask about registrations and stitched pictures."""

    def __init__(self, service: RegistrationService) -> None:
        self._service = service

    @handles
    def list(self, request: ListRegistrations, _caller: Caller, uow: UnitOfWork) -> tuple[RegistrationView, ...]:
        return self._service.listed(uow, request)

    @handles
    def save(self, request: SaveRegistration, caller: Caller, uow: UnitOfWork) -> RegistrationView:
        return self._service.save(uow, caller, request)

    @handles
    def clear(self, request: ClearRegistration, caller: Caller, uow: UnitOfWork) -> tuple[RegistrationView, ...]:
        return self._service.clear(uow, caller, request)

    @handles
    def store_stitched(self, request: StoreStitched, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._service.stitch(uow, caller, request)
        return Nothing()
