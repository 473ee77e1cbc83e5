"""Handlers of shared/contract/audit.py."""

from __future__ import annotations

from server.audit.service import AuditService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from shared.contract import audit as contract


class AuditHandlers:
    """Reading the log; writing it is the router's."""

    def __init__(self, service: AuditService) -> None:
        self._service = service

    @handles
    def list_entries(self, request: contract.ListAudit, caller: Caller, uow: UnitOfWork) -> contract.AuditList:
        return self._service.list(uow, request)

    @handles
    def check(self, request: contract.CheckAudit, caller: Caller, uow: UnitOfWork) -> contract.AuditCheckView:
        return self._service.check(uow)
