"""Query (PS3.4 C.4.1): C-FIND at every level of Patient Root and Study Root, answers sent as they come and 64 kB at a
time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from server.doors.dicom import dimse, extended, status, uids
from server.doors.dicom.association import Association, Catalogue, Service, response
from server.doors.dicom.attributes import SPECIFIC_CHARACTER_SET, MalformedDataSet, Writer, decode, shaped
from server.doors.dicom.dimse import Message
from server.doors.dicom.latin import in_ascii
from server.doors.dicom.negotiation import Context
from server.doors.dicom.ports import Attributes, AttributeValue, Level, Model, QueryRequest, Refused
from shared.dicomkit.charsets import answer_sets, character_set

log = logging.getLogger(__name__)

LEVEL, RETRIEVE_AE = 0x00080052, 0x00080054
MODELS = {
    uids.PATIENT_ROOT_FIND: Model.PATIENT_ROOT,
    uids.STUDY_ROOT_FIND: Model.STUDY_ROOT,
}
UNIQUE_KEYS = {
    Level.PATIENT: 0x00100020,
    Level.STUDY: 0x0020000D,
    Level.SERIES: 0x0020000E,
    Level.IMAGE: 0x00080018,
}
"""The unique key attribute of each level (PS3.4 C.6.1.1)."""

FLUSH_BYTES = 64 << 10
FLUSH_SECONDS = 0.2


def offer(catalogue: Catalogue) -> None:
    """C-FIND for peers that may query."""
    for uid in MODELS:
        catalogue.allowed[uid] = lambda peer: peer.may_query
    catalogue.services.append(Service(dimse.C_FIND_RQ, frozenset(MODELS), find))


def read_identifier(context: Context, message: Message) -> dict[int, AttributeValue]:
    """The identifier of a request; raises :class:`Refused` when there is none or it is malformed."""
    if message.data is None or not message.length:
        raise Refused(status.FIND_IDENTIFIER_MISMATCH, "The request has no identifier")
    try:
        return decode(message.data, context.transfer_syntax)
    except MalformedDataSet as error:
        raise Refused(status.FIND_UNABLE, f"Identifier: {error}") from None


def level_of(identifier: Attributes, model: Model) -> Level:
    """Query/Retrieve Level, checked against the model (PS3.4 C.6.1, C.6.2); raises :class:`Refused`."""
    value = identifier.get(LEVEL)
    try:
        level = Level(value.strip().upper() if isinstance(value, str) else "")
    except ValueError:
        raise Refused(
            status.FIND_IDENTIFIER_MISMATCH, "Query/Retrieve Level must be PATIENT, STUDY, SERIES, IMAGE"
        ) from None
    if level is Level.PATIENT and model is Model.STUDY_ROOT:
        raise Refused(status.FIND_IDENTIFIER_MISMATCH, "The Study Root model has no PATIENT level")
    return level


def find(association: Association, context: Context, message: Message) -> None:
    """C-FIND (PS3.4 C.4.1.2)."""
    source = association.ports.query
    if source is None:
        raise Refused(status.SOP_CLASS_NOT_SUPPORTED, "Queries are not offered here")
    model = MODELS[context.abstract_syntax]
    identifier = read_identifier(context, message)
    level = level_of(identifier, model)
    keys = {tag: value for tag, value in identifier.items() if tag not in (SPECIFIC_CHARACTER_SET, LEVEL, RETRIEVE_AE)}
    agreed = association.options.get(context.abstract_syntax, extended.NONE)
    request = QueryRequest(
        model,
        level,
        keys,
        association.calling_ae,
        agreed.relational,
        agreed.combined_datetime,
        agreed.fuzzy_names,
    )
    constants: dict[int, AttributeValue] = {
        LEVEL: level.value,
        RETRIEVE_AE: association.settings.ae_title,
    }
    unique = UNIQUE_KEYS[level]

    def shape(answer: Attributes) -> Attributes:
        out = shaped(answer, keys)
        out.update(constants)
        if unique in answer:
            out[unique] = answer[unique]
        return out

    pending = pending_status(source.ignores(request))
    send_matches(association, context, message, source.find(request), shape, asked_charset(identifier), pending)


def pending_status(ignores: bool) -> int:
    """The status of the matches: one that warns where a key was not compared (PS3.4 C.4.1.1.4)."""
    return status.PENDING_WITHOUT_OPTIONAL_KEYS if ignores else status.PENDING


def asked_charset(identifier: Attributes) -> str:
    """The Specific Character Set of a request, empty when it names none."""
    value = identifier.get(SPECIFIC_CHARACTER_SET)
    return value if isinstance(value, str) else ""


def send_matches(
    association: Association,
    context: Context,
    message: Message,
    matches: Iterable[Attributes],
    shape: Callable[[Attributes], Attributes],
    charset: str,
    pending: int,
) -> None:
    """Send the pending responses and the last one; ends early when the peer cancels (PS3.7 9.3.2.3) or goes."""
    connection = association.connection
    sets = answer_sets(charset, association.peer.character_set)
    if association.peer.ascii_names:
        sets = (character_set(""), *sets)
    writer = Writer(context.transfer_syntax, sets)
    command = dimse.encode_command(response(message, pending, "", True))
    limit = association.settings.max_find_results
    ascii_only = association.peer.ascii_names
    out: list[bytes | memoryview] = []
    size = count = 0
    ended = status.SUCCESS
    comment = ""
    flushed = time.monotonic()
    iterator = iter(matches)
    try:
        for answer in iterator:
            if limit and count >= limit:
                ended = status.FIND_OUT_OF_RESOURCES
                comment = f"More than {limit} matches; narrow the query"
                break
            shown = shape(answer)
            identifier = writer.encode(in_ascii(shown) if ascii_only else shown)
            out += connection.response_pdus(context.context_id, command, identifier)
            size += len(identifier) + len(command) + 24
            count += 1
            if size >= FLUSH_BYTES or time.monotonic() - flushed > FLUSH_SECONDS:
                connection.send_pdus(out)
                out, size, flushed = [], 0, time.monotonic()
                if association.cancelled(message) or association.stopping:
                    ended = status.CANCEL
                    break
    except Refused as refused:  # what was found before the source gave up is sent all the same
        if not count:
            raise
        ended, comment = refused.status, refused.sentence
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()
    if out:
        connection.send_pdus(out)
    association.respond(message, ended, comment)
    log.info("association %s: a query gave %d matches (%s)", association.name, count, status.meaning(ended))
