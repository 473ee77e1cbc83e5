"""Modality Worklist (PS3.4 annex K): C-FIND of scheduled procedure steps."""

from __future__ import annotations

from server.doors.dicom import dimse, status, uids
from server.doors.dicom.association import Association, Catalogue, Service
from server.doors.dicom.attributes import SPECIFIC_CHARACTER_SET, shaped
from server.doors.dicom.dimse import Message
from server.doors.dicom.negotiation import Context
from server.doors.dicom.ports import Refused
from server.doors.dicom.services.query import asked_charset, pending_status, read_identifier, send_matches


def offer(catalogue: Catalogue) -> None:
    """C-FIND on the worklist for peers that may use it."""
    catalogue.allowed[uids.WORKLIST_FIND] = lambda peer: peer.may_use_worklist
    catalogue.services.append(Service(dimse.C_FIND_RQ, frozenset((uids.WORKLIST_FIND,)), find))


def find(association: Association, context: Context, message: Message) -> None:
    """C-FIND (PS3.4 K.4.1); there is no level, the keys name what is wanted."""
    source = association.ports.worklist
    if source is None:
        raise Refused(status.SOP_CLASS_NOT_SUPPORTED, "The worklist is not offered here")
    identifier = read_identifier(context, message)
    keys = {tag: value for tag, value in identifier.items() if tag != SPECIFIC_CHARACTER_SET}
    send_matches(
        association,
        context,
        message,
        source.find(keys, association.calling_ae),
        lambda answer: shaped(answer, keys),
        asked_charset(identifier),
        pending_status(source.ignores(keys)),
    )
