"""Handlers of the stations: each calls one use case."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.pathology.stations.papers import ReceptionPapers
from server.pathology.stations.service import StationService
from shared.contract import pathology_stations as contract
from shared.contract.printing import DocumentView


class StationsRpc:
    """What workstations ask at the door and at reception."""

    def __init__(self, stations: StationService, papers: ReceptionPapers) -> None:
        self._stations = stations
        self._papers = papers

    @handles
    def login_choices(
        self, _request: contract.LoginChoices, _caller: Caller, uow: UnitOfWork
    ) -> contract.LoginChoicesView:
        return self._stations.login_choices(uow)

    @handles
    def enter(self, request: contract.EnterLibrary, caller: Caller, uow: UnitOfWork) -> contract.StationSettings:
        return self._stations.enter(uow, caller, request.library_id)

    @handles
    def settings(
        self, _request: contract.GetStationSettings, _caller: Caller, uow: UnitOfWork
    ) -> contract.StationSettings:
        return self._stations.settings(uow)

    @handles
    def save_settings(
        self, request: contract.SaveStationSettings, _caller: Caller, uow: UnitOfWork
    ) -> contract.StationSettings:
        return self._stations.save_settings(uow, request.settings)

    @handles
    def rights(
        self, _request: contract.ListLibraryRights, _caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.LibraryRights, ...]:
        return self._stations.rights(uow)

    @handles
    def set_rights(
        self, request: contract.SetLibraryRights, _caller: Caller, uow: UnitOfWork
    ) -> contract.LibraryRights:
        return self._stations.set_rights(uow, request)

    @handles_alone
    def barcode(self, request: contract.PrintCaseBarcode, caller: Caller) -> DocumentView:
        return self._papers.barcode(caller, request)

    @handles_alone
    def slip(self, request: contract.PrintSlip, caller: Caller) -> DocumentView:
        return self._papers.slip(caller, request.case_id, request.language, rejected=request.rejected)
