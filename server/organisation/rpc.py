"""Handlers of the master data; translates, calls one use case, translates back."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.organisation.service import OrganisationService
from shared.contract.base import Nothing
from shared.contract.organisation import GetHospital, HospitalView, ListPeers, PeerView, RemovePeer, SavePeer


class OrganisationRpc:
    """What workstations and the command line ask about the hospital."""

    def __init__(self, organisation: OrganisationService) -> None:
        self._organisation = organisation

    @handles
    def get_hospital(self, request: GetHospital, caller: Caller, uow: UnitOfWork) -> HospitalView:
        return self._organisation.hospital(uow).view

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
