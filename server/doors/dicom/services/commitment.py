"""Storage commitment, push model (PS3.4 annex J): N-ACTION is answered, then N-EVENT-REPORT says what is kept.

The report goes out on the same association while that is open, else on a new one to the peer, tried again for some
hours. A report that is still waiting when the server stops is lost; the modality asks again after its own time limit.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

from server.doors.dicom import dimse, status, uids
from server.doors.dicom.association import Association, Catalogue, Service
from server.doors.dicom.attributes import Writer
from server.doors.dicom.dimse import Message
from server.doors.dicom.incidents import log_incident
from server.doors.dicom.negotiation import Context
from server.doors.dicom.ports import (
    AttributeValue,
    CommitmentSource,
    DicomPorts,
    DoorSettings,
    ObjectReference,
    Peer,
    Refused,
    TlsFiles,
)
from server.doors.dicom.requestor import NotAccepted, NotAssociated, RequestedAssociation, event_command
from server.doors.dicom.services.query import read_identifier
from server.doors.dicom.tls import client_context
from server.doors.dicom.transport import ConnectionEnded
from server.doors.dicom.upper_layer import Aborted, MessageReceived, ProtocolMisuse, ReleaseRequested
from shared.dicomkit.charsets import character_set

log = logging.getLogger(__name__)

TRANSACTION, REFERENCED, FAILED = 0x00081195, 0x00081199, 0x00081198
CLASS_UID, INSTANCE_UID, REASON = 0x00081150, 0x00081155, 0x00081197
RETRIEVE_AE = 0x00080054
REQUEST_COMMITMENT = 1
ALL_COMMITTED, SOME_FAILED = 1, 2
"""Event types (PS3.4 J.3.3)."""

MAX_REFERENCES = 100_000
RETRY_AFTER_S = (1.0, 10.0, 60.0, 600.0, 3600.0)
SAME_ASSOCIATION_S = 20.0
_delivering = threading.BoundedSemaphore(32)
"""Reports that wait for a peer at the same time; more wait for the next start of the server."""


def offer(catalogue: Catalogue) -> None:
    """N-ACTION for peers that may ask for commitment."""
    catalogue.allowed[uids.COMMITMENT] = lambda peer: peer.may_request_commitment
    catalogue.services.append(Service(dimse.N_ACTION_RQ, frozenset((uids.COMMITMENT,)), action))
    catalogue.at_start.append(resume)


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
    promise = Promise(association.calling_ae, transaction, tuple(_references(identifier.get(REFERENCED))))
    kept = _keep(promise, association.settings.spool_directory)
    association.respond(message, status.SUCCESS)
    context_id, syntax = context.context_id, context.transfer_syntax

    def report() -> None:
        event_type, body = _event(promise, source, association.settings.ae_title)
        if _report_here(association, context_id, syntax, event_type, body):
            _forget(kept)
        else:
            _report_later(promise, kept, association.ports, association.settings, association.door_closing)

    association.after_message.append(report)


@dataclass(frozen=True, slots=True)
class Promise:
    """A commitment request that was answered with success and is still to be reported on."""

    calling_ae: str
    transaction: str
    references: tuple[ObjectReference, ...]


def _keep(promise: Promise, folder: Path | None) -> Path | None:
    """Write the promise durably; None when the door has no spool directory."""
    if folder is None:
        return None
    path = folder / f"commitment-{secrets.token_hex(8)}.json"
    pairs = [[r.sop_class_uid, r.sop_instance_uid] for r in promise.references]
    text = json.dumps({"ae": promise.calling_ae, "transaction": promise.transaction, "references": pairs})
    partial = path.with_suffix(".part")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        raise Refused(status.RESOURCE_LIMITATION, "The server's disk is full; ask again later") from None
    return path


def _forget(kept: Path | None) -> None:
    if kept is not None:
        with contextlib.suppress(OSError):
            kept.unlink(missing_ok=True)


def resume(ports: DicomPorts, settings: DoorSettings, closing: threading.Event) -> None:
    """Report on what an earlier run of the server promised; called once when the door starts."""
    if settings.spool_directory is None:
        return
    for path in sorted(settings.spool_directory.glob("commitment-*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            references = tuple(ObjectReference(str(c), str(i)) for c, i in content["references"])
            promise = Promise(str(content["ae"]), str(content["transaction"]), references)
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("a kept commitment request cannot be read (%s) and is dropped", type(error).__name__)
            _forget(path)
            continue
        _report_later(promise, path, ports, settings, closing)


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


def _event(promise: Promise, source: CommitmentSource, ae_title: str) -> tuple[int, dict[int, AttributeValue]]:
    """Event type and event information (PS3.4 J.3.3)."""
    failures = source.check(promise.references, promise.calling_ae)
    failed = {failure.reference for failure in failures}
    body: dict[int, AttributeValue] = {TRANSACTION: promise.transaction, RETRIEVE_AE: ae_title}
    kept = [r for r in promise.references if r not in failed]
    if kept:
        body[REFERENCED] = [{CLASS_UID: r.sop_class_uid, INSTANCE_UID: r.sop_instance_uid} for r in kept]
    if not failures:
        return ALL_COMMITTED, body
    body[FAILED] = [
        {CLASS_UID: f.reference.sop_class_uid, INSTANCE_UID: f.reference.sop_instance_uid, REASON: f.reason}
        for f in failures
    ]
    return SOME_FAILED, body


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


def _report_later(
    promise: Promise, kept: Path | None, ports: DicomPorts, settings: DoorSettings, closing: threading.Event
) -> None:
    """Report from a thread of its own on a new association; a promise that cannot be kept is dropped with a
    warning."""
    if not _delivering.acquire(blocking=False):
        log.warning("a commitment report waits for the next start of the server: too many are under way")
        return

    def deliver() -> None:
        try:
            for wait in (0.0, *RETRY_AFTER_S):
                if closing.wait(wait):
                    return
                peer = ports.peers.by_title(promise.calling_ae)
                source = ports.commitment
                if peer is None or not peer.port or source is None:
                    log.warning("a commitment report found nobody to take it: enter the peer's address and port")
                    break
                event_type, body = _event(promise, source, settings.ae_title)
                if _report_anew(peer, settings, event_type, body):
                    break
            else:
                log.warning("a commitment report could not be delivered and is dropped")
            _forget(kept)
        except Exception as error:  # noqa: BLE001 - outermost loop of the thread; the file stays for the next start
            log_incident(log, "a commitment report", error)
        finally:
            _delivering.release()

    threading.Thread(target=deliver, name="dicom-commitment", daemon=True).start()


def _report_anew(peer: Peer, settings: DoorSettings, event_type: int, body: dict[int, AttributeValue]) -> bool:
    """Report on a new association, on which we are the SCP by role selection (PS3.4 J.3.3, PS3.7 D.3.3.4)."""
    try:
        with RequestedAssociation.open(
            peer.host,
            peer.port,
            called_ae=peer.ae_title,
            calling_ae=settings.ae_title,
            contexts=[(uids.COMMITMENT, (uids.EXPLICIT_LE, uids.IMPLICIT_LE))],
            scp_of=[uids.COMMITMENT],
            tls=client_context(settings.outgoing_tls or TlsFiles()) if peer.tls else None,
            connect_s=settings.connect_s,
        ) as requested:
            syntax = requested.context(uids.COMMITMENT).transfer_syntax
            code = requested.event_report(uids.COMMITMENT, uids.COMMITMENT_INSTANCE, event_type, _encoded(body, syntax))
            return code == status.SUCCESS
    except (NotAssociated, NotAccepted, ConnectionEnded, ProtocolMisuse, ValueError) as error:
        log.info("a commitment report was not taken: %s", error)
        return False
