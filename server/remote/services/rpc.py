"""Handlers of assisted reading."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.remote.services.service import AssistedReading
from shared.contract import remote_services as contract


class RemoteServicesRpc:
    """Offers the room to the router."""

    def __init__(self, service: AssistedReading) -> None:
        self._service = service

    @handles
    def list_services(
        self, request: contract.ListServices, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.AssistService, ...]:
        return self._service.services(uow, request.exam_type)

    @handles
    def save(self, request: contract.SaveService, caller: Caller, uow: UnitOfWork) -> contract.AssistService:
        return self._service.save(uow, request.service)

    @handles
    def order(self, request: contract.OrderService, caller: Caller, uow: UnitOfWork) -> contract.AssistOrder:
        return self._service.order(uow, caller, request)

    @handles
    def cancel(self, request: contract.CancelOrder, caller: Caller, uow: UnitOfWork) -> contract.AssistOrder:
        return self._service.cancel(uow, caller, request.exam_id, request.order_id)

    @handles
    def list_orders(
        self, request: contract.ListOrders, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.AssistOrder, ...]:
        return self._service.orders(uow, request.exam_id)
