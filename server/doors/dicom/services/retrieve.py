"""Retrieve (PS3.4 C.4.2, C.4.3): C-MOVE and C-GET with their C-STORE sub-operations, counts, and C-CANCEL."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from server.doors.dicom import dimse, extended, status, uids
from server.doors.dicom.association import Association, Catalogue, Service
from server.doors.dicom.attributes import Writer
from server.doors.dicom.dimse import Message
from server.doors.dicom.negotiation import Context
from server.doors.dicom.ports import (
    Attributes,
    Level,
    Model,
    Peer,
    Refused,
    RetrieveRequest,
    StoredObject,
    TlsFiles,
)
from server.doors.dicom.requestor import NotAssociated, PreparedStore, RequestedAssociation, store_command
from server.doors.dicom.sending import PeerReceiver, Receiver, batches, proposals, send_all
from server.doors.dicom.services.query import UNIQUE_KEYS, level_of, read_identifier
from server.doors.dicom.tls import client_context
from server.doors.dicom.transport import ConnectionEnded
from server.doors.dicom.upper_layer import MessageReceived, ProtocolMisuse
from shared.dicomkit.charsets import character_set

log = logging.getLogger(__name__)

MOVE_MODELS = {uids.PATIENT_ROOT_MOVE: Model.PATIENT_ROOT, uids.STUDY_ROOT_MOVE: Model.STUDY_ROOT}
GET_MODELS = {uids.PATIENT_ROOT_GET: Model.PATIENT_ROOT, uids.STUDY_ROOT_GET: Model.STUDY_ROOT}
FAILED_INSTANCES = 0x00080058
"""Failed SOP Instance UID List."""
PROGRESS_S = 0.5


def offer(catalogue: Catalogue) -> None:
    """C-MOVE and C-GET for peers that may retrieve."""
    for uid in (*MOVE_MODELS, *GET_MODELS):
        catalogue.allowed[uid] = lambda peer: peer.may_retrieve
    catalogue.services.append(Service(dimse.C_MOVE_RQ, frozenset(MOVE_MODELS), move))
    catalogue.services.append(Service(dimse.C_GET_RQ, frozenset(GET_MODELS), get))


@dataclass(slots=True)
class Progress:
    """The counts of sub-operations (PS3.7 9.1.4.1)."""

    remaining: int
    completed: int = 0
    failed: int = 0
    warnings: int = 0
    failed_instances: list[str] = field(default_factory=list)
    cancelled: bool = False

    def count(self, code: int, instance: str) -> None:
        """One sub-operation has ended with ``code``."""
        self.remaining -= 1
        if code == status.SUCCESS:
            self.completed += 1
        elif status.is_warning(code):
            self.warnings += 1
        else:
            self.failed += 1
            self.failed_instances.append(instance)

    def elements(self, *, last: bool) -> dict[int, int | str]:
        """For the response; Remaining only while pending or after a cancel. Counts are 16 bits wide."""
        out: dict[int, int | str] = {
            dimse.COMPLETED: min(self.completed, 0xFFFF),
            dimse.FAILED: min(self.failed, 0xFFFF),
            dimse.WARNINGS: min(self.warnings, 0xFFFF),
        }
        if not last or self.cancelled:
            out[dimse.REMAINING] = min(self.remaining, 0xFFFF)
        return out

    def final_status(self) -> int:
        """PS3.4 C.4.2.1.5 and C.4.3.1.4."""
        if self.cancelled:
            return status.CANCEL
        if self.failed and not self.completed and not self.warnings:
            return status.RETRIEVE_CANNOT_PERFORM
        return status.RETRIEVE_WARNING if self.failed or self.warnings else status.SUCCESS


def read_request(association: Association, context: Context, message: Message, model: Model) -> RetrieveRequest:
    """The unique keys of a retrieve identifier (PS3.4 C.4.2.2.1); raises :class:`Refused` when the level's own is
    missing."""
    identifier = read_identifier(context, message)
    level = level_of(identifier, model)
    patient = identifier.get(UNIQUE_KEYS[Level.PATIENT])
    request = RetrieveRequest(
        model,
        level,
        patient if isinstance(patient, str) else "",
        _uids(identifier, Level.STUDY),
        _uids(identifier, Level.SERIES),
        _uids(identifier, Level.IMAGE),
        association.calling_ae,
        association.options.get(context.abstract_syntax, extended.NONE).relational,
    )
    own = {
        Level.PATIENT: bool(request.patient_id) and not set(request.patient_id) & set("*?\\"),
        Level.STUDY: bool(request.study_uids),
        Level.SERIES: bool(request.series_uids),
        Level.IMAGE: bool(request.instance_uids),
    }
    if not own[level]:
        raise Refused(status.RETRIEVE_IDENTIFIER_MISMATCH, f"The unique key of level {level.value} is missing")
    return request


def _uids(identifier: Attributes, level: Level) -> tuple[str, ...]:
    value = identifier.get(UNIQUE_KEYS[level])
    values = tuple(v.strip() for v in value.split("\\") if v.strip()) if isinstance(value, str) else ()
    if not all(map(uids.is_valid, values)):
        raise Refused(status.RETRIEVE_IDENTIFIER_MISMATCH, f"A UID of level {level.value} is no UID")
    return values


def objects_of(association: Association, request: RetrieveRequest) -> Sequence[StoredObject]:
    """What the source has for a request."""
    source = association.ports.retrieve
    if source is None:
        raise Refused(status.SOP_CLASS_NOT_SUPPORTED, "Retrieval is not offered here")
    return source.objects(request)


def move(association: Association, context: Context, message: Message) -> None:
    """C-MOVE (PS3.4 C.4.2): sub-operations on a new association to the destination."""
    request = read_request(association, context, message, MOVE_MODELS[context.abstract_syntax])
    destination = association.ports.peers.by_title(message.text(dimse.MOVE_DESTINATION))
    if destination is None or not destination.port:
        raise Refused(status.RETRIEVE_DESTINATION_UNKNOWN, "Move destination is not known here; enter it as AE")
    objects = objects_of(association, request)
    progress = Progress(len(objects))
    originator = (association.calling_ae, message.message_id)
    for batch in batches(objects):
        if progress.cancelled:
            break
        try:
            with _destination(association, destination, batch) as peer:
                receiver = PeerReceiver(peer, originator)
                _send_all(association, message, batch, receiver, progress, destination.transfer_syntaxes)
        except (NotAssociated, ConnectionEnded, ProtocolMisuse) as error:
            if not association.connection.upper.may_send:
                raise ConnectionEnded(str(error)) from None
            log.warning("association %s: sub-operations failed: %s", association.name, error)
            done = progress.completed + progress.failed + progress.warnings
            for item in objects[done:]:
                progress.count(status.RETRIEVE_CANNOT_PERFORM, item.sop_instance_uid)
            break
    _finish(association, context, message, progress)


def get(association: Association, context: Context, message: Message) -> None:
    """C-GET (PS3.4 C.4.3): sub-operations on the same association, in contexts in which the requestor is SCP."""
    request = read_request(association, context, message, GET_MODELS[context.abstract_syntax])
    objects = objects_of(association, request)
    progress = Progress(len(objects))
    receiver = _GetReceiver(association, message, progress)
    _send_all(association, message, objects, receiver, progress)
    _finish(association, context, message, progress)


@contextlib.contextmanager
def _destination(
    association: Association, peer: Peer, objects: Sequence[StoredObject]
) -> Iterator[RequestedAssociation]:
    """An association to the destination; a peer that is to be called by TLS is never called without."""
    settings = association.settings
    try:
        tls = client_context(settings.outgoing_tls or TlsFiles()) if peer.tls else None
    except ValueError as error:
        raise NotAssociated(str(error)) from None
    with RequestedAssociation.open(
        peer.host,
        peer.port,
        called_ae=peer.ae_title,
        calling_ae=settings.ae_title,
        contexts=proposals(objects, association.ports.transcoder, peer.transfer_syntaxes),
        tls=tls,
        connect_s=settings.connect_s,
        response_s=settings.response_s,
    ) as requested:
        yield requested


class _GetReceiver:
    def __init__(self, association: Association, message: Message, progress: Progress) -> None:
        self._association = association
        self._message = message
        self._progress = progress
        self._taken: dict[str, dict[str, Context]] = {}
        """SOP class → transfer syntax → a context in which the requestor is SCP."""
        for context in association.contexts.values():
            if context.requestor_is_scp:
                self._taken.setdefault(context.abstract_syntax, {}).setdefault(context.transfer_syntax, context)

    def syntaxes(self, sop_class_uid: str) -> Sequence[str]:
        return tuple(self._taken.get(sop_class_uid, ()))

    def prepare(
        self, sop_class_uid: str, sop_instance_uid: str, syntax: str, data: bytes | bytearray | memoryview
    ) -> PreparedStore:
        context = self._taken[sop_class_uid][syntax]
        command = store_command(sop_class_uid, sop_instance_uid, 0, None)
        message_id = self._association.next_message_id()
        command[dimse.MESSAGE_ID] = message_id
        pdus = self._association.connection.message_pdus(context.context_id, command, data)
        return PreparedStore(message_id, pdus)

    def store(self, prepared: PreparedStore, meanwhile: Callable[[], None]) -> int:
        association, message_id = self._association, prepared.message_id
        association.connection.send_pdus(prepared.pdus)
        meanwhile()
        while True:
            indication = association.connection.receive(association.settings.response_s)
            if isinstance(indication, MessageReceived):
                answer = indication.message
                if answer.field == dimse.C_STORE_RSP and answer.number(dimse.MESSAGE_ID_RESPONDED) == message_id:
                    return answer.number(dimse.STATUS, status.PROCESSING_FAILURE)
            if association.take_aside(indication, self._message):
                self._progress.cancelled = True


def _send_all(
    association: Association,
    message: Message,
    objects: Sequence[StoredObject],
    receiver: Receiver,
    progress: Progress,
    preferred: Sequence[str] = (),
) -> None:
    reported = time.monotonic()
    with contextlib.closing(
        send_all(objects, receiver, association.ports.transcoder, association.name, preferred)
    ) as sending:
        while progress.remaining:
            if progress.cancelled or association.stopping or association.cancelled(message):
                progress.cancelled = True
                return
            sent = next(sending, None)
            if sent is None:
                return
            progress.count(sent.status, sent.sop_instance_uid)
            if progress.remaining and time.monotonic() - reported > PROGRESS_S:
                association.respond(message, status.PENDING, extra=progress.elements(last=False))
                reported = time.monotonic()


def _finish(association: Association, context: Context, message: Message, progress: Progress) -> None:
    data = None
    if progress.failed_instances:
        # a list of UIDs has a 16 bit length in explicit VR: some 1000 fit, and the rest is counted only
        listed = "\\".join(progress.failed_instances[:900])
        data = Writer(context.transfer_syntax, (character_set(""),)).encode({FAILED_INSTANCES: listed})
    code = progress.final_status()
    comment = "Some objects were not sent" if progress.failed and not progress.cancelled else ""
    association.respond(message, code, comment, data, progress.elements(last=True))
    log.info(
        "association %s: retrieve ended: %d sent, %d failed, %d left (%s)",
        association.name,
        progress.completed + progress.warnings,
        progress.failed,
        progress.remaining,
        status.meaning(code),
    )
