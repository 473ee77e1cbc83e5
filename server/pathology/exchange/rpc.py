"""Handlers of the exchange of cases."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.pathology.exchange.exporting import Exporting
from server.pathology.exchange.importing import Importing
from shared.contract import pathology_exchange as contract


class ExchangeRpc:
    """What workstations ask to export and import cases."""

    def __init__(self, exporting: Exporting, importing: Importing) -> None:
        self._exporting, self._importing = exporting, importing

    @handles
    def export(self, request: contract.ExportCase, caller: Caller, uow: UnitOfWork) -> tuple[contract.Manifest, bytes]:
        return self._exporting.package(uow, caller, request.case_id)

    @handles
    def read_file(self, request: contract.ReadFile, caller: Caller, uow: UnitOfWork) -> bytes:
        return self._exporting.read(uow, caller, request.case_id, request.sha256, request.offset)

    @handles
    def check(self, request: contract.CheckImport, caller: Caller, uow: UnitOfWork) -> contract.ImportPlan:
        return self._importing.plan(uow, request.manifest, request.records, request.library_id)

    @handles_alone
    def send(self, request: contract.SendFile, caller: Caller) -> int:
        return self._importing.send(request)

    @handles
    def take_in(self, request: contract.ImportCase, caller: Caller, uow: UnitOfWork) -> int:
        return self._importing.take_in(uow, caller, request.manifest, request.records, request.library_id)
