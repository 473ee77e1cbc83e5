"""Use cases of the master data; hands out one immutable picture of the hospital, kept until it changes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.organisation.defaults import DefaultItem, DefaultType
from server.organisation.picture import Hospital, read_picture
from server.organisation.rules import fault_of_ae_title, fault_of_encoding, fault_of_endpoint
from server.organisation.seeding import seed, seed_type
from server.organisation.tables import HospitalRow, PeerRow
from shared.contract.base import Changed
from shared.contract.organisation import PeerView, SavePeer

__all__ = ["Hospital", "OrganisationService"]

_HOSPITAL_ID = 1
_CHANGED = "organisation_changed"
_SEEN = "organisation_seen"


class OrganisationService:
    """Master data and DICOM peers. Thread-safe: the kept picture is replaced as a whole."""

    def __init__(self) -> None:
        self._kept: Hospital | None = None

    def hospital(self, uow: UnitOfWork) -> Hospital:
        """Return the present master data; one tiny query per unit of work when nothing changed."""
        seen: Hospital | None = uow.session.info.get(_SEEN)
        if seen is not None:
            return seen
        row = uow.session.get(HospitalRow, _HOSPITAL_ID)
        if row is None:
            raise not_found("医院基础数据")
        kept = self._kept
        if kept is not None and kept.view.version == row.version:
            uow.session.info[_SEEN] = kept
            return kept
        fresh = uow.session.info[_SEEN] = read_picture(uow, row)
        if _CHANGED not in uow.session.info:  # a change may still be rolled back and its version given again
            self._kept = fresh
        return fresh

    def seed_defaults(self, uow: UnitOfWork) -> bool:
        """Make the demonstration hospital unless there is a hospital already; return whether it was made."""
        if uow.session.get(HospitalRow, _HOSPITAL_ID) is not None:
            return False
        seed(uow, _HOSPITAL_ID)
        self.count_change(uow)
        return True

    def seed_type(self, uow: UnitOfWork, kind: DefaultType, items: Sequence[DefaultItem]) -> bool:
        """Make an exam type with its items unless there ever was one of this code; return whether it was made."""
        if not seed_type(uow, kind, items):
            return False
        self.count_change(uow)
        return True

    def list_peers(self, uow: UnitOfWork) -> tuple[PeerView, ...]:
        """Return all peers by AE title."""
        return tuple(_peer_view(row) for row in uow.session.scalars(select(PeerRow).order_by(PeerRow.ae_title)))

    def find_peer(self, uow: UnitOfWork, ae_title: str) -> PeerView | None:
        """Return the peer of this AE title (surrounding spaces do not count, PS3.5 6.2)."""
        row = uow.session.get(PeerRow, ae_title.strip(" "))
        return None if row is None else _peer_view(row)

    def save_peer(self, uow: UnitOfWork, caller: Caller, request: SavePeer) -> PeerView:
        """Add or change a peer. Raises INVALID."""
        fault = fault_of_ae_title(request.ae_title)
        if fault is not None:
            raise invalid("ae_title", fault)
        wrong = fault_of_endpoint(request.host, request.port) or fault_of_encoding(
            request.character_set, request.transfer_syntaxes
        )
        if wrong is not None:
            raise invalid(*wrong)
        row = uow.session.get(PeerRow, request.ae_title) or PeerRow(ae_title=request.ae_title)
        row.host, row.port, row.description = request.host, request.port, request.description
        for name in _PEER_OPTIONS:
            setattr(row, name, getattr(request, name))
        row.transfer_syntaxes = "\\".join(dict.fromkeys(request.transfer_syntaxes))
        uow.session.add(row)
        self.count_change(uow)
        return _peer_view(row)

    def remove_peer(self, uow: UnitOfWork, caller: Caller, ae_title: str) -> None:
        """Forget a peer. Raises NOT_FOUND."""
        row = uow.session.get(PeerRow, ae_title.strip(" "))
        if row is None:
            raise not_found(f"DICOM 节点“{ae_title}”")
        uow.session.delete(row)
        self.count_change(uow)

    def lock(self, uow: UnitOfWork) -> None:
        """Keep other writers of the master data off until the end of this unit of work."""
        uow.session.get_one(HospitalRow, _HOSPITAL_ID, with_for_update=True)

    def count_change(self, uow: UnitOfWork) -> None:
        """Note that something changed: the picture has a new version, and workstations are told."""
        hospital = uow.session.get_one(HospitalRow, _HOSPITAL_ID)
        hospital.version += 1
        uow.session.info[_CHANGED] = True
        uow.session.info.pop(_SEEN, None)
        uow.session.flush()
        uow.publish(Changed(entity="hospital", id=_HOSPITAL_ID, version=hospital.version))


def _peer_view(row: PeerRow) -> PeerView:
    return PeerView(
        ae_title=row.ae_title,
        host=row.host,
        port=row.port,
        description=row.description,
        **{name: getattr(row, name) for name in _PEER_OPTIONS},
        transfer_syntaxes=tuple(row.transfer_syntaxes.split("\\")) if row.transfer_syntaxes else (),
    )


_PEER_OPTIONS = (
    "may_store",
    "may_query",
    "may_retrieve",
    "may_use_worklist",
    "may_report_steps",
    "may_request_commitment",
    "tls",
    "character_set",
    "ascii_names",
)
"""What a peer's row, its view and the command to save it call alike."""
