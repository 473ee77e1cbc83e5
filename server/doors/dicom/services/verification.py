"""Verification (PS3.4 annex A): C-ECHO is answered with success."""

from __future__ import annotations

from server.doors.dicom import dimse, status, uids
from server.doors.dicom.association import Association, Catalogue, Service
from server.doors.dicom.dimse import Message
from server.doors.dicom.negotiation import Context


def offer(catalogue: Catalogue) -> None:
    """Every peer that got an association may ask."""
    catalogue.allowed[uids.VERIFICATION] = lambda _peer: True
    catalogue.services.append(Service(dimse.C_ECHO_RQ, frozenset((uids.VERIFICATION,)), echo))


def echo(association: Association, _context: Context, message: Message) -> None:
    """C-ECHO (PS3.7 9.3.5)."""
    association.respond(message, status.SUCCESS)
