"""The directory of DICOM peers as a DICOM door asks for it; knows no door: the door's value type is handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from server.kernel.database import Database
from server.organisation.rules import is_loopback
from server.organisation.service import OrganisationService
from shared.contract.organisation import PeerView

PeerT = TypeVar("PeerT")


class SqlPeers(Generic[PeerT]):
    """Who may talk DICOM to us. Safe to use from several threads.

    `make_peer` builds the door's value from keywords named as the fields of PeerView, all but the description. With
    `loopback_is_free` any AE title may call from this machine, so that a first start works without set-up; beyond the
    machine only saved peers are let in, from the host they were saved with.
    Devices of the hospital's rooms are peers too when they were saved as such: a room names no address.
    """

    def __init__(
        self,
        database: Database,
        organisation: OrganisationService,
        make_peer: Callable[..., PeerT],
        *,
        loopback_is_free: bool = True,
    ) -> None:
        self._database = database
        self._organisation = organisation
        self._make_peer = make_peer
        self._loopback_is_free = loopback_is_free

    def find(self, calling_ae: str, address: str) -> PeerT | None:
        """Return the peer that calls itself `calling_ae` from the IP address `address`, or None to refuse it."""
        known = self._known(calling_ae)
        if known is not None and (_is_at(known.host, address) or (self._loopback_is_free and is_loopback(address))):
            return self._made(known)
        if known is None and self._loopback_is_free and is_loopback(address):
            return self._make_peer(
                ae_title=calling_ae.strip(" "), host=address, port=0, may_store=True, may_query=True, may_retrieve=True
            )
        return None

    def by_title(self, ae_title: str) -> PeerT | None:
        """Return the peer named as a C-MOVE destination or commitment requester, or None."""
        known = self._known(ae_title)
        return None if known is None else self._made(known)

    def _known(self, ae_title: str) -> PeerView | None:
        with self._database.read() as uow:
            return self._organisation.find_peer(uow, ae_title)

    def _made(self, peer: PeerView) -> PeerT:
        return self._make_peer(
            ae_title=peer.ae_title,
            host=peer.host,
            port=peer.port,
            may_store=peer.may_store,
            may_query=peer.may_query,
            may_retrieve=peer.may_retrieve,
            may_use_worklist=peer.may_use_worklist,
            may_report_steps=peer.may_report_steps,
            may_request_commitment=peer.may_request_commitment,
            tls=peer.tls,
            character_set=peer.character_set,
            ascii_names=peer.ascii_names,
            transfer_syntaxes=peer.transfer_syntaxes,
        )


def _is_at(host: str, address: str) -> bool:
    """Tell whether `address` (IP in text) is one of the addresses of `host` (name or IP)."""
    import socket

    bare = address.removeprefix("::ffff:")
    if host in (address, bare):
        return True
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return False
    return any(entry[4][0] == bare for entry in found)
