"""Handlers of shared/contract/exchange.py."""

from __future__ import annotations

from server.archive.exchange.service import ExchangeService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from shared.contract import exchange as contract
from shared.contract.base import Nothing


class ExchangeRpc:
    """One handler per request."""

    def __init__(self, service: ExchangeService) -> None:
        self._service = service

    @handles_alone
    def begin_upload(self, request: contract.BeginUpload, caller: Caller) -> contract.UploadView:
        return self._service.uploads.begin(caller.user_id, request.name, request.size_bytes, request.sha256)

    @handles_alone
    def put_chunk(self, request: contract.PutChunk, caller: Caller) -> contract.UploadView:
        return self._service.uploads.put(caller.user_id, request.upload_id, request.offset, request.data)

    @handles_alone
    def finish_upload(self, request: contract.FinishUpload, caller: Caller) -> contract.UploadView:
        return self._service.uploads.finish(caller.user_id, request.upload_id)

    @handles_alone
    def drop_upload(self, request: contract.DropUpload, caller: Caller) -> Nothing:
        self._service.uploads.drop(caller.user_id, request.upload_id)
        return Nothing()

    @handles
    def start_import(self, request: contract.StartImport, caller: Caller, uow: UnitOfWork) -> contract.ImportView:
        return self._service.start_import(uow, caller, request)

    @handles
    def get_import(self, request: contract.GetImport, caller: Caller, uow: UnitOfWork) -> contract.ImportView:
        return self._service.get_import(uow, request.import_id)

    @handles
    def list_imports(self, request: contract.ListImports, caller: Caller, uow: UnitOfWork) -> contract.ImportList:
        return self._service.list_imports(uow, request.page)

    @handles
    def list_outcomes(self, request: contract.ListOutcomes, caller: Caller, uow: UnitOfWork) -> contract.OutcomeList:
        return self._service.list_outcomes(uow, request.import_id, request.state, request.page)

    @handles
    def reidentify(self, request: contract.Reidentify, caller: Caller, uow: UnitOfWork) -> contract.PseudonymView:
        return self._service.reidentify(uow, request)

    @handles
    def start_export(self, request: contract.StartExport, caller: Caller, uow: UnitOfWork) -> contract.ExportView:
        return self._service.start_export(uow, caller, request)

    @handles
    def get_export(self, request: contract.GetExport, caller: Caller, uow: UnitOfWork) -> contract.ExportView:
        return self._service.get_export(uow, request.export_id)

    @handles
    def list_exports(self, request: contract.ListExports, caller: Caller, uow: UnitOfWork) -> contract.ExportList:
        return self._service.list_exports(uow, request.page)

    @handles
    def drop_export(self, request: contract.DropExport, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._service.drop_export(uow, request.export_id)
        return Nothing()

    @handles
    def note_pictures(self, request: contract.NotePictures, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._service.note_pictures(uow, request.study_uid)
        return Nothing()
