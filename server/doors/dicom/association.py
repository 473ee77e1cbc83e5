"""An accepted association: who it is, what was negotiated, and the loop that gives each message to its service."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from server.doors.dicom import dimse, extended, pdu, status, uids
from server.doors.dicom.dimse import Message
from server.doors.dicom.incidents import log_incident
from server.doors.dicom.negotiation import Context, negotiate
from server.doors.dicom.ports import Arrival, DicomPorts, DoorSettings, Peer, Refused
from server.doors.dicom.tls import TlsConnection, TlsRefused
from server.doors.dicom.transport import Connection, ConnectionEnded
from server.doors.dicom.upper_layer import (
    Aborted,
    AssociateRequested,
    MessageReceived,
    ProtocolMisuse,
    ReleaseRequested,
)

log = logging.getLogger(__name__)

MAX_QUEUED = 8
MAX_QUEUED_BYTES = 16 << 20
"""Requests, and their data sets' bytes, that a peer may send ahead while one is being answered. By the rules it
sends none, since asynchronous operations are not negotiated (PS3.7 D.3.3.3)."""


def printable(title: str) -> str:
    """An AE title fit for a log line: at most 16 characters, control characters and quotes replaced."""
    return "".join(c if c.isascii() and c.isprintable() and c not in "\"'\\" else "?" for c in title[:16])


@dataclass(frozen=True, slots=True)
class Service:
    """One DIMSE operation: the abstract syntaxes and the command field it answers, and the function that does it."""

    command_field: int
    abstract_syntaxes: frozenset[str] | None
    handle: Callable[[Association, Context, Message], None]
    """``abstract_syntaxes`` None stands for every storage class."""


@dataclass(slots=True)
class Catalogue:
    """The services that this process offers, and which peers may use them."""

    services: list[Service] = field(default_factory=list)
    allowed: dict[str, Callable[[Peer], bool]] = field(default_factory=dict)
    """abstract syntax → may this peer use it"""
    peer_may_be_scp: set[str] = field(default_factory=set)
    """Classes, storage apart, in which a peer that calls us may take the role of SCP."""
    at_start: list[Callable[[DicomPorts, DoorSettings, threading.Event], None]] = field(default_factory=list)
    """What services have to do once when the door starts (in its first process); the event says that it closes."""

    def open_to(self, peer: Peer) -> frozenset[str]:
        """The abstract syntaxes, storage classes apart, that ``peer`` may use."""
        return frozenset(uid for uid, allows in self.allowed.items() if allows(peer))

    def find(self, command_field: int, abstract_syntax: str) -> Service | None:
        """The service for a request, None when we have no such operation there."""
        for service in self.services:
            if service.command_field != command_field:
                continue
            if service.abstract_syntaxes is None:
                if abstract_syntax not in self.allowed and uids.is_storage(abstract_syntax):
                    return service
            elif abstract_syntax in service.abstract_syntaxes:
                return service
        return None


class Association:
    """Serves one connection until it ends. Owned by one thread; only :meth:`stop` may be called from another."""

    def __init__(
        self,
        connection: Connection,
        address: str,
        ports: DicomPorts,
        settings: DoorSettings,
        catalogue: Catalogue,
        door_closing: threading.Event,
        *,
        full: bool = False,
    ) -> None:
        self.connection = connection
        self.address = address
        self.ports = ports
        self.settings = settings
        self.name = secrets.token_hex(4)
        self.calling_ae = ""
        self.called_ae = ""
        self.peer: Peer = Peer("", address, 0)
        self.contexts: Mapping[int, Context] = {}
        self.options: Mapping[str, extended.Options] = {}
        """What extended negotiation agreed on, by SOP class."""
        self.after_message: list[Callable[[], None]] = []
        """What services want done after their answer is sent, before the next message is read."""
        self.release_requested = False
        """A service read the peer's release request; it is answered when the service is done."""
        self.door_closing = door_closing
        """Set when the door closes: what waits in the background ends."""
        self._message_id = 0
        self._catalogue = catalogue
        self._full = full
        self._queued: list[Message] = []
        self._busy = False
        self._stopping = False

    def serve(self) -> None:
        """The whole life of the association; never raises for what a peer does."""
        try:
            if isinstance(self.connection, TlsConnection):
                self.connection.handshake()
            self.connection.upper.connected(as_requestor=False)
            if self._open():
                self._loop()
        except TlsRefused as refused:
            log.warning("association %s from %s on the TLS port: %s", self.name, self.address, refused)
        except ConnectionEnded as ended:
            log.info("association %s ended: %s", self.name, ended)
        except ProtocolMisuse as misuse:
            # the peer's abort may overtake what a service wanted to send
            log.info("association %s ended while something was to be sent: %s", self.name, misuse)
        finally:
            if self._stopping or self.connection.upper.may_send:
                self.connection.upper.abort()
            self.connection.close()

    def stop(self) -> None:
        """End after the message in work; at once when there is none. Called from another thread."""
        self._stopping = True
        if not self._busy:
            self.connection.interrupt()

    def kill(self) -> None:
        """End now: what is in work loses its connection. Called from another thread."""
        self._stopping = True
        self.connection.break_off()

    # Answers

    def respond(
        self,
        message: Message,
        code: int,
        comment: str = "",
        data: bytes | memoryview | None = None,
        extra: Mapping[int, int | str] | None = None,
    ) -> None:
        """Send the response of a request (PS3.7 9.1 and 10.1)."""
        self.connection.send_message(
            message.context_id, response(message, code, comment, data is not None, extra), data
        )

    def respond_stored(self, message: Message) -> None:
        """Send the response to a C-STORE request whose UIDs were found valid: success, without a comment."""
        command = dimse.encode_store_response(
            message.text(dimse.AFFECTED_SOP_CLASS),
            message.text(dimse.AFFECTED_SOP_INSTANCE),
            message.message_id,
            status.SUCCESS,
        )
        connection = self.connection
        connection.send_pdus(pdu.data_pdus(message.context_id, True, command, connection.peer_max_length))

    def cancelled(self, message: Message) -> bool:
        """Whether the peer asked to cancel ``message``; other requests that are read meanwhile wait for their turn."""
        while True:
            indication = self.connection.poll()
            if indication is None:
                return False
            if self.take_aside(indication, message):
                return True

    def take_aside(self, indication: object, message: Message) -> bool:
        """Handle what comes while ``message`` is in work; True for its C-CANCEL. Raises ConnectionEnded on an
        abort."""
        match indication:
            case MessageReceived(message=Message() as other):
                if other.field == dimse.C_CANCEL_RQ:
                    return other.number(dimse.MESSAGE_ID_RESPONDED) == message.message_id
                if other.field & dimse.RESPONSE_BIT:
                    return False
                queued = other.length + sum(m.length for m in self._queued)
                if len(self._queued) >= MAX_QUEUED or queued > MAX_QUEUED_BYTES:
                    other.discard()
                    self.connection.upper.abort()
                    raise ConnectionEnded("the peer sent too many requests ahead")
                other.keep()
                self._queued.append(other)
                return False
            case Aborted(sentence=sentence):
                raise ConnectionEnded(sentence)
            case _:
                self.connection.upper.abort()
                raise ConnectionEnded("the peer ended the association while a request was in work")

    def next_message_id(self) -> int:
        """An id for a request of ours on this association."""
        self._message_id = self._message_id % 65535 + 1
        return self._message_id

    @property
    def stopping(self) -> bool:
        """The door is closing: long operations end early."""
        return self._stopping

    # The life

    def _open(self) -> bool:
        indication = self.connection.receive()
        if not isinstance(indication, AssociateRequested):
            self._log_end(indication)
            return False
        request = indication.request
        self.calling_ae, self.called_ae = request.calling_ae, request.called_ae
        refusal = self._refusal(request)
        if refusal is not None:
            self.connection.upper.reject(refusal)
            log.warning(
                "association %s from %s as '%s' to '%s' refused: source %d reason %d",
                self.name,
                self.address,
                printable(self.calling_ae),
                printable(self.called_ae),
                refusal.source,
                refusal.reason,
            )
            return False
        services = self._catalogue.open_to(self.peer)
        outcome = negotiate(
            request,
            services,
            storage=self.ports.objects is not None and self.peer.may_store,
            retrieval=bool(services & {uids.PATIENT_ROOT_GET, uids.STUDY_ROOT_GET}),
            peer_may_be_scp=self._catalogue.peer_may_be_scp & services,
        )
        accepted = {context.abstract_syntax for context in outcome.contexts.values()}
        extended_items, self.options = extended.answer(request.user.extended, accepted)
        self.contexts = outcome.contexts
        self.connection.assembler.contexts = frozenset(outcome.contexts)
        self.connection.assembler.arrivals = self._arrival
        self.connection.peer_max_length = request.user.max_length
        self.connection.upper.accept(
            pdu.AssociateAccept(
                request.called_ae,
                request.calling_ae,
                outcome.results,
                pdu.UserInformation(
                    self.settings.max_pdu_length,
                    uids.IMPLEMENTATION_CLASS,
                    uids.IMPLEMENTATION_VERSION,
                    (1, 1) if request.user.asynchronous is not None else None,
                    outcome.roles,
                    extended_items,
                ),
            )
        )
        self.connection.flush()
        log.info(
            "association %s from %s as '%s' with %d of %d contexts",
            self.name,
            self.address,
            printable(self.calling_ae),
            len(outcome.contexts),
            len(outcome.results),
        )
        return True

    def _arrival(self, message: Message) -> Arrival | None:
        context = self.contexts[message.context_id]
        instance = message.text(dimse.AFFECTED_SOP_INSTANCE)
        sop_class = message.text(dimse.AFFECTED_SOP_CLASS)
        if self.ports.objects is None or not context.requestor_is_scu or not uids.is_valid(instance):
            return None
        if sop_class != context.abstract_syntax or not uids.is_storage(sop_class):
            return None
        return self.ports.objects.begin(sop_class, instance, context.transfer_syntax)

    def _refusal(self, request: pdu.AssociateRequest) -> pdu.AssociateReject | None:
        permanent = pdu.REJECTED_PERMANENT
        if request.application_context != pdu.APPLICATION_CONTEXT:
            return pdu.AssociateReject(permanent, pdu.SOURCE_USER, pdu.APPLICATION_CONTEXT_NOT_SUPPORTED)
        if self._full:
            return pdu.AssociateReject(pdu.REJECTED_TRANSIENT, pdu.SOURCE_PRESENTATION, pdu.LOCAL_LIMIT_EXCEEDED)
        called = self.settings.accept_called_ae
        if called and request.called_ae not in called:
            return pdu.AssociateReject(permanent, pdu.SOURCE_USER, pdu.CALLED_AE_NOT_RECOGNIZED)
        try:
            peer = self.ports.peers.find(request.calling_ae, self.address)
        except Exception as error:  # noqa: BLE001 - outermost: a failing directory refuses one peer only
            log_incident(log, "the peer directory", error)
            return pdu.AssociateReject(pdu.REJECTED_TRANSIENT, pdu.SOURCE_PRESENTATION, pdu.TEMPORARY_CONGESTION)
        if peer is None:
            return pdu.AssociateReject(permanent, pdu.SOURCE_USER, pdu.CALLING_AE_NOT_RECOGNIZED)
        if peer.tls and not isinstance(self.connection, TlsConnection):
            log.warning("association %s: '%s' must come by TLS", self.name, printable(request.calling_ae))
            return pdu.AssociateReject(permanent, pdu.SOURCE_USER, pdu.NO_REASON)
        self.peer = peer
        return None

    def _loop(self) -> None:
        while not self._stopping:
            self._busy = False
            if self._queued:
                message = self._queued.pop(0)
            else:
                indication = self.connection.receive()
                if isinstance(indication, ReleaseRequested):
                    self.connection.upper.answer_release()
                    return
                if not isinstance(indication, MessageReceived):
                    self._log_end(indication)
                    return
                message = indication.message
            self._busy = True
            try:
                self._handle(message)
            finally:
                message.discard()
            if self.release_requested:
                self.connection.upper.answer_release()
                return

    def _handle(self, message: Message) -> None:
        if message.field == dimse.C_CANCEL_RQ or message.field & dimse.RESPONSE_BIT:
            return  # a cancel that came after the last answer is no error, PS3.7 9.3.2.3
        context = self.contexts[message.context_id]
        service = self._catalogue.find(message.field, context.abstract_syntax)
        if service is None:
            self.respond(message, status.UNRECOGNIZED_OPERATION, "This operation is not offered here")
            return
        started = time.perf_counter()
        try:
            if service.abstract_syntaxes is not None:
                _check_class(context, message)
            service.handle(self, context, message)
        except Refused as refused:
            log.warning("association %s: refused with %04X: %s", self.name, refused.status, refused.sentence)
            self.respond(message, refused.status, refused.sentence)
        except (ConnectionEnded, ProtocolMisuse):
            raise
        except Exception as error:  # noqa: BLE001 - outermost: a bug in a port costs one answer, not the association
            incident = log_incident(log, f"association {self.name}, command {message.field:04X}", error)
            self.respond(message, status.PROCESSING_FAILURE, f"Internal error, incident {incident}")
        finally:
            log.debug("command %04X took %.1f ms", message.field, (time.perf_counter() - started) * 1e3)
        while self.after_message:
            try:
                self.after_message.pop(0)()
            except (ConnectionEnded, ProtocolMisuse):
                raise
            except Exception as error:  # noqa: BLE001 - outermost: the answer was given, the association lives on
                log_incident(log, f"association {self.name}, after command {message.field:04X}", error)

    def _log_end(self, indication: object) -> None:
        sentence = indication.sentence if isinstance(indication, Aborted) else type(indication).__name__
        log.info("association %s from %s ended: %s", self.name, self.address, sentence)


def _check_class(context: Context, message: Message) -> None:
    """Raise Refused when a command names another SOP class than its presentation context (PS3.7 annex C). Storage
    says so by a status of its own; a class that is missing is forgiven."""
    named = message.text(dimse.AFFECTED_SOP_CLASS) or message.text(dimse.REQUESTED_SOP_CLASS)
    if named and named != context.abstract_syntax:
        is_normalized = message.field & 0x0100
        code = status.NO_SUCH_SOP_CLASS if is_normalized else status.SOP_CLASS_NOT_SUPPORTED
        raise Refused(code, "SOP class differs from the presentation context's")


def response(
    message: Message, code: int, comment: str, has_data: bool, extra: Mapping[int, int | str] | None = None
) -> dict[int, int | str]:
    """The command set that answers ``message``; SOP class and instance are repeated as PS3.7 9.3 and 10.3 ask."""
    answer: dict[int, int | str] = {
        dimse.COMMAND_FIELD: message.field | dimse.RESPONSE_BIT,
        dimse.MESSAGE_ID_RESPONDED: message.message_id,
        dimse.DATA_SET_TYPE: 0x0001 if has_data else dimse.NO_DATA_SET,
        dimse.STATUS: code,
    }
    sop_class = message.text(dimse.AFFECTED_SOP_CLASS) or message.text(dimse.REQUESTED_SOP_CLASS)
    if sop_class:
        answer[dimse.AFFECTED_SOP_CLASS] = sop_class[:64]
    instance = message.text(dimse.AFFECTED_SOP_INSTANCE) or message.text(dimse.REQUESTED_SOP_INSTANCE)
    if instance and uids.is_valid(instance):
        answer[dimse.AFFECTED_SOP_INSTANCE] = instance
    if message.field == dimse.N_ACTION_RQ:
        answer[dimse.ACTION_TYPE] = message.number(dimse.ACTION_TYPE)
    if comment:
        answer[dimse.ERROR_COMMENT] = comment[:64]
    if extra:
        answer.update(extra)
    return answer
