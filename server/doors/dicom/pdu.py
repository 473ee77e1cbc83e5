"""Encodes and decodes the protocol data units of PS3.8 section 9.3; it knows bytes, not sockets and not services.

P-DATA-TF is not here as a value: its payload is received straight into the message's buffer (``upper_layer``) and sent
as gathered slices (:func:`data_pdus`), never joined.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA_TF, RELEASE_RQ, RELEASE_RP, ABORT = 1, 2, 3, 4, 5, 6, 7

HEADER = struct.Struct(">BBI")
"""PDU type, reserved, length of what follows."""
PDV_HEADER = struct.Struct(">IBB")
"""Length of what follows, presentation context id, message control header (bit 0 command, bit 1 last; PS3.8 E.2)."""
_DATA_HEADER = struct.Struct(">BBIIBB")
_ITEM = struct.Struct(">BBH")

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
PROTOCOL_VERSION = 1

MAX_ASSOCIATE_LENGTH = 1 << 20
"""Longest A-ASSOCIATE PDU we read: 128 contexts with 40 transfer syntaxes each need less than half of it."""

MAX_CONTEXTS = 128
MAX_UID = 64

# A-ABORT sources and reasons, PS3.8 table 9-26.
ABORT_BY_USER, ABORT_BY_PROVIDER = 0, 2
REASON_NOT_SPECIFIED, REASON_UNRECOGNIZED_PDU, REASON_UNEXPECTED_PDU = 0, 1, 2
REASON_UNRECOGNIZED_PARAMETER, REASON_UNEXPECTED_PARAMETER, REASON_INVALID_PARAMETER = 4, 5, 6

# A-ASSOCIATE-RJ, PS3.8 table 9-21.
REJECTED_PERMANENT, REJECTED_TRANSIENT = 1, 2
SOURCE_USER, SOURCE_ACSE, SOURCE_PRESENTATION = 1, 2, 3
NO_REASON = 1
APPLICATION_CONTEXT_NOT_SUPPORTED, CALLING_AE_NOT_RECOGNIZED, CALLED_AE_NOT_RECOGNIZED = 2, 3, 7
PROTOCOL_VERSION_NOT_SUPPORTED = 2
TEMPORARY_CONGESTION, LOCAL_LIMIT_EXCEEDED = 1, 2

# Presentation context results, PS3.8 table 9-18.
ACCEPTANCE, USER_REJECTION, NO_REASON_REJECTION = 0, 1, 2
ABSTRACT_SYNTAX_NOT_SUPPORTED, TRANSFER_SYNTAXES_NOT_SUPPORTED = 3, 4


class PduError(Exception):
    """Bytes that are no valid PDU; ``reason`` is the A-ABORT reason to answer (PS3.8 table 9-26)."""

    def __init__(self, sentence: str, reason: int = REASON_INVALID_PARAMETER) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """A presentation context as the requestor proposes it; ``context_id`` is odd, 1 to 255."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContextResult:
    """The acceptor's answer to one proposed context; the transfer syntax counts only with result 0."""

    context_id: int
    result: int
    transfer_syntax: str


@dataclass(frozen=True, slots=True)
class RoleSelection:
    """SCP/SCU role selection of one SOP class (PS3.7 D.3.3.4): which roles the *requestor* may take."""

    sop_class_uid: str
    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True)
class ExtendedNegotiation:
    """Service class application information of one SOP class (PS3.7 D.3.3.5)."""

    sop_class_uid: str
    information: bytes


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """User identity request (PS3.7 D.3.3.7); kept only to be ignored politely, never logged."""

    kind: int
    response_requested: bool


@dataclass(frozen=True, slots=True)
class UserInformation:
    """The user information item (PS3.8 9.3.2.3); ``max_length`` 0 means no limit."""

    max_length: int = 0
    implementation_class_uid: str = ""
    implementation_version: str = ""
    asynchronous: tuple[int, int] | None = None
    roles: tuple[RoleSelection, ...] = ()
    extended: tuple[ExtendedNegotiation, ...] = ()
    identity: UserIdentity | None = None


@dataclass(frozen=True, slots=True)
class AssociateRequest:
    """A-ASSOCIATE-RQ (PS3.8 9.3.2)."""

    called_ae: str
    calling_ae: str
    contexts: tuple[ProposedContext, ...]
    user: UserInformation = field(default_factory=UserInformation)
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class AssociateAccept:
    """A-ASSOCIATE-AC (PS3.8 9.3.3); the AE titles repeat those of the request."""

    called_ae: str
    calling_ae: str
    contexts: tuple[ContextResult, ...]
    user: UserInformation = field(default_factory=UserInformation)
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class AssociateReject:
    """A-ASSOCIATE-RJ (PS3.8 9.3.4)."""

    result: int
    source: int
    reason: int


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """A-RELEASE-RQ (PS3.8 9.3.6)."""


@dataclass(frozen=True, slots=True)
class ReleaseResponse:
    """A-RELEASE-RP (PS3.8 9.3.7)."""


@dataclass(frozen=True, slots=True)
class Abort:
    """A-ABORT (PS3.8 9.3.8)."""

    source: int
    reason: int


Pdu = AssociateRequest | AssociateAccept | AssociateReject | ReleaseRequest | ReleaseResponse | Abort

RELEASE_RQ_BYTES = b"\x05\0\0\0\0\4\0\0\0\0"
RELEASE_RP_BYTES = b"\x06\0\0\0\0\4\0\0\0\0"


def max_length_of(kind: int) -> int:
    """The longest length field we read of a control PDU; -1 for a type that does not exist."""
    if kind in (ASSOCIATE_RQ, ASSOCIATE_AC):
        return MAX_ASSOCIATE_LENGTH
    return 4 if kind in (ASSOCIATE_RJ, RELEASE_RQ, RELEASE_RP, ABORT) else -1


def encode(pdu: Pdu) -> bytes:
    """The whole PDU with its header."""
    match pdu:
        case AssociateRequest():
            contexts = b"".join(
                _item(
                    0x20,
                    bytes((c.context_id, 0, 0, 0))
                    + _item(0x30, c.abstract_syntax.encode("ascii"))
                    + b"".join(_item(0x40, t.encode("ascii")) for t in c.transfer_syntaxes),
                )
                for c in pdu.contexts
            )
            return _associate(ASSOCIATE_RQ, pdu, contexts)
        case AssociateAccept():
            contexts = b"".join(
                _item(0x21, bytes((c.context_id, 0, c.result, 0)) + _item(0x40, c.transfer_syntax.encode("ascii")))
                for c in pdu.contexts
            )
            return _associate(ASSOCIATE_AC, pdu, contexts)
        case AssociateReject():
            return HEADER.pack(ASSOCIATE_RJ, 0, 4) + bytes((0, pdu.result, pdu.source, pdu.reason))
        case ReleaseRequest():
            return RELEASE_RQ_BYTES
        case ReleaseResponse():
            return RELEASE_RP_BYTES
        case Abort():
            return HEADER.pack(ABORT, 0, 4) + bytes((0, 0, pdu.source, pdu.reason))


def decode(kind: int, body: memoryview | bytes) -> Pdu:
    """The PDU of type ``kind`` whose bytes after the 6 byte header are ``body``; raises :class:`PduError`."""
    body = bytes(body)
    if kind in (ASSOCIATE_RQ, ASSOCIATE_AC):
        return _decode_associate(kind, body)
    if max_length_of(kind) < 0:
        raise PduError(f"PDU type {kind} does not exist", REASON_UNRECOGNIZED_PDU)
    if len(body) != 4:
        raise PduError(f"PDU type {kind} has {len(body)} bytes instead of 4")
    if kind == ASSOCIATE_RJ:
        return AssociateReject(body[1], body[2], body[3])
    if kind == RELEASE_RQ:
        return ReleaseRequest()
    if kind == RELEASE_RP:
        return ReleaseResponse()
    return Abort(body[2], body[3])


def data_pdus(
    context_id: int, is_command: bool, data: bytes | bytearray | memoryview, max_length: int
) -> list[bytes | memoryview]:
    """One command set or data set as P-DATA-TF PDUs of one PDV each: headers and slices in turn, ready for one
    gathered write.

    ``max_length`` is the peer's maximum length (0: no limit), which bounds the PDU's length field (PS3.8 D.1.1).
    """
    size = len(data)
    control = 1 if is_command else 0
    room = min(max_length, 1 << 20) if max_length else 1 << 20
    fragment = max(room - 6, 2) & ~1
    if size <= fragment:
        return [_DATA_HEADER.pack(P_DATA_TF, 0, size + 6, size + 2, context_id, control | 2), memoryview(data)]
    view = memoryview(data)
    full = _DATA_HEADER.pack(P_DATA_TF, 0, fragment + 6, fragment + 2, context_id, control)
    out: list[bytes | memoryview] = []
    at = 0
    while size - at > fragment:
        out.append(full)
        out.append(view[at : at + fragment])
        at += fragment
    rest = size - at
    out.append(_DATA_HEADER.pack(P_DATA_TF, 0, rest + 6, rest + 2, context_id, control | 2))
    out.append(view[at:])
    return out


def _item(kind: int, data: bytes) -> bytes:
    return _ITEM.pack(kind, 0, len(data)) + data


def _ae(title: str) -> bytes:
    return title.encode("ascii", "replace")[:16].ljust(16)


def _associate(kind: int, pdu: AssociateRequest | AssociateAccept, contexts: bytes) -> bytes:
    body = (
        struct.pack(">HH", pdu.protocol_version, 0)
        + _ae(pdu.called_ae)
        + _ae(pdu.calling_ae)
        + bytes(32)
        + _item(0x10, pdu.application_context.encode("ascii"))
        + contexts
        + _item(0x50, _user_information(pdu.user))
    )
    return HEADER.pack(kind, 0, len(body)) + body


def _user_information(user: UserInformation) -> bytes:
    out = _item(0x51, struct.pack(">I", user.max_length))
    out += _item(0x52, user.implementation_class_uid.encode("ascii"))
    if user.asynchronous is not None:
        out += _item(0x53, struct.pack(">HH", *user.asynchronous))
    for role in user.roles:
        uid = role.sop_class_uid.encode("ascii")
        out += _item(0x54, struct.pack(">H", len(uid)) + uid + bytes((role.scu, role.scp)))
    if user.implementation_version:
        out += _item(0x55, user.implementation_version.encode("ascii")[:16])
    for extended in user.extended:
        uid = extended.sop_class_uid.encode("ascii")
        out += _item(0x56, struct.pack(">H", len(uid)) + uid + extended.information)
    return out


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    at, end = 0, len(data)
    while at < end:
        if end - at < 4:
            raise PduError("an item ends in its header")
        kind, _, length = _ITEM.unpack_from(data, at)
        at += 4
        if length > end - at:
            raise PduError("an item is longer than what holds it")
        yield kind, data[at : at + length]
        at += length


def uid_of(data: bytes) -> str:
    """A UID as sent in an item: no padding by rule, but NULs and spaces at its end are forgiven."""
    text = data.rstrip(b"\0 ")
    if len(text) > MAX_UID:
        raise PduError("a UID is longer than 64 characters")
    try:
        return text.decode("ascii")
    except UnicodeDecodeError:
        raise PduError("a UID holds bytes that are not ASCII") from None


def ae_of(data: bytes) -> str:
    """An AE title without its padding; bytes that are not ASCII become question marks."""
    return data.decode("ascii", "replace").replace("�", "?").strip(" \0")


def _decode_associate(kind: int, body: bytes) -> AssociateRequest | AssociateAccept:
    if len(body) < 68:
        raise PduError("an A-ASSOCIATE PDU is shorter than its fixed part")
    version = struct.unpack_from(">H", body)[0]
    application_context = ""
    proposed: list[ProposedContext] = []
    results: list[ContextResult] = []
    user = UserInformation()
    seen: set[int] = set()
    for item, data in _items(body[68:]):
        if item == 0x10:
            application_context = uid_of(data)
        elif item == 0x20 and kind == ASSOCIATE_RQ:
            context = _proposed_context(data)
            if context.context_id in seen or not context.context_id & 1:
                raise PduError("a presentation context id is even or comes twice")
            seen.add(context.context_id)
            proposed.append(context)
        elif item == 0x21 and kind == ASSOCIATE_AC:
            results.append(_context_result(data))
        elif item == 0x50:
            user = _decode_user_information(data)
        # other items are ignored, PS3.8 9.3.1: unrecognised items shall be skipped
    called, calling = ae_of(body[4:20]), ae_of(body[20:36])
    if kind == ASSOCIATE_RQ:
        return AssociateRequest(called, calling, tuple(proposed), user, application_context, version)
    return AssociateAccept(called, calling, tuple(results), user, application_context, version)


def _proposed_context(data: bytes) -> ProposedContext:
    if len(data) < 4:
        raise PduError("a presentation context is shorter than its fixed part")
    abstract: str | None = None
    transfers: list[str] = []
    for item, value in _items(data[4:]):
        if item == 0x30:
            abstract = uid_of(value)
        elif item == 0x40:
            transfers.append(uid_of(value))
    if abstract is None:
        raise PduError("a presentation context has no abstract syntax")
    return ProposedContext(data[0], abstract, tuple(transfers))


def _context_result(data: bytes) -> ContextResult:
    if len(data) < 4:
        raise PduError("a presentation context result is shorter than its fixed part")
    transfer = ""
    if data[2] == ACCEPTANCE:  # with any other result the transfer syntax is not significant, PS3.8 9.3.3.2
        for item, value in _items(data[4:]):
            if item == 0x40:
                transfer = uid_of(value)
    return ContextResult(data[0], data[2], transfer)


def _prefixed_uid(value: bytes) -> tuple[str, bytes]:
    if len(value) < 2:
        raise PduError("a user information item is too short")
    length = struct.unpack_from(">H", value)[0]
    if length > len(value) - 2:
        raise PduError("a UID is longer than the item that holds it")
    return uid_of(value[2 : 2 + length]), value[2 + length :]


def _decode_user_information(data: bytes) -> UserInformation:
    max_length, class_uid, version = 0, "", ""
    asynchronous: tuple[int, int] | None = None
    roles: list[RoleSelection] = []
    extended: list[ExtendedNegotiation] = []
    identity: UserIdentity | None = None
    for item, value in _items(data):
        if item == 0x51:
            if len(value) != 4:
                raise PduError("the maximum length item has not 4 bytes")
            max_length = struct.unpack(">I", value)[0]
        elif item == 0x52:
            class_uid = uid_of(value)
        elif item == 0x53 and len(value) == 4:
            asynchronous = struct.unpack(">HH", value)
        elif item == 0x54:
            uid, rest = _prefixed_uid(value)
            if len(rest) != 2:
                raise PduError("a role selection item has not two roles")
            roles.append(RoleSelection(uid, rest[0] == 1, rest[1] == 1))
        elif item == 0x55:
            version = ae_of(value)[:16]  # longer names exist in the field (17 characters); cut, not refused
        elif item == 0x56:
            uid, rest = _prefixed_uid(value)
            extended.append(ExtendedNegotiation(uid, rest))
        elif item == 0x58 and len(value) >= 2:
            identity = UserIdentity(value[0], value[1] == 1)
    return UserInformation(max_length, class_uid, version, asynchronous, tuple(roles), tuple(extended), identity)
