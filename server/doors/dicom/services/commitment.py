"""Storage commitment, push model (PS3.4 annex J): N-ACTION is answered, then N-EVENT-REPORT says what is kept.

The report goes out on the same association while that is open, else on a new one to the peer, tried again for some
hours. A report that is still waiting when the server stops is lost; the modality asks again after its own time limit.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from server.doors.dicom import dimse, status, uids
from server.doors.dicom.association import Association, Catalogue, Service
from server.doors.dicom.attributes import Writer
from server.doors.dicom.charsets import character_set
from server.doors.dicom.dimse import Message
from server.doors.dicom.negotiation import Context
from server.doors.dicom.ports import AttributeValue, CommitmentFailure, ObjectReference, Refused
from server.doors.dicom.requestor import NotAccepted, NotAssociated, RequestedAssociation, event_command
from server.doors.dicom.services.query import read_identifier
from server.doors.dicom.transport import ConnectionEnded
from server.doors.dicom.upper_layer import Aborted, MessageReceived, ProtocolMisuse, ReleaseRequested

log = logging.getLogger(__name__)

TRANSACTION, REFERENCED, FAILED = 0x00081195, 0x00081199, 0x00081198
CLASS_UID, INSTANCE_UID, REASON = 0x00081150, 0x00081155, 0x00081197
RETRIEVE_AE = 0x00080054
REQUEST_COMMITMENT = 1
ALL_COMMITTED, SOME_FAILED = 1, 2
"""Event types (PS3.4 J.3.3.1)."""

MAX_REFERENCES = 100_000
RETRY_AFTER_S = (1.0, 10.0, 60.0, 600.0, 3600.0)
SAME_ASSOCIATION_S = 20.0
_delivering = threading.BoundedSemaphore(32)
"""Reports that wait for a peer at the same time; more are dropped with a line in the log."""


def offer(catalogue: Catalogue) -> None:
    """N-ACTION for peers that may ask for commitment."""
    catalogue.allowed[uids.COMMITMENT] = lambda peer: peer.may_request_commitment
    catalogue.services.append(Service(dimse.N_ACTION_RQ, frozenset((uids.COMMITMENT,)), action))


def action(association: Association, context: Context, message: Message) -> None:
    """N-ACTION "request storage commitment" (PS3.4 J.3.2)."""
    source = association.ports.commitment
    if source is None:
        raise Refused(status.SOP_CLASS_NOT_SUPPORTED, "Storage commitment is not offered here")
    if message.number(dimse.ACTION_TYPE) != REQUEST_COMMITMENT:
        raise Refused(status.NO_SUCH_ACTION, "The only action is 1, request storage commitment")
    if message.text(dimse.REQUESTED_SOP_INSTANCE) != uids.COMMITMENT_INSTANCE:
        raise Refused(status.NO_SUCH_SOP_INSTANCE, "Use the well-known storage commitment instance")
    identifier = read_identifier(context, message)
    transaction = identifier.get(TRANSACTION)
    if not isinstance(transaction, str) or not uids.is_valid(transaction):
        raise Refused(status.MISSING_ATTRIBUTE, "Transaction UID (0008,1195) is missing or no UID")
    references = _references(identifier.get(REFERENCED))
    association.respond(message, status.SUCCESS)
    context_id, syntax = context.context_id, context.transfer_syntax

    def report() -> None:
        failures = source.check(references, association.calling_ae)
        body = _event(transaction, references, failures, association.settings.ae_title)
        event_type = SOME_FAILED if failures else ALL_COMMITTED
        if not _report_here(association, context_id, syntax, event_type, body):
            _report_later(association, event_type, body)

    association.after_message.append(report)


def _references(value: AttributeValue) -> list[ObjectReference]:
    if not isinstance(value, list) or not value:
        raise Refused(status.MISSING_ATTRIBUTE, "Referenced SOP Sequence (0008,1199) is missing or empty")
    if len(value) > MAX_REFERENCES:
        raise Refused(status.RESOURCE_LIMITATION, f"More than {MAX_REFERENCES} references; send several requests")
    out = []
    for item in value:
        sop_class, instance = item.get(CLASS_UID), item.get(INSTANCE_UID)
        if not isinstance(sop_class, str) or not isinstance(instance, str) or not uids.is_valid(instance):
            raise Refused(status.INVALID_ATTRIBUTE_VALUE, "A reference has no valid class and instance UID")
        out.append(ObjectReference(sop_class, instance))
    return out


def _event(
    transaction: str, references: Sequence[ObjectReference], failures: Sequence[CommitmentFailure], ae_title: str
) -> dict[int, AttributeValue]:
    """Event information (PS3.4 table J.3-2)."""
    failed = {failure.reference for failure in failures}
    body: dict[int, AttributeValue] = {TRANSACTION: transaction, RETRIEVE_AE: ae_title}
    kept = [r for r in references if r not in failed]
    if kept:
        body[REFERENCED] = [{CLASS_UID: r.sop_class_uid, INSTANCE_UID: r.sop_instance_uid} for r in kept]
    if failures:
        body[FAILED] = [
            {
                CLASS_UID: f.reference.sop_class_uid,
                INSTANCE_UID: f.reference.sop_instance_uid,
                REASON: f.reason,
            }
            for f in failures
        ]
    return body


def _encoded(body: dict[int, AttributeValue], transfer_syntax: str) -> bytes:
    return Writer(transfer_syntax, (character_set(""),)).encode(body)


def _report_here(
    association: Association, context_id: int, syntax: str, event_type: int, body: dict[int, AttributeValue]
) -> bool:
    """Report on the association of the request; False when the peer would not take it or has gone."""
    connection = association.connection
    command = event_command(uids.COMMITMENT, uids.COMMITMENT_INSTANCE, event_type)
    command[dimse.MESSAGE_ID] = association.next_message_id()
    try:
        early = connection.poll()
        if isinstance(early, ReleaseRequested):
            association.release_requested = True
            return False
        if early is not None:
            association.take_aside(early, _NOTHING)
        connection.send_message(context_id, command, _encoded(body, syntax))
        while True:
            indication = connection.receive(SAME_ASSOCIATION_S)
            if isinstance(indication, ReleaseRequested):
                association.release_requested = True
                return False
            if isinstance(indication, Aborted):
                return False
            if isinstance(indication, MessageReceived):
                answer = indication.message
                if answer.field == dimse.N_EVENT_REPORT_RSP:
                    return answer.number(dimse.STATUS) == status.SUCCESS
                association.take_aside(indication, _NOTHING)
    except (ConnectionEnded, ProtocolMisuse):
        return False


_NOTHING = Message(0, {})


def _report_later(association: Association, event_type: int, body: dict[int, AttributeValue]) -> None:
    peer = association.ports.peers.by_title(association.calling_ae)
    if peer is None or not peer.port:
        log.warning("association %s: a commitment report found nobody to take it", association.name)
        return
    if not _delivering.acquire(blocking=False):
        log.warning("association %s: a commitment report was dropped, too many wait already", association.name)
        return
    host, port, title, ours = peer.host, peer.port, peer.ae_title, association.settings.ae_title
    connect_s, name = association.settings.connect_s, association.name

    def deliver() -> None:
        try:
            for wait in (0.0, *RETRY_AFTER_S):
                if association.door_closing.wait(wait):
                    return
                if _report_anew(host, port, title, ours, connect_s, event_type, body):
                    return
            log.warning("association %s: a commitment report could not be delivered", name)
        finally:
            _delivering.release()

    threading.Thread(target=deliver, name=f"dicom-commitment-{name}", daemon=True).start()


def _report_anew(
    host: str, port: int, called: str, calling: str, connect_s: float, event_type: int, body: dict[int, AttributeValue]
) -> bool:
    """Report on a new association, on which we are the SCP by role selection (PS3.4 J.3.3, PS3.7 D.3.3.4)."""
    try:
        with RequestedAssociation.open(
            host,
            port,
            called_ae=called,
            calling_ae=calling,
            contexts=[(uids.COMMITMENT, (uids.EXPLICIT_LE, uids.IMPLICIT_LE))],
            scp_of=[uids.COMMITMENT],
            connect_s=connect_s,
        ) as peer:
            syntax = peer.context(uids.COMMITMENT).transfer_syntax
            code = peer.event_report(uids.COMMITMENT, uids.COMMITMENT_INSTANCE, event_type, _encoded(body, syntax))
            return code == status.SUCCESS
    except (NotAssociated, NotAccepted, ConnectionEnded) as error:
        log.info("a commitment report was not taken: %s", error)
        return False
