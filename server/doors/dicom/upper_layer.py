"""The upper layer of one association without any I/O: bytes are placed into its buffers, indications come out.

It runs the table of ``fsm`` and gives the payload of P-DATA to a :class:`PdvSink`, which says where the next bytes
shall lie: data sets are received straight into the message's buffer and are never joined.

Use: put received bytes into :meth:`UpperLayer.buffers`, say how many with :meth:`UpperLayer.received`, take
indications from :meth:`UpperLayer.next_indication` until it gives None, write :meth:`UpperLayer.take_output`, close
the socket when :attr:`UpperLayer.close_transport` is set, and call :meth:`UpperLayer.artim_expired` when
:attr:`UpperLayer.artim_running` lasts too long.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from server.doors.dicom import pdu
from server.doors.dicom.fsm import TABLE, Action, Event, State

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)

STAGING_SIZE = 64 << 10
_DATA_HEADER = struct.Struct(">BBIIBB")
"""Of a P-DATA-TF PDU and of the fragment that fills it."""
MAX_DATA_PDU = 64 << 20
"""Longest P-DATA-TF we read. We announce far less (PS3.8 D.1), but senders that ignore it exist, and as the payload is
received in pieces its length costs no memory; what is longer than this is an attack or a lost frame boundary."""


class PdvSink(Protocol[M_co]):
    """Takes the payload of P-DATA-TF and makes messages of it."""

    def begin(self, context_id: int, is_command: bool, is_last: bool, length: int) -> None:
        """A fragment of ``length`` bytes begins; raises :class:`pdu.PduError` when it may not come here."""

    def room(self, length: int) -> memoryview:
        """Where the next bytes shall go: 1 to ``length`` bytes."""

    def ahead(self, after: int, length: int) -> memoryview | None:
        """Where ``length`` bytes would go that follow ``after`` more bytes of the same message, or None.

        What is placed there counts only when it is said to be :meth:`filled` in its turn.
        """

    def filled(self, length: int) -> None:
        """That many bytes were placed into the room."""

    def end(self) -> M_co | None:
        """The fragment is complete; the message, when this was its last fragment."""


AHEAD_SIZE = 512 << 10
AHEAD_PDUS = 16
"""How far one read goes beyond the current fragment, where those that follow can be foretold."""


@dataclass(frozen=True, slots=True)
class AssociateRequested:
    """A-ASSOCIATE indication: answer with :meth:`UpperLayer.accept` or :meth:`UpperLayer.reject`."""

    request: pdu.AssociateRequest


@dataclass(frozen=True, slots=True)
class AssociateAccepted:
    """A-ASSOCIATE confirmation, accepted."""

    accept: pdu.AssociateAccept


@dataclass(frozen=True, slots=True)
class AssociateRejected:
    """A-ASSOCIATE confirmation, rejected."""

    reject: pdu.AssociateReject


@dataclass(frozen=True, slots=True)
class MessageReceived(Generic[M]):
    """P-DATA indication of a whole message; its buffers are valid until the next
    :meth:`UpperLayer.next_indication`."""

    message: M


@dataclass(frozen=True, slots=True)
class ReleaseRequested:
    """A-RELEASE indication: answer with :meth:`UpperLayer.answer_release`."""


@dataclass(frozen=True, slots=True)
class Released:
    """A-RELEASE confirmation: the association ended in order."""


@dataclass(frozen=True, slots=True)
class Aborted:
    """A-ABORT or A-P-ABORT indication, with a sentence for the log."""

    source: int
    reason: int
    sentence: str


Indication = (
    AssociateRequested
    | AssociateAccepted
    | AssociateRejected
    | MessageReceived[M]
    | ReleaseRequested
    | Released
    | Aborted
)


class UpperLayer(Generic[M]):
    """One association's protocol machine; not thread-safe, and never blocking."""

    def __init__(self, sink: PdvSink[M], *, max_data_pdu: int = MAX_DATA_PDU) -> None:
        self.state = State.STA1
        self.close_transport = False
        """The socket shall be closed after the output is written."""
        self.artim_running = False
        self._sink = sink
        self._max_data_pdu = max_data_pdu
        self._requestor = False
        self._indications: deque[Indication[M]] = deque()
        self._output: list[bytes | memoryview] = []
        self._staging = bytearray(STAGING_SIZE)
        self._view = memoryview(self._staging)
        self._read = 0
        self._write = 0
        self._kind = 0
        self._need = 0  # bytes of the control PDU, or of the ignored one, that are still to come
        self._pdu_left = 0  # bytes of the P-DATA-TF after the current fragment
        self._pdv_left = 0  # bytes of the current fragment that are still to come
        self._in_pdv = False
        self._pdv_size = 0  # bytes of the current fragment
        self._context_id = 0
        self._is_regular = False  # the current fragment is a whole PDU of a data set, and not its last
        self._mode = self._parse_header
        self._room: memoryview | None = None
        self._ahead: list[memoryview] = []  # headers and payloads that are foretold to follow the room
        self._headers = [memoryview(bytearray(_DATA_HEADER.size)) for _ in range(AHEAD_PDUS)]
        self._pending: pdu.Pdu | None = None
        self._outgoing: pdu.Pdu | None = None
        self._data: Sequence[bytes | memoryview] = ()
        self._reason = pdu.REASON_NOT_SPECIFIED
        self._sentence = ""

    # What the transport calls

    def buffers(self) -> list[memoryview]:
        """Where the next received bytes go, in this order (scattered read); never empty."""
        if self._in_pdv and self._read == self._write:
            self._read = self._write = 0
            room = self._room = self._sink.room(self._pdv_left)
            if self._is_regular and self.state is State.STA6 and len(room) == self._pdv_left:
                self._foretell()
                return [room, *self._ahead, self._view]
            return [room, self._view]
        self._room = None
        if self._write == len(self._staging):
            self._compact()
        return [self._view[self._write :]]

    def received(self, count: int) -> None:
        """``count`` bytes (at least one) were placed into :meth:`buffers`."""
        if self._room is not None:
            direct = min(count, len(self._room))
            self._room = None
            self._sink.filled(direct)
            self._pdv_left -= direct
            count -= direct
            if self._ahead:
                ahead, self._ahead = self._ahead, []
                if count:
                    self._take_ahead(ahead, count)
                return
        self._write += count

    def _foretell(self) -> None:
        """Senders cut a data set into PDUs of one size: where the next payloads then go, behind room for a header
        each."""
        size = self._pdv_size
        after = self._pdv_left
        for header in self._headers[: AHEAD_SIZE // size]:
            payload = self._sink.ahead(after, size)
            if payload is None:
                return
            self._ahead += (header, payload)
            after += size

    def _take_ahead(self, ahead: list[memoryview], count: int) -> None:
        """``count`` bytes came behind the current fragment: payloads that lie where they belong stay there, and the
        parser gets what is left."""
        at = 0
        try:
            while at < len(ahead) and count >= _DATA_HEADER.size:
                kind, _, length, pdv_length, context_id, control = _DATA_HEADER.unpack(ahead[at])
                size = length - 6
                if (
                    kind != pdu.P_DATA_TF
                    or pdv_length != length - 4
                    or context_id != self._context_id
                    or control & 1
                    or not 0 < size <= self._pdv_size
                ):
                    break
                is_last = bool(control & 2)
                self._sink.end()  # no message: regular fragments are no last ones
                self._in_pdv = False
                self._sink.begin(context_id, False, is_last, size)
                count -= _DATA_HEADER.size
                came = min(count, size)
                self._in_pdv = True
                self._sink.filled(came)
                self._pdv_left = size - came
                count -= came
                ahead[at] = ahead[at][:0]
                ahead[at + 1] = ahead[at + 1][came:]
                at += 2
                if is_last or size < self._pdv_size:
                    self._is_regular = False
                    break
        except pdu.PduError as error:
            self._in_pdv = False
            self._invalid(str(error), error.reason)
            return
        if count:
            self._stage([*ahead, self._view], count)

    def _stage(self, views: list[memoryview], count: int) -> None:
        """Give the parser the first ``count`` bytes of these views, of which the last is the staging buffer itself."""
        pieces = []
        left = count
        for view in views:
            pieces.append(bytes(view[:left]))
            left -= len(pieces[-1])
        if count > len(self._staging):
            self._staging = bytearray(count)
            self._view = memoryview(self._staging)
        self._view[:count] = b"".join(pieces)
        self._write = count

    def next_indication(self) -> Indication[M] | None:
        """The next indication, or None when more bytes are needed."""
        while not self._indications:
            if self.state is State.STA1:
                self._read = self._write = 0  # there is no association any more: what is left means nothing
                return None
            if not self._mode():
                return None
        return self._indications.popleft()

    def take_output(self) -> list[bytes | memoryview]:
        """The buffers to write now, in order; they are taken off."""
        out, self._output = self._output, []
        return out

    def connected(self, *, as_requestor: bool) -> None:
        """The transport connection is open (accepted, or made by us after :meth:`associate`)."""
        self._step(Event.TRANSPORT_CONFIRM if as_requestor else Event.TRANSPORT_INDICATION)

    def closed(self) -> None:
        """The peer closed the connection, or it broke."""
        if self.state is not State.STA1:
            self._sentence = "the connection was closed without a release"
            self._step(Event.TRANSPORT_CLOSED)

    def artim_expired(self) -> None:
        """The ARTIM timer ran out (PS3.8 9.1.5)."""
        if (Event.ARTIM_EXPIRED, self.state) in TABLE:
            self._step(Event.ARTIM_EXPIRED)

    # What the application calls (primitives)

    def associate(self, request: pdu.AssociateRequest) -> None:
        """A-ASSOCIATE request; the caller connects, then calls :meth:`connected`."""
        self._requestor = True
        self._outgoing = request
        self._step(Event.ASSOCIATE_REQUEST)

    def accept(self, answer: pdu.AssociateAccept) -> None:
        """A-ASSOCIATE response, accept."""
        self._outgoing = answer
        self._step(Event.ASSOCIATE_ACCEPT)

    def reject(self, answer: pdu.AssociateReject) -> None:
        """A-ASSOCIATE response, reject."""
        self._outgoing = answer
        self._step(Event.ASSOCIATE_REJECT)

    def send(self, pdus: Sequence[bytes | memoryview]) -> None:
        """P-DATA request: what ``pdu.data_pdus`` made."""
        self._data = pdus
        self._step(Event.DATA_REQUEST)

    def release(self) -> None:
        """A-RELEASE request."""
        self._step(Event.RELEASE_REQUEST)

    def answer_release(self) -> None:
        """A-RELEASE response."""
        self._step(Event.RELEASE_RESPONSE)

    def abort(self) -> None:
        """A-ABORT request; allowed at any time, without effect when there is nothing to abort."""
        if (Event.ABORT_REQUEST, self.state) in TABLE:
            self._reason = pdu.REASON_NOT_SPECIFIED
            self._step(Event.ABORT_REQUEST)

    def forget(self) -> None:
        """Give back the buffer of a connection that is closed; associations are cycles, which live on for a while."""
        self._view = memoryview(b"")
        self._staging = bytearray()
        self._room = None
        self._ahead = []
        self._read = self._write = 0

    @property
    def has_input(self) -> bool:
        """Whether bytes were received that are not parsed yet, or an indication waits."""
        return bool(self._indications) or self._read < self._write

    @property
    def may_send(self) -> bool:
        """Whether P-DATA may be sent now (Sta6 or Sta8)."""
        return self.state in (State.STA6, State.STA8)

    # The parser: each mode consumes something and says True, or says False for "more bytes, please"

    def _parse_header(self) -> bool:
        if self._write - self._read < 6:
            self._make_room(6)
            return False
        kind, _, length = pdu.HEADER.unpack_from(self._staging, self._read)
        self._read += 6
        if kind == pdu.P_DATA_TF:
            if length > self._max_data_pdu:
                return self._invalid(f"a P-DATA PDU of {length} bytes is longer than any we read")
            if length < 6:
                return self._invalid("a P-DATA PDU is too short for a fragment")
            # in Sta6 the table says DT-2 and Sta6 again; looking it up would cost as much as the rest of this method
            if self.state is State.STA6 or self._step(Event.DATA_PDU) in (Action.DT_2, Action.AR_6):
                self._pdu_left = length
                self._mode = self._parse_fragment
            else:
                self._need = length
                self._mode = self._skip
            return True
        limit = pdu.max_length_of(kind)
        if limit < 0:
            return self._invalid(f"PDU type {kind} does not exist", pdu.REASON_UNRECOGNIZED_PDU)
        if length > limit:
            return self._invalid(f"a PDU of type {kind} claims {length} bytes")
        self._kind, self._need = kind, length
        self._mode = self._parse_control
        return True

    def _parse_control(self) -> bool:
        if self._write - self._read < self._need:
            self._make_room(self._need)
            return False
        body = self._view[self._read : self._read + self._need]
        self._read += self._need
        self._mode = self._parse_header
        try:
            self._pending = pdu.decode(self._kind, body)
        except pdu.PduError as error:
            return self._invalid(str(error), error.reason)
        self._sentence = f"an unexpected PDU of type {self._kind} came in {self.state.name}"
        self._reason = pdu.REASON_UNEXPECTED_PDU
        self._step(_EVENT_OF[self._kind])
        return True

    def _parse_fragment(self) -> bool:
        if not self._pdu_left:
            self._mode = self._parse_header
            return True
        if self._pdu_left < 6:
            return self._invalid("a P-DATA PDU ends inside a fragment's header")
        if self._write - self._read < 6:
            self._make_room(6)
            return False
        length, context_id, control = pdu.PDV_HEADER.unpack_from(self._staging, self._read)
        self._read += 6
        if length < 2 or length + 4 > self._pdu_left:
            return self._invalid("a fragment's length contradicts the length of its PDU")
        self._pdu_left -= length + 4
        self._pdv_left = self._pdv_size = length - 2
        self._context_id = context_id
        self._is_regular = not control & 3 and length > 2 and not self._pdu_left
        try:
            self._sink.begin(context_id, bool(control & 1), bool(control & 2), self._pdv_left)
        except pdu.PduError as error:
            return self._invalid(str(error), error.reason)
        self._in_pdv = True
        self._mode = self._parse_payload
        return True

    def _parse_payload(self) -> bool:
        try:
            while self._pdv_left and self._read < self._write:
                room = self._sink.room(self._pdv_left)
                count = min(len(room), self._write - self._read)
                room[:count] = self._view[self._read : self._read + count]
                self._read += count
                self._pdv_left -= count
                self._sink.filled(count)
            if self._pdv_left:
                return False
            self._in_pdv = False
            message = self._sink.end()
        except pdu.PduError as error:
            self._in_pdv = False
            return self._invalid(str(error), error.reason)
        self._mode = self._parse_fragment
        if message is not None:
            self._indications.append(MessageReceived(message))
        return True

    def _skip(self) -> bool:
        count = min(self._need, self._write - self._read)
        self._read += count
        self._need -= count
        if self._need:
            self._read = self._write = 0
            return False
        self._mode = self._parse_header
        return True

    def _deaf(self) -> bool:
        """After an invalid PDU the frame boundary is lost: everything until the connection closes is thrown away."""
        self._read = self._write = 0
        return False

    def _invalid(self, sentence: str, reason: int = pdu.REASON_INVALID_PARAMETER) -> bool:
        self._reason, self._sentence = reason, sentence
        self._mode = self._deaf
        self._step(Event.INVALID_PDU)
        return True

    def _make_room(self, need: int) -> None:
        """Staging space for ``need`` bytes counted from the read position."""
        if self._read == self._write:
            self._read = self._write = 0
        if need > len(self._staging):
            grown = bytearray(need)
            have = self._write - self._read
            grown[:have] = self._view[self._read : self._write]
            self._staging, self._view = grown, memoryview(grown)
            self._read, self._write = 0, have
        elif self._read + need > len(self._staging):
            self._compact()

    def _compact(self) -> None:
        have = self._write - self._read
        self._view[:have] = bytes(self._view[self._read : self._write])
        self._read, self._write = 0, have

    # The table

    def _step(self, event: Event) -> Action:
        cell = TABLE.get((event, self.state))
        if cell is None:
            raise ProtocolMisuse(f"{event.name} is not allowed in {self.state.name} (PS3.8 table 9-10)")
        action, following = cell
        self.state = following
        if action is not Action.DT_2 and action is not Action.AR_6:  # these two only let the parser go on
            _ACTIONS[action](self)
        return action

    def _indicate_abort(self, source: int, reason: int, sentence: str) -> None:
        self._indications.append(Aborted(source, reason, sentence))

    def _send_abort(self, source: int) -> None:
        reason = self._reason if source == pdu.ABORT_BY_PROVIDER else pdu.REASON_NOT_SPECIFIED
        self._output.append(pdu.encode(pdu.Abort(source, reason)))

    def _ae_1(self) -> None:
        """Issue transport connect: the caller does it."""

    def _ae_2(self) -> None:
        self._output.append(pdu.encode(self._expect(pdu.AssociateRequest, self._outgoing)))

    def _ae_3(self) -> None:
        self._indications.append(AssociateAccepted(self._expect(pdu.AssociateAccept, self._pending)))

    def _ae_4(self) -> None:
        self._indications.append(AssociateRejected(self._expect(pdu.AssociateReject, self._pending)))
        self.close_transport = True

    def _ae_5(self) -> None:
        self.artim_running = True

    def _ae_6(self) -> None:
        request = self._expect(pdu.AssociateRequest, self._pending)
        self.artim_running = False
        if request.protocol_version & pdu.PROTOCOL_VERSION:
            self._indications.append(AssociateRequested(request))
            return
        self._output.append(
            pdu.encode(pdu.AssociateReject(pdu.REJECTED_PERMANENT, pdu.SOURCE_ACSE, pdu.PROTOCOL_VERSION_NOT_SUPPORTED))
        )
        self.artim_running = True
        self.state = State.STA13

    def _ae_7(self) -> None:
        self._output.append(pdu.encode(self._expect(pdu.AssociateAccept, self._outgoing)))

    def _ae_8(self) -> None:
        self._output.append(pdu.encode(self._expect(pdu.AssociateReject, self._outgoing)))
        self.artim_running = True

    def _dt_1(self) -> None:
        self._output.extend(self._data)
        self._data = ()

    def _ar_1(self) -> None:
        self._output.append(pdu.RELEASE_RQ_BYTES)

    def _ar_2(self) -> None:
        self._indications.append(ReleaseRequested())

    def _ar_3(self) -> None:
        self._indications.append(Released())
        self.close_transport = True

    def _ar_4(self) -> None:
        self._output.append(pdu.RELEASE_RP_BYTES)
        self.artim_running = True

    def _ar_5(self) -> None:
        self.artim_running = False
        self.close_transport = True

    def _ar_8(self) -> None:
        self._indications.append(ReleaseRequested())
        if not self._requestor:
            self.state = State.STA10

    def _ar_9(self) -> None:
        self._output.append(pdu.RELEASE_RP_BYTES)

    def _ar_10(self) -> None:
        self._indications.append(Released())

    def _aa_1(self) -> None:
        self._send_abort(pdu.ABORT_BY_USER)
        if self._sentence and self._mode == self._deaf:
            self._indicate_abort(pdu.ABORT_BY_USER, 0, self._sentence)
        self.artim_running = True

    def _aa_2(self) -> None:
        self.artim_running = False
        self.close_transport = True

    def _aa_3(self) -> None:
        abort = self._expect(pdu.Abort, self._pending)
        self._indicate_abort(abort.source, abort.reason, "the peer aborted the association")
        self.close_transport = True

    def _aa_4(self) -> None:
        self._indicate_abort(pdu.ABORT_BY_PROVIDER, pdu.REASON_NOT_SPECIFIED, self._sentence)
        self.close_transport = True

    def _aa_5(self) -> None:
        self.artim_running = False
        self.close_transport = True

    def _aa_6(self) -> None:
        """Ignore the PDU."""

    def _aa_7(self) -> None:
        self._send_abort(pdu.ABORT_BY_PROVIDER)

    def _aa_8(self) -> None:
        self._send_abort(pdu.ABORT_BY_PROVIDER)
        self._indicate_abort(pdu.ABORT_BY_PROVIDER, self._reason, self._sentence)
        self.artim_running = True

    @staticmethod
    def _expect(kind: type[P], value: pdu.Pdu | None) -> P:
        if not isinstance(value, kind):
            raise ProtocolMisuse(f"no {kind.__name__} at hand")
        return value


P = TypeVar("P")


class ProtocolMisuse(Exception):
    """Our own side asked for what the state table forbids: a bug of the caller, or a race with the peer's abort."""


_EVENT_OF = {
    pdu.ASSOCIATE_RQ: Event.ASSOCIATE_RQ_PDU,
    pdu.ASSOCIATE_AC: Event.ASSOCIATE_AC_PDU,
    pdu.ASSOCIATE_RJ: Event.ASSOCIATE_RJ_PDU,
    pdu.RELEASE_RQ: Event.RELEASE_RQ_PDU,
    pdu.RELEASE_RP: Event.RELEASE_RP_PDU,
    pdu.ABORT: Event.ABORT_PDU,
}

_ACTIONS = {
    Action.AE_1: UpperLayer._ae_1,
    Action.AE_2: UpperLayer._ae_2,
    Action.AE_3: UpperLayer._ae_3,
    Action.AE_4: UpperLayer._ae_4,
    Action.AE_5: UpperLayer._ae_5,
    Action.AE_6: UpperLayer._ae_6,
    Action.AE_7: UpperLayer._ae_7,
    Action.AE_8: UpperLayer._ae_8,
    Action.DT_1: UpperLayer._dt_1,
    Action.AR_1: UpperLayer._ar_1,
    Action.AR_2: UpperLayer._ar_2,
    Action.AR_3: UpperLayer._ar_3,
    Action.AR_4: UpperLayer._ar_4,
    Action.AR_5: UpperLayer._ar_5,
    Action.AR_7: UpperLayer._dt_1,
    Action.AR_8: UpperLayer._ar_8,
    Action.AR_9: UpperLayer._ar_9,
    Action.AR_10: UpperLayer._ar_10,
    Action.AA_1: UpperLayer._aa_1,
    Action.AA_2: UpperLayer._aa_2,
    Action.AA_3: UpperLayer._aa_3,
    Action.AA_4: UpperLayer._aa_4,
    Action.AA_5: UpperLayer._aa_5,
    Action.AA_6: UpperLayer._aa_6,
    Action.AA_7: UpperLayer._aa_7,
    Action.AA_8: UpperLayer._aa_8,
}
