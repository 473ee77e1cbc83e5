"""Our side as requestor (SCU): an association to a peer, and requests on it with all of their responses.

What the requests mean is in ``server.doors.dicom.scu``; this module knows associations and messages.
"""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

from server.doors.dicom import dimse, pdu, status, uids
from server.doors.dicom.dimse import Assembler, AssemblyLimits, MemoryBudget, Message
from server.doors.dicom.negotiation import Context
from server.doors.dicom.tls import TlsRefused, open_tls_connection
from server.doors.dicom.transport import Connection, ConnectionEnded, open_connection
from server.doors.dicom.upper_layer import (
    Aborted,
    AssociateAccepted,
    AssociateRejected,
    MessageReceived,
    ProtocolMisuse,
    Released,
    ReleaseRequested,
)

MAX_PDU_LENGTH = 262144
"""What we announce as requestor (PS3.8 D.1.1): objects that a C-GET brings come in few PDUs. Other requestors that are
widely used announce as much, and peers that send in shorter PDUs do so."""
LOOK_FOR_CANCEL_S = 0.25

Serve = Callable[[Context, Message], Mapping[int, "int | str"]]
"""Answers a request of the peer's on our association (C-STORE of a C-GET, N-EVENT-REPORT): the status and what else
belongs into the response's command set."""


class NotAssociated(Exception):
    """The peer could not be reached, or refused the association; the sentence says why."""


class NotAccepted(LookupError):
    """The peer did not accept a presentation context that this request needs."""


_REJECTIONS = {
    (1, 1): "it gave no reason",
    (1, 2): "it does not know the DICOM application context",
    (1, 3): "it does not know our AE title; enter it there",
    (1, 7): "it does not know the called AE title; check the spelling",
    (2, 1): "it gave no reason",
    (2, 2): "it speaks another protocol version",
    (3, 1): "it is busy at the moment",
    (3, 2): "its limit of associations is reached",
}
"""(source, reason) of A-ASSOCIATE-RJ (PS3.8 table 9-21) in words."""


class RequestedAssociation:
    """An association that we asked for; use it as a context manager, which releases it (or aborts after an error)."""

    def __init__(self, connection: Connection, contexts: Mapping[int, Context], response_s: float) -> None:
        self._connection = connection
        self._contexts = contexts
        self._response_s = response_s
        self._message_id = 0
        self._ended = False
        self.extended: Mapping[str, bytes] = {}
        """What the peer answered to the extended negotiation, by SOP class; a class is missing when it said nothing."""

    @classmethod
    def open(
        cls,
        host: str,
        port: int,
        *,
        called_ae: str,
        calling_ae: str,
        contexts: Sequence[tuple[str, Sequence[str]]],
        scp_of: Sequence[str] = (),
        extended: Sequence[pdu.ExtendedNegotiation] = (),
        tls: ssl.SSLContext | None = None,
        limits: AssemblyLimits | None = None,
        connect_s: float = 10.0,
        response_s: float = 120.0,
    ) -> RequestedAssociation:
        """Associate. ``contexts``: (abstract syntax, transfer syntaxes), at most 128; ``scp_of``: classes in which we
        are the SCP; ``extended``: SOP Class Extended Negotiation items; ``tls``: what makes the connection secure,
        None for a plain one; ``limits``: of what the peer may send us.

        Raises :class:`NotAssociated`.
        """
        assembler = Assembler(limits or AssemblyLimits(store=64 << 20), MemoryBudget(64 << 20))
        connection: Connection
        try:
            if tls is not None:
                connection = open_tls_connection(
                    host, port, assembler, tls, connect_s=connect_s, artim_s=connect_s, idle_s=response_s
                )
            else:
                connection = open_connection(
                    host, port, assembler, connect_s=connect_s, artim_s=connect_s, idle_s=response_s
                )
        except TlsRefused as refused:
            assembler.close()
            raise NotAssociated(f"no secure connection to {host}:{port}: {refused}") from None
        except OSError as error:
            assembler.close()
            raise NotAssociated(f"no connection to {host}:{port} ({error.strerror or error})") from None
        proposed = tuple(
            pdu.ProposedContext(2 * i + 1, abstract, tuple(transfers))
            for i, (abstract, transfers) in enumerate(contexts)
        )
        user = pdu.UserInformation(
            MAX_PDU_LENGTH,
            uids.IMPLEMENTATION_CLASS,
            uids.IMPLEMENTATION_VERSION,
            roles=tuple(pdu.RoleSelection(uid, False, True) for uid in scp_of),
            extended=tuple(extended),
        )
        try:
            connection.upper.associate(pdu.AssociateRequest(called_ae, calling_ae, proposed, user))
            connection.upper.connected(as_requestor=True)
            answer = connection.receive(connect_s)
        except ConnectionEnded as ended:
            connection.close()
            hint = "; it may have refused our certificate" if tls is not None else ""
            raise NotAssociated(f"{host}:{port} did not answer the request: {ended}{hint}") from None
        match answer:
            case AssociateAccepted(accept=accept):
                pass
            case AssociateRejected(reject=reject):
                connection.close()
                reason = _REJECTIONS.get((reject.source, reject.reason), f"code {reject.source}/{reject.reason}")
                raise NotAssociated(f"'{called_ae}' refused the association: {reason}")
            case _:
                connection.close()
                raise NotAssociated(f"'{called_ae}' aborted the association")
        abstracts = {p.context_id: p.abstract_syntax for p in proposed}
        offered = {p.context_id: p.transfer_syntaxes for p in proposed}
        accepted = {
            r.context_id: Context(r.context_id, abstracts[r.context_id], r.transfer_syntax)
            for r in accept.contexts
            if r.result == pdu.ACCEPTANCE and r.transfer_syntax in offered.get(r.context_id, ())
        }
        assembler.contexts = frozenset(accepted)
        connection.peer_max_length = accept.user.max_length
        association = cls(connection, accepted, response_s)
        association.extended = {e.sop_class_uid: e.information for e in accept.user.extended}
        return association

    def __enter__(self) -> RequestedAssociation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.release()
        else:
            self.abort()

    @property
    def contexts(self) -> Mapping[int, Context]:
        """The accepted presentation contexts by id."""
        return self._contexts

    def context(self, abstract_syntax: str, transfer_syntax: str | None = None) -> Context:
        """An accepted context; raises :class:`NotAccepted`."""
        for context in self._contexts.values():
            if context.abstract_syntax == abstract_syntax and transfer_syntax in (None, context.transfer_syntax):
                return context
        raise NotAccepted(f"The peer did not accept {abstract_syntax} with transfer syntax {transfer_syntax}")

    def echo(self) -> int:
        """C-ECHO; the status."""
        context = self.context(uids.VERIFICATION)
        return self._request(
            context,
            {
                dimse.AFFECTED_SOP_CLASS: uids.VERIFICATION,
                dimse.COMMAND_FIELD: dimse.C_ECHO_RQ,
                dimse.DATA_SET_TYPE: dimse.NO_DATA_SET,
            },
            None,
        )

    def store(
        self,
        sop_class_uid: str,
        sop_instance_uid: str,
        transfer_syntax: str,
        data: bytes | bytearray | memoryview,
        *,
        originator: tuple[str, int] | None = None,
        priority: int = 0,
        meanwhile: Callable[[], None] | None = None,
    ) -> int:
        """C-STORE of a data set in ``transfer_syntax``; ``originator``: AE title and message id of the C-MOVE. The
        status."""
        prepared = self.prepare_store(
            sop_class_uid, sop_instance_uid, transfer_syntax, data, originator=originator, priority=priority
        )
        return self.store_prepared(prepared, meanwhile)

    def prepare_store(
        self,
        sop_class_uid: str,
        sop_instance_uid: str,
        transfer_syntax: str,
        data: bytes | bytearray | memoryview,
        *,
        originator: tuple[str, int] | None = None,
        priority: int = 0,
    ) -> PreparedStore:
        """All of :meth:`store` that can be done before the peer has answered the last one. The PDUs are views of
        ``data``. Raises :class:`NotAccepted`."""
        context = self.context(sop_class_uid, transfer_syntax)
        command = store_command(sop_class_uid, sop_instance_uid, priority, originator)
        self._message_id = self._message_id % 65535 + 1
        command[dimse.MESSAGE_ID] = self._message_id
        return PreparedStore(self._message_id, self._connection.message_pdus(context.context_id, command, data))

    def store_prepared(self, prepared: PreparedStore, meanwhile: Callable[[], None] | None = None) -> int:
        """C-STORE as prepared; the status. ``meanwhile`` is called once it is sent, when its data are not needed any
        more."""
        self._connection.send_pdus(prepared.pdus)
        if meanwhile is not None:
            meanwhile()
        while True:
            message = self._next(None)
            if message is None:
                continue
            if not message.field & dimse.RESPONSE_BIT:
                self._answer(message, None)
            elif message.number(dimse.MESSAGE_ID_RESPONDED) == prepared.message_id:
                code = message.number(dimse.STATUS, status.PROCESSING_FAILURE)
                if not status.is_pending(code):
                    return code

    def event_report(self, sop_class_uid: str, sop_instance_uid: str, event_type: int, data: bytes) -> int:
        """N-EVENT-REPORT (PS3.7 10.1.1); the status."""
        context = self.context(sop_class_uid)
        return self._request(context, event_command(sop_class_uid, sop_instance_uid, event_type), data)

    def release(self) -> None:
        """Release in order; a peer that does not answer loses its connection."""
        if self._ended:
            return
        self._ended = True
        with contextlib.suppress(ConnectionEnded, ProtocolMisuse):
            self._connection.upper.release()
            while True:
                indication = self._connection.receive(10.0)
                if isinstance(indication, ReleaseRequested):  # collision, PS3.8 table 9-10 Sta9
                    self._connection.upper.answer_release()
                elif isinstance(indication, Released | Aborted):
                    break
        self._connection.close()

    def abort(self) -> None:
        """Abort at once."""
        if self._ended:
            return
        self._ended = True
        self._connection.upper.abort()
        self._connection.close()

    def request(
        self,
        context: Context,
        command: dict[int, int | str],
        data: bytes | bytearray | memoryview | None = None,
        *,
        serve: Serve | None = None,
        cancelled: Callable[[], bool] | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> Iterator[Message]:
        """Send a request and give its responses, pending ones first; the last one ends the iteration.

        The data of a message are valid until the next one is asked for. ``serve`` answers requests of the peer's that
        come meanwhile; ``cancelled`` is asked between messages and four times a second, and makes a C-CANCEL be sent
        once (the final response follows, PS3.7 9.3.2.3). ``meanwhile`` is called once the request is
        sent. Raises :class:`ConnectionEnded`.
        """
        self._message_id = self._message_id % 65535 + 1
        own_id = self._message_id
        command[dimse.MESSAGE_ID] = own_id
        self._connection.send_message(context.context_id, command, data)
        if meanwhile is not None:
            meanwhile()
        is_cancelled = False
        while True:
            if cancelled is not None and not is_cancelled and cancelled():
                is_cancelled = True
                self._send_cancel(context, own_id)
            message = self._next(None if is_cancelled else cancelled)
            if message is None:
                continue
            if not message.field & dimse.RESPONSE_BIT:
                self._answer(message, serve)
            elif message.number(dimse.MESSAGE_ID_RESPONDED) == own_id:
                yield message
                if not status.is_pending(message.number(dimse.STATUS, status.PROCESSING_FAILURE)):
                    return

    def serve_for(self, seconds: float, serve: Serve, done: Callable[[], bool]) -> None:
        """Answer the peer's requests until ``done()`` or for so long, or until it ends the association."""
        end = time.monotonic() + seconds
        with contextlib.suppress(ConnectionEnded):
            while not done() and (left := end - time.monotonic()) > 0:
                if self._connection.wait(min(left, LOOK_FOR_CANCEL_S)):
                    message = self._next(None)
                    if message is not None and not message.field & dimse.RESPONSE_BIT:
                        self._answer(message, serve)

    def _request(
        self,
        context: Context,
        command: dict[int, int | str],
        data: bytes | bytearray | memoryview | None,
        meanwhile: Callable[[], None] | None = None,
    ) -> int:
        code = status.PROCESSING_FAILURE
        for message in self.request(context, command, data, meanwhile=meanwhile):
            code = message.number(dimse.STATUS, status.PROCESSING_FAILURE)
        return code

    def _next(self, cancelled: Callable[[], bool] | None) -> Message | None:
        """The next message; None when ``cancelled`` became true while nothing came."""
        if cancelled is not None:
            end = time.monotonic() + self._response_s
            while not self._connection.wait(LOOK_FOR_CANCEL_S):
                if cancelled():
                    return None
                if time.monotonic() > end:
                    raise ConnectionEnded("the peer was silent for too long")
        match self._connection.receive(self._response_s):
            case MessageReceived(message=message):
                return message
            case ReleaseRequested():
                self._ended = True
                self._connection.upper.answer_release()
                self._connection.close()
                raise ConnectionEnded("the peer ended the association before it answered")
            case Aborted(sentence=sentence):
                self._ended = True
                self._connection.close()
                raise ConnectionEnded(sentence)
            case _:
                self.abort()
                raise ConnectionEnded("the peer ended the association before it answered")

    def _send_cancel(self, context: Context, message_id: int) -> None:
        self._connection.send_message(
            context.context_id,
            {
                dimse.COMMAND_FIELD: dimse.C_CANCEL_RQ,
                dimse.MESSAGE_ID_RESPONDED: message_id,
                dimse.DATA_SET_TYPE: dimse.NO_DATA_SET,
            },
        )

    def _answer(self, message: Message, serve: Serve | None) -> None:
        """Answer a request of the peer's; without ``serve`` every operation is unknown here (PS3.7 C.5)."""
        answer: dict[int, int | str] = {
            dimse.COMMAND_FIELD: message.field | dimse.RESPONSE_BIT,
            dimse.MESSAGE_ID_RESPONDED: message.message_id,
            dimse.DATA_SET_TYPE: dimse.NO_DATA_SET,
            dimse.STATUS: status.UNRECOGNIZED_OPERATION,
        }
        for element in (dimse.AFFECTED_SOP_CLASS, dimse.AFFECTED_SOP_INSTANCE):
            if message.text(element):
                answer[element] = message.text(element)[:64]
        try:
            context = self._contexts.get(message.context_id)
            if serve is not None and context is not None:
                answer.update(serve(context, message))
        finally:
            message.discard()
        self._connection.send_message(message.context_id, answer)


@dataclass(slots=True)
class PreparedStore:
    """A C-STORE request ready to be written."""

    message_id: int
    pdus: list[bytes | memoryview]


def store_command(
    sop_class_uid: str, sop_instance_uid: str, priority: int, originator: tuple[str, int] | None
) -> dict[int, int | str]:
    """The command set of a C-STORE-RQ without its message id (PS3.7 table 9.3-1)."""
    command: dict[int, int | str] = {
        dimse.AFFECTED_SOP_CLASS: sop_class_uid,
        dimse.COMMAND_FIELD: dimse.C_STORE_RQ,
        dimse.PRIORITY: priority,
        dimse.DATA_SET_TYPE: 0x0001,
        dimse.AFFECTED_SOP_INSTANCE: sop_instance_uid,
    }
    if originator is not None:
        command[dimse.MOVE_ORIGINATOR_AE], command[dimse.MOVE_ORIGINATOR_ID] = originator
    return command


def event_command(sop_class_uid: str, sop_instance_uid: str, event_type: int) -> dict[int, int | str]:
    """The command set of an N-EVENT-REPORT-RQ without its message id (PS3.7 table 10.3-1)."""
    return {
        dimse.AFFECTED_SOP_CLASS: sop_class_uid,
        dimse.COMMAND_FIELD: dimse.N_EVENT_REPORT_RQ,
        dimse.DATA_SET_TYPE: 0x0001,
        dimse.AFFECTED_SOP_INSTANCE: sop_instance_uid,
        dimse.EVENT_TYPE: event_type,
    }


def echo_peer(host: str, port: int, *, called_ae: str, calling_ae: str, timeout_s: float = 10.0) -> int:
    """Associate, C-ECHO, release; the status (0 is success). Raises :class:`NotAssociated` with a sentence to show."""
    with RequestedAssociation.open(
        host,
        port,
        called_ae=called_ae,
        calling_ae=calling_ae,
        contexts=[(uids.VERIFICATION, (uids.EXPLICIT_LE, uids.IMPLICIT_LE))],
        connect_s=timeout_s,
        response_s=timeout_s,
    ) as association:
        return association.echo()
