"""Handlers of hanging."""

from __future__ import annotations

from server.hanging.describing import Describing
from server.hanging.service import HangingService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from shared.contract import hanging as contract
from shared.contract.base import Nothing


class HangingRpc:
    """What viewers ask about hanging."""

    def __init__(self, service: HangingService, describing: Describing) -> None:
        self._service = service
        self._describing = describing

    @handles
    def list(
        self, request: contract.ListProtocols, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.KeptProtocol, ...]:
        return self._service.listed(uow, caller)

    @handles
    def save(self, request: contract.SaveProtocol, caller: Caller, uow: UnitOfWork) -> contract.KeptProtocol:
        return self._service.save(uow, caller, request)

    @handles
    def delete(self, request: contract.DeleteProtocol, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._service.delete(uow, caller, request)
        return Nothing()

    @handles_alone
    def describe(self, request: contract.DescribeForHanging, caller: Caller) -> tuple[contract.StudyTexts, ...]:
        return self._describing.describe(request)
