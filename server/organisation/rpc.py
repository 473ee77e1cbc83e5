"""Handlers of the master data; translates, calls one use case, translates back."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.organisation.importing import Tables
from server.organisation.master import MasterService
from server.organisation.service import OrganisationService
from shared.contract.base import Nothing
from shared.contract.master import (
    ApplyImport,
    CheckImport,
    ExportRows,
    GetHistory,
    ImportPlan,
    ListRows,
    MasterChange,
    MasterList,
    MasterRow,
    MoveRow,
    SaveRow,
    SetActive,
    SheetView,
)
from shared.contract.organisation import GetHospital, HospitalView, ListPeers, PeerView, RemovePeer, SavePeer


class OrganisationRpc:
    """What workstations and the command line ask about the hospital."""

    def __init__(self, organisation: OrganisationService) -> None:
        self._organisation = organisation

    @handles
    def get_hospital(self, request: GetHospital, caller: Caller, uow: UnitOfWork) -> HospitalView:
        return self._organisation.hospital(uow).view_for(caller)

    @handles
    def list_peers(self, request: ListPeers, caller: Caller, uow: UnitOfWork) -> tuple[PeerView, ...]:
        return self._organisation.list_peers(uow)

    @handles
    def save_peer(self, request: SavePeer, caller: Caller, uow: UnitOfWork) -> PeerView:
        return self._organisation.save_peer(uow, caller, request)

    @handles
    def remove_peer(self, request: RemovePeer, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._organisation.remove_peer(uow, caller, request.ae_title)
        return Nothing()


class MasterRpc:
    """What administrators do with the rows of the master data."""

    def __init__(self, master: MasterService, tables: Tables) -> None:
        self._master = master
        self._tables = tables

    @handles
    def list_rows(self, request: ListRows, caller: Caller, uow: UnitOfWork) -> MasterList:
        return self._master.list_rows(uow, request.kind)

    @handles
    def save_row(self, request: SaveRow, caller: Caller, uow: UnitOfWork) -> MasterRow:
        return self._master.save(uow, caller, request)

    @handles
    def set_active(self, request: SetActive, caller: Caller, uow: UnitOfWork) -> MasterRow:
        return self._master.set_active(uow, caller, request)

    @handles
    def move_row(self, request: MoveRow, caller: Caller, uow: UnitOfWork) -> MasterRow:
        return self._master.move(uow, caller, request)

    @handles
    def get_history(self, request: GetHistory, caller: Caller, uow: UnitOfWork) -> tuple[MasterChange, ...]:
        return self._master.changes(uow, request.kind, request.row_id)

    @handles_alone
    def check_import(self, request: CheckImport, caller: Caller) -> ImportPlan:
        return self._tables.check(caller, request)

    @handles_alone
    def apply_import(self, request: ApplyImport, caller: Caller) -> ImportPlan:
        return self._tables.apply(caller, request)

    @handles_alone
    def export_rows(self, request: ExportRows, caller: Caller) -> SheetView:
        return self._tables.export(request)
